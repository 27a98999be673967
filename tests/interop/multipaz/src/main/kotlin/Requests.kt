import kotlinx.serialization.json.JsonObject
import org.multipaz.cbor.Cbor
import org.multipaz.cbor.DataItem
import org.multipaz.cose.Cose
import org.multipaz.cose.CoseNumberLabel
import org.multipaz.crypto.AsymmetricKey
import org.multipaz.crypto.SignatureVerificationException
import org.multipaz.mdoc.request.DeviceRequest

/** A DeviceRequest for one mDL; `authentication` is `none`, `each` (readerAuth) or `all` (also readerAuthAll, version 1.1). */
suspend fun makeRequest(input: JsonObject, transcript: DataItem, reader: AsymmetricKey.X509Compatible): ByteArray {
    val elements = input.elements().mapValues { (_, names) -> names.associateWith { false } }
    val request = DeviceRequest.Builder(transcript)
    val authentication = input.text("authentication")
    if (authentication == "none") {
        request.addDocRequest(DOC_TYPE, elements, null)
    } else {
        request.addDocRequest(DOC_TYPE, elements, null, reader)
        if (authentication == "all") request.addReaderAuthAll(reader)
    }
    return Cbor.encode(request.build().toDataItem())
}

/** What is asked for, and by whom as far as multipaz can tell. */
suspend fun judgeRequest(input: JsonObject): JsonObject =
    json("docRequests" to judge(input.bytes("deviceRequest"), item(input.bytes("transcript")), input.bytes("root")).map { it.toJson() })

class Asked(val docType: String, val elements: Map<String, Map<String, Boolean>>, private val reader: String?, private val untrusted: String?) {
    fun toJson() = json("docType" to docType, "elements" to elements, "reader" to reader, "untrusted" to untrusted)
}

/** Throws where a readerAuth does not hold. */
suspend fun judge(bytes: ByteArray, transcript: DataItem, root: ByteArray): List<Asked> {
    val request = DeviceRequest.fromDataItem(item(bytes))
    request.verifyReaderAuthentication(transcript)
    return request.docRequests.map { asked ->
        val chain = asked.readerAuth?.unprotectedHeaders?.get(CoseNumberLabel(Cose.COSE_LABEL_X5CHAIN))?.asX509CertChain
        val name = chain?.certificates?.first()?.subject?.name
        Asked(asked.docType, asked.nameSpaces, name, chain?.let { untrusted(it, root) })
    }
}
