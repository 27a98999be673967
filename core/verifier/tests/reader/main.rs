//! The reader's session against a hand-written device: good answers, and every way an answer can be wrong.
#![allow(
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::panic,
    clippy::unwrap_used,
    reason = "a test that cannot go on says so by failing"
)]

mod device;
mod failing;
mod online;
mod question;

use device::{Device, SeededRng, State, licence, now};
use rid_flow::{
    Effect, Env, Input, LinkCommand, LinkEvent, Output, Reply, Session, Uptime,
    ports::{KeyId, SecureAreaError},
};
use rid_mdoc::{
    build::device_response,
    session::{SessionData, Status},
};
use rid_trust::Outcome;
use rid_verifier::{
    proximity::{CloseReason, Exchange, Misuse, ReaderConfig, ReaderSession, ReaderTypes},
    view::{Decision, DocumentElements, Verdict},
};

struct Play {
    reader: ReaderSession,
    rng: SeededRng,
    millis: u64,
    sent: Vec<Vec<u8>>,
    exchange: Option<Exchange>,
    closed: Option<CloseReason>,
}

impl Play {
    fn start(state: &State, device: &Device, signed: bool) -> Self {
        Self::start_seeded(state, device, signed, 99)
    }

    fn start_seeded(state: &State, device: &Device, signed: bool, seed: u64) -> Self {
        let mut rng = SeededRng::new(seed);
        let config = ReaderConfig {
            asked: licence().into(),
            authentication: signed.then(|| (KeyId("reader".into()), vec![state.reader.certificate.clone()])),
            trust: state.trust.clone(),
            profile: state.profile.clone(),
            locales: vec![],
        };
        let mut env = Env { now: now(), uptime: Uptime::from_millis(0), rng: &mut rng };
        let reader = ReaderSession::start(&device.engagement.to_qr(), config, &mut env).unwrap();
        Self { reader, rng, millis: 0, sent: vec![], exchange: None, closed: None }
    }

    fn tell(&mut self, input: Input<ReaderTypes>) -> Result<(), Misuse> {
        let mut env = Env { now: now(), uptime: Uptime::from_millis(self.millis), rng: &mut self.rng };
        self.reader.handle(input, &mut env)
    }

    fn drain(&mut self, state: &State) {
        while let Some(output) = self.reader.poll() {
            match output {
                Output::Io(Effect::Sign(request)) => {
                    let signature = state.reader.key.sign(&[&request.message]);
                    self.tell(Input::Done(Reply::Signed(Ok(signature)))).unwrap();
                }
                Output::Link(LinkCommand::Send(message)) => {
                    self.sent.push(message);
                    self.tell(Input::Link(LinkEvent::Sent)).unwrap();
                }
                Output::Finished(exchange) => self.exchange = Some(exchange),
                Output::Close(reason) => self.closed = Some(reason),
                _ => {}
            }
        }
    }

    /// Connects, sends the request, and gives it to the device.
    fn ask(&mut self, state: &State, device: &mut Device) {
        self.drain(state);
        self.tell(Input::Link(LinkEvent::Up)).unwrap();
        self.drain(state);
        device.receive(&self.sent.remove(0));
    }

    fn verdict(&self) -> &Verdict {
        &self.exchange.as_ref().expect("a verdict").verdict
    }
}

fn answered(bytes: impl FnOnce(&mut Device) -> Vec<u8>) -> Play {
    let state = State::make();
    let mut device = Device::make(&state);
    let mut play = Play::start(&state, &device, true);
    play.ask(&state, &mut device);
    let message = bytes(&mut device);
    play.tell(Input::Link(LinkEvent::Bytes(message))).unwrap();
    play.drain(&state);
    play
}

#[test]
fn std_m42_m46_a_good_answer_is_accepted_and_the_session_ends_in_order() {
    let mut play = answered(|device| device.answer(&["family_name", "age_over_18"]));
    assert_eq!(play.verdict().decision, Decision::Accepted, "{:#?}", play.verdict());
    assert_eq!(play.verdict().documents[0].elements.current().unwrap().issuer_signed.len(), 2);
    play.reader.finish();
    play.drain(&State::make());
    assert_eq!(play.closed, Some(CloseReason::Done));
    let end = SessionData::parse(play.sent.last().unwrap(), rid_wire::cbor::Limits::PROXIMITY).unwrap();
    assert_eq!(end.status, Some(Status::Termination));
}

#[test]
fn a_second_request_in_the_same_session() {
    let state = State::make();
    let mut device = Device::make(&state);
    let mut play = Play::start(&state, &device, true);
    play.ask(&state, &mut device);
    for round in 0..2 {
        let message = device.answer(&["family_name", "age_over_18"]);
        play.tell(Input::Link(LinkEvent::Bytes(message))).unwrap();
        play.drain(&state);
        assert_eq!(play.verdict().decision, Decision::Accepted, "round {round}");
        if round == 0 {
            let mut env = Env { now: now(), uptime: Uptime::from_millis(0), rng: &mut play.rng };
            play.reader.ask(licence().into(), &mut env).unwrap();
            play.drain(&state);
            device.receive(&play.sent.remove(0));
        }
    }
}

#[test]
fn element_that_was_not_asked_for_is_refused() {
    let play = answered(|device| device.answer(&["family_name", "age_over_18", "resident_address"]));
    assert_eq!(play.verdict().decision, Decision::Refused);
    assert_eq!(play.verdict().code.unwrap().as_str(), "answer_not_asked");
}

#[test]
fn std_m48_another_age_answers_the_age_asked() {
    let play = answered(|device| device.answer(&["family_name", "age_over_21"]));
    assert_eq!(play.verdict().decision, Decision::Accepted, "{:#?}", play.verdict());
}

#[test]
fn neg_c12_a_document_not_returned_is_undecided() {
    let play = answered(|device| device.send(&device_response(&[], &["org.iso.18013.5.1.mDL".into()])));
    assert_eq!(play.verdict().decision, Decision::Undecided);
    assert_eq!(play.verdict().code.unwrap().as_str(), "not_returned");
    assert_eq!(play.verdict().not_returned, ["org.iso.18013.5.1.mDL"]);
}

#[test]
fn neg_b01_a_forged_element_is_named_and_not_shown() {
    let play = answered(|device| {
        device.forge("Sample");
        device.answer(&["family_name", "age_over_18"])
    });
    let document = &play.verdict().documents[0];
    assert_eq!((document.decision, document.code.unwrap().as_str()), (Decision::Refused, "mdoc_digest_mismatch"));
    assert_eq!(document.elements, DocumentElements::NoEvidence);
    assert_eq!(document.failed_elements[0].as_element().unwrap().1, "family_name");
}

#[test]
fn a_response_bound_to_another_session_is_refused() {
    let other = {
        let state = State::make();
        let mut device = Device::make(&state);
        let mut play = Play::start_seeded(&state, &device, true, 100);
        play.ask(&state, &mut device);
        device.response(&["family_name"])
    };
    // Replayed inside a new session's encryption: the device signature is over the other transcript.
    let play = answered(move |device| device.send(&other));
    let document = &play.verdict().documents[0];
    assert_eq!((document.decision, document.code.unwrap().as_str()), (Decision::Refused, "device_auth_invalid"));
    assert_eq!(document.elements, DocumentElements::NoEvidence);
    let check = document.checks.iter().find(|check| check.code.as_str() == "digests").unwrap();
    assert_eq!(check.outcome, Outcome::Passed);
}

#[test]
fn neg_c03_c05_replayed_reflected_and_altered_ciphertexts_close_the_session() {
    for case in ["reflected", "altered", "plain"] {
        let state = State::make();
        let mut device = Device::make(&state);
        let mut play = Play::start(&state, &device, true);
        play.drain(&state);
        play.tell(Input::Link(LinkEvent::Up)).unwrap();
        play.drain(&state);
        let establishment = play.sent.remove(0);
        device.receive(&establishment);
        let message = match case {
            "reflected" => SessionData::encode(Some(&device.request_ciphertext), None),
            "altered" => {
                let mut message = device.answer(&["family_name"]);
                *message.last_mut().unwrap() ^= 1;
                message
            }
            _ => SessionData::encode(Some(&device.response(&["family_name"])), None),
        };
        play.tell(Input::Link(LinkEvent::Bytes(message))).unwrap();
        play.drain(&state);
        let closed = play.closed.expect("closed");
        assert_eq!(closed.code().as_str(), "session_decrypt", "{case}");
        assert!(play.exchange.is_none());
        for event in [
            Input::Link(LinkEvent::Up),
            Input::Tick,
            Input::Link(LinkEvent::Bytes(vec![0])),
            Input::Link(LinkEvent::Down),
            Input::Link(LinkEvent::Sent),
        ] {
            assert_eq!(play.tell(event), Ok(()), "an event of the link after the end does nothing");
        }
        assert_eq!(play.tell(Input::Done(Reply::Signed(Ok([0; 64])))), Err(Misuse::Closed));
        assert!(play.reader.poll().is_none());
    }
}

#[test]
fn neg_c03_the_same_answer_twice_is_no_second_answer() {
    let state = State::make();
    let mut device = Device::make(&state);
    let mut play = Play::start(&state, &device, true);
    play.ask(&state, &mut device);
    let message = device.answer(&["family_name"]);
    play.tell(Input::Link(LinkEvent::Bytes(message.clone()))).unwrap();
    play.drain(&state);
    assert!(play.exchange.is_some());
    play.tell(Input::Link(LinkEvent::Bytes(message))).unwrap();
    play.drain(&state);
    assert_eq!(play.closed.unwrap().code().as_str(), "session_state");
}

#[test]
fn neg_c02_data_before_a_request_and_an_establishment_from_the_device() {
    let state = State::make();
    let device = Device::make(&state);
    let mut play = Play::start(&state, &device, true);
    play.drain(&state);
    play.tell(Input::Link(LinkEvent::Bytes(SessionData::encode(Some(&[0; 32]), None)))).unwrap();
    play.drain(&state);
    assert_eq!(play.closed.unwrap().code().as_str(), "session_state");
}

#[test]
fn neg_c14_a_silent_device_times_out_and_a_status_ends_the_session() {
    let state = State::make();
    let mut device = Device::make(&state);
    let mut play = Play::start(&state, &device, false);
    play.ask(&state, &mut device);
    play.millis = play.reader.deadline().unwrap().millis();
    play.tell(Input::Tick).unwrap();
    play.drain(&state);
    assert_eq!(play.closed.unwrap().code().as_str(), "transport_timeout");

    let play = answered(|_| SessionData::encode(None, Some(Status::EncryptionError)));
    assert_eq!(play.closed, Some(CloseReason::PeerTerminated));
}

#[test]
fn a_reader_key_that_fails_ends_the_session_by_name() {
    let state = State::make();
    let device = Device::make(&state);
    let mut play = Play::start(&state, &device, true);
    assert!(matches!(play.reader.poll(), Some(Output::Link(LinkCommand::Connect(_)))));
    play.tell(Input::Link(LinkEvent::Up)).unwrap();
    assert!(matches!(play.reader.poll(), Some(Output::Io(Effect::Sign(_)))));
    play.tell(Input::Done(Reply::Signed(Err(SecureAreaError::Invalidated)))).unwrap();
    play.drain(&state);
    assert_eq!(play.closed, Some(CloseReason::Port(SecureAreaError::Invalidated.code())));
    assert!(play.sent.is_empty());
}

#[test]
fn answers_to_nothing_asked_are_a_misuse_and_change_nothing() {
    let state = State::make();
    let mut device = Device::make(&state);
    let mut play = Play::start(&state, &device, false);
    assert_eq!(play.tell(Input::Done(Reply::Signed(Ok([0; 64])))), Err(Misuse::NotAsked));
    assert_eq!(play.tell(Input::Unlocked(true)), Err(Misuse::NotAsked));
    play.ask(&state, &mut device);
    assert_eq!(play.tell(Input::Link(LinkEvent::Up)), Err(Misuse::NotAsked));
    let message = device.answer(&["family_name", "age_over_18"]);
    play.tell(Input::Link(LinkEvent::Bytes(message))).unwrap();
    play.drain(&state);
    assert_eq!(play.verdict().decision, Decision::Accepted);
}

proptest::proptest! {
    #![proptest_config(proptest::prelude::ProptestConfig::with_cases(64))]

    #[test]
    fn random_bytes_never_panic_and_never_give_an_accepted_verdict(bytes in proptest::collection::vec(0_u8.., 0..300)) {
        let play = answered(move |_| bytes);
        proptest::prop_assert!(play.exchange.is_none());
        proptest::prop_assert!(play.closed.is_some());
    }
}
