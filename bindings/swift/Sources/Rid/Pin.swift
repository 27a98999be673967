import Foundation
import RidCore

/// A PIN as a person typed it: six to twelve digits in memory of its own, overwritten when it was used or let go.
///
/// One object is one use: after the call it holds nothing any more, and a second call is `RidError.badInput` (`pin_form`). The copy that crosses
/// to the library cannot be overwritten on this side; the library overwrites its own. What a text field keeps is the app's affair.
public final class Pin: @unchecked Sendable, CustomStringConvertible, CustomDebugStringConvertible, CustomReflectable {
    private let lock = NSLock()
    private let bytes: UnsafeMutableBufferPointer<UInt8>
    private var count: Int

    /// Takes the digits as ASCII. What is no PIN is refused by the call it is used for.
    public init(_ digits: some Collection<UInt8>) {
        // Whatever is longer than any PIN stays too long.
        let kept = digits.prefix(Self.most)
        bytes = .allocate(capacity: Self.most)
        bytes.initialize(repeating: 0)
        count = kept.count
        for (place, digit) in kept.enumerated() { bytes[place] = digit }
    }

    /// Takes the text of a field. Its copies in memory are the field's and Swift's own: prefer bytes where the keypad is yours.
    public convenience init(_ text: String) {
        self.init(text.utf8)
    }

    deinit {
        wipe()
        bytes.deallocate()
    }

    /// Overwrites the digits.
    public func wipe() {
        lock.withLock {
            bytes.update(repeating: 0)
            count = 0
        }
    }

    public var description: String { "Pin" }
    public var debugDescription: String { "Pin" }
    public var customMirror: Mirror { Mirror(self, children: []) }

    /// Lends the digits without a copy, and overwrites them afterwards, whatever happened.
    func using<T>(_ call: (Data) async throws -> T) async throws -> T {
        defer { wipe() }
        let count = lock.withLock { self.count }
        guard count > 0, let start = bytes.baseAddress else { throw RidError.badInput(code: "pin_form") }
        return try await call(Data(bytesNoCopy: start, count: count, deallocator: .none))
    }

    /// More than the longest PIN.
    private static let most = 32
}
