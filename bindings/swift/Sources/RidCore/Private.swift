// Copied beside the generated source by `bindings/generate`: the types for text and bytes about a person.
import Foundation

/// Text about a person. Nothing prints it: call ``reveal()`` where it is drawn, and nowhere else.
public struct PrivateText: Equatable, Hashable, Sendable, CustomStringConvertible, CustomDebugStringConvertible, CustomReflectable {
    private let text: String

    /// Takes the text.
    public init(_ text: String) {
        self.text = text
    }

    /// The text, for the screen.
    public func reveal() -> String {
        text
    }

    public var description: String { "PrivateText" }
    public var debugDescription: String { "PrivateText" }
    public var customMirror: Mirror { Mirror(self, children: []) }
}

/// Bytes about a person (a portrait). Nothing prints them: call ``reveal()`` where they are drawn, and nowhere else.
public struct PrivateBytes: Equatable, Hashable, Sendable, CustomStringConvertible, CustomDebugStringConvertible, CustomReflectable {
    private let bytes: Data

    /// Takes the bytes.
    public init(_ bytes: Data) {
        self.bytes = bytes
    }

    /// The bytes, for the screen.
    public func reveal() -> Data {
        bytes
    }

    public var description: String { "PrivateBytes" }
    public var debugDescription: String { "PrivateBytes" }
    public var customMirror: Mirror { Mirror(self, children: []) }
}
