package az.gov.rid

import az.gov.rid.core.KeyId
import az.gov.rid.core.KeyInfo
import az.gov.rid.core.KeySpec
import az.gov.rid.core.LogException
import az.gov.rid.core.LogRecord
import az.gov.rid.core.LogSink
import az.gov.rid.core.Prompt
import az.gov.rid.core.SecureArea
import az.gov.rid.core.SecureAreaException
import java.util.concurrent.ConcurrentHashMap
import kotlin.coroutines.cancellation.CancellationException
import kotlinx.coroutines.Job
import kotlinx.coroutines.NonCancellable
import kotlinx.coroutines.currentCoroutineContext
import kotlinx.coroutines.job
import kotlinx.coroutines.withContext

/** The methods of the port. */
internal enum class Method { CREATE_KEYS, SIGN, AGREE, DERIVE, INFO, DELETE }

/**
 * The app's secure area as the core sees it: every throw is a named error (the generated code answers no Kotlin `Error`, and the
 * core would wait for ever), and an answer that comes after a cancellation is wiped, or deleted where it is keys.
 */
internal class GuardedSecureArea(private val area: SecureArea) : SecureArea {
    private val running = ConcurrentHashMap<Job, Method>()

    @Volatile private var abandoned = false

    /** Cancels the running calls; later ones are not begun. */
    fun abandon() {
        abandoned = true
        interrupt(Method.entries.toSet())
    }

    /** Cancels the running calls of these methods. */
    fun interrupt(methods: Set<Method>) {
        for ((call, method) in running) if (method in methods) call.cancel()
    }

    override suspend fun createKeys(count: UInt, spec: KeySpec): List<KeyInfo> =
        guarded(Method.CREATE_KEYS, ::forget) { area.createKeys(count, spec).onEach { checked(it) } }

    override suspend fun sign(key: KeyId, message: ByteArray, prompt: Prompt): ByteArray =
        guarded(Method.SIGN, ::wipe) { area.sign(key, message, prompt) }

    override suspend fun agree(key: KeyId, peer: ByteArray, prompt: Prompt): ByteArray =
        guarded(Method.AGREE, ::wipe) { area.agree(key, peer, prompt) }

    override suspend fun derive(key: KeyId, input: ByteArray, prompt: Prompt): ByteArray =
        guarded(Method.DERIVE, ::wipe) { area.derive(key, input, prompt) }

    override suspend fun info(key: KeyId): KeyInfo = guarded(Method.INFO, {}) { checked(area.info(key)) }

    override suspend fun delete(key: KeyId) = guarded(Method.DELETE, {}) { area.delete(key) }

    private suspend fun <T> guarded(method: Method, undo: suspend (T) -> Unit, block: suspend () -> T): T {
        val call = currentCoroutineContext().job
        running[call] = method
        val answer =
            try {
                if (abandoned) throw SecureAreaException.Cancelled()
                block()
            } catch (declared: SecureAreaException) {
                throw declared
            } catch (_: CancellationException) {
                throw SecureAreaException.Cancelled()
            } catch (_: Throwable) {
                throw SecureAreaException.Unavailable()
            } finally {
                running -= call
            }
        if (!call.isActive) {
            undo(answer)
            throw SecureAreaException.Cancelled()
        }
        return answer
    }

    /** The library does not know these keys. */
    private suspend fun forget(made: List<KeyInfo>) = withContext(NonCancellable) {
        for (key in made) try { area.delete(key.id) } catch (_: Throwable) { }
    }

    private suspend fun wipe(answer: ByteArray) = answer.fill(0)

    private fun checked(info: KeyInfo): KeyInfo =
        if (isText(info.id) && info.id.length <= MAX_TEXT) info else throw SecureAreaException.Unavailable()
}

/** An app's log that may throw anything without harm. */
internal class GuardedLog(private val take: (LogRecord) -> Unit) : LogSink {
    override fun log(record: LogRecord) {
        try {
            take(record)
        } catch (_: Throwable) {
            throw LogException.Failed()
        }
    }
}
