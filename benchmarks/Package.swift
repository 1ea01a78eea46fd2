// swift-tools-version: 6.3

import PackageDescription

// The same rules as the package this one measures.
let strictness: [SwiftSetting] = Context.environment["CI"] == nil ? [] : [.treatAllWarnings(as: .error)]

let package = Package(
    name: "ferry-benchmarks",
    products: [
        .executable(name: "ferry-bench", targets: ["ferry-bench"]),
        .executable(name: "ferry-floor", targets: ["ferry-floor"]),
    ],
    dependencies: [
        .package(url: "https://github.com/apple/swift-argument-parser", from: "1.8.2")
    ],
    targets: [
        // The floor: the same work in raw system calls, with none of Ferry's code.
        .executableTarget(
            name: "ferry-floor", path: "Sources/FloorProbe", cSettings: [.define("_GNU_SOURCE")],
            linkerSettings: [.linkedLibrary("pthread")]),
        .executableTarget(
            name: "ferry-bench",
            dependencies: [.product(name: "ArgumentParser", package: "swift-argument-parser")],
            path: "Sources/FerryBench",
            swiftSettings: [
                .swiftLanguageMode(.v6),
                .strictMemorySafety(),
                .enableUpcomingFeature("ExistentialAny"),
                .enableUpcomingFeature("MemberImportVisibility"),
                .enableUpcomingFeature("InternalImportsByDefault"),
            ] + strictness),
        .testTarget(
            name: "FerryBenchTests", dependencies: ["ferry-bench"], exclude: ["Golden"],
            swiftSettings: [.swiftLanguageMode(.v6)] + strictness),
    ]
)
