//! Both app facades over chunks, every await a place where the call may be dropped or called away.
#![allow(
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::panic,
    clippy::unwrap_used,
    reason = "a test that cannot go on says so by failing"
)]

use std::{
    future::Future,
    path::{Path, PathBuf},
    pin::{Pin, pin},
    sync::{
        Arc,
        atomic::{AtomicBool, AtomicU64, Ordering},
    },
    task::{Context, Poll, Wake, Waker},
};

use async_trait::async_trait;
use pollster::block_on;
use rid_flow::{
    Uptime,
    ports::{Clock, ClockError, KeyId, KeyInfo, KeySpec, Prompt, Secret32, SecureArea, SecureAreaError, UserAuth},
};
use rid_mdoc::{MDL_DOC_TYPE, MDL_NAMESPACE};
use rid_profile::{ClaimPath, Locale};
use rid_reader::{
    DocumentAsk, ElementAsk, Reader, ReaderConfig, ReaderError, ReaderIdentity, ReaderPorts, Reading, ReadingStep,
    view::{Decision, Verdict},
};
use rid_shell::{SoftwareSecureArea, SqliteStorage, SystemTimer};
use rid_sim::{NOW, SimRng, TestState};
use rid_wallet::{
    DeviceAuthMethod, Presentation, PresentationStep, Wallet, WalletConfig, WalletError, WalletPorts,
    view::{ConsentAnswer, ConsentDecision, ConsentedDocument, RequestView},
};
use rid_wire::Timestamp;

const MTU: u16 = 185;

struct StoppedClock;

impl Clock for StoppedClock {
    fn now(&self) -> Result<Timestamp, ClockError> {
        Ok(NOW)
    }

    fn uptime(&self) -> Uptime {
        Uptime::from_millis(1_000)
    }
}

/// Waits once before it goes on, so that a caller can be dropped there.
struct Once(bool);

impl Future for Once {
    type Output = ();

    fn poll(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<()> {
        if std::mem::replace(&mut self.0, true) {
            return Poll::Ready(());
        }
        context.waker().wake_by_ref();
        Poll::Pending
    }
}

/// A secure area that waits before and after each of its works, as a person's finger does.
struct Slow(SoftwareSecureArea);

#[async_trait]
impl SecureArea for Slow {
    async fn create_keys(&self, count: u32, spec: KeySpec) -> Result<Vec<KeyInfo>, SecureAreaError> {
        Once(false).await;
        let made = self.0.create_keys(count, spec).await;
        Once(false).await;
        made
    }

    async fn sign(&self, key: KeyId, message: Vec<u8>, prompt: Prompt) -> Result<[u8; 64], SecureAreaError> {
        Once(false).await;
        if prompt == Prompt::Present && REFUSES.with(std::cell::Cell::get) {
            return Err(SecureAreaError::Cancelled);
        }
        let signed = self.0.sign(key, message, prompt).await;
        Once(false).await;
        signed
    }

    async fn agree(&self, key: KeyId, peer: Vec<u8>, prompt: Prompt) -> Result<Secret32, SecureAreaError> {
        Once(false).await;
        self.0.agree(key, peer, prompt).await
    }

    async fn derive(&self, key: KeyId, input: [u8; 32], prompt: Prompt) -> Result<Secret32, SecureAreaError> {
        self.0.derive(key, input, prompt).await
    }

    async fn info(&self, key: KeyId) -> Result<KeyInfo, SecureAreaError> {
        self.0.info(key).await
    }

    async fn delete(&self, key: KeyId) -> Result<(), SecureAreaError> {
        Once(false).await;
        self.0.delete(key).await
    }
}

thread_local! {
    /// The person turns away when asked for a finger.
    static REFUSES: std::cell::Cell<bool> = const { std::cell::Cell::new(false) };
}

/// The reader's one key.
struct ReaderKey(rid_crypto::SigningKey);

#[async_trait]
impl SecureArea for ReaderKey {
    async fn create_keys(&self, _count: u32, _spec: KeySpec) -> Result<Vec<KeyInfo>, SecureAreaError> {
        Err(SecureAreaError::Unavailable)
    }

    async fn sign(&self, _key: KeyId, message: Vec<u8>, _prompt: Prompt) -> Result<[u8; 64], SecureAreaError> {
        Once(false).await;
        Ok(self.0.sign(&[&message]))
    }

    async fn agree(&self, _key: KeyId, _peer: Vec<u8>, _prompt: Prompt) -> Result<Secret32, SecureAreaError> {
        Err(SecureAreaError::Unavailable)
    }

    async fn derive(&self, _key: KeyId, _input: [u8; 32], _prompt: Prompt) -> Result<Secret32, SecureAreaError> {
        Err(SecureAreaError::Unavailable)
    }

    async fn info(&self, _key: KeyId) -> Result<KeyInfo, SecureAreaError> {
        Err(SecureAreaError::NotFound)
    }

    async fn delete(&self, _key: KeyId) -> Result<(), SecureAreaError> {
        Ok(())
    }
}

/// A folder that is removed at the end.
struct Folder(PathBuf);

impl Folder {
    fn new(name: &str) -> Self {
        let path = Path::new(env!("CARGO_TARGET_TMPDIR")).join(format!("facades-{name}-{}", std::process::id()));
        let _ = std::fs::remove_dir_all(&path);
        std::fs::create_dir_all(&path).unwrap();
        Self(path)
    }
}

impl Drop for Folder {
    fn drop(&mut self) {
        let _ = std::fs::remove_dir_all(&self.0);
    }
}

fn rng() -> Arc<dyn Fn() -> Box<dyn rid_crypto::CryptoRng + Send> + Send + Sync> {
    static SEED: AtomicU64 = AtomicU64::new(1);
    Arc::new(|| Box::new(SimRng::new(SEED.fetch_add(1, Ordering::Relaxed))))
}

fn open_wallet(state: &TestState, folder: &Folder) -> Arc<Wallet> {
    let ports = WalletPorts {
        secure_area: Arc::new(Slow(SoftwareSecureArea::open(&folder.0).unwrap())),
        storage: Arc::new(SqliteStorage::new(&folder.0)),
        http: None,
        clock: Arc::new(StoppedClock),
        timer: Arc::new(SystemTimer::new()),
        rng: rng(),
    };
    let config = WalletConfig {
        profile: rid_profile::embedded().unwrap(),
        trust: state.own_trust().unwrap(),
        locales: vec![Locale::En],
        user_auth: UserAuth::None,
        device_auth: DeviceAuthMethod::Signature,
    };
    Arc::new(block_on(Wallet::open(ports, config)).unwrap())
}

fn reader(state: &TestState) -> Arc<Reader> {
    let (key, certificate) = state.reader();
    let scalar = key.dangerous_scalar();
    let key = rid_crypto::SigningKey::from_scalar(scalar.expose()).unwrap();
    let ports = ReaderPorts { secure_area: Arc::new(ReaderKey(key)), clock: Arc::new(StoppedClock), rng: rng() };
    let identity = ReaderIdentity { key: KeyId("reader".into()), chain: vec![certificate.clone()] };
    let config = ReaderConfig {
        profile: rid_profile::embedded().unwrap(),
        trust: state.own_trust().unwrap(),
        locales: vec![Locale::En],
        identity: Some(identity),
    };
    Arc::new(Reader::new(ports, config))
}

fn ask(elements: &[&str]) -> Vec<DocumentAsk> {
    let elements = elements
        .iter()
        .map(|name| ElementAsk { path: ClaimPath::element(MDL_NAMESPACE, name), retained: false })
        .collect();
    vec![DocumentAsk { kind: MDL_DOC_TYPE.into(), elements }]
}

fn agree(request: &RequestView) -> ConsentAnswer {
    let document = |document: &rid_wallet::view::RequestedDocumentView| ConsentedDocument {
        position: document.position,
        elements: document.elements.iter().filter(|e| e.held).map(|e| e.path.clone()).collect(),
    };
    let documents = request.alternatives[0].documents.iter().map(document).collect();
    let decision = ConsentDecision::Agree { alternative: 0, documents };
    ConsentAnswer { id: request.id.clone(), hash: request.hash.clone(), decision }
}

/// Drops or calls away one `next` at one of its awaits, counted over the whole walk.
struct Cutter {
    /// How many awaits are let pass; none is cut when `None`.
    left: Option<u64>,
    by_park: bool,
    cut: bool,
}

impl Cutter {
    /// Polls `next` until it is done (`Some`) or was cut (`None`).
    fn run<T, E>(&mut self, next: impl Future<Output = Result<T, E>>, park: impl Fn()) -> Option<Result<T, E>> {
        let mut next = pin!(next);
        let woken = Arc::new(Woken { flag: AtomicBool::new(false), thread: std::thread::current() });
        let waker = Waker::from(woken.clone());
        loop {
            if let Poll::Ready(done) = next.as_mut().poll(&mut Context::from_waker(&waker)) {
                return Some(done);
            }
            match &mut self.left {
                Some(0) if !self.cut => {
                    self.cut = true;
                    if !self.by_park {
                        return None;
                    }
                    park();
                }
                Some(left) => *left = left.saturating_sub(1),
                None => {}
            }
            while !woken.flag.swap(false, Ordering::AcqRel) {
                std::thread::park();
            }
        }
    }
}

/// Each await wakes once; between, the thread sleeps.
struct Woken {
    flag: AtomicBool,
    thread: std::thread::Thread,
}

impl Wake for Woken {
    fn wake(self: Arc<Self>) {
        self.flag.store(true, Ordering::Release);
        self.thread.unpark();
    }
}

#[derive(Debug, Default)]
struct Walk {
    verdicts: Vec<Verdict>,
    wallet_closed: Option<String>,
    reader_closed: Option<String>,
    receipts: u32,
}

/// One session with two requests, until both sides are closed or nothing moves any more.
fn walk(wallet: &Arc<Wallet>, reader: &Arc<Reader>, cutter: &mut Cutter) -> Walk {
    let presentation = wallet.present().unwrap();
    let mut reading: Option<Reading> = None;
    let mut walk = Walk::default();
    let mut connected = false;
    for _ in 0..400 {
        if walk.wallet_closed.is_none() {
            wallet_step(&presentation, &mut reading, reader, &mut walk, cutter);
        }
        let Some(reading) = &reading else { continue };
        if walk.reader_closed.is_none() {
            reader_step(reading, &presentation, &mut connected, &mut walk, cutter);
        }
        if walk.wallet_closed.is_some() && walk.reader_closed.is_some() {
            break;
        }
    }
    walk
}

fn wallet_step(
    presentation: &Presentation,
    reading: &mut Option<Reading>,
    reader: &Arc<Reader>,
    walk: &mut Walk,
    cutter: &mut Cutter,
) {
    let step = match cutter.run(presentation.next(), || presentation.park()) {
        None | Some(Err(WalletError::Cancelled)) => return,
        Some(step) => step.unwrap(),
    };
    match step {
        PresentationStep::Advertise { qr, .. } => {
            *reading = Some(reader.read(&qr, &ask(&["family_name", "birth_date"])).unwrap());
            presentation.proceed().unwrap();
            presentation.connected().unwrap();
        }
        PresentationStep::Ask { request } => presentation.answer(agree(&request)).unwrap(),
        PresentationStep::Send { .. } => {
            for chunk in presentation.chunks(MTU).unwrap() {
                // A reader that has closed says so and takes nothing.
                let _ = reading.as_ref().unwrap().received_chunk(&chunk);
            }
            presentation.proceed().unwrap();
        }
        PresentationStep::Receipt { receipt } => {
            assert!(receipt.disclosed);
            walk.receipts += 1;
            presentation.proceed().unwrap();
        }
        PresentationStep::Closed { code } => {
            walk.wallet_closed = Some(code.to_string());
            let _ = reading.as_ref().unwrap().disconnected();
        }
        PresentationStep::Unlock => panic!("it is unlocked"),
        PresentationStep::Wait { .. } => {}
    }
}

fn reader_step(
    reading: &Reading,
    presentation: &Presentation,
    connected: &mut bool,
    walk: &mut Walk,
    cutter: &mut Cutter,
) {
    let step = match cutter.run(reading.next(), || reading.park()) {
        None | Some(Err(ReaderError::Cancelled)) => return,
        Some(step) => step.unwrap(),
    };
    match step {
        ReadingStep::Connect { peripheral_server, .. } => {
            assert!(peripheral_server.is_some() && !*connected);
            *connected = true;
            reading.connected().unwrap();
        }
        ReadingStep::Send { .. } => {
            for chunk in reading.chunks(MTU).unwrap() {
                let _ = presentation.received_chunk(&chunk);
            }
            reading.proceed().unwrap();
        }
        ReadingStep::Judged { verdict } => {
            walk.verdicts.push(verdict);
            reading.proceed().unwrap();
            if walk.verdicts.len() == 1 {
                reading.ask(&ask(&["given_name"])).unwrap();
            } else {
                reading.finish();
            }
        }
        ReadingStep::Closed { code } => {
            walk.reader_closed = Some(code.to_string());
            let _ = presentation.disconnected();
        }
        ReadingStep::Wait { .. } => {}
    }
}

fn filled(state: &TestState, folder: &Folder, copies: u32) -> Arc<Wallet> {
    let wallet = open_wallet(state, folder);
    let enrolling = wallet.enrolling(&["mdl".into()], copies, vec![7; 32], "sim".into()).unwrap();
    let enrolment = block_on(enrolling.next()).unwrap();
    assert_eq!(block_on(enrolling.next()).unwrap(), enrolment, "given again at each call");
    let answer = state.answer(&enrolment.message, &[7; 32], &mut SimRng::new(3)).unwrap();
    block_on(wallet.accept(&enrolment.id, &answer)).unwrap();
    wallet
}

/// Copies used and rows of presentations begun: always as many of the one as of the other (inv-I3).
fn used(wallet: &Wallet) -> (u32, usize) {
    let credential = block_on(wallet.credentials()).unwrap().remove(0);
    let rows = block_on(wallet.history(0, 1_000)).unwrap();
    let events = rows.iter().filter_map(rid_wallet::view::HistoryView::event);
    let presentations = events.filter(|row| row.kind == rid_flow::HistoryKind::Presentation).count();
    (credential.copies_total - credential.copies_left, presentations)
}

#[test]
fn two_requests_in_one_session_over_chunks() {
    let (state, folder) = (TestState::make(0, &mut SimRng::new(1)).unwrap(), Folder::new("two"));
    let (wallet, reader) = (filled(&state, &folder, 3), reader(&state));
    let walk = walk(&wallet, &reader, &mut Cutter { left: None, by_park: false, cut: false });
    assert_eq!(walk.verdicts.iter().map(|v| v.decision).collect::<Vec<_>>(), [Decision::Accepted, Decision::Accepted]);
    assert_eq!(walk.verdicts[0].documents[0].elements.len(), 2);
    assert_eq!(
        (walk.wallet_closed.as_deref(), walk.reader_closed.as_deref()),
        (Some("session_terminated"), Some("done"))
    );
    assert_eq!((used(&wallet), walk.receipts), ((2, 2), 2));
}

/// neg-M06: whichever await the call is dropped or called away at, nothing is lost and nothing used twice.
#[test]
fn neg_m06_inv_i3_cut_at_every_await() {
    let state = TestState::make(0, &mut SimRng::new(1)).unwrap();
    let mut finished = 0;
    for by_park in [false, true] {
        let folder = Folder::new(&format!("cut-{by_park}"));
        let (mut wallet, reader) = (filled(&state, &folder, 100), reader(&state));
        for left in 0.. {
            let (before, _) = used(&wallet);
            let mut cutter = Cutter { left: Some(left), by_park, cut: false };
            let walk = walk(&wallet, &reader, &mut cutter);
            let (copies, rows) = used(&wallet);
            assert_eq!(copies as usize, rows, "cut at {left}: {walk:?}");
            if !cutter.cut {
                // Every await was cut once.
                assert!(left > 8, "{left} awaits");
                break;
            }
            if walk.wallet_closed.as_deref() == Some("interrupted") {
                assert!(walk.verdicts.len() < 2, "cut at {left}: {walk:?}");
            } else {
                finished += 1;
                assert_eq!((walk.verdicts.len(), copies - before), (2, 2), "cut at {left}: {walk:?}");
            }
            // The next start finds the store whole, whatever was cut.
            drop(wallet);
            wallet = open_wallet(&state, &folder);
            assert_eq!(used(&wallet), (copies, rows), "after the next start, cut at {left}");
        }
    }
    assert!(finished > 8, "most cuts do no harm at all: {finished}");
}

/// neg-M06: the enrolment that was cut cleans up after itself and says so, or goes on.
#[test]
fn neg_m06_an_enrolment_is_cut_at_every_await() {
    let state = TestState::make(0, &mut SimRng::new(1)).unwrap();
    for left in 0.. {
        let folder = Folder::new(&format!("enrol-{left}"));
        let wallet = open_wallet(&state, &folder);
        let enrolling = wallet.enrolling(&["mdl".into()], 2, vec![7; 32], "sim".into()).unwrap();
        let mut cutter = Cutter { left: Some(left), by_park: left % 2 == 0, cut: false };
        let first = cutter.run(enrolling.next(), || enrolling.park());
        if !cutter.cut {
            assert!(left > 5 && matches!(first, Some(Ok(_))));
            break;
        }
        assert!(matches!(first, None | Some(Err(WalletError::Cancelled))), "{first:?}");
        match block_on(enrolling.next()) {
            Ok(enrolment) => assert!(!enrolment.message.is_empty()),
            Err(error) => {
                assert_eq!(error.code().as_str(), "interrupted");
                assert_eq!(block_on(enrolling.next()), Err(error), "said again at each call");
            }
        }
        drop((enrolling, wallet));
        assert!(block_on(open_wallet(&state, &folder).credentials()).unwrap().is_empty());
    }
}

#[test]
fn an_exchange_that_came_to_nothing_is_in_the_history_as_failed() {
    let (state, folder) = (TestState::make(0, &mut SimRng::new(1)).unwrap(), Folder::new("failed"));
    let (wallet, reader) = (filled(&state, &folder, 2), reader(&state));
    REFUSES.with(|refuses| refuses.set(true));
    let walk = walk(&wallet, &reader, &mut Cutter { left: None, by_park: false, cut: false });
    REFUSES.with(|refuses| refuses.set(false));
    assert_eq!((walk.wallet_closed.as_deref(), walk.verdicts.len()), (Some("key_cancelled"), 0));
    let rows = block_on(wallet.history(0, 10)).unwrap();
    assert_eq!(
        rows.last().and_then(|row| row.event()).map(|event| event.outcome),
        Some(rid_flow::HistoryOutcome::Failed)
    );
    assert_eq!(used(&wallet), (1, 1), "a copy once begun with is never used again");
}

#[test]
fn cancelled_sessions_are_over_by_name_and_sign_nothing() {
    let (state, folder) = (TestState::make(0, &mut SimRng::new(1)).unwrap(), Folder::new("cancel"));
    let (wallet, reader) = (filled(&state, &folder, 2), reader(&state));
    let presentation = wallet.present().unwrap();
    let PresentationStep::Advertise { qr, .. } = block_on(presentation.next()).unwrap() else { panic!("a QR code") };
    let reading = reader.read(&qr, &ask(&["family_name"])).unwrap();
    presentation.cancel();
    reading.cancel();
    assert_eq!(block_on(presentation.next()), Ok(PresentationStep::Closed { code: rid_wire::Code::new("cancelled") }));
    assert_eq!(block_on(reading.next()), Ok(ReadingStep::Closed { code: rid_wire::Code::new("cancelled") }));
    let closed = |error: WalletError| error.code().as_str().to_owned();
    assert_eq!(presentation.proceed().map_err(closed), Err("not_asked".into()));
    assert_eq!(presentation.received_chunk(&[0, 1]).map_err(closed), Err("session_closed".into()));
    assert_eq!(reading.tick().unwrap_err().code().as_str(), "session_closed");
    assert_eq!(reading.ask(&ask(&["family_name"])).unwrap_err().code().as_str(), "session_closed");
    assert_eq!(used(&wallet), (0, 0));
}

#[test]
fn neg_c14_a_bad_chunk_ends_the_session_by_name() {
    let (state, folder) = (TestState::make(0, &mut SimRng::new(1)).unwrap(), Folder::new("chunk"));
    let (wallet, reader) = (filled(&state, &folder, 2), reader(&state));
    for chunk in [&[][..], &[2, 1], &[1]] {
        let presentation = wallet.present().unwrap();
        let PresentationStep::Advertise { qr, .. } = block_on(presentation.next()).unwrap() else {
            panic!("a QR code")
        };
        let reading = reader.read(&qr, &ask(&["family_name"])).unwrap();
        assert_eq!(presentation.received_chunk(chunk).unwrap_err().code().as_str(), "transport_limit");
        assert_eq!(reading.received_chunk(chunk).unwrap_err().code().as_str(), "transport_limit");
        let code = rid_wire::Code::new("transport_limit");
        assert_eq!(block_on(presentation.next()), Ok(PresentationStep::Closed { code }));
        assert_eq!(block_on(reading.next()), Ok(ReadingStep::Closed { code }));
    }
}

#[test]
fn what_an_app_asks_wrongly_is_named() {
    let state = TestState::make(0, &mut SimRng::new(1)).unwrap();
    let reader = reader(&state);
    let code = |result: Result<Reading, ReaderError>| result.map(|_| ()).unwrap_err().code().as_str().to_owned();
    assert_eq!(code(reader.read("mdoc:", &[])), "ask_invalid");
    for qr in ["", "mdoc:", "https://x", "mdoc:AA", &format!("mdoc:{}", "A".repeat(100_000))] {
        assert!(matches!(reader.read(qr, &ask(&["family_name"])), Err(ReaderError::BadInput { .. })), "{qr:.20}");
    }
}
