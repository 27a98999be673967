//! A wallet and a reader on fakes: a store and a secure area that fail when told to, and a clock that does something
//! when it is read.
use std::{
    future::pending,
    sync::{
        Arc, Mutex,
        atomic::{AtomicBool, AtomicU64, Ordering::SeqCst},
    },
};

use async_trait::async_trait;
use pollster::block_on;
use rid_flow::{
    HistoryEventType, HistoryOutcome, Uptime,
    fake::{FakeClock, FakeTimer, MemoryDisk, MemoryStorage, ScriptedSecureArea},
    ports::{Clock, ClockError, KeyId, KeyInfo, KeySpec, Prompt, Secret32, SecureArea, SecureAreaError},
};
pub(crate) use rid_kit::agree;
use rid_kit::{ask, reader_config, rngs, wallet_config};
use rid_reader::{DocumentAsk, Reader, ReaderPorts, Reading, ReadingStep, view::Decision};
use rid_sim::{NOW, SimRng, TestState};
use rid_wallet::{
    Presentation, PresentationStep, Wallet, WalletPorts,
    view::{HistoryEvent, HistoryRow, LockState},
};
use rid_wire::Timestamp;

type Hook = Box<dyn FnMut() + Send>;

/// A clock that does something once when it is read: in the middle of every step of a machine.
pub(crate) struct HookedClock {
    pub(crate) hands: FakeClock,
    hook: Mutex<Option<(u64, Hook)>>,
    readings: AtomicU64,
}

impl HookedClock {
    /// After `readings` more readings, `hook` runs inside the next one.
    pub(crate) fn after(&self, readings: u64, hook: impl FnMut() + Send + 'static) {
        *self.hook.lock().unwrap() = Some((readings, Box::new(hook)));
    }

    /// Whether the hook has run or was never set.
    pub(crate) fn is_idle(&self) -> bool {
        self.hook.lock().unwrap().is_none()
    }

    pub(crate) fn unhook(&self) {
        *self.hook.lock().unwrap() = None;
    }

    fn due(&self) -> Option<Hook> {
        let mut hook = self.hook.lock().unwrap();
        match &mut *hook {
            Some((0, _)) => hook.take().map(|(_, hook)| hook),
            Some((left, _)) => {
                *left -= 1;
                None
            }
            None => None,
        }
    }
}

impl Clock for HookedClock {
    fn now(&self) -> Result<Timestamp, ClockError> {
        self.hands.now()
    }

    fn uptime(&self) -> Uptime {
        self.readings.fetch_add(1, SeqCst);
        if let Some(mut hook) = self.due() {
            hook();
        }
        self.hands.uptime()
    }
}

/// A secure area whose signatures or deletions may never come.
pub(crate) struct Area {
    pub(crate) script: ScriptedSecureArea,
    pub(crate) stuck: AtomicBool,
    /// Deletions never come.
    pub(crate) keeps: AtomicBool,
}

#[async_trait]
impl SecureArea for Area {
    async fn create_keys(&self, count: u32, spec: KeySpec) -> Result<Vec<KeyInfo>, SecureAreaError> {
        self.script.create_keys(count, spec).await
    }

    async fn sign(&self, key: KeyId, message: Vec<u8>, prompt: Prompt) -> Result<[u8; 64], SecureAreaError> {
        if self.stuck.load(SeqCst) {
            return pending().await;
        }
        self.script.sign(key, message, prompt).await
    }

    async fn agree(&self, key: KeyId, peer: Vec<u8>, prompt: Prompt) -> Result<Secret32, SecureAreaError> {
        self.script.agree(key, peer, prompt).await
    }

    async fn derive(&self, key: KeyId, input: [u8; 32], prompt: Prompt) -> Result<Secret32, SecureAreaError> {
        self.script.derive(key, input, prompt).await
    }

    async fn info(&self, key: KeyId) -> Result<KeyInfo, SecureAreaError> {
        self.script.info(key).await
    }

    async fn delete(&self, key: KeyId) -> Result<(), SecureAreaError> {
        if self.keeps.load(SeqCst) {
            return pending().await;
        }
        self.script.delete(key).await
    }
}

pub(crate) struct World {
    pub(crate) state: TestState,
    pub(crate) clock: Arc<HookedClock>,
    pub(crate) area: Arc<Area>,
    pub(crate) storage: Arc<MemoryStorage>,
    pub(crate) wallet: Arc<Wallet>,
    pub(crate) reader: Arc<Reader>,
}

impl World {
    /// A wallet with nothing in it.
    pub(crate) fn empty() -> Self {
        let state = TestState::make(0, &mut SimRng::new(1)).unwrap();
        let hands = FakeClock::new(NOW);
        let clock = Arc::new(HookedClock { hands: hands.clone(), hook: Mutex::new(None), readings: AtomicU64::new(0) });
        let area = Arc::new(Area {
            script: ScriptedSecureArea::new(1),
            stuck: AtomicBool::new(false),
            keeps: AtomicBool::new(false),
        });
        let storage = Arc::new(MemoryStorage::new(&MemoryDisk::new()));
        let ports = WalletPorts {
            secure_area: area.clone(),
            storage: storage.clone(),
            http: None,
            clock: clock.clone(),
            timer: Arc::new(FakeTimer::new(&hands)),
            rng: rngs(SimRng::new),
        };
        let config = wallet_config(state.own_trust().unwrap());
        let wallet = Arc::new(block_on(Wallet::open(ports, config)).unwrap());
        let config = reader_config(state.own_trust().unwrap());
        let timer = Arc::new(FakeTimer::new(&hands));
        let ports = ReaderPorts { secure_area: area.clone(), clock: clock.clone(), timer, rng: rngs(SimRng::new) };
        let reader = Arc::new(Reader::new(ports, config));
        Self { state, clock, area, storage, wallet, reader }
    }

    /// A wallet with a licence of a few copies.
    pub(crate) fn new() -> Self {
        Self::with_copies(10)
    }

    pub(crate) fn with_copies(copies: u32) -> Self {
        let world = Self::empty();
        let enrolment = block_on(world.wallet.enrol(&["mdl".into()], copies, vec![7; 32], "sim".into())).unwrap();
        let answer = world.state.answer(&enrolment.message, &[7; 32], &mut SimRng::new(3)).unwrap();
        block_on(world.wallet.accept(&enrolment.id, &answer)).unwrap();
        world
    }

    pub(crate) fn unlock(&self) {
        if self.wallet.lock_state() == LockState::Locked {
            block_on(self.wallet.unlock()).unwrap();
        }
    }

    /// Rows of presentations.
    pub(crate) fn rows(&self) -> Vec<HistoryEvent> {
        self.unlock();
        let rows = block_on(self.wallet.history(0, 10_000)).unwrap();
        let events = rows.iter().filter_map(HistoryRow::event);
        events.filter(|row| row.kind == HistoryEventType::Presentation).cloned().collect()
    }

    pub(crate) fn outcomes(&self) -> Vec<HistoryOutcome> {
        self.rows().iter().map(|row| row.outcome).collect()
    }

    pub(crate) fn copies_used(&self) -> usize {
        self.unlock();
        let credential = block_on(self.wallet.credentials()).unwrap().remove(0);
        (credential.copies_total - credential.copies_left) as usize
    }

    /// Presents until the wallet gives the step that `until` wants, and does not do it.
    pub(crate) fn present_until(&self, until: fn(&PresentationStep) -> bool) -> (Arc<Presentation>, Reading) {
        let presentation = Arc::new(self.wallet.present().unwrap());
        let mut exchange = Exchange::new(self, &presentation);
        for _ in 0..100 {
            let step = block_on(presentation.next()).unwrap();
            if until(&step) {
                return (presentation.clone(), exchange.reading.take().unwrap());
            }
            exchange.wallet_does(step);
            exchange.reader_step();
        }
        panic!("no such step");
    }
}

impl World {
    /// An exchange is over, and both sides have yet to say what comes next: the receipt was given, the verdict is
    /// there.
    pub(crate) fn exchanged(&self) -> (Arc<Presentation>, Reading) {
        let (presentation, reading) = self.present_until(|step| matches!(step, PresentationStep::Send { .. }));
        presentation.chunks(185).unwrap().iter().for_each(|chunk| reading.received_chunk(chunk).unwrap());
        presentation.proceed().unwrap();
        assert!(matches!(block_on(presentation.next()), Ok(PresentationStep::Receipt { .. })));
        assert!(matches!(block_on(reading.next()), Ok(ReadingStep::Judged { .. })));
        (presentation, reading)
    }
}

pub(crate) fn asked() -> Vec<DocumentAsk> {
    ask(&["family_name"])
}

/// One session with one request, whatever happens to it.
pub(crate) struct Exchange<'a> {
    world: &'a World,
    presentation: &'a Presentation,
    pub(crate) reading: Option<Reading>,
    pub(crate) wallet_closed: Option<String>,
    pub(crate) reader_closed: Option<String>,
    pub(crate) decisions: Vec<Decision>,
    /// The wallet's response was handed out.
    pub(crate) handed_out: bool,
    /// Errors that `next` gave, by code.
    pub(crate) errors: Vec<String>,
    /// Deadline of each side that waits.
    waits: [Option<Option<u64>>; 2],
}

impl<'a> Exchange<'a> {
    pub(crate) fn new(world: &'a World, presentation: &'a Presentation) -> Self {
        Self {
            world,
            presentation,
            reading: None,
            wallet_closed: None,
            reader_closed: None,
            decisions: Vec::new(),
            handed_out: false,
            errors: Vec::new(),
            waits: [None, None],
        }
    }

    /// Runs to the end of both sides. Where both wait, time passes to the next deadline: there is always one.
    pub(crate) fn run(mut self, each: &dyn Fn(&PresentationStep)) -> Self {
        for _ in 0..400 {
            if self.wallet_closed.is_none() {
                match block_on(self.presentation.next()) {
                    Ok(step) => {
                        each(&step);
                        self.wallet_does(step);
                    }
                    Err(error) => self.failed(error.code().as_str()),
                }
            }
            self.reader_step();
            if self.wallet_closed.is_some() && (self.reading.is_none() || self.reader_closed.is_some()) {
                return self;
            }
            self.pass_time();
        }
        panic!("it hangs: {:?} {:?} {:?}", self.wallet_closed, self.reader_closed, self.errors);
    }

    fn failed(&mut self, code: &str) {
        self.errors.push(code.into());
        self.world.clock.hands.break_down(false);
        self.waits = [None, None];
    }

    /// A step that was withdrawn is no longer to be done; a clock that failed works again.
    fn may_fail<T, E>(&self, result: Result<T, E>) {
        if result.is_err() {
            self.world.clock.hands.break_down(false);
        }
    }

    /// When nothing but waiting is left, the earliest deadline comes.
    fn pass_time(&mut self) {
        let wallet_rests = self.wallet_closed.is_some() || self.waits[0].is_some();
        let reader_rests = self.reading.is_none() || self.reader_closed.is_some() || self.waits[1].is_some();
        if !(wallet_rests && reader_rests) {
            return;
        }
        let until = self.waits.iter().flatten().map(|until| until.expect("a wait without a deadline")).min();
        let now = self.world.clock.hands.uptime().millis();
        self.world.clock.hands.pass_millis(until.expect("somebody waits").saturating_sub(now));
        self.presentation.tick().unwrap();
        self.reading.as_ref().map_or(Ok(()), Reading::tick).unwrap();
    }

    pub(crate) fn wallet_does(&mut self, step: PresentationStep) {
        self.waits[0] = None;
        match step {
            PresentationStep::Advertise { qr, .. } => {
                let Ok(reading) = self.world.reader.read(&qr, &asked()) else {
                    return self.world.clock.hands.break_down(false);
                };
                self.reading = Some(reading);
                self.may_fail(self.presentation.proceed());
                self.presentation.connected(185).unwrap();
            }
            PresentationStep::Ask { request } => self.may_fail(self.presentation.answer(agree(&request))),
            PresentationStep::Unlock => {
                self.world.unlock();
                self.may_fail(self.presentation.unlocked());
            }
            PresentationStep::Send { .. } => {
                let chunks = self.presentation.chunks(185).unwrap_or_default();
                self.handed_out |= chunks.len() > 1;
                let reading = self.reading.as_ref().unwrap();
                chunks.iter().for_each(|chunk| self.may_fail(reading.received_chunk(chunk)));
                self.may_fail(self.presentation.proceed());
            }
            PresentationStep::Receipt { .. } => self.may_fail(self.presentation.proceed()),
            PresentationStep::Wait { until_millis } => self.waits[0] = Some(until_millis),
            PresentationStep::Closed { code } => {
                self.wallet_closed = Some(code.to_string());
                self.reading.as_ref().map_or(Ok(()), Reading::disconnected).unwrap();
            }
        }
    }

    pub(crate) fn reader_step(&mut self) {
        let Some(reading) = &self.reading else { return };
        if self.reader_closed.is_some() {
            return;
        }
        self.waits[1] = None;
        match block_on(reading.next()) {
            Ok(ReadingStep::Connect { .. }) => reading.connected(185).unwrap(),
            Ok(ReadingStep::Send { .. }) => {
                let chunks = reading.chunks(185).unwrap_or_default();
                // A failed clock takes no message: it is given again.
                for chunk in chunks {
                    if self.presentation.received_chunk(&chunk).is_err() {
                        self.world.clock.hands.break_down(false);
                        let _ = self.presentation.disconnected();
                    }
                }
                let _ = reading.proceed();
            }
            Ok(ReadingStep::Judged { verdict }) => {
                self.decisions.push(verdict.decision);
                let _ = reading.proceed();
                reading.finish().unwrap();
            }
            Ok(ReadingStep::Wait { until_millis }) => self.waits[1] = Some(until_millis),
            Ok(ReadingStep::Closed { code }) => {
                self.reader_closed = Some(code.to_string());
                self.presentation.disconnected().unwrap();
            }
            Err(error) => {
                let code = error.code().as_str().to_owned();
                self.failed(&code);
            }
        }
    }
}

/// What must hold after every session (`before`: copies used before it): no row stays started, a copy is used if and
/// only if there is a row, and the row says no more and no less than what happened.
pub(crate) fn settled(world: &World, exchange: &Exchange<'_>, before: usize, at: u64) {
    world.storage.heal();
    world.clock.unhook();
    let (used, rows) = (world.copies_used(), world.outcomes());
    let shown: Vec<_> = rows.iter().filter(|outcome| **outcome != HistoryOutcome::Refused).collect();
    assert_eq!(used, shown.len(), "at {at}: {rows:?}");
    assert!(!rows.contains(&HistoryOutcome::Started), "at {at}: {rows:?}");
    match rows.last() {
        Some(HistoryOutcome::Failed) => assert!(!exchange.handed_out, "at {at}: failed after disclosure"),
        Some(HistoryOutcome::Finished) if used > before => {
            assert!(exchange.handed_out, "at {at}: finished and nothing left");
        }
        _ => {}
    }
}
