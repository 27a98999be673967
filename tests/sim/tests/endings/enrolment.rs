//! Enrolments that come to nothing leave no key.
use std::sync::Arc;

use pollster::block_on;
use rid_flow::{fake::AreaCall, ports::SecureAreaError};
use rid_sim::SimRng;
use rid_wallet::{Enrolling, WalletError};

use crate::world::World;

fn begin(world: &World) -> Arc<Enrolling> {
    Arc::new(world.wallet.enrolling(&["mdl".into()], 2, vec![7; 32], "sim".into()).unwrap())
}

/// The next call of the app, whatever it is.
fn any_call(world: &World) {
    block_on(world.wallet.credentials()).unwrap();
}

#[test]
fn neg_c44_a_cancelled_enrolment_removes_its_keys_whenever_it_is_cancelled() {
    let world = World::empty();
    let before = world.area.script.keys();
    for at in 0..60 {
        let enrolling = begin(&world);
        let weak = Arc::downgrade(&enrolling);
        world.clock.after(at, move || weak.upgrade().unwrap().cancel());
        let message = block_on(enrolling.next());
        if !world.clock.is_idle() {
            world.clock.unhook();
            assert!(message.is_ok() && at > 4, "{at} readings");
            return;
        }
        assert_eq!(message, Err(WalletError::Cancelled), "at {at}");
        any_call(&world);
        assert_eq!(world.area.script.keys(), before, "at {at}");
        assert_eq!(block_on(enrolling.next()), Err(WalletError::Cancelled), "said again");
    }
    panic!("more than 60 readings");
}

#[test]
fn neg_c44_an_enrolment_that_is_dropped_or_fails_removes_its_keys() {
    let world = World::empty();
    let before = world.area.script.keys();
    drop(begin(&world));
    world.area.script.fail_after(AreaCall::Sign, 1, SecureAreaError::Cancelled);
    assert_eq!(block_on(begin(&world).next()), Err(WalletError::Cancelled));
    // The keys cannot be deleted at once.
    world.area.script.fail_once(AreaCall::Sign, SecureAreaError::Invalidated);
    world.area.script.fail_always(AreaCall::Delete, SecureAreaError::Unavailable);
    assert!(block_on(begin(&world).next()).is_err());
    assert!(world.area.script.keys().len() > before.len());
    world.area.script.heal();
    any_call(&world);
    assert_eq!(world.area.script.keys(), before);
}

/// A message that was given out may be answered: cancelling and dropping, as a package does at its end, change nothing.
#[test]
fn neg_c44_an_enrolment_whose_message_was_given_stays_until_it_is_answered() {
    let world = World::empty();
    let enrolling = begin(&world);
    let enrolment = block_on(enrolling.next()).unwrap();
    enrolling.cancel();
    assert_eq!(block_on(enrolling.next()), Err(WalletError::Cancelled));
    drop(enrolling);
    any_call(&world);
    let answer = world.state.answer(&enrolment.message, &[7; 32], &mut SimRng::new(3)).unwrap();
    assert_eq!(block_on(world.wallet.accept(&enrolment.id, &answer)).unwrap().len(), 1);
}

#[test]
fn neg_c44_an_expired_enrolment_removes_its_keys() {
    let world = World::empty();
    let before = world.area.script.keys();
    let enrolment = block_on(begin(&world).next()).unwrap();
    assert!(world.area.script.keys().len() > before.len());
    world.clock.hands.jump(rid_sim::NOW.plus_days(29));
    world.wallet.lock();
    world.unlock();
    assert!(world.area.script.keys().len() > before.len(), "it may still be answered");
    world.clock.hands.jump(rid_sim::NOW.plus_days(31));
    world.wallet.lock();
    world.unlock();
    assert_eq!(world.area.script.keys(), before);
    let answer = world.state.answer(&enrolment.message, &[7; 32], &mut SimRng::new(3)).unwrap();
    assert_eq!(block_on(world.wallet.accept(&enrolment.id, &answer)).unwrap_err().code().as_str(), "enrolment_unknown");
}

#[test]
fn neg_c44_a_withdrawn_enrolment_removes_its_keys_and_refuses_the_answer() {
    let world = World::empty();
    let before = world.area.script.keys();
    let enrolment = block_on(begin(&world).next()).unwrap();
    block_on(world.wallet.withdraw(&enrolment.id)).unwrap();
    assert_eq!(world.area.script.keys(), before);
    let answer = world.state.answer(&enrolment.message, &[7; 32], &mut SimRng::new(3)).unwrap();
    assert_eq!(block_on(world.wallet.accept(&enrolment.id, &answer)).unwrap_err().code().as_str(), "enrolment_unknown");
    for unknown in [enrolment.id.as_str(), "", "zz", "00"] {
        assert_eq!(block_on(world.wallet.withdraw(unknown)).unwrap_err().code().as_str(), "enrolment_unknown");
    }
}

/// A chip that fails to delete the keys delays their removal, and never lets an answer in.
#[test]
fn neg_c44_keys_of_a_withdrawn_enrolment_are_removed_later() {
    let world = World::empty();
    let before = world.area.script.keys();
    let enrolment = block_on(begin(&world).next()).unwrap();
    world.area.script.fail_always(AreaCall::Delete, SecureAreaError::Unavailable);
    block_on(world.wallet.withdraw(&enrolment.id)).unwrap();
    let answer = world.state.answer(&enrolment.message, &[7; 32], &mut SimRng::new(3)).unwrap();
    assert!(block_on(world.wallet.accept(&enrolment.id, &answer)).is_err());
    world.area.script.heal();
    any_call(&world);
    assert_eq!(world.area.script.keys(), before);
}

#[test]
fn neg_c36_a_secure_area_that_never_answers_ends_an_enrolment_by_name_and_leaves_no_key() {
    let world = World::empty();
    let before = world.area.script.keys();
    world.area.stuck.store(true, std::sync::atomic::Ordering::SeqCst);
    let enrolling = begin(&world);
    for _ in 0..2 {
        let ended = block_on(enrolling.next());
        assert!(matches!(ended, Err(WalletError::StorageDamaged { code }) if code.as_str() == "port_timeout"));
    }
    any_call(&world);
    assert_eq!(world.area.script.keys(), before);
}
