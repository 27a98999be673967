//! What sources may not name (house plan, 4), as far as reading them can tell.
use rid_arch::{Source, files, product_sources};

/// Rooms without `std`.
const PURE: &[&str] = &["wire", "crypto", "profile", "trust", "mdoc", "flow", "holder", "verifier", "issuer"];

fn room(source: &Source) -> &str {
    source.path.split('/').nth(1).unwrap_or_default()
}

/// Places in product code of rooms that `rooms` keeps where one of `needles` stands.
fn places(rooms: impl Fn(&str) -> bool, needles: &[&str]) -> Vec<String> {
    let sources = product_sources().into_iter().filter(|source| rooms(room(source)));
    sources.flat_map(|source| needles.iter().flat_map(|needle| source.places(needle)).collect::<Vec<_>>()).collect()
}

fn outside(room: &str) -> bool {
    matches!(room, "shell" | "cli" | "bridge")
}

#[test]
fn pure_rooms_are_no_std() {
    let sources = product_sources();
    for room in PURE {
        let path = format!("core/{room}/src/lib.rs");
        let no_std = sources.iter().any(|source| source.path == path && source.code.contains("#![no_std]"));
        assert!(no_std, "{path} says #![no_std]");
    }
}

#[test]
fn pure_rooms_name_nothing_of_std() {
    assert_eq!(places(|room| PURE.contains(&room), &["std::"]), Vec::<String>::new());
}

#[test]
fn io_is_only_in_shell_and_the_command_line() {
    // Locks and collections of std are welcome in vault and wallet.
    let io = ["env", "fs", "io", "net", "os", "path", "process", "thread"];
    let sources = product_sources().into_iter().filter(|source| !outside(room(source)));
    let taken =
        sources.flat_map(|source| source.taken_from("std").into_iter().map(move |name| (source.path.clone(), name)));
    let wrong: Vec<_> = taken.filter(|(_, name)| io.contains(&name.as_str())).collect();
    assert_eq!(wrong, Vec::new());
    let needles = ["tokio::", "reqwest::", "hyper::", "rusqlite::"];
    assert_eq!(places(|room| !outside(room), &needles), Vec::<String>::new());
}

#[test]
fn clocks_and_randomness_are_only_in_shell() {
    let needles = ["SystemTime", "Instant::now", "UNIX_EPOCH", "OsRng", "SysRng", "thread_rng", "getrandom"];
    assert_eq!(places(|room| !outside(room), &needles), Vec::<String>::new());
    // The command line takes them from shell.
    let needles = ["std::time::SystemTime", "SystemTime::now", "Instant::now", "thread_rng", "getrandom"];
    assert_eq!(places(|room| room == "cli", &needles), Vec::<String>::new());
}

#[test]
fn no_public_signature_shows_foreign_values() {
    let foreign = ["serde_json::", "ciborium::", "coset::", "anyhow::", "chrono::", "time::OffsetDateTime"];
    assert_eq!(places(|room| room != "cli", &foreign), Vec::<String>::new());
}

#[test]
fn only_crypto_names_cryptography_in_code() {
    let crates = [
        "p256::",
        "p384::",
        "p521::",
        "ed25519_dalek::",
        "aes_gcm::",
        "sha2::",
        "hmac::",
        "hkdf::",
        "subtle::",
        "ring::",
    ];
    assert_eq!(places(|room| room != "crypto", &crates), Vec::<String>::new());
}

#[test]
fn nothing_in_core_logs_or_prints() {
    let macros = ["println!", "eprintln!", "print!(", "eprint!(", "dbg!", "log::", "tracing::"];
    // The command line prints on purpose, each place with its reason.
    assert_eq!(places(|room| room != "cli", &macros), Vec::<String>::new());
}

#[test]
fn keys_for_tests_are_named_only_by_tests() {
    let folder = concat!("vectors", "/pki");
    let shipped =
        |path: &str| ["core/", "bindings/", "android-demo/", "ios-demo/"].iter().any(|root| path.starts_with(root));
    let product = |path: &str| shipped(path) && !path.contains("/tests/");
    let wrong: Vec<String> = files()
        .into_iter()
        .filter(|file| product(&file.path) && file.text.contains(folder))
        .map(|file| file.path)
        .collect();
    assert_eq!(wrong, Vec::<String>::new());
}
