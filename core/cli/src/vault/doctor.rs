//! What is wrong with a store, and what can be done: also for one that does not open.
use std::{path::Path, sync::Arc};

use rid_flow::ports::{Storage, StorageError};
use rid_shell::SoftwareSecureArea;
use rid_vault::{Finding, Pin, RecoveryCode, Remedy, Vault, VaultError};
use rid_wire::Code;
use serde_json::{Value, json};

use super::say;
use crate::{
    failure::{EXIT_UNSOUND, Failure},
    home,
    opened::Opening,
    terminal,
};

/// How far it came.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Store {
    /// It does not open.
    Closed,
    /// It opens; the person's rows were not looked at.
    Locked,
    /// There is none yet.
    None,
    /// It was looked at as a whole.
    Open,
}

impl Store {
    const fn name(self) -> &'static str {
        match self {
            Self::Closed => "closed",
            Self::Locked => "locked",
            Self::None => "none",
            Self::Open => "open",
        }
    }
}

struct Diagnosis {
    store: Store,
    findings: Vec<Finding>,
}

impl Diagnosis {
    const fn closed(code: Code, remedy: Remedy) -> Finding {
        Finding { code, count: 1, remedy }
    }

    fn of(store: Store, findings: impl IntoIterator<Item = Finding>) -> Self {
        Self { store, findings: findings.into_iter().collect() }
    }

    fn is_healthy(&self) -> bool {
        self.findings.iter().all(|finding| is_choice(finding.code))
    }
}

/// To be known, but nothing is wrong: that no PIN is set, or no recovery code made, is the person's choice.
fn is_choice(code: Code) -> bool {
    matches!(code.as_str(), "no_pin" | "no_recovery_code")
}

pub(super) fn run(opening: &Opening<'_>, json: bool) -> Result<u8, Failure> {
    let folder = opening.home.wallet();
    let diagnosis = diagnose(opening, &folder)?;
    let aside = opening.storage().asides().map_or(0, |names| names.len());
    let object = || {
        json!({
            "healthy": diagnosis.is_healthy(), "store": diagnosis.store.name(), "setAside": aside,
            "findings": diagnosis.findings.iter().map(finding_json).collect::<Value>(),
            "secureArea": "software, not hardware",
        })
    };
    say(json, object, || text(&diagnosis, aside, &folder))?;
    Ok(if diagnosis.is_healthy() { 0 } else { EXIT_UNSOUND })
}

fn diagnose(opening: &Opening<'_>, folder: &Path) -> Result<Diagnosis, Failure> {
    if !home::is_there(folder)? {
        return Ok(Diagnosis::of(Store::None, []));
    }
    if !folder.is_dir() {
        let error = VaultError::Storage(StorageError::Io);
        return Ok(Diagnosis::of(Store::Closed, [Diagnosis::closed(error.code(), error.remedy_at_opening())]));
    }
    let storage = opening.storage();
    if !storage.is_there().map_err(VaultError::from)? {
        let aside = !storage.asides().map_err(VaultError::from)?.is_empty();
        // Keys of a store that something else took away; after a move aside it is meant to be so.
        let lost = SoftwareSecureArea::is_there(folder).unwrap_or(true) && !aside;
        let missing = Diagnosis::closed(Code::new("store_missing"), Remedy::Reset);
        return Ok(Diagnosis::of(if lost { Store::Closed } else { Store::None }, lost.then_some(missing)));
    }
    let opens = pollster::block_on(async {
        let opened = storage.open().await.map(drop).map_err(VaultError::from);
        // What is looked at next takes it again.
        let _ = storage.close().await;
        opened
    });
    let mut findings: Vec<Finding> =
        opens.err().map(|error| Diagnosis::closed(error.code(), error.remedy_at_opening())).into_iter().collect();
    let area = match opening.area() {
        Ok(area) => area,
        Err(Failure::Core { code, .. }) => {
            // Keys that lie there are under a key file: a passphrase was given for them.
            let no_passphrase = code.as_str() == "key_not_found" && opening.open.passphrase_file.is_some();
            let code = if no_passphrase { Code::new("passphrase_not_set") } else { code };
            let other_seal = no_passphrase || code.as_str() == "key_locked";
            let remedy = if other_seal { Remedy::UnlockOtherwise } else { Remedy::Reset };
            findings.push(Diagnosis::closed(code, remedy));
            return Ok(Diagnosis::of(Store::Closed, findings));
        }
        Err(failure) => return Err(failure),
    };
    if !findings.is_empty() {
        return Ok(Diagnosis::of(Store::Closed, findings));
    }
    pollster::block_on(look(opening, area))
}

async fn look(opening: &Opening<'_>, area: SoftwareSecureArea) -> Result<Diagnosis, Failure> {
    let vault = match opening.vault(opening.storage(), Arc::new(area)).await {
        Ok(vault) => vault,
        Err(error) => {
            return Ok(Diagnosis::of(Store::Closed, [Diagnosis::closed(error.code(), error.remedy_at_opening())]));
        }
    };
    let mut findings = Vec::new();
    if vault.is_locked()
        && let Err(error) = unlock(&vault, opening).await?
    {
        findings.push(Diagnosis::closed(error.code(), error.remedy()));
    }
    let looked = vault.examine().await;
    if vault.unlock_state().pin && !vault.unlock_state().recovery {
        findings.push(Diagnosis::closed(Code::new("no_recovery_code"), Remedy::Know));
    }
    // What was acknowledged stands without it.
    let _ = vault.close().await;
    match looked {
        Ok(found) => {
            let known = |finding: &Finding| findings.iter().all(|other| other.code != finding.code);
            let more: Vec<Finding> = found.findings.into_iter().filter(known).collect();
            findings.extend(more);
            Ok(Diagnosis::of(if found.locked { Store::Locked } else { Store::Open }, findings))
        }
        Err(error) => {
            findings.push(Diagnosis::closed(error.code(), error.remedy()));
            Ok(Diagnosis::of(Store::Closed, findings))
        }
    }
}

/// By what was given, or what is typed; Enter alone leaves it locked.
async fn unlock(vault: &Vault, opening: &Opening<'_>) -> Result<Result<(), VaultError>, Failure> {
    let open = opening.open;
    if let (None, Some(path)) = (&open.pin_file, &open.code_file) {
        let code = terminal::secret("", Some(path), "--code-file")?;
        return Ok(match RecoveryCode::parse(&code) {
            Ok(code) => vault.unlock_with_recovery_code(&code).await,
            Err(error) => Err(error.into()),
        });
    }
    let locked = vault.unlock_state().pin_wait > 0;
    let pin = match &open.pin_file {
        Some(path) => terminal::secret("", Some(path), "--pin-file")?,
        None if terminal::is_here() && !locked => terminal::ask("PIN (Enter: look at the outside only): ")?,
        None => return Ok(Ok(())),
    };
    if pin.is_empty() {
        return Ok(Ok(()));
    }
    Ok(match Pin::parse(pin.as_bytes()) {
        Ok(pin) => vault.unlock_with_pin(&pin).await,
        Err(error) => Err(error.into()),
    })
}

const fn remedy(remedy: Remedy) -> &'static str {
    match remedy {
        Remedy::AskIssuersAgain => "ask_issuers_again",
        Remedy::CloseOther => "close_other",
        Remedy::FreeDisk => "free_disk",
        Remedy::Know => "know",
        Remedy::Repair => "repair",
        Remedy::Reset => "reset",
        Remedy::TryAgain => "try_again",
        Remedy::UnlockOtherwise => "unlock_otherwise",
        Remedy::Update => "update",
    }
}

fn finding_json(finding: &Finding) -> Value {
    let (what, todo) = words(finding);
    json!({"code": finding.code.as_str(), "count": finding.count, "remedy": remedy(finding.remedy), "what": what, "do": todo})
}

fn text(diagnosis: &Diagnosis, aside: usize, folder: &Path) -> String {
    let head = match (diagnosis.store, diagnosis.is_healthy()) {
        (Store::None, true) => format!("There is no wallet in {} yet.\n", folder.display()),
        (Store::Locked, true) => {
            "Nothing is wrong, as far as it can be seen from outside; with --pin-file more is looked at.\n".into()
        }
        (_, true) => "Nothing is wrong.\n".into(),
        (Store::Closed, false) => "This store does not open.\n".into(),
        (_, false) => "Something is wrong.\n".into(),
    };
    let mut text = head;
    for finding in &diagnosis.findings {
        let (what, todo) = words(finding);
        text.push_str(&format!("\n  {}: {what}\n    -> {todo}\n", finding.code));
    }
    if aside > 0 {
        text.push_str(&format!("\nStores moved aside in this folder: {aside} (`rid vault wipe` destroys them, too)\n"));
    }
    text.push_str("Keys: in software, NOT hardware\n");
    text
}

/// What a finding means, and what can be done, in words.
fn words(finding: &Finding) -> (String, &'static str) {
    let Finding { code, count, .. } = *finding;
    let what = match code.as_str() {
        "biometric_lost" => "the key of the biometric unlock method is gone".into(),
        "copies_damaged" => format!("{count} copies cannot be read; the others can"),
        "credentials_damaged" => format!("{count} credentials cannot be read; the others can"),
        "credentials_missing" => "credentials are missing or of an earlier time".into(),
        "history_broken" => format!("the history was altered; the first place that does not check: {count}"),
        "history_missing" => "rows of the history are missing or of an earlier time".into(),
        "key_envelope_corrupt" => {
            "the file with the wrapped keys is missing, cut or altered, in both generations".into()
        }
        "key_locked" => "a passphrase seals the software keys, and none or another was given".into(),
        "key_mismatch" => "the keys here are another device's".into(),
        "key_not_found" => "the keys that sealed this store, or their key file, are not here".into(),
        "key_unavailable" => "the software keys do not open: the key file is another one, or a file is damaged".into(),
        "no_recovery_code" => "no recovery code is made: a forgotten PIN is then the end of this store".into(),
        "passphrase_not_set" => {
            "nothing here belongs to a passphrase: a key file seals these keys, or `software-keys.passphrase` is lost"
                .into()
        }
        "no_pin" => "no PIN is set: whoever has this folder and its keys opens it".into(),
        "pin_wait" => format!("wrong PINs: the next one is taken in {count} seconds"),
        "pin_wrong" => "the PIN is wrong; it was counted".into(),
        "records_damaged" => format!("{count} small records cannot be read"),
        "records_missing" => "small records are missing or of an earlier time".into(),
        "schema_newer" => "a newer version of this software wrote it; nothing was touched".into(),
        "storage_corrupt" => "part of the database cannot be read, or it is empty where records should be".into(),
        "storage_full" => "the disk is full".into(),
        "storage_io" => {
            "the folder or its files cannot be used (a file where the folder should be? a failing disk?)".into()
        }
        "storage_locked" => "another program has it open".into(),
        "storage_readonly" => "the folder cannot be written".into(),
        "storage_rollback" => "the files are of an earlier time than the keys: something put them back".into(),
        "store_missing" => {
            "keys are here, but neither database nor envelope: something else took the store away".into()
        }
        other => other.into(),
    };
    (what, advice(finding))
}

fn advice(finding: &Finding) -> &'static str {
    match (finding.code.as_str(), finding.remedy) {
        ("no_pin", _) => "rid vault pin set",
        ("no_recovery_code", _) => "rid vault code",
        ("passphrase_not_set", _) => "leave --passphrase-file out and give the --key-file, or put the lost file back",
        ("key_locked", _) => "give --passphrase-file, with the passphrase that was set, and no --key-file",
        ("key_not_found" | "key_unavailable", _) => {
            "give the right --key-file or put the files back; else `rid vault reset` moves all aside and starts over"
        }
        (_, Remedy::Repair) => {
            "`rid vault repair` copies what can be read into a new database and keeps the old files; then ask issuers for what is lost"
        }
        ("storage_corrupt" | "key_envelope_corrupt", _) => {
            "put the lost file back if you can; else `rid vault reset` moves all aside (deletes nothing), and `rid vault recover FOLDER` \
             or `rid vault import-recovery FILE` brings back history, settings and what to ask issuers for"
        }
        ("pin_wrong" | "pin_form", _) => "give the right --pin-file, or --code-file",
        ("pin_wait", _) => "wait, or `rid vault pin set` with the recovery code",
        (_, Remedy::AskIssuersAgain) => {
            "delete what cannot be read (`rid wallet delete ID`) and ask its issuer again (`rid enrol`)"
        }
        (_, Remedy::CloseOther) => "close the other program",
        (_, Remedy::FreeDisk) => "make room, or make the folder a folder that can be written",
        (_, Remedy::Know) => "nothing can be done; it is to be known",
        (_, Remedy::Reset) => {
            "`rid vault reset` moves the files aside (deletes nothing) and starts over; `rid vault recover FOLDER` or `rid vault \
             import-recovery FILE` brings back history, settings and what to ask issuers for"
        }
        (_, Remedy::TryAgain) => "try again later",
        (_, Remedy::UnlockOtherwise) => "unlock by another method: --pin-file or --code-file",
        (_, Remedy::Update) => "install the newer version",
    }
}
