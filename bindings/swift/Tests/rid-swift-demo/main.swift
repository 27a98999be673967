// A Swift wallet or reader as a process of its own, for pairs with other implementations and for tests that kill it:
//   rid-swift-demo wallet HOME PORT QR-FILE     presents to one reader (enrols with `rid` first if it holds nothing)
//   rid-swift-demo reader HOME PORT QR-FILE     asks for the family name
// RID_DIE_AT=n: the process dies before its n-th step is done. Exit code of the reader: 0 accepted, 1 refused, 2 undecided.
import Foundation
import Rid
import RidTesting

let arguments = CommandLine.arguments
guard arguments.count == 5, let port = UInt16(arguments[3]) else {
    print("usage: rid-swift-demo wallet|reader HOME PORT QR-FILE")
    exit(64)
}
let (role, file) = (arguments[1], arguments[4])
let rig = try Rig(home: arguments[2])
let dieAt = ProcessInfo.processInfo.environment["RID_DIE_AT"].flatMap { Int($0) }

if role == "wallet" {
    let wallet = try await rig.open()
    if try await wallet.credentials().isEmpty { try await rig.enrol(wallet, copies: 5) }
    let counter = Counter()
    let holder = try Holder(
        wallet, try wallet.present(), port: port,
        before: { step in
            // Waiting is no step of the walk: how often it is said depends on the clock.
            if case .wait = step { return }
            if counter.next() == dieAt { kill(getpid(), SIGKILL) }
        },
        answer: { try $0.agree { _ in true } })
    async let closed = holder.run()
    let text = await holder.qr.get()
    try text.write(toFile: file, atomically: true, encoding: .utf8)
    print("closed", try await closed)
} else {
    var qr = ""
    for _ in 0..<400 where qr.isEmpty {
        try await Task.sleep(nanoseconds: 25_000_000)
        qr = (try? String(contentsOfFile: file, encoding: .utf8)) ?? ""
    }
    let session = try rig.reader().read(qr: qr.trimmingCharacters(in: .whitespacesAndNewlines), asking: [ask("family_name")])
    let verified = try await verify(session, port: port)
    print("closed", verified.closed)
    switch verified.verdicts.first?.decision {
    case .accepted: exit(0)
    case .refused: exit(1)
    default: exit(2)
    }
}

final class Counter: @unchecked Sendable {
    private let lock = NSLock()
    private var value = 0

    func next() -> Int {
        lock.withLock {
            value += 1
            return value
        }
    }
}
