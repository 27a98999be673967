//! `--ask <docType>/<namespace>/<element>[:retain]`: what a reader asks for.
use rid_mdoc::request::{ItemsRequest, RequestedElement, RequestedNamespace};
use serde_json::{Value, json};

use crate::failure::Failure;

/// Groups the asks by document type and namespace, in the order given.
pub(crate) fn parse(asks: &[String]) -> Result<Vec<ItemsRequest>, Failure> {
    let mut items: Vec<ItemsRequest> = Vec::new();
    for ask in asks {
        let (path, intent_to_retain) = match ask.strip_suffix(":retain") {
            Some(path) => (path, true),
            None => (ask.as_str(), false),
        };
        let mut parts = path.split('/');
        let (Some(doc_type), Some(namespace), Some(identifier), None) =
            (parts.next(), parts.next(), parts.next(), parts.next())
        else {
            return Err(Failure::usage(format!(
                "--ask {ask}: expected docType/namespace/element, with :retain if kept"
            )));
        };
        if [doc_type, namespace, identifier].iter().any(|part| part.is_empty()) {
            return Err(Failure::usage(format!("--ask {ask}: an empty part")));
        }
        add(&mut items, (doc_type, namespace, identifier), intent_to_retain);
    }
    if items.is_empty() {
        return Err(Failure::usage("nothing is asked for: give --ask docType/namespace/element"));
    }
    Ok(items)
}

fn add(items: &mut Vec<ItemsRequest>, (doc_type, namespace, identifier): (&str, &str, &str), intent_to_retain: bool) {
    let element = RequestedElement { identifier: identifier.into(), intent_to_retain };
    let at = items.iter().position(|item| item.doc_type == doc_type).unwrap_or_else(|| {
        items.push(ItemsRequest { doc_type: doc_type.into(), namespaces: Vec::new() });
        items.len() - 1
    });
    let Some(item) = items.get_mut(at) else { return };
    match item.namespaces.iter_mut().find(|n| n.namespace == namespace) {
        Some(asked) if asked.elements.iter().any(|e| e.identifier == identifier) => {}
        Some(asked) => asked.elements.push(element),
        None => item.namespaces.push(RequestedNamespace { namespace: namespace.into(), elements: vec![element] }),
    }
}

/// As JSON, for a saved exchange: `[[docType, namespace, element, retain], ...]`.
pub(crate) fn to_json(items: &[ItemsRequest]) -> Value {
    let rows = items.iter().flat_map(|item| {
        item.namespaces.iter().flat_map(move |namespace| {
            namespace.elements.iter().map(move |element| {
                json!([item.doc_type, namespace.namespace, element.identifier, element.intent_to_retain])
            })
        })
    });
    rows.collect()
}

/// From the JSON of a saved exchange.
pub(crate) fn from_json(text: &str) -> Option<Vec<ItemsRequest>> {
    let rows: Vec<(String, String, String, bool)> = serde_json::from_str(text).ok()?;
    let mut items = Vec::new();
    for (doc_type, namespace, identifier, retain) in &rows {
        add(&mut items, (doc_type, namespace, identifier), *retain);
    }
    Some(items)
}
