// Not verified on this project's machines: no Apple toolchain runs there. Parsed by the compiler of Linux, read by people.
#if canImport(Security) && canImport(LocalAuthentication)
import CryptoKit
import Foundation
import LocalAuthentication
import RidCore
import Security

/// Keys of the Secure Enclave. A key of use `derive` is an agreement key: the derived bytes are the x coordinate of its agreement with the
/// point that ``derivePoint(input:)`` makes of the input (RFC 9380), since the enclave has no HMAC.
public final class SecureEnclaveArea: SecureArea {
    private let tag: String
    private let reason: @Sendable (Prompt) -> String

    /// `tag` keeps the keys of one wallet apart; `reason` says to the person why a finger is asked for, in the app's language.
    public init(tag: String, reason: @escaping @Sendable (Prompt) -> String) {
        self.tag = tag
        self.reason = reason
    }

    public func createKeys(count: UInt32, spec: KeySpec) async throws -> [KeyInfo] {
        guard SecureEnclave.isAvailable else { throw SecureAreaError.Unavailable }
        var made: [KeyInfo] = []
        do {
            for _ in 0..<count { made.append(try make(spec)) }
        } catch {
            for key in made { try? await delete(key: key.id) }
            throw error
        }
        return made
    }

    public func sign(key: KeyId, message: Data, prompt: Prompt) async throws -> Data {
        let der = try secure { error in
            SecKeyCreateSignature(try find(key, prompt), .ecdsaSignatureMessageX962SHA256, message as CFData, error)
        }
        guard let signature = try? P256.Signing.ECDSASignature(derRepresentation: der as Data) else {
            throw SecureAreaError.Unavailable
        }
        return signature.rawRepresentation
    }

    public func agree(key: KeyId, peer: Data, prompt: Prompt) async throws -> Data {
        let attributes: [CFString: Any] = [
            kSecAttrKeyType: kSecAttrKeyTypeECSECPrimeRandom, kSecAttrKeyClass: kSecAttrKeyClassPublic,
        ]
        let point = try secure { SecKeyCreateWithData(peer as CFData, attributes as CFDictionary, $0) }
        let shared = try secure { error in
            SecKeyCopyKeyExchangeResult(
                try find(key, prompt), .ecdhKeyExchangeStandard, point, [:] as CFDictionary, error)
        }
        return shared as Data
    }

    public func derive(key: KeyId, input: Data, prompt: Prompt) async throws -> Data {
        try await agree(key: key, peer: try derivePoint(input: input), prompt: prompt)
    }

    public func info(key: KeyId) async throws -> KeyInfo {
        try describe(key, try find(key, nil))
    }

    public func delete(key: KeyId) async throws {
        let status = SecItemDelete(query(key) as CFDictionary)
        guard status == errSecSuccess || status == errSecItemNotFound else { throw SecureAreaError.Unavailable }
    }

    private func make(_ spec: KeySpec) throws -> KeyInfo {
        var flags: SecAccessControlCreateFlags = .privateKeyUsage
        switch spec.userAuth {
        case .biometricCurrentSet: flags.insert(.biometryCurrentSet)
        case .eachUse: flags.insert(.userPresence)
        case .none: break
        }
        let access = try secure {
            SecAccessControlCreateWithFlags(nil, kSecAttrAccessibleWhenUnlockedThisDeviceOnly, flags, $0)
        }
        // The use stands in the name: the enclave's agreement keys and signing keys are the same kind.
        let id = "\(spec.usage)-\(UUID().uuidString)"
        let attributes: [CFString: Any] = [
            kSecAttrKeyType: kSecAttrKeyTypeECSECPrimeRandom, kSecAttrKeySizeInBits: 256,
            kSecAttrTokenID: kSecAttrTokenIDSecureEnclave,
            kSecPrivateKeyAttrs: [
                kSecAttrIsPermanent: true, kSecAttrApplicationTag: Data("\(tag).\(id)".utf8), kSecAttrAccessControl: access,
            ] as [CFString: Any],
        ]
        return try describe(id, try secure { SecKeyCreateRandomKey(attributes as CFDictionary, $0) })
    }

    private func describe(_ id: KeyId, _ key: SecKey) throws -> KeyInfo {
        guard !id.hasPrefix("derive-") else { return KeyInfo(id: id, public: Data(), attestation: Data(), hardware: true) }
        guard let half = SecKeyCopyPublicKey(key) else { throw SecureAreaError.Unavailable }
        let point = try secure { SecKeyCopyExternalRepresentation(half, $0) }
        return KeyInfo(id: id, public: point as Data, attestation: Data(), hardware: true)
    }

    private func query(_ id: KeyId) -> [CFString: Any] {
        [kSecClass: kSecClassKey, kSecAttrApplicationTag: Data("\(tag).\(id)".utf8)]
    }

    private func find(_ id: KeyId, _ prompt: Prompt?) throws -> SecKey {
        var query = query(id)
        query[kSecReturnRef] = true
        if let prompt {
            let context = LAContext()
            context.localizedReason = reason(prompt)
            query[kSecUseAuthenticationContext] = context
        }
        var found: CFTypeRef?
        switch SecItemCopyMatching(query as CFDictionary, &found) {
        case errSecSuccess:
            guard let found, CFGetTypeID(found) == SecKeyGetTypeID() else { throw SecureAreaError.Unavailable }
            return unsafeDowncast(found, to: SecKey.self)
        case errSecItemNotFound: throw SecureAreaError.NotFound
        case errSecInteractionNotAllowed: throw SecureAreaError.Locked
        case errSecUserCanceled: throw SecureAreaError.Cancelled
        default: throw SecureAreaError.Unavailable
        }
    }

    /// Turns Security's errors into ours: no text of the platform goes on.
    private func secure<T>(_ work: (UnsafeMutablePointer<Unmanaged<CFError>?>) throws -> T?) throws -> T {
        var error: Unmanaged<CFError>?
        if let value = try work(&error) { return value }
        let code = error.map { CFErrorGetCode($0.takeRetainedValue()) }
        switch code {
        case LAError.userCancel.rawValue?, LAError.appCancel.rawValue?, LAError.systemCancel.rawValue?: throw SecureAreaError.Cancelled
        case LAError.biometryLockout.rawValue?, LAError.passcodeNotSet.rawValue?: throw SecureAreaError.Locked
        case LAError.biometryNotEnrolled.rawValue?: throw SecureAreaError.Invalidated
        case Int(errSecItemNotFound)?: throw SecureAreaError.NotFound
        default: throw SecureAreaError.Unavailable
        }
    }
}
#endif
