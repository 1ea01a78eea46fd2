import FerryThreads
import FerryTransport
import Foundation
import TestSupport
import Testing

@testable import FerryProviders

@Suite("The cipher of an ssh connection", .serialized)
struct SSHCipherTests {
    private func order(_ list: String) -> String? {
        let configuration = "user somebody\nciphers \(list)\nmacs hmac-sha2-256\n"
        return SSHCiphers.order(in: Array(configuration.utf8)).map { String(decoding: $0, as: UTF8.self) }
    }

    @Test("ssh's own order gets the cipher that the processor knows to its front, and keeps the others")
    func reordered() {
        #expect(
            order("chacha20-poly1305@openssh.com,aes128-ctr,aes128-gcm@openssh.com,aes256-gcm@openssh.com")
                == "aes128-gcm@openssh.com,chacha20-poly1305@openssh.com,aes128-ctr,aes256-gcm@openssh.com")
    }

    @Test(
        "an order that somebody chose stays",
        arguments: [
            "aes256-gcm@openssh.com,chacha20-poly1305@openssh.com,aes128-gcm@openssh.com",
            "chacha20-poly1305@openssh.com", "chacha20-poly1305@openssh.com,aes256-ctr", "",
        ])
    func kept(list: String) {
        #expect(order(list) == nil)
        #expect(SSHCiphers.order(in: Array("no such line\n".utf8)) == nil)
    }

    @Test("a processor says what it knows in the kernel's words")
    func processors() {
        #expect(SSHCiphers.namesAES(Array("processor\t: 0\nflags\t\t: fpu aes sse\n".utf8)))
        #expect(SSHCiphers.namesAES(Array("Features\t: fp asimd aes pmull\n".utf8)))
        #expect(!SSHCiphers.namesAES(Array("flags\t\t: fpu vaes sse\nmodel name\t: aes\n".utf8)))
    }

    @Test(
        "a real connection uses it, unless the user's configuration allows another one only", arguments: [true, false])
    func connection(isFree: Bool) async throws {
        let server = try SSHServer(settings: ["LogLevel DEBUG1"])
        let chosen = isFree ? [] : ["-o", "Ciphers=chacha20-poly1305@openssh.com"]
        let sandbox = SSHSandbox(
            host: Array("127.0.0.1".utf8), port: server.port,
            command: (server.command + chosen).map { Array($0.utf8) })
        try await BlockingThread.run(named: "test") {
            defer { sandbox.close() }
            _ = try sandbox.run(SandboxCommand(Array("true".utf8), purpose: "a test"), outputLimit: 100)
        }
        let log = try String(
            contentsOf: server.directory.appendingPathComponent("log-\(server.port)"), encoding: .utf8)
        let cpu = (try? String(contentsOfFile: "/proc/cpuinfo", encoding: .utf8)) ?? ""
        let isFast = isFree && SSHCiphers.namesAES(Array(cpu.utf8))
        let cipher = isFast ? "aes128-gcm@openssh.com" : "chacha20-poly1305@openssh.com"
        #expect(log.contains("kex: client->server cipher: \(cipher)"), "\(log.suffix(2_000))")
    }
}
