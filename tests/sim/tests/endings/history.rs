//! What the history says of a session that did not go its whole way.
use std::sync::{Arc, atomic::Ordering::SeqCst};

use pollster::block_on;
use rid_flow::HistoryOutcome;
use rid_reader::{Reading, ReadingStep};
use rid_wallet::{Presentation, PresentationStep};
use rid_wire::Code;

use crate::world::{World, agree, asked};

/// The response was handed out and nothing was said of it yet.
fn handed_out(world: &World) -> (Arc<Presentation>, Reading) {
    world.present_until(|step| matches!(step, PresentationStep::Send { .. }))
}

#[test]
fn neg_c37_from_the_hand_out_until_it_was_sent_the_delivery_is_unknown() {
    let world = World::new();
    let (presentation, _reading) = handed_out(&world);
    assert_eq!(world.outcomes(), [HistoryOutcome::UnknownDelivery]);
    presentation.proceed().unwrap();
    assert!(matches!(block_on(presentation.next()), Ok(PresentationStep::Receipt { .. })));
    assert_eq!(world.outcomes(), [HistoryOutcome::Finished]);
}

#[test]
fn neg_c37_what_ends_a_session_after_the_hand_out() {
    type End = fn(Arc<Presentation>);
    let unknown: [(&str, End); 5] = [
        ("a malformed chunk", |presentation| {
            assert!(presentation.received_chunk(&[9, 9]).is_err());
            assert!(presentation.proceed().is_err(), "the response is withdrawn");
        }),
        ("a link lost before a byte left", |presentation| presentation.disconnected().unwrap()),
        ("cancelled", |presentation| {
            presentation.cancel();
            assert!(presentation.proceed().is_err(), "the response is withdrawn");
        }),
        ("dropped", drop),
        ("silence", |presentation| presentation.tick().unwrap()),
    ];
    let finished: [(&str, End); 4] = [
        ("a malformed chunk", |presentation| {
            presentation.proceed().unwrap();
            assert!(presentation.received_chunk(&[9, 9]).is_err());
        }),
        ("a malformed message before the last chunk was taken", |presentation| {
            presentation.received(vec![0xa1]).unwrap();
            presentation.proceed().unwrap();
        }),
        ("a lost link", |presentation| {
            presentation.proceed().unwrap();
            presentation.disconnected().unwrap();
        }),
        ("a link that was lost when the last chunk was taken", |presentation| {
            presentation.disconnected().unwrap();
            presentation.proceed().unwrap();
        }),
    ];
    let world = World::new();
    for (outcome, ends) in
        [(HistoryOutcome::UnknownDelivery, unknown.as_slice()), (HistoryOutcome::Finished, finished.as_slice())]
    {
        for (name, end) in ends {
            let (presentation, _reading) = handed_out(&world);
            world.clock.hands.pass_millis(if *name == "silence" { 300_000 } else { 0 });
            let kept = (*name != "dropped").then(|| presentation.clone());
            end(presentation);
            assert_eq!(world.outcomes().last(), Some(&outcome), "{name}");
            drop(kept);
            assert_eq!(world.outcomes().last(), Some(&outcome), "{name}, dropped");
        }
    }
}

#[test]
fn neg_c37_a_message_is_not_given_again_when_the_link_is_lost() {
    let world = World::new();
    let (presentation, _reading) = handed_out(&world);
    presentation.disconnected().unwrap();
    let closed = PresentationStep::Closed { code: Code::new("transport_disconnected") };
    assert_eq!(block_on(presentation.next()), Ok(closed));
    assert!(presentation.proceed().is_err(), "the response is withdrawn");
    assert_eq!(world.outcomes(), [HistoryOutcome::UnknownDelivery]);

    let presentation = world.wallet.present().unwrap();
    let Ok(PresentationStep::Advertise { qr, .. }) = block_on(presentation.next()) else { panic!("a QR code") };
    let reading = world.reader.read(&qr, &asked()).unwrap();
    assert!(matches!(block_on(reading.next()), Ok(ReadingStep::Connect { .. })));
    reading.connected(185).unwrap();
    assert!(matches!(block_on(reading.next()), Ok(ReadingStep::Send { .. })));
    reading.disconnected().unwrap();
    let closed = ReadingStep::Closed { code: Code::new("transport_disconnected") };
    assert_eq!(block_on(reading.next()), Ok(closed));
}

#[test]
fn neg_c37_what_ends_a_session_before_the_hand_out() {
    type End = fn(&Presentation);
    let ends: [(&str, End); 4] = [
        ("cancelled", Presentation::cancel),
        ("a lost link", |presentation| presentation.disconnected().unwrap()),
        ("a malformed chunk", |presentation| assert!(presentation.received_chunk(&[9, 9]).is_err())),
        ("dropped", |_| {}),
    ];
    let world = World::new();
    for (name, end) in ends {
        let (presentation, _reading) = world.present_until(|step| matches!(step, PresentationStep::Ask { .. }));
        let Ok(PresentationStep::Ask { request }) = block_on(presentation.next()) else { panic!("a question") };
        presentation.answer(agree(&request)).unwrap();
        world.area.stuck.store(true, SeqCst);
        {
            // Until the secure area is asked: the copy is used and the row is there.
            let mut next = Box::pin(presentation.next());
            let mut context = std::task::Context::from_waker(std::task::Waker::noop());
            assert!(next.as_mut().poll(&mut context).is_pending());
        }
        world.area.stuck.store(false, SeqCst);
        end(&presentation);
        drop(presentation);
        assert_eq!(world.outcomes().last(), Some(&HistoryOutcome::Failed), "{name}");
    }
    assert_eq!((world.copies_used(), world.outcomes().len()), (4, 4));
}

#[test]
fn neg_c43_a_question_that_the_app_left_is_in_the_history() {
    type End = fn(Arc<Presentation>);
    let ends: [(&str, End); 2] = [("cancelled", |presentation| presentation.cancel()), ("dropped", drop)];
    for (name, end) in ends {
        for locked in [false, true] {
            let world = World::new();
            let (presentation, _reading) = world.present_until(|step| matches!(step, PresentationStep::Ask { .. }));
            if locked {
                world.wallet.lock();
            }
            end(presentation);
            let rows = world.rows();
            let [row] = rows.as_slice() else { panic!("{name}: {} rows", rows.len()) };
            assert_eq!((row.outcome, row.reason.as_str()), (HistoryOutcome::Refused, "cancelled"), "{name}");
            assert_eq!(row.elements.len(), 1);
            assert_eq!(world.copies_used(), 0);
        }
    }
}

/// The row is written once, however often the writing is interrupted.
#[test]
fn neg_c43_a_row_whose_writing_was_interrupted_is_there_once() {
    let world = World::new();
    let (presentation, _reading) = world.present_until(|step| matches!(step, PresentationStep::Ask { .. }));
    presentation.cancel();
    world.storage.fail_after(0, rid_flow::ports::StorageError::Full);
    assert!(block_on(world.wallet.history(0, 10)).is_ok(), "what cannot be written now is written later");
    assert_eq!(world.rows().len(), 1);
    assert_eq!(world.rows().len(), 1);
}

#[test]
fn neg_c42_a_session_whose_receipt_was_given_closes_as_done() {
    type End = fn(&Presentation, &Reading);
    let ends: [(&str, End); 4] = [
        ("cancelled", |presentation, _| presentation.cancel()),
        ("a lost link", |presentation, _| presentation.disconnected().unwrap()),
        ("silence", |presentation, _| presentation.tick().unwrap()),
        ("status 20", |presentation, reading| {
            reading.finish().unwrap();
            let Ok(ReadingStep::Send { message }) = block_on(reading.next()) else { panic!("status 20") };
            presentation.received(message).unwrap();
        }),
    ];
    let world = World::new();
    for (name, end) in ends {
        let (presentation, reading) = world.exchanged();
        presentation.proceed().unwrap();
        world.clock.hands.pass_millis(if name == "silence" { 30_000 } else { 0 });
        end(&presentation, &reading);
        loop {
            match block_on(presentation.next()).unwrap() {
                PresentationStep::Closed { code } => {
                    assert_eq!(code.as_str(), "done", "{name}");
                    break;
                }
                _ => presentation.proceed().unwrap(),
            }
        }
        assert_eq!(world.outcomes().last(), Some(&HistoryOutcome::Finished));
    }
}
