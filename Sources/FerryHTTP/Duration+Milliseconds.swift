extension Duration {
    /// Rounded up to whole milliseconds.
    var wholeMilliseconds: Int {
        let (seconds, attoseconds) = components
        let (whole, overflow) = Int(seconds).multipliedReportingOverflow(by: 1_000)
        if overflow { return seconds < 0 ? 0 : Int(Int32.max) }
        return whole + Int((attoseconds + 999_999_999_999_999) / 1_000_000_000_000_000)
    }
}
