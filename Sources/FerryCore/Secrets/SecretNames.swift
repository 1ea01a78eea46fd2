/// What names say about secrets.
///
/// Runs over every file that a push sends: bytes only, and nearly all names are passed over by their first byte and length.
public enum SecretNames {
    /// What a name says.
    public enum Verdict: Sendable, Hashable {
        /// Nothing.
        case ordinary
        /// It is one, whatever is in it.
        case secret(SecretRule)
        /// It is one if its content says so too.
        case depends(SecretContent.Question)
    }

    /// What a file's name says.
    ///
    /// - Parameters:
    ///   - name: The name.
    ///   - directory: The name of the directory that holds it; empty for one in the root. Few names need it.
    /// - Returns: The verdict.
    public static func verdict(
        on name: ArraySlice<UInt8>, in directory: @autoclosure () -> ArraySlice<UInt8>
    ) -> Verdict {
        guard let first = name.first else { return .ordinary }
        switch first {
        case UInt8(ascii: "."): return hidden(name)
        case UInt8(ascii: "i") where sshKeys.contains { name.elementsEqual($0) }: return .secret(.sshKey)
        case UInt8(ascii: "_") where name.elementsEqual("_netrc".utf8): return .secret(.credentials)
        case UInt8(ascii: "a") where isIn(cloudFiles, name): return .secret(.credentials)
        case UInt8(ascii: "c"), UInt8(ascii: "h"):
            let directory = directory()
            for (holder, file) in inDirectories where name.elementsEqual(file) && directory.elementsEqual(holder) {
                return .secret(.credentials)
            }
            if name.elementsEqual("config.json".utf8), directory.elementsEqual(".docker".utf8) {
                return .depends(.dockerLogin)
            }
        default: break
        }
        if name.count > 4, name.suffix(4).elementsEqual(".pem".utf8) || name.suffix(4).elementsEqual(".key".utf8) {
            return .depends(.pemKey)
        }
        return .ordinary
    }

    private static func hidden(_ name: ArraySlice<UInt8>) -> Verdict {
        if name.starts(with: ".env".utf8) {
            if name.count == 4 { return .secret(.environmentFile) }
            guard name[name.startIndex + 4] == UInt8(ascii: ".") else { return .ordinary }
            // `.env.local.example` is an example as well.
            let last = name.split(separator: UInt8(ascii: ".")).last ?? []
            return isIn(examples, last) ? .ordinary : .secret(.environmentFile)
        }
        if name.elementsEqual(".npmrc".utf8) { return .depends(.npmLogin) }
        if name.elementsEqual(".dockercfg".utf8) { return .depends(.dockerLogin) }
        return isIn(hiddenFiles, name) ? .secret(.credentials) : .ordinary
    }

    private static func isIn(_ names: [[UInt8]], _ name: ArraySlice<UInt8>) -> Bool {
        names.contains { $0.count == name.count && name.elementsEqual($0) }
    }

    private static func bytes(_ texts: [String]) -> [[UInt8]] { texts.map { Array($0.utf8) } }

    private static let examples = bytes(["example", "sample", "template"])
    private static let sshKeys = bytes(["id_rsa", "id_ed25519", "id_ecdsa", "id_dsa", "id_ecdsa_sk", "id_ed25519_sk"])
    private static let hiddenFiles = bytes([".netrc", ".pypirc", ".git-credentials", ".pgpass"])
    private static let cloudFiles = bytes(["application_default_credentials.json", "accessTokens.json"])
    /// Names that only mean something in one directory.
    private static let inDirectories: [(holder: [UInt8], file: [UInt8])] = [
        (".aws", "credentials"), (".kube", "config"), (".cargo", "credentials"), (".cargo", "credentials.toml"),
        (".gem", "credentials"), ("gh", "hosts.yml"), ("gcloud", "credentials.db"),
    ].map { (Array($0.utf8), Array($1.utf8)) }
}
