import RidCore

extension WalletError {
    /// The stable code (`spec/errors.md`): for the app's decisions and its log, not for the person.
    public var code: String {
        switch self {
        case .BadInput(let code), .Bug(let code), .Expired(let code), .Misuse(let code), .PeerRefused(let code),
            .StorageDamaged(let code), .Unsupported(let code):
            code
        case .NotTrusted(_, let why): why
        case .Cancelled: "cancelled"
        case .Locked: "locked"
        case .Offline: "offline"
        case .SignInAgain: "sign_in_again"
        }
    }
}

extension ReaderError {
    /// The stable code (`spec/errors.md`): for the app's decisions and its log, not for the person.
    public var code: String {
        switch self {
        case .BadInput(let code), .Bug(let code), .Misuse(let code), .PeerRefused(let code), .Unsupported(let code): code
        case .Cancelled: "cancelled"
        }
    }
}
