package az.gov.rid

import az.gov.rid.core.DocumentAsk
import az.gov.rid.core.TrustEnvironment
import az.gov.rid.core.Reader
import az.gov.rid.core.RidException
import az.gov.rid.core.ReaderOptions
import az.gov.rid.core.RootWarning
import az.gov.rid.core.SecureArea

/**
 * A verifier's reader: no vault, no documents of its own. Its key, if it has one, is in [secureArea].
 *
 * Every failure is a [RidException] with a code. A verdict that says no is none.
 */
public class RidReader(options: ReaderOptions, secureArea: SecureArea) : AutoCloseable {
    private val core: Reader = Boundary.call { Reader(checked(options), GuardedSecureArea(secureArea)) }

    /** Whose roots are loaded: a test is shown on every screen. */
    public val environment: TrustEnvironment
        get() = Boundary.call { core.environment() }

    /** Certificates among the roots that cannot be read. They are not used; the others are. */
    public val rootWarnings: List<RootWarning>
        get() = Boundary.call { core.rootWarnings() }

    /** The languages of the readings that start from now on (BCP 47), first wanted first. */
    public fun setLocales(locales: List<String>): Unit = Boundary.call { core.setLocales(Boundary.texts(locales)) }

    /** Starts a reading from the text of a QR code. */
    public fun read(qr: String, asked: List<DocumentAsk>): ReadingSession =
        Boundary.call { ReadingSession(core.read(Boundary.text(qr), Boundary.asked(asked))) }

    /** Releases the library's memory. Every later call says [RidException.Misuse] (`closed`). */
    override fun close(): Unit = core.close()

    private companion object {
        fun checked(options: ReaderOptions): ReaderOptions {
            Boundary.texts(options.locales)
            options.key?.let { Boundary.text(it) }
            Boundary.roots(options.issuerRoots)
            Boundary.all(options.chain)
            return options
        }
    }
}
