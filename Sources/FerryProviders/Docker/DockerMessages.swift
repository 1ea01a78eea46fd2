import FoundationEssentials

/// What the Engine API says and is told, as far as Ferry needs it.
enum DockerMessages {
    /// `POST /containers/{id}/exec`.
    struct ExecOptions: Encodable {
        var cmd: [String]
        var env: [String] = []
        var workingDir: String
        var attaches = true

        private enum Keys: String, CodingKey {
            case AttachStdin, AttachStdout, AttachStderr, Tty, Cmd, Env, WorkingDir
        }

        func encode(to encoder: any Encoder) throws {
            var fields = encoder.container(keyedBy: Keys.self)
            try fields.encode(attaches, forKey: .AttachStdin)
            try fields.encode(attaches, forKey: .AttachStdout)
            try fields.encode(attaches, forKey: .AttachStderr)
            try fields.encode(false, forKey: .Tty)
            try fields.encode(cmd, forKey: .Cmd)
            try fields.encode(env, forKey: .Env)
            try fields.encode(workingDir, forKey: .WorkingDir)
        }
    }

    /// `POST /exec/{id}/start`.
    struct ExecStart: Encodable {
        var detach: Bool

        private enum Keys: String, CodingKey { case Detach, Tty }

        func encode(to encoder: any Encoder) throws {
            var fields = encoder.container(keyedBy: Keys.self)
            try fields.encode(detach, forKey: .Detach)
            try fields.encode(false, forKey: .Tty)
        }
    }

    /// The answer to the first.
    struct ExecCreated: Decodable {
        var id: String
        private enum CodingKeys: String, CodingKey { case id = "Id" }
    }

    /// `GET /exec/{id}/json`.
    struct ExecState: Decodable {
        /// Look at this first: while it is true, the exit code of Podman is 0.
        var running: Bool
        var exitCode: Int?
        private enum CodingKeys: String, CodingKey {
            case running = "Running"
            case exitCode = "ExitCode"
        }
    }

    /// `GET /containers/{id}/json`.
    struct Container: Decodable {
        struct State: Decodable {
            var startedAt: String?
            private enum CodingKeys: String, CodingKey { case startedAt = "StartedAt" }
        }
        struct Configuration: Decodable {
            var user: String?
            private enum CodingKeys: String, CodingKey { case user = "User" }
        }
        var id: String
        var state: State?
        var configuration: Configuration?
        private enum CodingKeys: String, CodingKey {
            case id = "Id"
            case state = "State"
            case configuration = "Config"
        }
    }

    /// The header field `X-Docker-Container-Path-Stat`.
    struct PathStatus: Decodable {
        /// In the form of Go's `os.FileMode`.
        var mode: UInt64
        var linkTarget: String?
        /// Whether it is a directory; bit 31.
        var isDirectory: Bool { mode & 0x8000_0000 != 0 }
        /// Whether it is a symbolic link; bit 27.
        var isLink: Bool { mode & 0x0800_0000 != 0 }
    }

    private struct Failure: Decodable {
        var message: String
    }

    /// Encodes a message.
    ///
    /// - Returns: Nil when it holds what JSON cannot.
    static func encode(_ message: some Encodable) -> [UInt8]? {
        (try? JSONEncoder().encode(message)).map { Array($0) }
    }

    /// Decodes a message.
    ///
    /// - Returns: Nil when it is not one.
    static func decode<Message: Decodable>(_ type: Message.Type, _ bytes: [UInt8]) -> Message? {
        try? JSONDecoder().decode(type, from: Data(bytes))
    }

    /// Decodes the header field that says what is at a path.
    static func pathStatus(_ header: String?) -> PathStatus? {
        guard let header, let data = Data(base64Encoded: header) else { return nil }
        return try? JSONDecoder().decode(PathStatus.self, from: data)
    }

    /// What an engine says of a failure; the bytes themselves where they are not the usual JSON.
    static func failure(_ bytes: [UInt8]) -> [UInt8] {
        decode(Failure.self, bytes).map { Array($0.message.utf8) } ?? bytes
    }
}
