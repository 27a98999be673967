import kotlin.time.Clock
import kotlin.time.Instant
import kotlinx.io.bytestring.ByteString
import kotlinx.serialization.json.JsonObject
import kotlinx.serialization.json.jsonObject
import kotlinx.serialization.json.jsonPrimitive
import org.multipaz.cbor.Bstr
import org.multipaz.cbor.Cbor
import org.multipaz.cbor.DataItem
import org.multipaz.cbor.Tagged
import org.multipaz.cbor.buildCborMap
import org.multipaz.cbor.toDataItem
import org.multipaz.cose.Cose
import org.multipaz.cose.CoseNumberLabel
import org.multipaz.crypto.Algorithm
import org.multipaz.crypto.AsymmetricKey
import org.multipaz.crypto.EcPublicKey
import org.multipaz.document.DocumentStore
import org.multipaz.document.buildDocumentStore
import org.multipaz.mdoc.credential.MdocCredential
import org.multipaz.mdoc.issuersigned.buildIssuerNamespaces
import org.multipaz.mdoc.mso.MobileSecurityObject
import org.multipaz.mdoc.response.DeviceResponse
import org.multipaz.request.MdocRequestedClaim
import org.multipaz.securearea.SecureAreaRepository
import org.multipaz.securearea.software.SoftwareCreateKeySettings
import org.multipaz.securearea.software.SoftwareSecureArea
import org.multipaz.storage.ephemeral.EphemeralStorage

/** IssuerSigned of the elements in `data` (`{namespace: {element: encoded value}}`), bound to `deviceKey`. */
suspend fun issue(input: JsonObject, signer: Identity): JsonObject {
    val namespaces = buildIssuerNamespaces {
        for ((namespace, elements) in input.getValue("data").jsonObject) {
            addNamespace(namespace) {
                for ((name, value) in elements.jsonObject) addDataElement(name, item(value.bytes()))
            }
        }
    }
    val validity = input.getValue("validity").jsonObject
    val mso = MobileSecurityObject(
        version = "1.0",
        docType = input.text("docType"),
        signedAt = Instant.parse(validity.text("signed")),
        validFrom = Instant.parse(validity.text("validFrom")),
        validUntil = Instant.parse(validity.text("validUntil")),
        expectedUpdate = null,
        digestAlgorithm = Algorithm.SHA256,
        valueDigests = namespaces.getValueDigests(Algorithm.SHA256),
        deviceKey = checkNotNull(input.publicKey("deviceKey")),
    )
    val issuerAuth = Cose.coseSign1Sign(
        signer,
        Cbor.encode(Tagged(Tagged.ENCODED_CBOR, Bstr(Cbor.encode(mso.toDataItem())))),
        true,
        mapOf(CoseNumberLabel(Cose.COSE_LABEL_ALG) to Algorithm.ES256.coseAlgorithmIdentifier!!.toDataItem()),
        mapOf(CoseNumberLabel(Cose.COSE_LABEL_X5CHAIN) to signer.certChain.toCoseX5Chain(excludeRoot = true)),
    )
    val issuerSigned = buildCborMap {
        put("nameSpaces", namespaces.toDataItem())
        put("issuerAuth", issuerAuth.toDataItem())
    }
    return json("issuerSigned" to Cbor.encode(issuerSigned))
}

/** Credentials whose keys are in multipaz's software secure area. */
class Wallet {
    private val storage = EphemeralStorage()
    private var opened: Pair<SoftwareSecureArea, DocumentStore>? = null
    private val credentials = mutableMapOf<String, MdocCredential>()

    /** A key for one credential, for signing or for key agreement (`mac`). */
    suspend fun makeKey(mac: Boolean): JsonObject {
        val (area, store) = open()
        val algorithm = if (mac) Algorithm.ECDH_P256 else Algorithm.ESP256
        val settings = SoftwareCreateKeySettings.Builder().setAlgorithm(algorithm).build()
        val credential = MdocCredential.create(store.createDocument(), null, "interop", area, DOC_TYPE, settings)
        val name = "credential-${credentials.size}"
        credentials[name] = credential
        return json("credential" to name, "deviceKey" to area.getKeyInfo(credential.alias).publicKey.toJwk())
    }

    suspend fun keep(credential: String, issuerSigned: ByteArray): JsonObject {
        credentials.getValue(credential).certify(ByteString(issuerSigned))
        return json()
    }

    suspend fun present(input: JsonObject): JsonObject {
        val transcript = item(input.bytes("transcript"))
        val response = respond(input.text("credential"), transcript, input.publicKey("readerKey"), input.elements())
        return json("deviceResponse" to response)
    }

    suspend fun respond(
        credential: String,
        transcript: DataItem,
        readerKey: EcPublicKey?,
        elements: Map<String, List<String>>,
    ): ByteArray {
        val claims = elements.flatMap { (namespace, names) ->
            names.map { MdocRequestedClaim(docType = DOC_TYPE, namespaceName = namespace, dataElementName = it, intentToRetain = false) }
        }
        val response = DeviceResponse.Builder(transcript, DeviceResponse.STATUS_OK, readerKey, "1.0")
        response.addDocument(credentials.getValue(credential), claims)
        return Cbor.encode(response.build().toDataItem())
    }

    private suspend fun open() = opened ?: run {
        val area = SoftwareSecureArea.create(storage)
        val areas = SecureAreaRepository.Builder().add(area).build()
        (area to buildDocumentStore(storage, areas) {}).also { opened = it }
    }
}

/** Every check of multipaz, and its trust manager over the one root. */
suspend fun verifyResponse(input: JsonObject): JsonObject = verdict(
    input.bytes("deviceResponse"),
    item(input.bytes("transcript")),
    input.privateKey("readerKey")?.let { AsymmetricKey.anonymous(it, Algorithm.ECDH_P256) },
    input.bytes("root"),
    input["at"]?.let { Instant.parse(it.jsonPrimitive.content) } ?: Clock.System.now(),
)

suspend fun verdict(
    bytes: ByteArray,
    transcript: DataItem,
    readerKey: AsymmetricKey?,
    root: ByteArray,
    at: Instant = Clock.System.now(),
): JsonObject {
    val response = DeviceResponse.fromDataItem(item(bytes))
    response.verify(transcript, readerKey, atTime = at)
    val documents = response.documents.map { document ->
        untrusted(document.issuerCertChain, root, at)?.let { error("issuer: $it") }
        val elements = document.issuerNamespaces.data.mapValues { (_, items) ->
            items.mapValues { (_, signed) -> Cbor.encode(signed.dataElementValue) }
        }
        json("docType" to document.docType, "elements" to elements, "errors" to document.errors)
    }
    return json("status" to response.status, "documents" to documents)
}

const val DOC_TYPE = "org.iso.18013.5.1.mDL"
