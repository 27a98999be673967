//! The store of the first version says what it said when it was made.
#![allow(
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::panic,
    clippy::unwrap_used,
    reason = "a test that cannot go on says so by failing"
)]

#[path = "rid/mod.rs"]
mod rid;

use rid::{Scratch, json, run};
use serde_json::Value;

fn stored(name: &str) -> std::path::PathBuf {
    std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("../vault/tests/store-v1").join(name)
}

/// The members of `expected` are in `found`, with the same values, in the same order.
fn same(found: &Value, expected: &Value) {
    let (found, expected) = (found.as_array().unwrap(), expected.as_array().unwrap());
    assert_eq!(found.len(), expected.len(), "{found:#?}");
    for (found, expected) in found.iter().zip(expected) {
        for (name, value) in expected.as_object().unwrap() {
            assert_eq!(&found[name], value, "{name}");
        }
    }
}

#[test]
fn the_store_of_the_first_version_is_read() {
    let scratch = Scratch::new("golden");
    assert!(run(&scratch, &["issue", "--init"]).status.success());
    let wallet = scratch.path(".rid/wallet");
    std::fs::create_dir_all(&wallet).unwrap();
    for name in ["envelope.a", "software-keys", "software-keys.not-hardware", "store.db"] {
        std::fs::copy(stored(name), wallet.join(name)).unwrap();
    }
    let expected: Value = serde_json::from_slice(&std::fs::read(stored("expected.json")).unwrap()).unwrap();
    let (exit, list) = json(&scratch, &["wallet", "list", "--json"]);
    assert_eq!(exit, 0);
    same(if list.is_array() { &list } else { &list["credentials"] }, &expected["credentials"]);
    let (exit, history) = json(&scratch, &["wallet", "history", "--json"]);
    assert_eq!(exit, 0);
    same(if history.is_array() { &history } else { &history["history"] }, &expected["history"]);
}
