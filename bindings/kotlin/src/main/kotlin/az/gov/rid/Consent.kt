package az.gov.rid

import az.gov.rid.core.CandidateCredential
import az.gov.rid.core.ConsentAnswer
import az.gov.rid.core.ConsentDecision
import az.gov.rid.core.ConsentedDocument
import az.gov.rid.core.ConsentRequest
import az.gov.rid.core.RequestedDocument
import az.gov.rid.core.RequestedElement

/**
 * Builds the answer that presents what the person ticked. It is bound to this question, and the session accepts it: elements that cannot
 * leave are left out, and so is a document without a ticked element, or
 * without all of them where the question says [ConsentRequest.whole].
 *
 * `null` when nothing is left to be presented: nothing was sent yet. Let the person choose again, or answer with [refuse].
 *
 * @param candidate the credential that answers a document: one of [RequestedDocument.candidates], the first unless the person chose
 *   another. The document is left out for `null` and for any other credential
 * @param ticked whether the person ticked this element of the chosen credential, for this document
 */
public fun ConsentRequest.agree(
    candidate: (RequestedDocument) -> CandidateCredential? = { it.candidates.firstOrNull() },
    ticked: (RequestedDocument, RequestedElement) -> Boolean,
): ConsentAnswer? {
    val chosen =
        documents.mapNotNull { document ->
            val credential = candidate(document)?.credential
            val offered = document.candidates.firstOrNull { it.credential == credential } ?: return@mapNotNull null
            val elements = offered.elements.filter { it.held && ticked(document, it) }.map { it.path }
            if (elements.isEmpty() || whole && elements.size < offered.elements.size) null else ConsentedDocument(document.position, offered.credential, elements)
        }
    return if (chosen.isEmpty()) null else ConsentAnswer(id, hash, ConsentDecision.Agree(chosen))
}

/** Builds the answer that presents nothing. It is bound to this question. */
public fun ConsentRequest.refuse(): ConsentAnswer = ConsentAnswer(id, hash, ConsentDecision.Refuse)
