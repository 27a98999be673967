package az.gov.rid.core

/**
 * Text about a person. [toString] shows nothing of it, so it cannot slip into a log; [reveal] says it.
 *
 * Two are equal when their contents are.
 */
public class PrivateText(private val text: String) {
    /** The text itself. Show it; do not log it. */
    public fun reveal(): String = text

    override fun equals(other: Any?): Boolean = other is PrivateText && other.text == text

    override fun hashCode(): Int = text.hashCode()

    /** Nothing of the text. */
    override fun toString(): String = "PrivateText"
}

/**
 * Bytes about a person. [toString] shows nothing of them; [reveal] gives a copy.
 *
 * Two are equal when their contents are.
 */
public class PrivateBytes(bytes: ByteArray) {
    private val bytes = bytes.copyOf()

    /** A copy of the bytes. */
    public fun reveal(): ByteArray = bytes.copyOf()

    override fun equals(other: Any?): Boolean = other is PrivateBytes && other.bytes.contentEquals(bytes)

    override fun hashCode(): Int = bytes.contentHashCode()

    /** Nothing of the bytes. */
    override fun toString(): String = "PrivateBytes"
}
