// Not verified: no Apple toolchain runs on this project's machines. Type-checked against stubs of Apple's modules (`Tests/stubs`), which
// proves what it calls of ours and nothing of theirs.
#if canImport(Security) && canImport(LocalAuthentication) && canImport(CryptoKit)
import CryptoKit
import Foundation
import LocalAuthentication
import RidCore
import Security

/// Keys of the Secure Enclave, kept in the keychain of this device: no backup and no other device has them.
///
/// A key of use `derive` agrees with the point that `derivePoint(input:)` makes of the input (RFC 9380), since the enclave has no HMAC: the
/// derived bytes are the x coordinate. The key by which biometrics open a wallet is such a key under `.biometryCurrentSet`: each use wants
/// the face or finger of the person in front of it, and one enrolled later makes it `Invalidated` or not found for ever.
///
/// The enclave attests nothing; App Attest is the app's own affair. **Not verified on a device.**
public final class SecureEnclaveArea: SecureArea {
    private let tag: String
    private let reason: @Sendable (Prompt) -> String

    /// `tag` keeps the keys of one wallet apart from another's; `reason` says to the person, in the app's language, why a face or finger is
    /// asked for.
    public init(tag: String, reason: @escaping @Sendable (Prompt) -> String) {
        self.tag = tag
        self.reason = reason
    }

    /// As `SecureArea` says.
    public func createKeys(count: UInt32, spec: KeySpec) async throws -> [KeyInfo] {
        try await working { [self] _ in
            guard SecureEnclave.isAvailable else { throw SecureAreaError.unavailable }
            var made: [KeyInfo] = []
            do {
                for _ in 0..<count { made.append(try make(spec)) }
            } catch {
                for key in made { try? erase(key.id) }
                throw error
            }
            return made
        }
    }

    /// As `SecureArea` says.
    public func sign(key: KeyId, message: Data, prompt: Prompt) async throws -> Data {
        try await working(prompt) { [self] asking in
            let secret = try find(key, [.sign], asking)
            let der = try secure { SecKeyCreateSignature(secret, .ecdsaSignatureMessageX962SHA256, cf(message), $0) }
            guard let signature = try? P256.Signing.ECDSASignature(derRepresentation: data(der)) else {
                throw SecureAreaError.unavailable
            }
            return signature.rawRepresentation
        }
    }

    /// As `SecureArea` says.
    public func agree(key: KeyId, peer: Data, prompt: Prompt) async throws -> Data {
        try await working(prompt) { [self] in try shared(find(key, [.agree, .sign], $0), peer) }
    }

    /// As `SecureArea` says.
    public func derive(key: KeyId, input: Data, prompt: Prompt) async throws -> Data {
        try await working(prompt) { [self] in try shared(find(key, [.derive], $0), derivePoint(input: input)) }
    }

    /// As `SecureArea` says.
    public func info(key: KeyId) async throws -> KeyInfo {
        try await working { [self] in try describe(key, find(key, [.agree, .derive, .sign], $0)) }
    }

    /// As `SecureArea` says.
    public func delete(key: KeyId) async throws {
        try await working { [self] _ in try erase(key) }
    }

    private func make(_ spec: KeySpec) throws -> KeyInfo {
        var flags: SecAccessControlCreateFlags = [.privateKeyUsage]
        // A key that asks for the person is invalid when the passcode is removed.
        var when = kSecAttrAccessibleWhenPasscodeSetThisDeviceOnly
        switch spec.userAuth {
        case .biometricCurrentSet: flags.insert(.biometryCurrentSet)
        case .eachUse: flags.insert(.userPresence)
        case .none: when = kSecAttrAccessibleWhenUnlockedThisDeviceOnly
        }
        let access = try secure { SecAccessControlCreateWithFlags(nil, when, flags, $0) }
        // The use is part of the name: to the enclave all its keys are of one kind.
        let id = "\(spec.usage.name)-\(UUID().uuidString)"
        let attributes: [CFString: Any] = [
            kSecAttrKeyType: kSecAttrKeyTypeECSECPrimeRandom,
            kSecAttrKeySizeInBits: 256,
            kSecAttrTokenID: kSecAttrTokenIDSecureEnclave,
            kSecUseDataProtectionKeychain: true,
            kSecPrivateKeyAttrs: [
                kSecAttrIsPermanent: true, kSecAttrApplicationTag: label(id), kSecAttrAccessControl: access,
            ] as [CFString: Any],
        ]
        let key = try secure { SecKeyCreateRandomKey(cf(attributes), $0) }
        do {
            return try describe(id, key)
        } catch {
            try? erase(id)
            throw error
        }
    }

    private func describe(_ id: KeyId, _ key: SecKey) throws -> KeyInfo {
        guard use(of: id) != .derive else { return KeyInfo(id: id, public: Data(), attestation: Data(), hardware: true) }
        guard let half = SecKeyCopyPublicKey(key) else { throw SecureAreaError.unavailable }
        let point = try secure { SecKeyCopyExternalRepresentation(half, $0) }
        return KeyInfo(id: id, public: data(point), attestation: Data(), hardware: true)
    }

    private func shared(_ key: SecKey, _ peer: Data) throws -> Data {
        // Checks that the point is one of the curve.
        guard (try? P256.KeyAgreement.PublicKey(x963Representation: peer)) != nil else { throw SecureAreaError.unavailable }
        let attributes: [CFString: Any] = [
            kSecAttrKeyType: kSecAttrKeyTypeECSECPrimeRandom, kSecAttrKeyClass: kSecAttrKeyClassPublic,
        ]
        let point = try secure { SecKeyCreateWithData(cf(peer), cf(attributes), $0) }
        return data(try secure { SecKeyCopyKeyExchangeResult(key, .ecdhKeyExchangeStandard, point, cf([:]), $0) })
    }

    /// The key, if it is there and of one of `uses`.
    private func find(_ id: KeyId, _ uses: [KeyUse], _ asking: Asking) throws -> SecKey {
        guard let use = use(of: id) else { throw SecureAreaError.notFound }
        var query = query(id)
        query[kSecReturnRef] = true
        query[kSecUseAuthenticationContext] = asking.context
        var found: CFTypeRef?
        let status = SecItemCopyMatching(cf(query), &found)
        guard status == errSecSuccess else { throw named(Int(status)) }
        guard uses.contains(use), let found, CFGetTypeID(found) == SecKeyGetTypeID() else { throw SecureAreaError.unavailable }
        return unsafeDowncast(found, to: SecKey.self)
    }

    private func erase(_ id: KeyId) throws {
        guard use(of: id) != nil else { return }
        let status = SecItemDelete(cf(query(id)))
        guard status == errSecSuccess || status == errSecItemNotFound else { throw named(Int(status)) }
    }

    private func query(_ id: KeyId) -> [CFString: Any] {
        [
            kSecClass: kSecClassKey, kSecAttrKeyClass: kSecAttrKeyClassPrivate, kSecAttrApplicationTag: label(id),
            kSecUseDataProtectionKeychain: true,
        ]
    }

    private func label(_ id: KeyId) -> Data { Data("\(tag).\(id)".utf8) }

    private func use(of id: KeyId) -> KeyUse? {
        [KeyUse.agree, .derive, .sign].first { id.hasPrefix("\($0.name)-") }
    }

    /// The enclave and its prompt block a thread, so not one of Swift's own few; a cancelled task takes the prompt away.
    private func working<T: Sendable>(_ prompt: Prompt? = nil, _ work: @escaping @Sendable (Asking) throws -> T) async throws -> T {
        let asking = Asking(prompt.map(reason))
        return try await withTaskCancellationHandler {
            try await withCheckedThrowingContinuation { continuation in
                DispatchQueue.global(qos: .userInitiated).async {
                    continuation.resume(with: Result { try work(asking) })
                }
            }
        } onCancel: {
            asking.context.invalidate()
        }
    }
}

/// The system's prompt of one call. A context may be invalidated from any thread.
private final class Asking: @unchecked Sendable {
    let context = LAContext()

    init(_ reason: String?) {
        if let reason { context.localizedReason = reason }
    }
}

extension KeyUse {
    fileprivate var name: String {
        switch self {
        case .agree: "agree"
        case .derive: "derive"
        case .sign: "sign"
        }
    }
}

/// Turns Security's errors into ours: no text of the platform goes on.
private func secure<T>(_ work: (UnsafeMutablePointer<Unmanaged<CFError>?>) -> T?) throws -> T {
    var error: Unmanaged<CFError>?
    if let value = work(&error) { return value }
    throw named(error.map { CFErrorGetCode($0.takeRetainedValue()) } ?? 0)
}

/// Codes of LocalAuthentication and of Security; the two never share a number.
private func named(_ code: Int) -> SecureAreaError {
    switch code {
    case LAError.userCancel.rawValue, LAError.appCancel.rawValue, LAError.systemCancel.rawValue, LAError.userFallback.rawValue,
        LAError.invalidContext.rawValue, Int(errSecUserCanceled):
        .cancelled
    case LAError.biometryLockout.rawValue, LAError.authenticationFailed.rawValue, LAError.notInteractive.rawValue,
        Int(errSecInteractionNotAllowed):
        .locked
    case LAError.biometryNotEnrolled.rawValue, LAError.passcodeNotSet.rawValue: .invalidated
    // A key whose biometrics changed is gone for the keychain, and is not found either.
    case Int(errSecItemNotFound): .notFound
    default: .unavailable
    }
}

#if canImport(Darwin)
private func cf(_ bytes: Data) -> CFData { bytes as CFData }
private func cf(_ attributes: [CFString: Any]) -> CFDictionary { attributes as CFDictionary }
private func data(_ bytes: CFData) -> Data { bytes as Data }
#endif
#endif
