import Foundation
#if canImport(Glibc)
import Glibc
#endif

/// The link of `spec/link.md`: TCP on loopback, each frame one characteristic write. What an app's radio is.
public final class LoopbackLink: @unchecked Sendable {
    private let socket: Int32
    private let mdoc: Bool
    private let lock = NSLock()
    private var open = true

    init(socket: Int32, mdoc: Bool) {
        self.socket = socket
        self.mdoc = mdoc
        var one: Int32 = 1
        setsockopt(socket, Int32(IPPROTO_TCP), TCP_NODELAY, &one, socklen_t(MemoryLayout<Int32>.size))
    }

    deinit {
        if open { close(socket) }
    }

    /// A listening socket and its port (0: any).
    public static func listen(port: UInt16 = 0) throws -> (socket: Int32, port: UInt16) {
        let listening = Glibc.socket(AF_INET, Int32(SOCK_STREAM.rawValue), 0)
        var one: Int32 = 1
        setsockopt(listening, SOL_SOCKET, SO_REUSEADDR, &one, socklen_t(MemoryLayout<Int32>.size))
        var address = loopback(port)
        let size = socklen_t(MemoryLayout<sockaddr_in>.size)
        let bound = withUnsafePointer(to: &address) {
            $0.withMemoryRebound(to: sockaddr.self, capacity: 1) { bind(listening, $0, size) }
        }
        guard bound == 0, Glibc.listen(listening, 1) == 0 else { throw Failure("no socket") }
        var length = size
        _ = withUnsafeMutablePointer(to: &address) {
            $0.withMemoryRebound(to: sockaddr.self, capacity: 1) { getsockname(listening, $0, &length) }
        }
        return (listening, UInt16(bigEndian: address.sin_port))
    }

    /// Waits for the one reader.
    public static func accept(_ listening: Int32) throws -> LoopbackLink {
        let accepted = Glibc.accept(listening, nil, nil)
        guard accepted >= 0 else { throw Failure("nobody came") }
        return LoopbackLink(socket: accepted, mdoc: true)
    }

    public static func connect(port: UInt16) throws -> LoopbackLink {
        for _ in 0..<200 {
            let socket = Glibc.socket(AF_INET, Int32(SOCK_STREAM.rawValue), 0)
            var address = loopback(port)
            let connected = withUnsafePointer(to: &address) {
                $0.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                    Glibc.connect(socket, $0, socklen_t(MemoryLayout<sockaddr_in>.size))
                }
            }
            if connected == 0 {
                let link = LoopbackLink(socket: socket, mdoc: false)
                link.frame(1, Data([1]))
                return link
            }
            close(socket)
            usleep(20_000)
        }
        throw Failure("nobody listens on \(port)")
    }

    public func send(_ chunks: [Data]) {
        for chunk in chunks { frame(mdoc ? 3 : 2, chunk) }
    }

    /// Says the end, and closes.
    public func end() {
        frame(1, Data([2]))
        lock.withLock {
            guard open else { return }
            open = false
            shutdown(socket, Int32(SHUT_RDWR))
            close(socket)
        }
    }

    /// Hands over what comes, on a thread of its own, until the end.
    public func listen(
        connected: @escaping @Sendable () -> Void, received: @escaping @Sendable (Data) -> Void,
        disconnected: @escaping @Sendable () -> Void
    ) {
        Thread.detachNewThread {
            while let head = self.read(3), let value = self.read(Int(head[1]) << 8 | Int(head[2])) {
                if head[0] == 1, value.first == 1 {
                    connected()
                } else if head[0] == 1 {
                    break
                } else {
                    received(value)
                }
            }
            disconnected()
        }
    }

    private func frame(_ characteristic: UInt8, _ value: Data) {
        let bytes = Data([characteristic, UInt8(value.count >> 8), UInt8(value.count & 255)]) + value
        lock.withLock {
            guard open else { return }
            _ = bytes.withUnsafeBytes { Glibc.send(socket, $0.baseAddress, bytes.count, Int32(MSG_NOSIGNAL)) }
        }
    }

    private func read(_ count: Int) -> Data? {
        var data = Data()
        var buffer = [UInt8](repeating: 0, count: max(count, 1))
        while data.count < count {
            let got = recv(socket, &buffer, count - data.count, 0)
            if got <= 0 { return nil }
            data.append(contentsOf: buffer[0..<got])
        }
        return data
    }

    private static func loopback(_ port: UInt16) -> sockaddr_in {
        var address = sockaddr_in()
        address.sin_family = sa_family_t(AF_INET)
        address.sin_port = port.bigEndian
        address.sin_addr.s_addr = UInt32(0x7f00_0001).bigEndian
        return address
    }
}
