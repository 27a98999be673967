package az.gov.rid

import kotlin.coroutines.cancellation.CancellationException
import kotlinx.coroutines.CoroutineScope
import kotlinx.coroutines.Dispatchers
import kotlinx.coroutines.NonCancellable
import kotlinx.coroutines.async
import kotlinx.coroutines.currentCoroutineContext
import kotlinx.coroutines.ensureActive
import kotlinx.coroutines.withContext
import kotlinx.coroutines.withTimeoutOrNull

/**
 * Runs a call that changes unlock methods, keys or files to its end, also when the caller's coroutine is cancelled: dropped half-way it
 * would leave unknown keys in the secure area. Cancellation interrupts what [area] does by [methods], again and again until the call
 * has returned, and is thrown here when it has.
 */
internal suspend fun <T> uncancellable(area: GuardedSecureArea, methods: Set<Method>, block: suspend () -> T): T {
    currentCoroutineContext().ensureActive()
    val running = CoroutineScope(Dispatchers.Default).async { Boundary.call { block() } }
    try {
        return running.await()
    } catch (cancelled: CancellationException) {
        withContext(NonCancellable) {
            while (running.isActive) {
                area.interrupt(methods)
                withTimeoutOrNull(AGAIN_MILLIS) { running.join() }
            }
        }
        throw cancelled
    }
}

/**
 * Hands the digits of [pin] over as bytes; both are overwritten afterwards, whatever happened.
 *
 * @throws az.gov.rid.core.RidException.BadInput `pin_form` where it has anything but the digits 0 to 9
 */
internal suspend fun <T> typed(pin: CharArray, use: suspend (ByteArray) -> T): T {
    val digits = ByteArray(pin.size)
    try {
        for ((place, char) in pin.withIndex()) {
            if (char !in '0'..'9') throw Boundary.badInput("pin_form")
            digits[place] = char.code.toByte()
        }
        return use(Boundary.bytes(digits))
    } finally {
        pin.fill('\u0000')
        digits.fill(0)
    }
}

private const val AGAIN_MILLIS = 2L
