//! Judges responses, credentials and certificates as `rid verify` does.
use rid_claims::ClaimPath;
use rid_crypto::{AgreementKey, Curve, x509::Certificate};
use rid_mdoc::{request::UnverifiedRequest, transcript::Transcript};
use rid_profile::Locale;
use rid_trust::{Anchor, Environment, Role, TrustStore};
use rid_verifier::{
    ask::{Asked, DocumentAsk, ElementAsk},
    capture::{CaptureInput, judge_answer, judge_issuer_signed, judge_response},
    view::{Decision, Verdict},
};
use rid_wire::{
    Timestamp,
    cbor::{CborError, Decoder, ItemType, Limits},
};

use crate::{Outcome, data, holds, index::Line};

/// A time at which the chain of Annex D is valid.
const IN_2021: &str = "2021-01-01T00:00:00Z";
/// A time at which the signer of the auth0 examples is valid.
const IN_2024: &str = "2024-01-01T00:00:00Z";

/// The inputs to the judgement of a capture.
struct Circumstances {
    trust: TrustStore,
    transcript: Option<Transcript>,
    reader_key: Option<AgreementKey>,
    at: String,
}

impl Circumstances {
    fn judge(&self, judge: impl Fn(&[u8], &CaptureInput<'_>) -> Verdict, bytes: &[u8]) -> Outcome {
        let profile = rid_profile::embedded().expect("the profile");
        let input = CaptureInput {
            status_list: None,
            profile: &profile,
            locales: &[Locale::En],
            trust: &self.trust,
            transcript: self.transcript.as_ref(),
            reader_key: self.reader_key.as_ref(),
            at: Timestamp::parse_rfc3339(&self.at).expect("a time"),
            limits: Limits::ONLINE,
        };
        let verdict = judge(bytes, &input);
        match verdict.decision {
            Decision::Accepted => holds("elements are reliable", shown(&verdict)),
            _ => Err(verdict.code.map_or("no code", |code| code.as_str()).to_owned()),
        }
    }
}

/// Returns true if every document has reliable elements.
fn shown(verdict: &Verdict) -> bool {
    let mut current = verdict.documents.iter().map(|document| document.elements.current());
    current.all(|disclosed| disclosed.is_some_and(|disclosed| !disclosed.issuer_signed.is_empty()))
}

/// A store with the rules of the profile, as in `rid verify`.
fn store(anchors: Vec<Anchor>) -> TrustStore {
    let store = TrustStore::new(Environment::Test, anchors).expect("a store");
    rid_profile::embedded().expect("the profile").bind_trust(store)
}

/// Annex D: the anchor, the reader key and, for the response that needs it, the transcript.
fn annex_d() -> Circumstances {
    let root = Certificate::parse(&data::intermediate("d52_iaca")).expect("a certificate");
    let anchor =
        Anchor { certificate: root, role: Role::Issuer, environment: Environment::Test, credential_types: None };
    Circumstances {
        trust: store(vec![anchor]),
        transcript: Transcript::received(&data::annex_d("SESSION_TRANSCRIPT_BYTES"), Limits::ONLINE).ok(),
        reader_key: AgreementKey::from_scalar(Curve::P256, &data::annex_d("EPHEMERAL_READER_KEY_D")).ok(),
        at: IN_2021.into(),
    }
}

/// The examples of @auth0/mdl, whose signer is pinned.
fn auth0(transcript: &[u8]) -> Circumstances {
    let signer = Certificate::parse_pem_or_der(&data::raw("auth0-mdl/issuer.pem")).expect("a certificate").remove(0);
    Circumstances {
        trust: store(vec![]).pin_leaf(signer),
        transcript: Transcript::received(transcript, Limits::ONLINE).ok(),
        reader_key: None,
        at: IN_2024.into(),
    }
}

/// A case of `field`, with the time and root from its index.
fn field(path: &str) -> Circumstances {
    let index = data::json("field/index.json");
    let file = path.strip_prefix("field/").expect("a file of the folder");
    let cases = index["cases"].as_array().expect("cases");
    let case = cases.iter().find(|case| case["file"] == file).expect("in the index");
    let says = |name: &str| case.get(name).unwrap_or(&index[name]).as_str().expect("text").to_owned();
    let root = data::raw(&format!("field/{}", says("trust")));
    let root = Certificate::parse_pem_or_der(&root).expect("a certificate").remove(0);
    let anchor =
        Anchor { certificate: root, role: Role::Issuer, environment: Environment::Test, credential_types: None };
    Circumstances {
        trust: store(vec![anchor]),
        transcript: Transcript::received(&data::bytes("field/transcript.hex"), Limits::ONLINE).ok(),
        reader_key: None,
        at: says("at"),
    }
}

/// Judges a response of `field` against the request on its line: `answer: to NAMES: why`.
pub(crate) fn answer(line: &Line) -> Outcome {
    let names = line.why.strip_prefix("answer: to ").and_then(|rest| rest.split_once(": ")).expect("the question").0;
    let element =
        |name| ElementAsk { path: ClaimPath::element("org.iso.18013.5.1", name), retained: false, optional: false };
    let elements = names.split(' ').map(element).collect();
    let asked = Asked::new(&[DocumentAsk { kind: "org.iso.18013.5.1.mDL".into(), elements }]).expect("a question");
    field(&line.path).judge(|bytes, input| judge_answer(bytes, input, &asked), &data::bytes(&line.path))
}

pub(crate) fn device_response(line: &Line) -> Outcome {
    if line.path.ends_with(".json") {
        let json = data::json(&line.path);
        let circumstances = auth0(&data::of_hex(&json["sessionTranscriptBytes_hex"]));
        return circumstances.judge(judge_response, &data::of_hex(&json["deviceResponse_hex"]));
    }
    let circumstances = if line.path.starts_with("field/") { field(&line.path) } else { annex_d() };
    circumstances.judge(judge_response, &data::bytes(&line.path))
}

/// Parses a request as a wallet does.
pub(crate) fn device_request(path: &str) -> Outcome {
    let bytes = data::bytes(path);
    UnverifiedRequest::parse(&bytes, Limits::PROXIMITY).map(|_| ()).map_err(|error| error.code().as_str().to_owned())
}

pub(crate) fn issuer_signed(line: &Line) -> Outcome {
    if line.path.contains('#') {
        let json = data::json(line.file());
        let response = data::of_hex(&json["deviceResponse_hex"]);
        let document = member(&response, "documents");
        return auth0(&[]).judge(judge_issuer_signed, member(document, "issuerSigned"));
    }
    let circumstances = if line.path.starts_with("field/") { field(&line.path) } else { annex_d() };
    circumstances.judge(judge_issuer_signed, &data::bytes(&line.path))
}

/// The bytes of a member as received, or of its first element if it is an array.
fn member<'a>(map: &'a [u8], name: &str) -> &'a [u8] {
    let mut found: &[u8] = &[];
    let mut reader = Decoder::new(map, Limits::ONLINE).expect("small enough");
    let read = reader.map(|reader, key| -> Result<(), CborError> {
        if key.as_text() == Some(name) {
            match reader.peek()? {
                ItemType::Array => {
                    reader.array(|reader, _| reader.skip().map(|bytes| found = bytes))?;
                }
                _ => found = reader.skip()?,
            }
        }
        Ok(())
    });
    read.expect("a map");
    found
}

/// Parses a certificate and, if the folder has its root, verifies it.
pub(crate) fn certificate(path: &str) -> Outcome {
    let bytes = if path.ends_with(".pem") { data::raw(path) } else { data::bytes(path) };
    let certificate = Certificate::parse_pem_or_der(&bytes).map_err(|error| error.code())?.remove(0);
    let root = match path {
        "iso18013-5-annex-d/DS_CERT.hex" => Certificate::parse(&data::intermediate("d52_iaca")),
        "iso18013-5-annex-d/READER_CERT.hex" => Certificate::parse(&data::intermediate("d54_readerRoot")),
        "field/reader-name-bmp.pem" => {
            holds("the name is read", certificate.subject().common_name() == Some("Oxuyucu"))?;
            Certificate::parse_pem_or_der(&data::raw("field/reader-root.pem")).map(|mut list| list.remove(0))
        }
        _ => Ok(certificate.clone()),
    };
    let root = root.map_err(|error| error.code())?;
    certificate.verify_signature_by(&root).map_err(|error| error.code())?;
    holds("issuer and subject name each other", certificate.issuer().der() == root.subject().der())
}
