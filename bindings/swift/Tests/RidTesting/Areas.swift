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

    public func createKeys(count: UInt32, spec: KeySpec) async throws -> [KeyInfo] { throw SecureAreaError.unavailable }
    public func agree(key: KeyId, peer: Data, prompt: Prompt) async throws -> Data { throw SecureAreaError.unavailable }
    public func derive(key: KeyId, input: Data, prompt: Prompt) async throws -> Data { throw SecureAreaError.unavailable }
    public func info(key: KeyId) async throws -> KeyInfo { throw SecureAreaError.notFound }
    public func delete(key: KeyId) async throws {}
}

/// An area that a test looks into: every call is numbered from 1, in the order of their coming.
public final class WatchedArea: SecureArea, @unchecked Sendable {
    public typealias Hook = @Sendable (_ call: Int, _ method: String) async throws -> Void

    private let inner: any SecureArea
    private let lock = NSLock()
    private var counted = 0
    private var named = ""
    private var first: Hook?
    private var last: Hook?

    public init(_ inner: any SecureArea) {
        self.inner = inner
    }

    /// Hooks before the area acts, and after it acted but before it answers; counting starts over.
    public func watch(before: Hook? = nil, after: Hook? = nil) {
        lock.withLock {
            counted = 0
            first = before
            last = after
        }
    }

    /// The name of the latest call.
    public var latest: String { lock.withLock { named } }

    private func watched<T>(_ method: String, _ act: () async throws -> T) async throws -> T {
        let (call, before, after) = lock.withLock { () -> (Int, Hook?, Hook?) in
            counted += 1
            named = method
            return (counted, first, last)
        }
        try await before?(call, method)
        let answer = try await act()
        try await after?(call, method)
        return answer
    }

    public func createKeys(count: UInt32, spec: KeySpec) async throws -> [KeyInfo] {
        // As the port says: where it throws, no key is left behind.
        var made: [KeyInfo] = []
        do {
            return try await watched("createKeys") {
                made = try await inner.createKeys(count: count, spec: spec)
                return made
            }
        } catch {
            let ids = made.map(\.id)
            await Task { [inner] in for id in ids { try? await inner.delete(key: id) } }.value
            throw error
        }
    }

    public func sign(key: KeyId, message: Data, prompt: Prompt) async throws -> Data {
        try await watched("sign") { try await inner.sign(key: key, message: message, prompt: prompt) }
    }

    public func agree(key: KeyId, peer: Data, prompt: Prompt) async throws -> Data {
        try await watched("agree") { try await inner.agree(key: key, peer: peer, prompt: prompt) }
    }

    public func derive(key: KeyId, input: Data, prompt: Prompt) async throws -> Data {
        try await watched("derive") { try await inner.derive(key: key, input: input, prompt: prompt) }
    }

    public func info(key: KeyId) async throws -> KeyInfo {
        try await watched("info") { try await inner.info(key: key) }
    }

    public func delete(key: KeyId) async throws {
        try await watched("delete") { try await inner.delete(key: key) }
    }
}

/// Keys that want biometrics ask for the person in front of it, as a phone's would.
public final class BiometricArea: SecureArea, @unchecked Sendable {
    private let inner: any SecureArea
    private let lock = NSLock()
    private var gated: Set<KeyId> = []
    private var said: SecureAreaError?

    public init(_ inner: any SecureArea) {
        self.inner = inner
    }

    /// What the person's finger does to a gated key: nothing, or this.
    public func refuse(_ error: SecureAreaError?) {
        lock.withLock { said = error }
    }

    public func createKeys(count: UInt32, spec: KeySpec) async throws -> [KeyInfo] {
        let made = try await inner.createKeys(count: count, spec: spec)
        if spec.userAuth == .biometricCurrentSet { lock.withLock { gated.formUnion(made.map(\.id)) } }
        return made
    }

    public func derive(key: KeyId, input: Data, prompt: Prompt) async throws -> Data {
        if let error = lock.withLock({ gated.contains(key) ? said : nil }) { throw error }
        return try await inner.derive(key: key, input: input, prompt: prompt)
    }

    public func sign(key: KeyId, message: Data, prompt: Prompt) async throws -> Data {
        try await inner.sign(key: key, message: message, prompt: prompt)
    }

    public func agree(key: KeyId, peer: Data, prompt: Prompt) async throws -> Data {
        try await inner.agree(key: key, peer: peer, prompt: prompt)
    }

    public func info(key: KeyId) async throws -> KeyInfo {
        try await inner.info(key: key)
    }

    public func delete(key: KeyId) async throws {
        try await inner.delete(key: key)
    }
}

/// An area that answers as it should not.
public final class WrongArea: SecureArea, @unchecked Sendable {
    private let inner: any SecureArea
    private let signature: Data?
    private let deletes: Bool

    public init(_ inner: any SecureArea, signature: Data? = nil, deletes: Bool = true) {
        self.inner = inner
        self.signature = signature
        self.deletes = deletes
    }

    public func createKeys(count: UInt32, spec: KeySpec) async throws -> [KeyInfo] {
        try await inner.createKeys(count: count, spec: spec)
    }

    public func sign(key: KeyId, message: Data, prompt: Prompt) async throws -> Data {
        if let signature { return signature }
        return try await inner.sign(key: key, message: message, prompt: prompt)
    }

    public func agree(key: KeyId, peer: Data, prompt: Prompt) async throws -> Data {
        try await inner.agree(key: key, peer: peer, prompt: prompt)
    }

    public func derive(key: KeyId, input: Data, prompt: Prompt) async throws -> Data {
        try await inner.derive(key: key, input: input, prompt: prompt)
    }

    public func info(key: KeyId) async throws -> KeyInfo {
        try await inner.info(key: key)
    }

    public func delete(key: KeyId) async throws {
        if deletes { try await inner.delete(key: key) }
    }
}
