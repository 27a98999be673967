// swift-tools-version: 6.0
// The Swift package of Rəqəmsal İD. On Linux `bindings/generate` writes `generated/` (the C header, the Swift of the boundary, a library with
// the hooks of tests), and the library is linked as a system library; on Apple `xcframework` does, without hooks (not verified here).
import PackageDescription

#if os(Linux)
let library: Target = .systemLibrary(name: "RidCoreFFI", path: "generated/RidCoreFFI")
let linked: [LinkerSetting] = [.linkedLibrary("rid_bindings")]
let tests: [Target] = [
    .target(
        name: "RidTesting", dependencies: ["Rid"], path: "Tests/RidTesting", swiftSettings: [.swiftLanguageMode(.v6)]),
    .executableTarget(
        name: "rid-swift-demo", dependencies: ["RidTesting"], path: "Tests/rid-swift-demo",
        swiftSettings: [.swiftLanguageMode(.v6)]),
    .testTarget(name: "RidTests", dependencies: ["RidTesting"], swiftSettings: [.swiftLanguageMode(.v6)]),
]
#else
let library: Target = .binaryTarget(name: "RidCoreFFI", path: "generated/RidCoreFFI.xcframework")
let linked: [LinkerSetting] = []
let tests: [Target] = []
#endif

let package = Package(
    name: "Rid",
    platforms: [.iOS(.v17), .macOS(.v14)],
    products: [.library(name: "Rid", targets: ["Rid"])],
    targets: [
        library,
        // Written by uniffi: its language mode is its own.
        .target(
            name: "RidCore", dependencies: ["RidCoreFFI"], path: "generated/RidCore",
            swiftSettings: [.swiftLanguageMode(.v5)], linkerSettings: linked),
        .target(name: "Rid", dependencies: ["RidCore"], swiftSettings: [.swiftLanguageMode(.v6)]),
    ] + tests
)
