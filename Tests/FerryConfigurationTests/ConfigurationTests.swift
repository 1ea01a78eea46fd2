import FerryConfiguration
import FerryCore
import Testing

private let file = Array("/home/ann/.config/ferry/config.toml".utf8)

private func user(_ text: String) throws(ConfigurationError) -> UserConfiguration {
    try UserConfiguration(parsing: Array(text.utf8), file: file)
}

private func workspace(_ text: String) throws(ConfigurationError) -> WorkspaceConfiguration {
    try WorkspaceConfiguration(parsing: Array(text.utf8), file: Array("/w/.ferry.toml".utf8))
}

@Suite("Configuration files")
struct ConfigurationTests {
    @Test("The user decides what becomes of secrets", arguments: SecretPolicy.allCases)
    func secrets(policy: SecretPolicy) throws {
        #expect(try user("secrets = \"\(policy.rawValue)\"").secrets == policy)
    }

    @Test("An empty file changes nothing")
    func empty() throws {
        #expect(try user("") == UserConfiguration())
        #expect(try user("# only a comment\n") == UserConfiguration())
        #expect(try workspace("\n") == WorkspaceConfiguration())
    }

    @Test("Profiles are command prefixes by name")
    func profiles() throws {
        let configuration = try user(
            """
            exclude = ["*.log"]
            allow-held = ["venv/bin/python*"]
            [profiles.box]
            command = ["kubectl", "exec", "-i", "box", "--"]
            [profiles."odd name"]
            command = ["/opt/my box", ""]
            [limits]
            depth = 40
            [undo]
            keep = 20
            """)
        #expect(configuration.secrets == nil)
        #expect(configuration.profiles.keys.sorted() == ["box", "odd name"])
        #expect(
            configuration.profiles["box"]?.command == ["kubectl", "exec", "-i", "box", "--"].map { Array($0.utf8) })
        #expect(configuration.profiles["odd name"]?.command == [Array("/opt/my box".utf8), []])
        #expect(configuration.excludes == [Array("*.log".utf8)])
        #expect(configuration.allowedHeld == [Array("venv/bin/python*".utf8)])
        #expect(configuration.limits.depth == 40)
        #expect(configuration.keptRuns == 20)
    }

    @Test(
        "What is wrong is named by file and key",
        arguments: [
            ("profile = 1", "'profile': there is no such key; the known ones here are profiles, "),
            ("profiles = 1", "'profiles': it is an integer; write a table, [profiles]"),
            ("[profiles]\nbox = \"x\"", "'profiles.box': it is a string; write a table, [profiles.box]"),
            ("[profiles.box]", "'profiles.box.command': it is missing; write command = "),
            ("[profiles.box]\ncommand = []", "'profiles.box.command': it names no program; "),
            ("[profiles.box]\ncommand = \"sh\"", "'profiles.box.command': it is a string; write a list of strings"),
            ("[profiles.box]\ncommand = [\"a\", 1]", "'profiles.box.command[1]': it is an integer; "),
            ("[profiles.box]\ncommand = [\"a\"]\nshell = 1", "'profiles.box.shell': there is no such key; "),
            ("exclude = [1979-05-27]", "'exclude[0]': it is a date; "),
            ("secrets = true", "'secrets': it is none of the policies; "),
            ("secrets = \"Block\"", "'secrets': it is none of the policies; "),
            ("[undo]\nkeep = -1", "'undo.keep': it is an integer and not a number from 0; "),
            ("[limits]\nmax-delete = \"110%\"", "'limits.max-delete': it is neither a number nor a percentage; "),
            ("exclude = [\"a\\u0000b\"]", "it is not UTF-8 text, or it holds a NUL; "),
            ("a = \n", "line 1: "),
        ])
    func errors(text: String, message: String) throws {
        let error = try #require(throws: ConfigurationError.self) { try user(text) }
        #expect(error.description.hasPrefix("/home/ann/.config/ferry/config.toml: \(message)"), "\(error)")
    }

    @Test("Bytes that are not UTF-8 are refused as such")
    func notText() {
        #expect(throws: ConfigurationError.self) { try UserConfiguration(parsing: [0x61, 0xFF], file: file) }
    }

    @Test("A workspace's file holds patterns and limits")
    func workspaceFile() throws {
        let configuration = try workspace(
            """
            exclude = ["node_modules/", "#x"]
            preserve-absent = [".env"]
            [limits]
            entries = 1_000_000
            bytes = 0
            max-delete = "10%"
            """)
        #expect(configuration.excludes == [Array("node_modules/".utf8), Array("#x".utf8)])
        #expect(configuration.preserves == [Array(".env".utf8)])
        #expect(configuration.limits.entries == 1_000_000)
        #expect(configuration.limits.bytes == 0)
        #expect(configuration.limits.deletions == .percent(10))
    }

    @Test(
        "A workspace's file can neither name a program nor relax a rule",
        arguments: [
            "[profiles.box]\ncommand = [\"sh\"]", "allow-held = [\"*\"]", "[undo]\nkeep = 0", "[secrets]\na = 1",
            "[credentials]\na = 1", "links = \"follow\"", "exclude = [\"!.env\"]", "origins = []",
        ])
    func forbidden(text: String) throws {
        let error = try #require(throws: ConfigurationError.self) { try workspace(text) }
        #expect(error.file == Array("/w/.ferry.toml".utf8))
        #expect(!error.key.isEmpty)
    }

    @Test("Of two limits the stricter one holds")
    func stricter() {
        var one = SyncLimits()
        var two = SyncLimits()
        (one.entries, two.entries) = (10, 20)
        (one.bytes, two.bytes) = (nil, 5)
        #expect(one.stricter(two).entries == 10)
        #expect(two.stricter(one).entries == 10)
        #expect(one.stricter(two).bytes == 5)
        #expect(one.stricter(two).depth == nil)
    }

    @Test("The file lies in XDG_CONFIG_HOME, else below the home directory")
    func location() {
        func path(_ configuration: String?, _ home: String?) -> String? {
            UserConfiguration.path(
                configurationHome: configuration.map { Array($0.utf8) }, home: home.map { Array($0.utf8) }
            ).map { String(decoding: $0, as: UTF8.self) }
        }
        #expect(path("/x", "/home/ann") == "/x/ferry/config.toml")
        #expect(path(nil, "/home/ann") == "/home/ann/.config/ferry/config.toml")
        #expect(path("relative", "/home/ann") == "/home/ann/.config/ferry/config.toml")
        #expect(path(nil, nil) == nil)
    }
}
