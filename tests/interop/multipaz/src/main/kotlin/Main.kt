// One JSON object a line in, one a line out: {"command": "verify", ...} -> {"ok": true, ...} | {"ok": false, "error"}.
// What each command takes and gives is in tests/interop/README.md.
import java.io.PrintStream
import kotlinx.coroutines.runBlocking
import kotlinx.serialization.json.Json
import kotlinx.serialization.json.JsonObject
import kotlinx.serialization.json.JsonPrimitive
import kotlinx.serialization.json.jsonObject

fun main() {
    // The answer is the only thing on stdout; libraries that chatter do it elsewhere.
    val answers = PrintStream(System.out, true, Charsets.UTF_8)
    System.setOut(System.err)
    val peer = runBlocking { Peer(Certificates.make()) }
    for (line in System.`in`.bufferedReader().lineSequence().filter(String::isNotBlank)) {
        answers.println(runBlocking { peer.answer(line) })
    }
}

/** What is kept between commands: certificates, credentials, sessions. */
class Peer(private val certificates: Certificates) {
    private val wallet = Wallet()
    private val readers = mutableMapOf<String, ReaderSession>()
    private val holders = mutableMapOf<String, HolderSession>()

    suspend fun answer(line: String): JsonObject = try {
        val input = Json.parseToJsonElement(line).jsonObject
        JsonObject(mapOf("ok" to JsonPrimitive(true)) + run(input.text("command"), input))
    } catch (error: Exception) {
        json("ok" to false, "error" to generateSequence<Throwable>(error) { it.cause }.joinToString(": ") { it.message ?: it.toString() })
    }

    private suspend fun run(command: String, input: JsonObject): JsonObject = when (command) {
        "roots" -> json("issuer" to certificates.issuerRoot, "reader" to certificates.readerRoot)
        "key" -> wallet.makeKey(input.flag("mac"))
        "issue" -> issue(input, certificates.documentSigner)
        "keep" -> wallet.keep(input.text("credential"), input.bytes("issuerSigned"))
        "present" -> wallet.present(input)
        "verify" -> verifyResponse(input)
        "request" -> json("deviceRequest" to makeRequest(input, item(input.bytes("transcript")), certificates.reader))
        "judge-request" -> judgeRequest(input)
        "reader-start" -> ReaderSession(input.text("engagement"), input.bytes("root")).let { session ->
            json("session" to readers.add(session), "message" to session.ask(input, certificates.reader))
        }
        "reader-ask" -> json("message" to readers.named(input).ask(input, certificates.reader))
        "reader-take" -> readers.named(input).take(input.bytes("message"))
        "reader-end" -> json("message" to readers.named(input).end())
        "holder-start" -> HolderSession(wallet, input.text("credential"), input.bytes("root")).let { session ->
            json("session" to holders.add(session), "engagement" to session.start())
        }
        "holder-take" -> holders.named(input).take(input.bytes("message"))
        "holder-end" -> json("message" to holders.named(input).end())
        else -> error("unknown command: $command")
    }

    private fun <T> MutableMap<String, T>.add(session: T): String = "session-$size".also { this[it] = session }

    private fun <T> Map<String, T>.named(input: JsonObject): T = getValue(input.text("session"))
}
