//! Usage errors of every command: exit 64, an explanation on stderr, and nothing made or waited for.
#![allow(
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::panic,
    clippy::unwrap_used,
    reason = "a test that cannot go on says so by failing"
)]

#[path = "rid/mod.rs"]
mod rid;

use std::{collections::BTreeSet, path::Path};

use rid::{Scratch, run, vector};

/// Arguments, separated by spaces, and a part of stderr. `TEXT` is a file with a word, `PNG` a broken picture, `CERT` a
/// certificate, `.` a folder. There is no home.
const CALLS: &[(&str, &str)] = &[
    ("", "Usage"),
    ("frobnicate", "unrecognized subcommand"),
    ("--frobnicate", "unexpected argument"),
    ("demo --frobnicate", "unexpected argument"),
    ("demo --home TEXT", "--home TEXT: this is a file"),
    ("demo --key-file a --passphrase-file b", "cannot be used with"),
    ("demo --lang de", "invalid value 'de'"),
    ("demo --mtu 22", "transport_mtu"),
    ("demo --mtu many", "a number of bytes"),
    ("demo --refuse --forged", "cannot be used with"),
    ("demo --timeout 0", "at least 1"),
    ("enrol", "--challenge HEX"),
    ("enrol --accept TEXT --kind pid", "cannot be used with"),
    ("enrol --accept no-such-file", "no-such-file"),
    ("enrol --challenge 00 --out request", "--kind is needed"),
    (
        "enrol --kind passport --challenge 00 --out request",
        "--kind passport: the profile knows no such kind; give pid, mdl",
    ),
    ("enrol --kind pid", "--challenge HEX"),
    ("enrol --kind pid --challenge 00 --copies 101 --out request", "101 is not in 0..=100"),
    ("enrol --kind pid --challenge 00 --out .", "this is a folder"),
    ("enrol --kind pid --challenge 00 --out no/such/request", "there is no folder no/such"),
    ("enrol --kind pid --challenge 00 --out request", "rid issue --init"),
    ("enrol --kind pid --challenge xyz --out request", "not hexadecimal"),
    ("explain", "required arguments"),
    ("explain no_such_code", "no such code"),
    ("hostile", "rid issue --init"),
    ("hostile --handoff TEXT", "--handoff TEXT: this is a file"),
    ("hostile --mtu 5", "transport_mtu"),
    ("hostile --port 70000", "70000 is not in"),
    ("hostile --timeout soon", "number of seconds"),
    ("inspect", "required arguments"),
    ("inspect no-such-file", "no-such-file"),
    ("issue", "give --init"),
    ("issue --challenge", "rid issue --init"),
    ("issue --challenge --request TEXT --out answer", "for the next request"),
    ("issue --init --days 5", "--days goes with"),
    ("issue --init --days 731", "731 is not in 0..=730"),
    ("issue --init --name Bank", "required arguments"),
    ("issue --init --out answer", "--out goes with"),
    ("issue --reader-key TEXT --out reader.pem", "not a public JWK"),
    ("issue --reader-key {\"d\":\"AA\"} --out reader.pem", "private JWK"),
    ("issue --reader-key {} --out no/such/reader.pem", "there is no folder no/such"),
    ("issue --reader-key {}", "required arguments"),
    ("issue --request TEXT", "required arguments"),
    ("issue --request TEXT --out no/such/answer", "there is no folder no/such"),
    ("issue --request no-such-file --out answer", "no-such-file"),
    ("present", "nobody is here to consent"),
    ("present --untick portrait", "required arguments"),
    ("present --yes", "rid issue --init"),
    ("present --yes --handoff TEXT", "--handoff TEXT: this is a file"),
    ("present --yes --mtu 1", "transport_mtu"),
    ("present --yes --refuse", "cannot be used with"),
    ("present --yes --timeout 1.5", "number of seconds"),
    ("read", "required arguments"),
    ("read --ask a/b --port 1 --qr-text mdoc:x", "expected docType/namespace/element"),
    ("read --ask a//c --port 1 --qr-text mdoc:x", "a//c: expected docType/namespace/element"),
    ("read --ask a/b/c --port 0 --qr-text mdoc:x", "0 is not in 1..=65535"),
    ("read --ask a/b/c --port 1", "required arguments"),
    ("read --ask a/b/c --port 1 --qr PNG", "no QR code was found"),
    ("read --ask a/b/c --port 1 --qr TEXT", "--qr TEXT: not the text of a wallet's QR code"),
    ("read --ask a/b/c --port 1 --qr TEXT --qr-text mdoc:x", "cannot be used with"),
    ("read --ask a/b/c --port 1 --qr no-such-file", "no-such-file"),
    ("read --ask a/b/c --port 1 --qr-text hello", "--qr-text: not the text of a wallet's QR code"),
    ("read --ask a/b/c --port 1 --qr-text mdoc:x", "rid issue --init"),
    ("read --ask a/b/c --port 1 --qr-text mdoc:x --at yesterday", "not an RFC 3339 time"),
    ("read --ask a/b/c --port 1 --qr-text mdoc:x --mtu 0", "transport_mtu"),
    ("read --ask a/b/c --port 1 --qr-text mdoc:x --save TEXT", "--save TEXT: this is a file"),
    ("read --ask a/b/c --port 1 --qr-text mdoc:x --signed twice", "invalid value 'twice'"),
    ("read --ask a/b/c --port 1 --qr-text mdoc:x --trust CERT", "rid issue --init"),
    ("read --ask a/b/c --port 1 --qr-text mdoc:x --trust TEXT", "no certificate"),
    ("read --port 1 --qr-text mdoc:x", "required arguments"),
    ("transcript", "required arguments"),
    ("transcript nfc --engagement TEXT --reader-key TEXT", "nfc needs --handover-select"),
    ("transcript qr --engagement TEXT --reader-key TEXT --handover-select TEXT", "a QR code has no handover"),
    ("transcript qr --engagement TEXT --reader-key TEXT --out no/such/file", "there is no folder no/such"),
    ("transcript qr --engagement no-such-file --reader-key TEXT", "no-such-file"),
    ("vault", "Usage"),
    ("vault frobnicate", "unrecognized subcommand"),
    ("vault list", "no wallet here"),
    ("verify", "required arguments"),
    ("verify .", "give a folder that `rid read --save` wrote"),
    ("verify . --kind device-response", "brings its own"),
    ("verify TEXT", "a file needs --kind"),
    ("verify TEXT --kind device-request --reader-key {}", "are for responses"),
    ("verify TEXT --kind device-request --trust TEXT", "no certificate"),
    ("verify TEXT --kind device-request --trust TEXT=mdl", "a reader root has no types"),
    ("verify TEXT --kind device-request --trust-key {}", "are for responses"),
    ("verify TEXT --kind device-request --asked TEXT", "are for responses"),
    ("verify TEXT --kind device-response --asked no-such-file", "no-such-file"),
    ("verify TEXT --kind device-response --at yesterday", "not an RFC 3339 time"),
    ("verify TEXT --kind device-response --lang de", "invalid value 'de'"),
    ("verify TEXT --kind device-response --reader-key {}", "no private JWK"),
    ("verify TEXT --kind device-response --transcript TEXT", "no SessionTranscript"),
    ("verify TEXT --kind device-response --trust TEXT", "no certificate"),
    ("verify TEXT --kind device-response --trust-key {}", "no public JWK"),
    ("verify TEXT --kind issuer-signed --asked TEXT", "--asked belongs to"),
    ("verify TEXT --kind letter", "invalid value 'letter'"),
    ("verify no-such-file --kind device-response", "no-such-file"),
    ("wallet", "no wallet here"),
    ("wallet frobnicate", "unrecognized subcommand"),
    ("wallet show", "required arguments"),
    ("wallet show 1 --portrait no/such/face", "there is no folder no/such"),
];

fn names(folder: &Path) -> BTreeSet<String> {
    std::fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().file_name().display().to_string()).collect()
}

#[test]
fn neg_t01_usage_error_exits_64_and_makes_nothing() {
    let scratch = Scratch::new("calls");
    scratch.write("TEXT", b"hello");
    scratch.write("PNG", b"\x89PNG\r\n\x1a\n and no picture");
    std::fs::copy(vector("iso18013-5-annex-d-intermediate/d52_iaca.hex"), scratch.path("CERT")).unwrap();
    let before = names(&scratch.path("."));
    for (call, said) in CALLS {
        let arguments: Vec<&str> = call.split(' ').filter(|word| !word.is_empty()).collect();
        let output = run(&scratch, &arguments);
        let stderr = String::from_utf8(output.stderr).unwrap();
        assert_eq!(output.status.code(), Some(64), "rid {call}: {stderr}");
        assert!(stderr.contains(said), "rid {call}: {said:?} is not in {stderr:?}");
        assert!(output.stdout.is_empty(), "rid {call}");
        assert_eq!(names(&scratch.path(".")), before, "rid {call}");
    }
}

#[test]
fn neg_t01_every_command_has_usage_errors() {
    let scratch = Scratch::new("commands");
    let help = String::from_utf8(run(&scratch, &["--help"]).stdout).unwrap();
    let (_, commands) = help.split_once("Commands:\n").unwrap();
    let commands = commands.lines().take_while(|line| line.starts_with("  "));
    let commands: BTreeSet<&str> = commands
        .filter(|line| !line.starts_with("   "))
        .filter_map(|line| line.split_whitespace().next())
        .filter(|command| *command != "help")
        .collect();
    assert!(commands.len() > 10, "{commands:?}");
    let tried: BTreeSet<&str> =
        CALLS.iter().filter_map(|(call, _)| call.split(' ').next()).filter(|c| commands.contains(c)).collect();
    assert_eq!(tried, commands);
}

#[test]
fn neg_t01_calls_are_listed_in_order() {
    let calls: Vec<&str> = CALLS.iter().map(|(call, _)| *call).skip(3).collect();
    assert!(calls.is_sorted_by_key(|call| call.split(' ').next()), "{calls:?}");
}
