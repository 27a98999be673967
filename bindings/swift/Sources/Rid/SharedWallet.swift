import Foundation
import RidCore

/// A wallet that an app shares with its extensions: its store is closed before the system suspends the app.
///
/// Only one process has a store open. iOS ends an app that is suspended while it holds a lock in a shared container, and meanwhile its
/// extension would be refused with `storage_locked` after two seconds. So ask this object for the wallet at each use and keep nothing of it.
///
/// While the app is in use the store stays open between uses, and so it stays unlocked. After the suspension each use opens it again, and it
/// opens locked where a PIN is set. An extension has no life cycle: there the store is closed after each use.
public actor SharedWallet {
    private let open: @Sendable () async throws -> RidWallet
    private var opening: Task<RidWallet, any Error>?
    private var closing: Task<Void, Never>?
    private var uses = 0
    private var isKept: Bool

    /// `open` opens the wallet: `RidWallet.open(folder: walletFolder(group: …), …)`. Without a `lifeCycle` the store is closed after each use.
    public init(lifeCycle: (any AppLifeCycle)? = nil, open: @escaping @Sendable () async throws -> RidWallet) {
        self.open = open
        isKept = lifeCycle != nil
        lifeCycle?.observe(
            suspend: { [weak self] in await self?.suspend() }, resume: { [weak self] in await self?.resume() })
    }

    /// Gives the open wallet to `work`. A wallet that is kept beyond `work` may be closed: its calls throw `RidError.misuse` (`closed`) then.
    /// A suspension during `work` closes it too.
    public func use<T: Sendable>(_ work: @Sendable (RidWallet) async throws -> T) async throws -> T {
        uses += 1
        do {
            let result = try await work(try await opened())
            await leave()
            return result
        } catch {
            await leave()
            throw error
        }
    }

    private func leave() async {
        uses -= 1
        if uses == 0, !isKept { await close() }
    }

    private func opened() async throws -> RidWallet {
        while let closing { await closing.value }
        if let opening { return try await opening.value }
        let task = Task { [open] in try await open() }
        opening = task
        do {
            return try await task.value
        } catch {
            if opening == task { opening = nil }
            throw error
        }
    }

    private func close() async {
        if let opening {
            self.opening = nil
            closing = Task {
                if let wallet = try? await opening.value { try? await wallet.closeStore() }
                closed()
            }
        }
        await closing?.value
    }

    private func closed() {
        closing = nil
    }

    private func suspend() async {
        isKept = false
        await close()
    }

    private func resume() {
        isKept = true
    }
}

/// Says when the app is suspended and used again.
public protocol AppLifeCycle: Sendable {
    /// From now on, `suspend` is run to its end before the system suspends the app, and `resume` when the app is in use again.
    func observe(suspend: @escaping @Sendable () async -> Void, resume: @escaping @Sendable () async -> Void)
}
