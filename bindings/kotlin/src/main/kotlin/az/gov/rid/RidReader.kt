package az.gov.rid

import az.gov.rid.core.DocumentAsk
import az.gov.rid.core.Environment
import az.gov.rid.core.Reader
import az.gov.rid.core.ReaderException
import az.gov.rid.core.ReaderOptions
import az.gov.rid.core.RootWarning
import az.gov.rid.core.SecureArea

/**
 * A verifier's reader: no vault, no documents of its own. Its key, if it has one, is in [secureArea].
 *
 * Every failure is a [ReaderException] with a code. A verdict that says no is none.
 */
public class RidReader(options: ReaderOptions, secureArea: SecureArea) : AutoCloseable {
    private val core: Reader = ReaderBoundary.call { Reader(checked(options), GuardedSecureArea(secureArea)) }

    /** Whose roots are loaded: a test is shown on every screen. */
    public val environment: Environment
        get() = ReaderBoundary.call { core.environment() }

    /** Certificates among the roots that cannot be read. They are not used; the others are. */
    public val rootWarnings: List<RootWarning>
        get() = ReaderBoundary.call { core.rootWarnings() }

    /** Starts a reading from the text of a QR code. */
    public fun read(qr: String, asked: List<DocumentAsk>): ReadingSession =
        ReaderBoundary.call { ReadingSession(core.read(ReaderBoundary.text(qr), ReaderBoundary.asked(asked))) }

    /** Lets go of the library's memory. Every later call says [ReaderException.Misuse] (`closed`). */
    override fun close(): Unit = core.close()

    private companion object {
        fun checked(options: ReaderOptions): ReaderOptions {
            ReaderBoundary.texts(options.locales)
            options.key?.let { ReaderBoundary.text(it) }
            ReaderBoundary.roots(options.issuerRoots)
            ReaderBoundary.all(options.chain)
            return options
        }
    }
}
