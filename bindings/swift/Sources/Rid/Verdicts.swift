import RidCore

extension DocumentVerdict {
    /// The elements that answer the question: those of an accepted document. `nil` for a refused or undecided document, whose elements, if
    /// any, are in `DocumentElements.lapsed`.
    public var current: DisclosedElements? {
        if case .current(let disclosed) = elements { disclosed } else { nil }
    }
}
