import CFuzzer
import Fuzzing
import Glibc

/// libFuzzer on one of the readers: the one that `FERRY_FUZZ_TARGET` names.
///
/// The arguments are libFuzzer's. `scripts/fuzz.sh` builds and starts this.
@main
enum FuzzMain {
    /// The reader.
    private static let target: FuzzTarget? = unsafe getenv("FERRY_FUZZ_TARGET").flatMap {
        unsafe FuzzTarget(rawValue: String(cString: $0))
    }

    static func main() {
        if let directory = unsafe getenv("FERRY_FUZZ_SEEDS") {
            return writeSeeds(into: unsafe String(cString: directory))
        }
        guard target != nil else {
            print("FERRY_FUZZ_TARGET has to be one of \(FuzzTarget.allCases.map(\.rawValue).joined(separator: ", ")).")
            exit(2)
        }
        var count = CommandLine.argc
        var arguments: UnsafeMutablePointer<UnsafeMutablePointer<CChar>?>? = unsafe CommandLine.unsafeArgv
        // SAFETY: both outlive the call, which never keeps more than one input at a time.
        let status = unsafe LLVMFuzzerRunDriver(&count, &arguments) { data, size in
            // SAFETY: libFuzzer gives `size` bytes at `data`, which stay until this returns.
            unsafe FuzzMain.feed(Array(UnsafeBufferPointer(start: data, count: size)))
            return 0
        }
        exit(status)
    }

    /// Feeds the reader; a broken promise ends the process, which is how libFuzzer learns of it.
    ///
    /// An archive also comes with the right checksums, or hardly any change would get behind the first header.
    private static func feed(_ input: [UInt8]) {
        guard let target else { return }
        for input in target == .archive ? [input, FuzzTarget.sealed(input)] : [input] {
            if let fault = target.run(input) { preconditionFailure(fault) }
        }
    }

    /// Writes the inputs to begin with, in a directory for each reader.
    private static func writeSeeds(into directory: String) {
        unsafe mkdir(directory, 0o755)
        for target in FuzzTarget.allCases {
            let corpus = "\(directory)/\(target.rawValue)"
            unsafe mkdir(corpus, 0o755)
            for (number, seed) in target.seeds.enumerated() {
                guard let file = unsafe fopen("\(corpus)/seed-\(number)", "w") else {
                    print("'\(corpus)' cannot be written to: errno \(errno)")
                    exit(2)
                }
                unsafe fwrite(seed, 1, seed.count, file)
                unsafe fclose(file)
            }
        }
    }
}
