import FerryTransport
import Testing

private func target(_ text: String, home: String? = "/home/ann") throws(TargetError) -> Target {
    try Target(parsing: Array(text.utf8), home: home.map { Array($0.utf8) })
}

private func bytes(_ text: String) -> [UInt8] { Array(text.utf8) }

@Suite("Targets")
struct TargetTests {
    @Test(
        "A path without a scheme is a directory on this machine",
        arguments: [
            ("name", "name"), ("./x", "./x"), ("../x", "../x"), ("/a/b/", "/a/b/"), ("~/x", "/home/ann/x"),
            ("~", "/home/ann"), ("~/", "/home/ann"), ("~bob/x", "~bob/x"), ("./host:/path", "./host:/path"),
            ("a/b:c", "a/b:c"), ("a%20b", "a%20b"), ("dir:name", "name"), ("dir:~/x", "/home/ann/x"),
            ("dir:a:b", "a:b"),
            ("dir:-x", "-x"),
        ])
    func plainPaths(text: String, path: String) throws {
        let target = try target(text)
        #expect(target.scheme == .directory)
        #expect(target.authority == .none)
        #expect(target.path == bytes(path))
        #expect(target.text == bytes(text))
    }

    @Test("An archive is named by its file, a stream by a dash")
    func archives() throws {
        #expect(try target("tar:a.tar.gz").scheme == .tar)
        #expect(try target("tar:~/a.tar").path == bytes("/home/ann/a.tar"))
        #expect(try target("-").scheme == .standardStream)
        #expect(try target("-").path.isEmpty)
    }

    @Test("Bytes that are not UTF-8 stay as they are")
    func rawBytes() throws {
        let target = try Target(parsing: [0x64, 0x69, 0x72, 0x3A, 0xFF, 0xFE], home: nil)
        #expect(target.path == [0xFF, 0xFE])
    }

    @Test(
        "A host has an optional user and port",
        arguments: [
            ("ssh://h/p", nil, "h", nil, "/p"), ("ssh://ann@h/p", "ann", "h", nil, "/p"),
            ("ssh://h:2222/p", nil, "h", 2222, "/p"), ("ssh://a@b@h:22/~/x", "a@b", "h", 22, "/~/x"),
            ("ssh://[::1]/p", nil, "::1", nil, "/p"),
            ("ssh://u@[fe80::1%25eth0]:22/p", "u", "fe80::1%25eth0", 22, "/p"),
            ("ssh://h/", nil, "h", nil, "/"), ("ssh://h/a%2fb", nil, "h", nil, "/a%2fb"),
        ] as [(String, String?, String, UInt16?, String)])
    func hosts(text: String, user: String?, name: String, port: UInt16?, path: String) throws {
        let target = try target(text)
        #expect(target.scheme == .ssh)
        #expect(target.authority == .host(user: user.map(bytes), name: bytes(name), port: port))
        #expect(target.path == bytes(path))
    }

    @Test("A path below the remote home directory is told apart")
    func remoteHome() throws {
        #expect(try target("ssh://h/~/x").isBelowRemoteHome)
        #expect(try target("ssh://h/~").isBelowRemoteHome)
        #expect(try !target("ssh://h/~x").isBelowRemoteHome)
        #expect(try !target("docker://c/~/x").isBelowRemoteHome)
    }

    @Test("Containers, pods, sandboxes and profiles are named before the path")
    func others() throws {
        #expect(try target("docker://web/srv").authority == .container(bytes("web")))
        #expect(
            try target("k8s://ns/pod:/srv").authority
                == .pod(namespace: bytes("ns"), name: bytes("pod"), container: nil))
        let pod = try target("k8s://ns/pod/app:/srv/x")
        #expect(pod.authority == .pod(namespace: bytes("ns"), name: bytes("pod"), container: bytes("app")))
        #expect(pod.path == bytes("/srv/x"))
        for scheme in ["e2b", "daytona", "vercel"] {
            #expect(try target("\(scheme)://id-1/home/user").authority == .sandbox(bytes("id-1")))
        }
        #expect(try target("sandbox-agent://main/w").authority == .profile(bytes("main")))
        let command = try target("exec:prod:/srv")
        #expect(command.authority == .profile(bytes("prod")))
        #expect(command.path == bytes("/srv"))
    }

    @Test(
        "What cannot be understood or is unsafe is refused",
        arguments: [
            ("", .incomplete), ("dir:", .incomplete), ("tar:", .incomplete), ("host:/path", .rsyncForm),
            ("user@host:path", .rsyncForm), ("s3://bucket/x", .unknownScheme), ("SSH://h/p", .unknownScheme),
            ("ssh://h", .incomplete), ("ssh:h/p", .incomplete), ("ssh:///p", .incomplete), ("ssh://h:/p", .badPort),
            ("ssh://h:0/p", .badPort), ("ssh://h:65536/p", .badPort), ("ssh://h:+22/p", .badPort),
            ("ssh://[::1/p", .incomplete), ("ssh://-oProxyCommand=x/p", .unsafePart), ("ssh://-l@h/p", .unsafePart),
            ("ssh://u@-h/p", .unsafePart), ("ssh://[-h]/p", .unsafePart), ("ssh://a b/p", .unsafePart),
            ("docker://-c/p", .unsafePart), ("docker:///p", .incomplete), ("docker:c/p", .incomplete),
            ("k8s://-n/pod:/p", .unsafePart), ("k8s://ns/-p:/p", .unsafePart), ("k8s://ns/p/-c:/p", .unsafePart),
            ("k8s://pod:/p", .incomplete), ("k8s://ns/pod/p", .incomplete), ("e2b://-id/p", .unsafePart),
            ("exec:-p:/x", .unsafePart), ("exec:p", .incomplete), ("exec:p:x", .incomplete),
            ("ssh://h\n/p", .unsafePart),
        ] as [(String, TargetError.Code)])
    func refused(text: String, code: TargetError.Code) throws {
        let error = try #require(throws: TargetError.self) { try target(text) }
        #expect(error.code == code)
        #expect(!error.message.isEmpty && !error.advice.isEmpty)
    }

    @Test("rsync's form is answered with the URL to write")
    func rsyncForm() throws {
        let absolute = try #require(throws: TargetError.self) { try target("ann@host:/srv/x") }
        #expect(absolute.description.contains("'ssh://ann@host/srv/x'"))
        let relative = try #require(throws: TargetError.self) { try target("host:x") }
        #expect(relative.description.contains("'ssh://host/~/x'"))
    }

    @Test("An unknown scheme is answered with the known ones")
    func unknownScheme() throws {
        let error = try #require(throws: TargetError.self) { try target("s3://bucket/x") }
        for scheme in TargetScheme.allCases { #expect(error.advice.contains(scheme.rawValue)) }
    }

    @Test("A tilde without a home directory is refused")
    func noHome() throws {
        let error = try #require(throws: TargetError.self) { try target("~/x", home: nil) }
        #expect(error.code == .noHome)
    }

    @Test("A NUL byte is refused")
    func nul() throws {
        let error = try #require(throws: TargetError.self) { try Target(parsing: [0x61, 0, 0x62], home: nil) }
        #expect(error.code == .unsafePart)
    }
}
