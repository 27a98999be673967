//! A fault at every point: errors of ports, interrupted calls, withdrawal, process exit, time.
use rid_flow::{
    Env, Flow, HistoryOutcome, Reply, Step,
    ports::{SecureAreaError, StorageError},
};
use rid_holder::online::{Arrival, Online, OnlineAnswer, OnlinePause};

use super::world::{Rest, World};

/// Performs so many effects after the answer, and gives the flow.
fn after(world: &mut World, effects: usize) -> Online {
    let mut flow = world.flow(Arrival::Link);
    assert_eq!(world.run(&mut flow), Ok(Rest::Ask));
    let answer = world.answer(true);
    world.say(&mut flow, answer).unwrap();
    let mut done = 0;
    while done < effects {
        match world.with_env(|env| flow.step(env)).unwrap() {
            Step::Pause(OnlinePause::Unlock) => {
                world.with_env(|env| flow.answer(OnlineAnswer::Unlocked(true), env)).unwrap();
            }
            Step::Io(effect) => {
                let reply = world.perform(effect);
                world.with_env(|env| flow.reply(reply, env)).unwrap();
                done += 1;
            }
            _ => panic!("no effect is left"),
        }
    }
    // The next effect is under way.
    loop {
        match world.with_env(|env| flow.step(env)).unwrap() {
            Step::Pause(OnlinePause::Unlock) => {
                world.with_env(|env| flow.answer(OnlineAnswer::Unlocked(true), env)).unwrap();
            }
            _ => return flow,
        }
    }
}

/// Commit, sign, commit, POST.
const EFFECTS: usize = 4;

fn outcomes(world: &World) -> Vec<HistoryOutcome> {
    world.wallet.vault.history.iter().map(|row| row.outcome).collect()
}

#[test]
fn a_process_exit_leaves_what_is_true() {
    let expected: [&[HistoryOutcome]; EFFECTS] =
        [&[], &[HistoryOutcome::Started], &[HistoryOutcome::Started], &[HistoryOutcome::UnknownDelivery]];
    for (effects, expected) in expected.into_iter().enumerate() {
        let mut world = World::new();
        drop(after(&mut world, effects));
        assert_eq!(outcomes(&world), expected, "before effect {effects}");
        assert_eq!(world.posts().len(), 0);
        assert_eq!(world.copies(), if effects == 0 { 3 } else { 2 });
    }
}

#[test]
fn an_interrupted_call_is_told_and_never_sends_twice() {
    let expected: [(Option<&str>, &[HistoryOutcome], usize); EFFECTS] = [
        (Some("interrupted"), &[], 0),
        (None, &[HistoryOutcome::Finished], 1),
        (Some("interrupted"), &[HistoryOutcome::Failed], 0),
        // It was lost under way: the wallet sends nothing.
        (None, &[HistoryOutcome::UnknownDelivery], 0),
    ];
    for (effects, (code, history, posts)) in expected.into_iter().enumerate() {
        let mut world = World::new();
        let mut flow = after(&mut world, effects);
        world.with_env(|env| flow.reply(Reply::Unknown, env)).unwrap();
        let ended = world.run(&mut flow);
        assert_eq!(ended.err().map(|error| error.code().to_string()), code.map(String::from), "{effects}");
        world.note(flow.abandon());
        assert_eq!((outcomes(&world).as_slice(), world.posts().len()), (history, posts), "{effects}");
    }
}

#[test]
fn a_withdrawn_question_leaves_a_row_and_no_post() {
    let mut world = World::new();
    let mut flow = world.flow(Arrival::Link);
    world.run(&mut flow).unwrap();
    world.note(flow.abandon());
    let [row] = world.wallet.vault.history.as_slice() else { panic!("one row") };
    assert_eq!((row.outcome, row.reason.as_str()), (HistoryOutcome::Refused, "cancelled"));
    assert_eq!((world.posts().len(), world.copies()), (0, 3));
}

#[test]
fn a_withdrawal_after_the_commit_says_what_is_known() {
    let expected =
        [HistoryOutcome::Refused, HistoryOutcome::Failed, HistoryOutcome::Failed, HistoryOutcome::UnknownDelivery];
    for (effects, outcome) in expected.into_iter().enumerate().skip(1) {
        let mut world = World::new();
        let flow = after(&mut world, effects);
        world.note(flow.abandon());
        assert_eq!(outcomes(&world), [outcome], "before effect {effects}");
        assert_eq!(world.posts().len(), 0);
    }
}

#[test]
fn a_port_that_fails_sends_nothing() {
    for error in [StorageError::Full, StorageError::Exhausted, StorageError::Locked] {
        let mut world = World::new();
        let mut flow = world.flow(Arrival::Link);
        world.run(&mut flow).unwrap();
        let answer = world.answer(true);
        world.say(&mut flow, answer).unwrap();
        world.wallet.ports.storage = Some(error);
        assert_eq!(world.run(&mut flow).unwrap_err().code(), error.code());
        world.note(flow.abandon());
        assert!(world.wallet.vault.history.is_empty() && world.posts().is_empty());
        assert_eq!(world.wallet.ports.signatures, 0);
    }
    for error in [SecureAreaError::Cancelled, SecureAreaError::NotFound, SecureAreaError::Invalidated] {
        let mut world = World::new();
        world.wallet.ports.keys.push_back(error);
        assert_eq!(world.present(Arrival::Link, true).unwrap_err().code(), error.code());
        assert_eq!((outcomes(&world), world.posts().len()), (vec![HistoryOutcome::Failed], 0));
    }
}

#[test]
fn a_signature_by_another_key_is_not_sent() {
    let mut world = World::new();
    world.wallet.ports.wrong_key = true;
    assert_eq!(world.present(Arrival::Link, true).unwrap_err().code().as_str(), "device_key_mismatch");
    assert_eq!((outcomes(&world), world.posts().len()), (vec![HistoryOutcome::Failed], 0));
}

#[test]
fn a_hand_out_that_cannot_be_recorded_does_not_happen() {
    let mut world = World::new();
    let mut flow = after(&mut world, 2);
    world.wallet.ports.storage = Some(StorageError::Full);
    let Ok(Step::Io(effect)) = world.with_env(|env| flow.step(env)) else { panic!("a commit") };
    let reply = world.perform(effect);
    world.with_env(|env| flow.reply(reply, env)).unwrap();
    // The notes are written when the disk has room again.
    world.wallet.ports.storage = None;
    assert_eq!(world.run(&mut flow).unwrap_err().code().as_str(), "storage_full");
    world.note(flow.abandon());
    assert_eq!((outcomes(&world), world.posts().len()), (vec![HistoryOutcome::Failed], 0));
}

#[test]
fn neg_c15_consent_expires() {
    let mut world = World::new();
    let mut flow = world.flow(Arrival::Link);
    world.run(&mut flow).unwrap();
    let answer = world.answer(true);
    world.wallet.pass_seconds(300);
    world.say(&mut flow, answer).unwrap();
    assert_eq!(world.run(&mut flow).unwrap_err().code().as_str(), "consent_expired");
    assert_eq!((world.posts().len(), world.copies(), outcomes(&world)), (0, 3, vec![HistoryOutcome::Refused]));
}

#[test]
fn a_wallet_that_stays_locked_ends_it() {
    let mut world = World::new();
    world.wallet.ports.locked = true;
    assert_eq!(world.present(Arrival::Link, true).unwrap_err().code().as_str(), "locked");
    assert_eq!(world.posts().len(), 0);
}

#[test]
fn an_answer_to_nothing_asked_changes_nothing() {
    let mut world = World::new();
    let mut flow = world.flow(Arrival::Link);
    for answer in [true, false] {
        let refused = world.with_env(|env: &mut Env<'_>| flow.answer(OnlineAnswer::Unlocked(answer), env));
        assert_eq!(refused.unwrap_err().code().as_str(), "not_asked");
    }
    let refused = world.with_env(|env| flow.reply(Reply::Slept, env));
    assert_eq!(refused.unwrap_err().code().as_str(), "not_asked");
    assert!(world.finish(&mut flow, true).is_ok());
}

#[test]
fn neg_g25_of_several_requests_for_the_last_copy_one_wins() {
    let mut world = World::new();
    world.wallet.vault.held.values_mut().for_each(|held| held.copies.truncate(1));
    let mut flows: Vec<Online> = (0..50).map(|_| world.flow(Arrival::Link)).collect();
    for flow in &mut flows {
        assert_eq!(world.run(flow), Ok(Rest::Ask));
        let answer = world.answer(true);
        world.say(flow, answer).unwrap();
    }
    let mut codes = Vec::new();
    for flow in &mut flows {
        codes.extend(world.run(flow).err().map(|error| error.code().to_string()));
    }
    assert_eq!((codes.len(), world.posts().len(), world.wallet.ports.signatures), (49, 1, 1));
    assert!(codes.iter().all(|code| code == "credential_unavailable"));
}
