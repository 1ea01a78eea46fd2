import FerryCore
import Testing

@Suite("Rules for secrets")
struct SecretRuleTests {
    private static func verdict(_ path: String) -> SecretNames.Verdict {
        let parts = Array(path.utf8).split(separator: UInt8(ascii: "/"))
        return SecretNames.verdict(on: parts.last ?? [], in: parts.count > 1 ? parts[parts.count - 2] : [])
    }

    private static func rule(_ text: String, path: String = "file.txt") -> SecretRule? {
        SecretContent.rule(in: Array(text.utf8).span, named: verdict(path))
    }

    /// A body that looks random, of so many bytes; in pieces, so that nothing takes this file for a leak.
    private static func body(_ count: Int, capitals: Bool = false) -> String {
        let source = capitals ? "Q7ZK2MDP9XW4RT6VBYHN" : "q7ZkT2mDp9Xw4Rt6vBsYhN3cJfLg8A"
        return String(repeating: source, count: count / source.count + 1).prefix(count).description
    }

    // MARK: Names

    @Test(
        "names that say it all",
        arguments: [
            (".env", SecretRule.environmentFile), ("a/.env.local", .environmentFile),
            (".env.production", .environmentFile), (".env.example.local", .environmentFile), ("x/id_rsa", .sshKey),
            ("id_ed25519", .sshKey), ("id_ecdsa_sk", .sshKey), (".netrc", .credentials), ("_netrc", .credentials),
            (".pypirc", .credentials), (".git-credentials", .credentials), (".pgpass", .credentials),
            (".aws/credentials", .credentials), ("home/.kube/config", .credentials),
            (".cargo/credentials.toml", .credentials), ("gcloud/application_default_credentials.json", .credentials),
            (".config/gh/hosts.yml", .credentials), (".azure/accessTokens.json", .credentials),
        ])
    func names(path: String, rule: SecretRule) {
        #expect(Self.verdict(path) == .secret(rule))
    }

    @Test(
        "names that say nothing",
        arguments: [
            ".env.example", ".env.sample", ".env.template", ".env.local.example", ".envrc", ".environment", "env",
            "x.env", "id_rsa.pub", "my_id_rsa", "id_rs", "credentials", "aws/credentials", "config", "git/config",
            ".git/config", "hosts.yml", "config.json", "docker/config.json", "key", ".key", ".pem", "pem", "a.keys",
            ".npmrc.bak", "a", "", ".", "netrc", "README.md",
        ])
    func ordinaryNames(path: String) {
        #expect(Self.verdict(path) == .ordinary)
    }

    @Test("names that their content decides")
    func dependingNames() {
        #expect(Self.verdict("certs/server.pem") == .depends(.pemKey))
        #expect(Self.verdict("server.key") == .depends(.pemKey))
        #expect(Self.verdict("icons.key") == .depends(.pemKey))
        #expect(Self.verdict(".npmrc") == .depends(.npmLogin))
        #expect(Self.verdict(".docker/config.json") == .depends(.dockerLogin))
        #expect(Self.verdict(".dockercfg") == .depends(.dockerLogin))
    }

    @Test("a name that is not UTF-8 is a name like any other")
    func foreignNames() {
        #expect(SecretNames.verdict(on: [0xFF, 0xFE], in: [0xFD]) == .ordinary)
        #expect(SecretNames.verdict(on: Array(".env.".utf8) + [0xFF], in: []) == .secret(.environmentFile))
    }

    // MARK: Files of certain names

    @Test("a registry's file counts with a token in it, not with a variable's name")
    func npm() {
        #expect(Self.rule("//registry.npmjs.org/:_authToken=abc-def\n", path: ".npmrc") == .credentials)
        #expect(Self.rule("_auth = \"YWJj\"\n", path: ".npmrc") == .credentials)
        for text in [
            "", "registry=https://r/\n", "//r/:_authToken=${NPM_TOKEN}\n", "always-auth=true", "_authToken=",
            "_authToken",
            "_authToken=\n//x",
        ] {
            #expect(Self.rule(text, path: ".npmrc") == nil, "\(text)")
        }
        #expect(Self.rule("_authToken=abc", path: "other") == nil)
    }

    @Test("docker's file counts with a login in it, not with the name of a program that has it")
    func docker() {
        #expect(Self.rule(#"{"auths":{"r.io":{"auth": "dXNlcjpwYXNz"}}}"#, path: ".docker/config.json") == .credentials)
        for text in [
            #"{"auths":{"r.io":{}},"credsStore":"desktop"}"#, #"{"auths":{"r.io":{"auth": ""}}}"#,
            #"{"auth":"","email":"x"}"#, "{}",
        ] {
            #expect(Self.rule(text, path: ".docker/config.json") == nil, "\(text)")
        }
    }

    // MARK: Private keys

    @Test("private keys, in files and in strings", arguments: ["", "RSA ", "EC ", "OPENSSH ", "ENCRYPTED ", "DSA "])
    func privateKeys(kind: String) {
        let header = "-----BEGIN " + kind + "PRIVATE KEY-----"
        let data = Self.body(64)
        #expect(Self.rule(header + "\n" + data) == .privateKey)
        #expect(Self.rule(header + "\r\n" + data) == .privateKey)
        #expect(Self.rule("Bag\n" + header + "\n" + data) == .privateKey)
        #expect(Self.rule(#"{"private_key": ""# + header + #"\n"# + data + #""}"#) == .privateKey)
        #expect(Self.rule(header + "\nProc-Type: 4,ENCRYPTED\n") == .privateKey)
        for filler in 0..<60 {
            #expect(Self.rule(String(repeating: "x", count: filler) + "\n" + header + "\n" + data) == .privateKey)
        }
        // Only a name that says key makes a bare header one.
        #expect(Self.rule(header + "\n", path: "a.pem") == .privateKey)
        #expect(Self.rule(#"if text.hasPrefix(""# + header + #"") { return }"#) == nil)
    }

    @Test("public keys, certificates and requests are no secrets", arguments: ["a.pem", "a.key", "a.txt"])
    func publicKeys(path: String) {
        for kind in ["PUBLIC KEY", "CERTIFICATE", "CERTIFICATE REQUEST", "RSA PUBLIC KEY", "PGP SIGNATURE"] {
            #expect(Self.rule("-----BEGIN \(kind)-----\n" + Self.body(64), path: path) == nil, "\(kind)")
        }
        #expect(Self.rule("-----BEGIN CERTIFICATE-----\nabc\nthe PRIVATE KEY is elsewhere", path: path) == nil)
    }

    // MARK: Tokens

    /// A token of each rule.
    static let tokens: [(SecretRule, String)] = [
        (.awsKey, "AK" + "IA" + body(16, capitals: true)), (.awsKey, "AS" + "IA" + body(16, capitals: true)),
        (.githubToken, "gh" + "p_" + body(36)), (.githubToken, "gh" + "o_" + body(36)),
        (.githubToken, "gh" + "s_" + body(40)), (.githubToken, "github" + "_pat_" + body(22) + "_" + body(59)),
        (.gitlabToken, "gl" + "pat-" + body(20)), (.slackToken, "xo" + "xb-123456789012-1234567890123-" + body(24)),
        (.slackToken, "xo" + "xp-123456789012-" + body(24)), (.stripeKey, "sk" + "_live_" + body(24)),
        (.stripeKey, "rk" + "_live_" + body(24)), (.googleKey, "AI" + "za" + body(35)),
        (.anthropicKey, "sk" + "-ant-" + "api03-" + body(60)), (.openAIKey, "sk" + "-proj-" + body(48)),
        (.npmToken, "np" + "m_" + body(36)),
    ]

    @Test("every form is found, alone, at both ends, in the middle and in any alignment")
    func everyToken() {
        for (rule, token) in Self.tokens {
            for text in [
                token, "x=" + token, token + "\n", #"key: ""# + token + #"","#, "(\(token))", "TOKEN_\(token)",
            ] {
                #expect(Self.rule(text) == rule, "\(rule)")
            }
            for filler in 0..<50 {
                let text = String(repeating: "lorem, ", count: 20).suffix(filler) + "\"" + token
                #expect(Self.rule(text + "\" ipsum dolor sit amet") == rule, "\(rule), behind \(filler) bytes")
                #expect(Self.rule(String(text)) == rule, "\(rule), behind \(filler) bytes and at the end")
                #expect(Self.rule(String(repeating: "é", count: filler) + " " + token) == rule, "\(rule), \(filler)")
            }
            #expect(Self.rule(String(repeating: "\0", count: 60_000) + token) == rule)
        }
        #expect(Set(Self.tokens.map(\.0)).count == 9)
    }

    @Test("too short, too long, inside a word, or a placeholder: no token")
    func noTokens() {
        let body = Self.body(36)
        let texts = [
            "", "AKIA", "AK" + "IA" + Self.body(15, capitals: true), "AK" + "IA" + Self.body(17, capitals: true),
            "AK" + "IAIOSFODNN7EXAMPLE", "xAK" + "IA" + Self.body(16, capitals: true), "ak" + "ia" + Self.body(16),
            "gh" + "p_" + Self.body(35), "gh" + "x_" + body, "xgh" + "p_" + body, "ghp-" + body,
            "gh" + "p_" + String(repeating: "x", count: 36), "np" + "m_" + Self.body(35), "np" + "m_" + Self.body(37),
            "npm_config_registry_and_other_long_names", "sk" + "_test_" + Self.body(24),
            "sk" + "_live_" + Self.body(23),
            "sk-project-settings-and-more", "risk" + "-ant-" + Self.body(30), "AI" + "za" + Self.body(34),
            "AI" + "zaSy" + String(repeating: "A", count: 33), "gl" + "pat-" + Self.body(19),
            "xo" + "xb-not-a-real-token-here",
            "xo" + "xz-123456789012-" + Self.body(24), "github" + "_pat_your_token_goes_in_this_place",
            "a_very_long_identifier_that_goes_on_and_on_but_is_no_token", String(repeating: "A", count: 5_000),
            String(repeating: "-", count: 200), String(repeating: " ", count: 200), String(repeating: "_", count: 64),
        ]
        for text in texts {
            #expect(Self.rule(text) == nil, "\(text)")
            #expect(Self.rule("var x = '\(text)';") == nil, "\(text)")
        }
    }

    @Test("what is found is the same as what a search of every position finds, on random text")
    func model() {
        var generator = SystemRandomNumberGenerator()
        let pieces =
            Self.tokens.map(\.1) + ["word", " ", "\n", "-", "_", "--------", "ABCDEF", "0123456789", "\"", "=", "é"]
        for _ in 0..<2_000 {
            let text = (0..<Int.random(in: 1...20, using: &generator)).map { _ in
                pieces.randomElement(using: &generator) ?? ""
            }.joined(separator: Bool.random(using: &generator) ? " " : ";")
            let hasToken = Self.tokens.contains { token in
                text.split(whereSeparator: { " ;\n\"=é".contains($0) }).contains { $0 == token.1 }
            }
            if hasToken { #expect(Self.rule(text) != nil, "\(text)") }
        }
    }
}
