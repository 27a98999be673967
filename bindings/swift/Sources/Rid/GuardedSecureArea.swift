import Foundation
import RidCore

/// Stands between the app's secure area and the library: whatever else is thrown becomes `Unavailable`, a cancelled task `Cancelled`, and
/// an answer that comes after cancellation is wiped.
final class GuardedSecureArea: SecureArea {
    private let area: any SecureArea

    init(_ area: any SecureArea) {
        self.area = area
    }

    func createKeys(count: UInt32, spec: KeySpec) async throws -> [KeyInfo] {
        try await guarded { try await self.area.createKeys(count: count, spec: spec) }
    }

    func sign(key: KeyId, message: Data, prompt: Prompt) async throws -> Data {
        try await guarded { try await self.area.sign(key: key, message: message, prompt: prompt) }
    }

    func agree(key: KeyId, peer: Data, prompt: Prompt) async throws -> Data {
        try await secret { try await self.area.agree(key: key, peer: peer, prompt: prompt) }
    }

    func derive(key: KeyId, input: Data, prompt: Prompt) async throws -> Data {
        try await secret { try await self.area.derive(key: key, input: input, prompt: prompt) }
    }

    func info(key: KeyId) async throws -> KeyInfo {
        try await guarded { try await self.area.info(key: key) }
    }

    func delete(key: KeyId) async throws {
        try await guarded { try await self.area.delete(key: key) }
    }

    private func guarded<T: Sendable>(_ call: @Sendable () async throws -> T) async throws -> T {
        do {
            let answer = try await call()
            if Task.isCancelled { throw SecureAreaError.Cancelled }
            return answer
        } catch let error as SecureAreaError {
            throw error
        } catch is CancellationError {
            throw SecureAreaError.Cancelled
        } catch {
            throw SecureAreaError.Unavailable
        }
    }

    private func secret(_ call: @Sendable () async throws -> Data) async throws -> Data {
        try await guarded {
            var answer = try await call()
            if Task.isCancelled {
                answer.resetBytes(in: 0..<answer.count)
                throw SecureAreaError.Cancelled
            }
            return answer
        }
    }
}
