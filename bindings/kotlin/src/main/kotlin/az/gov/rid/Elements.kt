package az.gov.rid

import az.gov.rid.core.ClaimKey
import az.gov.rid.core.ClaimPath
import az.gov.rid.core.CredentialDetails
import az.gov.rid.core.CredentialElement
import az.gov.rid.core.DisclosedElement
import az.gov.rid.core.DisclosedElements
import az.gov.rid.core.DocumentAsk
import az.gov.rid.core.ElementAsk

/** The path of an element of an mdoc. */
public fun elementPath(namespace: String, name: String): ClaimPath = ClaimPath(listOf(ClaimKey.Name(namespace), ClaimKey.Name(name)))

/** Asks for elements of one namespace of a document. The reader keeps none of them. */
public fun documentAsk(kind: String, namespace: String, vararg names: String): DocumentAsk =
    DocumentAsk(kind, names.map { ElementAsk(elementPath(namespace, it)) })

/** The element of this name, if the credential has it. */
public fun CredentialDetails.element(namespace: String, name: String): CredentialElement? =
    elementPath(namespace, name).let { path -> elements.firstOrNull { it.path == path } }

/** The element of this name, if it was disclosed: the issuer's, else the device's. */
public fun DisclosedElements.element(namespace: String, name: String): DisclosedElement? =
    elementPath(namespace, name).let { path -> (issuerSigned + deviceSigned).firstOrNull { it.path == path } }
