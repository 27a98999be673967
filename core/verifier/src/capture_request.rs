//! Judging a captured DeviceRequest: who asks, for which elements, and whether the reader's signatures hold.
use alloc::{vec, vec::Vec};

use rid_mdoc::{
    MdocError,
    reader_auth::{self, ReaderAuth},
    request::{ItemsRequest, UnverifiedRequest},
    transcript::Transcript,
    verify::check::TRUST,
};
use rid_trust::{Check, Environment, Outcome, Party, TrustError, TrustStore};
use rid_wire::{Code, Timestamp, cbor::Limits};

use crate::{judge::decide, view::Decision};

/// The request is one well-formed DeviceRequest.
const FORM: Code = Code::new("request_form");
/// Its version is one that this core reads.
const VERSION: Code = Code::new("request_version");
/// Every document is asked for by the same verified reader.
const ONE_READER: Code = Code::new("one_reader");
/// readerAuth is a signature over this transcript and these items.
const READER_AUTHENTICATION: Code = Code::new("reader_authentication");

/// The input of a judgement of a request.
pub struct RequestInput<'a> {
    /// Reader anchors; an empty store leaves a signed request undecided (`trust_missing`).
    pub trust: &'a TrustStore,
    /// The transcript, if known.
    pub transcript: Option<&'a Transcript>,
    /// The time of the judgement.
    pub at: Timestamp,
    /// Size limits.
    pub limits: Limits,
}

/// The verdict on a request: every check by name, and the elements asked for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RequestVerdict {
    /// The worst decision of the request's own checks and of its documents.
    pub decision: Decision,
    /// The reason of the first failing (else missing) check; `None` when accepted.
    pub code: Option<Code>,
    /// The environment of the anchors.
    pub environment: Environment,
    /// Checks of the request as a whole.
    pub checks: Vec<Check>,
    /// One per docRequest, in order.
    pub documents: Vec<RequestedDocument>,
}

/// The verdict on one docRequest.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RequestedDocument {
    /// Decision.
    pub decision: Decision,
    /// The reason of the first failing (else missing) check.
    pub code: Option<Code>,
    /// The reader, only when its signature and its path to an anchor hold.
    pub reader: Option<Party>,
    /// Every check.
    pub checks: Vec<Check>,
    /// Document type and elements asked for; the request's own text, also when the request is refused.
    pub items: ItemsRequest,
}

/// Judges a DeviceRequest. Malformed input gives a refused verdict with its code, never an error.
#[must_use]
pub fn judge_request(bytes: &[u8], input: &RequestInput<'_>) -> RequestVerdict {
    let environment = input.trust.environment();
    let request = match UnverifiedRequest::parse(bytes, input.limits) {
        Ok(request) => request,
        Err(error) => {
            let check = if error == MdocError::Version { VERSION } else { FORM };
            return whole(environment, vec![Check::failed(check, error.code())], Vec::new());
        }
    };
    let mut trust = input.trust.message(input.at);
    let all = authentication(&request.reader_auth_all, input.transcript, |transcript| {
        reader_auth::verify_all(&request, transcript, &mut trust)
    });
    let documents: Vec<RequestedDocument> = request
        .doc_requests
        .iter()
        .map(|one| {
            let of_document = authentication(one.reader_auth.as_slice(), input.transcript, |transcript| {
                reader_auth::verify(one, transcript, &mut trust)
            });
            judged(of_document.or(all.clone()), one.items.clone())
        })
        .collect();
    let info = request.info.as_ref().map_or(Ok(()), |info| info.use_cases.as_ref().map(drop));
    let form = info.map_or_else(|error| Check::passed_with(FORM, error.code()), |()| Check::passed(FORM));
    let checks = vec![form, Check::passed(VERSION), one_reader(&documents)];
    whole(environment, checks, documents)
}

/// Reader authentication as far as it can be judged.
#[derive(Clone)]
enum Authentication {
    /// There was a signature and no transcript, over which it is.
    NoTranscript,
    Result(ReaderAuth),
}

impl Authentication {
    /// Two about the same document: its own readerAuth, and readerAuthAll, which speaks for every document.
    fn or(self, other: Self) -> Self {
        match (self, other) {
            (Self::Result(own), Self::Result(all)) => Self::Result(own.or(all)),
            _ => Self::NoTranscript,
        }
    }
}

fn authentication<T>(
    signatures: &[T],
    transcript: Option<&Transcript>,
    verify: impl FnOnce(&Transcript) -> ReaderAuth,
) -> Authentication {
    match transcript {
        Some(transcript) => Authentication::Result(verify(transcript)),
        None if signatures.is_empty() => Authentication::Result(ReaderAuth::Absent),
        None => Authentication::NoTranscript,
    }
}

fn judged(authentication: Authentication, items: ItemsRequest) -> RequestedDocument {
    let checks = checks(&authentication);
    let (decision, code) = decide(&checks);
    let reader = match authentication {
        Authentication::Result(ReaderAuth::Verified(identity)) => Some(identity),
        _ => None,
    };
    RequestedDocument { decision, code, reader, checks, items }
}

/// Reader authentication, then the path of the reader's certificate.
fn checks(authentication: &Authentication) -> Vec<Check> {
    let without_path = |check: Check| vec![check, Check::not_done(TRUST, None)];
    let result = match authentication {
        Authentication::NoTranscript => {
            return without_path(Check::not_done(READER_AUTHENTICATION, Some(Code::new("transcript_missing"))));
        }
        Authentication::Result(result) => result,
    };
    match result {
        ReaderAuth::Absent => {
            without_path(Check::not_done(READER_AUTHENTICATION, Some(Code::new("reader_auth_absent"))))
        }
        ReaderAuth::Verified(_) => vec![Check::passed(READER_AUTHENTICATION), Check::passed(TRUST)],
        ReaderAuth::Unknown(code) if *code == TrustError::Missing.code() => {
            vec![Check::passed(READER_AUTHENTICATION), Check::not_done(TRUST, Some(*code))]
        }
        ReaderAuth::Unknown(code) | ReaderAuth::Forbidden(code) => {
            vec![Check::passed(READER_AUTHENTICATION), Check::failed(TRUST, *code)]
        }
        ReaderAuth::Invalid(code) => without_path(Check::failed(READER_AUTHENTICATION, *code)),
        ReaderAuth::Unchecked(code) => {
            without_path(Check { outcome: Outcome::Unknown, ..Check::failed(READER_AUTHENTICATION, *code) })
        }
    }
}

/// A wallet treats a request of several readers as one of an unknown reader (`reader_auth_mixed`).
fn one_reader(documents: &[RequestedDocument]) -> Check {
    let mut readers = documents.iter().map(|document| &document.reader);
    match readers.next() {
        Some(Some(first)) if readers.clone().all(|other| other.as_ref().is_some_and(|other| first.is(other))) => {
            Check::passed(ONE_READER)
        }
        Some(Some(_)) if readers.all(Option::is_some) => Check::failed(ONE_READER, Code::new("reader_auth_mixed")),
        // The checks of the documents say why a reader is missing.
        _ => Check::not_done(ONE_READER, None),
    }
}

fn whole(environment: Environment, checks: Vec<Check>, documents: Vec<RequestedDocument>) -> RequestVerdict {
    let own = decide(&checks);
    let decided = || core::iter::once(own).chain(documents.iter().map(|document| (document.decision, document.code)));
    let first = |wanted: Decision| decided().find(|(decision, _)| *decision == wanted);
    let (decision, code) =
        first(Decision::Refused).or_else(|| first(Decision::Undecided)).unwrap_or((Decision::Accepted, None));
    RequestVerdict { decision, code, environment, checks, documents }
}

impl RequestedDocument {
    /// Namespace, identifier and intentToRetain of every element asked for, in order.
    pub fn elements(&self) -> impl Iterator<Item = (&str, &str, bool)> {
        self.items.namespaces.iter().flat_map(|namespace| {
            let elements = namespace.elements.iter();
            elements.map(|e| (namespace.namespace.as_str(), e.identifier.as_str(), e.intent_to_retain))
        })
    }
}
