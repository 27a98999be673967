//! Tests of the driver of flows.
use alloc::{boxed::Box, string::String, sync::Arc, vec, vec::Vec};
use core::sync::atomic::{AtomicBool, Ordering::SeqCst};

use async_trait::async_trait;
use rid_crypto::CryptoRng;
use rid_wire::Timestamp;

use super::{Driven, Ports, drive};
use crate::{
    AgreeRequest, Changes, Committed, DeriveRequest, Effect, Env, Flow, HistorySeq, Holdings, KeysRequest, Lookup,
    Reply, SignRequest, Step, Store, Uptime,
    fake::{AreaCall, FakeClock, FakeHttp, FakeTimer, ScriptedSecureArea, SeededRng, block_on},
    ports::{
        ClockError, HttpError, HttpRequest, HttpResponse, KeySpec, KeyUse, Prompt, SecureAreaError, StorageError,
        UserAuth,
    },
};

/// A flow that asks for what it was given, notes what came back, and ends.
struct Recorder {
    effects: Vec<Effect>,
    replies: Vec<Reply>,
    times: Vec<Timestamp>,
    pause: bool,
    /// Takes a failed clock without a word.
    swallows: bool,
}

#[derive(Debug, PartialEq)]
enum Failed {
    Clock,
    Told,
}

impl From<ClockError> for Failed {
    fn from(_: ClockError) -> Self {
        Self::Clock
    }
}

impl Recorder {
    fn new(effects: Vec<Effect>) -> Self {
        Self { effects, replies: Vec::new(), times: Vec::new(), pause: false, swallows: false }
    }
}

impl Flow for Recorder {
    type Pause = &'static str;
    type Answer = ();
    type Done = usize;
    type Error = Failed;

    fn step(&mut self, env: &mut Env<'_>) -> Result<Step<&'static str, usize>, Failed> {
        self.times.push(env.now);
        if self.pause {
            return Ok(Step::Pause("who are you"));
        }
        Ok(self.effects.pop().map_or(Step::Done(self.replies.len()), Step::Io))
    }

    fn reply(&mut self, reply: Reply, env: &mut Env<'_>) -> Result<(), Failed> {
        let failed = matches!(reply, Reply::ClockFailed(_));
        self.times.push(env.now);
        self.replies.push(reply);
        if failed && !self.swallows { Err(Failed::Told) } else { Ok(()) }
    }

    fn answer(&mut self, (): (), _env: &mut Env<'_>) -> Result<(), Failed> {
        self.pause = false;
        Ok(())
    }
}

/// Commits to nowhere, and breaks the clock while it does, if told.
struct Nowhere {
    breaks: Option<FakeClock>,
    called: AtomicBool,
}

#[async_trait]
impl Store for Nowhere {
    async fn commit(&self, changes: Changes) -> Result<Committed, StorageError> {
        self.called.store(true, SeqCst);
        if let Some(clock) = &self.breaks {
            clock.break_down(true);
        }
        if changes.take.is_empty() {
            Ok(Committed { history: vec![HistorySeq(7)], ..Committed::default() })
        } else {
            Err(StorageError::Conflict)
        }
    }

    async fn lookup(&self, _: Lookup) -> Result<Holdings, StorageError> {
        Ok(Holdings { credentials: Vec::new(), latest_signed: Some(NOW) })
    }
}

struct World {
    clock: FakeClock,
    area: Arc<ScriptedSecureArea>,
    http: Option<Arc<FakeHttp>>,
    committer: Nowhere,
}

const NOW: Timestamp = Timestamp::from_unix(1_800_000_000);

impl World {
    fn new() -> Self {
        let clock = FakeClock::new(NOW);
        let committer = Nowhere { breaks: None, called: AtomicBool::new(false) };
        Self { clock, area: Arc::new(ScriptedSecureArea::new(1)), http: None, committer }
    }

    fn drive(&self, flow: &mut Recorder) -> Result<Driven<&'static str, usize>, Failed> {
        let ports = Ports {
            secure_area: self.area.clone(),
            store: &self.committer,
            http: self.http.clone().map(|http| http as Arc<dyn crate::ports::Http>),
            clock: Arc::new(self.clock.clone()),
            timer: Arc::new(FakeTimer::new(&self.clock)),
        };
        block_on(drive(flow, &ports, &|| Box::new(SeededRng::new(1)) as Box<dyn CryptoRng + Send>))
    }

    fn one(&self, effect: Effect) -> Reply {
        let mut flow = Recorder::new(vec![effect]);
        assert!(matches!(self.drive(&mut flow), Ok(Driven::Done(1))));
        flow.replies.pop().unwrap()
    }
}

fn commit() -> Effect {
    Effect::Commit(Changes::default())
}

fn get() -> HttpRequest {
    HttpRequest {
        method: "GET".into(),
        url: "https://issuer.example/".into(),
        headers: Vec::new(),
        body: Vec::new(),
        max_response_bytes: 3,
        timeout_millis: 1_000,
    }
}

#[test]
fn every_effect_reaches_its_port_and_its_answer_the_flow() {
    let mut world = World::new();
    let spec = |usage| KeySpec { usage, user_auth: UserAuth::None, challenge: Vec::new() };
    let Reply::KeysCreated(Ok(keys)) =
        world.one(Effect::CreateKeys(KeysRequest { count: 2, spec: spec(KeyUse::Sign) }))
    else {
        panic!("keys")
    };
    let Reply::KeysCreated(Ok(derive)) =
        world.one(Effect::CreateKeys(KeysRequest { count: 1, spec: spec(KeyUse::Derive) }))
    else {
        panic!("a key")
    };
    let (key, prompt) = (keys[0].id.clone(), Prompt::Present);
    let sign = SignRequest { key: key.clone(), message: vec![1], prompt };
    assert!(matches!(world.one(Effect::Sign(sign)), Reply::Signed(Ok(_))));
    let agree = AgreeRequest { key: key.clone(), peer: keys[1].public.clone(), prompt };
    assert!(matches!(world.one(Effect::Agree(agree)), Reply::Agreed(Ok(_))));
    let derive = DeriveRequest { key: derive[0].id.clone(), input: [0; 32], prompt };
    assert!(matches!(world.one(Effect::Derive(derive)), Reply::Derived(Ok(_))));
    assert!(matches!(world.one(commit()), Reply::Committed(Ok(done)) if done.history == [HistorySeq(7)]));
    let until = Uptime::from_millis(10_000_000);
    assert!(matches!(world.one(Effect::SleepUntil(until)), Reply::Slept));
    assert_eq!(crate::ports::Clock::uptime(&world.clock), until);

    assert!(matches!(world.one(Effect::Http(get())), Reply::Fetched(Err(HttpError::Offline))), "no port, no network");
    let answer = |body: &[u8]| Ok(HttpResponse { status: 200, headers: Vec::new(), body: body.into() });
    let http = Arc::new(FakeHttp::new([answer(b"abc"), answer(b"abcd"), Err(HttpError::Tls)]));
    world.http = Some(http.clone());
    assert!(matches!(world.one(Effect::Http(get())), Reply::Fetched(Ok(response)) if response.body == b"abc"));
    assert!(matches!(world.one(Effect::Http(get())), Reply::Fetched(Err(HttpError::Limit))));
    assert!(matches!(world.one(Effect::Http(get())), Reply::Fetched(Err(HttpError::Tls))));
    assert!(matches!(world.one(Effect::Http(get())), Reply::Fetched(Err(HttpError::Offline))));
    assert_eq!(http.requests().len(), 4);

    assert!(matches!(world.one(Effect::DeleteKeys(vec![key.clone(), keys[1].id.clone()])), Reply::KeysDeleted(Ok(()))));
    assert_eq!(world.area.keys().len(), 1);
    let sign = SignRequest { key, message: vec![1], prompt };
    assert!(matches!(world.one(Effect::Sign(sign)), Reply::Signed(Err(SecureAreaError::NotFound))));
}

#[test]
fn deleting_stops_at_the_first_error() {
    let world = World::new();
    let spec = KeySpec { usage: KeyUse::Sign, user_auth: UserAuth::None, challenge: Vec::new() };
    let Reply::KeysCreated(Ok(keys)) = world.one(Effect::CreateKeys(KeysRequest { count: 3, spec })) else {
        panic!("keys")
    };
    world.area.fail_after(AreaCall::Delete, 1, SecureAreaError::Busy);
    let ids = keys.into_iter().map(|key| key.id).collect();
    assert!(matches!(world.one(Effect::DeleteKeys(ids)), Reply::KeysDeleted(Err(SecureAreaError::Busy))));
    assert_eq!(world.area.keys().len(), 2);
}

#[test]
fn a_pause_is_given_again_until_it_is_answered() {
    let world = World::new();
    let mut flow = Recorder { pause: true, ..Recorder::new(Vec::new()) };
    for _ in 0..3 {
        assert!(matches!(world.drive(&mut flow), Ok(Driven::Pause("who are you"))));
    }
    let mut rng = SeededRng::new(1);
    let mut env = Env { now: NOW, uptime: Uptime::from_millis(0), rng: &mut rng };
    flow.answer((), &mut env).unwrap();
    assert!(matches!(world.drive(&mut flow), Ok(Driven::Done(0))));
}

#[test]
fn neg_m07_a_failing_clock_ends_the_drive_with_the_flows_own_error() {
    let world = World::new();
    world.clock.break_down(true);
    let mut flow = Recorder::new(vec![commit()]);
    assert!(matches!(world.drive(&mut flow), Err(Failed::Told)));
    assert!(matches!(flow.replies.as_slice(), [Reply::ClockFailed(_)]));
    assert!(!world.committer.called.load(SeqCst), "no effect without time");
    // It may go on when the clock works.
    world.clock.break_down(false);
    assert!(matches!(world.drive(&mut flow), Ok(Driven::Done(2))));
}

#[test]
fn neg_m07_a_flow_that_swallows_a_failed_clock_does_not_turn_in_circles() {
    let world = World::new();
    world.clock.break_down(true);
    let mut flow = Recorder { swallows: true, ..Recorder::new(vec![commit()]) };
    assert!(matches!(world.drive(&mut flow), Err(Failed::Clock)));
    assert_eq!((flow.replies.len(), world.clock.readings()), (1, 1));
}

#[test]
fn neg_m07_an_answer_is_not_lost_when_the_clock_fails_behind_it() {
    let mut world = World::new();
    world.committer.breaks = Some(world.clock.clone());
    let mut flow = Recorder::new(vec![commit()]);
    assert!(matches!(world.drive(&mut flow), Err(Failed::Told)));
    assert!(matches!(flow.replies.as_slice(), [Reply::Committed(Ok(_)), Reply::ClockFailed(_)]));
    assert_eq!(flow.times[..2], [NOW, NOW], "at the time of its step");
    world.clock.break_down(false);
    assert!(matches!(world.drive(&mut flow), Ok(Driven::Done(2))), "the commit is not asked for again");
}

#[test]
fn time_is_read_again_at_every_step() {
    let world = World::new();
    let later = Uptime::from_millis(crate::ports::Clock::uptime(&world.clock).millis() + 5_000);
    let mut flow = Recorder::new(vec![Effect::SleepUntil(later)]);
    assert!(world.drive(&mut flow).is_ok());
    assert_eq!(flow.times, [NOW, NOW.plus_seconds(5), NOW.plus_seconds(5)]);
}

#[test]
fn no_effect_prints_what_it_carries() {
    let mut text = String::new();
    let copy = crate::Copy {
        credential: crate::CredentialId("id".into()),
        id: crate::CopyId("copy".into()),
        key: crate::ports::KeyId("key".into()),
        bytes: b"CANARY".to_vec(),
        consumed: true,
    };
    let record =
        crate::Record { key: crate::RecordKey { kind: "kind".into(), name: "name".into() }, bytes: b"CANARY".to_vec() };
    let committed = Committed { copies: vec![copy.clone()], ..Committed::default() };
    let reply = Reply::Committed(Ok(committed));
    let effect = Effect::Commit(Changes { put: vec![record.clone()], ..Changes::default() });
    core::fmt::Write::write_fmt(&mut text, format_args!("{effect:?}{reply:?}{copy:?}{record:?}")).unwrap();
    assert!(!text.contains("67") && !text.contains("CANARY"), "{text}");
}
