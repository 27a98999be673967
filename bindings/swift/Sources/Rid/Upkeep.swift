import Foundation
import RidCore

extension HistoryRow {
    /// What happened; `nil` where the row was deleted by the person or cannot be read any more (`entry` says which).
    public var event: HistoryEvent? {
        if case .kept(let event) = entry { event } else { nil }
    }
}

/// The history, recovery, damage and the end.
extension RidWallet {
    /// Rows of the history from place `from` on, at most `max`, oldest first.
    public func history(from: UInt64 = 0, max: Int = 100) async throws -> [HistoryRow] {
        let core = try core()
        return try await interruptible { try await core.history(from: from, max: UInt32(clamping: max)) }
    }

    /// Walks the chain of the whole history: whether anything was taken out, put in or altered.
    public func checkHistory() async throws -> HistoryCheck {
        let core = try core()
        return try await interruptible { try await core.checkHistory() }
    }

    /// Deletes what the row at place `seq` says. A tombstone remains in its place. Throws `RidError.badInput` (`history_unknown`).
    public func deleteHistory(_ seq: UInt64) async throws {
        let core = try core()
        try await interruptible { try await core.deleteHistory(seq: seq) }
    }

    /// The whole history as lines of JSON, each with the hash of the one before (spec/history.md): `rid vault verify-export` says
    /// whether they belong together. Personal data: hand it only to the person.
    public func exportHistory() async throws -> PrivateText {
        let core = try core()
        return try await interruptible { try await core.exportHistory() }
    }

    /// A container for another device, sealed by the recovery `code`: what to ask issuers for again, the history, settings. Never a key or token.
    ///
    /// Throws `RidError.badInput`: `backup_code_form`, `backup_wrong_code`, `recovery_not_set`.
    public func exportRecovery(code: PrivateText) async throws -> Data {
        try RidError.check(code.reveal())
        let core = try core()
        return try await interruptible(interrupt: { self.area.interrupt([.derive]) }) { try await core.exportRecovery(code: code) }
    }

    /// Imports a container, all of it or nothing. The same container adds nothing the second time. The documents come from their issuers again: ask each for what
    /// `RecoveryResult.toReissue` names. Throws `RidError.badInput`: `backup_…`, `input_too_large`.
    public func importRecovery(code: PrivateText, container: Data) async throws -> RecoveryResult {
        try RidError.check(code.reveal())
        try RidError.check(container, Limit.answer)
        let core = try core()
        return try await interruptible { try await core.importRecovery(code: code, container: container) }
    }

    /// Seals everything under new keys; unlock methods, PIN and code stay. After an interruption it goes on at the next unlocking. Where a row is missing
    /// (``isWhole()``) it is refused, and changes nothing: a missing row may still be found.
    public func rotateKeys() async throws {
        let core = try core()
        try await interruptible(interrupt: { self.area.interrupt([.derive]) }) { try await core.rotateKeys() }
    }

    /// Copies what can be read into a new database, writes the loss into the history and moves the present files aside. For findings of
    /// ``examine()`` whose remedy is `repair`.
    public func repair() async throws -> RepairLoss {
        let core = try core()
        return try await interruptible(interrupt: { self.area.interrupt([.derive]) }) { try await core.repair() }
    }

    /// Imports what the recovery `code` of another wallet opens of its files in `folder`, where its device or keys are lost. The documents come
    /// from their issuers again: ask each for what `RecoveryResult.toReissue` names.
    public func recoverFrom(folder: String, code: PrivateText) async throws -> RecoveryResult {
        try RidError.check([folder, code.reveal()])
        let core = try core()
        return try await interruptible { try await core.recoverFrom(folder: folder, code: code) }
    }

    /// Whether no document, copy or entry is missing, too many or of an earlier time. Opens none of them, so an app can ask with every list
    /// it shows; if `false`, ``examine()`` says what it is.
    public func isWhole() async throws -> Bool {
        let core = try core()
        return try await interruptible { try await core.isWhole() }
    }

    /// What is wrong with the store, and what can be done. Changes nothing; locked, it sees only the outside.
    public func examine() async throws -> ExaminationReport {
        let core = try core()
        return try await interruptible { try await core.examine() }
    }

    /// Destroys everything, keys first, then files, and closes this object, whatever the answer. A task that is cancelled meanwhile wipes it too; what
    /// a death or an error cut off is completed by the next ``open(folder:options:secureArea:)`` or ``wipe(folder:secureArea:)``.
    public func wipe() async throws {
        let core = try core()
        try Task.checkCancellation()
        defer { closed.set() }
        try await core.wipe()
    }

    /// Destroys the wallet in `folder` and its keys in `secureArea`, whether or not it opens. Throws `RidError.misuse` while it is open, here or in
    /// another process.
    public static func wipe(folder: String, secureArea: any SecureArea) async throws {
        try RidError.check(folder)
        try Task.checkCancellation()
        try await wipeWallet(folder: folder, secureArea: GuardedSecureArea(secureArea))
    }

    /// Moves the files of a wallet that nothing opens aside, within `folder`; deletes nothing. The next opening starts over.
    /// Ask the person before: what is moved aside opens only by unlock methods that were lost. Throws `RidError.misuse` while it is open.
    public static func reset(folder: String) async throws {
        try RidError.check(folder)
        try await interruptible { try await resetWallet(folder: folder) }
    }
}
