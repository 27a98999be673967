import Foundation
import RidTesting
import Testing

@testable import Rid

/// Tasks cancelled at every await of unlocking and upkeep, and areas that do what they should not meanwhile.
@Suite struct UnlockingCancelTests {
    private struct Case {
        let name: String
        let calls: Int
        let act: @Sendable (RidWallet) async throws -> Void

        init(_ name: String, _ calls: Int, _ act: @escaping @Sendable (RidWallet) async throws -> Void) {
            (self.name, self.calls, self.act) = (name, calls, act)
        }
    }

    private let cases = [
        Case("unlock(pin:)", 1) { try $0.lock(); try await $0.unlock(pin: Pin(pin)) },
        Case("setPin", 5) { try $0.lock(); try await $0.unlock(); try await $0.setPin(Pin(pin)) },
        Case("unlock", 1) { try $0.lock(); try await $0.unlock() },
        // The same PIN again: whether it was cut or not, it is the PIN.
        Case("changePin", 5) { try await $0.changePin(old: Pin(pin), new: Pin(pin)) },
        Case("enableBiometrics", 3) { try await $0.enableBiometrics() },
        Case("disableBiometrics", 1) { try await $0.disableBiometrics() },
        Case("rotateKeys", 2) { try await $0.rotateKeys() },
    ]

    private func unlocked(_ wallet: RidWallet) async throws {
        if try wallet.lockState == .locked { try await wallet.unlock(pin: Pin(pin)) }
    }

    /// A PIN-protected wallet with biometrics; nothing that was cut off leaves a key behind.
    private func each(_ cases: [Case], _ run: (Case, WatchedArea, RidWallet) async throws -> Void) async throws {
        let rig = try Rig()
        defer { rig.remove() }
        let counting = Counting(try rig.area())
        let area = WatchedArea(counting)
        let wallet = try await rig.open(area)
        try await rig.enrol(wallet, copies: 1)
        try await wallet.setPin(Pin(pin))
        try await wallet.enableBiometrics()
        for one in cases { try await run(one, area, wallet) }
        #expect(try await wallet.credentials().count == 1)
        #expect(try await wallet.checkHistory().whole)
        try await wallet.wipe()
        #expect(counting.keys == 0)
    }

    @Test func neg_m06_unlockingAndUpkeep() async throws {
        try await each(cases) { one, area, wallet in
            let calls = try await everyCall { at, acted in
                try await unlocked(wallet)
                if try await !wallet.unlockState().biometric { try await wallet.enableBiometrics() }
                // Deletions are not interrupted: they only take their time.
                let came = await cut(area, at: at, acted: acted, spared: ["delete"]) { try await one.act(wallet) }
                try await unlocked(wallet)
                #expect(try await wallet.credentials().count == 1, "\(one.name)")
                return came
            }
            #expect(calls == one.calls, "\(one.name)")
        }
    }

    @Test func neg_m06_codesAndContainers() async throws {
        let rig = try Rig()
        defer { rig.remove() }
        let area = WatchedArea(try rig.area())
        let wallet = try await rig.open(area)
        try await rig.enrol(wallet, copies: 1)
        let code = try await wallet.makeRecoveryCode()
        try await wallet.confirmRecoveryCode(code)
        let container = try await wallet.exportRecovery(code: code)
        let cases: [@Sendable () async throws -> Void] = [
            { _ = try await wallet.makeRecoveryCode() },
            { _ = try await wallet.exportRecovery(code: code) },
            { try wallet.lock(); try await wallet.unlock(recoveryCode: code) },
        ]
        // A recovery code needs no secure area, so a call is cut by time.
        area.watch(before: { _, method in throw Failure("the area was asked: \(method)") })
        for act in cases {
            for round in 0..<4 {
                let call = Task.detached { try await act() }
                try await Task.sleep(nanoseconds: UInt64(round) * 8_000_000)
                call.cancel()
                if case .failure(let error) = await call.result { #expect(error is CancellationError, "\(error)") }
            }
        }
        area.watch()
        try await wallet.unlock()
        // Whatever was interrupted, the confirmed code is valid.
        #expect(try await !wallet.exportRecovery(code: code).isEmpty)
        for round in 0..<4 {
            let call = Task.detached { try await wallet.importRecovery(code: code, container: container) }
            try await Task.sleep(nanoseconds: UInt64(round) * 8_000_000)
            call.cancel()
            _ = await call.result
        }
        #expect(try await wallet.importRecovery(code: code, container: container).history == 0)
        #expect(try await wallet.events().count == 1)
    }

    @Test func neg_m06_aWipeRunsToItsEnd() async throws {
        let rig = try Rig()
        defer { rig.remove() }
        let area = WatchedArea(try rig.area())
        let wallet = try await rig.open(area)
        try await rig.enrol(wallet)
        let going = Later<Bool>()
        area.watch(before: { _, method in
            guard method == "delete" else { return }
            await going.set(true)
            try? await Task.sleep(nanoseconds: 20_000_000)
        })
        let wiping = Task.detached { try await wallet.wipe() }
        _ = await going.get()
        wiping.cancel()
        _ = await wiping.result
        #expect(try FileManager.default.contentsOfDirectory(atPath: rig.walletFolder) == ["lock"])
    }

    @Test func neg_m06_aCancelledTaskBeginsNoneOfIt() async throws {
        let rig = try Rig()
        defer { rig.remove() }
        let wallet = try await rig.open()
        try await rig.enrol(wallet)
        let none = rig.home + "/none"
        await beginsNone(of: [
            { _ = try await wallet.unlockState() }, { try await wallet.unlock(pin: Pin(pin)) }, { try await wallet.unlock(recoveryCode: otherCode) },
            { try await wallet.setPin(Pin(pin)) }, { try await wallet.changePin(old: Pin(pin), new: Pin(pin)) },
            { try await wallet.enableBiometrics() }, { try await wallet.disableBiometrics() }, { _ = try await wallet.makeRecoveryCode() },
            { _ = try await wallet.exportRecovery(code: otherCode) }, { _ = try await wallet.importRecovery(code: otherCode, container: Data()) },
            { _ = try await wallet.checkHistory() }, { try await wallet.deleteHistory(1) }, { _ = try await wallet.exportHistory() },
            { try await wallet.rotateKeys() }, { _ = try await wallet.examine() }, { _ = try await wallet.isWhole() },
            { try await wallet.wipe() },
            { try await RidWallet.wipe(folder: none, secureArea: try rig.area()) }, { try await RidWallet.reset(folder: none) },
        ])
        #expect(try await wallet.unlockState().needsPin)
        #expect(try await wallet.credentials().count == 1)
        #expect(try await wallet.events().count == 1)
    }

    /// Keys whose making was interrupted are deleted again: the library does not know them.
    @Test func neg_m01_keysThatComeTooLateAreDeleted() async throws {
        let rig = try Rig()
        defer { rig.remove() }
        let counting = Counting(try rig.area())
        let area = WatchedArea(counting)
        let (going, gate) = (Later<Bool>(), Later<Bool>())
        area.watch(after: { _, method in
            guard method == "createKeys" else { return }
            await going.set(true)
            _ = await gate.get()
        })
        let guarded = GuardedSecureArea(area)
        let call = Task { try await guarded.createKeys(count: 2, spec: KeySpec(usage: .derive, userAuth: .none, challenge: Data())) }
        _ = await going.get()
        #expect(counting.keys == 2)
        call.cancel()
        await gate.set(true)
        await #expect(throws: SecureAreaError.cancelled) { try await call.value }
        #expect(counting.keys == 0)
    }

    @Test func neg_m01_areasThatThrowAreBusyOrSlowMeanwhile() async throws {
        struct Foreign: Error {
            let text = "a name in a text"
        }
        let thrown: [(any Error, RidError)] = [
            (SecureAreaError.locked, .locked), (SecureAreaError.unavailable, .unsupported(code: "key_unavailable")),
            (SecureAreaError.cancelled, .cancelled), (Foreign(), .unsupported(code: "key_unavailable")),
        ]
        try await each(Array(cases.prefix(2))) { one, area, wallet in
            let counted = Numbers()
            area.watch(before: { call, _ in counted.set(call) })
            try await one.act(wallet)
            for (throwing, named) in thrown {
                for at in 1...counted.value {
                    try await unlocked(wallet)
                    let threw = Numbers()
                    area.watch(before: { call, method in
                        guard call == at && method != "delete" else { return }
                        _ = threw.add()
                        throw throwing
                    })
                    do {
                        try await one.act(wallet)
                        #expect(threw.value == 0, "\(one.name) at \(at)")
                    } catch let error as RidError {
                        #expect(threw.value == 1, "\(one.name) at \(at)")
                        // What the area calls locked of a biometric key was not opened by the person.
                        #expect(error == named || (named == .locked && error == bad("user_auth_required")), "\(one.name) at \(at)")
                    }
                    area.watch()
                }
            }
            try await unlocked(wallet)
            // Busy twice, then not: nobody learns of it. Busy for good: a named error.
            let asked = Numbers()
            area.watch(before: { _, method in if method == "derive", asked.add() <= 2 { throw SecureAreaError.busy } })
            try await one.act(wallet)
            area.watch(before: { _, method in if method == "derive" { throw SecureAreaError.busy } })
            await #expect(throws: RidError.misuse(code: "key_busy"), "\(one.name)") { try await one.act(wallet) }
            // Slow: nobody else waits for it.
            let (reached, release) = (Later<Bool>(), Later<Bool>())
            area.watch(before: { _, _ in
                await reached.set(true)
                _ = await release.get()
            })
            let act = one.act
            let slow = Task.detached { try await act(wallet) }
            _ = await reached.get()
            _ = try await wallet.unlockState()
            await release.set(true)
            try await slow.value
            area.watch()
            try await unlocked(wallet)
        }
    }
}

/// A number two tasks share.
private final class Numbers: @unchecked Sendable {
    private let lock = NSLock()
    private var number = 0

    var value: Int { lock.withLock { number } }

    func set(_ value: Int) {
        lock.withLock { number = value }
    }

    func add() -> Int {
        lock.withLock {
            number += 1
            return number
        }
    }
}
