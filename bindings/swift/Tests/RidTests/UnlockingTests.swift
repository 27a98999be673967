import Foundation
import Rid
import RidTesting
import Testing

/// A recovery code of another wallet.
let otherCode = PrivateText("00000-00000-00000-00000-00000")

func bad(_ code: String) -> RidError { .badInput(code: code) }

/// PIN, biometrics, recovery code.
@Suite struct UnlockingTests {
    @Test func aPinLocksCountsAndOpens() async throws {
        let rig = try Rig()
        defer { rig.remove() }
        let first = try await rig.open()
        let id = try await rig.enrol(first)[0].id
        let doors = try await first.unlockState()
        #expect(doors.needsPin && doors.state == .unlocked && doors.unlockedBy == .device)
        await #expect(throws: bad("pin_not_set")) { try await first.unlock(pin: Pin(pin)) }
        let typed = Pin(pin)
        try await first.setPin(typed)
        await #expect(throws: bad("pin_form"), "it is overwritten") { try await first.unlock(pin: typed) }
        #expect(try await first.unlockState().unlockedBy == .pin)
        await #expect(throws: bad("pin_required")) { try await first.setPin(Pin(otherPin)) }
        try await first.closeStore()

        let second = try await rig.open()
        #expect(try second.lockState == .locked)
        await nothingIsShown(second, id)
        await #expect(throws: RidError.locked) { try await second.unlock() }
        await #expect(throws: bad("pin_wrong")) { try await second.unlock(pin: Pin(wrongPin)) }
        #expect(try await second.unlockState().pinTriesLeft == 4)
        try await second.closeStore()

        let third = try await rig.open()
        // The count outlives the process.
        #expect(try await third.unlockState().pinTriesLeft == 4)
        try await third.unlock(pin: Pin(pin))
        #expect(try await third.unlockState().pinTriesLeft == 5)
        #expect(try await !third.credential(id).elements.isEmpty)
        #expect(try await third.portrait(id) != nil)
        try third.lock()
        await nothingIsShown(third, id)
    }

    private func nothingIsShown(_ wallet: RidWallet, _ id: CredentialId) async {
        let refused: [@Sendable () async throws -> Void] = [
            { _ = try await wallet.credentials() }, { _ = try await wallet.credential(id) }, { _ = try await wallet.portrait(id) },
            { _ = try await wallet.history() }, { _ = try await wallet.checkHistory() }, { _ = try await wallet.exportHistory() },
            { try await wallet.setPin(Pin(pin)) }, { try await wallet.enableBiometrics() }, { try await wallet.disableBiometrics() },
            { _ = try await wallet.makeRecoveryCode() }, { try await wallet.rotateKeys() }, { try await wallet.delete(id) },
            { try await wallet.deleteHistory(1) },
        ]
        for (place, call) in refused.enumerated() { await #expect(throws: RidError.locked, "call \(place)") { try await call() } }
    }

    @Test func aPinIsChangedByWhoKnowsItAndBadOnesHaveNames() async throws {
        let rig = try Rig()
        defer { rig.remove() }
        let wallet = try await rig.open()
        try await rig.enrol(wallet)
        for form in ["", "12345", "1234567890123", "48392a", " 483926", "48\u{0}3926", "٤٨٣٩٢٦", String(repeating: "9", count: 100_000)] {
            await #expect(throws: bad("pin_form")) { try await wallet.setPin(Pin(form)) }
            await #expect(throws: bad("pin_form")) { try await wallet.unlock(pin: Pin(form)) }
            let spare = Pin(pin)
            await #expect(throws: bad("pin_form")) { try await wallet.changePin(old: spare, new: Pin(form)) }
            await #expect(throws: bad("pin_form"), "both are overwritten") { try await wallet.setPin(spare) }
        }
        for weak in ["123456", "111111", "159753", "258025"] { await #expect(throws: bad("pin_weak")) { try await wallet.setPin(Pin(weak)) } }
        // The date of birth in what it holds.
        let card = try await wallet.credential(try await wallet.credentials()[0].id)
        guard case .date(let text)? = card.elements.first(where: { $0.path.last == "birth_date" })?.value else { throw Failure("a date") }
        let date = Array(text.reveal().filter(\.isNumber))
        await #expect(throws: bad("pin_weak")) { try await wallet.setPin(Pin(String(date[6...7] + date[4...5] + date[2...3]))) }
        #expect(try await wallet.unlockState().needsPin)

        try await wallet.setPin(Pin(pin))
        await #expect(throws: bad("pin_wrong")) { try await wallet.changePin(old: Pin(wrongPin), new: Pin(otherPin)) }
        #expect(try await wallet.unlockState().pinTriesLeft == 4)
        await #expect(throws: bad("pin_weak")) { try await wallet.changePin(old: Pin(pin), new: Pin("123456")) }
        try await wallet.changePin(old: Pin(pin), new: Pin(otherPin))
        try wallet.lock()
        await #expect(throws: bad("pin_wrong")) { try await wallet.unlock(pin: Pin(pin)) }
        try await wallet.unlock(pin: Pin(otherPin))
        #expect(try await wallet.credentials().count == 1)
        #expect("\(Pin(pin))" == "Pin" && String(reflecting: Pin(pin)) == "Pin")
    }

    @Test func biometricsOpenAreLostWithAChangeAndAreEnabledAnew() async throws {
        let rig = try Rig()
        defer { rig.remove() }
        let area = BiometricArea(try rig.area())
        let wallet = try await rig.open(area)
        try await rig.enrol(wallet)
        try await wallet.setPin(Pin(pin))
        area.refuse(.cancelled)
        await #expect(throws: RidError.cancelled) { try await wallet.enableBiometrics() }
        #expect(try await !wallet.unlockState().biometric)
        area.refuse(nil)
        try await wallet.enableBiometrics()
        try wallet.lock()
        try await wallet.unlock()
        #expect(try await wallet.unlockState().unlockedBy == .biometric)

        // Who came in by biometrics may forget the PIN.
        try await wallet.setPin(Pin(otherPin))
        try wallet.lock()
        area.refuse(.cancelled)
        await #expect(throws: RidError.cancelled) { try await wallet.unlock() }
        // The platform let the key be asked without the person: that opens nothing.
        area.refuse(.locked)
        await #expect(throws: bad("user_auth_required")) { try await wallet.unlock() }
        #expect(try await wallet.unlockState().biometric)
        #expect(try wallet.lockState == .locked)

        area.refuse(.invalidated)
        await #expect(throws: RidError.storageDamaged(code: "key_invalidated")) { try await wallet.unlock() }
        let lost = try await wallet.unlockState()
        #expect(lost.biometricLost && !lost.biometric && lost.pinWait == 0)
        let findings = try await wallet.examine().findings
        #expect(findings == [StoreFinding(code: "biometric_lost", count: 1, remedy: .unlockOtherwise)])
        await #expect(throws: RidError.locked) { try await wallet.unlock() }
        try await wallet.unlock(pin: Pin(otherPin))
        area.refuse(nil)
        try await wallet.enableBiometrics()
        #expect(try await !wallet.unlockState().biometricLost)
        try wallet.lock()
        try await wallet.unlock()
        try await wallet.disableBiometrics()
        try wallet.lock()
        await #expect(throws: RidError.locked) { try await wallet.unlock() }
        try await wallet.unlock(pin: Pin(otherPin))
        #expect(try await wallet.credentials().count == 1)
    }

    @Test func afterFiveWrongPinsItWaitsAndTheRecoveryCodeOpensAtOnce() async throws {
        let rig = try Rig()
        defer { rig.remove() }
        let wallet = try await rig.open()
        try await rig.enrol(wallet)
        try await wallet.setPin(Pin(pin))
        await #expect(throws: bad("recovery_not_set")) { try await wallet.unlock(recoveryCode: otherCode) }
        await #expect(throws: bad("pin_required")) { try await wallet.makeRecoveryCode() }
        await #expect(throws: bad("pin_wrong")) { try await wallet.makeRecoveryCode(pin: Pin(wrongPin)) }
        let typed = Pin(pin)
        let code = try await wallet.makeRecoveryCode(pin: typed)
        await #expect(throws: bad("pin_form"), "it is overwritten") { try await wallet.makeRecoveryCode(pin: typed) }
        #expect("\(code)" == "PrivateText")
        try wallet.lock()
        for left in stride(from: UInt32(4), to: 0, by: -1) {
            await #expect(throws: bad("pin_wrong")) { try await wallet.unlock(pin: Pin(wrongPin)) }
            #expect(try await wallet.unlockState().pinTriesLeft == left)
        }
        await #expect(throws: bad("pin_wait")) { try await wallet.unlock(pin: Pin(wrongPin)) }
        // Also the right one waits.
        await #expect(throws: bad("pin_wait")) { try await wallet.unlock(pin: Pin(pin)) }
        let doors = try await wallet.unlockState()
        #expect(doors.pinTriesLeft == 0 && doors.recovery && (1...60).contains(doors.pinWait))
        // Half a surrogate pair cannot be a Swift text: what comes from elsewhere was replaced before.
        let half = String(decoding: [0xD800] as [UInt16], as: UTF16.self)
        for form in ["", "no code", String(code.reveal().dropFirst()), String(repeating: "\0", count: 29), half] {
            await #expect(throws: bad("backup_code_form")) { try await wallet.unlock(recoveryCode: PrivateText(form)) }
        }
        let long = PrivateText(String(repeating: "x", count: (1 << 20) + 1))
        await #expect(throws: bad("input_too_large")) { try await wallet.unlock(recoveryCode: long) }
        await #expect(throws: bad("backup_wrong_code")) { try await wallet.unlock(recoveryCode: otherCode) }
        // As a person types it.
        try await wallet.unlock(recoveryCode: PrivateText(code.reveal().lowercased().replacingOccurrences(of: "-", with: " ")))
        #expect(try await wallet.unlockState().unlockedBy == .recovery)
        try await wallet.setPin(Pin(otherPin))
        try wallet.lock()
        try await wallet.unlock(pin: Pin(otherPin))
        #expect(try await wallet.credentials().count == 1)
        #expect(try await wallet.unlockState().pinTriesLeft == 5)
    }
}
