//! One presentation through both facades without the language boundary: the baseline for the measurement of the Kotlin
//! package.
use std::{
    path::Path,
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering},
    },
    time::Instant,
};

use async_trait::async_trait;
use pollster::block_on;
use rid_crypto::{Backend, SigningKey};
use rid_flow::{
    fake::OneKey,
    ports::{KeyId, KeyInfo, KeySpec, Prompt, Secret32, SecureArea, SecureAreaError},
};
use rid_kit::{Folder, StoppedClock, agree, ask, reader_config, wallet_config};
use rid_reader::{Reader, ReaderPorts, Reading, ReadingStep};
use rid_shell::{OsRng, SoftwareSecureArea, SqliteStorage, SystemTimer};
use rid_sim::{NOW, SimRng, TestState};
use rid_wallet::{Presentation, PresentationStep, Wallet, WalletPorts};

use crate::{expect, some};

/// The number of measured presentations. Half as many run unmeasured before them.
const ROUNDS: usize = 60;
const MTU: u16 = 517;

/// A secure area that sums the time spent in it.
struct Timed<A> {
    area: A,
    nanos: Arc<AtomicU64>,
}

impl<A: SecureArea> Timed<A> {
    async fn time<T>(&self, work: impl Future<Output = T>) -> T {
        let begun = now();
        let done = work.await;
        let nanos = u64::try_from(begun.elapsed().as_nanos()).unwrap_or(0);
        self.nanos.fetch_add(nanos, Ordering::Relaxed);
        done
    }
}

#[async_trait]
impl<A: SecureArea> SecureArea for Timed<A> {
    async fn create_keys(&self, count: u32, spec: KeySpec) -> Result<Vec<KeyInfo>, SecureAreaError> {
        self.time(self.area.create_keys(count, spec)).await
    }

    async fn sign(&self, key: KeyId, message: Vec<u8>, prompt: Prompt) -> Result<[u8; 64], SecureAreaError> {
        self.time(self.area.sign(key, message, prompt)).await
    }

    async fn agree(&self, key: KeyId, peer: Vec<u8>, prompt: Prompt) -> Result<Secret32, SecureAreaError> {
        self.time(self.area.agree(key, peer, prompt)).await
    }

    async fn derive(&self, key: KeyId, input: [u8; 32], prompt: Prompt) -> Result<Secret32, SecureAreaError> {
        self.time(self.area.derive(key, input, prompt)).await
    }

    async fn info(&self, key: KeyId) -> Result<KeyInfo, SecureAreaError> {
        self.time(self.area.info(key)).await
    }

    async fn delete(&self, key: KeyId) -> Result<(), SecureAreaError> {
        self.time(self.area.delete(key)).await
    }
}

/// The median microseconds of a presentation without the time in the secure areas.
pub(crate) fn median() -> f64 {
    let Folder(folder) = &Folder::new("bench");
    let state = expect(TestState::make(0, &mut SimRng::new(1)), "test State");
    let nanos = Arc::new(AtomicU64::new(0));
    let area = Timed { area: expect(SoftwareSecureArea::open(folder), "software area"), nanos: nanos.clone() };
    let (wallet, reader) = (wallet(&state, folder, area), reader(&state, &nanos));
    // The seeded set-up selected the reference backend; the packages use the default.
    Backend::Ring.select();
    let mut micros = Vec::new();
    for round in 0..ROUNDS + ROUNDS / 2 {
        nanos.store(0, Ordering::Relaxed);
        let begun = now();
        present(&wallet, &reader);
        let all = begun.elapsed().as_secs_f64() * 1e6;
        let outside = u32::try_from(nanos.load(Ordering::Relaxed) / 1_000).map_or(0.0, f64::from);
        if round >= ROUNDS / 2 {
            micros.push(all - outside);
        }
    }
    micros.sort_by(f64::total_cmp);
    some(micros.get(ROUNDS / 2).copied(), "rounds")
}

fn wallet(state: &TestState, folder: &Path, area: Timed<SoftwareSecureArea>) -> Arc<Wallet> {
    let ports = WalletPorts {
        secure_area: Arc::new(area),
        storage: Arc::new(SqliteStorage::new(folder)),
        http: None,
        clock: Arc::new(StoppedClock(NOW)),
        timer: Arc::new(SystemTimer::new()),
        rng: Arc::new(|| Box::new(OsRng)),
    };
    let config = wallet_config(expect(state.own_trust(), "trust"));
    let wallet = Arc::new(expect(block_on(Wallet::open(ports, config)), "wallet"));
    let enrolment = expect(block_on(wallet.enrol(&["mdl".into()], 100, vec![7; 32], "sim".into())), "enrolment");
    let answer = expect(state.answer(&enrolment.message, &[7; 32], &mut SimRng::new(3)), "answer");
    expect(block_on(wallet.accept(&enrolment.id, &answer)), "accepted");
    wallet
}

fn reader(state: &TestState, nanos: &Arc<AtomicU64>) -> Arc<Reader> {
    let key = expect(SigningKey::from_scalar(state.reader().0.dangerous_scalar().expose()), "a key");
    let ports = ReaderPorts {
        secure_area: Arc::new(Timed { area: OneKey::new(key), nanos: nanos.clone() }),
        clock: Arc::new(StoppedClock(NOW)),
        timer: Arc::new(SystemTimer::new()),
        rng: Arc::new(|| Box::new(OsRng)),
    };
    // Anonymous: the cost of a reader's own key is not part of the boundary.
    Arc::new(Reader::new(ports, reader_config(expect(state.own_trust(), "trust"))))
}

/// Runs both sides alternately, chunk by chunk, until both are closed.
fn present(wallet: &Arc<Wallet>, reader: &Arc<Reader>) {
    let presentation = expect(wallet.present(), "present");
    let PresentationStep::Advertise { qr, .. } = expect(block_on(presentation.next()), "advertise") else { return };
    let asked = ask(&["family_name", "birth_date"]);
    let reading = expect(reader.read(&qr, &asked), "read");
    expect(presentation.proceed(), "proceed");
    expect(presentation.connected(MTU), "connected");
    let (mut holding, mut verifying) = (true, true);
    while holding || verifying {
        holding = holding && hold(&presentation, &reading);
        verifying = verifying && verify(&reading, &presentation);
    }
}

fn hold(presentation: &Presentation, reading: &Reading) -> bool {
    match expect(block_on(presentation.next()), "a step") {
        PresentationStep::Ask { request } => expect(presentation.answer(agree(&request)), "answer"),
        PresentationStep::Send { .. } => {
            for chunk in expect(presentation.chunks(MTU), "chunks") {
                expect(reading.received_chunk(&chunk), "chunk");
            }
            expect(presentation.proceed(), "proceed");
        }
        PresentationStep::Receipt { .. } => expect(presentation.proceed(), "proceed"),
        PresentationStep::Closed { .. } => return false,
        PresentationStep::Advertise { .. } | PresentationStep::Unlock | PresentationStep::Wait { .. } => {}
    }
    true
}

fn verify(reading: &Reading, presentation: &Presentation) -> bool {
    match expect(block_on(reading.next()), "a step") {
        ReadingStep::Connect { .. } => expect(reading.connected(MTU), "connected"),
        ReadingStep::Send { .. } => {
            for chunk in expect(reading.chunks(MTU), "chunks") {
                expect(presentation.received_chunk(&chunk), "chunk");
            }
            expect(reading.proceed(), "proceed");
        }
        ReadingStep::Judged { verdict } => {
            assert!(verdict.code.is_none(), "{:?}", verdict.code);
            expect(reading.proceed(), "proceed");
            expect(reading.finish(), "finish");
        }
        ReadingStep::Closed { .. } => return false,
        ReadingStep::Wait { .. } => {}
    }
    true
}

#[expect(clippy::disallowed_methods, reason = "a bench measures time")]
fn now() -> Instant {
    Instant::now()
}
