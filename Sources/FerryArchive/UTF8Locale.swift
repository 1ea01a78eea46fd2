import CFerryShims

/// Runs the body under a UTF-8 locale of the calling thread, so that libarchive takes names as the bytes they are.
///
/// Without it a C locale makes libarchive warn of every non-ASCII name in a pax header. Names that are not UTF-8 pass too: only
/// conversions that are asked for fail.
func withUTF8Locale<Result: ~Copyable, Failure>(
    _ body: () throws(Failure) -> Result
) throws(Failure) -> Result {
    let before = unsafe ferry_enter_utf8_locale()
    defer { unsafe ferry_leave_utf8_locale(before) }
    return try body()
}
