import FerryConfiguration
import Testing

@Suite("Configuration files")
struct ConfigurationTests {
    @Test("An error names the file and the key and says what to do")
    func words() {
        let error = ConfigurationError(
            file: Array("/c".utf8), key: "a.b", reason: "it is a number", advice: "write a list")
        #expect(error.description == "/c: 'a.b': it is a number; write a list")
    }
}
