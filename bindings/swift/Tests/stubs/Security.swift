// What SecureEnclaveArea uses of Apple's Security and CoreFoundation, by name and type only: for the type check on Linux.
import Foundation

public final class CFString: Hashable, @unchecked Sendable {
    public static func == (one: CFString, other: CFString) -> Bool { one === other }
    public func hash(into hasher: inout Hasher) {}
}
public final class CFData {}
public final class CFDictionary {}
public final class CFError {}
public final class CFAllocator {}
public final class SecKey {}
public final class SecAccessControl {}
public typealias CFTypeRef = AnyObject
public typealias CFTypeID = UInt
public typealias CFIndex = Int
public typealias OSStatus = Int32

public func CFGetTypeID(_ value: CFTypeRef!) -> CFTypeID { fatalError() }
public func CFErrorGetCode(_ error: CFError!) -> CFIndex { fatalError() }

// What toll-free bridging does there.
public func cf(_ bytes: Data) -> CFData { fatalError() }
public func cf(_ attributes: [CFString: Any]) -> CFDictionary { fatalError() }
public func data(_ bytes: CFData) -> Data { fatalError() }

public let kSecClass = CFString()
public let kSecClassKey = CFString()
public let kSecAttrKeyType = CFString()
public let kSecAttrKeyTypeECSECPrimeRandom = CFString()
public let kSecAttrKeySizeInBits = CFString()
public let kSecAttrTokenID = CFString()
public let kSecAttrTokenIDSecureEnclave = CFString()
public let kSecPrivateKeyAttrs = CFString()
public let kSecAttrIsPermanent = CFString()
public let kSecAttrApplicationTag = CFString()
public let kSecAttrAccessControl = CFString()
public let kSecAttrKeyClass = CFString()
public let kSecAttrKeyClassPublic = CFString()
public let kSecAttrKeyClassPrivate = CFString()
public let kSecReturnRef = CFString()
public let kSecUseAuthenticationContext = CFString()
public let kSecUseDataProtectionKeychain = CFString()
public let kSecAttrAccessibleWhenUnlockedThisDeviceOnly = CFString()
public let kSecAttrAccessibleWhenPasscodeSetThisDeviceOnly = CFString()

public let errSecSuccess: OSStatus = 0
public let errSecUserCanceled: OSStatus = -128
public let errSecItemNotFound: OSStatus = -25300
public let errSecInteractionNotAllowed: OSStatus = -25308

public struct SecAccessControlCreateFlags: OptionSet, Sendable {
    public let rawValue: CFIndex
    public init(rawValue: CFIndex) { self.rawValue = rawValue }
    public static let privateKeyUsage = SecAccessControlCreateFlags(rawValue: 1)
    public static let biometryCurrentSet = SecAccessControlCreateFlags(rawValue: 2)
    public static let userPresence = SecAccessControlCreateFlags(rawValue: 4)
}

public struct SecKeyAlgorithm: Sendable {
    public static let ecdsaSignatureMessageX962SHA256 = SecKeyAlgorithm()
    public static let ecdhKeyExchangeStandard = SecKeyAlgorithm()
}

public typealias CFErrorPointer = UnsafeMutablePointer<Unmanaged<CFError>?>

public func SecAccessControlCreateWithFlags(
    _ allocator: CFAllocator?, _ protection: CFTypeRef, _ flags: SecAccessControlCreateFlags, _ error: CFErrorPointer?
) -> SecAccessControl? { fatalError() }
public func SecKeyGetTypeID() -> CFTypeID { fatalError() }
public func SecKeyCreateRandomKey(_ parameters: CFDictionary, _ error: CFErrorPointer?) -> SecKey? { fatalError() }
public func SecKeyCreateWithData(_ data: CFData, _ attributes: CFDictionary, _ error: CFErrorPointer?) -> SecKey? { fatalError() }
public func SecKeyCopyPublicKey(_ key: SecKey) -> SecKey? { fatalError() }
public func SecKeyCopyExternalRepresentation(_ key: SecKey, _ error: CFErrorPointer?) -> CFData? { fatalError() }
public func SecKeyCreateSignature(
    _ key: SecKey, _ algorithm: SecKeyAlgorithm, _ data: CFData, _ error: CFErrorPointer?
) -> CFData? { fatalError() }
public func SecKeyCopyKeyExchangeResult(
    _ key: SecKey, _ algorithm: SecKeyAlgorithm, _ peer: SecKey, _ parameters: CFDictionary, _ error: CFErrorPointer?
) -> CFData? { fatalError() }
public func SecItemCopyMatching(_ query: CFDictionary, _ result: UnsafeMutablePointer<CFTypeRef?>?) -> OSStatus { fatalError() }
public func SecItemDelete(_ query: CFDictionary) -> OSStatus { fatalError() }
