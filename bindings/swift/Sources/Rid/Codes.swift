import RidCore

extension RidError {
    /// The stable code (`spec/errors.md`): for the app's decisions and its log, not for the person.
    public var code: String {
        switch self {
        case .badInput(let code), .bug(let code), .expired(let code), .misuse(let code), .peerRefused(let code),
            .storageDamaged(let code), .unsupported(let code):
            code
        case .notTrusted(_, let why): why
        case .cancelled: "cancelled"
        case .locked: "locked"
        case .offline: "offline"
        case .signInAgain: "sign_in_again"
        }
    }
}
