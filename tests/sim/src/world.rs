//! Plays one presentation between a holder and a reader.
use rid_flow::{
    Changes, Committed, Copy, CredentialId, Effect, Env, HistoryOutcome, HistorySeq, Input, LinkCommand, LinkEvent,
    Note, Output, Reply, Session, SignRequest, Uptime,
    ports::{KeyId, SecureAreaError, StorageError},
};
use rid_holder::{
    consent::{AgreedDocument, Answer, Decision, Question},
    proximity::{DeviceAuthMethod, HolderSession, ProximityTypes},
};
use rid_mdoc::request::ItemsRequest;
use rid_verifier::{
    proximity::{ReaderConfig, ReaderSession, ReaderTypes},
    view::Verdict,
};
use rid_wire::{Code, Timestamp};

use crate::{
    Faults, SimRng, TestState,
    link::{Arrival, Direction},
    state::{HeldCopy, NOW},
};

/// A run that has not ended after this many simulated milliseconds hangs.
const LONGEST: u64 = 3_600_000;
const READER_KEY: &str = "reader";

/// The input of a run.
#[derive(Clone)]
pub struct Scenario {
    /// The seed of all random numbers.
    pub seed: u64,
    /// The MTU of the link.
    pub mtu: u16,
    /// The faults of the link.
    pub faults: Faults,
    /// The reader's request.
    pub items: Vec<ItemsRequest>,
    /// True if the user agrees.
    pub agrees: bool,
    /// True if the request is signed.
    pub signed: bool,
}

/// The result of a run.
#[derive(Debug, PartialEq)]
pub struct Report {
    /// All events, in order.
    pub trace: Vec<String>,
    /// The reader's verdict, if it reached one.
    pub verdict: Option<Verdict>,
    /// The reason for which the holder's session closed; `None` if it hung.
    pub holder_closed: Option<Code>,
    /// The reason for which the reader's session closed; `None` if it hung.
    pub reader_closed: Option<Code>,
    /// The number of device signatures.
    pub signatures: usize,
    /// The number of consumed copies.
    pub consumed: usize,
    /// True if a signature was made before the commit that consumed its copy.
    pub signed_before_commit: bool,
    /// The number of history rows by outcome: started, refused.
    pub rows: (usize, usize),
    /// The later outcomes of the started row, in order.
    pub outcomes: Vec<HistoryOutcome>,
}

struct World<'a> {
    state: &'a mut TestState,
    scenario: &'a Scenario,
    rng: SimRng,
    link_rng: SimRng,
    millis: u64,
    wall: Timestamp,
    taken: Vec<HeldCopy>,
    report: Report,
    to_reader: Direction,
    to_holder: Direction,
}

/// Plays one scenario to its end.
///
/// # Errors
/// The code of the fault that prevents the start.
pub fn run(state: &mut TestState, scenario: &Scenario) -> Result<Report, Code> {
    let mut world = World {
        rng: SimRng::new(scenario.seed),
        link_rng: SimRng::new(scenario.seed ^ 0x5eed),
        millis: 1_000,
        wall: NOW,
        taken: Vec::new(),
        report: Report {
            trace: Vec::new(),
            verdict: None,
            holder_closed: None,
            reader_closed: None,
            signatures: 0,
            consumed: 0,
            signed_before_commit: false,
            rows: (0, 0),
            outcomes: Vec::new(),
        },
        to_reader: Direction::new(scenario.mtu),
        to_holder: Direction::new(scenario.mtu),
        state,
        scenario,
    };
    let (profile, trust) = (world.state.profile.clone(), world.state.trust.clone());
    let mut holder = world.with_env(|env| HolderSession::start(profile, trust, DeviceAuthMethod::Signature, env));
    let qr = match holder.poll() {
        Some(Output::Link(LinkCommand::Advertise(plan))) => plan.qr(),
        _ => return Err(Code::new("not_advertised")),
    };
    let config = ReaderConfig {
        asked: scenario.items.clone().into(),
        authentication: scenario.signed.then(|| (KeyId(READER_KEY.into()), vec![world.state.reader.1.clone()])),
        trust: world.state.trust.clone(),
        profile: world.state.profile.clone(),
        locales: Vec::new(),
    };
    let mut reader = world.with_env(|env| ReaderSession::start(&qr, config, env)).map_err(|error| error.code())?;
    world.tell_holder(&mut holder, Input::Link(LinkEvent::Up));
    while world.millis < LONGEST {
        world.drain_holder(&mut holder);
        world.drain_reader(&mut reader);
        if world.report.holder_closed.is_some() && world.report.reader_closed.is_some() {
            break;
        }
        if !world.advance(&mut holder, &mut reader) {
            break;
        }
    }
    Ok(world.report)
}

impl World<'_> {
    fn with_env<T>(&mut self, step: impl FnOnce(&mut Env<'_>) -> T) -> T {
        step(&mut Env { now: self.wall, uptime: Uptime::from_millis(self.millis), rng: &mut self.rng })
    }

    fn note(&mut self, text: String) {
        self.report.trace.push(format!("{:>8} {text}", self.millis));
    }

    fn tell_holder(&mut self, holder: &mut HolderSession, input: Input<ProximityTypes>) {
        if let Err(misuse) = self.with_env(|env| holder.handle(input, env)) {
            self.note(format!("holder misuse {misuse}"));
        }
    }

    fn tell_reader(&mut self, reader: &mut ReaderSession, input: Input<ReaderTypes>) {
        if let Err(misuse) = self.with_env(|env| reader.handle(input, env)) {
            self.note(format!("reader misuse {misuse}"));
        }
    }

    fn drain_holder(&mut self, holder: &mut HolderSession) {
        while let Some(output) = holder.poll() {
            let answer = match output {
                Output::Link(LinkCommand::Send(message)) => {
                    self.note(format!("holder sends {} B", message.len()));
                    let (now, faults) = (self.millis, self.scenario.faults);
                    self.to_reader.send(&message, now, &faults, &mut self.link_rng);
                    Input::Link(LinkEvent::Sent)
                }
                Output::Io(Effect::Lookup(lookup)) => Input::Done(Reply::Found(Ok(self.state.lookup(&lookup)))),
                Output::Ask(question) => {
                    self.note(format!("asked for {} documents", question.documents.len()));
                    Input::Answer(self.answer(&question))
                }
                Output::Unlock => Input::Unlocked(true),
                Output::Io(Effect::Commit(changes)) => Input::Done(Reply::Committed(self.commit(&changes))),
                Output::Io(Effect::Sign(request)) => Input::Done(Reply::Signed(self.sign(&request))),
                Output::Close(reason) => {
                    self.note(format!("holder closed {}", reason.code()));
                    self.report.holder_closed = Some(reason.code());
                    continue;
                }
                Output::Finished(receipt) => {
                    self.note(format!("holder finished, disclosed {}", receipt.disclosed));
                    continue;
                }
                Output::Note(Note::DeleteKeys(_)) => continue,
                Output::Note(Note::Write(changes)) => {
                    self.report.outcomes.extend(changes.outcomes.iter().map(|(_, outcome)| *outcome));
                    continue;
                }
                Output::Link(LinkCommand::Advertise(_) | LinkCommand::Connect(_)) | Output::Io(_) => continue,
            };
            self.tell_holder(holder, answer);
        }
    }

    fn drain_reader(&mut self, reader: &mut ReaderSession) {
        while let Some(output) = reader.poll() {
            let answer = match output {
                Output::Link(LinkCommand::Connect(_)) => Input::Link(LinkEvent::Up),
                Output::Link(LinkCommand::Send(message)) => {
                    self.note(format!("reader sends {} B", message.len()));
                    let (now, faults) = (self.millis, self.scenario.faults);
                    self.to_holder.send(&message, now, &faults, &mut self.link_rng);
                    Input::Link(LinkEvent::Sent)
                }
                Output::Io(Effect::Sign(request)) => {
                    Input::Done(Reply::Signed(Ok(self.state.reader.0.sign(&[&request.message]))))
                }
                Output::Finished(exchange) => {
                    self.note(format!("verdict {:?}", exchange.verdict.decision));
                    self.report.verdict = Some(exchange.verdict);
                    reader.finish();
                    continue;
                }
                Output::Close(reason) => {
                    self.note(format!("reader closed {}", reason.code()));
                    self.report.reader_closed = Some(reason.code());
                    continue;
                }
                _ => continue,
            };
            self.tell_reader(reader, answer);
        }
    }

    /// Moves time to the next arrival or deadline. Returns false if there is none.
    fn advance(&mut self, holder: &mut HolderSession, reader: &mut ReaderSession) -> bool {
        let arrivals = [self.to_holder.next_arrival(), self.to_reader.next_arrival()];
        let deadlines = [holder.deadline(), reader.deadline()].map(|d| d.map(Uptime::millis));
        let Some(next) = arrivals.into_iter().chain(deadlines).flatten().min() else { return false };
        self.millis = self.millis.max(next);
        let jump = self.scenario.faults.clock_jump;
        if self.link_rng.happens(jump) {
            let days = i64::try_from(self.link_rng.below(7_300)).unwrap_or(0) - 3_650;
            self.wall = NOW.plus_days(days);
            self.note(format!("wall clock jumps to {}", self.wall));
        }
        if arrivals[0].is_some_and(|at| at <= self.millis) {
            match self.to_holder.arrive() {
                Some(Arrival::Message(message)) => self.tell_holder(holder, Input::Link(LinkEvent::Bytes(message))),
                Some(Arrival::Refused(code)) => {
                    self.note(format!("holder's link refuses {code}"));
                    self.tell_holder(holder, Input::Link(LinkEvent::Down));
                }
                Some(Arrival::Partial) | None => {}
            }
        } else if arrivals[1].is_some_and(|at| at <= self.millis) {
            match self.to_reader.arrive() {
                Some(Arrival::Message(message)) => self.tell_reader(reader, Input::Link(LinkEvent::Bytes(message))),
                Some(Arrival::Refused(code)) => {
                    self.note(format!("reader's link refuses {code}"));
                    self.tell_reader(reader, Input::Link(LinkEvent::Down));
                }
                Some(Arrival::Partial) | None => {}
            }
        } else {
            self.tell_holder(holder, Input::Tick);
            self.tell_reader(reader, Input::Tick);
        }
        true
    }

    fn answer(&self, question: &Question) -> Answer {
        let agreed = question.documents.iter().enumerate().filter_map(|(position, document)| {
            let candidate = document.candidates.first()?;
            let sendable = candidate.elements.iter().filter(|element| element.withheld.is_none());
            Some(AgreedDocument {
                document: u32::try_from(position).unwrap_or(u32::MAX),
                credential: candidate.credential.clone(),
                elements: sendable.map(|element| element.path.clone()).collect(),
            })
        });
        let decision = if self.scenario.agrees { Decision::Agree(agreed.collect()) } else { Decision::Refuse };
        Answer { id: question.id, hash: question.hash, decision }
    }

    fn commit(&mut self, changes: &Changes) -> Result<Committed, StorageError> {
        let mut committed = Committed::default();
        for credential in &changes.consume {
            let CredentialId(doc_type) = credential;
            let at = self.state.copies.iter().position(|copy| copy.doc_type == *doc_type);
            let held = self.state.copies.remove(at.ok_or(StorageError::Exhausted)?);
            committed.copies.push(Copy {
                credential: credential.clone(),
                id: held.copy.clone(),
                key: held.key_id.clone(),
                bytes: held.bytes.clone(),
                consumed: true,
            });
            self.taken.push(held);
        }
        for row in &changes.history {
            match row.outcome {
                HistoryOutcome::Refused => self.report.rows.1 += 1,
                _ => self.report.rows.0 += 1,
            }
            committed.history.push(HistorySeq((self.report.rows.0 + self.report.rows.1) as u64));
        }
        self.report.consumed += changes.consume.len();
        self.note(format!("commit: {} copies, {} rows", changes.consume.len(), changes.history.len()));
        Ok(committed)
    }

    fn sign(&mut self, request: &SignRequest) -> Result<[u8; 64], SecureAreaError> {
        self.note("device signs".into());
        self.report.signatures += 1;
        match self.taken.iter().find(|held| held.key_id == request.key) {
            Some(held) => Ok(held.key.sign(&[&request.message])),
            None => {
                self.report.signed_before_commit = true;
                Err(SecureAreaError::NotFound)
            }
        }
    }
}
