package az.gov.rid

import java.math.BigInteger
import java.security.AlgorithmParameters
import java.security.KeyFactory
import java.security.interfaces.ECPublicKey
import java.security.spec.ECFieldFp
import java.security.spec.ECGenParameterSpec
import java.security.spec.ECParameterSpec
import java.security.spec.ECPoint
import java.security.spec.ECPublicKeySpec

private const val SIZE = 32

/** The curve's parameters. */
private val curve: ECParameterSpec by lazy {
    AlgorithmParameters.getInstance("EC").run {
        init(ECGenParameterSpec("secp256r1"))
        getParameterSpec(ECParameterSpec::class.java)
    }
}

/** r‖s, 64 bytes, from the DER that `java.security` gives. */
internal fun rawSignature(der: ByteArray): ByteArray {
    // SEQUENCE { INTEGER r, INTEGER s }, each length in one byte for P-256.
    var at = 2
    val raw = ByteArray(2 * SIZE)
    for (half in 0..1) {
        require(der[at].toInt() == 0x02)
        val length = der[at + 1].toInt()
        fixed(BigInteger(der.copyOfRange(at + 2, at + 2 + length))).copyInto(raw, half * SIZE)
        at += 2 + length
    }
    require(at == der.size)
    return raw
}

/** A public key as an uncompressed point, 65 bytes. */
internal fun sec1(key: ECPublicKey): ByteArray = byteArrayOf(4) + fixed(key.w.affineX) + fixed(key.w.affineY)

/** A public key from an uncompressed point; `null` for what is no point of the curve. */
internal fun p256Point(bytes: ByteArray): ECPublicKey? {
    if (bytes.size != 1 + 2 * SIZE || bytes[0].toInt() != 4) return null
    val x = BigInteger(1, bytes.copyOfRange(1, 1 + SIZE))
    val y = BigInteger(1, bytes.copyOfRange(1 + SIZE, bytes.size))
    val p = (curve.curve.field as ECFieldFp).p
    val right = x.pow(3).add(curve.curve.a.multiply(x)).add(curve.curve.b)
    if (x >= p || y >= p || y.pow(2).subtract(right).mod(p).signum() != 0) return null
    return KeyFactory.getInstance("EC").generatePublic(ECPublicKeySpec(ECPoint(x, y), curve)) as ECPublicKey
}

private fun fixed(number: BigInteger): ByteArray {
    val bytes = number.toByteArray()
    val from = maxOf(0, bytes.size - SIZE)
    return ByteArray(SIZE).also { bytes.copyInto(it, SIZE - (bytes.size - from), from) }
}
