//! neg-M07 at both facades: without a clock nothing is judged, shown or signed; when it works again, what was under
//! way goes on or is over by name.
#![allow(
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::panic,
    clippy::unwrap_used,
    reason = "a test that cannot go on says so by failing"
)]

use std::sync::Arc;

use pollster::block_on;
use rid_flow::{HistoryEventType, fake::FakeClock};
use rid_kit::{Folder, agree, ask, reader_config, rngs, wallet_config};
use rid_reader::{Reader, ReaderPorts, ReadingStep, view::Decision};
use rid_shell::{SoftwareSecureArea, SqliteStorage, SystemTimer};
use rid_sim::{NOW, SimRng, TestState};
use rid_wallet::{
    PresentationStep, Wallet, WalletPorts,
    view::{ConsentAnswer, ConsentDecision, CredentialState, HistoryRow},
};
use rid_wire::Timestamp;

struct Pair {
    clock: Arc<FakeClock>,
    wallet: Arc<Wallet>,
    reader: Arc<Reader>,
    _folder: Folder,
}

impl Pair {
    fn new(name: &str) -> Self {
        let folder = Folder::new(&format!("clock-{name}"));
        let state = TestState::make(0, &mut SimRng::new(1)).unwrap();
        let clock = Arc::new(FakeClock::new(NOW));
        let area = Arc::new(SoftwareSecureArea::open(&folder.0).unwrap());
        let ports = WalletPorts {
            secure_area: area.clone(),
            storage: Arc::new(SqliteStorage::new(&folder.0)),
            http: None,
            clock: clock.clone(),
            timer: Arc::new(SystemTimer::new()),
            rng: rngs(SimRng::new),
        };
        let config = wallet_config(state.own_trust().unwrap());
        let wallet = Arc::new(block_on(Wallet::open(ports, config)).unwrap());
        let enrolment = block_on(wallet.enrol(&["mdl".into()], 2, vec![7; 32], "sim".into())).unwrap();
        let answer = state.answer(&enrolment.message, &[7; 32], &mut SimRng::new(3)).unwrap();
        block_on(wallet.accept(&enrolment.id, &answer)).unwrap();
        let config = reader_config(state.own_trust().unwrap());
        let timer = Arc::new(SystemTimer::new());
        let ports = ReaderPorts { secure_area: area, clock: clock.clone(), timer, rng: rngs(SimRng::new) };
        let reader = Reader::new(ports, config);
        Self { clock, wallet, reader: Arc::new(reader), _folder: folder }
    }

    /// Copies used, and rows of presentations.
    fn used(&self) -> (u32, usize) {
        let credential = block_on(self.wallet.credentials()).unwrap().remove(0);
        let rows = block_on(self.wallet.history(0, 100)).unwrap();
        let presentations =
            rows.iter().filter_map(HistoryRow::event).filter(|row| row.kind == HistoryEventType::Presentation).count();
        (credential.copies_total - credential.copies_left, presentations)
    }
}

/// A clock that says less than an issuer's signature is wrong: a credential is shown as of that signature, the latest
/// of all.
#[test]
fn neg_k19_a_clock_set_back_changes_no_credentials_state() {
    let pair = Pair::new("set-back");
    let shown = || {
        let credential = block_on(pair.wallet.credentials()).unwrap().remove(0);
        let alone = block_on(pair.wallet.credential(&credential.id)).unwrap();
        (credential.state, alone.credential.state)
    };
    let now = shown();
    assert_eq!(now.0, CredentialState::Ready);
    for seconds in [NOW.unix() - 20 * 365 * 86_400, 0, -1, i64::MIN] {
        pair.clock.jump(Timestamp::from_unix(seconds));
        assert_eq!(shown(), now, "{seconds}");
    }
    pair.clock.jump(Timestamp::from_unix(NOW.unix() + 20 * 365 * 86_400));
    assert_eq!(shown().0, CredentialState::Expired);
    pair.clock.jump(NOW);
    assert_eq!(shown(), now);
}

/// A device whose clock was never set says 0: no answer is accepted as of then.
#[test]
fn neg_m07_a_reader_whose_clock_was_never_set_accepts_nothing() {
    for seconds in [0, i64::MIN, i64::MAX] {
        let pair = Pair::new(&format!("never-set{seconds}"));
        let presentation = pair.wallet.present().unwrap();
        let PresentationStep::Advertise { qr, .. } = block_on(presentation.next()).unwrap() else {
            panic!("a QR code")
        };
        let reading = pair.reader.read(&qr, &ask(&["family_name"])).unwrap();
        presentation.proceed().unwrap();
        presentation.connected(185).unwrap();
        assert!(matches!(block_on(reading.next()).unwrap(), ReadingStep::Connect { .. }));
        reading.connected(185).unwrap();
        let ReadingStep::Send { message } = block_on(reading.next()).unwrap() else { panic!("a request") };
        reading.proceed().unwrap();
        presentation.received(message).unwrap();
        let PresentationStep::Ask { request } = block_on(presentation.next()).unwrap() else { panic!("a question") };
        presentation.answer(agree(&request)).unwrap();
        let PresentationStep::Send { message } = block_on(presentation.next()).unwrap() else { panic!("an answer") };
        pair.clock.jump(Timestamp::from_unix(seconds));
        reading.received(message).unwrap();
        let ReadingStep::Judged { verdict } = block_on(reading.next()).unwrap() else { panic!("a verdict") };
        assert_ne!(verdict.decision, Decision::Accepted, "{seconds}");
    }
}

#[test]
fn neg_m07_a_reading_without_a_clock_begins_and_judges_nothing() {
    let pair = Pair::new("reader");
    let presentation = pair.wallet.present().unwrap();
    let PresentationStep::Advertise { qr, .. } = block_on(presentation.next()).unwrap() else { panic!("a QR code") };
    pair.clock.break_down(true);
    assert_eq!(pair.reader.read(&qr, &ask(&["family_name"])).err().map(|error| error.code().as_str()), Some("clock"));
    pair.clock.break_down(false);
    let reading = pair.reader.read(&qr, &ask(&["family_name"])).unwrap();
    presentation.proceed().unwrap();
    presentation.connected(185).unwrap();
    assert!(matches!(block_on(reading.next()).unwrap(), ReadingStep::Connect { .. }));
    reading.connected(185).unwrap();
    let ReadingStep::Send { message } = block_on(reading.next()).unwrap() else { panic!("a request") };
    reading.proceed().unwrap();
    presentation.received(message).unwrap();
    let PresentationStep::Ask { request } = block_on(presentation.next()).unwrap() else { panic!("a question") };
    presentation.answer(agree(&request)).unwrap();
    let PresentationStep::Send { message } = block_on(presentation.next()).unwrap() else { panic!("an answer") };
    presentation.proceed().unwrap();
    // The answer is as good as ever, but nobody can say of when.
    pair.clock.break_down(true);
    assert_eq!(reading.received(message.clone()).unwrap_err().code().as_str(), "clock");
    assert!(matches!(block_on(reading.next()), Ok(ReadingStep::Wait { .. })));
    pair.clock.break_down(false);
    reading.received(message).unwrap();
    let ReadingStep::Judged { verdict } = block_on(reading.next()).unwrap() else { panic!("a verdict") };
    assert_eq!(verdict.decision, Decision::Accepted);
}

#[test]
fn neg_m07_a_presentation_without_a_clock_shows_and_signs_nothing() {
    for breaks in ["request", "answer"] {
        let pair = Pair::new(breaks);
        let presentation = pair.wallet.present().unwrap();
        let PresentationStep::Advertise { qr, .. } = block_on(presentation.next()).unwrap() else {
            panic!("a QR code")
        };
        let reading = pair.reader.read(&qr, &ask(&["family_name"])).unwrap();
        presentation.proceed().unwrap();
        presentation.connected(185).unwrap();
        assert!(matches!(block_on(reading.next()).unwrap(), ReadingStep::Connect { .. }));
        reading.connected(185).unwrap();
        let ReadingStep::Send { message } = block_on(reading.next()).unwrap() else { panic!("a request") };
        if breaks == "request" {
            pair.clock.break_down(true);
            assert_eq!(presentation.received(message.clone()).unwrap_err().code().as_str(), "clock");
            pair.clock.break_down(false);
        }
        presentation.received(message).unwrap();
        let PresentationStep::Ask { request } = block_on(presentation.next()).unwrap() else { panic!("a question") };
        if breaks == "answer" {
            pair.clock.break_down(true);
            assert_eq!(presentation.answer(agree(&request)).unwrap_err().code().as_str(), "clock");
            pair.clock.break_down(false);
        }
        assert_eq!(pair.used(), (0, 0), "{breaks}");
        // The question stands: it can be answered now.
        let refused = ConsentAnswer { id: request.id, hash: request.hash, decision: ConsentDecision::Refuse };
        presentation.answer(refused).unwrap();
        assert!(matches!(block_on(presentation.next()).unwrap(), PresentationStep::Send { .. }), "{breaks}");
        presentation.cancel();
        let rows = block_on(pair.wallet.history(0, 100)).unwrap();
        assert!(
            rows.iter().filter_map(HistoryRow::event).all(|row| row.outcome != rid_flow::HistoryOutcome::Started),
            "{breaks}"
        );
        assert_eq!(block_on(pair.wallet.credentials()).unwrap()[0].copies_left, 2, "{breaks}");
    }
}
