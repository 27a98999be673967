//! The enrolment door: ask and accept, with ports that fail and answers that lie.
use std::{collections::BTreeMap, sync::Arc};

use rid_crypto::{CryptoRng, SigningKey};
use rid_flow::{
    Changes, Committed, CredentialId, Effect, Env, Flow, HistoryEventType, HistoryOutcome, RecordKey, Reply, Step,
    Uptime,
    enrolment::{EnrolmentAnswer, EnrolmentRequest},
    ports::{ClockError, KeyId, KeyInfo, KeyUse, SecureAreaError, StorageError, UserAuth},
};
use rid_holder::enrolment::{Accept, Enrol, EnrolError, EnrolParameters, PendingEnrolment, record_key};
use rid_wire::hex;

use crate::world::{Identity, MDL, NOW, NS, PID, Pki, SeededRng, card, element, encoded, licence, mint, peer, profile};

/// What a port answers instead.
type Fault = fn() -> Reply;

/// Both ports, and the faults they are told to have.
struct Ports {
    rng: SeededRng,
    now: rid_wire::Timestamp,
    keys: BTreeMap<KeyId, SigningKey>,
    records: BTreeMap<RecordKey, Vec<u8>>,
    changes: Vec<Changes>,
    /// The effects asked for, by name.
    trace: Vec<&'static str>,
    /// Replies to give instead, by number of the effect.
    faults: BTreeMap<usize, Reply>,
    signatures: u32,
}

impl Ports {
    fn new() -> Self {
        Self {
            rng: SeededRng::new(3),
            now: NOW,
            keys: BTreeMap::new(),
            records: BTreeMap::new(),
            changes: Vec::new(),
            trace: Vec::new(),
            faults: BTreeMap::new(),
            signatures: 0,
        }
    }

    /// Drives a flow to its end, one effect after the other.
    fn drive<F: Flow<Error = EnrolError>>(&mut self, flow: &mut F) -> Result<F::Done, EnrolError> {
        loop {
            let step = flow.step(&mut env(self.now, &mut self.rng))?;
            let reply = match step {
                Step::Done(done) => return Ok(done),
                Step::Pause(_) => panic!("no pause"),
                Step::Io(effect) => self.run(effect),
            };
            flow.reply(reply, &mut env(self.now, &mut self.rng))?;
        }
    }

    fn run(&mut self, effect: Effect) -> Reply {
        let number = self.trace.len();
        let (name, reply): (_, fn(&mut Self, Effect) -> Reply) = match &effect {
            Effect::Commit(_) => ("commit", Self::commit),
            Effect::CreateKeys(_) => ("create", Self::create),
            Effect::DeleteKeys(_) => ("delete", Self::delete),
            Effect::Sign(_) => ("sign", Self::sign),
            other => panic!("{other:?}"),
        };
        self.trace.push(name);
        match self.faults.remove(&number) {
            Some(fault) => fault,
            None => reply(self, effect),
        }
    }

    fn commit(&mut self, effect: Effect) -> Reply {
        let Effect::Commit(changes) = effect else { panic!("commit") };
        if changes.take.iter().any(|key| !self.records.contains_key(key)) {
            return Reply::Committed(Err(StorageError::Conflict));
        }
        for key in &changes.take {
            self.records.remove(key);
        }
        for record in &changes.put {
            self.records.insert(record.key.clone(), record.bytes.clone());
        }
        self.changes.push(changes);
        Reply::Committed(Ok(Committed::default()))
    }

    fn create(&mut self, effect: Effect) -> Reply {
        let Effect::CreateKeys(request) = effect else { panic!("create") };
        assert_eq!((request.spec.usage, request.spec.challenge.as_slice()), (KeyUse::Sign, &b"challenge"[..]));
        let made = (0..request.count).map(|number| {
            let (id, key) = (KeyId(format!("key-{}-{number}", self.keys.len())), SigningKey::make(&mut self.rng));
            let public = key.public().to_bytes();
            self.keys.insert(id.clone(), key);
            KeyInfo { id, public, attestation: vec![], hardware: false }
        });
        Reply::KeysCreated(Ok(made.collect()))
    }

    fn delete(&mut self, effect: Effect) -> Reply {
        let Effect::DeleteKeys(keys) = effect else { panic!("delete") };
        for key in keys {
            self.keys.remove(&key);
        }
        Reply::KeysDeleted(Ok(()))
    }

    fn sign(&mut self, effect: Effect) -> Reply {
        let Effect::Sign(request) = effect else { panic!("sign") };
        self.signatures += 1;
        Reply::Signed(Ok(self.keys[&request.key].sign(&[&request.message])))
    }

    fn enrol(&mut self) -> Result<EnrolmentRequest, EnrolError> {
        let mut flow = Enrol::new(parameters(), &mut env(self.now, &mut self.rng));
        self.drive(&mut flow)
    }
}

fn env(now: rid_wire::Timestamp, rng: &mut dyn CryptoRng) -> Env<'_> {
    Env { now, uptime: Uptime::from_millis(0), rng }
}

fn parameters() -> EnrolParameters {
    EnrolParameters {
        kinds: vec![(PID.into(), 2), (MDL.into(), 3)],
        challenge: b"challenge".to_vec(),
        audience: "issuer".into(),
        user_auth: UserAuth::None,
    }
}

/// An issuer's honest answer.
fn answer(signer: &Identity, request: &EnrolmentRequest, rng: &mut SeededRng) -> EnrolmentAnswer {
    let kinds = request.kinds.iter().map(|(kind, keys)| {
        let elements = if kind == PID { card() } else { licence() };
        let copies = keys.iter().map(|key| {
            let public = rid_crypto::PublicKey::from_sec1(rid_crypto::Curve::P256, &key.public).unwrap();
            mint(signer, kind, &elements, &public, rng)
        });
        (kind.clone(), copies.collect())
    });
    EnrolmentAnswer { id: request.id, kinds: kinds.collect() }
}

/// An enrolment that was asked for, and its honest answer.
struct Asked {
    pki: Pki,
    ports: Ports,
    request: EnrolmentRequest,
    answer: EnrolmentAnswer,
}

impl Asked {
    fn new() -> Self {
        let mut ports = Ports::new();
        let pki = Pki::make(&mut ports.rng);
        let request = ports.enrol().unwrap();
        let answer = answer(&pki.signer, &request, &mut ports.rng);
        Self { pki, ports, request, answer }
    }

    fn accept(&mut self, bytes: &[u8]) -> Result<Vec<CredentialId>, EnrolError> {
        let id = self.request.id;
        let record = self.ports.records.get(&record_key(&id)).cloned();
        let now = self.ports.now;
        let trust: Arc<_> = self.pki.issuers();
        let flow = Accept::new(id, bytes, record.as_deref(), trust, &mut env(now, &mut self.ports.rng))?;
        let mut flow = flow.comparing_types(profile());
        self.ports.drive(&mut flow)
    }

    /// Refused by this name with nothing stored; then (g) the honest answer is accepted.
    fn refused(mut self, bytes: &[u8], code: &str) {
        let commits = self.ports.changes.len();
        let error = self.accept(bytes).err().unwrap_or_else(|| panic!("accepted, not {code}"));
        assert_eq!(error.code().as_str(), code);
        assert_eq!(self.ports.changes.len(), commits, "something was stored");
        let honest = self.answer.encode();
        assert_eq!(self.accept(&honest).unwrap().len(), 2);
    }
}

#[test]
fn the_intent_is_written_before_the_keys_are_made_and_their_names_before_a_proof() {
    let mut ports = Ports::new();
    let request = ports.enrol().unwrap();
    assert_eq!(ports.trace, ["commit", "create", "commit", "sign", "sign", "sign", "sign", "sign"]);
    let counts: Vec<_> = request.kinds.iter().map(|(kind, keys)| (kind.as_str(), keys.len())).collect();
    assert_eq!(counts, [(PID, 2), (MDL, 3)]);
    assert_eq!((request.audience.as_str(), request.challenge.as_slice()), ("issuer", &b"challenge"[..]));
    // The door's own parser checks every proof.
    assert!(EnrolmentRequest::parse(&request.encode()).unwrap() == request);
    let intent = PendingEnrolment::parse(&ports.changes[0].put[0].bytes).unwrap();
    assert_eq!((intent.id, intent.begun, intent.keys().count()), (request.id, NOW, 0));
    let kept = PendingEnrolment::parse(&ports.records[&record_key(&request.id)]).unwrap();
    assert!(kept.keys().eq(ports.keys.keys()));
}

#[test]
fn the_end_of_an_enrolment_can_be_asked_for_again() {
    let mut ports = Ports::new();
    let mut flow = Enrol::new(parameters(), &mut env(NOW, &mut ports.rng));
    let first = ports.drive(&mut flow).unwrap();
    assert!(ports.drive(&mut flow).unwrap() == first);
    assert_eq!(flow.reply(Reply::Slept, &mut env(NOW, &mut ports.rng)), Err(EnrolError::NotAsked));
}

#[test]
fn failures_after_the_keys_were_made_delete_them_and_the_record() {
    let faults: [(usize, Fault, &str); 6] = [
        (2, || Reply::Committed(Err(StorageError::Full)), "storage_full"),
        (3, || Reply::Signed(Err(SecureAreaError::Cancelled)), "key_cancelled"),
        (7, || Reply::Signed(Err(SecureAreaError::Invalidated)), "key_invalidated"),
        (5, || Reply::Signed(Ok([1; 64])), "device_key_mismatch"),
        (4, || Reply::Unknown, "interrupted"),
        (2, || Reply::Unknown, "interrupted"),
    ];
    for (number, fault, code) in faults {
        let mut ports = Ports::new();
        ports.faults.insert(number, fault());
        assert_eq!(ports.enrol().unwrap_err().code().as_str(), code);
        assert_eq!(ports.trace[number + 1..], ["delete", "commit"], "{code}");
        assert!(ports.keys.is_empty() && ports.records.is_empty(), "{code}");
        assert!(ports.enrol().is_ok());
    }
}

#[test]
fn keys_that_could_not_be_deleted_stay_named_in_the_record() {
    let mut ports = Ports::new();
    ports.faults.insert(3, Reply::Signed(Err(SecureAreaError::Cancelled)));
    ports.faults.insert(4, Reply::KeysDeleted(Err(SecureAreaError::Unavailable)));
    assert_eq!(ports.enrol().unwrap_err().code().as_str(), "key_cancelled");
    let record = ports.records.values().next().unwrap();
    assert!(PendingEnrolment::parse(record).unwrap().keys().eq(ports.keys.keys()));
}

#[test]
fn failures_before_there_are_keys() {
    let faults: [(usize, Fault, &str, usize); 6] = [
        (0, || Reply::Committed(Err(StorageError::Io)), "storage_io", 0),
        (0, || Reply::Unknown, "interrupted", 0),
        (0, || Reply::TimedOut, "port_timeout", 0),
        (1, || Reply::KeysCreated(Err(SecureAreaError::Unavailable)), "key_unavailable", 0),
        // Whether there are keys is not known: the intent stays.
        (1, || Reply::Unknown, "interrupted", 1),
        (1, || Reply::TimedOut, "port_timeout", 1),
    ];
    for (number, fault, code, records) in faults {
        let mut ports = Ports::new();
        ports.faults.insert(number, fault());
        let mut flow = Enrol::new(parameters(), &mut env(NOW, &mut ports.rng));
        assert_eq!(ports.drive(&mut flow).unwrap_err().code().as_str(), code);
        assert_eq!((ports.records.len(), ports.signatures), (records, 0), "{code}");
        // The end stays the end.
        assert_eq!(ports.drive(&mut flow).unwrap_err().code().as_str(), code);
    }
}

#[test]
fn a_secure_area_that_makes_other_keys_than_asked_for_is_not_believed() {
    let info =
        |n: u8| KeyInfo { id: KeyId(format!("odd-{n}")), public: vec![4; 65], attestation: vec![], hardware: true };
    for made in [vec![], (0..5).map(info).collect::<Vec<_>>()] {
        let mut ports = Ports::new();
        ports.faults.insert(1, Reply::KeysCreated(Ok(made)));
        assert_eq!(ports.enrol().unwrap_err().code().as_str(), "key_unavailable");
        assert_eq!(ports.trace, ["commit", "create", "delete", "commit"]);
        assert!(ports.records.is_empty());
    }
}

#[test]
fn a_secure_area_that_stays_busy_ends_the_flow_and_leaves_no_key() {
    // The port itself has retried by then (RetryingSecureArea).
    for (number, fault) in
        [(1, Reply::KeysCreated(Err(SecureAreaError::Busy))), (3, Reply::Signed(Err(SecureAreaError::Busy)))]
    {
        let mut ports = Ports::new();
        ports.faults.insert(number, fault);
        assert_eq!(ports.enrol().unwrap_err().code().as_str(), "key_busy");
        assert!(ports.keys.is_empty() && ports.records.is_empty());
    }
}

#[test]
fn neg_m07_a_clock_that_fails_is_named_and_the_flow_goes_on_when_it_works_again() {
    let mut ports = Ports::new();
    let mut flow = Enrol::new(parameters(), &mut env(NOW, &mut ports.rng));
    let failed = flow.reply(Reply::ClockFailed(ClockError), &mut env(NOW, &mut ports.rng));
    assert_eq!(failed.unwrap_err().code().as_str(), "clock");
    assert!(ports.drive(&mut flow).is_ok());
}

#[test]
fn parameters_outside_the_limits_of_the_door() {
    for kinds in [vec![], vec![(PID.to_owned(), 0)], vec![(PID.to_owned(), 101)], vec![(PID.to_owned(), 1); 17]] {
        let mut ports = Ports::new();
        let parameters = EnrolParameters { kinds, ..parameters() };
        let mut flow = Enrol::new(parameters, &mut env(NOW, &mut ports.rng));
        assert_eq!(ports.drive(&mut flow).unwrap_err().code().as_str(), "enrolment_invalid");
        assert!(ports.trace.is_empty());
    }
}

#[test]
fn neg_q06_value_of_another_type_is_accepted_and_recorded() {
    for (value, reason) in [(encoded(|w| _ = w.text("2")), "element_type"), (encoded(|w| _ = w.uint(2)), "")] {
        let mut asked = Asked::new();
        let elements = [licence(), vec![element(NS, "sex", value)]].concat();
        let Asked { pki, ports, request, answer } = &mut asked;
        let (_, copies) = answer.kinds.iter_mut().find(|(kind, _)| kind == MDL).unwrap();
        let (_, keys) = request.kinds.iter().find(|(kind, _)| kind == MDL).unwrap();
        for (copy, key) in copies.iter_mut().zip(keys) {
            let public = rid_crypto::PublicKey::from_sec1(rid_crypto::Curve::P256, &key.public).unwrap();
            *copy = mint(&pki.signer, MDL, &elements, &public, &mut ports.rng);
        }
        let bytes = asked.answer.encode();
        assert_eq!(asked.accept(&bytes).unwrap().len(), 2);
        let history = &asked.ports.changes.last().unwrap().history;
        let reasons: Vec<_> =
            history.iter().map(|row| (row.elements[0].credential_type.id.as_str(), row.reason.as_str())).collect();
        assert_eq!(reasons, [(PID, ""), (MDL, reason)]);
    }
}

#[test]
fn an_answer_is_committed_in_one_step_with_the_record_taken_and_the_history_written() {
    let mut asked = Asked::new();
    let honest = asked.answer.encode();
    asked.ports.trace.clear();
    let ids = asked.accept(&honest).unwrap();
    assert_eq!(asked.ports.trace, ["commit"]);
    let changes = asked.ports.changes.last().unwrap();
    assert_eq!(changes.add.iter().map(|c| &c.id).collect::<Vec<_>>(), ids.iter().collect::<Vec<_>>());
    let kinds: Vec<_> = changes.add.iter().map(|c| (c.credential_type.id.as_str(), c.copies.len())).collect();
    assert_eq!(kinds, [(PID, 2), (MDL, 3)]);
    assert_eq!(changes.take, [record_key(&asked.request.id)]);
    assert!(
        changes.history.iter().all(|row| (row.event, row.outcome, peer(row))
            == (HistoryEventType::Issuance, HistoryOutcome::Finished, "Test DS"))
    );
    assert_eq!(changes.history.len(), 2);
    assert!(asked.ports.records.is_empty());
    // Each copy names the key it is bound to.
    for copy in changes.add.iter().flat_map(|c| &c.copies) {
        let public = asked.ports.keys[&copy.key].public().to_bytes();
        assert!(copy.bytes.windows(32).any(|window| window == &public[1..33]));
    }
}

#[test]
fn an_answer_comes_once() {
    let mut asked = Asked::new();
    let honest = asked.answer.encode();
    let record = asked.ports.records[&record_key(&asked.request.id)].clone();
    asked.accept(&honest).unwrap();
    assert_eq!(asked.accept(&honest).unwrap_err().code().as_str(), "enrolment_unknown");
    // Also when the record was read before the first was committed.
    let mut flow =
        Accept::new(asked.request.id, &honest, Some(&record), asked.pki.issuers(), &mut env(NOW, &mut asked.ports.rng))
            .unwrap();
    assert_eq!(asked.ports.drive(&mut flow).unwrap_err().code().as_str(), "enrolment_unknown");
}

#[test]
fn an_answer_to_another_enrolment_is_refused() {
    let asked = Asked::new();
    let other = EnrolmentAnswer { id: [9; 16], kinds: asked.answer.kinds.clone() };
    asked.refused(&other.encode(), "enrolment_mismatch");
    // The record of another enrolment under this id.
    let mut asked = Asked::new();
    let mut record = PendingEnrolment::parse(&asked.ports.records[&record_key(&asked.request.id)]).unwrap();
    record.id = [9; 16];
    let (honest, trust) = (asked.answer.encode(), asked.pki.issuers());
    let mut env = env(NOW, &mut asked.ports.rng);
    let error = Accept::new(asked.request.id, &honest, Some(&record.encode()), trust, &mut env).err().unwrap();
    assert_eq!(error.code().as_str(), "enrolment_mismatch");
}

#[test]
fn an_enrolment_that_is_not_pending_or_over_is_unknown() {
    let mut asked = Asked::new();
    let honest = asked.answer.encode();
    let key = record_key(&asked.request.id);
    asked.ports.now = NOW.plus_days(30).plus_seconds(1);
    assert_eq!(asked.accept(&honest).unwrap_err().code().as_str(), "enrolment_unknown");
    asked.ports.now = NOW;
    let record = asked.ports.records.remove(&key).unwrap();
    assert_eq!(asked.accept(&honest).unwrap_err().code().as_str(), "enrolment_unknown");
    asked.ports.records.insert(key.clone(), record[..record.len() - 1].to_vec());
    assert_eq!(asked.accept(&honest).unwrap_err().code().as_str(), "storage_corrupt");
    asked.ports.records.insert(key, record);
    assert!(asked.accept(&honest).is_ok());
}

#[test]
fn neg_b18_copies_in_another_order_or_for_other_keys_store_nothing() {
    let asked = Asked::new();
    let mut swapped = asked.answer.clone();
    swapped.kinds[1].1.swap(0, 2);
    asked.refused(&swapped.encode(), "device_key_mismatch");
}

#[test]
fn one_bad_copy_of_one_kind_refuses_all() {
    let asked = Asked::new();
    let mut spoiled = asked.answer.clone();
    let place = spoiled.kinds[1].1[2].windows(8).position(|window| window == b"AZ000000").unwrap();
    spoiled.kinds[1].1[2][place] ^= 1;
    asked.refused(&spoiled.encode(), "mdoc_digest_mismatch");
}

#[test]
fn kinds_and_copies_not_asked_for_or_left_out() {
    let changes: [fn(&mut EnrolmentAnswer); 5] = [
        |answer| answer.kinds.truncate(1),
        |answer| answer.kinds[1].0 = "org.example.other".into(),
        |answer| answer.kinds.push(("org.example.other".into(), answer.kinds[0].1.clone())),
        |answer| _ = answer.kinds[0].1.pop(),
        |answer| answer.kinds[0].1.extend_from_within(..1),
    ];
    for change in changes {
        let asked = Asked::new();
        let mut wrong = asked.answer.clone();
        change(&mut wrong);
        asked.refused(&wrong.encode(), "batch_size");
    }
}

#[test]
fn an_answer_that_is_no_answer() {
    for bytes in [&[][..], &[0xa0], &[0xff], b"{}"] {
        let mut asked = Asked::new();
        let error = asked.accept(bytes).unwrap_err();
        assert!(matches!(error, EnrolError::Answer(_)), "{error}");
    }
}

#[test]
fn storage_that_fails_at_the_end_keeps_the_enrolment_pending() {
    for (fault, code) in [
        (Reply::Committed(Err(StorageError::Full)), "storage_full"),
        (Reply::Unknown, "interrupted"),
        (Reply::ClockFailed(ClockError), "clock"),
    ] {
        let mut asked = Asked::new();
        let honest = asked.answer.encode();
        asked.ports.faults.insert(asked.ports.trace.len(), fault);
        assert_eq!(asked.accept(&honest).unwrap_err().code().as_str(), code);
        assert_eq!(asked.ports.records.len(), 1);
        assert!(asked.accept(&honest).is_ok());
    }
}

#[test]
fn the_record_of_a_pending_enrolment_stays_readable() {
    let key = SigningKey::from_scalar(&[1; 32]).unwrap().public();
    let kinds = vec![("k".to_owned(), vec![(KeyId("a".into()), key.clone())]), ("l".to_owned(), vec![])];
    let pending = PendingEnrolment { id: [7; 16], begun: NOW, kinds };
    let expected = [
        "a4017772 69642d70 656e6469 6e672d65 6e726f6c 6d656e74 2d31",
        "0250 07070707070707070707070707070707 031a 6a2fe940 0482 a201616b02 81 a2016161 025841",
        &hex::encode(&key.to_bytes()),
        "a201616c0280",
    ];
    let expected = expected.concat().replace(' ', "");
    assert_eq!(hex::encode(&pending.encode()), expected);
    assert!(PendingEnrolment::parse(&pending.encode()).unwrap() == pending);
    assert_eq!(record_key(&pending.id).name, "07".repeat(16));
    let newer = hex::decode(&expected.replace("6d656e742d31", "6d656e742d32")).unwrap();
    assert!(PendingEnrolment::parse(&newer).is_err());
}

proptest::proptest! {
    #![proptest_config(proptest::prelude::ProptestConfig { cases: 300, failure_persistence: None, ..Default::default() })]

    #[test]
    fn records_of_any_bytes_are_survived(bytes in proptest::collection::vec(proptest::prelude::any::<u8>(), 0..100)) {
        proptest::prop_assert!(PendingEnrolment::parse(&bytes).is_err());
    }
}
