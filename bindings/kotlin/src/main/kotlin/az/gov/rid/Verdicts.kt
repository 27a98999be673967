package az.gov.rid

import az.gov.rid.core.DisclosedElements
import az.gov.rid.core.DocumentElements
import az.gov.rid.core.DocumentVerdict

/**
 * The elements that answer the question: those of an accepted document. `null` for a refused or undecided document, whose elements, if
 * any, are in [DocumentElements.Lapsed].
 */
public val DocumentVerdict.current: DisclosedElements?
    get() = (elements as? DocumentElements.Current)?.disclosed
