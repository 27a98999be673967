// swift-tools-version: 6.0
// The Swift package of Rəqəmsal İD. `bindings/generate` writes `generated/` (the C header, the Swift of the boundary, the library);
// on Linux the library is linked as a system library, on Apple it comes as an xcframework (`xcframework`, not verified here).
import PackageDescription

let package = Package(
    name: "Rid",
    platforms: [.iOS(.v17), .macOS(.v14)],
    products: [.library(name: "Rid", targets: ["Rid"])],
    targets: [
        .systemLibrary(name: "RidCoreFFI", path: "generated/RidCoreFFI"),
        // Written by uniffi: its language mode is its own.
        .target(
            name: "RidCore", dependencies: ["RidCoreFFI"], path: "generated/RidCore",
            swiftSettings: [.swiftLanguageMode(.v5)], linkerSettings: [.linkedLibrary("rid_bindings")]),
        .target(name: "Rid", dependencies: ["RidCore"], swiftSettings: [.swiftLanguageMode(.v6)]),
        .target(
            name: "RidTesting", dependencies: ["Rid"], path: "Tests/RidTesting",
            swiftSettings: [.swiftLanguageMode(.v6)]),
        .executableTarget(
            name: "rid-swift-demo", dependencies: ["RidTesting"], path: "Tests/rid-swift-demo",
            swiftSettings: [.swiftLanguageMode(.v6)]),
        .testTarget(name: "RidTests", dependencies: ["RidTesting"], swiftSettings: [.swiftLanguageMode(.v6)]),
    ]
)
