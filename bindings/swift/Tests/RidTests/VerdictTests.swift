import Foundation
import Rid
import RidTesting
import Testing

/// A verdict is accepted when the question was answered, and it rests on roots of the credential type.
@Suite struct VerdictTests {
    private let birth = path("birth_date")

    @Test func neg_q02_aVerdictWaitsForWhatIsNotOptional() async throws {
        let rig = try Rig()
        defer { rig.remove() }
        let wallet = try await rig.open()
        try await rig.enrol(wallet)
        func judged(optional: Bool) async throws -> Verdict {
            let elements = [
                ElementAsk(path: path("family_name"), retained: false), ElementAsk(path: birth, retained: false, optional: optional),
            ]
            let birth = birth
            let met = try await present(wallet, try rig.reader(), [DocumentAsk(kind: mdl, elements: elements)]) {
                $0.agree { $1.path != birth }
            }
            return try #require(met.verdicts.first)
        }
        let missing = try await judged(optional: false)
        #expect(missing.decision == .undecided && missing.code == "not_returned")
        #expect(missing.documents[0].notReturned == [birth])
        // The wallet's code for it; 0 says nothing, and a wallet of ours gives no other.
        #expect(missing.documents[0].errors == [ElementError(path: birth, code: 0)] && missing.documentErrors.isEmpty)

        let complete = try await judged(optional: true)
        #expect(complete.decision == .accepted && complete.code == nil)
        #expect(complete.documents[0].notReturned.isEmpty && complete.currentNames == [["family_name"]])
    }

    /// A document that is refused has no current elements, so that an app which looks at nothing else has none.
    @Test func neg_q07_currentElementsAreThoseOfAnAcceptedDocument() async throws {
        let rig = try Rig()
        defer { rig.remove() }
        let wallet = try await rig.open()
        try await rig.enrol(wallet)
        let met = try await present(wallet, try rig.reader(), [ask("family_name")]) { $0.agree { _, _ in true } }
        let accepted = met.verdicts[0].documents[0]
        let disclosed = try #require(accepted.current)
        #expect(accepted.elements == .current(disclosed: disclosed))
        for elements in [DocumentElements.lapsed(disclosed: disclosed), .noEvidence] {
            let refused = DocumentVerdict(
                kind: accepted.kind, label: accepted.label, decision: .refused, code: "mdoc_expired",
                trustedBy: accepted.trustedBy, issuer: accepted.issuer, checks: accepted.checks, elements: elements,
                notReturned: [], errors: [], failedElements: [])
            #expect(refused.current == nil)
        }
    }

    @Test func std_m48_anAgeIsAnAnswer() async throws {
        let rig = try Rig()
        defer { rig.remove() }
        let wallet = try await rig.open()
        try await rig.enrol(wallet)
        let met = try await present(wallet, try rig.reader(), [ask("age_over_20", "age_over_70")]) { $0.agree { _, _ in true } }
        let ages = try #require(met.verdicts[0].documents[0].current).ages
        #expect(ages.map(\.asked.last) == ["age_over_20", "age_over_70"] && ages.map(\.over) == [true, false])
        #expect(ages.map(\.attested.last) == ["age_over_21", "age_over_65"])
        #expect(ages.map { $0.text.reveal() } == ["Yes", "No"])
    }

    @Test func picturesTellTheirFormat() async throws {
        let rig = try Rig()
        defer { rig.remove() }
        let wallet = try await rig.open()
        let id = try await rig.enrol(wallet)[0].id
        #expect(try await wallet.portrait(id)?.format == .jpeg)
        #expect(try await wallet.credential(id).elements.allSatisfy { $0.warning == nil })
        let met = try await present(wallet, try rig.reader(), [ask("portrait", "family_name")]) { $0.agree { _, _ in true } }
        let shown = try #require(met.verdicts[0].documents[0].current).issuerSigned
        #expect(shown.count == 2 && shown.allSatisfy { $0.image == ($0.portrait ? .jpeg : nil) && $0.warning == nil })
    }

    @Test func neg_f30_aRootSignsItsCredentialTypesAlone() async throws {
        let rig = try Rig()
        defer { rig.remove() }
        let untyped = [IssuerRoot(certificate: try rig.pem("iaca"), credentialTypes: [])]
        let card = [IssuerRoot(certificate: try rig.pem("iaca"), credentialTypes: [pid])]
        await #expect(throws: RidError.badInput(code: "trust_types_missing")) {
            try await rig.open(options: try rig.options(issuerRoots: untyped))
        }
        #expect(throws: RidError.badInput(code: "trust_types_missing")) { try rig.reader(issuerRoots: untyped) }

        let other = try await rig.open(options: try rig.options(issuerRoots: card))
        await #expect(throws: RidError.notTrusted(who: "issuer", why: "cert_untrusted")) { try await rig.enrol(other) }
        try await other.closeStore()

        let wallet = try await rig.open()
        try await rig.enrol(wallet)
        let met = try await present(wallet, try rig.reader(issuerRoots: card), [ask("family_name")]) { $0.agree { _, _ in true } }
        #expect(met.verdicts[0].decision == .refused && met.verdicts[0].code == "cert_untrusted")
        #expect(met.verdicts[0].documents[0].current == nil)
    }

    @Test func neg_f34_anUnreadableCertificateAmongTheRootsIsNamed() async throws {
        let rig = try Rig()
        defer { rig.remove() }
        let broken = Data("-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n".utf8)
        let roots = try rig.issuerRoots(broken + rig.pem("iaca"))
        let named = [RootWarning(root: "issuer_roots[0], certificate 1", code: "cert_form")]
        let wallet = try await rig.open(options: try rig.options(issuerRoots: roots))
        #expect(wallet.rootWarnings == named)
        #expect(try await rig.enrol(wallet).count == 1)
        #expect(try rig.reader(issuerRoots: roots).rootWarnings == named)
        #expect(try rig.reader().rootWarnings.isEmpty)
    }
}
