//! A wallet around the session: a vault, a secure area and a person. All of them obey unless a test says otherwise.
use std::{
    collections::{BTreeMap, VecDeque},
    sync::Arc,
};

use rid_claims::{ClaimPath, CredentialSummary, CredentialType, Format, ReusePolicy};
use rid_crypto::{AgreementKey, Backend, Curve, PublicKey, Secret, SigningKey};
use rid_flow::{
    Changes, Committed, Copy, CopyId, CredentialId, Effect, Env, HeldCredential, HistoryDraft, HistorySeq, Holdings,
    Input, LinkCommand, LinkEvent, Lookup, Note, Output, Reply, Session, Uptime,
    ports::{KeyId, SecureAreaError, StorageError},
};
use rid_holder::{
    consent::{AgreedDocument, Answer, Candidate, Decision, Question},
    held::Validity,
    proximity::{CloseReason, DeviceAuthMethod, HolderSession, Misuse, ProximityTypes, Receipt},
};
use rid_mdoc::build::ElementToIssue;
use rid_profile::{Profile, ReaderPolicy};
use rid_wire::Timestamp;

use crate::{
    reader::Reader,
    world::{Identity, MDL, NOW, PID, Pki, SeededRng, card, licence, mint, profile, validity},
};

/// A credential held, with its unused copies.
#[derive(Clone, PartialEq)]
pub(crate) struct Stock {
    pub(crate) format: Format,
    pub(crate) doc_type: String,
    pub(crate) validity: Validity,
    pub(crate) valid_until: Timestamp,
    pub(crate) copies: Vec<(KeyId, Vec<u8>)>,
}

/// What a test may break, and what it may count.
#[derive(Default)]
pub(crate) struct Ports {
    /// Unlocking fails.
    pub(crate) locked: bool,
    /// The next commits fail.
    pub(crate) storage: Option<StorageError>,
    /// The next uses of keys fail, in order.
    pub(crate) keys: VecDeque<SecureAreaError>,
    /// The secure area signs with another key.
    pub(crate) wrong_key: bool,
    /// Uses of keys that succeeded.
    pub(crate) signatures: u32,
    /// Uses of keys that were asked for.
    pub(crate) prompts: u32,
    /// Commits that succeeded.
    pub(crate) commits: u32,
}

/// The durable part.
#[derive(Clone, Default, PartialEq)]
pub(crate) struct Vault {
    pub(crate) held: BTreeMap<CredentialId, Stock>,
    pub(crate) history: Vec<HistoryDraft>,
}

impl std::fmt::Debug for Vault {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let copies: usize = self.held.values().map(|held| held.copies.len()).sum();
        write!(f, "Vault({copies} copies, {} rows)", self.history.len())
    }
}

pub(crate) struct Wallet {
    pub(crate) pki: Pki,
    pub(crate) rng: SeededRng,
    pub(crate) now: Timestamp,
    pub(crate) profile: Arc<Profile>,
    pub(crate) policy: ReaderPolicy,
    pub(crate) uptime: Uptime,
    pub(crate) method: DeviceAuthMethod,
    pub(crate) vault: Vault,
    pub(crate) ports: Ports,
    keys: BTreeMap<KeyId, SigningKey>,
    pub(crate) session: HolderSession,
    pub(crate) engagement: Vec<u8>,
    /// What happened in this session, by name, in order.
    pub(crate) trace: Vec<&'static str>,
    pub(crate) sent: Vec<Vec<u8>>,
    pub(crate) question: Option<Question>,
    pub(crate) receipts: Vec<Receipt>,
    pub(crate) closed: Option<CloseReason>,
}

impl Wallet {
    /// Holds an identity card and a licence, three copies each.
    pub(crate) fn new() -> Self {
        let mut wallet = Self::empty();
        wallet.add("card", PID, &card());
        wallet.add("licence", MDL, &licence());
        wallet
    }

    pub(crate) fn empty() -> Self {
        // Tests compare the bytes of two wallets.
        Backend::RustCrypto.select();
        let mut rng = SeededRng::new(7);
        let pki = Pki::make(&mut rng);
        let uptime = Uptime::from_millis(1_000_000);
        let method = DeviceAuthMethod::Signature;
        let session =
            HolderSession::start(profile(), pki.readers(), method, &mut Env { now: NOW, uptime, rng: &mut rng });
        let mut wallet = Self {
            pki,
            rng,
            now: NOW,
            profile: profile(),
            policy: ReaderPolicy::USUAL,
            uptime,
            method,
            vault: Vault::default(),
            ports: Ports::default(),
            keys: BTreeMap::new(),
            session,
            engagement: Vec::new(),
            trace: Vec::new(),
            sent: Vec::new(),
            question: None,
            receipts: Vec::new(),
            closed: None,
        };
        wallet.run();
        wallet
    }

    pub(crate) fn add(&mut self, name: &str, doc_type: &str, elements: &[ElementToIssue]) {
        self.add_copies(name, &CredentialType::mdoc(doc_type), |signer, key, rng| {
            mint(signer, doc_type, elements, key, rng)
        });
    }

    /// Holds three copies that `mint` makes.
    pub(crate) fn add_copies(
        &mut self,
        name: &str,
        credential_type: &CredentialType,
        mint: impl Fn(&Identity, &PublicKey, &mut SeededRng) -> Vec<u8>,
    ) {
        let copies = (0..3)
            .map(|number| {
                let id = KeyId(format!("{name}-{number}"));
                let key = SigningKey::make(&mut self.rng);
                let bytes = mint(&self.pki.signer, &key.public(), &mut self.rng);
                self.keys.insert(id.clone(), key);
                (id, bytes)
            })
            .collect();
        let (validity, valid_until) = (Validity::Valid, validity().valid_until);
        let CredentialType { format, id } = credential_type.clone();
        let stock = Stock { format, doc_type: id, validity, valid_until, copies };
        self.vault.held.insert(CredentialId(name.into()), stock);
    }

    /// The secure area no longer knows a key.
    pub(crate) fn lose_key(&mut self, id: &KeyId) {
        self.keys.remove(id);
    }

    /// A new session with the same vault.
    pub(crate) fn restart(&mut self) {
        let readers = self.pki.readers();
        let mut env = Env { now: self.now, uptime: self.uptime, rng: &mut self.rng };
        let session = HolderSession::start(self.profile.clone(), readers, self.method, &mut env);
        self.session = session.with_policy(self.policy);
        self.trace.clear();
        self.sent.clear();
        self.receipts.clear();
        self.question = None;
        self.closed = None;
        self.run();
    }

    /// Connects and gives a reader that knows the engagement.
    pub(crate) fn connect(&mut self) -> Reader {
        self.handle(Input::Link(LinkEvent::Up)).unwrap();
        Reader::new(&self.engagement, &mut self.rng)
    }

    pub(crate) fn handle(&mut self, input: Input<ProximityTypes>) -> Result<(), Misuse> {
        let mut env = Env { now: self.now, uptime: self.uptime, rng: &mut self.rng };
        self.session.handle(input, &mut env)?;
        self.run();
        Ok(())
    }

    pub(crate) fn deliver(&mut self, message: Vec<u8>) {
        self.handle(Input::Link(LinkEvent::Bytes(message))).unwrap();
    }

    pub(crate) fn cancel(&mut self) {
        let mut env = Env { now: self.now, uptime: self.uptime, rng: &mut self.rng };
        self.session.cancel(&mut env);
        self.run();
    }

    pub(crate) fn pass_seconds(&mut self, seconds: u64) {
        self.uptime = self.uptime.plus_seconds(seconds);
    }

    /// The answer that agrees to everything that can leave from the first candidates.
    pub(crate) fn yes(&self) -> Answer {
        let question = self.question.as_ref().unwrap();
        let agreed = question.documents.iter().enumerate().filter_map(|(place, asked)| {
            let candidate = asked.candidates.first()?;
            let (document, credential) = (u32::try_from(place).unwrap(), candidate.credential.clone());
            Some(AgreedDocument { document, credential, elements: sendable(candidate) })
        });
        Answer { id: question.id, hash: question.hash, decision: Decision::Agree(agreed.collect()) }
    }

    pub(crate) fn no(&self) -> Answer {
        let question = self.question.as_ref().unwrap();
        Answer { id: question.id, hash: question.hash, decision: Decision::Refuse }
    }

    /// The answer that agrees to these elements of the first document.
    pub(crate) fn only(&self, elements: &[(&str, &str)]) -> Answer {
        let question = self.question.as_ref().unwrap();
        let candidate = question.documents[0].candidates.first();
        let credential = candidate.map_or(CredentialId("licence".into()), |candidate| candidate.credential.clone());
        let elements = elements.iter().map(|(namespace, identifier)| ClaimPath::element(namespace, identifier));
        let agreed = AgreedDocument { document: 0, credential, elements: elements.collect() };
        Answer { id: question.id, hash: question.hash, decision: Decision::Agree(vec![agreed]) }
    }

    pub(crate) fn say(&mut self, answer: Answer) {
        self.handle(Input::Answer(answer)).unwrap();
    }

    pub(crate) fn code(&self) -> &'static str {
        self.closed.expect("the session is closed").code().as_str()
    }

    /// neg, (c), (d): runs something that must come to nothing: no copy used, no key used, nothing stored; then (g):
    /// a new session with the same vault serves a valid request.
    pub(crate) fn ends_by(&mut self, code: &str, run: impl FnOnce(&mut Self)) {
        let (vault, signatures) = (self.vault.clone(), self.ports.signatures);
        run(self);
        assert_eq!(self.code(), code);
        assert_eq!(self.ports.signatures, signatures, "a key was used");
        assert_eq!(self.vault, vault, "something was stored");
        assert!(self.receipts.is_empty());
        assert!(self.session.deadline().is_none());
        assert_eq!(self.handle(Input::Unlocked(true)), Err(Misuse::Closed));
        for event in [
            Input::Tick,
            Input::Link(LinkEvent::Bytes(vec![0])),
            Input::Link(LinkEvent::Up),
            Input::Link(LinkEvent::Down),
            Input::Link(LinkEvent::Sent),
        ] {
            assert_eq!(self.handle(event), Ok(()), "an event of the link after the end does nothing");
        }
        self.ports = Ports::default();
        self.restart();
        self.serves();
    }

    /// A valid request of a known reader is served.
    pub(crate) fn serves(&mut self) {
        let mut reader = self.connect();
        let request = reader.ask(&self.pki.reader, &[(MDL, &[(crate::world::NS, "family_name", false)])]);
        let message = reader.establish(&request);
        self.deliver(message);
        let yes = self.yes();
        self.say(yes);
        let response = reader.open(self.sent.last().unwrap()).0.unwrap();
        let elements = reader.judge(&response, &self.pki.issuers());
        assert_eq!(elements, vec![(MDL.to_owned(), vec!["family_name".to_owned()])]);
        assert!(self.receipts.last().unwrap().disclosed);
    }

    /// Does what the session wants, until it waits for the link or the person.
    pub(crate) fn run(&mut self) {
        while let Some(output) = self.session.poll() {
            if let Some(input) = self.answer_to(output) {
                let mut env = Env { now: self.now, uptime: self.uptime, rng: &mut self.rng };
                self.session.handle(input, &mut env).unwrap();
            }
        }
    }

    /// Does what one output wants; its answer, if it is a question to a port.
    pub(crate) fn answer_to(&mut self, output: Output<ProximityTypes>) -> Option<Input<ProximityTypes>> {
        match output {
            Output::Link(LinkCommand::Advertise(plan)) => {
                self.engagement = plan.engagement.as_bytes().to_vec();
                self.note("advertise")
            }
            Output::Unlock => {
                self.note("unlock");
                Some(Input::Unlocked(!self.ports.locked))
            }
            Output::Io(Effect::Lookup(lookup)) => {
                self.note("lookup");
                Some(Input::Done(Reply::Found(Ok(self.lookup(&lookup)))))
            }
            Output::Ask(question) => {
                self.question = Some(question);
                self.note("ask")
            }
            Output::Io(Effect::Commit(changes)) => {
                self.note("commit");
                Some(Input::Done(Reply::Committed(self.commit(changes))))
            }
            Output::Io(Effect::Sign(request)) => {
                self.note("sign");
                Some(Input::Done(Reply::Signed(self.use_key(&request.key).map(|key| key.sign(&[&request.message])))))
            }
            Output::Io(Effect::Agree(request)) => {
                self.note("agree");
                let peer = PublicKey::from_sec1(Curve::P256, &request.peer).unwrap();
                let secret = self.use_key(&request.key).map(|key| {
                    let key = AgreementKey::from_scalar(Curve::P256, key.dangerous_scalar().expose()).unwrap();
                    let mut bytes: [u8; 32] = key.agree(&peer).unwrap().expose().try_into().unwrap();
                    Secret::take(&mut bytes)
                });
                Some(Input::Done(Reply::Agreed(secret)))
            }
            Output::Link(LinkCommand::Send(message)) => {
                self.sent.push(message);
                self.note("send");
                Some(Input::Link(LinkEvent::Sent))
            }
            Output::Note(Note::DeleteKeys(_)) => None,
            Output::Note(Note::Write(changes)) => {
                // Nothing waits for it; what is refused is not written.
                let _ = self.commit(changes);
                None
            }
            Output::Finished(receipt) => {
                self.receipts.push(receipt);
                self.note("finished")
            }
            Output::Close(reason) => {
                assert!(self.closed.replace(reason).is_none(), "closed twice");
                self.note("close")
            }
            Output::Link(LinkCommand::Connect(_)) | Output::Io(_) => {
                panic!("a holder asks for no such thing")
            }
        }
    }

    fn note(&mut self, what: &'static str) -> Option<Input<ProximityTypes>> {
        self.trace.push(what);
        None
    }

    fn lookup(&self, lookup: &Lookup) -> Holdings {
        let of = |held: &Stock| CredentialType { format: held.format, id: held.doc_type.clone() };
        let wanted = |held: &Stock| lookup.types.contains(&of(held));
        let held = self.vault.held.iter().filter(|(_, held)| wanted(held));
        let credentials = held.map(|(id, held)| HeldCredential {
            summary: CredentialSummary {
                id: id.clone(),
                credential_type: of(held),
                issuer: "Test DS".into(),
                subject: None,
                signed: NOW,
                valid_from: if held.validity == Validity::NotYetValid { self.now.plus_days(1) } else { NOW },
                valid_until: held.valid_until,
                reuse: ReusePolicy::Once,
                copies_left: u32::try_from(held.copies.len()).unwrap(),
                copies_total: 3,
            },
            copy: held.copies.last().map(|(_, bytes)| bytes.clone().into()).ok_or(StorageError::Exhausted),
        });
        Holdings { credentials: credentials.collect(), latest_signed: None }
    }

    fn use_key(&mut self, id: &KeyId) -> Result<SigningKey, SecureAreaError> {
        self.ports.prompts += 1;
        if let Some(error) = self.ports.keys.pop_front() {
            return Err(error);
        }
        let key = self.keys.get(id).ok_or(SecureAreaError::NotFound)?;
        self.ports.signatures += 1;
        if self.ports.wrong_key {
            return Ok(SigningKey::make(&mut self.rng));
        }
        Ok(SigningKey::from_scalar(key.dangerous_scalar().expose()).unwrap())
    }

    fn commit(&mut self, changes: Changes) -> Result<Committed, StorageError> {
        if let Some(error) = self.ports.storage {
            return Err(error);
        }
        let mut vault = self.vault.clone();
        let mut committed = Committed::default();
        for credential in changes.consume {
            let held = vault.held.get_mut(&credential).ok_or(StorageError::Exhausted)?;
            let (key, bytes) = held.copies.pop().ok_or(StorageError::Exhausted)?;
            committed.copies.push(Copy { id: CopyId(key.0.clone()), credential, key, bytes, consumed: true });
        }
        for (event, outcome) in changes.outcomes {
            let row = vault.history.iter_mut().find(|row| row.id == event).ok_or(StorageError::Conflict)?;
            row.outcome = outcome;
        }
        for row in changes.history {
            committed.history.push(HistorySeq(vault.history.len() as u64));
            vault.history.push(row);
        }
        self.vault = vault;
        self.ports.commits += 1;
        Ok(committed)
    }
}

/// The elements of a candidate that leave when they are ticked.
pub(crate) fn sendable(candidate: &Candidate) -> Vec<ClaimPath> {
    let elements = candidate.elements.iter().filter(|element| element.withheld.is_none());
    elements.map(|element| element.path.clone()).collect()
}
