//! A panic in a call breaks the object by name, and nothing stays as if it went on.
use std::{
    panic::{AssertUnwindSafe, catch_unwind},
    sync::{Arc, atomic::Ordering::SeqCst},
};

use pollster::block_on;
use rid_flow::{HistoryOutcome, ports::Clock};
use rid_reader::{ReaderError, ReadingStep};
use rid_wallet::{
    PresentationStep, WalletError,
    view::{ConsentAnswer, ConsentDecision},
};
use rid_wire::Code;

use crate::world::{World, agree, asked};

fn panics<T>(world: &World, call: impl FnOnce() -> T) {
    world.clock.after(0, || panic!("a secret in a panic's text"));
    assert!(catch_unwind(AssertUnwindSafe(call)).is_err());
}

const BROKEN: WalletError = WalletError::Bug { code: Code::new("broken") };

#[test]
fn neg_m03_a_panic_in_a_synchronous_call_breaks_a_presentation_by_name() {
    let world = World::new();
    let presentation = world.wallet.present().unwrap();
    assert!(matches!(block_on(presentation.next()), Ok(PresentationStep::Advertise { .. })));
    panics(&world, || presentation.connected(185));
    let answer = ConsentAnswer { id: String::new(), hash: vec![], decision: ConsentDecision::Refuse };
    assert_eq!(block_on(presentation.next()), Err(BROKEN));
    assert_eq!(presentation.proceed(), Err(BROKEN));
    assert_eq!(presentation.connected(185), Err(BROKEN));
    assert_eq!(presentation.received(vec![]), Err(BROKEN));
    assert_eq!(presentation.received_chunk(&[]), Err(BROKEN));
    assert_eq!(presentation.chunks(185), Err(BROKEN));
    assert_eq!(presentation.disconnected(), Err(BROKEN));
    assert_eq!(presentation.tick(), Err(BROKEN));
    assert_eq!(presentation.answer(answer), Err(BROKEN));
    assert_eq!(presentation.unlocked(), Err(BROKEN));
    presentation.cancel();
    presentation.park();
    assert_eq!(block_on(presentation.next()), Err(BROKEN));
    // The wallet is not broken by it.
    assert!(world.wallet.present().is_ok());
}

#[test]
fn neg_m03_a_panic_in_a_synchronous_call_breaks_a_reading_by_name() {
    let broken = ReaderError::Bug { code: Code::new("broken") };
    let world = World::new();
    let presentation = world.wallet.present().unwrap();
    let Ok(PresentationStep::Advertise { qr, .. }) = block_on(presentation.next()) else { panic!("a QR code") };
    let reading = world.reader.read(&qr, &asked()).unwrap();
    assert!(matches!(block_on(reading.next()), Ok(ReadingStep::Connect { .. })));
    panics(&world, || reading.connected(185));
    assert_eq!(block_on(reading.next()), Err(broken.clone()));
    assert_eq!(reading.proceed(), Err(broken.clone()));
    assert_eq!(reading.connected(185), Err(broken.clone()));
    assert_eq!(reading.received(vec![]), Err(broken.clone()));
    assert_eq!(reading.received_chunk(&[]), Err(broken.clone()));
    assert_eq!(reading.chunks(185), Err(broken.clone()));
    assert_eq!(reading.disconnected(), Err(broken.clone()));
    assert_eq!(reading.tick(), Err(broken.clone()));
    assert_eq!(reading.ask(&asked()), Err(broken.clone()));
    assert_eq!(reading.finish(), Err(broken));
    reading.cancel();
    reading.park();
}

#[test]
fn neg_m03_a_panic_after_the_commit_leaves_no_row_started() {
    let world = World::new();
    for at in 0..4 {
        let (presentation, _reading) = world.present_until(|step| matches!(step, PresentationStep::Ask { .. }));
        let Ok(PresentationStep::Ask { request }) = block_on(presentation.next()) else { panic!("a question") };
        presentation.answer(agree(&request)).unwrap();
        world.clock.after(at, || panic!("a secret in a panic's text"));
        let next = catch_unwind(AssertUnwindSafe(|| block_on(presentation.next())));
        world.clock.unhook();
        if next.is_ok() {
            assert!(at > 1, "the commit and the signature were fed");
            return;
        }
        assert_eq!(presentation.proceed(), Err(BROKEN), "at {at}");
        assert_eq!(presentation.tick(), Err(BROKEN), "at {at}");
        assert_eq!(world.outcomes().len(), world.copies_used());
        assert!(world.outcomes().iter().all(|outcome| *outcome == HistoryOutcome::Failed), "at {at}");
    }
    panic!("more than four readings");
}

#[test]
fn neg_m03_a_panic_breaks_an_enrolment_by_name() {
    let world = World::empty();
    let enrolling = Arc::new(world.wallet.enrolling(&["mdl".into()], 2, vec![7; 32], "sim".into()).unwrap());
    panics(&world, || block_on(enrolling.next()));
    assert_eq!(block_on(enrolling.next()), Err(BROKEN));
    enrolling.cancel();
    assert_eq!(block_on(enrolling.next()), Err(BROKEN));
}

#[test]
fn neg_c36_a_secure_area_that_hangs_does_not_hang_the_wallet() {
    let world = World::new();
    let (presentation, reading) = world.present_until(|step| matches!(step, PresentationStep::Send { .. }));
    world.area.keeps.store(true, SeqCst);
    presentation.proceed().unwrap();
    drop((presentation, reading));
    let keys = world.area.script.keys().len();
    // The used copy's key cannot be deleted now: each call waits for it at most half a minute.
    let before = world.clock.hands.uptime();
    assert_eq!(block_on(world.wallet.credentials()).unwrap().len(), 1);
    assert_eq!(world.clock.hands.uptime(), before.plus_seconds(30));
    assert_eq!(world.area.script.keys().len(), keys);
    world.area.keeps.store(false, SeqCst);
    block_on(world.wallet.credentials()).unwrap();
    assert_eq!(world.area.script.keys().len(), keys - 1, "the key is deleted later");
}
