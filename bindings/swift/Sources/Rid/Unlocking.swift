import Foundation
import RidCore

/// A PIN is tried or set: on hardware the tries are keys, which are read and made.
private let trying: [GuardedSecureArea.Method] = [.createKeys, .derive, .info]

/// Locking, PIN, biometrics, recovery code.
///
/// Until a PIN is set the device alone opens the wallet (`UnlockState.needsPin`); from then on it opens locked, and everything that shows or changes
/// a document throws `RidError.locked` until one of its unlock methods was used. A cancelled task takes the area's prompt away; a PIN that was counted
/// by then stays counted.
extension RidWallet {
    /// Whether it is locked, by which methods it opens, and how many tries the PIN has left. Needs no unlocking.
    public func unlockState() async throws -> UnlockState {
        let core = try core()
        return try await interruptible { try await core.unlockState() }
    }

    /// Unlocks without a secret: by the device alone while no PIN is set, else by biometrics. A cancelled task takes the area's prompt away, also
    /// from another task's `unlock`.
    ///
    /// Throws `RidError.locked` where only PIN or recovery code open it; `BadInput` (`user_auth_required`) when the platform let the biometric
    /// key be asked without the person; `StorageDamaged` (`key_invalidated`) once after biometrics changed: `UnlockState.biometricLost` from then on.
    public func unlock() async throws {
        let core = try core()
        try await interruptible(interrupt: { self.area.interrupt([.derive]) }) { try await core.unlock() }
    }

    /// Unlocks by PIN, which is overwritten. The try is counted before anything is compared; after five wrong ones each further one has a
    /// wait before it; biometrics or the recovery code unlock at once.
    ///
    /// Throws `RidError.badInput`: `pin_form`, `pin_wrong`, `pin_wait` (`UnlockState.pinWait` seconds), `pin_not_set`.
    public func unlock(pin: Pin) async throws {
        try await pin.using { digits in
            let core = try core()
            try await interruptible(interrupt: { self.area.interrupt(trying) }) { try await core.unlockWithPin(pin: digits) }
        }
    }

    /// Unlocks by the recovery code, as a person types it.
    ///
    /// Throws `RidError.badInput`: `backup_code_form`, `backup_wrong_code`, `recovery_not_set`.
    public func unlock(recoveryCode: PrivateText) async throws {
        try RidError.check(recoveryCode.reveal())
        let core = try core()
        try await interruptible(interrupt: { self.area.interrupt([.derive]) }) {
            try await core.unlockWithRecoveryCode(code: recoveryCode)
        }
    }

    /// Sets the first PIN, or a new one after unlocking by biometrics or recovery code; `pin` is overwritten. From then on the device alone opens
    /// nothing.
    ///
    /// Throws `RidError.badInput`: `pin_form`, `pin_weak`; `pin_required` where the wallet was unlocked by the PIN: ``changePin(old:new:)``.
    public func setPin(_ pin: Pin) async throws {
        try await pin.using { digits in
            let core = try core()
            try await interruptible(interrupt: { self.area.interrupt(trying) }) { try await core.setPin(pin: digits) }
        }
    }

    /// Changes the PIN; a wrong `old` one counts as a try. Both are overwritten. Throws as ``unlock(pin:)`` and ``setPin(_:)``.
    public func changePin(old: Pin, new: Pin) async throws {
        defer {
            old.wipe()
            new.wipe()
        }
        try await new.using { next in
            try await old.using { digits in
                let core = try core()
                try await interruptible(interrupt: { self.area.interrupt(trying) }) {
                    try await core.changePin(old: digits, new: next)
                }
            }
        }
    }

    /// Lets biometrics open the wallet, by a key that asks for the person; also replaces one that a change of biometrics made invalid.
    public func enableBiometrics() async throws {
        let core = try core()
        try await interruptible(interrupt: { self.area.interrupt([.createKeys, .derive]) }) { try await core.enableBiometrics() }
    }

    /// Biometrics do not open it any more.
    public func disableBiometrics() async throws {
        let core = try core()
        try await interruptible { try await core.disableBiometrics() }
    }

    /// Makes a recovery code, to be shown and written down once. Where a PIN is set, `pin` is asked for; it is overwritten. An earlier code stays
    /// valid until ``confirmRecoveryCode(_:)``. The new one cannot be read again: if it is lost, make another.
    ///
    /// Throws `RidError.badInput` (`pin_required`), and as ``unlock(pin:)``.
    public func makeRecoveryCode(pin: Pin? = nil) async throws -> PrivateText {
        @Sendable func make(_ digits: Data?) async throws -> PrivateText {
            let core = try core()
            return try await interruptible(interrupt: { self.area.interrupt(trying) }) {
                try await core.makeRecoveryCode(pin: digits)
            }
        }
        guard let pin else { return try await make(nil) }
        return try await pin.using { try await make($0) }
    }

    /// Ends the earlier recovery code: the person `typed` the last five characters of the new one (while the app runs and was not locked), or all
    /// of it.
    ///
    /// Throws `RidError.badInput`: `backup_code_form`, `backup_wrong_code`, `recovery_not_set`.
    public func confirmRecoveryCode(_ typed: PrivateText) async throws {
        try RidError.check(typed.reveal())
        let core = try core()
        try await interruptible(interrupt: { self.area.interrupt([.createKeys, .derive]) }) { try await core.confirmRecoveryCode(typed: typed) }
    }
}
