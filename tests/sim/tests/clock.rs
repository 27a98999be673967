//! neg-M07 at both facades: without a clock nothing is judged, shown or signed; when it works again, what was under way goes on or
//! is over by name.
#![allow(
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::panic,
    clippy::unwrap_used,
    reason = "a test that cannot go on says so by failing"
)]

use std::{
    path::{Path, PathBuf},
    sync::{
        Arc,
        atomic::{AtomicBool, AtomicI64, AtomicU64, Ordering},
    },
};

use pollster::block_on;
use rid_flow::{
    HistoryKind, Uptime,
    ports::{Clock, ClockError, UserAuth},
};
use rid_mdoc::{MDL_DOC_TYPE, MDL_NAMESPACE};
use rid_profile::{ClaimPath, Locale, ReaderPolicy};
use rid_reader::{DocumentAsk, ElementAsk, Reader, ReaderConfig, ReaderPorts, ReadingStep, view::Decision};
use rid_shell::{SoftwareSecureArea, SqliteStorage, SystemTimer};
use rid_sim::{NOW, SimRng, TestState};
use rid_wallet::{
    DeviceAuthMethod, PresentationStep, Wallet, WalletConfig, WalletPorts,
    view::{ConsentAnswer, ConsentDecision, ConsentedDocument, CredentialState, HistoryView, RequestView},
};
use rid_wire::Timestamp;

/// Fails while it is broken, and can be set.
struct Breaking {
    broken: AtomicBool,
    says: AtomicI64,
}

impl Breaking {
    fn is(&self, broken: bool) {
        self.broken.store(broken, Ordering::Release);
    }

    fn set(&self, seconds: i64) {
        self.says.store(seconds, Ordering::Release);
    }
}

impl Clock for Breaking {
    fn now(&self) -> Result<Timestamp, ClockError> {
        if self.broken.load(Ordering::Acquire) {
            return Err(ClockError);
        }
        Ok(Timestamp::from_unix(self.says.load(Ordering::Acquire)))
    }

    fn uptime(&self) -> Uptime {
        Uptime::from_millis(1_000)
    }
}

/// A folder that is removed at the end.
struct Folder(PathBuf);

impl Drop for Folder {
    fn drop(&mut self) {
        let _ = std::fs::remove_dir_all(&self.0);
    }
}

struct Pair {
    clock: Arc<Breaking>,
    wallet: Arc<Wallet>,
    reader: Arc<Reader>,
    _folder: Folder,
}

impl Pair {
    fn new(name: &str) -> Self {
        let path = Path::new(env!("CARGO_TARGET_TMPDIR")).join(format!("clock-{name}-{}", std::process::id()));
        let _ = std::fs::remove_dir_all(&path);
        std::fs::create_dir_all(&path).unwrap();
        let state = TestState::make(0, &mut SimRng::new(1)).unwrap();
        let clock = Arc::new(Breaking { broken: AtomicBool::new(false), says: AtomicI64::new(NOW.unix()) });
        let area = Arc::new(SoftwareSecureArea::open(&path).unwrap());
        let ports = WalletPorts {
            secure_area: area.clone(),
            storage: Arc::new(SqliteStorage::new(&path)),
            http: None,
            clock: clock.clone(),
            timer: Arc::new(SystemTimer::new()),
            rng: rng(),
        };
        let config = WalletConfig {
            profile: rid_profile::embedded().unwrap(),
            trust: state.own_trust().unwrap(),
            locales: vec![Locale::En],
            user_auth: UserAuth::None,
            device_auth: DeviceAuthMethod::Signature,
            reader_policy: ReaderPolicy::USUAL,
        };
        let wallet = Arc::new(block_on(Wallet::open(ports, config)).unwrap());
        let enrolment = block_on(wallet.enrol(&["mdl".into()], 2, vec![7; 32], "sim".into())).unwrap();
        let answer = state.answer(&enrolment.message, &[7; 32], &mut SimRng::new(3)).unwrap();
        block_on(wallet.accept(&enrolment.id, &answer)).unwrap();
        let config = ReaderConfig {
            profile: rid_profile::embedded().unwrap(),
            trust: state.own_trust().unwrap(),
            locales: vec![Locale::En],
            identity: None,
        };
        let reader = Reader::new(ReaderPorts { secure_area: area, clock: clock.clone(), rng: rng() }, config);
        Self { clock, wallet, reader: Arc::new(reader), _folder: Folder(path) }
    }

    /// Copies used, and rows of presentations.
    fn used(&self) -> (u32, usize) {
        let credential = block_on(self.wallet.credentials()).unwrap().remove(0);
        let rows = block_on(self.wallet.history(0, 100)).unwrap();
        let presentations =
            rows.iter().filter_map(HistoryView::event).filter(|row| row.kind == HistoryKind::Presentation).count();
        (credential.copies_total - credential.copies_left, presentations)
    }
}

fn rng() -> Arc<dyn Fn() -> Box<dyn rid_crypto::CryptoRng + Send> + Send + Sync> {
    static SEED: AtomicU64 = AtomicU64::new(1);
    Arc::new(|| Box::new(SimRng::new(SEED.fetch_add(1, Ordering::Relaxed))))
}

fn asked() -> Vec<DocumentAsk> {
    let element =
        ElementAsk { path: ClaimPath::element(MDL_NAMESPACE, "family_name"), retained: false, optional: false };
    vec![DocumentAsk { kind: MDL_DOC_TYPE.into(), elements: vec![element] }]
}

fn agree(request: &RequestView) -> ConsentAnswer {
    let candidate = &request.documents[0].candidates[0];
    let elements = candidate.elements.iter().map(|element| element.path.clone()).collect();
    let documents = vec![ConsentedDocument { position: 0, credential: candidate.credential.clone(), elements }];
    let decision = ConsentDecision::Agree { documents };
    ConsentAnswer { id: request.id.clone(), hash: request.hash.clone(), decision }
}

/// A clock that says less than an issuer's signature is wrong: a credential is shown as of that signature, the latest of all.
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
        pair.clock.set(seconds);
        assert_eq!(shown(), now, "{seconds}");
    }
    pair.clock.set(NOW.unix() + 20 * 365 * 86_400);
    assert_eq!(shown().0, CredentialState::Expired);
    pair.clock.set(NOW.unix());
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
        let reading = pair.reader.read(&qr, &asked()).unwrap();
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
        pair.clock.set(seconds);
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
    pair.clock.is(true);
    assert_eq!(pair.reader.read(&qr, &asked()).err().map(|error| error.code().as_str()), Some("clock"));
    pair.clock.is(false);
    let reading = pair.reader.read(&qr, &asked()).unwrap();
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
    pair.clock.is(true);
    assert_eq!(reading.received(message.clone()).unwrap_err().code().as_str(), "clock");
    assert!(matches!(block_on(reading.next()), Ok(ReadingStep::Wait { .. })));
    pair.clock.is(false);
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
        let reading = pair.reader.read(&qr, &asked()).unwrap();
        presentation.proceed().unwrap();
        presentation.connected(185).unwrap();
        assert!(matches!(block_on(reading.next()).unwrap(), ReadingStep::Connect { .. }));
        reading.connected(185).unwrap();
        let ReadingStep::Send { message } = block_on(reading.next()).unwrap() else { panic!("a request") };
        if breaks == "request" {
            pair.clock.is(true);
            assert_eq!(presentation.received(message.clone()).unwrap_err().code().as_str(), "clock");
            pair.clock.is(false);
        }
        presentation.received(message).unwrap();
        let PresentationStep::Ask { request } = block_on(presentation.next()).unwrap() else { panic!("a question") };
        if breaks == "answer" {
            pair.clock.is(true);
            assert_eq!(presentation.answer(agree(&request)).unwrap_err().code().as_str(), "clock");
            pair.clock.is(false);
        }
        assert_eq!(pair.used(), (0, 0), "{breaks}");
        // The question stands: it can be answered now.
        let refused = ConsentAnswer { id: request.id, hash: request.hash, decision: ConsentDecision::Refuse };
        presentation.answer(refused).unwrap();
        assert!(matches!(block_on(presentation.next()).unwrap(), PresentationStep::Send { .. }), "{breaks}");
        presentation.cancel();
        let rows = block_on(pair.wallet.history(0, 100)).unwrap();
        assert!(
            rows.iter().filter_map(HistoryView::event).all(|row| row.outcome != rid_flow::HistoryOutcome::Started),
            "{breaks}"
        );
        assert_eq!(block_on(pair.wallet.credentials()).unwrap()[0].copies_left, 2, "{breaks}");
    }
}
