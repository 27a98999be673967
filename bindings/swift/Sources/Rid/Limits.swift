import Foundation
import RidCore

/// The most an app may hand in at once, in bytes of UTF-8 where it is text.
enum Limit {
    /// A message of a link, a root, a name: ISO/IEC 18013-5 says less.
    static let input = 1 << 20
    /// What comes from an issuer.
    static let answer = 5 << 20
}

extension RidError {
    private static func refused(_ code: String) -> RidError { .badInput(code: code) }

    static func check(_ data: Data, _ limit: Int = Limit.input) throws {
        guard data.count <= limit else { throw refused("input_too_large") }
    }

    static func check(_ text: String) throws {
        guard text.utf8.count <= Limit.input else { throw refused("input_too_large") }
    }

    static func check(_ all: [Data]) throws {
        for data in all { try check(data) }
    }

    static func check(_ all: [String]) throws {
        for text in all { try check(text) }
    }

    static func check(_ roots: [IssuerRoot]) throws {
        for root in roots {
            try check(root.certificate)
            try check(root.credentialTypes)
        }
    }

    static func check(_ path: ClaimPath) throws {
        for case .name(let name) in path.steps { try check(name) }
    }

    static func check(_ answer: ConsentAnswer) throws {
        try check(answer.id)
        try check(answer.hash)
        if case .agree(let documents) = answer.decision {
            try check(documents.map(\.credential))
            for path in documents.flatMap(\.elements) { try check(path) }
        }
    }

    static func check(_ asked: [DocumentAsk]) throws {
        for document in asked {
            try check(document.kind)
            for element in document.elements { try check(element.path) }
        }
    }
}
