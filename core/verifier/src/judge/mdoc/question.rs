//! The question of a reader as it goes into a DeviceRequest.
use alloc::{string::String, vec::Vec};

use rid_claims::ClaimPath;
use rid_mdoc::request::{ItemsRequest, RequestedElement, RequestedNamespace};
use rid_wire::Code;

use crate::ask::DocumentAsk;

/// A question that can be sent: the items of its DeviceRequest, and which elements may be missing from the answer.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Question {
    items: Vec<ItemsRequest>,
    /// Document type and path of each optional element.
    optional: Vec<(String, ClaimPath)>,
}

impl Question {
    /// Groups the elements by namespace, each element once. An element is optional when no ask of it says otherwise.
    ///
    /// # Errors
    /// The code `ask_invalid`: nothing asked, a document twice, a path that is not namespace and identifier, an empty
    /// name.
    pub fn new(documents: &[DocumentAsk]) -> Result<Self, Code> {
        let mut items: Vec<ItemsRequest> = Vec::with_capacity(documents.len());
        let mut optional = Vec::new();
        for document in documents {
            if document.kind.is_empty() || items.iter().any(|item| item.doc_type == document.kind) {
                return Err(INVALID);
            }
            items.push(ItemsRequest { doc_type: document.kind.clone(), namespaces: namespaces(document)? });
            let needed = |path: &ClaimPath| document.elements.iter().any(|ask| ask.path == *path && !ask.optional);
            let paths = document.elements.iter().map(|ask| &ask.path).filter(|path| !needed(path));
            optional.extend(paths.map(|path| (document.kind.clone(), path.clone())));
        }
        if items.is_empty() { Err(INVALID) } else { Ok(Self { items, optional }) }
    }

    /// The items, in order, as they go into a request.
    #[must_use]
    pub fn items(&self) -> &[ItemsRequest] {
        &self.items
    }

    /// Whether the answer may lack this element.
    #[must_use]
    pub fn is_optional(&self, doc_type: &str, namespace: &str, identifier: &str) -> bool {
        let mut optional = self.optional.iter();
        optional.any(|(kind, path)| kind == doc_type && path.as_element() == Some((namespace, identifier)))
    }
}

/// The question of a request as received: nothing in it is optional.
impl From<Vec<ItemsRequest>> for Question {
    fn from(items: Vec<ItemsRequest>) -> Self {
        Self { items, optional: Vec::new() }
    }
}

const INVALID: Code = Code::new("ask_invalid");

fn namespaces(document: &DocumentAsk) -> Result<Vec<RequestedNamespace>, Code> {
    let mut namespaces: Vec<RequestedNamespace> = Vec::new();
    for ask in &document.elements {
        let (namespace, identifier) = ask.path.as_element().ok_or(INVALID)?;
        if namespace.is_empty() || identifier.is_empty() {
            return Err(INVALID);
        }
        let element = RequestedElement { identifier: identifier.into(), intent_to_retain: ask.retained };
        match namespaces.iter_mut().find(|n| n.namespace == namespace) {
            Some(asked) => match asked.elements.iter_mut().find(|e| e.identifier == identifier) {
                Some(again) => again.intent_to_retain |= ask.retained,
                None => asked.elements.push(element),
            },
            None => {
                namespaces.push(RequestedNamespace { namespace: namespace.into(), elements: [element].into() });
            }
        }
    }
    if namespaces.is_empty() { Err(INVALID) } else { Ok(namespaces) }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ask::ElementAsk;

    fn ask(kind: &str, elements: &[(&str, &str)]) -> DocumentAsk {
        let element =
            |&(n, i): &(&str, &str)| ElementAsk { path: ClaimPath::element(n, i), retained: false, optional: false };
        DocumentAsk { kind: kind.into(), elements: elements.iter().map(element).collect() }
    }

    #[test]
    fn elements_are_grouped_by_namespace_and_asked_once() {
        let asked = Question::new(&[ask("d", &[("a", "x"), ("b", "x"), ("a", "y"), ("a", "x")])]).expect("sound");
        let [item] = asked.items() else { panic!("one document") };
        let shape: Vec<(&str, usize)> =
            item.namespaces.iter().map(|n| (n.namespace.as_str(), n.elements.len())).collect();
        assert_eq!(shape, [("a", 2), ("b", 1)]);
    }

    #[test]
    fn element_asked_for_twice_is_kept_and_needed_if_one_ask_says_so() {
        let mut document = ask("d", &[("a", "x"), ("a", "x"), ("a", "y")]);
        let [first, second, third] = document.elements.as_mut_slice() else { panic!("three asks") };
        (first.optional, second.retained, third.optional) = (true, true, true);
        let asked = Question::new(&[document]).expect("sound");
        assert!(!asked.is_optional("d", "a", "x") && asked.is_optional("d", "a", "y"));
        assert!(!asked.is_optional("e", "a", "y"));
        let elements = asked.items().iter().flat_map(|item| &item.namespaces).flat_map(|n| &n.elements);
        let retained: Vec<bool> = elements.map(|element| element.intent_to_retain).collect();
        assert_eq!(retained, [true, false]);
    }

    #[test]
    fn malformed_question_is_refused() {
        let nested = DocumentAsk {
            kind: "d".into(),
            elements: [ElementAsk { path: ClaimPath { steps: [].into() }, retained: true, optional: false }].into(),
        };
        for asked in [
            Vec::new(),
            [ask("d", &[])].into(),
            [ask("", &[("a", "x")])].into(),
            [ask("d", &[("", "x")])].into(),
            [ask("d", &[("a", "")])].into(),
            [ask("d", &[("a", "x")]), ask("d", &[("a", "y")])].into(),
            [nested].into(),
        ] {
            assert_eq!(Question::new(&asked).map(|_| ()), Err(INVALID), "{asked:?}");
        }
    }
}
