import Foundation
import Rid
import RidTesting
import Testing

/// The history, recovery, damage and the end.
@Suite struct UpkeepTests {
    private func names(_ folder: String) throws -> [String] {
        try FileManager.default.contentsOfDirectory(atPath: folder).sorted()
    }

    @Test func theHistoryIsCheckedDeletedFromAndExported() async throws {
        let rig = try Rig()
        defer { rig.remove() }
        let wallet = try await rig.open()
        try await rig.enrol(wallet)
        try await wallet.delete(try await rig.enrol(wallet)[0].id)
        let before = try await wallet.checkHistory()
        #expect(before.whole && before.rows == 3 && before.firstBroken == nil)
        let seq = try await wallet.history()[0].seq
        try await wallet.deleteHistory(seq)
        for none in [seq, 0, 99, .max] { await #expect(throws: bad("history_unknown")) { try await wallet.deleteHistory(none) } }
        let rows = try await wallet.history()
        guard rows.count == 3, case .deleted = rows[0].entry, rows[0].event == nil, !rows[0].imported else { throw Failure("a stone") }
        #expect(rows.compactMap(\.event?.kind) == [.issuance, .deletion])
        // The stone that is left checks too.
        #expect(try await wallet.checkHistory().whole)

        let export = try await wallet.exportHistory()
        #expect("\(export)" == "PrivateText")
        let file = rig.home + "/history.json"
        try export.reveal().write(toFile: file, atomically: true, encoding: .utf8)
        _ = try rig.rid("vault", "verify-export", file)
        let altered = export.reveal().replacingOccurrences(of: "\"deletion\"", with: "\"issuance\"")
        try altered.write(toFile: file, atomically: true, encoding: .utf8)
        #expect(throws: Failure.self) { try rig.rid("vault", "verify-export", file) }
    }

    @Test func aContainerBringsRecipesAndHistoryToAnotherDevice() async throws {
        let rig = try Rig()
        defer { rig.remove() }
        let first = try await rig.open()
        await #expect(throws: bad("recovery_not_set")) { try await first.exportRecovery(code: otherCode) }
        try await rig.enrol(first, copies: 3, kinds: ["mdl", "pid"])
        let void = try await first.makeRecoveryCode()
        try await first.confirmRecoveryCode(void)
        let code = try await first.makeRecoveryCode()
        // Until the new one is confirmed the earlier one is valid.
        #expect(try await !first.exportRecovery(code: void).isEmpty)
        await #expect(throws: bad("backup_wrong_code")) { try await first.confirmRecoveryCode(otherCode) }
        try await first.confirmRecoveryCode(PrivateText(String(code.reveal().suffix(5))))
        await #expect(throws: bad("backup_wrong_code")) { try await first.exportRecovery(code: void) }
        await #expect(throws: bad("backup_code_form")) { try await first.exportRecovery(code: PrivateText("")) }
        let container = try await first.exportRecovery(code: code)

        let wallet = try await RidWallet.open(
            folder: rig.home + "/other", options: try rig.options(), secureArea: try TestArea(folder: rig.home + "/other-keys"))
        for (bytes, name) in [(Data(), "backup_truncated"), (container.dropLast(), "backup_truncated"), (Data(repeating: 7, count: 200), "backup_form")] {
            await #expect(throws: bad(name)) { try await wallet.importRecovery(code: code, container: bytes) }
        }
        var altered = container
        altered[altered.endIndex - 1] ^= 1
        let wrong = altered
        await #expect(throws: bad("backup_wrong_code")) { try await wallet.importRecovery(code: code, container: wrong) }
        await #expect(throws: bad("backup_wrong_code")) { try await wallet.importRecovery(code: otherCode, container: container) }
        await #expect(throws: bad("backup_code_form")) { try await wallet.importRecovery(code: PrivateText("0"), container: container) }
        await #expect(throws: bad("input_too_large")) { try await wallet.importRecovery(code: code, container: Data(count: (5 << 20) + 1)) }
        #expect(try await wallet.history().isEmpty)

        let brought = try await wallet.importRecovery(code: code, container: container)
        let license = try #require(brought.toReissue.first { $0.kind == mdl })
        #expect(brought.toReissue.count == 2 && license.copies == 3 && license.format == "mso_mdoc" && license.name == "Driving licence")
        let rows = try await wallet.history()
        #expect(brought.history == 2 && rows.count == 2 && rows.allSatisfy { $0.imported && $0.event?.kind == .issuance })
        #expect(try await wallet.checkHistory().whole)
        // Taken in twice it adds nothing.
        #expect(try await wallet.importRecovery(code: code, container: container).history == 0)
        // Never a key or token: the documents come from their issuers again.
        #expect(try await wallet.credentials().isEmpty)
        #expect(try await rig.enrol(wallet).count == 1)
    }

    @Test func theFolderOfALostDeviceGivesItsHistoryToTheRecoveryCode() async throws {
        let rig = try Rig()
        defer { rig.remove() }
        let first = try await rig.open()
        try await rig.enrol(first)
        let code = try await first.makeRecoveryCode()
        try await first.confirmRecoveryCode(code)
        try await first.closeStore()
        let wallet = try await RidWallet.open(
            folder: rig.home + "/other", options: try rig.options(), secureArea: try TestArea(folder: rig.home + "/other-keys"))
        await #expect(throws: bad("backup_wrong_code")) { try await wallet.recoverFrom(folder: rig.walletFolder, code: otherCode) }
        let brought = try await wallet.recoverFrom(folder: rig.walletFolder, code: code)
        #expect(brought.toReissue.map(\.kind) == [mdl] && brought.history == 1)
        #expect(try await wallet.history().map(\.imported) == [true])
        #expect(try await wallet.credentials().isEmpty)
    }

    @Test func keysAreTurnedAndAHealthyWalletIsFoundHealthy() async throws {
        let rig = try Rig()
        defer { rig.remove() }
        let wallet = try await rig.open()
        let id = try await rig.enrol(wallet)[0].id
        #expect(try await wallet.examine().findings == [StoreFinding(code: "no_pin", count: 1, remedy: .know)])
        try await wallet.setPin(Pin(pin))
        try await wallet.rotateKeys()
        #expect(try await wallet.examine() == ExaminationReport(findings: [], locked: false))
        #expect(try await wallet.isWhole())
        #expect(try await wallet.repair() == RepairLoss(copies: 0, credentials: 0, history: 0, records: 0))
        try wallet.lock()
        // It opens no row.
        #expect(try await wallet.isWhole())
        #expect(try await wallet.examine().locked)
        try await wallet.unlock(pin: Pin(pin))
        #expect(try await !wallet.credential(id).elements.isEmpty)
    }

    @Test func anAppLearnsThatCopiesRunLow() async throws {
        let rig = try Rig()
        defer { rig.remove() }
        let wallet = try await rig.open()
        let one = try await rig.enrol(wallet, copies: 1)[0]
        #expect(one.lowWater && one.reuse == .once && one.state == .ready)
        #expect(try await !rig.enrol(wallet, copies: 20)[0].lowWater)
    }

    @Test func aWipeLeavesNoFileAndNoKey() async throws {
        let rig = try Rig()
        defer { rig.remove() }
        let area = Counting(try rig.area())
        let wallet = try await rig.open(area)
        try await rig.enrol(wallet)
        try await wallet.setPin(Pin(pin))
        try await wallet.enableBiometrics()
        _ = try await wallet.makeRecoveryCode(pin: Pin(pin))
        try wallet.lock()
        let open = RidError.misuse(code: "storage_locked")
        await #expect(throws: open) { try await RidWallet.wipe(folder: rig.walletFolder, secureArea: area) }
        await #expect(throws: open) { try await RidWallet.reset(folder: rig.walletFolder) }
        #expect(area.keys > 2)
        try await wallet.wipe()
        await #expect(throws: RidError.misuse(code: "closed")) { try await wallet.unlockState() }
        await #expect(throws: RidError.misuse(code: "closed")) { try await wallet.wipe() }
        #expect(try names(rig.walletFolder) == ["lock"] && area.keys == 0)

        let again = try await rig.open(area)
        #expect(try await again.unlockState().needsPin)
        #expect(try await again.credentials().isEmpty)
        #expect(try await again.history().isEmpty)
        try await rig.enrol(again)
        try await again.setPin(Pin(pin))
        try await again.closeStore()
        // Whether or not it opens, and twice.
        for _ in 0..<2 { try await RidWallet.wipe(folder: rig.walletFolder, secureArea: area) }
        #expect(try names(rig.walletFolder) == ["lock"] && area.keys == 0)
        let long = String(repeating: "x", count: (1 << 20) + 1)
        await #expect(throws: bad("input_too_large")) { try await RidWallet.wipe(folder: long, secureArea: area) }
    }

    @Test func aResetMovesAsideAndDeletesNothing() async throws {
        let rig = try Rig()
        defer { rig.remove() }
        let wallet = try await rig.open()
        try await rig.enrol(wallet)
        try await wallet.setPin(Pin(pin))
        try await wallet.closeStore()
        func contents() throws -> [Data] {
            let paths = try FileManager.default.subpathsOfDirectory(atPath: rig.walletFolder).map { rig.walletFolder + "/" + $0 }
            return paths.filter { !$0.hasSuffix("/lock") }.compactMap { FileManager.default.contents(atPath: $0) }
        }
        let before = try contents()
        try await RidWallet.reset(folder: rig.walletFolder)
        let after = try contents()
        #expect(before.allSatisfy(after.contains), "every byte lies aside")
        let fresh = try await rig.open()
        #expect(try await fresh.unlockState().needsPin)
        #expect(try await fresh.credentials().isEmpty)
        #expect(try await rig.enrol(fresh).count == 1)
        let long = String(repeating: "x", count: (1 << 20) + 1)
        await #expect(throws: bad("input_too_large")) { try await RidWallet.reset(folder: long) }
    }
}

/// Counts the keys that are there.
final class Counting: SecureArea, @unchecked Sendable {
    private let inner: any SecureArea
    private let lock = NSLock()
    private var there: Set<KeyId> = []

    init(_ inner: any SecureArea) {
        self.inner = inner
    }

    var keys: Int { lock.withLock { there.count } }

    func createKeys(count: UInt32, spec: KeySpec) async throws -> [KeyInfo] {
        let made = try await inner.createKeys(count: count, spec: spec)
        lock.withLock { there.formUnion(made.map(\.id)) }
        return made
    }

    func delete(key: KeyId) async throws {
        try await inner.delete(key: key)
        lock.withLock { _ = there.remove(key) }
    }

    func sign(key: KeyId, message: Data, prompt: Prompt) async throws -> Data { try await inner.sign(key: key, message: message, prompt: prompt) }
    func agree(key: KeyId, peer: Data, prompt: Prompt) async throws -> Data { try await inner.agree(key: key, peer: peer, prompt: prompt) }
    func derive(key: KeyId, input: Data, prompt: Prompt) async throws -> Data { try await inner.derive(key: key, input: input, prompt: prompt) }
    func info(key: KeyId) async throws -> KeyInfo { try await inner.info(key: key) }
}
