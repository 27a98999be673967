import Foundation
import Rid
import RidTesting
import Testing

/// A reader's area that signs something else than it is asked to.
private final class ForgingArea: SecureArea {
    private let inner: ReaderArea

    init(_ inner: ReaderArea) { self.inner = inner }

    func sign(key: KeyId, message: Data, prompt: Prompt) async throws -> Data {
        try await inner.sign(key: key, message: message + [1], prompt: prompt)
    }

    func createKeys(count: UInt32, spec: KeySpec) async throws -> [KeyInfo] { throw SecureAreaError.unavailable }
    func agree(key: KeyId, peer: Data, prompt: Prompt) async throws -> Data { throw SecureAreaError.unavailable }
    func derive(key: KeyId, input: Data, prompt: Prompt) async throws -> Data { throw SecureAreaError.unavailable }
    func info(key: KeyId) async throws -> KeyInfo { throw SecureAreaError.notFound }
    func delete(key: KeyId) async throws {}
}

/// What an app shows: text of every element, sentences of every code, and the rare answers of the other side.
@Suite struct SurfaceTests {
    @Test func everyElementHasTextInTheLanguageOfTheMoment() async throws {
        let rig = try Rig()
        defer { rig.remove() }
        let wallet = try await rig.open()
        let ids = try await rig.enrol(wallet, kinds: ["mdl", "pid"]).map(\.id)
        var names: Set<String> = []
        for (locale, yes) in [("az", "Bəli"), ("en-GB", "Yes"), ("ru_RU", "Да")] {
            try wallet.setLocales([locale])
            for id in ids {
                let document = try await wallet.credential(id)
                #expect(document.elements.allSatisfy { !$0.text.reveal().trimmingCharacters(in: .whitespaces).isEmpty })
                guard document.credential.kind == mdl else { continue }
                names.insert(document.credential.name)
                #expect(document.element(mdlSpace, "age_over_18")?.text.reveal() == yes)
                #expect(document.element(mdlSpace, "no_such_element") == nil && document.element("no.such.space", "age_over_18") == nil)
                let privileges = try #require(document.element(mdlSpace, "driving_privileges"))
                #expect(!privileges.text.reveal().contains("vehicle_category_code"), "labels, not names")
            }
        }
        #expect(names.count == 3)
    }

    @Test func aReaderShowsTextAndChangesItsLanguageToo() async throws {
        let rig = try Rig()
        defer { rig.remove() }
        let wallet = try await rig.open()
        try await rig.enrol(wallet, copies: 2)
        let reader = try rig.reader()
        let asked = [DocumentAsk(kind: mdl, namespace: mdlSpace, names: ["age_over_18", "family_name"])]
        for (locale, yes) in [("en", "Yes"), ("az", "Bəli")] {
            try reader.setLocales([locale])
            let met = try await present(wallet, reader, asked) { $0.agree { _, _ in true } }
            let current = try #require(met.verdicts[0].documents[0].current)
            #expect(current.element(mdlSpace, "age_over_18")?.text.reveal() == yes && current.ages.map { $0.text.reveal() } == [yes])
            #expect(current.element(mdlSpace, "given_name") == nil)
        }
    }

    @Test func everyRefusalHasASentenceAndANextStep() {
        let errors: [RidError] = [
            .badInput(code: "pin_wrong"), .cancelled, .expired(code: "credential_unavailable"), .locked, .misuse(code: "busy"),
            .notTrusted(who: "issuer", why: "cert_untrusted"), .offline(retryAfter: nil), .peerRefused(code: "transport_limit"), .signInAgain,
            .storageDamaged(code: "storage_corrupt"), .unsupported(code: "key_unavailable"),
        ]
        for locale in ["az", "en", "ru"] {
            let unknown = describe(code: "no_such_code", locales: [locale])
            for error in errors {
                let said = describe(code: error.code, locales: [locale])
                #expect(said.what.hasSuffix(".") && said.next.hasSuffix(".") && said != unknown, "\(error.code)")
            }
        }
        // As the system's own alerts read an error.
        let error: any Error = RidError.badInput(code: "pin_wrong")
        let said = describe(code: "pin_wrong")
        #expect(error.localizedDescription == said.what && (error as? LocalizedError)?.recoverySuggestion == said.next)
        let codes = ["closed", "input_too_large", "pin_form", "storage_io"]
        for code in codes { #expect(describe(code: code) != describe(code: "no_such_code"), "\(code)") }
    }

    /// A reader whose signature is wrong: the profile blocks it whatever the app allows.
    @Test func aForgedReaderIsBlockedByTheProfile() async throws {
        let rig = try Rig()
        defer { rig.remove() }
        let options = try rig.options(readerPolicy: ReaderPolicy(anonymous: .allow, untrusted: .allow, forged: .allow))
        let wallet = try await rig.open(options: options)
        try await rig.enrol(wallet, copies: 1)
        let forger = ForgingArea(try rig.readerArea())
        let met = try await present(wallet, try rig.reader(forger), [ask("family_name")]) { request in
            #expect(!request.requester.verified && request.documents[0].blocked == "reader_auth_invalid")
            #expect(request.agree { _, _ in true } == nil)
            return request.refuse()
        }
        #expect(met.receipts.map(\.disclosed) == [false])
        #expect(try await wallet.credentials()[0].copiesLeft == 1)
    }

    /// The wallet's code for a document is shown. 0 says nothing, and a wallet of ours gives no other.
    @Test func neg_q08_documentErrorsOfAWalletAreShown() async throws {
        let rig = try Rig()
        defer { rig.remove() }
        let wallet = try await rig.open()
        try await rig.enrol(wallet)
        let asked = [ask("family_name"), DocumentAsk(kind: "org.example.none", namespace: "org.example", names: ["x"])]
        let met = try await present(wallet, try rig.reader(), asked) { $0.agree { _, _ in true } }
        #expect(met.verdicts[0].documentErrors == [DocumentError(kind: "org.example.none", code: 0)])
        #expect(met.verdicts[0].currentNames == [["family_name"]])
    }

    /// Cancelled while the response is made: no message with data is handed out, whatever the area answers afterwards.
    @Test func neg_c38_nothingIsHandedOutAfterACancel() async throws {
        let rig = try Rig()
        defer { rig.remove() }
        let area = WatchedArea(try rig.area())
        let wallet = try await rig.open(area)
        try await rig.enrol(wallet)
        let signing = Later<Bool>()
        area.watch(before: { _, method in
            guard method == "sign" else { return }
            await signing.set(true)
            try await Task.sleep(for: .seconds(30))
        })
        let session = try wallet.present()
        let holder = try Holder(wallet, session) { $0.agree { _, _ in true } }
        async let held = holder.run()
        let reading = try rig.reader().read(qr: await holder.qr.get(), asking: [ask("family_name")])
        async let read = verify(reading, port: holder.port)
        _ = await signing.get()
        session.cancel()
        #expect(try await held == "cancelled")
        #expect(try await read.verdicts.isEmpty, "the reader got no answer")
        #expect(try session.chunks(mtu: mtu).isEmpty)
        #expect(try await wallet.events().last?.outcome == .failed)
    }
}
