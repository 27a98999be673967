//! Compares an answer with its question: nothing else may be in it, and everything asked for must be.
use alloc::{
    collections::{BTreeMap, BTreeSet},
    string::String,
    vec::Vec,
};

use rid_claims::ClaimPath;
use rid_mdoc::{MdocError, age, request::ItemsRequest, response::UnverifiedDocument};
use rid_trust::Check;
use rid_wire::{
    Code,
    cbor::{Limits, Value},
};

use super::{super::check, Question};

/// A document or element came back that was not asked for.
const NOT_ASKED_FOR: Code = Code::new("answer_not_asked");

/// The elements of one document as received. Their evidence is another check's matter: here only names count, and of
/// ages whether they answer.
pub(crate) struct Returned<'a> {
    doc_type: &'a str,
    elements: Vec<ReturnedElement<'a>>,
    /// Namespaces and identifiers of the elements.
    names: BTreeSet<(&'a str, &'a str)>,
}

struct ReturnedElement<'a> {
    namespace: &'a str,
    identifier: &'a str,
    /// The value of an age, if it is a boolean.
    flag: Option<bool>,
}

impl<'a> Returned<'a> {
    pub(crate) fn new(document: &'a UnverifiedDocument<'_>) -> Self {
        let issuer = document.issuer_signed.iter().flat_map(|signed| &signed.namespaces);
        let issuer = issuer.flat_map(|(namespace, items)| items.iter().map(move |item| (namespace, item)));
        let issuer = issuer.map(|(namespace, item)| (namespace.as_ref(), item.identifier, item.value_bytes()));
        let device = document.device_signed.iter().flat_map(|signed| signed.elements());
        let elements = issuer.chain(device).map(|(namespace, identifier, value)| {
            let value = age::age_over(identifier).and_then(|_| Value::parse(value, Limits::ONLINE).ok());
            let flag = if let Some(Value::Bool(flag)) = value { Some(flag) } else { None };
            ReturnedElement { namespace, identifier, flag }
        });
        let elements: Vec<ReturnedElement<'a>> = elements.collect();
        let names = elements.iter().map(|element| (element.namespace, element.identifier)).collect();
        Self { doc_type: &document.doc_type, elements, names }
    }

    fn has(&self, name: (&str, &str)) -> bool {
        self.names.contains(&name)
    }

    /// The ages of a namespace; `None` for a value that is no boolean.
    fn ages(&self, namespace: &str) -> impl Iterator<Item = (u8, Option<bool>)> {
        let elements = self.elements.iter().filter(move |element| element.namespace == namespace);
        elements.filter_map(|element| Some((age::age_over(element.identifier)?, element.flag)))
    }

    /// Whether an element answers this question, by its name or as an age.
    fn answers(&self, question: (&str, &str)) -> bool {
        let (namespace, identifier) = question;
        match age::age_over(identifier) {
            None => self.has(question),
            Some(wanted) => self
                .ages(namespace)
                .any(|(attested, over)| over.is_some_and(|over| age::answers(wanted, attested, over))),
        }
    }

    /// Whether every element answers a question, one element to each question.
    fn answers_only(&self, questions: &Questions<'_>) -> bool {
        let plain = |element: &ReturnedElement<'_>| {
            age::age_over(element.identifier).is_some()
                || questions.names.contains(&(element.namespace, element.identifier))
        };
        let repeats = self.names.len() < self.elements.len();
        let namespaces: BTreeSet<&str> = self.names.iter().map(|(namespace, _)| *namespace).collect();
        !repeats
            && self.elements.iter().all(plain)
            && namespaces
                .into_iter()
                .all(|namespace| one_age_each(questions.ages(namespace).collect(), self.ages(namespace).collect()))
    }
}

/// Whether each attested age answers a question of its own. The falses choose first, and each takes the highest age
/// that it answers; of either kind those that answer the fewest choose before the others.
fn one_age_each(mut wanted: Vec<u8>, attested: Vec<(u8, Option<bool>)>) -> bool {
    let attested: Option<Vec<(u8, bool)>> = attested.into_iter().map(|(age, over)| Some((age, over?))).collect();
    let Some(mut attested) = attested else { return false };
    wanted.sort_unstable();
    attested.sort_unstable_by_key(|(age, over)| if *over { i16::from(*age) } else { -i16::from(*age) });
    attested.into_iter().all(|(age, over)| {
        let highest = wanted.iter().rposition(|wanted| age::answers(*wanted, age, over));
        highest.map(|at| wanted.remove(at)).is_some()
    })
}

/// Whether the documents of a type together answer no question more often than it was asked: two requests for one
/// type may ask for the same element, and only then may it come twice. That each of their elements answers a question
/// is known.
fn answered_as_often(doc_type: &str, asked: &Question, returned: &[Returned<'_>]) -> bool {
    let namespaces = requests(asked, doc_type).flat_map(|item| &item.namespaces);
    let questions: Vec<(&str, &str)> = namespaces
        .flat_map(|of| of.elements.iter().map(|element| (of.namespace.as_str(), element.identifier.as_str())))
        .collect();
    let mut asked_often: BTreeMap<(&str, &str), usize> = BTreeMap::new();
    for question in &questions {
        let often = asked_often.entry(*question).or_default();
        *often = often.saturating_add(1);
    }
    asked_often.into_iter().all(|(question, most)| {
        let (namespace, identifier) = question;
        if age::age_over(identifier).is_none() {
            return of_type(returned, doc_type).filter(|document| document.has(question)).count() <= most;
        }
        let wanted = questions.iter().filter(|(of, _)| *of == namespace);
        let attested = of_type(returned, doc_type).flat_map(|document| document.ages(namespace));
        one_age_each(wanted.filter_map(|(_, identifier)| age::age_over(identifier)).collect(), attested.collect())
    })
}

/// The elements asked of one document type, in all requests for it.
struct Questions<'a> {
    doc_type: &'a str,
    /// In the order of the requests, each once.
    elements: Vec<(&'a str, &'a str)>,
    names: BTreeSet<(&'a str, &'a str)>,
}

impl<'a> Questions<'a> {
    fn of(doc_type: &'a str, asked: &'a Question) -> Self {
        let (mut elements, mut names) = (Vec::new(), BTreeSet::new());
        for namespace in requests(asked, doc_type).flat_map(|item| &item.namespaces) {
            for element in &namespace.elements {
                let question = (namespace.namespace.as_str(), element.identifier.as_str());
                if names.insert(question) {
                    elements.push(question);
                }
            }
        }
        Self { doc_type, elements, names }
    }

    fn ages(&self, namespace: &str) -> impl Iterator<Item = u8> {
        let elements = self.elements.iter().filter(move |(asked, _)| *asked == namespace);
        elements.filter_map(|(_, identifier)| age::age_over(identifier))
    }

    /// Whether the answer may lack all of them, and the document with them.
    fn are_optional(&self, asked: &Question) -> bool {
        self.elements.iter().all(|(namespace, identifier)| asked.is_optional(self.doc_type, namespace, identifier))
    }

    /// What none of these documents of the type answers, but for optional elements.
    fn unanswered(&self, asked: &Question, returned: &[Returned<'_>]) -> Vec<ClaimPath> {
        let missing = self.elements.iter().filter(|(namespace, identifier)| {
            !asked.is_optional(self.doc_type, namespace, identifier)
                && !of_type(returned, self.doc_type).any(|document| document.answers((namespace, identifier)))
        });
        missing.map(|(namespace, identifier)| ClaimPath::element(namespace, identifier)).collect()
    }
}

/// The outcome of the comparison.
pub(crate) struct Comparison {
    /// `asked_equals_answered`, `all_documents_returned` and `all_elements_returned`.
    pub(crate) checks: [Check; 3],
    /// Document types asked for and not returned, or returned without any element.
    pub(crate) documents: Vec<String>,
    /// For each returned document the elements that it should have held; named once, in the first document of a type.
    pub(crate) elements: Vec<Vec<ClaimPath>>,
}

/// Compares what was returned with what was asked.
pub(crate) fn compare(returned: &[Returned<'_>], asked: &Question) -> Comparison {
    let mut types: Vec<&str> = asked.items().iter().map(|item| item.doc_type.as_str()).collect();
    types.sort_unstable();
    types.dedup();
    let each_fits = returned.iter().all(|document| {
        let most = requests(asked, document.doc_type).count();
        of_type(returned, document.doc_type).count() <= most
            && document.answers_only(&Questions::of(document.doc_type, asked))
    });
    let fits = each_fits && types.iter().all(|doc_type| answered_as_often(doc_type, asked, returned));
    let mut elements: Vec<Vec<ClaimPath>> = returned.iter().map(|_| Vec::new()).collect();
    let (mut documents, mut complete) = (Vec::new(), true);
    for doc_type in types {
        let questions = Questions::of(doc_type, asked);
        let unanswered = questions.unanswered(asked, returned);
        complete = complete && unanswered.is_empty();
        let first = returned.iter().position(|document| document.doc_type == doc_type);
        let may_lack = first.is_none() && questions.are_optional(asked);
        if !may_lack && of_type(returned, doc_type).all(|document| document.elements.is_empty()) {
            documents.push(doc_type.into());
        }
        if let Some(missing) = first.and_then(|at| elements.get_mut(at)) {
            *missing = unanswered;
        }
    }
    let checks = [
        if fits {
            Check::passed(check::ASKED_EQUALS_ANSWERED)
        } else {
            Check::failed(check::ASKED_EQUALS_ANSWERED, NOT_ASKED_FOR)
        },
        all_returned(check::ALL_DOCUMENTS, documents.is_empty()),
        all_returned(check::ALL_ELEMENTS, complete),
    ];
    Comparison { checks, documents, elements }
}

/// The ages asked of a document type: namespace, identifier, age.
pub(crate) fn ages_asked<'a>(doc_type: &'a str, asked: &'a Question) -> impl Iterator<Item = (&'a str, &'a str, u8)> {
    let elements = Questions::of(doc_type, asked).elements.into_iter();
    elements.filter_map(|(namespace, identifier)| Some((namespace, identifier, age::age_over(identifier)?)))
}

fn all_returned(code: Code, complete: bool) -> Check {
    if complete { Check::passed(code) } else { Check::not_done(code, Some(MdocError::NotReturned.code())) }
}

fn requests<'a>(asked: &'a Question, doc_type: &str) -> impl Iterator<Item = &'a ItemsRequest> {
    asked.items().iter().filter(move |item| item.doc_type == doc_type)
}

fn of_type<'a, 'b>(returned: &'a [Returned<'b>], doc_type: &str) -> impl Iterator<Item = &'a Returned<'b>> {
    returned.iter().filter(move |document| document.doc_type == doc_type)
}

#[cfg(test)]
mod tests {
    use alloc::vec;

    use super::*;

    #[test]
    fn std_m48_one_attested_age_answers_one_question() {
        let yes = |age| (age, Some(true));
        let no = |age| (age, Some(false));
        for (wanted, attested, fits) in [
            (vec![18], vec![yes(18)], true),
            (vec![18], vec![no(18)], true),
            (vec![18], vec![yes(21)], true),
            (vec![18], vec![no(16)], true),
            (vec![18], vec![yes(16)], false),
            (vec![18], vec![no(21)], false),
            (vec![18], vec![yes(18), yes(21)], false),
            (vec![18], vec![yes(21), yes(25)], false),
            (vec![18], vec![(18, None)], false),
            (vec![18, 21], vec![yes(25)], true),
            (vec![18, 21], vec![yes(21), yes(25)], true),
            (vec![21, 18], vec![yes(25), yes(19)], true),
            (vec![18, 21], vec![yes(19), yes(20)], false),
            (vec![18, 65], vec![yes(21), no(60)], true),
            (vec![18, 65], vec![no(64), no(60)], false),
            (vec![60, 65], vec![no(64), no(59)], true),
            // Of two persons.
            (vec![18, 65], vec![no(16), yes(21)], true),
            (vec![16, 18], vec![no(18), yes(18)], true),
            (vec![18], vec![no(18), yes(18)], false),
            (vec![], vec![yes(18)], false),
        ] {
            assert_eq!(one_age_each(wanted.clone(), attested.clone()), fits, "{wanted:?} {attested:?}");
        }
    }
}
