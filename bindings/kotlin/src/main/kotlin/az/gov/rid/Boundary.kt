package az.gov.rid

import az.gov.rid.core.ClaimKey
import az.gov.rid.core.DocumentAsk
import az.gov.rid.core.IssuerRoot
import az.gov.rid.core.RidException
import az.gov.rid.core.SecureAreaException
import az.gov.rid.core.uniffiRustFutureContinuationCallbackImpl
import com.sun.jna.CallbackThreadInitializer
import com.sun.jna.Native
import kotlin.coroutines.cancellation.CancellationException
import kotlinx.coroutines.Dispatchers
import kotlinx.coroutines.withContext

/** Most bytes handed in at once: 5 MiB, the limit for what comes from an issuer. */
internal const val MAX_BYTES: Int = 5 * 1024 * 1024

/** Longest text handed in. A root or a QR code is far shorter. */
internal const val MAX_TEXT: Int = 1024 * 1024

/** The codes of a call that came too late: the session ended while its step was being done. */
internal val LATE: Set<String> = setOf("not_asked", "session_closed")

/**
 * The layer between the app and the generated code: every failure gets a code of [RidException], and input that the generated code
 * cannot take is refused before.
 */
internal object Boundary {
    init {
        // The library's own thread (of the store) wakes a coroutine at each answer: it is attached to the JVM once, not each time.
        Native.setCallbackThreadInitializer(uniffiRustFutureContinuationCallbackImpl, CallbackThreadInitializer(true, false, "rid"))
    }

    fun badInput(code: String): RidException = RidException.BadInput(code)

    private fun misuse(code: String): RidException = RidException.Misuse(code)

    private fun bug(code: String): RidException = RidException.Bug(code)

    inline fun <T> call(block: () -> T): T =
        try {
            block()
        } catch (thrown: Throwable) {
            throw named(thrown)
        }

    /** A Rust future is polled on the thread that awaits it, so never on the app's. */
    suspend fun <T> await(block: suspend () -> T): T = withContext(Dispatchers.Default) { call { block() } }

    /** As [call], for the radio and for timers: what they report after the object was closed does nothing. */
    inline fun event(block: () -> Unit): Unit =
        try {
            block()
        } catch (_: IllegalStateException) {
            // Closed before.
        } catch (thrown: Throwable) {
            throw named(thrown)
        }

    /** Interrupts a running call, then releases the object; twice is harmless. */
    inline fun closing(cancel: () -> Unit, close: () -> Unit) {
        try {
            cancel()
        } catch (_: IllegalStateException) {
            // Closed before.
        }
        close()
    }

    fun named(thrown: Throwable): Throwable =
        when (thrown) {
            is RidException, is SecureAreaException, is CancellationException, is Error -> thrown
            // The generated classes say so of an object that was closed.
            is IllegalStateException -> misuse("closed")
            else -> bug("internal")
        }

    /** A text as UTF-8 can say it: the generated code throws at half a surrogate pair. */
    fun text(text: String): String {
        if (text.length > MAX_TEXT) throw badInput("input_too_large")
        if (!isText(text)) throw badInput("text_invalid")
        return text
    }

    /** Less than nothing is nothing. */
    fun count(count: Int): UInt = count.coerceAtLeast(0).toUInt()

    fun texts(texts: List<String>): List<String> = texts.map { text(it) }

    fun bytes(bytes: ByteArray): ByteArray = if (bytes.size > MAX_BYTES) throw badInput("input_too_large") else bytes

    fun all(bytes: List<ByteArray>): List<ByteArray> = bytes.map { bytes(it) }

    fun roots(roots: List<IssuerRoot>) {
        for (root in roots) {
            bytes(root.certificate)
            texts(root.credentialTypes)
        }
    }

    fun path(steps: List<ClaimKey>) {
        for (step in steps) if (step is ClaimKey.Name) text(step.name)
    }

    fun asked(asked: List<DocumentAsk>): List<DocumentAsk> {
        for (document in asked) {
            text(document.kind)
            for (element in document.elements) path(element.path.steps)
        }
        return asked
    }
}

internal fun isText(text: String): Boolean {
    var at = 0
    while (at < text.length) {
        val char = text[at]
        val pair = char.isHighSurrogate() && at + 1 < text.length && text[at + 1].isLowSurrogate()
        if (char.isSurrogate() && !pair) return false
        at += if (pair) 2 else 1
    }
    return true
}
