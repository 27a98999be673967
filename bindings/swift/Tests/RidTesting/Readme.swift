import Foundation
import Rid

/// What the README's app brings: the screen.
public protocol ReadmeScreen: Sendable {
    func showQr(_ text: String)
    func isTicked(_ document: RequestedDocument, _ element: RequestedElement) -> Bool
    /// Asks for a PIN, a finger or a face, and unlocks.
    func unlock(_ wallet: RidWallet) async throws
}

/// What the README's app brings: the radio.
public protocol ReadmeRadio: Sendable {
    var mtu: Int { get }
    func serve(_ service: Data?, _ session: PresentationSession)
    /// Whether the link took the last chunk.
    func write(_ chunks: [Data]) -> Bool
    func stop()
}
