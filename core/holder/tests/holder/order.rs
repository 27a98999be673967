//! Whatever comes in whatever order: no panic, nothing after the end, no key used before a commit, no copy without
//! consent.
use proptest::prelude::*;
use rid_crypto::Secret;
use rid_flow::{
    Committed, Effect, Env, Holdings, Input, LinkCommand, LinkEvent, Note, Output, Reply, Session,
    ports::{HttpError, SecureAreaError, StorageError},
};
use rid_holder::{
    consent::{Answer, Question},
    proximity::ProximityTypes,
};
use rid_mdoc::session::{SessionData, Status};

use crate::{
    reader::Reader,
    wallet::Wallet,
    world::{MDL, NS, PID},
};

/// One thing that may happen.
#[derive(Clone, Debug)]
enum Event {
    Agreed,
    Answer(bool),
    Bytes(Vec<u8>),
    Cancel,
    Found,
    Committed(bool),
    Connected,
    Disconnected,
    Establish,
    Fetched,
    Next,
    Obey,
    Seconds(u16),
    Signed(bool),
    StatusTwenty,
    Tick,
    Unlocked(bool),
}

fn event() -> impl Strategy<Value = Event> {
    prop_oneof![
        1 => Just(Event::Agreed),
        3 => any::<bool>().prop_map(Event::Answer),
        1 => proptest::collection::vec(any::<u8>(), 0..40).prop_map(Event::Bytes),
        1 => Just(Event::Cancel),
        1 => Just(Event::Found),
        1 => any::<bool>().prop_map(Event::Committed),
        4 => Just(Event::Connected),
        1 => Just(Event::Disconnected),
        4 => Just(Event::Establish),
        1 => Just(Event::Fetched),
        2 => Just(Event::Next),
        20 => Just(Event::Obey),
        1 => (0_u16..400).prop_map(Event::Seconds),
        1 => any::<bool>().prop_map(Event::Signed),
        1 => Just(Event::StatusTwenty),
        1 => Just(Event::Tick),
        2 => any::<bool>().prop_map(Event::Unlocked),
    ]
}

/// What is known of the session from outside.
#[derive(Default)]
struct Seen {
    question: Option<Question>,
    answers: u32,
    commits: u32,
    committed: u32,
    closed: bool,
    /// What was asked for and not yet answered obediently.
    open: Option<Output<ProximityTypes>>,
}

fn drain(wallet: &mut Wallet, seen: &mut Seen) {
    while let Some(output) = wallet.session.poll() {
        let follows = match &output {
            Output::Note(Note::DeleteKeys(_)) => true,
            Output::Note(Note::Write(changes)) => changes.history.is_empty(),
            _ => false,
        };
        assert!(!seen.closed || follows, "something but an outcome follows the end");
        match &output {
            Output::Ask(question) => seen.question = Some(question.clone()),
            Output::Io(Effect::Commit(changes)) => {
                seen.commits += 1;
                assert!(seen.commits <= seen.answers, "a commit without an answer");
                assert!(!changes.history.is_empty());
            }
            Output::Io(Effect::Sign(_)) | Output::Io(Effect::Agree(_)) => {
                assert!(seen.committed > 0, "a key before a commit")
            }
            Output::Close(_) => seen.closed = true,
            _ => {}
        }
        if !matches!(
            output,
            Output::Link(LinkCommand::Advertise(_)) | Output::Note(_) | Output::Finished(_) | Output::Close(_)
        ) {
            seen.open = Some(output);
        }
    }
}

fn play(events: Vec<Event>) {
    thread_local!(static BASE: std::cell::RefCell<Wallet> = std::cell::RefCell::new(Wallet::new()));
    BASE.with_borrow_mut(|wallet| {
        let vault = wallet.vault.clone();
        wallet.restart();
        let mut reader = Reader::new(&wallet.engagement, &mut wallet.rng);
        let mut seen = Seen::default();
        for event in events {
            if let Some(input) = input(event, wallet, &mut reader, &mut seen) {
                let is_answer = matches!(input, Input::Answer(_));
                let is_commit = matches!(input, Input::Done(Reply::Committed(Ok(_))));
                let is_event = matches!(
                    input,
                    Input::Link(LinkEvent::Bytes(_))
                        | Input::Link(LinkEvent::Up)
                        | Input::Link(LinkEvent::Down)
                        | Input::Link(LinkEvent::Sent)
                        | Input::Tick
                );
                let closed = seen.closed;
                let mut env = Env { now: wallet.now, uptime: wallet.uptime, rng: &mut wallet.rng };
                let result = wallet.session.handle(input, &mut env);
                assert!(!closed || is_event || result.is_err(), "an answer after the end is a misuse");
                assert!(!closed || !is_event || result.is_ok(), "an event of the link after the end does nothing");
                seen.answers += u32::from(is_answer && result.is_ok());
                seen.committed += u32::from(is_commit && result.is_ok());
            }
            drain(wallet, &mut seen);
            assert_eq!(wallet.session.deadline().is_none(), seen.closed, "every state that waits has a deadline");
        }
        wallet.vault = vault;
    });
}

fn input(event: Event, wallet: &mut Wallet, reader: &mut Reader, seen: &mut Seen) -> Option<Input<ProximityTypes>> {
    let request = |reader: &Reader, wallet: &Wallet| {
        let card: &[_] = &[(crate::world::PID_NAMESPACE, "family_name_unicode", true)];
        reader.ask(&wallet.pki.reader, &[(MDL, &[(NS, "family_name", false), (NS, "age_over_18", false)]), (PID, card)])
    };
    Some(match event {
        Event::Agreed => Input::Done(Reply::Agreed(Ok(Secret::take(&mut [9; 32])))),
        Event::Answer(agree) => Input::Answer(answer(wallet, seen, agree)?),
        Event::Bytes(bytes) => Input::Link(LinkEvent::Bytes(bytes)),
        Event::Cancel => {
            wallet.session.cancel(&mut Env { now: wallet.now, uptime: wallet.uptime, rng: &mut wallet.rng });
            return None;
        }
        Event::Found => Input::Done(Reply::Found(Ok(Holdings { credentials: Vec::new(), latest_signed: None }))),
        Event::Committed(true) => Input::Done(Reply::Committed(Ok(Committed::default()))),
        Event::Committed(false) => Input::Done(Reply::Committed(Err(StorageError::Full))),
        Event::Connected => Input::Link(LinkEvent::Up),
        Event::Disconnected => Input::Link(LinkEvent::Down),
        Event::Establish => Input::Link(LinkEvent::Bytes(reader.establish(&request(reader, wallet)))),
        Event::Fetched => Input::Done(Reply::Fetched(Err(HttpError::Offline))),
        Event::Next => Input::Link(LinkEvent::Bytes(reader.next(&request(reader, wallet)))),
        Event::Obey => wallet.answer_to(seen.open.take()?)?,
        Event::Seconds(seconds) => {
            wallet.pass_seconds(seconds.into());
            return None;
        }
        Event::Signed(true) => Input::Done(Reply::Signed(Ok([7; 64]))),
        Event::Signed(false) => Input::Done(Reply::Signed(Err(SecureAreaError::Busy))),
        Event::StatusTwenty => Input::Link(LinkEvent::Bytes(SessionData::encode(None, Some(Status::Termination)))),
        Event::Tick => Input::Tick,
        Event::Unlocked(open) => Input::Unlocked(open),
    })
}

fn answer(wallet: &mut Wallet, seen: &Seen, agree: bool) -> Option<Answer> {
    wallet.question = Some(seen.question.clone()?);
    Some(if agree { wallet.yes() } else { wallet.no() })
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 150, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn any_order_of_inputs_is_survived(events in proptest::collection::vec(event(), 0..60)) {
        play(events);
    }

    #[test]
    fn a_session_that_is_well_begun_survives_any_order(events in proptest::collection::vec(event(), 0..30)) {
        let begun = [Event::Connected, Event::Establish, Event::Obey, Event::Obey, Event::Answer(true)];
        play(begun.into_iter().chain(events).collect());
    }

    #[test]
    fn any_bytes_as_a_first_request_close_the_session(request in proptest::collection::vec(any::<u8>(), 0..200)) {
        thread_local!(static BASE: std::cell::RefCell<Wallet> = std::cell::RefCell::new(Wallet::new()));
        BASE.with_borrow_mut(|wallet| {
            wallet.restart();
            let mut reader = wallet.connect();
            let message = reader.establish(&request);
            wallet.deliver(message);
            prop_assert!(wallet.closed.is_some());
            prop_assert_eq!(wallet.ports.signatures, 0);
            Ok(())
        })?;
    }
}
