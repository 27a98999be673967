// Copied beside the generated source by `bindings/generate`: the codes of errors and their sentences.
import Foundation

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

/// The sentences for the person, in the first language of the device that there is: Azerbaijani, English or Russian.
extension RidError: LocalizedError {
    /// What happened.
    public var errorDescription: String? { describe(code: code).what }

    /// What to do next.
    public var recoverySuggestion: String? { describe(code: code).next }
}

/// The sentences for a stable code, of an error, a warning or a finding: what happened, and what to do next.
///
/// `locales` are languages (BCP 47), first wanted first: Azerbaijani, English and Russian are there.
public func describe(code: String, locales: [String] = Locale.preferredLanguages) -> Explanation {
    describeCode(code: code, locales: locales)
}
