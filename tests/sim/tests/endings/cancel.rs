//! `cancel` in the middle of a step, and while the machine works.
use std::{
    sync::{
        Arc, Barrier,
        atomic::{AtomicBool, Ordering::SeqCst},
        mpsc,
    },
    task::{Context, Poll, Waker},
    time::Duration,
};

use pollster::block_on;
use rid_mdoc::session::SessionData;
use rid_reader::{ReaderError, ReadingStep};
use rid_wallet::{PresentationStep, WalletError};
use rid_wire::{Code, cbor::Limits};

use crate::world::{Exchange, World, asked, settled};

/// What may be handed out after `cancel`: the farewell, which carries no data, and the end.
fn is_farewell(step: &PresentationStep) -> bool {
    match step {
        PresentationStep::Send { message } => {
            SessionData::parse(message, Limits::PROXIMITY).is_ok_and(|message| message.data.is_none())
        }
        PresentationStep::Closed { .. } => true,
        _ => false,
    }
}

#[test]
fn neg_c38_nothing_is_handed_out_after_a_cancel_in_the_middle_of_any_step() {
    let world = World::with_copies(60);
    for at in 0..90 {
        let before = world.copies_used();
        let presentation = Arc::new(world.wallet.present().unwrap());
        let cancelled = Arc::new(AtomicBool::new(false));
        let (weak, flag) = (Arc::downgrade(&presentation), cancelled.clone());
        world.clock.after(at, move || {
            weak.upgrade().unwrap().cancel();
            flag.store(true, SeqCst);
        });
        let each = |step: &PresentationStep| {
            assert!(!cancelled.load(SeqCst) || is_farewell(step), "at {at}: handed out {step:?}");
        };
        let ended = Exchange::new(&world, &presentation).run(&each);
        assert!(ended.errors.iter().all(|code| code == "cancelled"), "at {at}: {:?}", ended.errors);
        settled(&world, &ended, before, at);
        if !cancelled.load(SeqCst) {
            assert!(at > 8, "{at} readings");
            return;
        }
        let code = ended.wallet_closed.unwrap();
        assert!(
            ["cancelled", "done", "session_terminated", "transport_disconnected"].contains(&code.as_str()),
            "{code}"
        );
    }
    panic!("more than 90 readings");
}

/// Calls `work` on a thread that the clock stops in the middle, then `meanwhile`, then lets it go on.
fn while_working(world: &World, work: impl FnOnce() + Send, meanwhile: impl FnOnce() + Send) {
    let (entered, release) = (Arc::new(Barrier::new(2)), Arc::new(Barrier::new(2)));
    let (inside, go) = (entered.clone(), release.clone());
    world.clock.after(0, move || {
        inside.wait();
        go.wait();
    });
    std::thread::scope(|scope| {
        let working = scope.spawn(work);
        entered.wait();
        let (done, ends) = mpsc::channel();
        let waiting = scope.spawn(move || {
            meanwhile();
            done.send(()).unwrap();
        });
        let in_time = ends.recv_timeout(Duration::from_secs(20));
        release.wait();
        working.join().unwrap();
        waiting.join().unwrap();
        assert!(in_time.is_ok(), "a call waited for the machine");
    });
}

#[test]
fn neg_c38_cancel_returns_at_once_while_a_request_is_verified() {
    let world = World::new();
    let presentation = world.wallet.present().unwrap();
    let PresentationStep::Advertise { qr, .. } = block_on(presentation.next()).unwrap() else { panic!("a QR code") };
    let reading = world.reader.read(&qr, &asked()).unwrap();
    presentation.proceed().unwrap();
    presentation.connected(185).unwrap();
    assert!(matches!(block_on(reading.next()).unwrap(), ReadingStep::Connect { .. }));
    reading.connected(185).unwrap();
    let ReadingStep::Send { message } = block_on(reading.next()).unwrap() else { panic!("a request") };
    while_working(
        &world,
        || presentation.received(message).unwrap(),
        || {
            // A waiting app sees that there is nothing to do yet.
            assert!(matches!(block_on(presentation.next()), Ok(PresentationStep::Wait { until_millis: Some(_) })));
            presentation.cancel();
            presentation.park();
        },
    );
    let step = block_on(presentation.next()).unwrap();
    assert!(matches!(step, PresentationStep::Send { .. }) && is_farewell(&step), "{step:?}");
    presentation.proceed().unwrap();
    assert_eq!(block_on(presentation.next()), Ok(PresentationStep::Closed { code: Code::new("cancelled") }));
    assert!(world.rows().is_empty());
}

#[test]
fn neg_c38_cancel_of_a_reading_returns_at_once_while_an_answer_is_judged() {
    let world = World::new();
    let (presentation, reading) = world.present_until(|step| matches!(step, PresentationStep::Send { .. }));
    let PresentationStep::Send { message } = block_on(presentation.next()).unwrap() else { panic!("a response") };
    while_working(
        &world,
        || reading.received(message).unwrap(),
        || {
            assert!(matches!(block_on(reading.next()), Ok(ReadingStep::Wait { until_millis: Some(_) })));
            reading.cancel();
        },
    );
    // The verdict is never seen.
    let ReadingStep::Send { .. } = block_on(reading.next()).unwrap() else { panic!("the farewell") };
    reading.proceed().unwrap();
    assert!(matches!(block_on(reading.next()), Ok(ReadingStep::Closed { .. })));
}

#[test]
fn neg_c38_a_running_next_returns_at_once_when_it_is_cancelled() {
    let world = World::new();
    let (presentation, _reading) = world.present_until(|step| matches!(step, PresentationStep::Ask { .. }));
    let PresentationStep::Ask { request } = block_on(presentation.next()).unwrap() else { panic!("a question") };
    presentation.answer(crate::world::agree(&request)).unwrap();
    world.area.stuck.store(true, SeqCst);
    let mut running = Box::pin(presentation.next());
    let mut context = Context::from_waker(Waker::noop());
    assert!(running.as_mut().poll(&mut context).is_pending(), "the secure area is asked");
    presentation.cancel();
    assert_eq!(running.as_mut().poll(&mut context), Poll::Ready(Err(WalletError::Cancelled)));
}

#[test]
fn neg_c38_a_cancelled_reading_asks_nothing_any_more() {
    let world = World::new();
    let (_presentation, reading) = world.present_until(|step| matches!(step, PresentationStep::Ask { .. }));
    reading.cancel();
    let refused = reading.ask(&asked());
    assert!(matches!(refused, Err(ReaderError::Misuse { .. })), "{refused:?}");
}
