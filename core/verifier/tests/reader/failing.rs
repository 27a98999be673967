//! Each output of each state fails once: the session ends by name. Nothing that comes after a deadline is judged.
use rid_flow::{Effect, Env, Input, LinkCommand, LinkEvent, Output, Reply, Session, Uptime, ports::SecureAreaError};
use rid_mdoc::session::{SessionData, Status};
use rid_verifier::{
    proximity::{CloseReason, Misuse, ReaderTypes},
    view::Decision,
};

use crate::{
    Play,
    device::{Device, State, licence, now},
};

/// What happens instead of the answer to one output.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Fault {
    Cancel,
    Disconnect,
    Late,
    Refuse,
    Silence,
}

const FAULTS: [Fault; 5] = [Fault::Cancel, Fault::Disconnect, Fault::Late, Fault::Refuse, Fault::Silence];

/// The outputs of one session that wait for something, in order; `answer` is the wait for the wallet after the
/// request was sent.
const WAITS: [&str; 5] = ["connect", "sign", "send", "answer", "finished"];

/// Lets the deadline of the state pass; there is one.
fn pass_deadline(play: &mut Play, at: &str) {
    play.millis = play.reader.deadline().unwrap_or_else(|| panic!("no deadline while waiting for {at}")).millis();
}

/// The good input for the next wait, or `None` at the end.
fn next(play: &mut Play, state: &State, device: &mut Device) -> Option<Input<ReaderTypes>> {
    loop {
        return Some(match play.reader.poll() {
            Some(Output::Link(LinkCommand::Connect(_))) => Input::Link(LinkEvent::Up),
            Some(Output::Io(Effect::Sign(request))) => {
                Input::Done(Reply::Signed(Ok(state.reader.key.sign(&[&request.message]))))
            }
            Some(Output::Link(LinkCommand::Send(message))) => {
                if play.reader.deadline().is_none() {
                    play.sent.push(message);
                    continue;
                }
                device.receive(&message);
                Input::Link(LinkEvent::Sent)
            }
            Some(Output::Finished(exchange)) => {
                play.exchange = Some(exchange);
                Input::Link(LinkEvent::Bytes(SessionData::encode(None, Some(Status::Termination))))
            }
            Some(Output::Close(reason)) => {
                play.closed = Some(reason);
                return None;
            }
            Some(_) => panic!("a reader asks for nothing else"),
            None => Input::Link(LinkEvent::Bytes(device.answer(&["family_name", "age_over_18"]))),
        });
    }
}

fn play(at: usize, fault: Fault) -> Play {
    let state = State::make();
    let mut device = Device::make(&state);
    let mut play = Play::start(&state, &device, true);
    for (number, name) in WAITS.into_iter().enumerate() {
        let Some(good) = next(&mut play, &state, &mut device) else { return play };
        let told = if number != at {
            play.tell(good)
        } else {
            match fault {
                Fault::Cancel => {
                    play.reader.finish();
                    Ok(())
                }
                Fault::Disconnect => play.tell(Input::Link(LinkEvent::Down)),
                Fault::Late => {
                    pass_deadline(&mut play, name);
                    play.tell(good)
                }
                Fault::Refuse => play.tell(match good {
                    Input::Done(Reply::Signed(_)) => Input::Done(Reply::Signed(Err(SecureAreaError::Cancelled))),
                    Input::Link(LinkEvent::Bytes(_)) => Input::Link(LinkEvent::Bytes(vec![0xa1])),
                    _ => Input::Link(LinkEvent::Down),
                }),
                Fault::Silence => {
                    pass_deadline(&mut play, name);
                    play.tell(Input::Tick)
                }
            }
        };
        if (number, fault) == (at, Fault::Late) && name == "sign" {
            assert_eq!(told, Err(Misuse::Closed));
        } else {
            told.unwrap();
        }
    }
    assert!(next(&mut play, &state, &mut device).is_none(), "{at} {fault:?}: it is over");
    play
}

#[test]
fn neg_c36_each_output_of_the_reader_fails_once_in_each_way() {
    for (at, name) in WAITS.into_iter().enumerate() {
        for fault in FAULTS {
            let ended = play(at, fault);
            let code = match (name, fault) {
                ("finished", Fault::Refuse) | ("answer", Fault::Refuse) => "cbor_truncated",
                ("finished", _) => "done",
                (_, Fault::Cancel) => "cancelled",
                ("sign", Fault::Refuse) => "key_cancelled",
                (_, Fault::Disconnect | Fault::Refuse) => "transport_disconnected",
                _ => "transport_timeout",
            };
            assert_eq!(ended.closed.unwrap().code().as_str(), code, "{name} {fault:?}");
            assert_eq!(ended.exchange.is_some(), name == "finished", "{name} {fault:?}");
            let told_peer = matches!(name, "send" | "answer" | "finished")
                && !matches!((name, fault), (_, Fault::Disconnect) | ("send", Fault::Refuse));
            assert_eq!(ended.sent.len(), usize::from(told_peer), "{name} {fault:?}: the farewell");
        }
    }
}

/// A request that nobody fetched was never sent, so there is nobody to say farewell to.
#[test]
fn neg_c38_a_request_that_was_not_fetched_is_withdrawn() {
    let state = State::make();
    let device = Device::make(&state);
    let mut play = Play::start(&state, &device, false);
    assert!(matches!(play.reader.poll(), Some(Output::Link(LinkCommand::Connect(_)))));
    play.tell(Input::Link(LinkEvent::Up)).unwrap();
    play.reader.finish();
    assert!(matches!(play.reader.poll(), Some(Output::Close(CloseReason::Cancelled))));
    assert!(play.reader.poll().is_none());
}

#[test]
fn neg_c40_an_answer_after_the_deadline_is_refused_without_a_tick() {
    let state = State::make();
    let mut device = Device::make(&state);
    let mut play = Play::start(&state, &device, true);
    play.ask(&state, &mut device);
    let message = device.answer(&["family_name"]);
    play.millis = play.reader.deadline().unwrap().millis() - 1;
    play.tell(Input::Tick).unwrap();
    assert!(play.reader.deadline().is_some(), "in time");
    play.millis += 1;
    play.tell(Input::Link(LinkEvent::Bytes(message))).unwrap();
    play.drain(&state);
    assert_eq!((play.closed, play.exchange.is_some()), (Some(CloseReason::Timeout), false));
}

#[test]
fn neg_c40_a_late_second_request_is_refused() {
    let state = State::make();
    let mut device = Device::make(&state);
    let mut play = Play::start(&state, &device, true);
    play.ask(&state, &mut device);
    let message = device.answer(&["family_name"]);
    play.tell(Input::Link(LinkEvent::Bytes(message))).unwrap();
    play.drain(&state);
    assert_eq!(play.verdict().documents[0].decision, Decision::Accepted);
    play.millis = play.reader.deadline().unwrap().millis();
    let mut env = Env { now: now(), uptime: Uptime::from_millis(play.millis), rng: &mut play.rng };
    assert_eq!(play.reader.ask(licence().into(), &mut env), Err(Misuse::Closed));
    play.drain(&state);
    assert_eq!(play.closed, Some(CloseReason::Done));
}

#[test]
fn neg_c40_patience_starts_when_the_last_chunk_was_taken() {
    let state = State::make();
    let device = Device::make(&state);
    let mut play = Play::start(&state, &device, false);
    assert!(matches!(play.reader.poll(), Some(Output::Link(LinkCommand::Connect(_)))));
    play.tell(Input::Link(LinkEvent::Up)).unwrap();
    assert!(matches!(play.reader.poll(), Some(Output::Link(LinkCommand::Send(_)))));
    assert_eq!(play.reader.deadline(), Some(Uptime::from_millis(300_000)));
    play.millis = 299_999;
    play.tell(Input::Link(LinkEvent::Sent)).unwrap();
    assert_eq!(play.reader.deadline(), Some(Uptime::from_millis(599_999)));
}
