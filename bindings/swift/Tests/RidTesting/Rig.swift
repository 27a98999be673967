import Foundation
import Rid

public let audience = "https://issuer.rid.example"
public let mdl = "org.iso.18013.5.1.mDL"
public let mdlSpace = "org.iso.18013.5.1"
public let pid = "az.gov.rid.pid.1"
public let pidSpace = "org.iso.23220.1"

public struct Failure: Error {
    public let what: String

    public init(_ what: String) {
        self.what = what
    }
}

/// A home folder of `rid` with its test State, and a Swift wallet beside it.
public final class Rig: Sendable {
    public let home: String

    public init(home: String? = nil) throws {
        self.home = home ?? NSTemporaryDirectory() + "rid-swift-" + UUID().uuidString
        try FileManager.default.createDirectory(atPath: self.home, withIntermediateDirectories: true)
        if !FileManager.default.fileExists(atPath: self.home + "/pki/iaca.pem") {
            _ = try rid("issue", "--init")
        }
    }

    public func remove() {
        try? FileManager.default.removeItem(atPath: home)
    }

    public func pem(_ name: String) throws -> Data {
        try Data(contentsOf: URL(fileURLWithPath: home + "/pki/\(name).pem"))
    }

    /// The root of the test State's issuer, for both of its documents.
    public func issuerRoots(_ certificate: Data? = nil) throws -> [IssuerRoot] {
        [IssuerRoot(certificate: try certificate ?? pem("iaca"), credentialTypes: [mdl, pid])]
    }

    public func options(
        deviceAuth: DeviceAuthMethod = .signature, issuerRoots: [IssuerRoot]? = nil, readerRoots: [Data]? = nil,
        readerPolicy: ReaderPolicy = ReaderPolicy(anonymous: .warn, untrusted: .warn, forged: .enforce)
    ) throws -> WalletOptions {
        WalletOptions(
            environment: .test, issuerRoots: try issuerRoots ?? self.issuerRoots(),
            readerRoots: try readerRoots ?? [pem("reader-root")], locales: ["en"], userAuth: .none, deviceAuth: deviceAuth,
            readerPolicy: readerPolicy)
    }

    public var walletFolder: String { home + "/swift-wallet" }

    public func area() throws -> TestArea {
        try TestArea(folder: home + "/swift-keys")
    }

    public func open(_ area: (any SecureArea)? = nil, _ deviceAuth: DeviceAuthMethod = .signature) async throws -> RidWallet {
        try FileManager.default.createDirectory(atPath: walletFolder, withIntermediateDirectories: true)
        return try await RidWallet.open(
            folder: walletFolder, options: try options(deviceAuth: deviceAuth), secureArea: try area ?? self.area())
    }

    public func open(options: WalletOptions) async throws -> RidWallet {
        try FileManager.default.createDirectory(atPath: walletFolder, withIntermediateDirectories: true)
        return try await RidWallet.open(folder: walletFolder, options: options, secureArea: try area())
    }

    /// A home like this one, beside it.
    public func copied() throws -> Rig {
        let other = home + "-" + UUID().uuidString
        try FileManager.default.copyItem(atPath: home, toPath: other)
        return try Rig(home: other)
    }

    /// The key of the test State's registered reader.
    public func readerArea() throws -> ReaderArea {
        try ReaderArea(jwk: String(contentsOfFile: home + "/pki/reader.test-key.jwk", encoding: .utf8))
    }

    /// A reader; `signed`: as the test State's registered one.
    public func reader(
        signed: Bool = true, _ area: (any SecureArea)? = nil, issuerRoots: [IssuerRoot]? = nil
    ) throws -> RidReader {
        let options = ReaderOptions(
            environment: .test, issuerRoots: try issuerRoots ?? self.issuerRoots(), locales: ["en"], key: signed ? "reader" : nil,
            chain: signed ? [try pem("reader")] : [])
        return try RidReader(options: options, secureArea: try area ?? readerArea())
    }

    /// Runs the command-line tool and gives what it printed.
    public func rid(_ command: String, _ arguments: String...) throws -> String {
        let process = try start(command, arguments)
        let said = process.1.fileHandleForReading.readDataToEndOfFile()
        process.0.waitUntilExit()
        let text = String(decoding: said, as: UTF8.self)
        guard process.0.terminationStatus == 0 else { throw Failure("rid \(command): \(text)") }
        return text
    }

    public func start(_ command: String, _ arguments: [String]) throws -> (Process, Pipe) {
        let process = Process()
        guard let tool = ProcessInfo.processInfo.environment["RID_CLI"] else { throw Failure("RID_CLI names no `rid`") }
        process.executableURL = URL(fileURLWithPath: tool)
        process.arguments = [command, "--home", home] + arguments
        let pipe = Pipe()
        process.standardOutput = pipe
        process.standardInput = FileHandle.nullDevice
        try process.run()
        return (process, pipe)
    }

    public func challenge() throws -> Data {
        let text = try rid("issue", "--challenge").trimmingCharacters(in: .whitespacesAndNewlines)
        var bytes = Data()
        var rest = Substring(text)
        while !rest.isEmpty {
            guard let byte = UInt8(rest.prefix(2), radix: 16) else { throw Failure("no challenge") }
            bytes.append(byte)
            rest = rest.dropFirst(2)
        }
        return bytes
    }

    /// The test issuer's answer.
    public func answer(_ message: Data) throws -> Data {
        let name = UUID().uuidString
        let (request, answer) = (home + "/request-" + name, home + "/answer-" + name)
        try message.write(to: URL(fileURLWithPath: request))
        _ = try rid("issue", "--request", request, "--out", answer, "--force")
        return try Data(contentsOf: URL(fileURLWithPath: answer))
    }

    @discardableResult
    public func enrol(_ wallet: RidWallet, copies: Int = 2, kinds: [String] = ["mdl"]) async throws -> [CredentialSummary] {
        let session = try wallet.enrol(kinds: kinds, challenge: try challenge(), audience: audience, copies: copies)
        let enrolment = try await session.next()
        return try await wallet.accept(id: enrolment.id, answer: try answer(enrolment.message))
    }
}

public func path(_ element: String, _ namespace: String = mdlSpace) -> ClaimPath {
    ClaimPath(steps: [.name(name: namespace), .name(name: element)])
}

public func ask(_ elements: String..., kind: String = mdl, namespace: String = mdlSpace) -> DocumentAsk {
    DocumentAsk(kind: kind, elements: elements.map { ElementAsk(path: path($0, namespace), retained: false) })
}

/// A PIN that is none of the weak ones, and others of that kind.
public let pin = "483926"
public let otherPin = "590274"
public let wrongPin = "716203"

extension RidWallet {
    /// What happened, of every row that was not deleted.
    public func events() async throws -> [HistoryEvent] {
        try await history(max: 1_000).compactMap(\.event)
    }
}

extension Verdict {
    /// What an app may rely on: the identifiers of the current elements of each document.
    public var currentNames: [[String]?] { documents.map { $0.current?.issuerSigned.map(\.path.last) } }
}

extension ClaimPath {
    /// The identifier at the end.
    public var last: String {
        if case .name(let name) = steps.last { name } else { "" }
    }
}
