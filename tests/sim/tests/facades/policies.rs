//! Copies that are shown more than once, by the policy of their kind: which one goes, and that its key lives as long
//! as it is wanted.
use std::sync::Arc;

use pollster::block_on;
use rid_claims::ReusePolicy;
use rid_crypto::SigningKey;
use rid_flow::ports::KeyId;
use rid_profile::Profile;
use rid_reader::{Reader, ReaderConfig, ReaderIdentity, view::Decision};
use rid_sim::{SimRng, TestState};
use rid_wallet::Wallet;

use crate::walk::{Cutter, Folder, fill, open_with, ports_of, reader, reader_config, walk};

/// The embedded profile with this policy for both kinds.
fn profile(reuse: &str) -> Profile {
    let file = include_str!("../../../../core/profile/profile.json");
    Profile::parse(&file.replace(r#""copies": 10,"#, &format!(r#""copies": 10, "reuse": {reuse},"#))).unwrap()
}

/// Copies left, policy, and rows of presentations after each of two sessions of two requests by one reader.
fn twice(name: &str, reuse: &str, copies: u32) -> ([u32; 2], ReusePolicy, usize) {
    let (state, folder) = (TestState::make(0, &mut SimRng::new(1)).unwrap(), Folder::new(name));
    let wallet = fill(open_with(profile(reuse), &state, &folder), &state, copies);
    let reader = reader(&state);
    let left = [0, 1].map(|_| {
        let walk = walk(&wallet, &reader, &mut Cutter { left: None, by_park: false, cut: false });
        let verdicts: Vec<Decision> = walk.verdicts.iter().map(|verdict| verdict.decision).collect();
        assert_eq!(verdicts, [Decision::Accepted; 2], "{name}: the keys of copies in use live");
        left(&wallet)
    });
    let credential = block_on(wallet.credentials()).unwrap().remove(0);
    let rows = block_on(wallet.history(0, 100)).unwrap();
    let events = rows.iter().filter_map(rid_wallet::view::HistoryRow::event);
    let shown = events.filter(|row| row.kind == rid_flow::HistoryEventType::Presentation).count();
    (left, credential.reuse, shown)
}

fn left(wallet: &Wallet) -> u32 {
    block_on(wallet.credentials()).unwrap()[0].copies_left
}

#[test]
fn a_copy_is_kept_for_its_verifier() {
    assert_eq!(twice("verifier", r#"{"policy": "per_verifier"}"#, 3), ([2, 2], ReusePolicy::PerVerifier, 4));
    // The last one too: for its verifier the credential is not exhausted.
    assert_eq!(twice("last", r#"{"policy": "per_verifier"}"#, 1), ([0, 0], ReusePolicy::PerVerifier, 4));
}

#[test]
fn copies_are_shown_in_turn() {
    assert_eq!(twice("rotate", r#"{"policy": "rotate"}"#, 2), ([2, 2], ReusePolicy::Rotate, 4));
}

#[test]
fn a_copy_is_shown_for_its_time() {
    let wanted = ([1, 1], ReusePolicy::Limited { seconds: 60 }, 4);
    assert_eq!(twice("limited", r#"{"policy": "limited", "seconds": 60}"#, 2), wanted);
}

#[test]
fn without_a_policy_each_copy_is_shown_once() {
    assert_eq!(twice("once", r#"{"policy": "once"}"#, 5), ([3, 1], ReusePolicy::Once, 4));
}

/// neg-F40: a renewed certificate with another name is the same reader, another key under the same names is another.
#[test]
fn neg_f40_a_verifier_is_recognised_by_its_key() {
    let (state, folder) = (TestState::make(0, &mut SimRng::new(1)).unwrap(), Folder::new("recognised"));
    let wallet = fill(open_with(profile(r#"{"policy": "per_verifier"}"#), &state, &folder), &state, 4);
    let mut rng = SimRng::new(5);
    let (first, second) = (SigningKey::make(&mut rng), SigningKey::make(&mut rng));
    let mut visit = |name: &str, key: &SigningKey| {
        let chain = vec![state.certify_reader(name, key, &mut rng).unwrap()];
        let identity = Some(ReaderIdentity { key: KeyId("reader".into()), chain });
        let reader = Arc::new(Reader::new(ports_of(key), ReaderConfig { identity, ..reader_config(&state) }));
        let walk = walk(&wallet, &reader, &mut Cutter { left: None, by_park: false, cut: false });
        assert_eq!(walk.verdicts.len(), 2);
        left(&wallet)
    };
    assert_eq!(visit("Reader", &first), 3);
    assert_eq!(visit("Renamed reader", &first), 3);
    assert_eq!(visit("Reader", &second), 2);
}
