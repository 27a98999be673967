import Foundation
import RidCore

/// Guards the app's secure area: an undeclared error becomes `Unavailable`, a cancelled task `Cancelled`, and
/// an answer that comes after cancellation is wiped, or deleted where it is keys.
final class GuardedSecureArea: SecureArea, @unchecked Sendable {
    /// The methods of the port.
    enum Method: CaseIterable {
        case createKeys, sign, agree, derive, info, delete
    }

    private struct Running {
        let method: Method
        let cancel: @Sendable () -> Void
    }

    private let area: any SecureArea
    private let lock = NSLock()
    private var running: [UInt64: Running] = [:]
    private var last: UInt64 = 0

    init(_ area: any SecureArea) {
        self.area = area
    }

    /// Cancels the running calls of these methods.
    func interrupt(_ methods: [Method] = Method.allCases) {
        let calls = lock.withLock { running.values.filter { methods.contains($0.method) } }
        for call in calls { call.cancel() }
    }

    func createKeys(count: UInt32, spec: KeySpec) async throws -> [KeyInfo] {
        // The library does not know keys that come too late.
        try await guarded(.createKeys, undo: forget) { [area] in try await area.createKeys(count: count, spec: spec) }
    }

    func sign(key: KeyId, message: Data, prompt: Prompt) async throws -> Data {
        try await guarded(.sign) { [area] in try await area.sign(key: key, message: message, prompt: prompt) }
    }

    func agree(key: KeyId, peer: Data, prompt: Prompt) async throws -> Data {
        try await guarded(.agree, undo: wiped) { [area] in try await area.agree(key: key, peer: peer, prompt: prompt) }
    }

    func derive(key: KeyId, input: Data, prompt: Prompt) async throws -> Data {
        try await guarded(.derive, undo: wiped) { [area] in
            try await area.derive(key: key, input: input, prompt: prompt)
        }
    }

    func info(key: KeyId) async throws -> KeyInfo {
        try await guarded(.info) { [area] in try await area.info(key: key) }
    }

    func delete(key: KeyId) async throws {
        try await guarded(.delete) { [area] in try await area.delete(key: key) }
    }

    private func forget(_ made: inout [KeyInfo]) async {
        let (area, ids) = (area, made.map(\.id))
        // In a task of its own: the one that made them is cancelled.
        await Task { for id in ids { try? await area.delete(key: id) } }.value
    }

    private func guarded<T: Sendable>(
        _ method: Method, undo: @escaping @Sendable (inout T) async -> Void = { _ in },
        _ call: @escaping @Sendable () async throws -> T
    ) async throws -> T {
        if Task.isCancelled { throw SecureAreaError.cancelled }
        // A task of its own, so that others than the library can interrupt it.
        let task = Task {
            var answer = try await call()
            if Task.isCancelled {
                await undo(&answer)
                throw SecureAreaError.cancelled
            }
            return answer
        }
        let id = entered(Running(method: method, cancel: { task.cancel() }))
        defer { left(id) }
        do {
            return try await withTaskCancellationHandler { try await task.value } onCancel: { task.cancel() }
        } catch let error as SecureAreaError {
            throw error
        } catch is CancellationError {
            throw SecureAreaError.cancelled
        } catch {
            throw SecureAreaError.unavailable
        }
    }

    private func entered(_ call: Running) -> UInt64 {
        lock.withLock {
            last += 1
            running[last] = call
            return last
        }
    }

    private func left(_ id: UInt64) {
        lock.withLock { _ = running.removeValue(forKey: id) }
    }
}

@Sendable private func wiped(_ answer: inout Data) async {
    answer.resetBytes(in: answer.startIndex..<answer.endIndex)
}
