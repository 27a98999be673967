//! Online transactions: a verifier and the wallet's side of OpenID4VP in one process.
use std::{collections::BTreeMap, sync::Arc};

use rid_claims::{ClaimKey, ClaimPath};
use rid_crypto::{SigningKey, x509::Profile as CertificateProfile};
use rid_flow::{Env, Uptime};
use rid_kit::Identity;
use rid_mdoc::{MDL_DOC_TYPE, MDL_NAMESPACE, build::device_response, handover::OnlineHandover, transcript::Transcript};
use rid_openid::{
    dcql::Query,
    vp::{Message, OAuthError, Policy, Request, VpError, build::x509_hash, read_api_request, verify_request_object},
};
use rid_profile::{Locale, Profile};
use rid_sdjwt::{
    TYP,
    issue::{Template, UnsignedSdJwt},
    key_binding::Binding,
    present::StoredSdJwt,
};
use rid_trust::{Role, TrustStore};
use rid_verifier::{
    online::{JudgeInput, Received, RequestChannel, Service, Transaction, TransactionError},
    view::{Decision, Verdict},
};
use rid_wire::{
    base64,
    jose::{Alg, compact},
    json::Value,
};

use crate::device::{Device, SeededRng, State, now};

const ORIGIN: &str = "https://apteka.example";
const RESPONSE_URI: &str = "https://apteka.example/answer";
const VCT: &str = "urn:example:identity:1";
const STATUS_URI: &str = "https://status.example/1";

/// How the wallet changes what it presents.
#[derive(Clone, Copy)]
struct Wallet {
    elements: &'static [&'static str],
    claims: &'static [&'static str],
    nonce: Option<&'static str>,
    audience: Option<&'static str>,
}

const HONEST: Wallet = Wallet { elements: &["family_name"], claims: &["given_name"], nonce: None, audience: None };

struct World {
    device: Device,
    profile: Profile,
    readers: Arc<TrustStore>,
    issuers: Arc<TrustStore>,
    verifier: Identity,
    holder: SigningKey,
    signer: Identity,
    status_list: Option<Vec<u8>>,
    sd_jwt: String,
    transaction: Transaction,
    rng: SeededRng,
    millis: u64,
}

fn query(text: &str) -> Query {
    Query::parse(text).unwrap()
}

fn both() -> Query {
    query(&format!(
        r#"{{"credentials":[
            {{"id":"m","format":"mso_mdoc","meta":{{"doctype_value":"{MDL_DOC_TYPE}"}},
              "claims":[{{"path":["{MDL_NAMESPACE}","family_name"]}}]}},
            {{"id":"s","format":"dc+sd-jwt","meta":{{"vct_values":["{VCT}"]}},"claims":[{{"path":["given_name"]}}]}}]}}"#
    ))
}

impl World {
    fn new() -> Self {
        Self::asking(both())
    }

    fn asking(query: Query) -> Self {
        let mut rng = SeededRng::new(23);
        let state = State::make();
        let device = Device::make(&state);
        let mut certify = |profile, name, issuer: Option<&_>| Identity::make(profile, name, issuer, now(), &mut rng);
        let root = certify(CertificateProfile::ReaderRoot, "Root", None);
        let verifier = certify(CertificateProfile::Reader, "Aptek", Some(&root));
        let iaca = certify(CertificateProfile::Iaca, "IACA", None);
        let signer = certify(CertificateProfile::DocumentSigner, "Signer", Some(&iaca));
        let holder = SigningKey::make(&mut rng);
        let jwk = holder.public().to_jose().unwrap().to_value().to_text();
        let (from, until) = (now().unix() - 60, now().unix() + 86_400);
        let claims = format!(
            r#"{{"vct":"{VCT}","iat":{from},"exp":{until},"cnf":{{"jwk":{jwk}}},"given_name":"Aynur","age":18,
                "status":{{"status_list":{{"idx":3,"uri":"{STATUS_URI}"}}}}}}"#
        );
        let claims = Value::parse(&claims, 10_000).unwrap();
        let chain = [signer.certificate.der()];
        let disclosable = [path("given_name"), path("age")];
        let template =
            Template { typ: TYP, alg: Alg::Es256, chain: &chain, claims, disclosable: &disclosable, decoys: 1 };
        let unsigned = UnsignedSdJwt::make(&template, &mut rng).unwrap();
        let sd_jwt = unsigned.finish(&signer.key.sign(&[unsigned.to_be_signed()]));
        let service = Arc::new(Service {
            client_id: x509_hash(&verifier.certificate),
            chain: vec![verifier.certificate.clone()],
            response_uri: RESPONSE_URI.into(),
            origins: vec![ORIGIN.into()],
            lifetime_seconds: 300,
        });
        let mut env = Env { now: now(), uptime: Uptime::from_millis(0), rng: &mut rng };
        let transaction = Transaction::start(service, query, &mut env);
        Self {
            readers: rid_kit::trust(&[(&root.certificate, Role::Reader)]),
            issuers: rid_kit::trust(&[(&iaca.certificate, Role::Issuer), (state.trust_anchor(), Role::Issuer)]),
            profile: rid_profile::embedded().unwrap(),
            device,
            verifier,
            holder,
            signer,
            status_list: None,
            sd_jwt,
            transaction,
            rng,
            millis: 0,
        }
    }

    fn client_id(&self) -> String {
        x509_hash(&self.verifier.certificate)
    }

    fn signed(&mut self, channel: RequestChannel, wallet_nonce: Option<&str>) -> Result<String, TransactionError> {
        let env = Env { now: now(), uptime: Uptime::from_millis(self.millis), rng: &mut self.rng };
        let input = self.transaction.request(channel, wallet_nonce, &env)?;
        Ok(compact(&input, &self.verifier.key.sign(&[input.as_bytes()])))
    }

    /// The request as the wallet reads it.
    fn request(&mut self, channel: RequestChannel) -> Request {
        let text = self.signed(channel, None).unwrap();
        let (client_id, policy) = (self.client_id(), Policy { encrypted_only: true, ..Policy::default() });
        let mut trust = self.readers.message(now());
        match channel {
            RequestChannel::Api => {
                let data = Value::Object([("request".into(), Value::String(text))].into());
                read_api_request("openid4vp-v1-signed", &data, ORIGIN, &policy, &mut trust).unwrap()
            }
            _ => verify_request_object(&text, &client_id, None, &policy, &mut trust).unwrap(),
        }
    }

    /// The wallet's answer, with its own view of channel, nonce and audience.
    fn answer(&mut self, request: &Request, wallet: Wallet) -> Message {
        let nonce = wallet.nonce.unwrap_or(&request.nonce);
        let transcript = self.transcript(request, nonce);
        let document = self.device.document(&transcript, wallet.elements);
        let mdoc = base64::encode_url(&device_response(&[document], &[]));
        let stored = StoredSdJwt::read(&self.sd_jwt, 100_000).unwrap();
        let own = request.audience();
        let audience = wallet.audience.unwrap_or(&own);
        let binding = Binding { audience, nonce, at: now(), transaction_data_hashes: &[] };
        let paths: Vec<ClaimPath> = wallet.claims.iter().map(|name| path(name)).collect();
        let unsigned = stored.present(&paths, &binding).unwrap();
        let sd_jwt = unsigned.finish(&self.holder.sign(&[unsigned.to_be_signed()]), &binding).unwrap();
        let texts = [("m", mdoc), ("s", sd_jwt)].map(|(id, text)| (id.to_owned(), vec![text]));
        let asked = |id: &str| request.query.credentials.iter().any(|query| query.id == id);
        let presentations: BTreeMap<_, _> = texts.into_iter().filter(|(id, _)| asked(id)).collect();
        request.answer(&presentations, &mut self.rng).unwrap()
    }

    fn transcript(&self, request: &Request, nonce: &str) -> Transcript {
        let key = &request.encryption.as_ref().unwrap().key;
        let thumbprint = rid_crypto::sha256(&[key.to_jose().unwrap().thumbprint_input().as_bytes()]);
        let (client_id, thumbprint) = (self.client_id(), Some(&thumbprint));
        let handover = match &request.channel {
            rid_openid::vp::Channel::Api { origin } => OnlineHandover::DcApi { origin, nonce, thumbprint },
            rid_openid::vp::Channel::Post { .. } => {
                OnlineHandover::OpenId4Vp { client_id: &client_id, nonce, thumbprint, response_uri: RESPONSE_URI }
            }
        };
        handover.transcript()
    }

    fn receive(&mut self, message: &Message) -> Result<Option<String>, TransactionError> {
        self.receive_from(message, ORIGIN)
    }

    fn receive_from(&mut self, message: &Message, origin: &str) -> Result<Option<String>, TransactionError> {
        let input = JudgeInput {
            profile: &self.profile,
            locales: &[Locale::En],
            trust: &self.issuers,
            status_list: self.status_list.as_deref(),
        };
        let mut env = Env { now: now(), uptime: Uptime::from_millis(self.millis), rng: &mut self.rng };
        let received = match message {
            Message::Data(data) => Received::Data(data, origin),
            Message::Form { body, .. } => Received::Form(body),
        };
        Ok(self.transaction.receive(received, &input, &mut env)?.map(str::to_owned))
    }

    fn verdict(&mut self, code: Option<&str>) -> Result<Verdict, TransactionError> {
        let env = Env { now: now(), uptime: Uptime::from_millis(self.millis), rng: &mut self.rng };
        self.transaction.verdict(code, &env).cloned()
    }

    /// The code of the verdict on a wallet's answer by QR code.
    fn judged(&mut self, wallet: Wallet) -> (Decision, Option<&'static str>) {
        let request = self.request(RequestChannel::CrossDevice);
        let answer = self.answer(&request, wallet);
        self.receive(&answer).unwrap();
        let verdict = self.verdict(None).unwrap();
        (verdict.decision, verdict.code.map(|code| code.as_str()))
    }
}

/// A Status List Token of one bit or two bits for each credential, signed by the issuer of the SD-JWT.
fn status_token(signer: &Identity, uri: &str, bits: u8, lst: &str) -> Vec<u8> {
    let der = base64::encode_standard(signer.certificate.der());
    let header = format!(r#"{{"alg":"ES256","typ":"statuslist+jwt","x5c":["{der}"]}}"#);
    let iat = now().unix();
    let claims = format!(r#"{{"sub":"{uri}","iat":{iat},"status_list":{{"bits":{bits},"lst":"{lst}"}}}}"#);
    let input = [header, claims].map(|part| base64::encode_url(part.as_bytes())).join(".");
    compact(&input, &signer.key.sign(&[input.as_bytes()])).into_bytes()
}

fn path(name: &str) -> ClaimPath {
    ClaimPath { steps: [ClaimKey::Name { name: name.into() }].into() }
}

fn code(error: TransactionError) -> &'static str {
    error.code().as_str()
}

#[test]
fn std_m22_an_answer_of_both_formats_is_accepted_on_each_channel() {
    for channel in [RequestChannel::SameDevice, RequestChannel::CrossDevice, RequestChannel::Api] {
        let mut world = World::new();
        assert_eq!(world.verdict(None).map_err(code), Err("transaction_waiting"));
        let request = world.request(channel);
        let answer = world.answer(&request, HONEST);
        let response_code = world.receive(&answer).unwrap();
        assert_eq!(response_code.is_some(), channel == RequestChannel::SameDevice, "a page is only opened there");
        let verdict = world.verdict(response_code.as_deref()).unwrap();
        assert_eq!((verdict.decision, verdict.code), (Decision::Accepted, None), "{channel:?}");
        let current = verdict.documents.iter().flat_map(|document| document.elements.current());
        let names = current.flat_map(|elements| &elements.issuer_signed).filter_map(|element| element.path.name());
        assert_eq!(names.collect::<Vec<_>>(), ["family_name", "given_name"]);
    }
}

#[test]
fn the_requests_of_a_transaction_differ_in_their_channel_alone() {
    let mut world = World::new();
    let [link, qr] = [RequestChannel::SameDevice, RequestChannel::CrossDevice].map(|channel| world.request(channel));
    let api = world.request(RequestChannel::Api);
    assert_eq!((&link.nonce, &link.query), (&qr.nonce, &qr.query));
    assert_eq!((&link.nonce, &link.query), (&api.nonce, &api.query));
    assert_ne!(link.channel, qr.channel, "the state says which was used");
    let key = |request: &Request| request.encryption.as_ref().unwrap().key.to_bytes();
    assert!(key(&link) == key(&qr) && key(&link) == key(&api));
    assert!(world.signed(RequestChannel::SameDevice, Some("a-wallet-nonce")).is_ok());
}

#[test]
fn only_the_page_with_the_response_code_gets_the_verdict() {
    let mut world = World::new();
    let request = world.request(RequestChannel::SameDevice);
    let answer = world.answer(&request, HONEST);
    let own = world.receive(&answer).unwrap().unwrap();
    for wrong in [None, Some(""), Some("AAECAwQFBgcICQoLDA0ODw")] {
        assert_eq!(world.verdict(wrong).map_err(code), Err("response_code_wrong"), "{wrong:?}");
    }
    assert!(world.verdict(Some(&own)).is_ok());
    // After a QR code there is none, and a page that shows one is not ours.
    let mut world = World::new();
    let request = world.request(RequestChannel::CrossDevice);
    let answer = world.answer(&request, HONEST);
    assert_eq!(world.receive(&answer), Ok(None));
    assert_eq!(world.verdict(Some(&own)).map_err(code), Err("response_code_wrong"));
}

#[test]
fn a_second_answer_changes_nothing() {
    let mut world = World::new();
    let request = world.request(RequestChannel::CrossDevice);
    let wrong = world.answer(&request, Wallet { nonce: Some("AAECAwQFBgcICQoLDA0ODw"), ..HONEST });
    let right = world.answer(&request, HONEST);
    world.receive(&wrong).unwrap();
    let verdict = world.verdict(None).unwrap();
    assert_eq!(verdict.decision, Decision::Refused);
    assert_eq!(world.receive(&right).map_err(code), Err("transaction_done"));
    assert_eq!(world.verdict(None), Ok(verdict));
    assert_eq!(world.signed(RequestChannel::SameDevice, None).map_err(code), Err("transaction_done"));
}

#[test]
fn an_answer_of_another_transaction_does_not_open_and_changes_nothing() {
    let mut other = World::asking(query(&format!(
        r#"{{"credentials":[{{"id":"m","format":"mso_mdoc","meta":{{"doctype_value":"{MDL_DOC_TYPE}"}}}}]}}"#
    )));
    other.rng = SeededRng::new(99);
    let mut env = Env { now: now(), uptime: Uptime::from_millis(0), rng: &mut other.rng };
    let service = Service {
        client_id: x509_hash(&other.verifier.certificate),
        chain: vec![other.verifier.certificate.clone()],
        response_uri: RESPONSE_URI.into(),
        origins: vec![ORIGIN.into()],
        lifetime_seconds: 300,
    };
    other.transaction = Transaction::start(Arc::new(service), both(), &mut env);
    let mut world = World::new();
    for channel in [RequestChannel::SameDevice, RequestChannel::Api] {
        let request = other.request(channel);
        let answer = other.answer(&request, HONEST);
        assert!(matches!(world.receive(&answer), Err(TransactionError::Answer(_))), "{channel:?}");
    }
    for body in ["", "vp_token=%7B%7D", "response=a.b.c.d.e", "error=access_denied", "error=access_denied&state=x"] {
        let form = world.request(RequestChannel::SameDevice);
        let Message::Form { uri, .. } = world.answer(&form, HONEST) else { panic!("a form") };
        let message = Message::Form { uri, body: body.into() };
        assert!(matches!(world.receive(&message), Err(TransactionError::Answer(_))), "{body}");
    }
    assert_eq!(world.verdict(None).map_err(code), Err("transaction_waiting"));
    let request = world.request(RequestChannel::Api);
    let answer = world.answer(&request, HONEST);
    let foreign = world.receive_from(&answer, "https://evil.example");
    assert_eq!(foreign, Err(TransactionError::Answer(VpError::Origin)));
    assert_eq!(world.receive(&answer), Ok(None));
}

#[test]
fn a_refusal_ends_the_transaction_by_name() {
    let mut world = World::new();
    let request = world.request(RequestChannel::CrossDevice);
    let refusal = request.reply().error(OAuthError::AccessDenied);
    assert_eq!(world.receive(&refusal).map_err(code), Err("transaction_refused"));
    assert_eq!(world.transaction.refusal(), Some(OAuthError::AccessDenied));
    let answer = world.answer(&request, HONEST);
    assert_eq!(world.receive(&answer).map_err(code), Err("transaction_refused"));
    assert_eq!(world.verdict(None).map_err(code), Err("transaction_refused"));
}

#[test]
fn a_transaction_expires_by_uptime() {
    let mut world = World::new();
    let request = world.request(RequestChannel::CrossDevice);
    let answer = world.answer(&request, HONEST);
    world.millis = 300_000;
    assert_eq!(world.receive(&answer).map_err(code), Err("transaction_expired"));
    assert_eq!(world.verdict(None).map_err(code), Err("transaction_expired"));
    assert_eq!(world.signed(RequestChannel::Api, None).map_err(code), Err("transaction_expired"));
    world.millis = 299_999;
    assert_eq!(world.receive(&answer), Ok(None));
}

#[test]
fn std_m22_a_presentation_for_another_request_is_refused() {
    let (nonce, audience) = (Some("AAECAwQFBgcICQoLDA0ODw"), Some("x509_hash:other"));
    let refused = |wallet| World::new().judged(wallet);
    assert_eq!(refused(Wallet { nonce, ..HONEST }), (Decision::Refused, Some("device_auth_invalid")));
    let (decision, code) = refused(Wallet { audience, ..HONEST });
    assert_eq!((decision, code), (Decision::Refused, Some("sdjwt_kb_audience")));
}

#[test]
fn neg_q01_an_answer_holds_what_was_asked_for_and_nothing_else() {
    let more = Wallet { elements: &["family_name", "resident_address"], ..HONEST };
    assert_eq!(World::new().judged(more), (Decision::Refused, Some("answer_not_asked")));
    let other = Wallet { elements: &["resident_address"], ..HONEST };
    assert_eq!(World::new().judged(other), (Decision::Refused, Some("answer_not_asked")));
    let less = Wallet { claims: &["age"], ..HONEST };
    assert_eq!(World::new().judged(less), (Decision::Undecided, Some("not_returned")));
    let asked = |claims: &str, vct: &str| {
        query(&format!(
            r#"{{"credentials":[{{"id":"s","format":"dc+sd-jwt","meta":{{"vct_values":["{vct}"]}},"claims":[{claims}]}}]}}"#
        ))
    };
    let wrong_value = asked(r#"{"path":["given_name"],"values":["Leyla"]}"#, VCT);
    assert_eq!(World::asking(wrong_value).judged(HONEST), (Decision::Refused, Some("dcql_claim_value")));
    let right_value = asked(r#"{"path":["given_name"],"values":["Leyla","Aynur"]}"#, VCT);
    assert_eq!(World::asking(right_value).judged(HONEST), (Decision::Accepted, None));
    let other_type = asked(r#"{"path":["given_name"]}"#, "urn:example:other:1");
    assert_eq!(World::asking(other_type).judged(HONEST), (Decision::Refused, Some("dcql_type")));
}

#[test]
fn neg_b01_a_forged_value_is_refused() {
    let mut world = World::new();
    world.device.forge("Sample");
    assert_eq!(world.judged(HONEST), (Decision::Refused, Some("mdoc_digest_mismatch")));
}

#[test]
fn std_m60_a_status_list_decides_and_one_that_says_nothing_leaves_the_status_unknown() {
    // The bytes b9 a3 with one bit each (index 3: 1), c9 44 f9 with two bits each (index 3: 3), and zeros.
    let (ones, twos, zeros) = ("eNrbuRgAAhcBXQ", "eNo76fITAAPfAgc", "eNpjYAAAAAIAAQ");
    let cases = [
        (STATUS_URI, 1, zeros, Decision::Accepted, None),
        (STATUS_URI, 1, ones, Decision::Refused, Some("credential_revoked")),
        (STATUS_URI, 2, twos, Decision::Refused, Some("credential_status_other")),
        ("https://status.example/2", 1, zeros, Decision::Undecided, Some("status_list_uri")),
        (STATUS_URI, 1, "AAAA", Decision::Undecided, Some("status_list_compression")),
        (STATUS_URI, 3, zeros, Decision::Undecided, Some("status_list_form")),
    ];
    for (uri, bits, list, decision, code) in cases {
        let mut world = World::new();
        world.status_list = Some(status_token(&world.signer, uri, bits, list));
        assert_eq!(world.judged(HONEST), (decision, code), "{uri} {bits} {list}");
        let verdict = world.verdict(None).unwrap();
        let checks = verdict.documents.iter().flat_map(|document| &document.checks);
        let known = checks.filter(|check| check.code.as_str() == "credential_status").filter_map(|check| check.as_of);
        let is_known = decision != Decision::Undecided;
        assert_eq!(known.collect::<Vec<_>>(), if is_known { vec![now()] } else { vec![] }, "checked as of");
    }
    // A list of another root says nothing.
    let mut world = World::new();
    world.status_list = Some(status_token(&world.verifier, STATUS_URI, 1, zeros));
    assert_eq!(world.judged(HONEST), (Decision::Undecided, Some("cert_untrusted")));
}
