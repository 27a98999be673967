package az.gov.rid

import java.io.DataInputStream
import java.io.DataOutputStream
import java.io.IOException
import java.net.InetAddress
import java.net.InetSocketAddress
import java.net.ServerSocket
import java.net.Socket
import kotlin.concurrent.thread

/** The desktop's stand-in for the radio (spec/link.md): every frame is one characteristic write. The events come on its own thread. */
internal class LoopbackLink(private val socket: Socket, private val mdoc: Boolean) {
    private val output = DataOutputStream(socket.getOutputStream())

    /** Starts listening; after `ended` nothing comes. */
    fun listen(started: () -> Unit, chunk: (ByteArray) -> Unit, ended: () -> Unit) {
        thread(isDaemon = true, name = "link") {
            try {
                val input = DataInputStream(socket.getInputStream().buffered())
                while (true) {
                    val characteristic = input.read()
                    if (characteristic < 0) break
                    val value = ByteArray(input.readUnsignedShort()).also(input::readFully)
                    when {
                        characteristic == STATE && value.contentEquals(START) && mdoc -> started()
                        characteristic == STATE -> break
                        characteristic == (if (mdoc) CLIENT_TO_SERVER else SERVER_TO_CLIENT) -> chunk(value)
                        else -> break
                    }
                }
            } catch (_: IOException) {
                // Gone is an end like another.
            }
            ended()
        }
        if (!mdoc) write(STATE, START)
    }

    /** Whether the link took all of them. */
    fun send(chunks: List<ByteArray>): Boolean =
        try {
            for (chunk in chunks) write(if (mdoc) SERVER_TO_CLIENT else CLIENT_TO_SERVER, chunk)
            true
        } catch (_: IOException) {
            false
        }

    fun end() {
        try {
            write(STATE, END)
            socket.close()
        } catch (_: IOException) {
            // The peer was first.
        }
    }

    private fun write(characteristic: Int, value: ByteArray) {
        val frame = byteArrayOf(characteristic.toByte(), (value.size shr 8).toByte(), value.size.toByte()) + value
        output.write(frame)
        output.flush()
    }

    companion object {
        private const val STATE = 1
        private const val CLIENT_TO_SERVER = 2
        private const val SERVER_TO_CLIENT = 3
        private val START = byteArrayOf(1)
        private val END = byteArrayOf(2)

        fun server(port: Int = 0) =
            ServerSocket().apply {
                reuseAddress = true
                bind(InetSocketAddress(InetAddress.getLoopbackAddress(), port))
            }

        fun connect(port: Int): LoopbackLink {
            val socket = Socket(InetAddress.getLoopbackAddress(), port).apply { tcpNoDelay = true }
            return LoopbackLink(socket, mdoc = false)
        }
    }
}
