package az.gov.rid

import az.gov.rid.core.CredentialDetails
import az.gov.rid.core.CredentialId
import az.gov.rid.core.CredentialSummary
import az.gov.rid.core.UnlockState
import az.gov.rid.core.TrustEnvironment
import az.gov.rid.core.ExaminationReport
import az.gov.rid.core.HistoryCheck
import az.gov.rid.core.HistoryRow
import az.gov.rid.core.LockState
import az.gov.rid.core.Portrait
import az.gov.rid.core.PrivateText
import az.gov.rid.core.RecoveryResult
import az.gov.rid.core.RepairLoss
import az.gov.rid.core.RootWarning
import az.gov.rid.core.SecureArea
import az.gov.rid.core.Wallet
import az.gov.rid.core.RidException
import az.gov.rid.core.WalletOptions
import az.gov.rid.core.resetWallet
import az.gov.rid.core.wipeWallet
import kotlin.coroutines.cancellation.CancellationException
import kotlinx.coroutines.CoroutineScope
import kotlinx.coroutines.Dispatchers
import kotlinx.coroutines.NonCancellable
import kotlinx.coroutines.async
import kotlinx.coroutines.currentCoroutineContext
import kotlinx.coroutines.ensureActive
import kotlinx.coroutines.withContext

/**
 * One person's wallet in one folder.
 *
 * Methods may be called from any thread; those that suspend leave the caller's thread by themselves. A coroutine may be cancelled
 * at any of them: the wallet stays as usable as it was. Every failure is a [RidException] with a code and no text about a person.
 * Open a folder once in a process, and [close] the wallet when done.
 *
 * **Locking.** Until a PIN is set the device alone opens the wallet ([UnlockState.needsPin]); from then on it opens locked, and everything
 * that shows or changes a document says [RidException.Locked] until one of the unlock methods of [unlockState] was used. A PIN is handed over as a
 * `CharArray` that is overwritten before the call returns; the copy that crosses to the library cannot be overwritten on this side, the
 * library overwrites its own.
 */
public class RidWallet private constructor(private val core: Wallet, private val area: GuardedSecureArea) : AutoCloseable {
    /** Whose roots are loaded: a test is shown on every screen. */
    public val environment: TrustEnvironment
        get() = Boundary.call { core.environment() }

    /** Certificates among the roots that cannot be read. They are not used; the others are. */
    public val rootWarnings: List<RootWarning>
        get() = Boundary.call { core.rootWarnings() }

    /** The languages of all views from now on (BCP 47), first wanted first. A step that was given out keeps its language. */
    public fun setLocales(locales: List<String>): Unit = Boundary.call { core.setLocales(Boundary.texts(locales)) }

    /** Whether personal data can be read. */
    public val lockState: LockState
        get() = Boundary.call { core.lockState() }

    /** Drops the keys of personal data from memory. */
    public fun lock(): Unit = Boundary.call { core.lock() }

    /**
     * Unlocks without a secret: by the device alone while no PIN is set, else by biometrics.
     *
     * @throws RidException.Locked where only PIN or recovery code open it
     * @throws RidException.BadInput `user_auth_required`: the platform let the biometric key be asked without the person
     * @throws RidException.StorageDamaged `key_invalidated` once after biometrics changed: [UnlockState.biometricLost] from then on
     */
    public suspend fun unlock(): Unit = Boundary.await { core.unlock() }

    /** Whether it is locked, by which methods it opens, and how many tries the PIN has left. Needs no unlocking. */
    public suspend fun unlockState(): UnlockState = Boundary.await { core.unlockState() }

    /**
     * Unlocks by PIN, six to twelve digits; [pin] is overwritten. The try is counted before anything is compared, also when the call is
     * cancelled; after five wrong ones each further one has a wait before it; biometrics or the recovery code unlock at once.
     *
     * @throws RidException.BadInput `pin_form`, `pin_wrong`, `pin_wait` ([UnlockState.pinWait] seconds), `pin_not_set`
     */
    public suspend fun unlockWithPin(pin: CharArray): Unit =
        typed(pin) { digits -> uncancellable(area, TRYING) { core.unlockWithPin(digits) } }

    /**
     * Unlocks by the recovery code, as a person types it.
     *
     * @throws RidException.BadInput `backup_code_form`, `backup_wrong_code`, `recovery_not_set`
     */
    public suspend fun unlockWithRecoveryCode(code: PrivateText): Unit =
        uncancellable(area, DERIVING) { core.unlockWithRecoveryCode(checked(code)) }

    /**
     * Sets the first PIN, or a new one after unlocking by biometrics or recovery code; [pin] is overwritten. From then on the device alone
     * does not open it.
     *
     * @throws RidException.BadInput `pin_form`, `pin_weak`; `pin_required` where the wallet was unlocked by the PIN: [changePin]
     */
    public suspend fun setPin(pin: CharArray): Unit = typed(pin) { digits -> uncancellable(area, TRYING) { core.setPin(digits) } }

    /** Changes the PIN; a wrong [old] one counts as a try. Both arrays are overwritten. Errors as of [unlockWithPin] and [setPin]. */
    public suspend fun changePin(old: CharArray, new: CharArray): Unit =
        try {
            typed(new) { next -> typed(old) { digits -> uncancellable(area, TRYING) { core.changePin(digits, next) } } }
        } finally {
            old.fill('\u0000')
        }

    /** Lets biometrics open the wallet, by a key that asks for the person; also replaces one that a change of biometrics made invalid. */
    public suspend fun enableBiometrics(): Unit = uncancellable(area, MAKING) { core.enableBiometrics() }

    /** Biometrics do not open it any more. */
    public suspend fun disableBiometrics(): Unit = uncancellable(area, DERIVING) { core.disableBiometrics() }

    /**
     * Makes a recovery code, to be shown and written down once. Where a PIN is set, [pin] is asked for; it is overwritten. An earlier code
     * stays valid until [confirmRecoveryCode]. The new one cannot be read again: if it is lost, make another.
     *
     * @throws RidException.BadInput `pin_required`; errors of [unlockWithPin]
     */
    public suspend fun makeRecoveryCode(pin: CharArray? = null): PrivateText =
        if (pin == null) uncancellable(area, TRYING) { core.makeRecoveryCode(null) }
        else typed(pin) { digits -> uncancellable(area, TRYING) { core.makeRecoveryCode(digits) } }

    /**
     * Ends the earlier recovery code: the person [typed] the last five characters of the new one (while the app runs and was not locked), or
     * all of it.
     *
     * @throws RidException.BadInput `backup_code_form`, `backup_wrong_code`, `recovery_not_set`
     */
    public suspend fun confirmRecoveryCode(typed: PrivateText): Unit = uncancellable(area, MAKING) { core.confirmRecoveryCode(checked(typed)) }

    /**
     * Imports what the recovery [code] of another wallet opens of its files in [folder], where its device or keys are lost. The documents
     * come from their issuers again: ask each for what [RecoveryResult.toReissue] names.
     */
    public suspend fun recoverFrom(folder: String, code: PrivateText): RecoveryResult =
        Boundary.await { core.recoverFrom(Boundary.text(folder), checked(code)) }

    /**
     * A container for another device, sealed by the recovery [code]: what to ask issuers for again, the history, settings. Never a key or
     * token.
     *
     * @throws RidException.BadInput `backup_code_form`, `backup_wrong_code`, `recovery_not_set`
     */
    public suspend fun exportRecovery(code: PrivateText): ByteArray =
        uncancellable(area, DERIVING) { core.exportRecovery(checked(code)) }

    /**
     * Imports a container, all of it or nothing. The same container adds nothing the second time. The documents come from their issuers again: ask each for
     * what [RecoveryResult.toReissue] names.
     *
     * @throws RidException.BadInput `backup_…`, `input_too_large`
     */
    public suspend fun importRecovery(code: PrivateText, container: ByteArray): RecoveryResult =
        uncancellable(area, DERIVING) { core.importRecovery(checked(code), Boundary.bytes(container)) }

    /**
     * Seals everything under new keys; unlock methods, PIN and code stay. After an interruption it goes on at the next unlocking. Where a row is missing
     * ([isWhole]) it is refused, and changes nothing: a missing row may still be found.
     */
    public suspend fun rotateKeys(): Unit = uncancellable(area, DERIVING) { core.rotateKeys() }

    /**
     * Copies what can be read into a new database, writes the loss into the history and moves the present files aside. For findings of
     * [examine] whose remedy is `REPAIR`.
     */
    public suspend fun repair(): RepairLoss = uncancellable(area, DERIVING) { core.repair() }

    /**
     * Whether no document, copy or entry is missing, too many or of an earlier time. Opens none of them, so an app can ask with every list
     * it shows; if `false`, [examine] says what it is.
     */
    public suspend fun isWhole(): Boolean = Boundary.await { core.isWhole() }

    /** What is wrong with the store, and what can be done. Changes nothing; locked, it sees only the outside. */
    public suspend fun examine(): ExaminationReport = Boundary.await { core.examine() }

    /** All credentials. Decrypts no copy and no portrait. */
    public suspend fun credentials(): List<CredentialSummary> = Boundary.await { core.credentials() }

    /** One credential with its values, all but the portrait. */
    public suspend fun credential(id: CredentialId): CredentialDetails =
        Boundary.await { core.credential(Boundary.text(id)) }

    /** Its portrait, if it has one. */
    public suspend fun portrait(id: CredentialId): Portrait? = Boundary.await { core.portrait(Boundary.text(id)) }

    /** Deletes a credential, its copies and keys; leaves a row in the history. */
    public suspend fun delete(id: CredentialId): Unit = Boundary.await { core.delete(Boundary.text(id)) }

    /** Rows of the history from place [from] on, at most [max], oldest first. */
    public suspend fun history(from: ULong = 0u, max: Int = 100): List<HistoryRow> =
        Boundary.await { core.history(from, Boundary.count(max)) }

    /** Walks the chain of the whole history: whether anything was taken out, put in or altered. */
    public suspend fun checkHistory(): HistoryCheck = Boundary.await { core.checkHistory() }

    /**
     * Deletes what the row at place [seq] says. A tombstone remains in its place.
     *
     * @throws RidException.BadInput `history_unknown`
     */
    public suspend fun deleteHistory(seq: ULong): Unit = Boundary.await { core.deleteHistory(seq) }

    /**
     * The whole history as lines of JSON, each with the hash of the one before (spec/history.md): `rid vault verify-export` says whether they
     * belong together. Personal data: hand it only to the person.
     */
    public suspend fun exportHistory(): PrivateText = Boundary.await { core.exportHistory() }

    /**
     * Starts asking an issuer, whose [challenge] and name ([audience]) these are, for [copies] one-time copies (0: as many as usual)
     * of each of [kinds] (short name or document type).
     */
    public fun enrol(kinds: List<String>, challenge: ByteArray, audience: String, copies: Int = 0): EnrolmentSession =
        Boundary.call {
            val count = Boundary.count(copies)
            EnrolmentSession(core.enrol(Boundary.texts(kinds), count, Boundary.bytes(challenge), Boundary.text(audience)))
        }

    /** Checks an issuer's answer to the enrolment [id] fully and stores it: every credential or none. */
    public suspend fun accept(id: String, answer: ByteArray): List<CredentialSummary> =
        Boundary.await { core.accept(Boundary.text(id), Boundary.bytes(answer)) }

    /** Withdraws the enrolment [id] whose message was given out: its keys are removed, and from then on the issuer's answer is refused. */
    public suspend fun withdraw(id: String): Unit = Boundary.await { core.withdraw(Boundary.text(id)) }

    /** Starts a face-to-face presentation. */
    public fun present(): PresentationSession = Boundary.call { PresentationSession(core.present()) }

    /**
     * Closes the store, so that it can be opened again at once, and then this object. Sessions still open end with named errors.
     */
    public suspend fun closeStore() {
        Boundary.await { core.closeStore() }
        close()
    }

    /**
     * Destroys everything, keys first, then files, and closes this object, whatever the answer. It runs to its end when the coroutine is
     * cancelled; what a process exit or an error interrupted is completed by the next [open] or [wipe] of the folder.
     */
    public suspend fun wipe() {
        currentCoroutineContext().ensureActive()
        try {
            uncancellable(area, emptySet()) { core.wipe() }
        } finally {
            close()
        }
    }

    private fun checked(code: PrivateText): PrivateText = code.also { Boundary.text(it.reveal()) }

    /**
     * Releases the library's memory. Every later call says [RidException.Misuse] (`closed`). The store closes when the last
     * session is closed too; to wait for that, use [closeStore].
     */
    override fun close(): Unit = core.close()

    public companion object {
        /**
         * Opens the wallet in [folder], or makes an empty one; keys are in [secureArea]. A presentation that a process exit
         * interrupted is over: its row in the history, if it used a copy, says `STARTED`, or `UNKNOWN_DELIVERY` when the
         * response had been handed out.
         *
         * When the coroutine is cancelled, so is what [secureArea] is doing, and the folder is free again when this returns.
         * Whatever [secureArea] throws beside `SecureAreaException` counts as `Unavailable`.
         */
        public suspend fun open(folder: String, options: WalletOptions, secureArea: SecureArea): RidWallet {
            Boundary.text(folder)
            checked(options)
            val guarded = GuardedSecureArea(secureArea)
            // Not in the caller's coroutine: where that is cancelled just when the wallet is there, the generated code would lose it, and
            // it would keep the folder for ever.
            val opening = CoroutineScope(Dispatchers.Default).async { Boundary.call { RidWallet(Wallet.open(folder, options, guarded), guarded) } }
            try {
                return opening.await()
            } catch (cancelled: CancellationException) {
                guarded.abandon()
                withContext(NonCancellable) { runCatching { opening.await() }.onSuccess { it.close() } }
                throw cancelled
            }
        }

        /**
         * Destroys the wallet in [folder] and its keys in [secureArea], whether or not it opens. It runs to its end when the coroutine is
         * cancelled.
         *
         * @throws RidException.Misuse while it is open, here or in another process
         */
        public suspend fun wipe(folder: String, secureArea: SecureArea) {
            val guarded = GuardedSecureArea(secureArea)
            uncancellable(guarded, emptySet()) { wipeWallet(Boundary.text(folder), guarded) }
        }

        /**
         * Moves the files of a wallet that nothing opens aside, within [folder]; deletes nothing. The next [open]
         * starts over. Ask the person before: what is moved aside opens only by unlock methods that were lost.
         *
         * @throws RidException.Misuse while it is open, here or in another process
         */
        public suspend fun reset(folder: String): Unit = Boundary.await { resetWallet(Boundary.text(folder)) }

        private val DERIVING = setOf(Method.DERIVE)
        private val MAKING = setOf(Method.CREATE_KEYS, Method.DERIVE)

        /** A PIN is tried or set: on hardware the tries are keys, which are read and made. */
        private val TRYING = MAKING + Method.INFO

        private fun checked(options: WalletOptions): WalletOptions {
            Boundary.texts(options.locales)
            Boundary.roots(options.issuerRoots)
            Boundary.all(options.readerRoots)
            return options
        }
    }
}
