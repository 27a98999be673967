import java.util.Base64
import kotlin.random.Random
import kotlinx.serialization.json.JsonObject
import org.multipaz.cbor.Cbor
import org.multipaz.cbor.DataItem
import org.multipaz.cbor.Simple
import org.multipaz.cbor.buildCborArray
import org.multipaz.crypto.Algorithm
import org.multipaz.crypto.AsymmetricKey
import org.multipaz.crypto.Crypto
import org.multipaz.crypto.EcCurve
import org.multipaz.crypto.EcPrivateKey
import org.multipaz.crypto.EcPublicKey
import org.multipaz.mdoc.connectionmethod.MdocConnectionMethodBle
import org.multipaz.mdoc.engagement.DeviceEngagement
import org.multipaz.mdoc.engagement.buildDeviceEngagement
import org.multipaz.mdoc.role.MdocRole
import org.multipaz.mdoc.sessionencryption.SessionEncryption
import org.multipaz.util.UUID

/** multipaz as reader over the engagement in `qr`. */
class ReaderSession(qr: String, private val root: ByteArray) {
    private val engagement = Base64.getUrlDecoder().decode(qr.removePrefix(SCHEME))
    private lateinit var key: EcPrivateKey
    private lateinit var transcript: DataItem
    private lateinit var session: SessionEncryption

    /** A SessionEstablishment at first, SessionData after it. */
    suspend fun ask(input: JsonObject, reader: AsymmetricKey.X509Compatible): ByteArray {
        if (!::session.isInitialized) {
            key = Crypto.createEcPrivateKey(EcCurve.P256)
            transcript = qrTranscript(engagement, Cbor.encode(key.publicKey.toCoseKey().toDataItem()))
            val device = DeviceEngagement.fromDataItem(item(engagement)).eDeviceKey
            session = SessionEncryption(MdocRole.MDOC_READER, key, device, Cbor.encode(transcript))
        }
        return session.encryptMessage(makeRequest(input, transcript, reader), null)
    }

    /** The verdict on the response in `message`, or only its status. */
    suspend fun take(message: ByteArray): JsonObject {
        val (response, status) = session.decryptMessage(message)
        val verdict = response?.let { verdict(it, transcript, AsymmetricKey.anonymous(key, Algorithm.ECDH_P256), root) }
        return json("verdict" to verdict, "status" to status)
    }

    suspend fun end(): ByteArray = session.encryptMessage(null, TERMINATION)
}

/** multipaz as holder of one credential, who agrees to everything. */
class HolderSession(private val wallet: Wallet, private val credential: String, private val root: ByteArray) {
    private lateinit var key: EcPrivateKey
    private lateinit var readerKey: EcPublicKey
    private lateinit var engagement: ByteArray
    private lateinit var transcript: DataItem
    private lateinit var session: SessionEncryption

    /** The text of the QR code. */
    suspend fun start(): String {
        key = Crypto.createEcPrivateKey(EcCurve.P256)
        val ble = MdocConnectionMethodBle(true, true, UUID.randomUUID(Random), UUID.randomUUID(Random))
        engagement = Cbor.encode(buildDeviceEngagement(key.publicKey) { addConnectionMethod(ble) }.toDataItem())
        return SCHEME + Base64.getUrlEncoder().withoutPadding().encodeToString(engagement)
    }

    /** What the reader asked, and the answer. */
    suspend fun take(message: ByteArray): JsonObject {
        if (!::session.isInitialized) {
            val reader = SessionEncryption.getEReaderKey(message)
            readerKey = reader.publicKey
            transcript = qrTranscript(engagement, reader.encodedCoseKey)
            session = SessionEncryption(MdocRole.MDOC, key, readerKey, Cbor.encode(transcript))
        }
        val (request, status) = session.decryptMessage(message)
        if (request == null) return json("status" to status)
        val asked = judge(request, transcript, root)
        val response = wallet.respond(credential, transcript, readerKey, asked.single().elements.mapValues { it.value.keys.toList() })
        return json("docRequests" to asked.map { it.toJson() }, "message" to session.encryptMessage(response, null), "status" to status)
    }

    suspend fun end(): ByteArray = session.encryptMessage(null, TERMINATION)
}

private const val SCHEME = "mdoc:"
private const val TERMINATION = 20L

private fun qrTranscript(engagement: ByteArray, readerKey: ByteArray): DataItem = buildCborArray {
    addTaggedEncodedCbor(engagement)
    addTaggedEncodedCbor(readerKey)
    add(Simple.NULL)
}
