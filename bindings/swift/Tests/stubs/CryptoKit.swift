// What SecureEnclaveArea uses of Apple's CryptoKit, by name and type only: for the type check on Linux.
import Foundation

public enum SecureEnclave {
    public static var isAvailable: Bool { fatalError() }
}

public enum P256 {
    public enum Signing {
        public struct ECDSASignature: Sendable {
            public init<D: DataProtocol>(derRepresentation: D) throws {}
            public var rawRepresentation: Data { fatalError() }
        }
    }
    public enum KeyAgreement {
        public struct PublicKey: Sendable {
            public init<Bytes: ContiguousBytes>(x963Representation: Bytes) throws {}
        }
    }
}
