import CFerryShims

/// Runs the body under a UTF-8 locale of the calling thread.
func inUTF8Locale<Result>(_ body: () -> Result) -> Result {
    let before = unsafe ferry_enter_utf8_locale()
    defer { unsafe ferry_leave_utf8_locale(before) }
    return body()
}
