//! Asked equals answered: what came back was asked for, and what is missing is named.
use alloc::string::String;

use rid_mdoc::{
    MdocError, age,
    request::{ItemsRequest, RequestedElement},
};
use rid_trust::Check;
use rid_wire::Code;

use crate::{
    judge::{check, overall},
    view::{DocumentVerdict, Verdict},
};

/// A document or element came back that was not asked for.
const NOT_ASKED_FOR: Code = Code::new("answer_not_asked");

/// asked == answered: every returned document and element was asked for; what is missing is named.
pub(crate) fn compare_with_asked(verdict: Verdict, asked: &[ItemsRequest]) -> Verdict {
    let Verdict { environment, mut checks, documents, mut not_returned, .. } = verdict;
    let fits = documents.iter().all(|document| was_asked(document, asked));
    for item in checks.iter_mut().filter(|c| c.code == check::ASKED_EQUALS_ANSWERED) {
        *item = if fits {
            Check::passed(check::ASKED_EQUALS_ANSWERED)
        } else {
            Check::failed(check::ASKED_EQUALS_ANSWERED, NOT_ASKED_FOR)
        };
    }
    for item in asked {
        let returned = documents.iter().any(|d| d.doc_type == item.doc_type);
        if !returned && !not_returned.contains(&item.doc_type) {
            not_returned.push(item.doc_type.clone());
        }
    }
    if !documents.is_empty() && !not_returned.is_empty() {
        checks.push(Check::not_done(check::ALL_RETURNED, Some(MdocError::NotReturned.code())));
    }
    overall(environment, checks, documents, not_returned)
}

fn was_asked(document: &DocumentVerdict, asked: &[ItemsRequest]) -> bool {
    let Some(items) = asked.iter().find(|items| items.doc_type == document.doc_type) else { return false };
    let mut elements = document.elements.iter().map(|e| &e.path);
    elements.all(|path| path.as_element().is_some_and(|(n, i)| element_asked(items, n, i)))
}

/// An `age_over_NN` answers any `age_over_MM` asked for in its namespace (nearest match, std-M48).
fn element_asked(items: &ItemsRequest, namespace: &str, identifier: &str) -> bool {
    let Some(requested) = items.namespaces.iter().find(|n| n.namespace == namespace) else { return false };
    let mut identifiers = requested.elements.iter().map(|e: &RequestedElement| &e.identifier);
    identifiers.any(|asked: &String| {
        asked == identifier || (age::age_over(identifier).is_some() && age::age_over(asked).is_some())
    })
}
