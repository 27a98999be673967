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
import kotlinx.coroutines.currentCoroutineContext
import kotlinx.coroutines.job

/**
 * The app's secure area as the core sees it: every throw is a named error (the generated code answers no Kotlin `Error`, and the
 * core would wait for ever), and an answer nobody waits for any more is wiped.
 */
internal class GuardedSecureArea(private val area: SecureArea) : SecureArea {
    private val running: MutableSet<Job> = ConcurrentHashMap.newKeySet()

    @Volatile private var abandoned = false

    /** Cancels the running calls; later ones are not begun. */
    fun abandon() {
        abandoned = true
        for (call in running) call.cancel()
    }

    override suspend fun createKeys(count: UInt, spec: KeySpec): List<KeyInfo> =
        guarded({}) { area.createKeys(count, spec).onEach { checked(it) } }

    override suspend fun sign(key: KeyId, message: ByteArray, prompt: Prompt): ByteArray =
        guarded(::wipe) { area.sign(key, message, prompt) }

    override suspend fun agree(key: KeyId, peer: ByteArray, prompt: Prompt): ByteArray =
        guarded(::wipe) { area.agree(key, peer, prompt) }

    override suspend fun derive(key: KeyId, input: ByteArray, prompt: Prompt): ByteArray =
        guarded(::wipe) { area.derive(key, input, prompt) }

    override suspend fun info(key: KeyId): KeyInfo = guarded({}) { checked(area.info(key)) }

    override suspend fun delete(key: KeyId) = guarded({}) { area.delete(key) }

    private suspend fun <T> guarded(wipe: (T) -> Unit, block: suspend () -> T): T {
        val call = currentCoroutineContext().job
        running += call
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
            wipe(answer)
            throw SecureAreaException.Cancelled()
        }
        return answer
    }

    private fun wipe(answer: ByteArray) = answer.fill(0)

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
