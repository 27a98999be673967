package az.gov.rid

import az.gov.rid.core.CandidateView
import az.gov.rid.core.ConsentAnswer
import az.gov.rid.core.ConsentDecision
import az.gov.rid.core.ConsentedDocument
import az.gov.rid.core.RequestView
import az.gov.rid.core.RequestedDocumentView
import az.gov.rid.core.RequestedElementView

/**
 * Builds the answer that presents what the person ticked. It is bound to this question, and the session accepts it: elements that cannot
 * leave are left out, and so is a document without a ticked element. When nothing is left, the answer is a refusal.
 *
 * @param candidate the credential that answers a document: one of [RequestedDocumentView.candidates], the first unless the person chose
 *   another. The document is left out for `null` and for any other credential
 * @param ticked whether the person ticked this element of the chosen credential, for this document
 */
public fun RequestView.agree(
    candidate: (RequestedDocumentView) -> CandidateView? = { it.candidates.firstOrNull() },
    ticked: (RequestedDocumentView, RequestedElementView) -> Boolean,
): ConsentAnswer {
    val chosen =
        documents.mapNotNull { document ->
            val credential = candidate(document)?.credential
            val offered = document.candidates.firstOrNull { it.credential == credential } ?: return@mapNotNull null
            val elements = offered.elements.filter { it.held && ticked(document, it) }.map { it.path }
            if (elements.isEmpty()) null else ConsentedDocument(document.position, offered.credential, elements)
        }
    return if (chosen.isEmpty()) refuse() else ConsentAnswer(id, hash, ConsentDecision.Agree(chosen))
}

/** Builds the answer that presents nothing. It is bound to this question. */
public fun RequestView.refuse(): ConsentAnswer = ConsentAnswer(id, hash, ConsentDecision.Refuse)
