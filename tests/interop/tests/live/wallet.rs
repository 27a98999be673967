//! Our wallet for one session. It has copies of one driving licence, and a user who agrees to everything.
use std::{collections::BTreeMap, sync::Arc};

use rid_claims::{ClaimPath, CredentialSummary, CredentialType, ReusePolicy};
use rid_crypto::{AgreementKey, Curve, PublicKey, Secret, SigningKey};
use rid_flow::{
    Changes, Committed, Copy, CopyId, CredentialId, Effect, Env, HeldCredential, HistorySeq, Holdings, Input,
    LinkCommand, LinkEvent, Output, Reply, Session,
    ports::{KeyId, SecureAreaError, StorageError},
};
use rid_holder::{
    consent::{AgreedDocument, Answer, Decision, Question},
    proximity::{CloseReason, DeviceAuthMethod, HolderSession, ProximityTypes},
};
use rid_trust::TrustStore;

use crate::world::{MDL, SeededRng, UPTIME, World, now, profile, validity};

pub(crate) struct Wallet {
    rng: SeededRng,
    session: HolderSession,
    keys: BTreeMap<KeyId, SigningKey>,
    copies: Vec<(KeyId, Vec<u8>)>,
    rows: u64,
    /// The text of the QR code.
    pub(crate) qr: String,
    pub(crate) sent: Vec<Vec<u8>>,
    /// The number of the last message.
    pub(crate) question: Option<Question>,
    pub(crate) closed: Option<CloseReason>,
}

impl Wallet {
    /// `issue` makes one copy for a device key.
    pub(crate) fn start(
        world: &mut World,
        method: DeviceAuthMethod,
        issue: impl Fn(&mut World, &PublicKey) -> Vec<u8>,
    ) -> Self {
        let readers = world.readers();
        Self::start_trusting(world, readers, method, issue)
    }

    /// Trusts the readers of `readers`.
    pub(crate) fn start_trusting(
        world: &mut World,
        readers: Arc<TrustStore>,
        method: DeviceAuthMethod,
        issue: impl Fn(&mut World, &PublicKey) -> Vec<u8>,
    ) -> Self {
        let (mut keys, mut copies) = (BTreeMap::new(), Vec::new());
        for number in 0..2 {
            let key = SigningKey::make(&mut world.rng);
            let id = KeyId(format!("copy-{number}"));
            copies.push((id.clone(), issue(world, &key.public())));
            keys.insert(id, key);
        }
        let mut rng = SeededRng::new(77);
        let mut env = Env { now: now(), uptime: UPTIME, rng: &mut rng };
        let session = HolderSession::start(profile(), readers, method, &mut env);
        let mut wallet =
            Self { rng, session, keys, copies, rows: 0, qr: String::new(), sent: vec![], question: None, closed: None };
        wallet.run();
        wallet.handle(Input::Link(LinkEvent::Up));
        wallet
    }

    /// Handles a message of the reader. `None` if there is no answer.
    pub(crate) fn exchange(&mut self, message: Vec<u8>) -> Option<Vec<u8>> {
        self.question = None;
        self.handle(Input::Link(LinkEvent::Bytes(message)));
        if let Some(question) = &self.question {
            let answer = agree(question);
            self.handle(Input::Answer(answer));
        }
        self.sent.pop()
    }

    /// The user ends the session. Returns the message for the reader.
    pub(crate) fn cancel(&mut self) -> Vec<u8> {
        let mut env = Env { now: now(), uptime: UPTIME, rng: &mut self.rng };
        self.session.cancel(&mut env);
        self.run();
        self.sent.pop().expect("a message")
    }

    fn handle(&mut self, input: Input<ProximityTypes>) {
        let mut env = Env { now: now(), uptime: UPTIME, rng: &mut self.rng };
        self.session.handle(input, &mut env).expect("the session wants this");
        self.run();
    }

    fn run(&mut self) {
        while let Some(output) = self.session.poll() {
            let input = match output {
                Output::Link(LinkCommand::Advertise(plan)) => {
                    self.qr = plan.engagement.to_qr();
                    None
                }
                Output::Unlock => Some(Input::Unlocked(true)),
                Output::Io(Effect::Lookup(_)) => Some(Input::Done(Reply::Found(Ok(self.holdings())))),
                Output::Ask(question) => {
                    self.question = Some(question);
                    None
                }
                Output::Io(Effect::Commit(changes)) => Some(Input::Done(Reply::Committed(self.commit(changes)))),
                Output::Io(Effect::Sign(request)) => {
                    let key = self.keys.get(&request.key).ok_or(SecureAreaError::NotFound);
                    Some(Input::Done(Reply::Signed(key.map(|key| key.sign(&[&request.message])))))
                }
                Output::Io(Effect::Agree(request)) => {
                    let peer = PublicKey::from_sec1(Curve::P256, &request.peer).unwrap();
                    let key = self.keys.get(&request.key).ok_or(SecureAreaError::NotFound);
                    Some(Input::Done(Reply::Agreed(key.map(|key| {
                        let key = AgreementKey::from_scalar(Curve::P256, key.dangerous_scalar().expose()).unwrap();
                        let mut bytes: [u8; 32] = key.agree(&peer).unwrap().expose().try_into().unwrap();
                        Secret::take(&mut bytes)
                    }))))
                }
                Output::Link(LinkCommand::Send(message)) => {
                    self.sent.push(message);
                    Some(Input::Link(LinkEvent::Sent))
                }
                Output::Note(_) => None,
                Output::Finished(receipt) => {
                    assert!(receipt.disclosed);
                    None
                }
                Output::Close(reason) => {
                    self.closed = Some(reason);
                    None
                }
                Output::Link(LinkCommand::Connect(_)) | Output::Io(_) => {
                    panic!("a holder asks for no such thing")
                }
            };
            if let Some(input) = input {
                let mut env = Env { now: now(), uptime: UPTIME, rng: &mut self.rng };
                self.session.handle(input, &mut env).expect("the session wants this");
            }
        }
    }

    fn holdings(&self) -> Holdings {
        let summary = CredentialSummary {
            id: CredentialId("licence".into()),
            credential_type: CredentialType::mdoc(MDL),
            issuer: "Test DS".into(),
            subject: None,
            signed: now(),
            valid_from: validity().valid_from,
            valid_until: validity().valid_until,
            reuse: ReusePolicy::Once,
            copies_left: u32::try_from(self.copies.len()).unwrap(),
            copies_total: u32::try_from(self.copies.len()).unwrap(),
        };
        let copy = self.copies.last().map(|(_, bytes)| bytes.clone().into()).ok_or(StorageError::Exhausted);
        Holdings { credentials: vec![HeldCredential { summary, copy }], latest_signed: None }
    }

    fn commit(&mut self, changes: Changes) -> Result<Committed, StorageError> {
        let mut committed = Committed::default();
        for credential in changes.consume {
            let (key, bytes) = self.copies.pop().ok_or(StorageError::Exhausted)?;
            committed.copies.push(Copy { id: CopyId(key.0.clone()), credential, key, bytes, consumed: true });
        }
        for _ in changes.history {
            committed.history.push(HistorySeq(self.rows));
            self.rows += 1;
        }
        Ok(committed)
    }
}

fn agree(question: &Question) -> Answer {
    let documents = question.documents.iter().enumerate().filter(|(_, asked)| asked.blocked.is_none());
    let agreed = documents.filter_map(|(place, asked)| {
        let candidate = asked.candidates.first()?;
        let sendable = candidate.elements.iter().filter(|element| element.withheld.is_none());
        let elements: Vec<ClaimPath> = sendable.map(|element| element.path.clone()).collect();
        let credential = candidate.credential.clone();
        Some(AgreedDocument { document: u32::try_from(place).unwrap(), credential, elements })
    });
    Answer { id: question.id, hash: question.hash, decision: Decision::Agree(agreed.collect()) }
}
