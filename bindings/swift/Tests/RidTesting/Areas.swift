import Foundation
import Rid

/// A secure area of tests: a Swift class that calls the exported software area. Not hardware.
public final class TestArea: SecureArea {
    private let area: SoftwareArea

    public init(folder: String) throws {
        area = try SoftwareArea.open(folder: folder)
    }

    public func createKeys(count: UInt32, spec: KeySpec) async throws -> [KeyInfo] {
        try await area.createKeys(count: count, spec: spec)
    }

    public func sign(key: KeyId, message: Data, prompt: Prompt) async throws -> Data {
        try await area.sign(key: key, message: message, prompt: prompt)
    }

    public func agree(key: KeyId, peer: Data, prompt: Prompt) async throws -> Data {
        try await area.agree(key: key, peer: peer, prompt: prompt)
    }

    public func derive(key: KeyId, input: Data, prompt: Prompt) async throws -> Data {
        try await area.derive(key: key, input: input, prompt: prompt)
    }

    public func info(key: KeyId) async throws -> KeyInfo {
        try await area.info(key: key)
    }

    public func delete(key: KeyId) async throws {
        try await area.delete(key: key)
    }
}

/// The test State's reader: one key, from its JWK.
public final class ReaderArea: SecureArea {
    private let key: ReaderKey

    public init(jwk: String) throws {
        key = try ReaderKey.fromJwk(jwk: jwk)
    }

    public func sign(key: KeyId, message: Data, prompt: Prompt) async throws -> Data {
        try await self.key.sign(key: key, message: message, prompt: prompt)
    }

    public func createKeys(count: UInt32, spec: KeySpec) async throws -> [KeyInfo] { throw SecureAreaError.Unavailable }
    public func agree(key: KeyId, peer: Data, prompt: Prompt) async throws -> Data { throw SecureAreaError.Unavailable }
    public func derive(key: KeyId, input: Data, prompt: Prompt) async throws -> Data { throw SecureAreaError.Unavailable }
    public func info(key: KeyId) async throws -> KeyInfo { throw SecureAreaError.NotFound }
    public func delete(key: KeyId) async throws {}
}

/// What a faulty area does at a call of signing or agreeing for a presentation.
public enum Fault: Sendable {
    case none
    case throwsForeign
    case throwsTyped(SecureAreaError)
    case slow(nanoseconds: UInt64)
}

/// A test area that can be told to fail, to be slow, to answer after cancellation; counts its calls.
public final class FaultyArea: SecureArea, @unchecked Sendable {
    struct Foreign: Error {
        let secret = "text of a foreign error"
    }

    private let area: TestArea
    private let lock = NSLock()
    private var current = Fault.none
    private var counted = 0
    private var entered: (@Sendable (Int) -> Void)?

    public init(folder: String) throws {
        area = try TestArea(folder: folder)
    }

    public var fault: Fault {
        get { lock.withLock { current } }
        set { lock.withLock { current = newValue } }
    }

    /// Called at each call with its number, from 1.
    public func onCall(_ hook: (@Sendable (Int) -> Void)?) {
        lock.withLock {
            entered = hook
            counted = 0
        }
    }

    private func call() async throws {
        let (fault, hook, number) = lock.withLock { () -> (Fault, (@Sendable (Int) -> Void)?, Int) in
            counted += 1
            return (current, entered, counted)
        }
        hook?(number)
        switch fault {
        case .none: await Task.yield()
        case .throwsForeign: throw Foreign()
        case .throwsTyped(let error): throw error
        // Not told of a cancelled task: it answers late.
        case .slow(let nanoseconds): await Task.detached { try? await Task.sleep(nanoseconds: nanoseconds) }.value
        }
    }

    public func createKeys(count: UInt32, spec: KeySpec) async throws -> [KeyInfo] {
        try await call()
        return try await area.createKeys(count: count, spec: spec)
    }

    public func sign(key: KeyId, message: Data, prompt: Prompt) async throws -> Data {
        try await call()
        return try await area.sign(key: key, message: message, prompt: prompt)
    }

    public func agree(key: KeyId, peer: Data, prompt: Prompt) async throws -> Data {
        try await call()
        return try await area.agree(key: key, peer: peer, prompt: prompt)
    }

    public func derive(key: KeyId, input: Data, prompt: Prompt) async throws -> Data {
        try await area.derive(key: key, input: input, prompt: prompt)
    }

    public func info(key: KeyId) async throws -> KeyInfo {
        try await area.info(key: key)
    }

    public func delete(key: KeyId) async throws {
        try await area.delete(key: key)
    }
}
