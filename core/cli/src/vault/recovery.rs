//! Recovery files, recovery from a folder, new keys and repair.
use std::{path::Path, sync::Arc};

use rid_shell::SqliteStorage;
use rid_vault::VaultError;
use rid_wallet::view::RecoveryResult;
use serde_json::{Value, json};
use zeroize::Zeroizing;

use super::{Opened, say};
use crate::{args::OpenArguments, failure::Failure, home, input, terminal, verdict::printable};

fn code(open: &OpenArguments) -> Result<Zeroizing<String>, Failure> {
    terminal::secret("Recovery code: ", open.code_file.as_deref(), "--code-file")
}

pub(super) fn export_recovery(
    opened: &Opened,
    open: &OpenArguments,
    out: &Path,
    force: bool,
    json: bool,
) -> Result<u8, Failure> {
    home::check_out("--out", out, force)?;
    let container = pollster::block_on(opened.0.export_recovery(code(open)?.as_str().into()))?;
    home::write(out, &container)?;
    say(
        json,
        || json!({"file": out.display().to_string(), "bytes": container.len()}),
        || format!("written to {}: it opens with the recovery code, on any device; no key is in it\n", out.display()),
    )
    .map(|()| 0)
}

pub(super) fn import_recovery(opened: &Opened, open: &OpenArguments, file: &Path, json: bool) -> Result<u8, Failure> {
    let container = input::file(file)?;
    let brought = pollster::block_on(opened.0.import_recovery(code(open)?.as_str().into(), container))?;
    say(json, || brought_json(&brought), || brought_text(&brought)).map(|()| 0)
}

fn brought_json(brought: &RecoveryResult) -> Value {
    let recipes = brought.to_reissue.iter().map(|recipe| {
        json!({"issuer": recipe.issuer, "format": recipe.format, "kind": recipe.kind, "name": recipe.name, "copies": recipe.copies})
    });
    json!({"recipes": recipes.collect::<Value>(), "history": brought.history, "settings": brought.settings})
}

fn brought_text(brought: &RecoveryResult) -> String {
    let mut text = format!("{} rows of history, {} settings\n", brought.history, brought.settings);
    if !brought.to_reissue.is_empty() {
        text.push_str("Ask these issuers again (`rid enrol`); keys and documents never travel:\n");
    }
    for recipe in &brought.to_reissue {
        text.push_str(&format!(
            "  {} from {}, {} copies\n",
            printable(&recipe.name),
            printable(&recipe.issuer),
            recipe.copies
        ));
    }
    text
}

pub(super) fn rotate(opened: &Opened, json: bool) -> Result<u8, Failure> {
    pollster::block_on(opened.0.rotate_keys())?;
    let text = "Everything is sealed under new keys; PIN and code stay.\n";
    say(json, || json!({"rotated": true}), || text.into()).map(|()| 0)
}

pub(super) fn repair(opened: &Opened, yes: bool, json: bool) -> Result<u8, Failure> {
    let question =
        "Copy what can be read into a new database? What cannot is accepted as lost; the old files are kept aside.";
    if !yes && !terminal::confirmed(question)? {
        return Err(Failure::usage("nothing was changed"));
    }
    let lost = pollster::block_on(opened.0.repair())?;
    let object = || json!({"lost": {"copies": lost.copies, "credentials": lost.credentials, "history": lost.history, "records": lost.records}});
    let text = || {
        format!(
            "Repaired. Lost: {} copies, {} credentials, {} entries of the history, {} small records. Ask the issuers for documents without \
             a copy again (`rid enrol`).\n",
            lost.copies, lost.credentials, lost.history, lost.records
        )
    };
    say(json, object, text).map(|()| 0)
}

/// What is left to do where the old folder has lost its database.
const NO_DATABASE: &str = "its database, store.db, is missing or cannot be read, so the code alone brings nothing back; \
    import a recovery file: `rid vault import-recovery FILE`";

pub(super) fn recover(opened: &Opened, open: &OpenArguments, folder: &Path, json: bool) -> Result<u8, Failure> {
    let storage = Arc::new(SqliteStorage::new(folder));
    if !storage.is_there().map_err(VaultError::from)? {
        return Err(Failure::usage(format!("{}: no wallet's files here", folder.display())));
    }
    let code = code(open)?;
    let brought = pollster::block_on(opened.0.recover_from(storage, code.as_str().into())).map_err(|error| {
        let code = error.code();
        match code.as_str() {
            "storage_corrupt" => Failure::advised("old folder", code, NO_DATABASE),
            _ => error.into(),
        }
    })?;
    say(json, || brought_json(&brought), || brought_text(&brought)).map(|()| 0)
}
