package az.gov.rid

import az.gov.rid.core.KeyId
import az.gov.rid.core.KeyInfo
import az.gov.rid.core.KeySpec
import az.gov.rid.core.KeyUse
import az.gov.rid.core.Prompt
import az.gov.rid.core.SecureArea
import az.gov.rid.core.SecureAreaException
import java.nio.ByteBuffer
import java.nio.channels.FileChannel
import java.nio.file.FileAlreadyExistsException
import java.nio.file.Files
import java.nio.file.NoSuchFileException
import java.nio.file.Path
import java.nio.file.StandardOpenOption.WRITE
import java.security.KeyFactory
import java.security.KeyPairGenerator
import java.security.SecureRandom
import java.security.Signature
import java.security.interfaces.ECPublicKey
import java.security.spec.ECGenParameterSpec
import java.security.spec.PKCS8EncodedKeySpec
import javax.crypto.Cipher
import javax.crypto.KeyAgreement
import javax.crypto.Mac
import javax.crypto.spec.GCMParameterSpec
import javax.crypto.spec.SecretKeySpec

/**
 * Keys in files of [folder], for desktops and tests. **Not hardware, no protection**: each key is sealed under a key in the
 * file `sealing-key.not-hardware` beside it. There is no person to prompt, so a key that asks for one
 * ([az.gov.rid.core.UserAuth]) answers every caller. An app on it offers no biometrics.
 */
public class JvmSecureArea(private val folder: Path) : SecureArea {
    private val random = SecureRandom()
    private val sealing: SecretKeySpec by lazy { SecretKeySpec(sealingKey(), "AES") }

    override suspend fun createKeys(count: UInt, spec: KeySpec): List<KeyInfo> {
        val made = mutableListOf<KeyInfo>()
        try {
            repeat(count.toInt()) { made += make(spec.usage) }
        } catch (thrown: Throwable) {
            for (key in made) Files.deleteIfExists(file(key.id))
            throw thrown
        }
        return made
    }

    override suspend fun sign(key: KeyId, message: ByteArray, prompt: Prompt): ByteArray {
        val signature = Signature.getInstance("SHA256withECDSA")
        signature.initSign(privateKey(usable(key, KeyUse.SIGN)), random)
        signature.update(message)
        return rawSignature(signature.sign())
    }

    override suspend fun agree(key: KeyId, peer: ByteArray, prompt: Prompt): ByteArray {
        val point = p256Point(peer) ?: throw SecureAreaException.Unavailable()
        val agreement = KeyAgreement.getInstance("ECDH")
        agreement.init(privateKey(usable(key, KeyUse.AGREE)))
        agreement.doPhase(point, true)
        return agreement.generateSecret()
    }

    override suspend fun derive(key: KeyId, input: ByteArray, prompt: Prompt): ByteArray {
        val mac = Mac.getInstance("HmacSHA256")
        mac.init(SecretKeySpec(usable(key, KeyUse.DERIVE).secret, "HmacSHA256"))
        return mac.doFinal(input)
    }

    override suspend fun info(key: KeyId): KeyInfo = read(key).info(key)

    override suspend fun delete(key: KeyId) {
        if (key.matches(NAME)) Files.deleteIfExists(file(key))
    }

    private class Stored(val usage: KeyUse, val public: ByteArray, val secret: ByteArray) {
        fun info(id: KeyId) = KeyInfo(id, public, ByteArray(0), false)
    }

    private fun make(usage: KeyUse): KeyInfo {
        val stored =
            if (usage == KeyUse.DERIVE) {
                Stored(usage, ByteArray(0), ByteArray(32).also(random::nextBytes))
            } else {
                val generator = KeyPairGenerator.getInstance("EC")
                generator.initialize(ECGenParameterSpec("secp256r1"), random)
                val pair = generator.generateKeyPair()
                Stored(usage, sec1(pair.public as ECPublicKey), pair.private.encoded)
            }
        val id = ByteArray(16).also(random::nextBytes).joinToString("") { "%02x".format(it) }
        write(file(id), seal(id, stored))
        return stored.info(id)
    }

    /** A signing key also agrees: deviceMac and deviceSignature share the device key. */
    private fun usable(key: KeyId, wanted: KeyUse): Stored {
        val stored = read(key)
        val fits = stored.usage == wanted || (stored.usage == KeyUse.SIGN && wanted == KeyUse.AGREE)
        return if (fits) stored else throw SecureAreaException.Unavailable()
    }

    private fun privateKey(stored: Stored) = KeyFactory.getInstance("EC").generatePrivate(PKCS8EncodedKeySpec(stored.secret))

    private fun read(key: KeyId): Stored {
        if (!key.matches(NAME)) throw SecureAreaException.NotFound()
        val sealed =
            try {
                Files.readAllBytes(file(key))
            } catch (_: NoSuchFileException) {
                throw SecureAreaException.NotFound()
            }
        val plain = ByteBuffer.wrap(cipher(Cipher.DECRYPT_MODE, sealed.copyOf(NONCE), key).doFinal(sealed, NONCE, sealed.size - NONCE))
        val usage = KeyUse.entries[plain.get().toInt()]
        val public = ByteArray(plain.get().toInt()).also { plain.get(it) }
        return Stored(usage, public, ByteArray(plain.remaining()).also { plain.get(it) })
    }

    private fun seal(id: KeyId, stored: Stored): ByteArray {
        val nonce = ByteArray(NONCE).also(random::nextBytes)
        val head = byteArrayOf(stored.usage.ordinal.toByte(), stored.public.size.toByte())
        return nonce + cipher(Cipher.ENCRYPT_MODE, nonce, id).doFinal(head + stored.public + stored.secret)
    }

    private fun cipher(mode: Int, nonce: ByteArray, id: KeyId): Cipher {
        val cipher = Cipher.getInstance("AES/GCM/NoPadding")
        cipher.init(mode, sealing, GCMParameterSpec(128, nonce))
        cipher.updateAAD(id.toByteArray())
        return cipher
    }

    private fun sealingKey(): ByteArray {
        val path = folder.resolve("sealing-key.not-hardware")
        if (!Files.exists(path)) {
            val fresh = ByteArray(32).also(random::nextBytes)
            try {
                write(path, fresh)
            } catch (_: FileAlreadyExistsException) {
                // Another one was first.
            }
        }
        return Files.readAllBytes(path)
    }

    private fun file(key: KeyId): Path = folder.resolve("$key.key")

    /** Writes the whole file or none, also when the process exits meanwhile, and never over another. */
    private fun write(path: Path, bytes: ByteArray) {
        Files.createDirectories(folder)
        val part = Files.createTempFile(folder, "key", ".part")
        try {
            FileChannel.open(part, WRITE).use { channel ->
                val buffer = ByteBuffer.wrap(bytes)
                while (buffer.hasRemaining()) channel.write(buffer)
                channel.force(true)
            }
            // A hard link fails where the name is taken; a move would not.
            Files.createLink(path, part)
        } finally {
            Files.deleteIfExists(part)
        }
    }

    private companion object {
        const val NONCE = 12
        val NAME = Regex("[0-9a-f]{32}")
    }
}
