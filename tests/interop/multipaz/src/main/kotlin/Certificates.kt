import kotlin.time.Clock
import kotlin.time.Duration.Companion.days
import kotlin.time.Instant
import org.multipaz.asn1.ASN1Integer
import org.multipaz.crypto.Algorithm
import org.multipaz.crypto.AsymmetricKey
import org.multipaz.crypto.Crypto
import org.multipaz.crypto.EcCurve
import org.multipaz.crypto.EcPrivateKey
import org.multipaz.crypto.X500Name
import org.multipaz.crypto.X509Cert
import org.multipaz.crypto.X509CertChain
import org.multipaz.mdoc.util.MdocUtil
import org.multipaz.storage.ephemeral.EphemeralStorage
import org.multipaz.trustmanagement.TrustManager
import org.multipaz.trustmanagement.TrustMetadata

/** A key with its certificate. */
typealias Identity = AsymmetricKey.X509CertifiedExplicit

/** Issuer and reader of a made-up country, with certificates of multipaz's making. */
class Certificates private constructor(
    private val issuer: Identity,
    val documentSigner: Identity,
    private val readers: Identity,
    val reader: Identity,
) {
    val issuerRoot: X509Cert get() = issuer.certChain.certificates.single()

    val readerRoot: X509Cert get() = readers.certChain.certificates.single()

    companion object {
        suspend fun make(): Certificates {
            val issuer = certified { key ->
                MdocUtil.generateIacaCertificate(
                    AsymmetricKey.anonymous(key, Algorithm.ES256), name("Multipaz IACA"), serial(), from, until,
                    "https://issuer.example", "https://issuer.example/crl",
                )
            }
            val signer = certified { key ->
                MdocUtil.generateDsCertificate(issuer, key.publicKey, name("Multipaz DS"), serial(), from, until)
            }
            val readers = certified { key ->
                MdocUtil.generateReaderRootCertificate(
                    AsymmetricKey.anonymous(key, Algorithm.ES256), name("Multipaz Reader Root"), serial(), from, until,
                    "https://reader.example/crl",
                )
            }
            val reader = certified { key ->
                MdocUtil.generateReaderCertificate(readers, key.publicKey, name("Multipaz Reader"), null, serial(), from, until, listOf())
            }
            return Certificates(issuer, signer, readers, reader)
        }

        private suspend fun certified(sign: suspend (EcPrivateKey) -> X509Cert): Identity {
            val key = Crypto.createEcPrivateKey(EcCurve.P256)
            // With a plain ES256, whose curve is open, its request builder throws.
            return Identity(X509CertChain(listOf(sign(key))), key, Algorithm.ESP256)
        }

        /** Whole seconds: certificates know no others. */
        private val from: Instant = Instant.fromEpochSeconds(Clock.System.now().epochSeconds) - 1.days
        private val until: Instant = from + 400.days

        private fun name(commonName: String) = X500Name.fromName("CN=$commonName,O=Test,C=AZ")

        private fun serial() = ASN1Integer.fromRandom(128)
    }
}

/** Why `chain` does not lead to the only trusted root; `null` when it does. */
suspend fun untrusted(chain: X509CertChain, root: ByteArray, at: Instant = Clock.System.now()): String? {
    val trust = TrustManager(EphemeralStorage())
    trust.addX509Cert(certificate(root), TrustMetadata())
    val result = trust.verify(chain.certificates, at)
    return if (result.isTrusted) null else result.error?.message ?: "not trusted"
}
