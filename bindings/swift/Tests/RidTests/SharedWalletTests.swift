import Foundation
@testable import Rid
import RidTesting
import Testing

/// A life cycle that a test plays.
private final class PlayedLifeCycle: AppLifeCycle, @unchecked Sendable {
    private var handlers: (suspend: @Sendable () async -> Void, resume: @Sendable () async -> Void)?

    func observe(suspend: @escaping @Sendable () async -> Void, resume: @escaping @Sendable () async -> Void) {
        handlers = (suspend, resume)
    }

    func suspend() async { await handlers?.suspend() }
    func resume() async { await handlers?.resume() }
}

/// The folders of a phone, with what was asked of each file.
private final class PlayedFolders: FolderSystem {
    let root: URL?
    private(set) var protected: Set<String> = []
    private(set) var excluded: [String] = []

    init(root: URL?) { self.root = root }

    func base(group: String?) throws -> URL? { group == "unknown" ? nil : root }
    func protect(_ path: String) throws { protected.insert((path as NSString).lastPathComponent) }
    func excludeFromBackup(_ folder: URL) throws { excluded.append(folder.lastPathComponent) }
}

/// Processes take turns at one store, and an app that is suspended holds no lock.
@Suite struct SharedWalletTests {
    private let locked = RidError.misuse(code: "storage_locked")

    @Test func openingsTakeTurnsAndCacheNothing() async throws {
        let rig = try Rig()
        defer { rig.remove() }
        let first = try await rig.open()
        try await rig.enrol(first)
        let begun = ContinuousClock.now
        await #expect(throws: locked) { _ = try await rig.open() }
        #expect(ContinuousClock.now - begun >= .milliseconds(1_500), "it waits for its turn")

        // One that closes within that time makes room, and the next one sees what it did.
        async let waiting = rig.open()
        try await Task.sleep(for: .milliseconds(300))
        let id = try await first.credentials()[0].id
        try await first.delete(id)
        try await first.closeStore()
        let second = try await waiting
        #expect(try await second.credentials().isEmpty)
        try await rig.enrol(second)
        try await second.closeStore()
        let third = try await rig.open()
        #expect(try await third.credentials().count == 1)
        try await third.closeStore()
    }

    @Test func theStoreIsClosedOnSuspensionAndOpenedByTheNextUse() async throws {
        let rig = try Rig()
        defer { rig.remove() }
        let cycle = PlayedLifeCycle()
        let shared = SharedWallet(lifeCycle: cycle) { try await rig.open() }
        try await shared.use { try await rig.enrol($0) }
        await #expect(throws: locked) { _ = try await rig.open() }

        await cycle.suspend()
        let other = try await rig.open()
        #expect(try await other.credentials().count == 1)
        try await other.closeStore()

        // In the background each use opens it and closes it.
        #expect(try await shared.use { try await $0.credentials().count } == 1)
        try await rig.open().closeStore()

        await cycle.resume()
        let kept = try await shared.use { $0 }
        #expect(try await kept.credentials().count == 1)
        await #expect(throws: locked) { _ = try await rig.open() }
        await cycle.suspend()
        await #expect(throws: RidError.misuse(code: "closed")) { try await kept.credentials() }
    }

    @Test func aSuspensionDuringAUseReleasesTheStoreAtOnce() async throws {
        let rig = try Rig()
        defer { rig.remove() }
        let cycle = PlayedLifeCycle()
        let shared = SharedWallet(lifeCycle: cycle) { try await rig.open() }
        await #expect(throws: RidError.misuse(code: "closed")) {
            try await shared.use { wallet in
                _ = try await wallet.credentials()
                await cycle.suspend()
                try await rig.open().closeStore()
                _ = try await wallet.credentials()
            }
        }
        #expect(try await shared.use { try await $0.credentials().isEmpty })
        try await rig.open().closeStore()
    }

    @Test func anExtensionHasTheStoreForOneUse() async throws {
        let rig = try Rig()
        defer { rig.remove() }
        let shared = SharedWallet { try await rig.open() }
        try await withThrowingTaskGroup(of: Void.self) { group in
            for _ in 0..<4 { group.addTask { _ = try await shared.use { try await $0.credentials() } } }
            try await group.waitForAll()
        }
        try await rig.open().closeStore()
        struct Refused: Error {}
        let failing = SharedWallet { throw Refused() }
        for _ in 0..<2 { await #expect(throws: Refused.self) { try await failing.use { _ in } } }
    }

    @Test func theFolderIsProtectedAndLeftOutOfBackups() throws {
        let root = URL(fileURLWithPath: NSTemporaryDirectory() + "rid-folder-" + UUID().uuidString)
        defer { try? FileManager.default.removeItem(at: root) }
        let system = PlayedFolders(root: root)
        let folder = try walletFolder(name: "rid-wallet", group: "group.az.gov.rid", in: system)
        #expect(folder == root.appendingPathComponent("rid-wallet").path && system.excluded == ["rid-wallet"])
        for file in ["store.db", "store.db-wal", "envelope.a"] {
            try Data([1]).write(to: URL(fileURLWithPath: folder + "/" + file))
        }
        _ = try walletFolder(name: "rid-wallet", group: nil, in: system)
        #expect(system.protected == ["rid-wallet", "store.db", "store.db-wal", "envelope.a"])
        for broken in [PlayedFolders(root: nil), system] {
            #expect(throws: RidError.storageDamaged(code: "storage_io")) { try walletFolder(name: "x", group: "unknown", in: broken) }
        }
        #expect(FileManager.default.fileExists(atPath: try walletFolder(name: "rid-test-" + UUID().uuidString)))
    }
}
