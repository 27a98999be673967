// Between JSON and multipaz's types. Byte strings are base64url.
import java.util.Base64
import kotlinx.io.bytestring.ByteString
import kotlinx.serialization.json.JsonArray
import kotlinx.serialization.json.JsonElement
import kotlinx.serialization.json.JsonNull
import kotlinx.serialization.json.JsonObject
import kotlinx.serialization.json.JsonPrimitive
import kotlinx.serialization.json.boolean
import kotlinx.serialization.json.jsonArray
import kotlinx.serialization.json.jsonObject
import kotlinx.serialization.json.jsonPrimitive
import org.multipaz.cbor.Cbor
import org.multipaz.cbor.DataItem
import org.multipaz.crypto.EcPrivateKey
import org.multipaz.crypto.EcPublicKey
import org.multipaz.crypto.X509Cert

fun json(vararg members: Pair<String, Any?>): JsonObject = JsonObject(members.associate { (name, value) -> name to toJson(value) })

private fun toJson(value: Any?): JsonElement = when (value) {
    null -> JsonNull
    is JsonElement -> value
    is Boolean -> JsonPrimitive(value)
    is Number -> JsonPrimitive(value)
    is ByteArray -> JsonPrimitive(Base64.getUrlEncoder().withoutPadding().encodeToString(value))
    is X509Cert -> toJson(value.encoded.toByteArray())
    is List<*> -> JsonArray(value.map(::toJson))
    is Map<*, *> -> JsonObject(value.entries.associate { (name, inner) -> name.toString() to toJson(inner) })
    else -> JsonPrimitive(value.toString())
}

fun JsonElement.bytes(): ByteArray = Base64.getUrlDecoder().decode(jsonPrimitive.content)

fun JsonObject.text(name: String): String = getValue(name).jsonPrimitive.content

fun JsonObject.bytes(name: String): ByteArray = getValue(name).bytes()

fun JsonObject.flag(name: String): Boolean = getValue(name).jsonPrimitive.boolean

fun JsonObject.publicKey(name: String): EcPublicKey? = get(name)?.let { EcPublicKey.fromJwk(it.jsonObject) }

fun JsonObject.privateKey(name: String): EcPrivateKey? = get(name)?.let { EcPrivateKey.fromJwk(it.jsonObject) }

/** `{namespace: [identifier]}`. */
fun JsonObject.elements(): Map<String, List<String>> =
    getValue("elements").jsonObject.mapValues { (_, names) -> names.jsonArray.map { it.jsonPrimitive.content } }

fun certificate(der: ByteArray): X509Cert = X509Cert(ByteString(der))

/** The one item in `bytes`. */
fun item(bytes: ByteArray): DataItem = Cbor.decode(bytes)
