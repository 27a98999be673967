import Foundation
import Rid
import RidTesting
import Testing

/// The question shows the elements that leave, and the session accepts every answer that `agree` builds.
@Suite struct ConsentTests {
    private func card(_ elements: String...) -> DocumentAsk {
        DocumentAsk(kind: pid, elements: elements.map { ElementAsk(path: path($0, pidSpace), retained: false) })
    }

    @Test func neg_c30_neg_c31_viewReceiptAndHistoryNameTheAgesThatLeave() async throws {
        let rig = try Rig()
        defer { rig.remove() }
        let wallet = try await rig.open()
        try await rig.enrol(wallet)
        let asked = ask("age_over_20", "age_over_12", "age_over_65", "age_over_70")
        let met = try await present(wallet, try rig.reader(), [asked]) { request in
            let limit = "request_age_limit"
            let offered = request.documents[0].candidates[0].elements
            #expect(request.warnings.contains(limit))
            #expect(offered.map(\.path.last) == ["age_over_21", "age_over_15", "age_over_65", "age_over_70"])
            #expect(offered.map(\.reason) == [nil, nil, limit, limit] && offered.map(\.held) == [true, true, false, false])
            #expect(offered[0].asked.map(\.last) == ["age_over_20"])
            // Also what cannot leave is ticked.
            return request.agree { _, _ in true }
        }
        let left = ["age_over_21", "age_over_15"]
        #expect(met.receipts.map { $0.elements.map(\.path.last) } == [left])
        #expect(try await wallet.events().last?.elements.map(\.path.last) == left)
        #expect(met.verdicts[0].decision == .undecided && met.verdicts[0].code == "not_returned")
        #expect(Set(met.verdicts[0].documents[0].notReturned.map(\.last)) == ["age_over_65", "age_over_70"])
    }

    @Test func neg_c31_anUntickedAgeNeverLeaves() async throws {
        let rig = try Rig()
        defer { rig.remove() }
        let wallet = try await rig.open()
        try await rig.enrol(wallet)
        let met = try await present(wallet, try rig.reader(), [ask("family_name", "age_over_18", "age_over_17")]) { request in
            let age = request.documents[0].candidates[0].elements[1]
            #expect(age.path.last == "age_over_18" && age.asked.map(\.last) == ["age_over_18", "age_over_17"])
            return request.agree { $1 != age }
        }
        #expect(met.receipts.map { $0.elements.map(\.path.last) } == [["family_name"]])
        #expect(Set(met.verdicts[0].documents[0].notReturned.map(\.last)) == ["age_over_17", "age_over_18"])
    }

    @Test func eachDocumentHasAChoiceOfItsOwn() async throws {
        let rig = try Rig()
        defer { rig.remove() }
        let wallet = try await rig.open()
        let older = try await rig.enrol(wallet)[0].id
        let newer = try await rig.enrol(wallet)[0].id
        let cardId = try await rig.enrol(wallet, copies: 4, kinds: ["pid"])[0].id
        let asked = [ask("family_name", "given_name"), card("family_name_latin1", "given_name_latin1")]
        func used(_ answer: @escaping @Sendable (ConsentRequest) -> ConsentAnswer?) async throws -> [CredentialId] {
            try await present(wallet, try rig.reader(), asked, answer: answer).receipts[0].used
        }
        for wanted in [older, newer] {
            let chosen = try await used { request in
                #expect(Set(request.documents[0].candidates.map(\.credential)) == [older, newer])
                #expect(request.documents.allSatisfy { $0.suggested && $0.blocked == nil })
                return request.agree(candidate: { $0.candidates.first { $0.credential == wanted } ?? $0.candidates.first }) {
                    $1.path.last.hasPrefix("family_name")
                }
            }
            #expect(chosen == [wanted, cardId])
        }
        // Ticks of one document do not count for the other, and a document may be left out.
        #expect(try await used { $0.agree { document, _ in document.kind == pid } } == [cardId])
        let license = try await used { $0.agree(candidate: { $0.kind == mdl ? $0.candidates.first : nil }) { _, _ in true } }
        #expect(license == [older] || license == [newer])
    }

    @Test func neg_c32_blockedDocumentsAreNamedAndTheOthersAnswered() async throws {
        let rig = try Rig()
        defer { rig.remove() }
        let wallet = try await rig.open()
        let license = try await rig.enrol(wallet, copies: 1)[0].id
        try await rig.enrol(wallet, kinds: ["pid"])
        let first = try await present(wallet, try rig.reader(), [ask("family_name")]) { $0.agree { _, _ in true } }
        #expect(first.receipts[0].used == [license])
        let asked = [
            ask("family_name"), card("family_name_latin1"), ask("x", kind: "org.example.none", namespace: "org.example"),
        ]
        let met = try await present(wallet, try rig.reader(), asked) { request in
            #expect(request.documents.map(\.blocked) == ["credential_unavailable", nil, "not_held"])
            #expect(request.documents.map(\.candidates.count) == [0, 1, 0])
            #expect(request.documents[0].unavailable.map(\.credential) == [license])
            #expect(request.documents[0].unavailable.map(\.reason) == ["credential_unavailable"])
            // An app that offers another document's credential all the same presents nothing of it.
            let other = request.documents[1].candidates[0]
            return request.agree(candidate: { $0.candidates.first ?? other }) { _, _ in true }
        }
        #expect(met.receipts[0].disclosed)
        #expect(Set(met.verdicts[0].notReturned) == [mdl, "org.example.none"] && met.verdicts[0].decision == .undecided)
        #expect(met.verdicts[0].currentNames == [["family_name_latin1"]])
    }

    @Test func agreeingToNothingGivesNoAnswer() async throws {
        let rig = try Rig()
        defer { rig.remove() }
        let wallet = try await rig.open()
        try await rig.enrol(wallet)
        let met = try await present(wallet, try rig.reader(), [ask("family_name")]) { request in
            #expect(request.agree { _, _ in false } == nil && request.agree(candidate: { _ in nil }) { _, _ in true } == nil)
            return request.refuse()
        }
        #expect(met.receipts.map(\.disclosed) == [false])
        #expect(try await wallet.credentials()[0].copiesLeft == 2)
        #expect(try await wallet.events().last?.outcome == .refused)
    }

    @Test func anAppSetsAPolicyForEachClassOfReaders() async throws {
        let rig = try Rig()
        defer { rig.remove() }
        let first = try await rig.open()
        try await rig.enrol(first, copies: 9, kinds: ["mdl", "pid"])
        try await first.closeStore()
        for rule in [ReaderRule.allow, .warn, .enforce] {
            for signed in [false, true] {
                let policy = ReaderPolicy(anonymous: signed ? .allow : rule, untrusted: signed ? rule : .allow, forged: .enforce)
                // A signed reader is a stranger where its root is not loaded.
                let options = try rig.options(readerRoots: signed ? [] : nil, readerPolicy: policy)
                let wallet = try await rig.open(options: options)
                let asked = [ask("family_name"), card("family_name_latin1")]
                let met = try await present(wallet, try rig.reader(signed: signed), asked) { request in
                    #expect(!request.requester.verified && request.requester.reason != nil)
                    #expect(request.documents[0].blocked == (rule == .enforce ? "reader_auth_required" : nil))
                    // The profile is stricter with the identity card.
                    #expect(request.documents[1].blocked == "reader_auth_required")
                    return request.agree { _, _ in true }
                }
                #expect(met.receipts.map(\.disclosed) == [rule != .enforce], "\(rule), signed: \(signed)")
                try await wallet.closeStore()
            }
        }
    }

    /// A question with every shape that a view may have.
    private func question(_ random: inout Seeded) -> ConsentRequest {
        func element(_ place: Int) -> RequestedElement {
            let held = Bool.random(using: &random)
            let own = path("element_\(place)")
            return RequestedElement(
                path: own, label: "", spoken: "", asked: [own], retained: false, held: held, reason: held ? nil : "not_held",
                sensitive: false, portrait: Int.random(in: 0..<4, using: &random) == 0, value: .nothing, text: PrivateText("-"), lessRevealing: nil)
        }
        func candidate(_ place: Int) -> CandidateCredential {
            let elements = (0..<Int.random(in: 0..<4, using: &random)).map(element)
            return CandidateCredential(
                credential: "credential \(Int.random(in: 0..<4, using: &random)) \(place)", issuer: "", subject: nil, state: .ready,
                validUntil: Date(), copiesLeft: 1, reuse: .once, linkable: false, elements: elements)
        }
        let documents = (0..<Int.random(in: 0..<4, using: &random)).map { position in
            let candidates = (0..<Int.random(in: 0..<3, using: &random)).map(candidate)
            return RequestedDocument(
                position: UInt32(position), format: "mso_mdoc", kind: mdl, name: "", asked: [], candidates: candidates, unavailable: [],
                blocked: candidates.isEmpty ? "not_held" : nil, portraitBinds: Bool.random(using: &random), multiple: false, suggested: false)
        }
        let nobody = RequesterInfo(name: "", organization: nil, country: nil, verified: false, reason: "reader_auth_absent", identifier: nil, app: false)
        return ConsentRequest(
            id: "id", hash: Data([1]), requester: nobody, environment: .test, purpose: nil, whole: Int.random(in: 0..<4, using: &random) == 0, unanswerable: nil, documents: documents, useCases: [],
            warnings: [])
    }

    @Test func agreeNamesOfferedElementsAloneWhateverIsChosenAndTicked() throws {
        var random = Seeded(state: 11)
        var agreed = 0
        for _ in 0..<2_000 {
            let request = question(&random)
            let all = request.documents.flatMap(\.candidates)
            let answer = request.agree(
                candidate: { _ in Int.random(in: 0..<4, using: &random) == 0 ? nil : all.randomElement(using: &random) },
                ticked: { _, _ in Int.random(in: 0..<3, using: &random) > 0 })
            guard let answer else { continue }
            #expect(answer.id == request.id && answer.hash == request.hash)
            guard case .agree(let documents) = answer.decision else { continue }
            agreed += 1
            #expect(!documents.isEmpty && Set(documents.map(\.position)).count == documents.count)
            for document in documents {
                let candidates = request.documents[Int(document.position)].candidates
                let offered = try #require(candidates.first { $0.credential == document.credential })
                let sendable = Set(offered.elements.filter(\.held).map(\.path))
                #expect(!document.elements.isEmpty && sendable.isSuperset(of: document.elements))
                #expect(!request.whole || document.elements.count == offered.elements.count)
            }
        }
        #expect(agreed > 200, "\(agreed) answers agree to something")
    }
}
