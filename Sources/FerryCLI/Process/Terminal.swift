import Glibc

/// What is known of the terminal.
enum Terminal {
    /// Whether a descriptor is one.
    static func isTerminal(_ descriptor: Int32) -> Bool { isatty(descriptor) == 1 }

    /// How many columns the one on standard error has.
    static var width: Int {
        var size = winsize()
        // SAFETY: TIOCGWINSZ writes one winsize.
        if unsafe ioctl(STDERR_FILENO, UInt(TIOCGWINSZ), &size) == 0, size.ws_col > 0 { return Int(size.ws_col) }
        return 80
    }

    /// Makes sure that the three standard descriptors exist.
    ///
    /// Otherwise a file that is opened later would take the place of one and receive messages. Writing to a standard output that was closed still fails, as it should.
    static func reserveStandardDescriptors() {
        for descriptor in STDIN_FILENO...STDERR_FILENO where fcntl(descriptor, F_GETFD) == -1 {
            // The lowest free number is the one that is missing.
            _ = unsafe open("/dev/null", descriptor == STDERR_FILENO ? O_WRONLY : O_RDONLY)
        }
    }
}
