import Testing

@Suite("The layers of the project")
struct LayerTests {
    /// What each module may import of ours.
    ///
    /// A module that is not here may not exist.
    private static let ours: [String: Set<String>] = [
        "FerryCore": [],
        "FerryThreads": ["CFerryShims"],
        "FerryFileSystem": ["FerryCore", "FerryThreads", "CFerryShims"],
        "FerryArchive": ["FerryCore", "CArchive", "CFerryShims"],
        "FerryTransport": ["FerryCore", "FerryThreads"],
        "FerryProcess": ["FerryThreads", "CFerryShims"],
        "FerryConfiguration": ["FerryCore"],
        "FerryHTTP": ["FerryCore", "FerryThreads", "CCurl", "CFerryShims"],
        "FerryEngine": ["FerryCore", "FerryThreads", "FerryFileSystem", "FerryArchive", "FerryTransport"],
        "FerryProviders": [
            "FerryCore", "FerryThreads", "FerryTransport", "FerryHTTP", "FerryProcess", "FerryConfiguration",
        ],
        "FerryRuntime": [
            "FerryCore", "FerryThreads", "FerryFileSystem", "FerryArchive", "FerryTransport", "FerryEngine",
        ],
        "Ferry": ["FerryCore", "FerryEngine", "FerryProviders", "FerryTransport", "FerryRuntime"],
        "FerryTesting": [
            "FerryCore", "FerryThreads", "FerryFileSystem", "FerryArchive", "FerryTransport", "FerryEngine",
            "FerryProviders",
        ],
        "FerryCLI": [
            "FerryCore", "FerryThreads", "FerryConfiguration", "FerryEngine", "FerryProviders", "FerryTransport",
            "FerryRuntime",
        ],
    ]

    /// What each may import from elsewhere, the standard library's own modules apart.
    private static let foreign: [String: Set<String>] = [
        "FerryThreads": ["Glibc", "SystemPackage"],
        "FerryFileSystem": ["Glibc", "SystemPackage", "Crypto"],
        "FerryArchive": ["Glibc", "SystemPackage", "Crypto"],
        "FerryTransport": ["SystemPackage", "Crypto"],
        "FerryHTTP": ["Glibc", "SystemPackage", "Crypto"],
        "FerryProcess": ["Glibc", "SystemPackage"],
        "FerryConfiguration": ["TOMLKit"],
        "FerryEngine": ["SystemPackage", "Crypto"],
        "FerryProviders": ["SystemPackage", "Crypto", "Subprocess"],
        "FerryRuntime": ["SystemPackage", "Crypto"],
        "FerryTesting": ["Glibc", "SystemPackage", "Crypto"],
        "FerryCLI": ["Glibc", "SystemPackage", "ArgumentParser"],
    ]

    /// Imports that the table does not want, each with the reason why it is let through for now.
    private static let exceptions: [String: [String: String]] = [
        "FerryCLI": [
            "FerryThreads": "the cancellation flag is raised by signals, which only the command line knows",
            "FerryFileSystem": "--owner names a FileOwner",
            "FoundationEssentials": "JSON of a request of ferry runtime, one document a run",
        ],
        "FerryProviders": [
            "FoundationEssentials": "JSON of the Docker Engine API, a few small messages for each command"
        ],
    ]

    private static let standard: Set<String> = ["Swift", "Synchronization"]

    static let files = SourceFile.all(in: ["Sources"])

    @Test("every module imports only what lies below it")
    func imports() {
        #expect(Self.files.count > 100)
        for file in Self.files {
            guard let allowed = Self.ours[file.module] else {
                Issue.record("\(file.path) is in a module that the table does not know")
                continue
            }
            let known = allowed.union(Self.foreign[file.module] ?? []).union(Self.standard)
                .union(Self.exceptions[file.module].map { Set($0.keys) } ?? [])
            let wrong = file.imports.subtracting(known).sorted()
            #expect(wrong.isEmpty, "\(file.path) imports \(wrong)")
        }
    }

    @Test("no exception stays in the list after its import has gone")
    func exceptionsAreNeeded() {
        for (module, imports) in Self.exceptions {
            let used = Self.files.filter { $0.module == module }.reduce(into: Set<String>()) {
                $0.formUnion($1.imports)
            }
            for name in imports.keys { #expect(used.contains(name), "\(module) no longer imports \(name)") }
        }
    }

    @Test("the C libraries have one home each", arguments: [("CArchive", "FerryArchive"), ("CCurl", "FerryHTTP")])
    func homes(library: String, home: String) {
        for file in Self.files where file.imports.contains(library) {
            #expect(file.module == home, "\(file.path) imports \(library)")
        }
    }

    @Test("nobody imports Foundation")
    func noFoundation() {
        for file in Self.files {
            let excepted = Self.exceptions[file.module].map { Set($0.keys) } ?? []
            let wrong = file.imports.intersection(["Foundation", "FoundationEssentials", "Dispatch"])
            #expect(wrong.subtracting(excepted).isEmpty, "\(file.path)")
        }
    }
}
