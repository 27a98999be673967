//! A verifier's server and a wallet in one process: every exchange goes through a script.
use std::collections::BTreeMap;

use rid_claims::ClaimPath;
use rid_crypto::{AgreementKey, Curve};
use rid_flow::{
    Effect, Env, Flow, Input, Note, Output, Reply, Step,
    ports::{HttpError, HttpRequest, HttpResponse},
};
use rid_holder::{
    consent::{AgreedDocument, Answer, Decision, Question},
    online::{Arrival, Beginning, Online, OnlineAnswer, OnlineError, OnlinePause, OnlineReceipt},
};
use rid_mdoc::{
    handover::OnlineHandover,
    response::UnverifiedResponse,
    transcript::Transcript,
    verify::{DeviceAuthInput, verify_document},
};
use rid_openid::{
    dcql::Query,
    vp::{
        Invocation, Method,
        build::{Draft, DraftChannel, link, x509_hash},
        open::{self, Expected, Opened},
    },
};
use rid_trust::Outcome;
use rid_wire::{
    base64,
    cbor::Limits,
    jose::{Alg, compact},
    json::Value,
};

use crate::{
    wallet::{Wallet, sendable},
    world::{Identity, MDL, NOW, NS},
};

pub(super) const REQUEST_URI: &str = "https://apteka.example/request/7";
pub(super) const RESPONSE_URI: &str = "https://apteka.example/response/7";
pub(super) const NONCE: &str = "AAECAwQFBgcICQoLDA0ODw";
pub(super) const STATE: &str = "EBESExQVFhcYGRobHB0eHw";

/// What the server gives for the POST of the answer.
pub(super) enum Script {
    Fails(HttpError),
    Lost(fn() -> Reply),
    Replies(u16, &'static str),
}

pub(super) struct World {
    pub(super) wallet: Wallet,
    pub(super) verifier: Identity,
    pub(super) key: AgreementKey,
    pub(super) query: Query,
    pub(super) method: Method,
    /// Changes the members of the request.
    pub(super) alter: fn(&mut Vec<(String, Value)>),
    /// Changes the signed text.
    pub(super) spoil: fn(String) -> String,
    /// For the fetch; `None`: the request.
    pub(super) fetch: Option<Script>,
    pub(super) post: Script,
    pub(super) requests: Vec<HttpRequest>,
    pub(super) question: Option<Question>,
}

/// Where a flow came to rest.
#[derive(Debug, PartialEq)]
pub(super) enum Rest {
    Ask,
    Done(OnlineReceipt),
}

pub(super) fn query(claims: &[&str], more: &str) -> Query {
    let claim = |name: &&str| format!(r#"{{"id":"{name}","path":["{NS}","{name}"]}}"#);
    let claims: Vec<String> = claims.iter().map(claim).collect();
    let meta = format!(r#""format":"mso_mdoc","meta":{{"doctype_value":"{MDL}"}}"#);
    Query::parse(&format!(r#"{{"credentials":[{{"id":"a",{meta},"claims":[{}]{more}}}]}}"#, claims.join(","))).unwrap()
}

impl World {
    pub(super) fn new() -> Self {
        let wallet = Wallet::new();
        Self {
            verifier: wallet.pki.reader.clone(),
            wallet,
            key: AgreementKey::from_scalar(Curve::P256, &[7; 32]).unwrap(),
            query: query(&["family_name", "age_over_18"], ""),
            method: Method::Get,
            alter: |_| {},
            spoil: |text| text,
            fetch: None,
            post: Script::Replies(200, "{}"),
            requests: Vec::new(),
            question: None,
        }
    }

    pub(super) fn client_id(&self) -> String {
        x509_hash(&self.verifier.certificate)
    }

    pub(super) fn flow(&self, arrival: Arrival) -> Online {
        let link = link("openid4vp://", &self.client_id(), REQUEST_URI, self.method);
        self.begin(Beginning::Invocation(Invocation::parse(&link).unwrap(), arrival))
    }

    pub(super) fn begin(&self, beginning: Beginning) -> Online {
        Online::new(self.wallet.profile.clone(), self.wallet.pki.readers(), self.wallet.policy, beginning)
    }

    /// The request object of this transaction.
    pub(super) fn request_object(&self, wallet_nonce: Option<&str>) -> String {
        let public = self.key.public();
        let channel = DraftChannel::Post { response_uri: RESPONSE_URI, state: STATE, wallet_nonce };
        self.sign(&self.draft(channel, Some((&public, "k1"))))
    }

    pub(super) fn draft<'a>(
        &'a self,
        channel: DraftChannel<'a>,
        encryption: Option<(&'a rid_crypto::PublicKey, &'a str)>,
    ) -> Draft<'a> {
        let times = Some((NOW, NOW.plus_seconds(300)));
        let (query, nonce) = (&self.query, NONCE);
        Draft { channel, query, nonce, encryption, verifier_info: &[], transaction_data: &[], times }
    }

    pub(super) fn sign(&self, draft: &Draft<'_>) -> String {
        let chain = std::slice::from_ref(&self.verifier.certificate);
        let input = draft.signing_input(&self.client_id(), Alg::Es256, chain);
        let (header, payload) = input.split_once('.').unwrap();
        let payload = String::from_utf8(base64::decode_url(payload).unwrap()).unwrap();
        let Value::Object(mut members) = Value::parse(&payload, 1 << 20).unwrap() else { panic!("an object") };
        (self.alter)(&mut members);
        let input = format!("{header}.{}", base64::encode_url(Value::Object(members).to_text().as_bytes()));
        (self.spoil)(compact(&input, &self.verifier.key.sign(&[input.as_bytes()])))
    }

    fn serve(&mut self, request: HttpRequest) -> Reply {
        let body = String::from_utf8(request.body.clone()).unwrap();
        let url = request.url.clone();
        self.requests.push(request);
        let script = if url == RESPONSE_URI {
            &self.post
        } else {
            assert_eq!(url, REQUEST_URI);
            match &self.fetch {
                Some(script) => script,
                None => {
                    let nonce = body.split('&').find_map(|pair| pair.strip_prefix("wallet_nonce="));
                    let body = self.request_object(nonce).into_bytes();
                    return Reply::Fetched(Ok(HttpResponse { status: 200, headers: Vec::new(), body }));
                }
            }
        };
        match script {
            Script::Fails(error) => Reply::Fetched(Err(*error)),
            Script::Lost(reply) => reply(),
            Script::Replies(status, body) => {
                let (status, body) = (*status, body.as_bytes().to_vec());
                Reply::Fetched(Ok(HttpResponse { status, headers: Vec::new(), body }))
            }
        }
    }

    /// The answer of a port to an effect.
    pub(super) fn perform(&mut self, effect: Effect) -> Reply {
        match effect {
            Effect::Http(request) => self.serve(request),
            other => match self.wallet.answer_to(Output::Io(other)) {
                Some(Input::Done(reply)) => reply,
                _ => panic!("a port answers"),
            },
        }
    }

    pub(super) fn note(&mut self, notes: Vec<Note>) {
        for note in notes {
            self.wallet.answer_to(Output::Note(note));
        }
    }

    /// Runs to the next question or the end; unlocks.
    pub(super) fn run(&mut self, flow: &mut Online) -> Result<Rest, OnlineError> {
        loop {
            let step = self.with_env(|env| flow.step(env));
            self.note(flow.take_notes());
            match step? {
                Step::Io(effect) => {
                    let reply = self.perform(effect);
                    self.with_env(|env| flow.reply(reply, env))?;
                }
                Step::Pause(OnlinePause::Unlock) => {
                    let open = !self.wallet.ports.locked;
                    self.with_env(|env| flow.answer(OnlineAnswer::Unlocked(open), env))?;
                }
                Step::Pause(OnlinePause::Ask(question)) => {
                    self.question = Some(question);
                    return Ok(Rest::Ask);
                }
                Step::Done(receipt) => return Ok(Rest::Done(receipt)),
            }
        }
    }

    pub(super) fn with_env<T>(&mut self, work: impl FnOnce(&mut Env<'_>) -> T) -> T {
        let Wallet { now, uptime, rng, .. } = &mut self.wallet;
        work(&mut Env { now: *now, uptime: *uptime, rng })
    }

    /// Agrees to the first candidate of each suggested document, or refuses.
    pub(super) fn answer(&self, agree: bool) -> Answer {
        let question = self.question.as_ref().unwrap();
        let documents = question.documents.iter().zip(0..).filter(|(document, _)| document.suggested);
        let agreed = documents.map(|(document, position)| {
            let candidate = &document.candidates[0];
            AgreedDocument {
                document: position,
                credential: candidate.credential.clone(),
                elements: sendable(candidate),
            }
        });
        let decision = if agree { Decision::Agree(agreed.collect()) } else { Decision::Refuse };
        Answer { id: question.id, hash: question.hash, decision }
    }

    pub(super) fn say(&mut self, flow: &mut Online, answer: Answer) -> Result<(), OnlineError> {
        self.with_env(|env| flow.answer(OnlineAnswer::Consent(answer), env))
    }

    /// The whole presentation with one answer.
    pub(super) fn present(&mut self, arrival: Arrival, agree: bool) -> Result<OnlineReceipt, OnlineError> {
        let mut flow = self.flow(arrival);
        let ended = self.finish(&mut flow, agree);
        if ended.is_err() {
            self.note(flow.abandon());
        }
        ended
    }

    pub(super) fn finish(&mut self, flow: &mut Online, agree: bool) -> Result<OnlineReceipt, OnlineError> {
        assert_eq!(self.run(flow)?, Rest::Ask);
        let answer = self.answer(agree);
        self.say(flow, answer)?;
        match self.run(flow)? {
            Rest::Done(receipt) => Ok(receipt),
            Rest::Ask => panic!("asked twice"),
        }
    }

    /// The bodies of the POSTs to the address of the answer.
    pub(super) fn posts(&self) -> Vec<String> {
        let posts = self.requests.iter().filter(|request| request.url == RESPONSE_URI);
        posts.map(|request| String::from_utf8(request.body.clone()).unwrap()).collect()
    }

    /// What the verifier opens of an answer.
    pub(super) fn opened(&self, body: &str) -> Opened {
        open::form(body, &Expected { query: &self.query, state: Some(STATE), key: Some((&self.key, "k1")) }).unwrap()
    }

    fn transcript(&self) -> Transcript {
        let jwk = self.key.public().to_jose().unwrap();
        let thumbprint = rid_crypto::sha256(&[jwk.thumbprint_input().as_bytes()]);
        let (client_id, thumbprint) = (self.client_id(), Some(&thumbprint));
        OnlineHandover::OpenId4Vp { client_id: &client_id, nonce: NONCE, thumbprint, response_uri: RESPONSE_URI }
            .transcript()
    }

    /// Verifies each presentation of the last answer, and gives the names of the elements disclosed by each query.
    pub(super) fn judged(&self) -> BTreeMap<String, Vec<Vec<ClaimPath>>> {
        let posts = self.posts();
        let Opened::Answer(presentations) = self.opened(posts.last().unwrap()) else { panic!("an answer") };
        self.judge(presentations, &self.transcript())
    }

    pub(super) fn judge(
        &self,
        presentations: BTreeMap<String, Vec<String>>,
        transcript: &Transcript,
    ) -> BTreeMap<String, Vec<Vec<ClaimPath>>> {
        let judge = |text: &String| self.judge_one(text, transcript);
        presentations.into_iter().map(|(id, all)| (id, all.iter().map(judge).collect())).collect()
    }

    fn judge_one(&self, text: &str, transcript: &Transcript) -> Vec<ClaimPath> {
        self.judge_response(&base64::decode_url(text).unwrap(), transcript)
    }

    /// Verifies a DeviceResponse with one document.
    pub(super) fn judge_response(&self, bytes: &[u8], transcript: &Transcript) -> Vec<ClaimPath> {
        let response = UnverifiedResponse::parse(bytes, Limits::ONLINE).unwrap();
        assert_eq!(response.status, 0);
        let documents = response.documents.unwrap();
        let [document] = documents.as_slice() else { panic!("one document in each response") };
        let input = DeviceAuthInput { transcript: Some(transcript), reader_key: None };
        let issuers = self.wallet.pki.issuers();
        let report = verify_document(document, &mut issuers.message(NOW), &input);
        let failed = report.checks.iter().find(|check| check.outcome == Outcome::Failed);
        assert!(failed.is_none(), "{failed:?}");
        let evidence = report.evidence.expect("evidence");
        let items = evidence.issuer().items().iter();
        let mut paths: Vec<_> = items.map(|item| ClaimPath::element(item.namespace(), item.identifier())).collect();
        paths.sort();
        paths
    }

    /// Copies left of the licence.
    pub(super) fn copies(&self) -> usize {
        self.wallet.vault.held.values().filter(|held| held.doc_type == MDL).map(|held| held.copies.len()).sum()
    }
}
