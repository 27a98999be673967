//! The question of a reader: `--ask docType/namespace/element[:retain][:optional]`, and the file of `--asked`.
use std::path::Path;

use rid_claims::ClaimPath;
use rid_mdoc::request::UnverifiedRequest;
use rid_verifier::ask::{Asked, DocumentAsk, ElementAsk};
use rid_wire::cbor::Limits;
use serde_json::{Value, json};

use crate::{failure::Failure, input};

const RETAIN: &str = ":retain";
const OPTIONAL: &str = ":optional";

/// Groups paths by document type, in the order of the arguments.
pub(crate) fn parse<S: AsRef<str>>(paths: &[S]) -> Result<Asked, Failure> {
    let mut documents: Vec<DocumentAsk> = Vec::new();
    for path in paths {
        let (kind, element) = parse_path(path.as_ref())?;
        match documents.iter_mut().find(|document| document.kind == kind) {
            Some(document) => document.elements.push(element),
            None => documents.push(DocumentAsk { kind, elements: vec![element] }),
        }
    }
    Asked::new(&documents)
        .map_err(|code| Failure::usage(format!("nothing is asked for: give docType/namespace/element ({code})")))
}

fn parse_path(text: &str) -> Result<(String, ElementAsk), Failure> {
    let (mut path, mut retained, mut optional) = (text, false, false);
    loop {
        if let Some(rest) = path.strip_suffix(RETAIN) {
            (path, retained) = (rest, true);
        } else if let Some(rest) = path.strip_suffix(OPTIONAL) {
            (path, optional) = (rest, true);
        } else {
            break;
        }
    }
    match path.split('/').collect::<Vec<_>>().as_slice() {
        [kind, namespace, identifier] if ![kind, namespace, identifier].iter().any(|part| part.is_empty()) => {
            let path = ClaimPath::element(namespace, identifier);
            Ok(((*kind).into(), ElementAsk { path, retained, optional }))
        }
        _ => Err(Failure::usage(format!(
            "{text}: expected docType/namespace/element, with :retain if it will be kept and :optional if it may be missing"
        ))),
    }
}

/// Reads a question from a file: a DeviceRequest in any encoding of a capture, a JSON list of paths, or one path per
/// line.
pub(crate) fn from_file(path: &Path) -> Result<Asked, Failure> {
    let bytes = input::file(path)?;
    let request = input::decode_capture(bytes.clone());
    let code = match UnverifiedRequest::parse(&request, Limits::ONLINE) {
        Ok(request) => {
            let items: Vec<_> = request.doc_requests.into_iter().map(|asked| asked.items).collect();
            return Ok(items.into());
        }
        Err(error) => error.code(),
    };
    let paths = std::str::from_utf8(&bytes).ok().and_then(paths_of);
    let paths = paths.ok_or_else(|| {
        Failure::usage(format!(
            "{}: neither a DeviceRequest ({code}) nor a list of paths docType/namespace/element",
            path.display()
        ))
    })?;
    parse(&paths)
}

fn paths_of(text: &str) -> Option<Vec<String>> {
    let text = text.trim_start_matches('\u{feff}');
    if text.trim_start().starts_with('[') {
        return serde_json::from_str(text).ok();
    }
    let lines: Vec<&str> = text.lines().map(str::trim).filter(|line| !line.is_empty()).collect();
    lines.iter().all(|line| line.contains('/')).then(|| lines.into_iter().map(str::to_owned).collect())
}

/// Writes it as a list of paths, for a saved exchange.
pub(crate) fn to_paths(asked: &Asked) -> Value {
    elements(asked)
        .map(|(kind, namespace, identifier, retained, optional)| {
            let retain = if retained { RETAIN } else { "" };
            let optional = if optional { OPTIONAL } else { "" };
            Value::from(format!("{kind}/{namespace}/{identifier}{retain}{optional}"))
        })
        .collect()
}

/// Writes it as data, for machines.
pub(crate) fn to_json(asked: &Asked) -> Value {
    elements(asked)
        .map(|(kind, namespace, identifier, retained, optional)| {
            json!({
                "docType": kind, "namespace": namespace, "element": identifier,
                "retain": retained, "optional": optional,
            })
        })
        .collect()
}

/// Document type, namespace, identifier, retained, optional.
fn elements(asked: &Asked) -> impl Iterator<Item = (&str, &str, &str, bool, bool)> {
    asked.items().iter().flat_map(move |item| {
        item.namespaces.iter().flat_map(move |namespace| {
            namespace.elements.iter().map(move |element| {
                let (kind, within) = (item.doc_type.as_str(), namespace.namespace.as_str());
                let optional = asked.is_optional(kind, within, &element.identifier);
                (kind, within, element.identifier.as_str(), element.intent_to_retain, optional)
            })
        })
    })
}
