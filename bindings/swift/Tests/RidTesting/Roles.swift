import Foundation
import Rid

public let mtu = 185

/// A value that comes later.
public actor Later<Value: Sendable> {
    private var value: Value?
    private var waiting: [CheckedContinuation<Value, Never>] = []

    public init() {}

    /// The first value counts.
    public func set(_ value: Value) {
        guard self.value == nil else { return }
        self.value = value
        for continuation in waiting { continuation.resume(returning: value) }
        waiting = []
    }

    public func get() async -> Value {
        if let value { return value }
        return await withCheckedContinuation { waiting.append($0) }
    }

    public var now: Value? { value }
}

/// A holder's app: the radio and the person round a presentation.
public final class Holder: Sendable {
    public let port: UInt16
    public let qr = Later<String>()
    let wallet: RidWallet
    let session: PresentationSession
    let listening: Socket
    let answer: @Sendable (ConsentRequest) throws -> ConsentAnswer?
    let around: @Sendable (_ done: Bool, _ step: PresentationStep) -> Void
    let unlock: @Sendable () async throws -> Void
    private let link = Later<LoopbackLink>()

    /// `around` each step: before it is done, and after. `unlock`: what the person does when it is locked.
    public init(
        _ wallet: RidWallet, _ session: PresentationSession, port: UInt16 = 0,
        around: @escaping @Sendable (_ done: Bool, _ step: PresentationStep) -> Void = { _, _ in },
        unlock: (@Sendable () async throws -> Void)? = nil,
        answer: @escaping @Sendable (ConsentRequest) throws -> ConsentAnswer?
    ) throws {
        self.wallet = wallet
        self.session = session
        (listening, self.port) = try LoopbackLink.listen(port: port)
        self.answer = answer
        self.around = around
        self.unlock = unlock ?? { try await wallet.unlock() }
    }

    /// Runs to the end and gives its name. After a cancelled run another one goes on.
    public func run() async throws -> String {
        for try await step in session.steps {
            around(false, step)
            if case .closed(let code) = step {
                await link.now?.end()
                listening.stop()
                around(true, step)
                return code
            }
            try await act(step)
            around(true, step)
        }
        return ""
    }

    private func act(_ step: PresentationStep) async throws {
        switch step {
        case .advertise(let text, _, _):
            advertise()
            try session.proceed()
            await qr.set(text)
        case .ask(let request): try session.answer(try answer(request) ?? request.refuse())
        case .send:
            let chunks = try session.chunks(mtu: mtu)
            if await link.now?.send(chunks) != false { try session.proceed() }
        case .unlock:
            try await unlock()
            try session.unlocked()
        case .receipt: try session.proceed()
        case .wait, .closed: break
        }
    }

    private func advertise() {
        let (session, listening, link) = (session, listening, link)
        Thread.detachNewThread {
            guard let radio = try? LoopbackLink.accept(listening) else { return }
            let known = DispatchSemaphore(value: 0)
            Task {
                await link.set(radio)
                known.signal()
            }
            known.wait()
            radio.listen(
                connected: { try? session.connected(mtu: mtu) }, received: { try? session.receivedChunk($0) },
                disconnected: { try? session.disconnected() })
        }
    }
}

/// A verifier's app: asks once, and again for each further ask in the same session.
/// `link` outlives a run that is cancelled, for the next one.
public func verify(
    _ session: ReadingSession, port: UInt16, further: [[DocumentAsk]] = [], link kept: Later<LoopbackLink> = Later()
) async throws -> (verdicts: [Verdict], closed: String) {
    var verdicts: [Verdict] = []
    var link = await kept.now
    for try await step in session.steps {
        switch step {
        case .connect:
            let radio = try LoopbackLink.connect(port: port)
            link = radio
            await kept.set(radio)
            try session.connected(mtu: mtu)
            radio.listen(
                connected: {}, received: { try? session.receivedChunk($0) }, disconnected: { try? session.disconnected() })
        case .send:
            if link?.send(try session.chunks(mtu: mtu)) != false { try session.proceed() }
        case .judged(let verdict):
            verdicts.append(verdict)
            try session.proceed()
            if verdicts.count <= further.count {
                // The link may have ended meanwhile: the next step says so.
                do { try session.ask(further[verdicts.count - 1]) } catch RidError.misuse(code: "session_closed") {}
            } else {
                try session.finish()
            }
        case .wait: break
        case .closed(let code):
            link?.end()
            return (verdicts, code)
        }
    }
    return (verdicts, "")
}

/// Both sides in one process.
public func present(
    _ wallet: RidWallet, _ reader: RidReader, _ asked: [DocumentAsk], further: [[DocumentAsk]] = [],
    answer: @escaping @Sendable (ConsentRequest) throws -> ConsentAnswer?
) async throws -> (holder: String, verdicts: [Verdict], reader: String, receipts: [PresentationReceipt]) {
    let receipts = Receipts()
    let holder = try Holder(
        wallet, try wallet.present(),
        around: { done, step in if done, case .receipt(let receipt) = step { receipts.add(receipt) } }, answer: answer)
    async let closed = holder.run()
    let session = try reader.read(qr: await holder.qr.get(), asking: asked)
    let verified = try await verify(session, port: holder.port, further: further)
    return (try await closed, verified.verdicts, verified.closed, receipts.all)
}

private final class Receipts: @unchecked Sendable {
    private let lock = NSLock()
    private var given: [PresentationReceipt] = []

    var all: [PresentationReceipt] { lock.withLock { given } }

    func add(_ receipt: PresentationReceipt) {
        lock.withLock { given.append(receipt) }
    }
}
