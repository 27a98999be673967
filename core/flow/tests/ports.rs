//! The fakes keep to their ports, fail as told, and the driver loops over effects without ever hanging.
#![allow(clippy::expect_used, clippy::indexing_slicing, clippy::panic, clippy::unwrap_used, reason = "tests")]

use std::sync::Arc;

use rid_flow::{
    Changes, Committed, Committer, Driven, Effect, Env, Flow, Ports, Reply, SignRequest, Step, Uptime, drive,
    fake::{
        Call, FakeClock, FakeTimer, Fault, MemoryStorage, ScriptedHttp, ScriptedSecureArea, SeededRng, block_on,
        conformance,
    },
    ports::{
        Clock, Http, HttpError, HttpRequest, HttpResponse, KeyId, KeySpec, KeyUse, Prompt, SecureArea, SecureAreaError,
        Storage, StorageError, Timer, Transaction, UserAuth,
    },
};
use rid_wire::Timestamp;

const NOW: Timestamp = Timestamp::from_unix(1_800_000_000);

fn spec() -> KeySpec {
    KeySpec { usage: KeyUse::Sign, user_auth: UserAuth::None, challenge: vec![] }
}

#[test]
fn the_fakes_pass_the_suites() {
    block_on(conformance::secure_area(Arc::new(ScriptedSecureArea::new(1))));
    let store = MemoryStorage::new();
    block_on(conformance::storage(&|| Arc::new(store.another()) as Arc<dyn Storage>));
    conformance::clock(&FakeClock::at(NOW));
}

#[test]
fn neg_k11_every_error_of_a_secure_area_comes_at_every_call_as_scripted() {
    let errors = [
        SecureAreaError::Busy,
        SecureAreaError::Cancelled,
        SecureAreaError::Invalidated,
        SecureAreaError::Locked,
        SecureAreaError::NotFound,
        SecureAreaError::Unavailable,
    ];
    for error in errors {
        let area = ScriptedSecureArea::new(2);
        let key = block_on(area.create_keys(1, spec())).unwrap()[0].id.clone();
        for call in [Call::Agree, Call::CreateKeys, Call::Delete, Call::Derive, Call::Info, Call::Sign] {
            area.script(call, &[Some(error)]);
            let failed = match call {
                Call::Agree => block_on(area.agree(key.clone(), vec![], Prompt::Present)).err(),
                Call::CreateKeys => block_on(area.create_keys(1, spec())).err(),
                Call::Delete => block_on(area.delete(key.clone())).err(),
                Call::Derive => block_on(area.derive(key.clone(), [0; 32], Prompt::Present)).err(),
                Call::Info => block_on(area.info(key.clone())).err(),
                Call::Sign => block_on(area.sign(key.clone(), vec![], Prompt::Present)).err(),
            };
            assert_eq!(failed, Some(error), "{call:?}");
        }
        assert!(block_on(area.sign(key.clone(), vec![], Prompt::Present)).is_ok(), "usable after {error:?}");
        assert_eq!(area.count(Call::Sign), 1);
        area.always(Call::Sign, Some(error));
        assert!((0..3).all(|_| block_on(area.sign(key.clone(), vec![], Prompt::Present)).err() == Some(error)));
    }
}

#[test]
fn neg_k04_storage_fails_at_the_operation_told_and_writes_nothing() {
    let store = MemoryStorage::new();
    block_on(store.open()).unwrap();
    store.set_faults(&[Fault::Once(1, StorageError::Full)]);
    assert!(block_on(store.transact(Transaction::default())).is_ok());
    assert_eq!(block_on(store.transact(Transaction::default())).err(), Some(StorageError::Full));
    assert!(block_on(store.transact(Transaction::default())).is_ok());
    store.set_faults(&[Fault::Sticky(0, StorageError::Io)]);
    assert!((0..3).all(|_| block_on(store.envelope_read()).err() == Some(StorageError::Io)));
    let other = store.another();
    assert_eq!(block_on(other.open()).err(), Some(StorageError::Locked));
    store.kill();
    assert!(block_on(other.open()).is_ok());
}

#[test]
fn http_answers_by_script_keeps_what_was_asked_and_caps_the_size() {
    let response = HttpResponse { status: 200, headers: vec![], body: vec![0; 10] };
    let http = ScriptedHttp::new(vec![Ok(response.clone()), Ok(response), Err(HttpError::Tls)]);
    let request = |max_response_bytes| HttpRequest {
        method: "GET".into(),
        url: "https://rid.example/".into(),
        headers: vec![],
        body: vec![],
        max_response_bytes,
        timeout_millis: 1,
    };
    assert!(block_on(http.send(request(10))).is_ok());
    assert_eq!(block_on(http.send(request(9))), Err(HttpError::Limit));
    assert_eq!(block_on(http.send(request(9))), Err(HttpError::Tls));
    assert_eq!(block_on(http.send(request(9))), Err(HttpError::Offline));
    assert_eq!(http.asked().len(), 4);
}

#[test]
fn sleeping_moves_the_fake_clock() {
    let clock = FakeClock::at(NOW);
    block_on(FakeTimer(clock.clone()).sleep_until(Uptime::from_millis(6_000)));
    assert_eq!(clock.uptime(), Uptime::from_millis(6_000));
    assert_eq!(clock.now().unwrap(), NOW.plus_seconds(5));
}

/// Commits, then signs, then is done.
#[derive(Default)]
struct Toy {
    stage: u8,
    key: Option<KeyId>,
}

#[derive(Debug, PartialEq, Eq)]
enum ToyError {
    Clock,
    Port,
    NotAsked,
}

impl Flow for Toy {
    type Pause = ();
    type Answer = ();
    type Done = u8;
    type Error = ToyError;

    fn step(&mut self, _env: &mut Env<'_>) -> Result<Step<(), u8>, ToyError> {
        Ok(match self.stage {
            0 => Step::Pause(()),
            1 => Step::Io(Effect::Commit(Changes::default())),
            2 => {
                let key = self.key.clone().unwrap();
                Step::Io(Effect::Sign(SignRequest { key, message: vec![1], prompt: Prompt::Present }))
            }
            done => Step::Done(done),
        })
    }

    fn reply(&mut self, reply: Reply, _env: &mut Env<'_>) -> Result<(), ToyError> {
        match (reply, self.stage) {
            (Reply::ClockFailed(_), _) => return Err(ToyError::Clock),
            (Reply::Committed(Ok(_)), 1) | (Reply::Signed(Ok(_)), 2) => self.stage += 1,
            (Reply::Committed(Err(_)) | Reply::Signed(Err(_)), _) => return Err(ToyError::Port),
            _ => return Err(ToyError::NotAsked),
        }
        Ok(())
    }

    fn answer(&mut self, (): (), _env: &mut Env<'_>) -> Result<(), ToyError> {
        self.stage = 1;
        Ok(())
    }
}

struct Count(std::sync::Mutex<usize>);

#[async_trait::async_trait]
impl Committer for Count {
    async fn commit(&self, _changes: Changes) -> Result<Committed, StorageError> {
        *self.0.lock().unwrap() += 1;
        Ok(Committed::default())
    }
}

#[test]
fn drive_stops_at_a_pause_runs_effects_and_ends() {
    let area = Arc::new(ScriptedSecureArea::new(3));
    let key = block_on(area.create_keys(1, spec())).unwrap()[0].id.clone();
    let clock = FakeClock::at(NOW);
    let committer = Count(std::sync::Mutex::new(0));
    let ports = Ports {
        secure_area: area.clone(),
        committer: &committer,
        http: None,
        clock: Arc::new(clock.clone()),
        timer: Arc::new(FakeTimer(clock.clone())),
    };
    let rng: &(dyn Fn() -> Box<dyn rid_crypto::CryptoRng + Send> + Send + Sync) = &|| Box::new(SeededRng::new(1));
    let mut toy = Toy { stage: 0, key: Some(key) };
    for _ in 0..2 {
        assert!(matches!(block_on(drive(&mut toy, &ports, rng)), Ok(Driven::Pause(()))), "pauses repeat until answered");
    }
    let mut own = SeededRng::new(1);
    toy.answer((), &mut Env { now: NOW, uptime: clock.uptime(), rng: &mut own }).unwrap();
    area.script(Call::Sign, &[Some(SecureAreaError::Cancelled)]);
    assert!(matches!(block_on(drive(&mut toy, &ports, rng)), Err(ToyError::Port)));
    for _ in 0..2 {
        assert!(matches!(block_on(drive(&mut toy, &ports, rng)), Ok(Driven::Done(3))), "ends repeat");
    }
    assert_eq!((*committer.0.lock().unwrap(), area.count(Call::Sign)), (1, 1));
    clock.set_broken(true);
    let mut late = Toy::default();
    assert!(matches!(block_on(drive(&mut late, &ports, rng)), Err(ToyError::Clock)), "neg-M07: by name, not for ever");
}
