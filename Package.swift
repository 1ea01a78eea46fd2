// swift-tools-version: 6.3

import PackageDescription

// One list of settings for every Swift target, applied in one place. Warnings stop the build in CI only, so that a newer
// compiler's new warning never keeps a user from building.
let strictness: [SwiftSetting] = Context.environment["CI"] == nil ? [] : [.treatAllWarnings(as: .error)]
let settings: [SwiftSetting] =
    [
        .swiftLanguageMode(.v6),
        .strictMemorySafety(),
        .enableUpcomingFeature("ExistentialAny"),
        .enableUpcomingFeature("MemberImportVisibility"),
        .enableUpcomingFeature("InternalImportsByDefault"),
        .enableUpcomingFeature("NonisolatedNonsendingByDefault"),
        .enableUpcomingFeature("InferIsolatedConformances"),
    ] + strictness

let argumentParser: Target.Dependency = .product(name: "ArgumentParser", package: "swift-argument-parser")
let crypto: Target.Dependency = .product(name: "Crypto", package: "swift-crypto")
let subprocess: Target.Dependency = .product(name: "Subprocess", package: "swift-subprocess")
let systemPackage: Target.Dependency = .product(name: "SystemPackage", package: "swift-system")
let toml: Target.Dependency = .product(name: "TOMLKit", package: "TOMLKit")

let package = Package(
    name: "ferry",
    products: [
        .executable(name: "ferry", targets: ["FerryCLI"]),
        .library(name: "Ferry", targets: ["Ferry"]),
        .library(name: "FerryTesting", targets: ["FerryTesting"]),
    ],
    dependencies: [
        .package(url: "https://github.com/apple/swift-argument-parser", from: "1.8.2"),
        .package(url: "https://github.com/apple/swift-crypto", from: "4.5.2"),
        .package(url: "https://github.com/apple/swift-system", from: "1.8.1"),
        .package(url: "https://github.com/swiftlang/swift-subprocess", from: "1.0.2"),
        .package(url: "https://github.com/LebJe/TOMLKit", from: "0.6.0"),
    ],
    targets: [
        // Layer 0: C, one thin module each.
        // Load libarchive and libcurl when they are first used; their headers are libarchive-dev's and libcurl4-openssl-dev's.
        .target(name: "CArchive"),
        .target(name: "CCurl", cSettings: [.define("_GNU_SOURCE")]),
        .target(name: "CFerryShims", cSettings: [.define("_GNU_SOURCE")]),
        // Layer 1: pure values; threads.
        .target(name: "FerryCore"),
        .target(name: "FerryThreads", dependencies: ["CFerryShims"]),
        // Layer 2: the disk, the tar format, HTTP, child processes, configuration files, the transport seam.
        .target(
            name: "FerryFileSystem", dependencies: ["FerryCore", "FerryThreads", "CFerryShims", systemPackage, crypto]),
        .target(name: "FerryArchive", dependencies: ["FerryCore", "CArchive", "CFerryShims"]),
        .target(name: "FerryTransport", dependencies: ["FerryCore", "FerryThreads", systemPackage]),
        .target(name: "FerryProcess", dependencies: ["FerryThreads", "CFerryShims", systemPackage]),
        .target(name: "FerryConfiguration", dependencies: ["FerryCore", toml]),
        .target(name: "FerryHTTP", dependencies: ["FerryCore", "FerryThreads", "CCurl"]),
        // Layer 3: the operations; the registry of transports.
        .target(
            name: "FerryEngine",
            dependencies: [
                "FerryCore", "FerryThreads", "FerryFileSystem", "FerryArchive", "FerryTransport", systemPackage, crypto,
            ]),
        .target(
            name: "FerryProviders",
            dependencies: [
                "FerryCore", "FerryThreads", "FerryTransport", "FerryProcess", "FerryConfiguration", "FerryHTTP",
                subprocess, systemPackage,
            ]),
        // Layer 4: what people and programs use.
        .target(
            name: "FerryRuntime",
            dependencies: [
                "FerryCore", "FerryThreads", "FerryFileSystem", "FerryTransport", "FerryEngine", systemPackage, crypto,
            ]),
        .target(
            name: "Ferry",
            dependencies: ["FerryCore", "FerryEngine", "FerryProviders", "FerryTransport", "FerryRuntime"]),
        .target(
            name: "FerryTesting",
            dependencies: [
                "FerryCore", "FerryThreads", "FerryFileSystem", "FerryTransport", "FerryEngine", "FerryProviders",
            ]),
        .executableTarget(
            name: "FerryCLI",
            dependencies: [
                "FerryConfiguration", "FerryCore", "FerryThreads", "FerryFileSystem", "FerryEngine", "FerryProviders",
                "FerryTransport", "FerryRuntime",
                argumentParser, systemPackage,
            ]),
        .target(name: "TestSupport", dependencies: ["FerryTransport"], path: "Tests/Support"),
        // Readers of hostile bytes with their inputs: a test feeds them with what a plain generator makes of them, and
        // with FERRY_FUZZ set libFuzzer does.
        .target(
            name: "Fuzzing",
            dependencies: [
                "FerryCore", "FerryArchive", "FerryFileSystem", "FerryTransport", "FerryThreads", "FerryEngine",
                "FerryTesting", "TestSupport", systemPackage,
            ], path: "Tests/Fuzzing"),
        .testTarget(name: "FuzzTests", dependencies: ["Fuzzing", "FerryTesting"]),
        .testTarget(name: "ArchitectureTests"),
        .testTarget(name: "FerryCoreTests", dependencies: ["FerryCore", "FerryTesting"]),
        .testTarget(
            name: "FerryFileSystemTests",
            dependencies: [
                "FerryFileSystem", "FerryCore", "FerryThreads", "FerryTesting", "TestSupport", systemPackage,
            ]),
        .testTarget(
            name: "FerryEngineTests",
            dependencies: [
                "FerryEngine", "FerryArchive", "FerryCore", "FerryFileSystem", "FerryThreads", "FerryTesting",
                "FerryTransport", "TestSupport",
            ]),
        .testTarget(
            name: "FerryTransportTests", dependencies: ["FerryTransport", "FerryCore", "FerryThreads", "FerryTesting"]),
        .testTarget(name: "FerryConfigurationTests", dependencies: ["FerryConfiguration", "FerryCore"]),
        .testTarget(name: "FerryProcessTests", dependencies: ["FerryProcess", "FerryThreads", systemPackage]),
        .testTarget(
            name: "FerryProvidersTests",
            dependencies: [
                "FerryCore", "FerryProviders", "FerryTransport", "FerryProcess", "FerryConfiguration", "FerryTesting",
                "FerryThreads", "FerryHTTP", "TestSupport",
            ]),
        .testTarget(name: "FerryHTTPTests", dependencies: ["FerryHTTP", "TestSupport"]),
        .testTarget(
            name: "DockerTests",
            dependencies: [
                "FerryCore", "FerryEngine", "FerryHTTP", "FerryProviders", "FerryTesting", "FerryThreads",
                "FerryTransport", "RuntimeTrials", "TestSupport",
            ]),
        .target(
            name: "RuntimeTrials",
            dependencies: [
                "FerryRuntime", "FerryCore", "FerryEngine", "FerryThreads", "FerryTesting", "FerryTransport",
            ], path: "Tests/RuntimeTrials"),
        .executableTarget(name: "swift-adapter", dependencies: ["Ferry"], path: "Tests/Examples/SwiftAdapter"),
        .testTarget(
            name: "FerryRuntimeTests",
            dependencies: [
                "FerryRuntime", "FerryCore", "FerryEngine", "FerryFileSystem", "FerryProviders", "FerryThreads",
                "FerryTesting", "FerryTransport", "RuntimeTrials", "TestSupport", "swift-adapter",
            ]),
        .testTarget(
            name: "FerryCLITests",
            dependencies: ["FerryCLI", "FerryCore", "FerryEngine", "FerryFileSystem", argumentParser],
            exclude: ["Snapshots"]),
        .testTarget(
            name: "EndToEndTests",
            dependencies: ["FerryCLI", "FerryArchive", "FerryCore", "FerryEngine", "FerryThreads", "TestSupport"]),
        .testTarget(
            name: "FerryArchiveTests",
            dependencies: ["FerryArchive", "FerryCore", "CArchive", "CFerryShims", "TestSupport"],
            // A reader and a writer to compare with use the library itself.
            linkerSettings: [.linkedLibrary("archive")]),
    ],
    cLanguageStandard: .c17
)

// libFuzzer wants every module instrumented, so it is a build of its own: scripts/fuzz.sh.
let fuzzes = Context.environment["FERRY_FUZZ"] != nil
if fuzzes {
    package.targets += [
        .target(name: "CFuzzer", path: "Tests/CFuzzer"),
        .executableTarget(
            name: "ferry-fuzz", dependencies: ["CFuzzer", "Fuzzing"], path: "Tests/FuzzMain",
            linkerSettings: [.linkedLibrary("stdc++")]),
    ]
}

for target in package.targets
where [.regular, .executable, .test].contains(target.type) && target.name != "CFerryShims" {
    target.swiftSettings = settings + (fuzzes ? [.unsafeFlags(["-sanitize=fuzzer"])] : [])
}
