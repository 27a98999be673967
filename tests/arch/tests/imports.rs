//! Names that sources may not use, as far as reading them can tell.
use rid_arch::{File, Source, files, nonempty, page, product_sources};

/// Rooms without `std`.
const PURE: &[&str] = &[
    "wire", "crypto", "claims", "profile", "trust", "mdoc", "sdjwt", "openid", "flow", "holder", "verifier", "issuer",
];

fn room(source: &Source) -> &str {
    source.path.split('/').nth(1).unwrap_or_default()
}

/// Places in product code of the rooms that `rooms` selects where one of `needles` occurs.
fn places(rooms: impl Fn(&str) -> bool, needles: &[&str]) -> Vec<String> {
    let sources = product_sources().into_iter().filter(|source| rooms(room(source)));
    sources.flat_map(|source| needles.iter().flat_map(|needle| source.places(needle)).collect::<Vec<_>>()).collect()
}

/// Only rooms that `allowed` selects may use one of `needles`, and at least one of them must, which shows that the
/// search works.
#[track_caller]
fn only(allowed: impl Fn(&str) -> bool + Copy, needles: &[&str]) {
    assert_eq!(places(|room| !allowed(room), needles), Vec::<String>::new());
    let _ = nonempty("a place that may name it", places(allowed, needles));
}

fn outside(room: &str) -> bool {
    matches!(room, "shell" | "cli")
}

#[test]
fn pure_rooms_are_no_std() {
    for room in PURE {
        let path = format!("core/{room}/src/lib.rs");
        assert!(Source::new(path.clone(), page(&path)).code.contains("#![no_std]"), "{path} says #![no_std]");
    }
}

#[test]
fn pure_rooms_name_nothing_of_std() {
    // The runner of facades needs locks; it is built with the feature `run` only (ADR 0013).
    let found = places(|room| PURE.contains(&room), &["std::"]);
    let (runner, others): (Vec<_>, Vec<_>) =
        found.into_iter().partition(|place| place.starts_with("core/flow/src/run/"));
    assert_eq!(others, Vec::<String>::new());
    let _ = nonempty("a place of the runner that names std", runner);
}

#[test]
fn io_is_only_in_shell_and_the_command_line() {
    // vault and wallet may use locks and collections of std.
    let io = ["env", "fs", "io", "net", "os", "path", "process", "thread"];
    let taken = product_sources().into_iter().flat_map(|source| {
        source.taken_from("std").into_iter().map(move |name| (outside(room(&source)), source.path.clone(), name))
    });
    let (allowed, wrong): (Vec<_>, Vec<_>) =
        taken.filter(|(_, _, name)| io.contains(&name.as_str())).partition(|(outside, _, _)| *outside);
    assert_eq!(wrong, Vec::new());
    let _ = nonempty("input and output in shell and cli", allowed);
    only(outside, &["tokio::", "reqwest::", "hyper::", "rusqlite::"]);
}

#[test]
fn clocks_and_randomness_are_only_in_shell() {
    only(outside, &["SystemTime", "Instant::now", "UNIX_EPOCH", "OsRng", "SysRng", "thread_rng", "getrandom"]);
    // The command line takes them from shell.
    let needles = ["std::time::SystemTime", "SystemTime::now", "Instant::now", "thread_rng", "getrandom"];
    assert_eq!(places(|room| room == "cli", &needles), Vec::<String>::new());
    let _ = nonempty("clocks and randomness of shell", places(|room| room == "shell", &needles));
}

#[test]
fn only_the_command_line_names_foreign_values() {
    let foreign = ["serde_json::", "ciborium::", "coset::", "anyhow::", "chrono::", "time::OffsetDateTime"];
    only(|room| room == "cli", &foreign);
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
    only(|room| room == "crypto", &crates);
}

#[test]
fn nothing_in_core_logs_or_prints() {
    let macros = ["println!", "eprintln!", "print!(", "eprint!(", "dbg!", "log::", "tracing::"];
    // The command line prints on purpose, with a reason at each place.
    assert_eq!(places(|room| room != "cli", &macros), Vec::<String>::new());
    for needle in macros {
        let planted = Source::new("core/wire/src/lib.rs".into(), format!("fn f() {{ {needle} }}"));
        assert_eq!(planted.places(needle).len(), 1, "{needle}");
    }
}

/// Product files that name the folder of test keys.
fn naming_test_keys(files: &[File]) -> Vec<&str> {
    let folder = concat!("vectors", "/pki");
    let shipped =
        |path: &str| ["core/", "bindings/", "android-demo/", "ios-demo/"].iter().any(|root| path.starts_with(root));
    let product = |path: &str| shipped(path) && !path.contains("/tests/");
    files
        .iter()
        .filter(|file| product(&file.path) && file.text.contains(folder))
        .map(|file| file.path.as_str())
        .collect()
}

#[test]
fn keys_for_tests_are_named_only_by_tests() {
    assert_eq!(naming_test_keys(&files()), Vec::<&str>::new());
    let text = concat!("tests/vectors", "/pki/reader.key");
    let planted = ["core/cli/src/pki.rs", "core/cli/tests/walk.rs", "tests/sim/src/world.rs"];
    let planted = planted.map(|path| File { path: path.into(), text: text.into() });
    assert_eq!(naming_test_keys(&planted), ["core/cli/src/pki.rs"]);
}

/// Places that know a format, by path: those of mdoc, and the command line that shows its parts.
const OF_MDOC: &[&str] = &[
    "core/cli/",
    "core/holder/src/format/mdoc",
    "core/holder/src/online/annex_c.rs",
    "core/holder/src/proximity/",
    "core/issuer/src/mint/mdoc.rs",
    "core/mdoc/",
    "core/verifier/src/capture",
    "core/verifier/src/judge/mdoc",
    "core/verifier/src/proximity",
];

/// The places of SD-JWT VC.
const OF_SD_JWT: &[&str] = &[
    "core/cli/",
    "core/holder/src/format/sdjwt",
    "core/issuer/src/mint/sdjwt.rs",
    "core/sdjwt/",
    "core/verifier/src/capture_sd_jwt.rs",
    "core/verifier/src/judge/sdjwt",
];

/// Needles outside the places of a format and the places named here (ADR 0014).
fn strays(needles: &[&str], own: &[&str], others: &[&str]) -> Vec<String> {
    let known = |place: &String| own.iter().chain(others).any(|known| place.starts_with(known));
    let (known, strays): (Vec<_>, Vec<_>) = places(|_| true, needles).into_iter().partition(known);
    let _ = nonempty("a place that knows the format", known);
    strays
}

#[test]
fn a_format_is_known_only_in_its_own_files() {
    assert_eq!(strays(&["rid_mdoc"], OF_MDOC, &[]), Vec::<String>::new());
    assert_eq!(strays(&["rid_sdjwt"], OF_SD_JWT, &[]), Vec::<String>::new());
    // The profile has the docType of a kind, and DCQL the member `doctype_value`.
    let others = ["core/claims/src/path.rs", "core/openid/src/dcql/", "core/profile/"];
    assert_eq!(strays(&["doc_type", "as_element"], OF_MDOC, &others), Vec::<String>::new());
}
