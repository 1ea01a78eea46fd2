import ArgumentParser
import FerryEngine

/// The value of `--compress`.
struct CompressionArgument: ExpressibleByArgument {
    let compression: TransferCompression

    init(_ compression: TransferCompression) { self.compression = compression }

    init?(argument: String) {
        guard let compression = TransferCompression(rawValue: argument) else { return nil }
        self.compression = compression
    }

    var defaultValueDescription: String { compression.rawValue }

    static var allValueStrings: [String] { TransferCompression.allCases.map(\.rawValue) }
}
