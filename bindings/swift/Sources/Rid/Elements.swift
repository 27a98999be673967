import RidCore

extension ClaimPath {
    /// The path of an element of an mdoc.
    public init(namespace: String, name: String) {
        self.init(steps: [.name(name: namespace), .name(name: name)])
    }
}

extension DocumentAsk {
    /// Asks for elements of one namespace of a document. The reader keeps none of them.
    public init(kind: String, namespace: String, names: [String]) {
        self.init(kind: kind, elements: names.map { ElementAsk(path: ClaimPath(namespace: namespace, name: $0)) })
    }
}

extension CredentialDetails {
    /// The element of this name, if the credential has it.
    public func element(_ namespace: String, _ name: String) -> CredentialElement? {
        let path = ClaimPath(namespace: namespace, name: name)
        return elements.first { $0.path == path }
    }
}

extension DisclosedElements {
    /// The element of this name, if it was disclosed: the issuer's, else the device's.
    public func element(_ namespace: String, _ name: String) -> DisclosedElement? {
        let path = ClaimPath(namespace: namespace, name: name)
        return (issuerSigned + deviceSigned).first { $0.path == path }
    }
}
