//! How sessions end at both facades: every port fails at every call, the app cancels in the middle of every step,
//! locks, panics.
#![allow(
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::panic,
    clippy::unwrap_used,
    reason = "a test that cannot go on says so by failing"
)]

mod broken;
mod busy;
mod cancel;
mod enrolment;
mod history;
mod world;

use std::sync::{Arc, atomic::Ordering::SeqCst};

use pollster::block_on;
use rid_flow::{
    HistoryOutcome,
    fake::AreaCall,
    ports::{SecureAreaError, StorageError},
};
use rid_reader::{ReadingStep, view::Decision};
use rid_wallet::PresentationStep;

use world::{Exchange, World, asked, settled};

fn nothing(_: &PresentationStep) {}

#[test]
fn an_exchange_that_nothing_disturbs_is_done_on_both_sides() {
    let world = World::new();
    let presentation = world.wallet.present().unwrap();
    let ended = Exchange::new(&world, &presentation).run(&nothing);
    assert_eq!((ended.wallet_closed.as_deref(), ended.reader_closed.as_deref()), (Some("done"), Some("done")));
    assert_eq!(
        (ended.decisions.as_slice(), world.outcomes()),
        (&[Decision::Accepted][..], vec![HistoryOutcome::Finished])
    );
    assert!(ended.errors.is_empty());
}

/// Runs exchanges, each disturbed at a later call, until one comes to its end before the disturbance.
fn at_each(name: &str, disturb: impl Fn(&World, u64), is_idle: impl Fn(&World) -> bool) -> u64 {
    let world = World::with_copies(60);
    for at in 0..90 {
        let before = world.copies_used();
        disturb(&world, at);
        let presentation = world.wallet.present();
        let Ok(presentation) = presentation else {
            world.clock.hands.break_down(false);
            continue;
        };
        let ended = Exchange::new(&world, &presentation).run(&nothing);
        let idle = is_idle(&world);
        settled(&world, &ended, before, at);
        if idle {
            assert_eq!(ended.wallet_closed.as_deref(), Some("done"), "{name} at {at}");
            return at;
        }
    }
    panic!("{name}: more than 90 calls");
}

#[test]
fn neg_c36_neg_c37_the_store_fails_at_each_call() {
    for error in [StorageError::Io, StorageError::Damaged] {
        let calls = std::cell::Cell::new(0);
        let count = at_each(
            "store",
            |world, at| {
                calls.set(world.storage.calls() + at);
                world.storage.fail_after(at, error);
            },
            |world| world.storage.calls() <= calls.get(),
        );
        assert!(count > 5, "{count} calls");
    }
}

#[test]
fn neg_c36_neg_c37_the_secure_area_fails_at_each_use() {
    for error in [SecureAreaError::Cancelled, SecureAreaError::Invalidated, SecureAreaError::Unavailable] {
        let world = World::new();
        for call in [AreaCall::Sign, AreaCall::Delete] {
            world.area.script.fail_once(call, error);
            let presentation = world.wallet.present().unwrap();
            let ended = Exchange::new(&world, &presentation).run(&nothing);
            settled(&world, &ended, usize::from(call == AreaCall::Delete), 0);
            let code = if call == AreaCall::Sign { error.code().as_str() } else { "done" };
            assert_eq!(ended.wallet_closed.as_deref(), Some(code));
        }
        assert_eq!(world.outcomes(), [HistoryOutcome::Failed, HistoryOutcome::Finished]);
    }
}

#[test]
fn neg_c36_the_wallet_is_locked_in_the_middle_of_each_step() {
    let count = at_each(
        "lock",
        |world, at| {
            let wallet = world.wallet.clone();
            world.clock.after(at, move || wallet.lock());
        },
        |world| !world.clock.is_idle(),
    );
    assert!(count > 8, "{count} readings");
}

#[test]
fn neg_c36_neg_m07_the_clock_fails_at_each_step() {
    let count = at_each(
        "clock",
        |world, at| {
            let clock = world.clock.clone();
            world.clock.after(at, move || clock.hands.break_down(true));
        },
        |world| {
            world.clock.hands.break_down(false);
            !world.clock.is_idle()
        },
    );
    assert!(count > 8, "{count} readings");
}

#[test]
fn neg_c36_a_secure_area_that_never_answers_is_waited_for_until_the_deadline() {
    let world = World::new();
    let (presentation, _reading) = world.present_until(|step| matches!(step, PresentationStep::Ask { .. }));
    let PresentationStep::Ask { request } = block_on(presentation.next()).unwrap() else { panic!("a question") };
    presentation.answer(world::agree(&request)).unwrap();
    world.area.stuck.store(true, SeqCst);
    let (other, hands) = (presentation.clone(), world.clock.hands.clone());
    let ticker = std::thread::spawn(move || {
        for _ in 0..200 {
            std::thread::sleep(std::time::Duration::from_millis(20));
            hands.pass_millis(10_000);
            other.tick().unwrap();
        }
    });
    // The running call ends without being asked again.
    let PresentationStep::Send { .. } = block_on(presentation.next()).unwrap() else { panic!("the farewell") };
    presentation.proceed().unwrap();
    let step = block_on(presentation.next()).unwrap();
    assert_eq!(step, PresentationStep::Closed { code: rid_wire::Code::new("port_timeout") });
    assert_eq!(world.outcomes(), [HistoryOutcome::Failed]);
    ticker.join().unwrap();
}

#[test]
fn neg_c41_events_of_the_radio_after_the_end_do_nothing() {
    for way in ["cancelled", "disconnected", "done"] {
        let world = World::new();
        let presentation = Arc::new(world.wallet.present().unwrap());
        let PresentationStep::Advertise { qr, .. } = block_on(presentation.next()).unwrap() else {
            panic!("a QR code")
        };
        let reading = world.reader.read(&qr, &asked()).unwrap();
        let (mut presentation, mut reading) = (presentation, reading);
        match way {
            "cancelled" => {
                presentation.cancel();
                reading.cancel();
            }
            "disconnected" => {
                presentation.disconnected().unwrap();
                reading.disconnected().unwrap();
            }
            _ => {
                (presentation, reading) = world.exchanged();
                presentation.proceed().unwrap();
                reading.proceed().unwrap();
                presentation.disconnected().unwrap();
                reading.disconnected().unwrap();
            }
        }
        for _ in 0..2 {
            presentation.connected(185).unwrap();
            presentation.received(vec![1, 2, 3]).unwrap();
            presentation.received_chunk(&[]).unwrap();
            presentation.tick().unwrap();
            presentation.disconnected().unwrap();
            reading.connected(185).unwrap();
            reading.received(vec![1, 2, 3]).unwrap();
            reading.received_chunk(&[]).unwrap();
            reading.tick().unwrap();
            reading.disconnected().unwrap();
            let code = rid_wire::Code::new(if way == "disconnected" { "transport_disconnected" } else { way });
            assert_eq!(block_on(presentation.next()), Ok(PresentationStep::Closed { code }));
            assert_eq!(block_on(reading.next()), Ok(ReadingStep::Closed { code }));
        }
    }
}
