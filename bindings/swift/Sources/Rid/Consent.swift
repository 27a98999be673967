import RidCore

extension ConsentRequest {
    /// Builds the answer that presents what the person ticked. It is bound to this question, and the session accepts it: elements that cannot
    /// leave are left out, and so is a document without a ticked element, or
    /// without all of them where the question says `whole`.
    ///
    /// `nil` when nothing is left to be presented: nothing was sent yet. Let the person choose again, or answer with ``refuse()``.
    ///
    /// `candidate` is the credential that answers a document: one of `RequestedDocument.candidates`, the first unless the person chose
    /// another. The document is left out for `nil` and for any other credential. `ticked` says whether the person ticked an element of
    /// the chosen credential, for this document.
    public func agree(
        candidate: (RequestedDocument) -> CandidateCredential? = { $0.candidates.first },
        ticked: (RequestedDocument, RequestedElement) -> Bool
    ) -> ConsentAnswer? {
        let chosen = documents.compactMap { document -> ConsentedDocument? in
            let credential = candidate(document)?.credential
            guard let offered = document.candidates.first(where: { $0.credential == credential }) else { return nil }
            let elements = offered.elements.filter { $0.held && ticked(document, $0) }.map(\.path)
            if elements.isEmpty || whole && elements.count < offered.elements.count { return nil }
            return ConsentedDocument(position: document.position, credential: offered.credential, elements: elements)
        }
        if chosen.isEmpty { return nil }
        return ConsentAnswer(id: id, hash: hash, decision: .agree(documents: chosen))
    }

    /// Builds the answer that presents nothing. It is bound to this question.
    public func refuse() -> ConsentAnswer {
        ConsentAnswer(id: id, hash: hash, decision: .refuse)
    }
}
