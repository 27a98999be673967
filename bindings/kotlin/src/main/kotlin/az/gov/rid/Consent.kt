package az.gov.rid

import az.gov.rid.core.ConsentAnswer
import az.gov.rid.core.ConsentDecision
import az.gov.rid.core.ConsentedDocument
import az.gov.rid.core.RequestView
import az.gov.rid.core.RequestedElementView
import az.gov.rid.core.WalletException

/**
 * The answer that shows the elements which [ticked] says the person ticked, bound to this question. What is not held or may not be
 * shown is left out; when nothing is left, it is a refusal.
 *
 * @param alternative position in [RequestView.alternatives]
 */
public fun RequestView.agree(alternative: Int = 0, ticked: (RequestedElementView) -> Boolean): ConsentAnswer {
    val way = alternatives.getOrNull(alternative) ?: throw WalletException.BadInput("consent_selection")
    val documents =
        way.documents
            .filter { it.credential != null && it.blocked == null }
            .map { document ->
                ConsentedDocument(document.position, document.elements.filter { it.held && ticked(it) }.map { it.path })
            }
            .filter { it.elements.isNotEmpty() }
    if (documents.isEmpty()) return refuse()
    return ConsentAnswer(id, hash, ConsentDecision.Agree(alternative.toUInt(), documents))
}

/** The answer that shows nothing, bound to this question. */
public fun RequestView.refuse(): ConsentAnswer = ConsentAnswer(id, hash, ConsentDecision.Refuse)
