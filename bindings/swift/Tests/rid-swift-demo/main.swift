// A Swift wallet or reader as a process of its own, for pairs with other implementations and for tests that kill it:
//   rid-swift-demo enrol  HOME                  enrols at the test issuer of HOME
//   rid-swift-demo keep   HOME                  does everything a person does with the store itself, and wipes it
//   rid-swift-demo wallet HOME PORT QR-FILE     presents to one reader (enrols first if it holds nothing); PORT 0: any, and says which
//   rid-swift-demo reader HOME PORT QR-FILE     asks for the family name
// RID_PIN: it is locked by that PIN, and a wallet refuses every request from the third on.
// RID_DIE_AT=n: the process dies at the n-th point of its walk. Exit code of the reader: 0 accepted, 1 refused, 2 undecided.
import Foundation
import Rid
import RidTesting

let arguments = CommandLine.arguments
let usage = "usage: rid-swift-demo enrol HOME | keep HOME | wallet HOME PORT QR-FILE | reader HOME PORT QR-FILE"
switch (arguments.dropFirst().first, arguments.count) {
case ("enrol", 3): exit(try await enrol(Rig(home: arguments[2])))
case ("keep", 3): exit(try await keep(Rig(home: arguments[2])))
case ("wallet", 5): exit(try await wallet(Rig(home: arguments[2]), UInt16(arguments[3]) ?? 0, arguments[4]))
case ("reader", 5): exit(try await reader(Rig(home: arguments[2]), UInt16(arguments[3]) ?? 0, arguments[4]))
default:
    say(usage)
    exit(64)
}

func say(_ line: String) {
    FileHandle.standardOutput.write(Data((line + "\n").utf8))
}

/// Counts the points of a walk, and ends the process at one of them without a word to anybody.
final class Death: @unchecked Sendable {
    static let shared = Death()
    private let lock = NSLock()
    private let at = ProcessInfo.processInfo.environment["RID_DIE_AT"].flatMap { Int($0) }
    private var now = 0
    private var waited = false

    func point(_ name: String) {
        lock.withLock {
            now += 1
            guard now == at else { return }
            say("died at \(now): \(name)")
            kill(getpid(), SIGKILL)
            // It takes a moment; nothing more may happen.
            while true { sleep(1) }
        }
    }

    func step(_ step: PresentationStep, _ done: Bool) {
        if case .wait = step {
            // How often it waits is the other side's affair: the first time counts.
            let again = lock.withLock { () -> Bool in
                defer { if done { waited = true } }
                return waited
            }
            if again { return }
        }
        point("\(done ? "after" : "before") \(String(describing: step).prefix { $0 != "(" })")
    }
}

func area(_ rig: Rig) throws -> WatchedArea {
    let area = WatchedArea(try rig.area())
    area.watch(
        before: { _, method in Death.shared.point("before \(method)") },
        after: { _, method in Death.shared.point("after \(method)") })
    return area
}

/// The PIN that locks it.
func locking() -> String? {
    ProcessInfo.processInfo.environment["RID_PIN"]
}

/// Unlocked by PIN where there is one.
func opened(_ rig: Rig) async throws -> RidWallet {
    let wallet = try await rig.open(try area(rig))
    Death.shared.point("opened")
    if let digits = locking(), try wallet.lockState == .locked {
        try await wallet.unlock(pin: Pin(digits))
        Death.shared.point("unlocked")
    }
    return wallet
}

func enrol(_ rig: Rig) async throws -> Int32 {
    let wallet = try await opened(rig)
    if let digits = locking() {
        try await wallet.setPin(Pin(digits))
        Death.shared.point("PIN set")
        try wallet.lock()
        try await wallet.unlock(pin: Pin(digits))
        Death.shared.point("unlocked")
    }
    let session = try wallet.enrol(kinds: ["mdl"], challenge: try rig.challenge(), audience: audience, copies: 2)
    let enrolment = try await session.next()
    Death.shared.point("enrolment made")
    try enrolment.id.write(toFile: rig.home + "/enrolment-id", atomically: true, encoding: .utf8)
    let answer = try rig.answer(enrolment.message)
    try answer.write(to: URL(fileURLWithPath: rig.home + "/answer"), options: .atomic)
    Death.shared.point("answer came")
    let id = try await wallet.accept(id: enrolment.id, answer: answer)[0].id
    Death.shared.point("accepted")
    let shown = try await wallet.credential(id).elements.count
    guard try await wallet.credentials().map(\.id) == [id], shown > 0, try await wallet.portrait(id) != nil else { return 1 }
    Death.shared.point("shown")
    try await wallet.closeStore()
    Death.shared.point("closed store")
    return 0
}

func wallet(_ rig: Rig, _ port: UInt16, _ file: String) async throws -> Int32 {
    let wallet = try await opened(rig)
    if try await wallet.credentials().isEmpty { try await rig.enrol(wallet, copies: 5) }
    let digits = locking()
    // Locked again: the session asks for the PIN in between.
    if digits != nil { try wallet.lock() }
    let asked = Counter()
    let holder = try Holder(
        wallet, try wallet.present(), port: port, around: { done, step in Death.shared.step(step, done) },
        unlock: { if let digits { try await wallet.unlock(pin: Pin(digits)) } else { try await wallet.unlock() } },
        answer: { digits != nil && asked.next() > 2 ? $0.refuse() : $0.agree { _, _ in true } })
    say("port \(holder.port)")
    async let closed = holder.run()
    let text = await holder.qr.get()
    try text.write(toFile: file, atomically: true, encoding: .utf8)
    let code = try await closed
    try await wallet.closeStore()
    Death.shared.point("closed store")
    say("closed \(code)")
    return 0
}

/// Everything a person does with the store itself, on a wallet with a PIN and one credential.
func keep(_ rig: Rig) async throws -> Int32 {
    let wallet = try await opened(rig)
    try await wallet.changePin(old: Pin(pin), new: Pin(otherPin))
    Death.shared.point("PIN changed")
    try await wallet.enableBiometrics()
    Death.shared.point("biometrics")
    _ = try await wallet.exportHistory()
    Death.shared.point("exported")
    try await wallet.deleteHistory(try await wallet.history()[0].seq)
    Death.shared.point("row deleted")
    try await wallet.rotateKeys()
    Death.shared.point("keys turned")
    try await wallet.delete(try await wallet.credentials()[0].id)
    Death.shared.point("credential deleted")
    // Late, for each point before pays for none of it: a code is stretched on purpose.
    let code = try await wallet.makeRecoveryCode(pin: Pin(otherPin))
    try await wallet.confirmRecoveryCode(code)
    Death.shared.point("code")
    let container = try await wallet.exportRecovery(code: code)
    Death.shared.point("container")
    _ = try await wallet.importRecovery(code: code, container: container)
    Death.shared.point("taken in")
    try await wallet.wipe()
    Death.shared.point("wiped")
    return 0
}

/// Counts from 1.
final class Counter: @unchecked Sendable {
    private let lock = NSLock()
    private var count = 0

    func next() -> Int {
        lock.withLock {
            count += 1
            return count
        }
    }
}

func reader(_ rig: Rig, _ port: UInt16, _ file: String) async throws -> Int32 {
    var qr = ""
    for _ in 0..<400 where qr.isEmpty {
        try await Task.sleep(nanoseconds: 25_000_000)
        qr = (try? String(contentsOfFile: file, encoding: .utf8)) ?? ""
    }
    let asked = [ask("family_name")]
    let session = try rig.reader().read(qr: qr.trimmingCharacters(in: .whitespacesAndNewlines), asking: asked)
    let verified = try await verify(session, port: port)
    say("closed \(verified.closed)")
    switch verified.verdicts.first?.decision {
    case .accepted: return 0
    case .refused: return 1
    default: return 2
    }
}
