//! Our side: the session machines of holder and reader, driven as by an app.
use rid_claims::{CredentialSummary, CredentialType, ReusePolicy};
use rid_flow::{
    Committed, Copy, CopyId, CredentialId, Effect, Env, HeldCredential, Holdings, Input, LinkCommand, LinkEvent,
    Output, Reply, Session, Uptime,
    ports::{KeyId, SecureAreaError},
};
use rid_holder::{
    consent::{AgreedDocument, Answer, Decision, Question},
    proximity::{DeviceAuthMethod, HolderSession, ProximityTypes},
};
use rid_mdoc::{
    MDL_NAMESPACE,
    issuer_signed::UnverifiedIssuerSigned,
    mso::Mso,
    request::{ItemsRequest, RequestedElement, RequestedNamespace},
    response::UnverifiedResponse,
};
use rid_shell::OsRng;
use rid_verifier::{
    proximity::{Exchange, ReaderConfig, ReaderSession},
    view::Decision as Verdict,
};
use rid_wire::cbor::Limits;

use crate::{expect, figure::Stopwatch, some, stock::Stock};

fn env<'a>(stock: &Stock, rng: &'a mut OsRng) -> Env<'a> {
    Env { now: stock.now, uptime: Uptime::from_millis(1_000), rng }
}

/// The microseconds of a holder's session: engagement, session keys, request, response.
pub(crate) fn present(stock: &Stock, elements: &[&str]) -> f64 {
    let mut watch = Stopwatch::new();
    let mut rng = OsRng;
    let (mut holder, qr) = watch.time(|| engage(stock, &mut rng));
    let mut reader = open_reader(stock, &qr, elements);
    let request = next_message(stock, &mut reader);
    let response = watch.time(|| respond(stock, &mut holder, request, &mut rng));
    assert!(!response.is_empty());
    watch.micros()
}

/// The microseconds of a reader from the encrypted response to the verdict.
pub(crate) fn verify(stock: &Stock, elements: &[&str]) -> f64 {
    let (mut reader, response) = exchange(stock, elements);
    let mut rng = OsRng;
    let mut watch = Stopwatch::new();
    let exchange = watch.time(|| judge(stock, &mut reader, response, &mut rng));
    assert_eq!(exchange.verdict.decision, Verdict::Accepted, "{:?}", exchange.verdict.code);
    watch.micros()
}

/// What the heap was used for.
pub(crate) struct Heap {
    /// The most bytes at one time, over those of the message.
    pub(crate) peak: f64,
    pub(crate) allocations: u64,
}

impl Heap {
    fn of(message: usize, work: impl FnOnce()) -> Self {
        let counted = allocation_counter::measure(work);
        Self { peak: counted.bytes_max as f64 / message as f64, allocations: counted.count_total }
    }
}

/// What the heap is used for from the request to the response.
pub(crate) fn present_heap(stock: &Stock, elements: &[&str]) -> Heap {
    let mut rng = OsRng;
    let (mut holder, qr) = engage(stock, &mut rng);
    let mut reader = open_reader(stock, &qr, elements);
    let request = next_message(stock, &mut reader);
    let message = exchange(stock, elements).1.len();
    Heap::of(message, || drop(respond(stock, &mut holder, request, &mut rng)))
}

/// What the heap is used for from the response to the verdict.
pub(crate) fn verify_heap(stock: &Stock, elements: &[&str]) -> Heap {
    let (mut reader, response) = exchange(stock, elements);
    Heap::of(response.len(), || drop(judge(stock, &mut reader, response, &mut OsRng)))
}

/// Microseconds of reading a stored credential.
pub(crate) fn index(stock: &Stock) -> f64 {
    let mut watch = Stopwatch::new();
    watch.time(|| {
        let parsed = expect(UnverifiedIssuerSigned::parse(stock.first(), Limits::ONLINE), "IssuerSigned");
        let payload = some(parsed.issuer_auth.payload.as_deref(), "payload");
        let mso = expect(Mso::parse(payload), "MSO");
        assert!(!parsed.namespaces.is_empty() && !mso.doc_type.is_empty());
    });
    watch.micros()
}

/// Bytes of an encrypted response.
pub(crate) fn response_len(stock: &Stock, elements: &[&str]) -> usize {
    exchange(stock, elements).1.len()
}

/// Bytes of the DeviceResponse over items, issuerAuth and 200 bytes.
pub(crate) fn size_ratio(stock: &Stock, elements: &[&str]) -> f64 {
    let (mut reader, response) = exchange(stock, elements);
    let bytes = judge(stock, &mut reader, response, &mut OsRng).response;
    let parsed = expect(UnverifiedResponse::parse(&bytes, Limits::PROXIMITY), "response");
    let document = some(parsed.documents.as_ref().and_then(|documents| documents.first()), "document");
    let issuer_signed = some(document.issuer_signed.as_ref().ok(), "issuerSigned");
    let items: usize =
        issuer_signed.namespaces.iter().flat_map(|(_, items)| items).map(|item| item.bytes.outer.len()).sum();
    bytes.len() as f64 / (items + issuer_signed.issuer_auth_bytes.len() + 200) as f64
}

/// Our holder's response to any reader's request.
pub(crate) fn engage(stock: &Stock, rng: &mut OsRng) -> (HolderSession, String) {
    let mut holder = HolderSession::start(
        stock.profile.clone(),
        stock.trust.clone(),
        DeviceAuthMethod::Signature,
        &mut env(stock, rng),
    );
    let qr = match holder.poll() {
        Some(Output::Link(LinkCommand::Advertise(plan))) => plan.qr(),
        _ => some(None, "an advertisement"),
    };
    (holder, qr)
}

/// Gives a SessionEstablishment to the holder and returns its SessionData.
pub(crate) fn respond(stock: &Stock, holder: &mut HolderSession, request: Vec<u8>, rng: &mut OsRng) -> Vec<u8> {
    expect(holder.handle(Input::Link(LinkEvent::Up), &mut env(stock, rng)), "connected");
    expect(holder.handle(Input::Link(LinkEvent::Bytes(request)), &mut env(stock, rng)), "request");
    loop {
        let input: Input<ProximityTypes> = match some(holder.poll(), "an output of the holder") {
            Output::Unlock => Input::Unlocked(true),
            Output::Io(Effect::Lookup(_)) => Input::Done(Reply::Found(Ok(holdings(stock)))),
            Output::Ask(question) => Input::Answer(agree(&question)),
            Output::Io(Effect::Commit(_)) => {
                Input::Done(Reply::Committed(Ok(Committed { copies: copies(stock), ..Committed::default() })))
            }
            Output::Io(Effect::Sign(request)) => Input::Done(Reply::Signed(Ok(stock.device.sign(&[&request.message])))),
            Output::Link(LinkCommand::Send(message)) => return message,
            Output::Note(_) => continue,
            Output::Close(reason) => some(None, reason.code().as_str()),
            _ => Input::Done(Reply::Signed(Err(SecureAreaError::Unavailable))),
        };
        expect(holder.handle(input, &mut env(stock, rng)), "an answer to the holder");
    }
}

fn exchange(stock: &Stock, elements: &[&str]) -> (ReaderSession, Vec<u8>) {
    let mut rng = OsRng;
    let (mut holder, qr) = engage(stock, &mut rng);
    let mut reader = open_reader(stock, &qr, elements);
    let request = next_message(stock, &mut reader);
    let response = respond(stock, &mut holder, request, &mut rng);
    (reader, response)
}

fn judge(stock: &Stock, reader: &mut ReaderSession, response: Vec<u8>, rng: &mut OsRng) -> Exchange {
    expect(reader.handle(Input::Link(LinkEvent::Bytes(response)), &mut env(stock, rng)), "response");
    match reader.poll() {
        Some(Output::Finished(exchange)) => exchange,
        _ => some(None, "a verdict"),
    }
}

fn open_reader(stock: &Stock, qr: &str, elements: &[&str]) -> ReaderSession {
    let elements: Vec<RequestedElement> = elements
        .iter()
        .map(|identifier| RequestedElement { identifier: (*identifier).into(), intent_to_retain: false })
        .collect();
    let namespaces = vec![RequestedNamespace { namespace: MDL_NAMESPACE.into(), elements }];
    let asked: Vec<ItemsRequest> = stock
        .credentials
        .iter()
        .map(|(doc_type, _)| ItemsRequest { doc_type: doc_type.clone(), namespaces: namespaces.clone() })
        .collect();
    let config = ReaderConfig {
        asked: asked.into(),
        authentication: None,
        trust: stock.trust.clone(),
        profile: stock.profile.clone(),
        locales: Vec::new(),
    };
    let mut rng = OsRng;
    let mut reader = expect(ReaderSession::start(qr, config, &mut env(stock, &mut rng)), "reader");
    assert!(matches!(reader.poll(), Some(Output::Link(LinkCommand::Connect(_)))));
    expect(reader.handle(Input::Link(LinkEvent::Up), &mut env(stock, &mut rng)), "connected");
    reader
}

fn next_message(_: &Stock, reader: &mut ReaderSession) -> Vec<u8> {
    match reader.poll() {
        Some(Output::Link(LinkCommand::Send(message))) => message,
        _ => some(None, "a request"),
    }
}

fn holdings(stock: &Stock) -> Holdings {
    let credentials = stock.credentials.iter().map(|(doc_type, bytes)| held(stock, doc_type, bytes));
    Holdings { credentials: credentials.collect(), latest_signed: None }
}

fn held(stock: &Stock, doc_type: &str, bytes: &[u8]) -> HeldCredential {
    let summary = CredentialSummary {
        id: CredentialId(doc_type.into()),
        credential_type: CredentialType::mdoc(doc_type),
        issuer: String::new(),
        subject: None,
        signed: stock.now,
        valid_from: stock.now,
        valid_until: stock.now.plus_days(14),
        reuse: ReusePolicy::Once,
        copies_left: 10,
        copies_total: 10,
    };
    HeldCredential { summary, copy: Ok(bytes.to_vec().into()) }
}

fn copies(stock: &Stock) -> Vec<Copy> {
    let copy = |(doc_type, bytes): &(String, Vec<u8>)| Copy {
        credential: CredentialId(doc_type.clone()),
        id: CopyId(format!("copy of {doc_type}")),
        key: KeyId("key".into()),
        bytes: bytes.clone(),
        consumed: true,
    };
    stock.credentials.iter().map(copy).collect()
}

fn agree(question: &Question) -> Answer {
    let documents = question
        .documents
        .iter()
        .zip(0..)
        .map(|(document, number)| AgreedDocument {
            document: number,
            credential: some(document.candidates.first(), "a candidate").credential.clone(),
            elements: document.elements.iter().map(|element| element.path.clone()).collect(),
        })
        .collect();
    Answer { id: question.id, hash: question.hash, decision: Decision::Agree(documents) }
}
