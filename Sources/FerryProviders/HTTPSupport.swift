import FerryHTTP

/// What the providers that speak HTTP have to work with.
public enum HTTPSupport {
    /// The HTTP library and its version, and those of its TLS library.
    public static var version: String {
        let library = HTTPLibrary.loaded
        return library.version + (library.tls.map { ", \($0)" } ?? "")
    }

    /// Whether it can speak TLS.
    public static var hasTLS: Bool { HTTPLibrary.loaded.tls != nil }
}
