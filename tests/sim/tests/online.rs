//! A wallet's facade answers the transactions of a verifier, with faults of the network between them.
#![allow(
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::panic,
    clippy::unwrap_used,
    reason = "a test that cannot go on says so by failing"
)]

use std::sync::{Arc, Mutex};

use async_trait::async_trait;
use pollster::block_on;
use rid_crypto::SigningKey;
use rid_flow::{
    Env, HistoryOutcome, Uptime,
    fake::{FakeClock, FakeTimer, MemoryDisk, MemoryStorage, ScriptedSecureArea},
    ports::{Http, HttpError, HttpRequest, HttpResponse},
};
use rid_holder::online::Arrival;
use rid_kit::{agree, rngs, wallet_config};
use rid_openid::{
    dcql::Query,
    vp::{
        Method,
        build::{link, x509_hash},
    },
};
use rid_profile::{Locale, Profile};
use rid_sim::{NOW, SimRng, TestState};
use rid_trust::TrustStore;
use rid_verifier::{
    online::{JudgeInput, Received, RequestChannel, Service, Transaction, TransactionError},
    view::{Decision, Verdict},
};
use rid_wallet::{
    OnlinePresentation, PresentationStep, Wallet, WalletPorts,
    view::{ConsentAnswer, ConsentDecision, HistoryRow, OnlineDelivery, PresentationReceipt},
};
use rid_wire::{jose::compact, json::Value};

const ORIGIN: &str = "https://apteka.example";
const REQUEST_URI: &str = "https://apteka.example/request/";
const RESPONSE_URI: &str = "https://apteka.example/answer";

/// What the network does with the POST of an answer.
#[derive(Clone, Copy, PartialEq)]
enum Fault {
    None,
    /// The answer arrives, and its reply is lost.
    ReplyLost,
    /// The answer is lost.
    Offline,
    /// The server is broken.
    Status500,
}

/// The verifier's server.
struct Server {
    transaction: Mutex<Transaction>,
    key: SigningKey,
    profile: Profile,
    issuers: Arc<TrustStore>,
    fault: Fault,
    urls: Mutex<Vec<String>>,
}

impl Server {
    fn with_env<T>(&self, work: impl FnOnce(&mut Transaction, &mut Env<'_>) -> T) -> T {
        let mut rng = SimRng::new(77);
        work(
            &mut self.transaction.lock().unwrap(),
            &mut Env { now: NOW, uptime: Uptime::from_millis(0), rng: &mut rng },
        )
    }

    fn signed(&self, channel: RequestChannel, nonce: Option<&str>) -> Result<String, TransactionError> {
        let input = self.with_env(|transaction, env| transaction.request(channel, nonce, env))?;
        Ok(compact(&input, &self.key.sign(&[input.as_bytes()])))
    }

    /// The page to which the wallet leads back on the same device, or an empty object.
    fn receive(&self, answer: Received<'_>) -> Result<String, TransactionError> {
        let input =
            JudgeInput { profile: &self.profile, locales: &[Locale::En], trust: &self.issuers, status_list: None };
        self.with_env(|transaction, env| {
            let code = transaction.receive(answer, &input, env)?;
            Ok(code.map_or("{}".into(), |code| format!(r#"{{"redirect_uri":"{ORIGIN}/done?response_code={code}"}}"#)))
        })
    }

    fn verdict(&self, code: Option<&str>) -> Result<Verdict, TransactionError> {
        self.with_env(|transaction, env| transaction.verdict(code, env).cloned())
    }
}

#[async_trait]
impl Http for Server {
    async fn send(&self, request: HttpRequest) -> Result<HttpResponse, HttpError> {
        self.urls.lock().unwrap().push(request.url.clone());
        let body = String::from_utf8(request.body).unwrap();
        let respond = |status, body: String| Ok(HttpResponse { status, headers: Vec::new(), body: body.into_bytes() });
        if let Some(channel) = request.url.strip_prefix(REQUEST_URI) {
            let channel = if channel == "qr" { RequestChannel::CrossDevice } else { RequestChannel::SameDevice };
            let nonce = body.split('&').find_map(|pair| pair.strip_prefix("wallet_nonce="));
            return respond(200, self.signed(channel, nonce).unwrap());
        }
        assert_eq!(request.url, RESPONSE_URI);
        match self.fault {
            Fault::Offline => Err(HttpError::Offline),
            Fault::Status500 => respond(500, "<html>".into()),
            fault => {
                let reply = match self.receive(Received::Form(&body)) {
                    Ok(reply) => respond(200, reply),
                    Err(error) => respond(400, error.code().as_str().into()),
                };
                if fault == Fault::ReplyLost { Err(HttpError::Timeout) } else { reply }
            }
        }
    }
}

struct World {
    server: Arc<Server>,
    wallet: Arc<Wallet>,
    client_id: String,
}

impl World {
    fn new(fault: Fault) -> Self {
        let state = TestState::make(0, &mut SimRng::new(1)).unwrap();
        let (key, certificate) = state.reader();
        let key = SigningKey::from_scalar(key.dangerous_scalar().expose()).unwrap();
        let client_id = x509_hash(certificate);
        let service = Service {
            client_id: client_id.clone(),
            chain: vec![certificate.clone()],
            response_uri: RESPONSE_URI.into(),
            origins: vec![ORIGIN.into()],
            lifetime_seconds: 300,
        };
        let query = Query::parse(
            r#"{"credentials":[{"id":"licence","format":"mso_mdoc","meta":{"doctype_value":"org.iso.18013.5.1.mDL"},
                "claims":[{"path":["org.iso.18013.5.1","family_name"]},{"path":["org.iso.18013.5.1","age_over_18"]}]}]}"#,
        );
        let mut rng = SimRng::new(2);
        let mut env = Env { now: NOW, uptime: Uptime::from_millis(0), rng: &mut rng };
        let transaction = Mutex::new(Transaction::start(Arc::new(service), query.unwrap(), &mut env));
        let (profile, issuers) = (rid_profile::embedded().unwrap(), state.trust());
        let server = Server { transaction, key, profile, issuers, fault, urls: Mutex::default() };
        let (server, hands) = (Arc::new(server), FakeClock::new(NOW));
        let ports = WalletPorts {
            secure_area: Arc::new(ScriptedSecureArea::new(1)),
            storage: Arc::new(MemoryStorage::new(&MemoryDisk::new())),
            http: Some(server.clone()),
            clock: Arc::new(hands.clone()),
            timer: Arc::new(FakeTimer::new(&hands)),
            rng: rngs(SimRng::new),
        };
        let wallet = Arc::new(block_on(Wallet::open(ports, wallet_config(state.own_trust().unwrap()))).unwrap());
        let enrolment = block_on(wallet.enrol(&["mdl".into()], 3, vec![7; 32], "sim".into())).unwrap();
        let answer = state.answer(&enrolment.message, &[7; 32], &mut SimRng::new(3)).unwrap();
        block_on(wallet.accept(&enrolment.id, &answer)).unwrap();
        Self { server, wallet, client_id }
    }

    fn link(&self, way: &str, method: Method) -> String {
        link("openid4vp://", &self.client_id, &format!("{REQUEST_URI}{way}"), method)
    }

    fn outcomes(&self) -> Vec<HistoryOutcome> {
        let rows = block_on(self.wallet.history(0, 100)).unwrap();
        let events = rows.iter().filter_map(HistoryRow::event);
        events.filter(|row| row.kind == rid_flow::HistoryEventType::Presentation).map(|row| row.outcome).collect()
    }

    fn copies_left(&self) -> u32 {
        block_on(self.wallet.credentials()).unwrap()[0].copies_left
    }
}

/// Runs a presentation to its end: the receipt, if any, and the code that it closed with.
fn run(presentation: &OnlinePresentation, agrees: bool) -> (Option<PresentationReceipt>, String) {
    let mut kept = None;
    loop {
        match block_on(presentation.next()).unwrap() {
            PresentationStep::Ask { request } => {
                let refusal = ConsentAnswer { decision: ConsentDecision::Refuse, ..agree(&request) };
                presentation.answer(if agrees { agree(&request) } else { refusal }).unwrap();
            }
            PresentationStep::Receipt { receipt } => {
                kept = Some(receipt);
                presentation.proceed().unwrap();
            }
            PresentationStep::Closed { code } => return (kept, code.to_string()),
            step => panic!("{step:?}"),
        }
    }
}

#[test]
fn std_m20_the_wallet_answers_a_link_and_only_its_page_gets_the_verdict() {
    for method in [Method::Get, Method::Post] {
        let world = World::new(Fault::None);
        let presentation = world.wallet.present_link(&world.link("link", method), Arrival::Link).unwrap();
        let (receipt, _) = run(&presentation, true);
        let Some(OnlineDelivery::Taken { redirect: Some(page) }) = receipt.unwrap().delivery else { panic!("a page") };
        let (start, response_code) = page.split_once('=').unwrap();
        assert_eq!(start, format!("{ORIGIN}/done?response_code"));
        assert_eq!(world.server.verdict(None), Err(TransactionError::ResponseCode));
        let verdict = world.server.verdict(Some(response_code)).unwrap();
        assert_eq!((verdict.decision, verdict.code), (Decision::Accepted, None));
        let names = verdict.documents[0].elements.current().unwrap().issuer_signed.iter();
        let mut names: Vec<_> = names.filter_map(|element| element.path.name()).collect();
        names.sort_unstable();
        assert_eq!(names, ["age_over_18", "family_name"]);
        assert_eq!(world.server.urls.lock().unwrap().len(), 2, "perf-P13");
        assert_eq!((world.outcomes(), world.copies_left()), (vec![HistoryOutcome::Finished], 2));
        // The link is used up: a second wallet, or the same one again, gets no request.
        assert_eq!(world.server.signed(RequestChannel::SameDevice, None), Err(TransactionError::Done));
    }
}

#[test]
fn std_m20_an_answer_to_a_qr_code_opens_no_page() {
    let world = World::new(Fault::None);
    let presentation = world.wallet.present_link(&world.link("qr", Method::Get), Arrival::Scan).unwrap();
    let (receipt, _) = run(&presentation, true);
    assert_eq!(receipt.unwrap().delivery, Some(OnlineDelivery::Taken { redirect: None }));
    assert_eq!(world.server.verdict(None).unwrap().decision, Decision::Accepted);
}

#[test]
fn std_m27_the_wallet_answers_the_digital_credentials_api() {
    for signed in [false, true] {
        let world = World::new(Fault::None);
        let (protocol, data) = if signed {
            let text = world.server.signed(RequestChannel::Api, None).unwrap();
            ("openid4vp-v1-signed", Value::Object([("request".into(), Value::String(text))].into()))
        } else {
            let unsigned = world.server.with_env(|transaction, env| transaction.unsigned_request(env));
            ("openid4vp-v1-unsigned", unsigned.unwrap())
        };
        let presentation = world.wallet.present_to_origin(protocol, &data.to_text(), ORIGIN);
        let (receipt, _) = run(&presentation, true);
        let Some(OnlineDelivery::Returned { data }) = receipt.unwrap().delivery else { panic!("data for the page") };
        let data = Value::parse(&data, 1 << 20).unwrap();
        let foreign = world.server.receive(Received::Data(&data, "https://evil.example"));
        assert_eq!(foreign.unwrap_err().code().as_str(), "vp_origin");
        assert_eq!(world.server.receive(Received::Data(&data, ORIGIN)).as_deref(), Ok("{}"));
        let verdict = world.server.verdict(None).unwrap();
        assert_eq!((verdict.decision, verdict.code), (Decision::Accepted, None), "signed: {signed}");
        assert!(world.server.urls.lock().unwrap().is_empty(), "the page carries the answer");
    }
}

#[test]
fn neg_g18_a_refusal_reaches_the_verifier_by_name() {
    let world = World::new(Fault::None);
    let presentation = world.wallet.present_link(&world.link("qr", Method::Get), Arrival::Scan).unwrap();
    let (receipt, _) = run(&presentation, false);
    assert!(!receipt.unwrap().disclosed);
    assert_eq!(world.server.verdict(None), Err(TransactionError::Refused));
    assert_eq!((world.outcomes(), world.copies_left()), (vec![HistoryOutcome::Refused], 3));
}

#[test]
fn neg_g21_whatever_the_network_does_the_answer_is_sent_once_and_the_history_is_true() {
    let cases = [
        (Fault::ReplyLost, HistoryOutcome::UnknownDelivery, true),
        (Fault::Offline, HistoryOutcome::UnknownDelivery, false),
        (Fault::Status500, HistoryOutcome::Failed, false),
    ];
    for (fault, outcome, arrived) in cases {
        let world = World::new(fault);
        let presentation = world.wallet.present_link(&world.link("qr", Method::Get), Arrival::Scan).unwrap();
        run(&presentation, true);
        let posts = world.server.urls.lock().unwrap().iter().filter(|url| *url == RESPONSE_URI).count();
        assert_eq!((posts, world.outcomes(), world.copies_left()), (1, vec![outcome], 2));
        assert_eq!(world.server.verdict(None).is_ok(), arrived);
    }
}
