//! `rid vault` as a person at a desktop uses it: every verb, for people and for machines, and every way a store can be
//! ill.
#![allow(
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::panic,
    clippy::unwrap_used,
    reason = "a test that cannot go on says so by failing"
)]

#[path = "rid/mod.rs"]
mod rid;

use std::{
    fs::{self, File},
    process::Output,
};

use rid::{Scratch, json, run};
use rid_flow::ports::{Expect, Read, Storage as _, Table, Transaction, Write};
use rid_shell::SqliteStorage;
use serde_json::Value;

const PIN: &str = "280417";
const NEW_PIN: &str = "931746";
/// What `rid vault doctor` and `verify` say of a store that is not whole.
const UNSOUND: i32 = 3;

fn text(output: &Output) -> String {
    format!("{}{}", String::from_utf8_lossy(&output.stdout), String::from_utf8_lossy(&output.stderr))
}

fn ok(scratch: &Scratch, arguments: &[&str]) -> String {
    let output = run(scratch, arguments);
    assert!(output.status.success(), "{arguments:?}\n{}", text(&output));
    String::from_utf8(output.stdout).unwrap()
}

fn ok_json(scratch: &Scratch, arguments: &[&str]) -> Value {
    let (exit, value) = json(scratch, &[arguments, &["--json"]].concat());
    assert_eq!(exit, 0, "{arguments:?}\n{value:#}");
    value
}

fn refused(scratch: &Scratch, arguments: &[&str], exit: i32, code: &str) {
    let output = run(scratch, arguments);
    assert_eq!(output.status.code(), Some(exit), "{arguments:?}\n{}", text(&output));
    assert!(text(&output).contains(code), "{arguments:?}\n{}", text(&output));
}

/// A home with one driving licence of three copies; `more` goes to every command that opens the wallet.
fn enrolled(scratch: &Scratch, more: &[&str]) {
    ok(scratch, &["issue", "--init"]);
    let challenge = ok(scratch, &["issue", "--challenge"]);
    let request =
        ["enrol", "--kind", "mdl", "--copies", "3", "--challenge", challenge.trim(), "--out", "request", "--force"];
    ok(scratch, &[request.as_slice(), more].concat());
    ok(scratch, &["issue", "--request", "request", "--out", "answer", "--force"]);
    ok(scratch, &[["enrol", "--accept", "answer"].as_slice(), more].concat());
}

fn with_pin(scratch: &Scratch) {
    scratch.write("pin", PIN.as_bytes());
    ok(scratch, &["vault", "pin", "set", "--new-pin-file", "pin"]);
}

/// Makes a recovery code, keeps it in `code`, and confirms it.
fn with_code(scratch: &Scratch, more: &[&str]) -> String {
    let code = with_unconfirmed_code(scratch, more);
    ok(scratch, &[["vault", "confirm-code", "--code-file", "code"].as_slice(), more].concat());
    code
}

fn with_unconfirmed_code(scratch: &Scratch, more: &[&str]) -> String {
    let made = ok_json(scratch, &[["vault", "code"].as_slice(), more].concat());
    let code = made["code"].as_str().unwrap().to_owned();
    scratch.write("code", format!("{code}\n").as_bytes());
    code
}

fn names(scratch: &Scratch) -> Vec<String> {
    let entries = fs::read_dir(scratch.path(".rid/wallet")).unwrap();
    let mut names: Vec<String> = entries.map(|entry| entry.unwrap().file_name().to_string_lossy().into()).collect();
    names.sort();
    names
}

/// Codes of what the doctor found.
fn findings(scratch: &Scratch, more: &[&str], exit: i32) -> Vec<String> {
    let (code, told) = json(scratch, &[["vault", "doctor", "--json"].as_slice(), more].concat());
    assert_eq!(code, exit, "{told:#}");
    assert_eq!(told["healthy"], exit == 0, "{told:#}");
    let found = told["findings"].as_array().unwrap();
    for finding in found {
        assert!(["remedy", "what", "do"].iter().all(|name| !finding[name].as_str().unwrap().is_empty()), "{finding:#}");
        // Words, not the code again.
        assert_ne!(finding["what"], finding["code"]);
    }
    // The same for people.
    let said = run(scratch, &[["vault", "doctor"].as_slice(), more].concat());
    assert_eq!(said.status.code(), Some(exit));
    let codes: Vec<String> = found.iter().map(|finding| finding["code"].as_str().unwrap().into()).collect();
    assert!(codes.iter().all(|code| text(&said).contains(code)), "{}", text(&said));
    assert!(text(&said).contains("NOT hardware"));
    codes
}

#[test]
fn list_and_history_say_what_is_there() {
    let scratch = Scratch::new("vault-list");
    enrolled(&scratch, &[]);
    let listed = ok_json(&scratch, &["vault", "list"]);
    let held = &listed["credentials"][0];
    assert_eq!((held["copiesLeft"].as_u64(), held["copiesTotal"].as_u64()), (Some(3), Some(3)), "{listed:#}");
    assert_eq!((held["state"].as_str(), held["reuse"].as_str()), (Some("ready"), Some("once")));
    assert!(held["lowWater"].is_boolean());
    assert_eq!(listed["unlockMethods"]["pin"], false);
    assert_eq!(listed["unlockMethods"]["unlockedBy"], "device");
    let said = ok(&scratch, &["vault", "list"]);
    for part in ["3/3 copies", "PIN: none", "Recovery code: none", "NOT hardware"] {
        assert!(said.contains(part), "{said}");
    }
    let rows = ok_json(&scratch, &["vault", "history"]);
    assert_eq!((rows[0]["seq"].as_u64(), rows[0]["kind"].as_str()), (Some(1), Some("issuance")), "{rows:#}");
    assert!(ok(&scratch, &["vault", "history"]).contains("issuance finished"));
    // Options of the home and of the doors stand before or after the verb.
    ok(&scratch, &["vault", "--home", ".rid", "list"]);
    ok(&scratch, &["vault", "list", "--home", ".rid"]);
    refused(&scratch, &["vault", "list", "--home", "nowhere"], 64, "no wallet here");
}

#[test]
fn a_damaged_credential_is_listed_and_deleted() {
    let scratch = Scratch::new("vault-damaged");
    enrolled(&scratch, &[]);
    damage(&scratch, 1);
    let listed = ok_json(&scratch, &["vault", "list"]);
    assert_eq!(listed["credentials"][0]["state"], "damaged", "{listed:#}");
    assert!(ok(&scratch, &["vault", "list"]).contains("cannot be read any more"));
    assert!(findings(&scratch, &[], UNSOUND).contains(&"credentials_damaged".into()));
    let id = listed["credentials"][0]["id"].as_str().unwrap();
    ok(&scratch, &["wallet", "delete", id, "--yes"]);
    assert_eq!(ok_json(&scratch, &["vault", "list"])["credentials"], Value::Array(Vec::new()));
}

/// Flips a bit in the sealed bytes of the first row of a table; place, version and index stay.
fn damage(scratch: &Scratch, table: u8) {
    let storage = SqliteStorage::new(&scratch.path(".rid/wallet"));
    pollster::block_on(async {
        storage.open().await.unwrap();
        let reads = vec![Read::Rows(Table(table), None)];
        let found = storage.transact(Transaction { reads, ..Transaction::default() }).await.unwrap();
        let mut row = found[0][0].clone();
        let middle = row.bytes.len() / 2;
        row.bytes[middle] ^= 1;
        let expect = Expect::Version(row.version);
        let writes = vec![Write::Put(row, expect)];
        storage.transact(Transaction { writes, ..Transaction::default() }).await.unwrap();
        storage.close().await.unwrap();
    });
}

#[test]
fn pin_and_recovery_code_open_every_command() {
    let scratch = Scratch::new("vault-pin");
    enrolled(&scratch, &[]);
    with_pin(&scratch);
    // Nobody is there to be asked, and nothing is guessed.
    for command in [["wallet", "list"], ["vault", "list"], ["vault", "history"]] {
        refused(&scratch, &command, 64, "no --pin-file");
    }
    refused(&scratch, &["present", "--yes"], 64, "no --pin-file");
    refused(&scratch, &["enrol", "--kind", "pid", "--challenge", "00", "--out", "next"], 64, "no --pin-file");
    refused(&scratch, &["vault", "list", "--pin", PIN], 64, "--pin");
    for command in [["wallet", "list"], ["wallet", "history"], ["vault", "list"], ["vault", "verify"]] {
        ok(&scratch, &[command.as_slice(), &["--pin-file", "pin"]].concat());
    }
    let doors = &ok_json(&scratch, &["vault", "list", "--pin-file", "pin"])["unlockMethods"];
    assert_eq!((doors["pin"].as_bool(), doors["unlockedBy"].as_str()), (Some(true), Some("pin")));

    // Changed: the old one opens no longer. The new one may not be a weak one.
    scratch.write("new-pin", NEW_PIN.as_bytes());
    scratch.write("weak", b"123456");
    scratch.write("short", b"12345");
    let change = |new: &'static str| ["vault", "pin", "change", "--pin-file", "pin", "--new-pin-file", new];
    refused(&scratch, &change("weak"), 1, "pin_weak");
    refused(&scratch, &change("short"), 1, "pin_form");
    refused(&scratch, &change("short"), 1, "A PIN has six to twelve digits");
    assert!(ok(&scratch, &change("new-pin")).contains("The PIN is set"));
    refused(&scratch, &["vault", "list", "--pin-file", "pin"], 1, "pin_wrong; 4 tries left");
    refused(&scratch, &["vault", "pin", "set", "--new-pin-file", "pin"], 1, "pin_required");

    // The code opens, too, and only the newest one.
    let code = with_code(&scratch, &["--pin-file", "new-pin"]);
    assert_eq!(code.len(), 29);
    let doors = &ok_json(&scratch, &["vault", "list", "--code-file", "code"])["unlockMethods"];
    assert_eq!(doors["unlockedBy"], "recovery");
    scratch.write("old-code", code.as_bytes());
    with_unconfirmed_code(&scratch, &["--pin-file", "new-pin"]);
    ok(&scratch, &["vault", "list", "--code-file", "old-code"]);
    ok(&scratch, &["vault", "list", "--code-file", "code"]);
    refused(
        &scratch,
        &["vault", "confirm-code", "--pin-file", "new-pin", "--code-file", "old-code"],
        1,
        "backup_wrong_code",
    );
    ok(&scratch, &["vault", "confirm-code", "--pin-file", "new-pin", "--code-file", "code"]);
    refused(&scratch, &["vault", "list", "--code-file", "old-code"], 1, "backup_wrong_code");
    scratch.write("no-code", b"AAAA");
    refused(&scratch, &["vault", "list", "--code-file", "no-code"], 1, "backup_code_form");
    assert_eq!(ok_json(&scratch, &["vault", "rotate", "--pin-file", "new-pin"])["rotated"], true);
    assert!(ok(&scratch, &["vault", "rotate", "--code-file", "code"]).contains("new keys"));
    assert_eq!(findings(&scratch, &[], 0), Vec::<String>::new());
    assert_eq!(findings(&scratch, &["--pin-file", "new-pin"], 0), Vec::<String>::new());
    // A blank that an editor left is not of the PIN.
    scratch.write("blank", format!("{NEW_PIN} \r\n").as_bytes());
    ok(&scratch, &["vault", "list", "--pin-file", "blank"]);
}

#[test]
fn the_birth_date_is_no_pin() {
    let scratch = Scratch::new("vault-birth");
    enrolled(&scratch, &[]);
    let id = ok_json(&scratch, &["vault", "list"])["credentials"][0]["id"].as_str().unwrap().to_owned();
    let detail = ok_json(&scratch, &["wallet", "show", &id]);
    let elements = detail["elements"].as_array().unwrap();
    let birth = elements.iter().find(|element| element["element"] == "birth_date").unwrap();
    let digits: String = birth["value"].to_string().chars().filter(char::is_ascii_digit).take(8).collect();
    assert_eq!(digits.len(), 8, "{birth:#}");
    scratch.write("born", digits.as_bytes());
    refused(&scratch, &["vault", "pin", "set", "--new-pin-file", "born"], 1, "pin_weak");
    with_pin(&scratch);
    refused(&scratch, &["vault", "pin", "change", "--pin-file", "pin", "--new-pin-file", "born"], 1, "pin_weak");
}

#[test]
fn neg_l01_five_wrong_pins() {
    let scratch = Scratch::new("vault-tries");
    enrolled(&scratch, &[]);
    with_pin(&scratch);
    assert_eq!(findings(&scratch, &[], 0), ["no_recovery_code"]);
    with_code(&scratch, &["--pin-file", "pin"]);
    scratch.write("wrong", b"704958");
    for left in ["4 tries", "3 tries", "2 tries", "1 try"] {
        refused(&scratch, &["wallet", "list", "--pin-file", "wrong"], 1, &format!("pin_wrong; {left} left"));
    }
    refused(&scratch, &["vault", "list", "--pin-file", "wrong"], 1, "pin_wait; the next PIN is taken in");
    // The right one waits, too; the doctor says what helps at once.
    refused(&scratch, &["vault", "list", "--pin-file", "pin"], 1, "or unlock by --code-file");
    assert_eq!(findings(&scratch, &[], UNSOUND), ["pin_wait"]);
    scratch.write("new-pin", NEW_PIN.as_bytes());
    refused(&scratch, &["vault", "pin", "set", "--new-pin-file", "new-pin"], 64, "no --code-file");
    let set = ok_json(&scratch, &["vault", "pin", "set", "--code-file", "code", "--new-pin-file", "new-pin"]);
    assert_eq!(set["pin"], "set");
    ok(&scratch, &["vault", "list", "--pin-file", "new-pin"]);
    // A wait is in the way of nobody who wants it gone.
    for _ in 0..5 {
        run(&scratch, &["vault", "list", "--pin-file", "wrong"]);
    }
    refused(&scratch, &["vault", "list", "--pin-file", "new-pin"], 1, "pin_wait");
    ok(&scratch, &["vault", "wipe", "--yes"]);
    assert_eq!(names(&scratch), ["lock"]);
}

#[test]
fn an_export_is_checked_without_a_wallet() {
    let scratch = Scratch::new("vault-export");
    enrolled(&scratch, &[]);
    let id = ok_json(&scratch, &["vault", "list"])["credentials"][0]["id"].as_str().unwrap().to_owned();
    ok(&scratch, &["wallet", "delete", &id, "--yes"]);
    let made = ok_json(&scratch, &["vault", "export", "--out", "export.jsonl"]);
    assert_eq!((made["rows"].as_u64(), made["whole"].as_bool()), (Some(2), Some(true)), "{made:#}");
    refused(&scratch, &["vault", "export", "--out", "export.jsonl"], 64, "give --force");
    // Standard output is the file: a first line, one for each place, a last line.
    for printed in [ok(&scratch, &["vault", "export"]), ok(&scratch, &["vault", "export", "--out", "-"])] {
        assert_eq!(printed.lines().filter_map(|line| serde_json::from_str::<Value>(line).ok()).count(), 4);
    }
    assert!(!scratch.path("-").exists());

    // Somebody else, without any home.
    let elsewhere = Scratch::new("vault-export-judge");
    let file = fs::read_to_string(scratch.path("export.jsonl")).unwrap();
    elsewhere.write("export.jsonl", file.as_bytes());
    let told = ok_json(&elsewhere, &["vault", "verify-export", "export.jsonl"]);
    assert_eq!((told["verdict"].as_str(), told["environment"].as_str()), (Some("consistent"), Some("test")));
    let said = ok(&elsewhere, &["vault", "verify-export", "export.jsonl"]);
    assert!(said.contains("VERDICT: consistent") && said.contains("does not prove whose history it is"), "{said}");
    assert!(!said.contains("authentic") && !elsewhere.path(".rid").exists());

    let refuse = |file: &str, code: &str| {
        elsewhere.write("altered.jsonl", file.as_bytes());
        let (exit, told) = json(&elsewhere, &["vault", "verify-export", "altered.jsonl", "--json"]);
        assert_eq!(
            (exit, told["verdict"].as_str(), told["code"].as_str()),
            (1, Some("refused"), Some(code)),
            "{told:#}"
        );
        refused(&elsewhere, &["vault", "verify-export", "altered.jsonl"], 1, code);
    };
    let lines: Vec<&str> = file.lines().collect();
    let entry: Value = serde_json::from_str(lines[1]).unwrap();
    let peer = entry["peer"]["name"].as_str().unwrap();
    assert!(!peer.is_empty());
    refuse(&file.replacen(peer, &peer.replacen('T', "t", 1), 1), "export_chain");
    refuse(&[lines[0], lines[2], lines[3]].join("\n"), "export_chain");
    refuse("{}", "export_form");
    refuse("\u{1}", "export_form");
    refused(&elsewhere, &["vault", "verify-export", "missing.jsonl"], 64, "missing.jsonl");
}

#[test]
fn the_chain_of_the_store_names_the_first_bad_place() {
    let scratch = Scratch::new("vault-chain");
    enrolled(&scratch, &[]);
    let id = ok_json(&scratch, &["vault", "list"])["credentials"][0]["id"].as_str().unwrap().to_owned();
    ok(&scratch, &["wallet", "delete", &id, "--yes"]);
    let told = ok_json(&scratch, &["vault", "verify"]);
    assert_eq!((told["verdict"].as_str(), told["rows"].as_u64()), (Some("accepted"), Some(2)));
    // What the person deletes is no break.
    refused(&scratch, &["vault", "delete-entry", "1"], 64, "no --yes");
    assert_eq!(ok_json(&scratch, &["vault", "delete-entry", "1", "--yes"])["deleted"], 1);
    refused(&scratch, &["vault", "delete-entry", "1", "--yes"], 1, "history_unknown");
    refused(&scratch, &["vault", "delete-entry", "7", "--yes"], 1, "history_unknown");
    assert!(ok(&scratch, &["vault", "verify"]).contains("VERDICT: accepted"));
    assert_eq!(ok_json(&scratch, &["vault", "history"])[0]["state"], "deleted");
    // What anybody else alters is.
    damage(&scratch, 3);
    let (exit, told) = json(&scratch, &["vault", "verify", "--json"]);
    assert_eq!((exit, told["verdict"].as_str()), (UNSOUND, Some("broken")), "{told:#}");
    let seq = told["firstBroken"].as_u64().unwrap();
    let said = run(&scratch, &["vault", "verify"]);
    assert!(text(&said).contains(&format!("the first place that does not check: {seq}")), "{}", text(&said));
    assert!(findings(&scratch, &[], UNSOUND).contains(&"history_broken".into()));
    // An export of it says so, and is no good history for who reads it.
    assert_eq!(ok_json(&scratch, &["vault", "export", "--out", "export.jsonl"])["whole"], false);
    let (exit, told) = json(&scratch, &["vault", "verify-export", "export.jsonl", "--json"]);
    assert_eq!((exit, told["verdict"].as_str(), told["firstBroken"].as_u64()), (UNSOUND, Some("broken"), Some(seq)));
}

#[test]
fn a_recovery_file_goes_to_another_device() {
    let scratch = Scratch::new("vault-along");
    enrolled(&scratch, &[]);
    refused(&scratch, &["vault", "export-recovery", "--out", "recovery"], 64, "no --code-file");
    let code = with_code(&scratch, &[]);
    let told = ok_json(&scratch, &["vault", "export-recovery", "--out", "recovery", "--code-file", "code"]);
    assert!(told["bytes"].as_u64().unwrap() > 4096);
    let again = ["vault", "export-recovery", "--out", "recovery", "--code-file", "code"];
    refused(&scratch, &again, 64, "give --force");
    ok(&scratch, &[again.as_slice(), &["--force"]].concat());
    fs::create_dir(scratch.path("folder")).unwrap();
    let folder = ["vault", "export-recovery", "--out", "folder", "--code-file", "code", "--force"];
    refused(&scratch, &folder, 64, "this is a folder");

    let other = Scratch::new("vault-in");
    ok(&other, &["issue", "--init"]);
    refused(&other, &["wallet"], 64, "no wallet here");
    other.write("recovery", &fs::read(scratch.path("recovery")).unwrap());
    other.write("code", code.as_bytes());
    let brought = ok_json(&other, &["vault", "import-recovery", "recovery", "--code-file", "code"]);
    assert_eq!((brought["history"].as_u64(), brought["recipes"][0]["copies"].as_u64()), (Some(1), Some(3)));
    // Again: nothing is added.
    let said = ok(&other, &["vault", "import-recovery", "recovery", "--code-file", "code"]);
    assert!(said.contains("0 rows of history") && said.contains("Ask these issuers again"), "{said}");
    let rows = ok_json(&other, &["vault", "history"]);
    assert_eq!((rows.as_array().unwrap().len(), rows[0]["imported"].as_bool()), (1, Some(true)));
    assert!(ok(&other, &["wallet"]).contains("empty"), "no document travels");
    let mut cut = fs::read(scratch.path("recovery")).unwrap();
    cut.pop();
    other.write("cut", &cut);
    refused(&other, &["vault", "import-recovery", "cut", "--code-file", "code"], 1, "backup_truncated");
    with_code(&other, &[]);
    refused(&other, &["vault", "import-recovery", "recovery", "--code-file", "code"], 1, "backup_wrong_code");
}

#[test]
fn neg_k14_keys_sealed_apart_are_wanted_back() {
    let scratch = Scratch::new("vault-sealing");
    scratch.write("phrase", "bir uzun cümlə\n".as_bytes());
    enrolled(&scratch, &["--passphrase-file", "phrase"]);
    ok(&scratch, &["vault", "list", "--passphrase-file", "phrase"]);
    scratch.write("other", b"another");
    for more in [[].as_slice(), &["--passphrase-file", "other"]] {
        refused(&scratch, &[["vault", "list"].as_slice(), more].concat(), 1, "key_locked");
        refused(&scratch, &[["vault", "list"].as_slice(), more].concat(), 1, "NOT hardware");
        assert_eq!(findings(&scratch, more, UNSOUND), ["key_locked"]);
    }
    assert_eq!(findings(&scratch, &["--passphrase-file", "phrase"], 0), ["no_pin"]);

    let scratch = Scratch::new("vault-key-file");
    enrolled(&scratch, &["--key-file", "stick"]);
    assert!(!scratch.path(".rid/wallet/software-keys.not-hardware").exists());
    ok(&scratch, &["vault", "list", "--key-file", "stick"]);
    refused(&scratch, &["vault", "list"], 1, "key_not_found");
    refused(&scratch, &["vault", "list"], 1, "run `rid vault doctor` to see the cause");
    assert_eq!(findings(&scratch, &[], UNSOUND), ["key_not_found"]);
    scratch.write("phrase", b"another kind of seal");
    assert_eq!(findings(&scratch, &["--passphrase-file", "phrase"], UNSOUND), ["passphrase_not_set"]);
    scratch.write("stranger", &[7; 32]);
    assert_eq!(findings(&scratch, &["--key-file", "stranger"], UNSOUND), ["key_unavailable"]);
    refused(&scratch, &["vault", "list", "--key-file", "a", "--passphrase-file", "b"], 64, "cannot be used");
    // Without what it is sealed under it is destroyed all the same.
    assert_eq!(ok_json(&scratch, &["vault", "wipe", "--yes"])["wiped"], true);
    assert_eq!(names(&scratch), ["lock"]);
    assert!(scratch.path("stick").exists(), "a key file elsewhere may be of other areas, too");
}

#[test]
fn the_doctor_names_what_is_wrong() {
    let scratch = Scratch::new("vault-doctor");
    assert_eq!(findings(&scratch, &[], 0), Vec::<String>::new());
    assert!(!scratch.path(".rid/wallet").exists(), "who only looks makes nothing");
    enrolled(&scratch, &[]);
    assert_eq!(findings(&scratch, &[], 0), ["no_pin"]);
    let folder = scratch.path(".rid/wallet");
    let sound: Vec<(String, Vec<u8>)> =
        names(&scratch).into_iter().map(|name| (name.clone(), fs::read(folder.join(name)).unwrap())).collect();
    let restore = || {
        fs::remove_dir_all(&folder).or_else(|_| fs::remove_file(&folder)).unwrap();
        fs::create_dir_all(&folder).unwrap();
        for (name, bytes) in &sound {
            fs::write(folder.join(name), bytes).unwrap();
        }
    };
    let ill = |name: &str, wanted: &str, harm: &dyn Fn()| {
        harm();
        let before: Vec<_> = names_and_bytes(&folder);
        assert_eq!(findings(&scratch, &[], UNSOUND), [wanted], "{name}");
        assert_eq!(names_and_bytes(&folder), before, "{name}: the doctor changes nothing");
        let output = run(&scratch, &["vault", "list"]);
        assert!(!output.status.success(), "{name}: {}", text(&output));
        restore();
        assert_eq!(findings(&scratch, &[], 0), ["no_pin"], "{name}");
    };
    let at = |name: &str| folder.join(name);
    let cut = |name: &str| {
        let bytes = fs::read(at(name)).unwrap();
        fs::write(at(name), &bytes[..bytes.len() / 2]).unwrap();
    };
    ill("neg-K08: a database of no length", "storage_corrupt", &|| fs::write(at("store.db"), b"").unwrap());
    ill("inv-I9: no envelope", "key_envelope_corrupt", &|| {
        fs::remove_file(at("envelope.a")).unwrap();
        fs::remove_file(at("envelope.b")).unwrap();
    });
    ill("neg-K10: both generations cut", "key_envelope_corrupt", &|| {
        cut("envelope.a");
        cut("envelope.b");
    });
    ill("neg-K14: another key file", "key_unavailable", &|| {
        fs::write(at("software-keys.not-hardware"), [9; 32]).unwrap();
    });
    ill("neg-K14: no key file", "key_not_found", &|| fs::remove_file(at("software-keys.not-hardware")).unwrap());
    ill("neg-K17: a newer version", "schema_newer", &|| {
        let mut bytes = fs::read(at("store.db")).unwrap();
        bytes[60..64].copy_from_slice(&9_u32.to_be_bytes());
        fs::write(at("store.db"), bytes).unwrap();
    });
    // neg-L03: an earlier database is shown and not written; the doctor names the repair.
    ok(&scratch, &["vault", "delete-entry", "1", "--yes"]);
    let (name, bytes) = sound.iter().find(|(name, _)| name == "store.db").unwrap();
    fs::write(at(name), bytes).unwrap();
    let before = names_and_bytes(&folder);
    assert_eq!(findings(&scratch, &[], UNSOUND), ["storage_rollback", "no_pin"]);
    ok(&scratch, &["vault", "list"]);
    refused(&scratch, &["vault", "delete-entry", "1", "--yes"], 1, "storage_rollback");
    assert_eq!(names_and_bytes(&folder), before, "nothing was changed");
    restore();
    // The other device's keys: whole, and not these.
    let stranger = Scratch::new("vault-doctor-stranger");
    enrolled(&stranger, &[]);
    ill("neg-K14: another device's keys", "key_not_found", &|| {
        for name in ["software-keys", "software-keys.not-hardware"] {
            fs::copy(stranger.path(".rid/wallet").join(name), at(name)).unwrap();
        }
    });

    // Something else took the store away and left its keys. The next command would start over; the doctor says it
    // first.
    for name in ["store.db", "envelope.a", "envelope.b"] {
        fs::remove_file(at(name)).unwrap();
    }
    assert_eq!(findings(&scratch, &[], UNSOUND), ["store_missing"]);
    restore();

    // One generation cut: the other serves.
    cut("envelope.a");
    assert_eq!(findings(&scratch, &[], 0), ["no_pin"]);
    restore();

    // Where a folder is expected, a file.
    fs::remove_dir_all(&folder).unwrap();
    fs::write(&folder, b"no folder").unwrap();
    assert_eq!(findings(&scratch, &[], UNSOUND), ["storage_io"]);
    restore();
}

fn names_and_bytes(folder: &std::path::Path) -> Vec<(String, Vec<u8>)> {
    let entries = fs::read_dir(folder).unwrap().map(Result::unwrap);
    let mut all: Vec<(String, Vec<u8>)> = entries
        .map(|entry| (entry.file_name().to_string_lossy().into(), fs::read(entry.path()).unwrap_or_default()))
        .collect();
    all.sort();
    all
}

#[test]
fn neg_k21_a_store_in_use_is_left_alone() {
    let scratch = Scratch::new("vault-in-use");
    enrolled(&scratch, &[]);
    let lock = File::options().write(true).open(scratch.path(".rid/wallet/lock")).unwrap();
    lock.lock().unwrap();
    assert_eq!(findings(&scratch, &[], UNSOUND), ["storage_locked"]);
    let before = names(&scratch);
    for verb in ["wipe", "reset"] {
        refused(&scratch, &["vault", verb, "--yes"], 1, "storage_locked");
    }
    refused(&scratch, &["vault", "list"], 1, "storage_locked");
    assert_eq!(names(&scratch), before);
    drop(lock);
    ok(&scratch, &["vault", "list"]);
}

#[test]
fn a_wipe_leaves_nothing() {
    let scratch = Scratch::new("vault-wipe");
    enrolled(&scratch, &[]);
    // An enrolment under way has keys that no envelope and no credential names.
    let challenge = ok(&scratch, &["issue", "--challenge"]);
    ok(&scratch, &["enrol", "--kind", "pid", "--copies", "2", "--challenge", challenge.trim(), "--out", "pending"]);
    refused(&scratch, &["vault", "wipe"], 64, "no --yes");
    // A mistyped argument has destroyed or moved nothing.
    let before = names_and_bytes(&scratch.path(".rid/wallet"));
    for verb in ["wipe", "reset"] {
        let mistyped = run(&scratch, &["vault", verb, "--yes", "--passphrase-file", "not-there"]);
        assert!(!mistyped.status.success(), "{verb}: {}", text(&mistyped));
        assert_eq!(names_and_bytes(&scratch.path(".rid/wallet")), before, "{verb}");
    }
    assert_eq!(ok_json(&scratch, &["vault", "wipe", "--yes"])["left"], Value::Array(Vec::new()));
    assert_eq!(names(&scratch), ["lock"]);
    refused(&scratch, &["vault", "wipe", "--yes", "--home", "nowhere"], 64, "no wallet here");
    // Made again, and gone again although it does not open.
    enrolled(&scratch, &[]);
    assert_eq!(ok_json(&scratch, &["vault", "history"]).as_array().unwrap().len(), 1);
    for harm in ["envelope", "database", "keys"] {
        let folder = scratch.path(".rid/wallet");
        match harm {
            "envelope" => {
                ["envelope.a", "envelope.b"].iter().for_each(|name| fs::write(folder.join(name), b"").unwrap())
            }
            "database" => fs::write(folder.join("store.db"), b"no database").unwrap(),
            _ => fs::write(folder.join("software-keys"), b"no keys").unwrap(),
        }
        assert!(!run(&scratch, &["vault", "list"]).status.success(), "{harm}");
        assert!(ok(&scratch, &["vault", "wipe", "--yes"]).contains("wiped"), "{harm}");
        assert_eq!(names(&scratch), ["lock"], "{harm}");
        enrolled(&scratch, &[]);
    }
}

#[test]
fn a_reset_moves_aside_and_starts_over() {
    let scratch = Scratch::new("vault-reset");
    enrolled(&scratch, &[]);
    refused(&scratch, &["vault", "reset"], 64, "no --yes");
    let told = ok_json(&scratch, &["vault", "reset", "--yes"]);
    assert_eq!(told["setAside"], serde_json::json!(["aside-1"]));
    assert!(scratch.path(".rid/wallet/aside-1/store.db").exists());
    assert_eq!(findings(&scratch, &[], 0), Vec::<String>::new(), "no store yet, and on purpose");
    assert!(ok(&scratch, &["wallet"]).contains("empty"));
    // Keys that do not open are no obstacle either.
    fs::write(scratch.path(".rid/wallet/software-keys.not-hardware"), [1; 32]).unwrap();
    refused(&scratch, &["wallet"], 1, "key_unavailable");
    let said = ok(&scratch, &["vault", "reset", "--yes"]);
    assert!(said.contains("aside-2") && said.contains("aside-keys-1") && said.contains("The way back"), "{said}");
    assert!(ok(&scratch, &["wallet"]).contains("empty"));
    assert!(ok(&scratch, &["vault", "doctor"]).contains("moved aside in this folder: 3"));
    ok(&scratch, &["vault", "wipe", "--yes"]);
    assert_eq!(names(&scratch), ["lock"]);
}

#[test]
fn the_demo_walks_over_a_store_with_a_pin() {
    let scratch = Scratch::new("vault-demo");
    ok(&scratch, &["demo"]);
    with_pin(&scratch);
    assert!(ok(&scratch, &["demo", "--pin-file", "pin"]).contains("accepted - as it must"));
    refused(&scratch, &["demo"], 64, "no --pin-file");
    let doors = &ok_json(&scratch, &["vault", "list", "--pin-file", "pin"])["unlockMethods"];
    assert_eq!(doors["pinTriesLeft"], 5);
}

/// Takes one row of a table away behind the wallet's back.
fn take_away(scratch: &Scratch, table: u8) {
    let storage = SqliteStorage::new(&scratch.path(".rid/wallet"));
    pollster::block_on(async {
        storage.open().await.unwrap();
        let reads = vec![Read::Heads(Table(table), None)];
        let found = storage.transact(Transaction { reads, ..Transaction::default() }).await.unwrap();
        let row = &found[0][0];
        let writes = vec![Write::Delete(row.key.clone(), Expect::Version(row.version))];
        storage.transact(Transaction { writes, ..Transaction::default() }).await.unwrap();
        storage.close().await.unwrap();
    });
}

#[test]
fn neg_k30_a_missing_copy_is_skipped_and_a_repair_accepts_the_loss() {
    let scratch = Scratch::new("vault-repair");
    enrolled(&scratch, &[]);
    take_away(&scratch, 2);
    ok(&scratch, &["vault", "list"]);
    take_away(&scratch, 3);
    let wrong = "Something is wrong with this store";
    assert!(ok(&scratch, &["vault", "list"]).contains(wrong));
    assert_eq!(ok_json(&scratch, &["vault", "list"])["healthy"], false);
    assert!(findings(&scratch, &[], UNSOUND).contains(&"history_missing".into()));
    assert!(text(&run(&scratch, &["vault", "doctor"])).contains("rid vault repair"));
    refused(&scratch, &["vault", "repair"], 64, "no --yes");
    let lost = &ok_json(&scratch, &["vault", "repair", "--yes"])["lost"];
    assert_eq!((lost["copies"].as_u64(), lost["history"].as_u64()), (Some(1), Some(1)), "{lost:#}");
    assert_eq!(findings(&scratch, &[], 0), ["no_pin"]);
    let listed = ok_json(&scratch, &["wallet", "list"]);
    assert_eq!((listed[0]["copiesLeft"].as_u64(), listed[0]["state"].as_str()), (Some(2), Some("ready")));
    assert!(ok(&scratch, &["vault", "history"]).contains("storage_repaired"));
    // The old files are kept.
    assert!(scratch.path(".rid/wallet/aside-1/store.db").exists());
}

#[test]
fn neg_k34_a_folder_of_another_device_gives_its_history_to_its_code() {
    let scratch = Scratch::new("vault-recover-from");
    enrolled(&scratch, &[]);
    let code = with_code(&scratch, &[]);
    let other = Scratch::new("vault-recover-to");
    ok(&other, &["issue", "--init"]);
    other.write("code", code.as_bytes());
    fs::create_dir_all(other.path("old")).unwrap();
    for name in names(&scratch).into_iter().filter(|name| !name.starts_with("software-keys")) {
        fs::copy(scratch.path(".rid/wallet").join(&name), other.path("old").join(&name)).unwrap();
    }
    let brought = ok_json(&other, &["vault", "recover", "old", "--code-file", "code"]);
    assert_eq!((brought["history"].as_u64(), brought["recipes"][0]["copies"].as_u64()), (Some(1), Some(3)));
    refused(&other, &["vault", "recover", "nowhere", "--code-file", "code"], 1, "storage_io");
}

#[test]
fn neg_k34_an_old_folder_without_its_database_is_refused_by_name() {
    let scratch = Scratch::new("vault-recover-no-database");
    enrolled(&scratch, &[]);
    with_code(&scratch, &[]);
    let folder = scratch.path("old");
    fs::create_dir_all(&folder).unwrap();
    for name in ["envelope.a", "envelope.b"] {
        fs::copy(scratch.path(".rid/wallet").join(name), folder.join(name)).unwrap();
    }
    let before = ok_json(&scratch, &["vault", "list"]);
    let said = run(&scratch, &["vault", "recover", "old", "--code-file", "code"]);
    assert_eq!(said.status.code(), Some(1), "{}", text(&said));
    assert!(text(&said).contains("storage_corrupt"), "{}", text(&said));
    assert!(text(&said).contains("import-recovery"), "{}", text(&said));
    let mut left: Vec<String> =
        fs::read_dir(&folder).unwrap().map(|entry| entry.unwrap().file_name().to_string_lossy().into()).collect();
    left.retain(|name| name != "lock");
    left.sort();
    assert_eq!(left, ["envelope.a", "envelope.b"], "nothing but the lock was made in the old folder");
    assert_eq!(ok_json(&scratch, &["vault", "list"])["credentials"], before["credentials"]);
}

/// A link that leads to itself makes every question for what is there fail.
#[cfg(unix)]
#[test]
fn neg_k32_an_error_where_existence_is_asked_is_named_and_nothing_is_called_done() {
    let scratch = Scratch::new("vault-existence");
    enrolled(&scratch, &[]);
    let wallet = scratch.path(".rid/wallet");
    fs::rename(&wallet, scratch.path("kept")).unwrap();
    std::os::unix::fs::symlink("wallet", &wallet).unwrap();
    let verbs: [&[&str]; 6] = [
        &["vault", "list"],
        &["vault", "reset", "--yes"],
        &["vault", "wipe", "--yes"],
        &["vault", "doctor"],
        &["wallet", "list"],
        &["present", "--yes"],
    ];
    for verb in verbs {
        let said = run(&scratch, verb);
        assert_eq!(said.status.code(), Some(1), "{verb:?}\n{}", text(&said));
        assert!(!text(&said).contains("no wallet here") && !text(&said).contains("done"), "{verb:?}\n{}", text(&said));
    }
    fs::remove_file(&wallet).unwrap();
    fs::rename(scratch.path("kept"), &wallet).unwrap();
    assert_eq!(ok_json(&scratch, &["vault", "list"])["credentials"][0]["copiesLeft"], 3);
}

#[cfg(unix)]
#[test]
fn neg_k33_a_code_whose_output_was_closed_leaves_the_known_code_in_force() {
    let scratch = Scratch::new("vault-code-unseen");
    enrolled(&scratch, &[]);
    with_code(&scratch, &[]);
    for _ in 0..3 {
        let (reader, writer) = std::io::pipe().unwrap();
        drop(reader);
        let mut unseen = rid::command(&scratch, &["vault", "code"]);
        let exit = unseen.stdout(writer).stderr(std::process::Stdio::null()).status().unwrap();
        assert!(!exit.success(), "a code that nobody saw is not called made");
        ok(&scratch, &["vault", "list", "--code-file", "code"]);
    }
    // The next one is made, shown and confirmed as ever.
    with_code(&scratch, &[]);
    ok(&scratch, &["vault", "list", "--code-file", "code"]);
}

#[test]
fn an_output_file_that_is_there_is_replaced_only_by_force() {
    let scratch = Scratch::new("vault-out-kept");
    enrolled(&scratch, &[]);
    let challenge = ok(&scratch, &["issue", "--challenge"]);
    let ask = ["enrol", "--kind", "mdl", "--copies", "1", "--challenge", challenge.trim(), "--out", "kept"];
    let issue = ["issue", "--request", "new", "--out", "kept"];
    let id = ok_json(&scratch, &["wallet", "list"])[0]["id"].as_str().unwrap().to_owned();
    let show = ["wallet", "show", id.as_str(), "--portrait", "kept"];
    scratch.write("kept", b"mine");
    refused(&scratch, &ask, 64, "--force");
    refused(&scratch, &show, 64, "--force");
    ok(&scratch, &["enrol", "--kind", "mdl", "--copies", "1", "--challenge", challenge.trim(), "--out", "new"]);
    refused(&scratch, &issue, 64, "--force");
    assert_eq!(fs::read(scratch.path("kept")).unwrap(), b"mine");
    // The refusal cost nothing: the challenge and the request still serve.
    ok(&scratch, &[issue.as_slice(), &["--force"]].concat());
    ok(&scratch, &["enrol", "--accept", "kept"]);
    ok(&scratch, &[show.as_slice(), &["--force"]].concat());
    refused(&scratch, &["wallet", "show", id.as_str(), "--portrait", "/dev/null", "--force"], 64, "not a regular file");
}

#[test]
fn a_recovery_file_begins_a_wallet_on_a_new_device() {
    let scratch = Scratch::new("vault-new-device");
    enrolled(&scratch, &[]);
    with_code(&scratch, &[]);
    ok(&scratch, &["vault", "export-recovery", "--out", "recovery.rid", "--code-file", "code"]);
    let second = ["vault", "import-recovery", "recovery.rid", "--home", "second", "--code-file", "code"];
    let brought = ok_json(&scratch, &second);
    assert_eq!(brought["recipes"].as_array().map(Vec::len), Some(1));
    assert!(scratch.path("second/wallet/store.db").exists());
}
