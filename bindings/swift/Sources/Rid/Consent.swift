import RidCore

extension RequestView {
    /// The answer that shows the elements which `ticked` says the person ticked, bound to this question. What is not held or may not be shown
    /// is left out; when nothing is left, it is a refusal.
    public func agree(alternative: Int = 0, ticked: (RequestedElementView) -> Bool) throws -> ConsentAnswer {
        guard alternatives.indices.contains(alternative) else { throw WalletError.BadInput(code: "consent_selection") }
        let documents = alternatives[alternative].documents
            .filter { $0.credential != nil && $0.blocked == nil }
            .map { document in
                ConsentedDocument(
                    position: document.position,
                    elements: document.elements.filter { $0.held && ticked($0) }.map(\.path))
            }
            .filter { !$0.elements.isEmpty }
        if documents.isEmpty { return refuse() }
        return ConsentAnswer(
            id: id, hash: hash, decision: .agree(alternative: UInt32(alternative), documents: documents))
    }

    /// The answer that shows nothing, bound to this question.
    public func refuse() -> ConsentAnswer {
        ConsentAnswer(id: id, hash: hash, decision: .refuse)
    }
}
