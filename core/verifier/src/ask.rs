//! What an app asks for, as it says it and as it goes into a request.
use alloc::{string::String, vec::Vec};

use rid_mdoc::request::{ItemsRequest, RequestedElement, RequestedNamespace};
use rid_profile::ClaimPath;
use rid_wire::Code;

/// The elements asked of one document.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DocumentAsk {
    /// Document type.
    pub kind: String,
    /// Elements, in order.
    pub elements: Vec<ElementAsk>,
}

/// One element asked for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ElementAsk {
    /// Namespace and identifier.
    pub path: ClaimPath,
    /// The reader means to keep it (intentToRetain).
    pub retained: bool,
}

/// The same as items of a DeviceRequest, each element once.
///
/// # Errors
/// The code `ask_invalid`: nothing asked, a document twice, a path that is not namespace and identifier, an empty name.
pub fn items(asked: &[DocumentAsk]) -> Result<Vec<ItemsRequest>, Code> {
    let mut items: Vec<ItemsRequest> = Vec::with_capacity(asked.len());
    for document in asked {
        if document.kind.is_empty() || items.iter().any(|item| item.doc_type == document.kind) {
            return Err(INVALID);
        }
        items.push(ItemsRequest { doc_type: document.kind.clone(), namespaces: namespaces(document)? });
    }
    if items.is_empty() { Err(INVALID) } else { Ok(items) }
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
            Some(asked) if asked.elements.iter().any(|e| e.identifier == identifier) => {}
            Some(asked) => asked.elements.push(element),
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

    fn ask(kind: &str, elements: &[(&str, &str)]) -> DocumentAsk {
        let element = |&(n, i): &(&str, &str)| ElementAsk { path: ClaimPath::element(n, i), retained: false };
        DocumentAsk { kind: kind.into(), elements: elements.iter().map(element).collect() }
    }

    #[test]
    fn elements_are_grouped_by_namespace_and_asked_once() {
        let items = items(&[ask("d", &[("a", "x"), ("b", "x"), ("a", "y"), ("a", "x")])]).expect("sound");
        let [item] = items.as_slice() else { panic!("one document") };
        let shape: Vec<(&str, usize)> =
            item.namespaces.iter().map(|n| (n.namespace.as_str(), n.elements.len())).collect();
        assert_eq!(shape, [("a", 2), ("b", 1)]);
    }

    #[test]
    fn what_is_no_question_is_refused() {
        let nested = DocumentAsk {
            kind: "d".into(),
            elements: [ElementAsk { path: ClaimPath { steps: [].into() }, retained: true }].into(),
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
            assert_eq!(items(&asked).map(|_| ()), Err(INVALID), "{asked:?}");
        }
    }
}
