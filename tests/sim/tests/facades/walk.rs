//! A wallet and a reader that talk over chunks, and what cuts them off.
use std::{
    future::Future,
    pin::pin,
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
    task::{Context, Poll, Wake, Waker},
};

use pollster::block_on;
use rid_flow::{
    HistoryEventType, HistoryOutcome,
    ports::{Http, KeyId},
};
pub(crate) use rid_kit::{Folder, agree, ask};
use rid_kit::{StoppedClock, rngs, wallet_config};
use rid_profile::Profile;
use rid_reader::{Reader, ReaderConfig, ReaderError, ReaderIdentity, ReaderPorts, Reading, ReadingStep, view::Verdict};
use rid_shell::{SoftwareSecureArea, SqliteStorage, SystemTimer};
use rid_sim::{NOW, SimRng, TestState};
use rid_wallet::{Presentation, PresentationStep, Wallet, WalletConfig, WalletError, WalletPorts};

use crate::slow::{ReaderKey, SlowArea, SlowStorage};

pub(crate) const MTU: u16 = 185;

pub(crate) fn open_wallet(state: &TestState, folder: &Folder) -> Arc<Wallet> {
    open_with(rid_profile::embedded().unwrap(), state, folder)
}

pub(crate) fn open_with(profile: Profile, state: &TestState, folder: &Folder) -> Arc<Wallet> {
    open_configured(config(profile, state), folder)
}

pub(crate) fn config(profile: Profile, state: &TestState) -> WalletConfig {
    WalletConfig { profile, ..wallet_config(state.own_trust().unwrap()) }
}

pub(crate) fn open_configured(config: WalletConfig, folder: &Folder) -> Arc<Wallet> {
    open_over(config, folder, None)
}

/// With a network.
pub(crate) fn open_online(state: &TestState, folder: &Folder, http: Arc<dyn Http>) -> Arc<Wallet> {
    open_over(config(rid_profile::embedded().unwrap(), state), folder, Some(http))
}

fn open_over(config: WalletConfig, folder: &Folder, http: Option<Arc<dyn Http>>) -> Arc<Wallet> {
    let ports = WalletPorts {
        secure_area: Arc::new(SlowArea(SoftwareSecureArea::open(&folder.0).unwrap())),
        storage: Arc::new(SlowStorage(SqliteStorage::new(&folder.0))),
        http,
        clock: Arc::new(StoppedClock(NOW)),
        timer: Arc::new(SystemTimer::new()),
        rng: rngs(SimRng::new),
    };
    Arc::new(block_on(Wallet::open(ports, config)).unwrap())
}

pub(crate) fn reader(state: &TestState) -> Arc<Reader> {
    Arc::new(Reader::new(reader_ports(state), reader_config(state)))
}

/// With this identity, or none.
pub(crate) fn reader_as(state: &TestState, identity: Option<ReaderIdentity>) -> Arc<Reader> {
    Arc::new(Reader::new(reader_ports(state), ReaderConfig { identity, ..reader_config(state) }))
}

pub(crate) fn reader_ports(state: &TestState) -> ReaderPorts {
    ports_of(state.reader().0)
}

pub(crate) fn ports_of(key: &rid_crypto::SigningKey) -> ReaderPorts {
    let key = rid_crypto::SigningKey::from_scalar(key.dangerous_scalar().expose()).unwrap();
    ReaderPorts {
        secure_area: Arc::new(ReaderKey(key)),
        clock: Arc::new(StoppedClock(NOW)),
        timer: Arc::new(SystemTimer::new()),
        rng: rngs(SimRng::new),
    }
}

pub(crate) fn reader_config(state: &TestState) -> ReaderConfig {
    let identity = ReaderIdentity { key: KeyId("reader".into()), chain: vec![state.reader().1.clone()] };
    ReaderConfig { identity: Some(identity), ..rid_kit::reader_config(state.own_trust().unwrap()) }
}

/// Drops or calls away one `next` at one of its awaits, counted over the whole walk.
pub(crate) struct Cutter {
    /// How many awaits are let pass; none is cut when `None`.
    pub(crate) left: Option<u64>,
    pub(crate) by_park: bool,
    pub(crate) cut: bool,
}

impl Cutter {
    /// Polls `next` until it is done (`Some`) or was cut (`None`).
    pub(crate) fn run<T, E>(
        &mut self,
        next: impl Future<Output = Result<T, E>>,
        park: impl Fn(),
    ) -> Option<Result<T, E>> {
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
pub(crate) struct Woken {
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
pub(crate) struct Walk {
    /// Asked for in the first request, beside the names; `?` at the end marks an optional element.
    pub(crate) also: &'static [&'static str],
    pub(crate) verdicts: Vec<Verdict>,
    pub(crate) wallet_closed: Option<String>,
    pub(crate) reader_closed: Option<String>,
    pub(crate) receipts: u32,
}

/// One session with two requests, until both sides are closed or nothing moves any more.
pub(crate) fn walk(wallet: &Arc<Wallet>, reader: &Arc<Reader>, cutter: &mut Cutter) -> Walk {
    walk_asking(&[], wallet, reader, cutter)
}

/// As [`walk`], with more elements in the first request.
pub(crate) fn walk_asking(
    also: &'static [&'static str],
    wallet: &Arc<Wallet>,
    reader: &Arc<Reader>,
    cutter: &mut Cutter,
) -> Walk {
    let presentation = wallet.present().unwrap();
    let mut reading: Option<Reading> = None;
    let mut walk = Walk { also, ..Walk::default() };
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

pub(crate) fn wallet_step(
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
            *reading = Some(reader.read(&qr, &ask(&[&["family_name", "birth_date"], walk.also].concat())).unwrap());
            presentation.proceed().unwrap();
            presentation.connected(MTU).unwrap();
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

pub(crate) fn reader_step(
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
            reading.connected(MTU).unwrap();
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
                reading.finish().unwrap();
            }
        }
        ReadingStep::Closed { code } => {
            walk.reader_closed = Some(code.to_string());
            let _ = presentation.disconnected();
        }
        ReadingStep::Wait { .. } => {}
    }
}

pub(crate) fn filled(state: &TestState, folder: &Folder, copies: u32) -> Arc<Wallet> {
    fill(open_wallet(state, folder), state, copies)
}

pub(crate) fn fill(wallet: Arc<Wallet>, state: &TestState, copies: u32) -> Arc<Wallet> {
    fill_kinds(wallet, state, &["mdl"], copies)
}

pub(crate) fn fill_kinds(wallet: Arc<Wallet>, state: &TestState, kinds: &[&str], copies: u32) -> Arc<Wallet> {
    let kinds: Vec<String> = kinds.iter().map(|kind| (*kind).into()).collect();
    let enrolling = wallet.enrolling(&kinds, copies, vec![7; 32], "sim".into()).unwrap();
    let enrolment = block_on(enrolling.next()).unwrap();
    assert_eq!(block_on(enrolling.next()).unwrap(), enrolment, "given again at each call");
    let answer = state.answer(&enrolment.message, &[7; 32], &mut SimRng::new(3)).unwrap();
    block_on(wallet.accept(&enrolment.id, &answer)).unwrap();
    wallet
}

/// Copies used and rows of presentations begun: always as many of the one as of the other (inv-I3).
pub(crate) fn used(wallet: &Wallet) -> (u32, usize) {
    let credential = block_on(wallet.credentials()).unwrap().remove(0);
    (credential.copies_total - credential.copies_left, outcomes(wallet).len())
}

/// Outcomes of the presentations in the history.
pub(crate) fn outcomes(wallet: &Wallet) -> Vec<HistoryOutcome> {
    let rows = block_on(wallet.history(0, 1_000)).unwrap();
    let events = rows.iter().filter_map(rid_wallet::view::HistoryRow::event);
    events.filter(|row| row.kind == HistoryEventType::Presentation).map(|row| row.outcome).collect()
}
