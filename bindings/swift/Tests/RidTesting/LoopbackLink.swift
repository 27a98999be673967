import Foundation
#if canImport(Glibc)
import Glibc
#endif

/// Owns a socket: its number is free for others only when nobody can use this one any more.
public final class Socket: Sendable {
    let number: Int32

    init(_ number: Int32) {
        self.number = number
    }

    deinit {
        if number >= 0 { close(number) }
    }

    /// Wakes whoever waits for it.
    public func stop() {
        shutdown(number, Int32(SHUT_RDWR))
    }
}

/// The link of `spec/link.md`: TCP on loopback, each frame one characteristic write. What an app's radio is.
public final class LoopbackLink: @unchecked Sendable {
    private let owned: Socket
    private let mdoc: Bool
    private let lock = NSLock()
    private var open = true
    private var socket: Int32 { owned.number }

    init(_ owned: Socket, mdoc: Bool) {
        self.owned = owned
        self.mdoc = mdoc
        var one: Int32 = 1
        setsockopt(owned.number, Int32(IPPROTO_TCP), TCP_NODELAY, &one, socklen_t(MemoryLayout<Int32>.size))
    }

    /// A listening socket and its port (0: any).
    public static func listen(port: UInt16 = 0) throws -> (socket: Socket, port: UInt16) {
        let socket = Socket(Glibc.socket(AF_INET, Int32(SOCK_STREAM.rawValue), 0))
        let listening = socket.number
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
        return (socket, UInt16(bigEndian: address.sin_port))
    }

    /// Waits for the one reader.
    public static func accept(_ listening: Socket) throws -> LoopbackLink {
        let accepted = Glibc.accept(listening.number, nil, nil)
        guard accepted >= 0 else { throw Failure("nobody came") }
        return LoopbackLink(Socket(accepted), mdoc: true)
    }

    public static func connect(port: UInt16) throws -> LoopbackLink {
        for _ in 0..<200 {
            let socket = Socket(Glibc.socket(AF_INET, Int32(SOCK_STREAM.rawValue), 0))
            var address = loopback(port)
            let connected = withUnsafePointer(to: &address) {
                $0.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                    Glibc.connect(socket.number, $0, socklen_t(MemoryLayout<sockaddr_in>.size))
                }
            }
            if connected == 0 {
                let link = LoopbackLink(socket, mdoc: false)
                link.frame(1, Data([1]))
                return link
            }
            usleep(20_000)
        }
        throw Failure("nobody listens on \(port)")
    }

    /// Whether the link took all of them.
    public func send(_ chunks: [Data]) -> Bool {
        chunks.allSatisfy { frame(mdoc ? 3 : 2, $0) }
    }

    /// Says the end, and stops.
    public func end() {
        frame(1, Data([2]))
        lock.withLock {
            guard open else { return }
            open = false
            owned.stop()
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

    @discardableResult
    private func frame(_ characteristic: UInt8, _ value: Data) -> Bool {
        let bytes = Data([characteristic, UInt8(value.count >> 8), UInt8(value.count & 255)]) + value
        return lock.withLock {
            open && bytes.withUnsafeBytes { Glibc.send(socket, $0.baseAddress, bytes.count, Int32(MSG_NOSIGNAL)) } == bytes.count
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
