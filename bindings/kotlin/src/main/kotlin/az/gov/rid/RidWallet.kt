package az.gov.rid

import az.gov.rid.core.CredentialDetail
import az.gov.rid.core.CredentialId
import az.gov.rid.core.CredentialView
import az.gov.rid.core.Environment
import az.gov.rid.core.HistoryView
import az.gov.rid.core.LockState
import az.gov.rid.core.PortraitView
import az.gov.rid.core.SecureArea
import az.gov.rid.core.Wallet
import az.gov.rid.core.WalletException
import az.gov.rid.core.WalletOptions
import kotlin.coroutines.cancellation.CancellationException
import kotlinx.coroutines.CoroutineScope
import kotlinx.coroutines.Dispatchers
import kotlinx.coroutines.NonCancellable
import kotlinx.coroutines.async
import kotlinx.coroutines.withContext

/**
 * One person's wallet in one folder.
 *
 * Methods may be called from any thread; those that suspend leave the caller's thread by themselves. A coroutine may be cancelled
 * at any of them: the wallet stays as usable as it was. Every failure is a [WalletException] with a code and no text about a person.
 * Open a folder once in a process, and [close] the wallet when done.
 */
public class RidWallet private constructor(private val core: Wallet) : AutoCloseable {
    /** Whose roots are loaded: a test is shown on every screen. */
    public val environment: Environment
        get() = WalletRim.call { core.environment() }

    /** Whether personal data can be read. */
    public val lockState: LockState
        get() = WalletRim.call { core.lockState() }

    /** Drops the keys of personal data from memory. */
    public fun lock(): Unit = WalletRim.call { core.lock() }

    /** Brings them back through the secure area. */
    public suspend fun unlock(): Unit = WalletRim.await { core.unlock() }

    /** All credentials. Decrypts no copy and no portrait. */
    public suspend fun credentials(): List<CredentialView> = WalletRim.await { core.credentials() }

    /** One credential with its values, all but the portrait. */
    public suspend fun credential(id: CredentialId): CredentialDetail =
        WalletRim.await { core.credential(WalletRim.text(id)) }

    /** Its portrait, if it has one. */
    public suspend fun portrait(id: CredentialId): PortraitView? = WalletRim.await { core.portrait(WalletRim.text(id)) }

    /** Deletes a credential, its copies and keys; leaves a row in the history. */
    public suspend fun delete(id: CredentialId): Unit = WalletRim.await { core.delete(WalletRim.text(id)) }

    /** Rows of the history from place [from] on, at most [max], oldest first. */
    public suspend fun history(from: ULong = 0u, max: UInt = 100u): List<HistoryView> =
        WalletRim.await { core.history(from, max) }

    /**
     * Starts asking an issuer, whose [challenge] and name ([audience]) these are, for [copies] one-time copies (0: as many as usual)
     * of each of [kinds] (short name or document type).
     */
    public fun enrol(kinds: List<String>, challenge: ByteArray, audience: String, copies: UInt = 0u): EnrolmentSession =
        WalletRim.call {
            val rim = WalletRim
            EnrolmentSession(core.enrol(rim.texts(kinds), copies, rim.bytes(challenge), rim.text(audience)))
        }

    /** Checks an issuer's answer to the enrolment [id] fully and stores it: every credential or none. */
    public suspend fun accept(id: String, answer: ByteArray): List<CredentialView> =
        WalletRim.await { core.accept(WalletRim.text(id), WalletRim.bytes(answer)) }

    /** Starts a face-to-face presentation. */
    public fun present(): PresentationSession = WalletRim.call { PresentationSession(core.present()) }

    /**
     * Closes the store, so that it can be opened again at once, and then this object. Sessions still open end with named errors.
     */
    public suspend fun closeStore() {
        WalletRim.await { core.closeStore() }
        close()
    }

    /**
     * Lets go of the library's memory. Every later call says [WalletException.Misuse] (`closed`). The store closes when the last
     * session is closed too; to wait for that, use [closeStore].
     */
    override fun close(): Unit = core.close()

    public companion object {
        /**
         * Opens the wallet in [folder], or makes an empty one; keys are in [secureArea]. A presentation cut off by the death of the
         * process is over: its row in the history, if it used a copy, says `STARTED`.
         *
         * When the coroutine is cancelled, so is what [secureArea] is doing, and the folder is free again when this returns.
         * Whatever [secureArea] throws beside `SecureAreaException` counts as `Unavailable`.
         */
        public suspend fun open(folder: String, options: WalletOptions, secureArea: SecureArea): RidWallet {
            val rim = WalletRim
            rim.text(folder)
            checked(options)
            val guarded = GuardedSecureArea(secureArea)
            // Not in the caller's coroutine: where that is cancelled just when the wallet is there, the generated code would lose it, and
            // it would keep the folder for ever.
            val opening = CoroutineScope(Dispatchers.Default).async { rim.call { RidWallet(Wallet.open(folder, options, guarded)) } }
            try {
                return opening.await()
            } catch (cancelled: CancellationException) {
                guarded.abandon()
                withContext(NonCancellable) { runCatching { opening.await() }.onSuccess { it.close() } }
                throw cancelled
            }
        }

        private fun checked(options: WalletOptions): WalletOptions {
            WalletRim.texts(options.locales)
            WalletRim.all(options.issuerRoots)
            WalletRim.all(options.readerRoots)
            return options
        }
    }
}
