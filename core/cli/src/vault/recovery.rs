use std::path::Path;

use rid_wallet::view::RecoveredView;
use serde_json::{Value, json};
use zeroize::Zeroizing;

use super::{Opened, say};
use crate::{args::OpenArguments, failure::Failure, home, input, terminal, verdict::printable};

fn code(open: &OpenArguments) -> Result<Zeroizing<String>, Failure> {
    terminal::secret("Recovery code: ", open.code_file.as_deref(), "--code-file")
}

pub(super) fn take_along(opened: &Opened, open: &OpenArguments, out: &Path, json: bool) -> Result<u8, Failure> {
    let container = pollster::block_on(opened.0.export_recovery(code(open)?.as_str().into()))?;
    home::write(out, &container)?;
    say(
        json,
        || json!({"file": out.display().to_string(), "bytes": container.len()}),
        || format!("written to {}: it opens with the recovery code, on any device; no key is in it\n", out.display()),
    )
    .map(|()| 0)
}

pub(super) fn take_in(opened: &Opened, open: &OpenArguments, file: &Path, json: bool) -> Result<u8, Failure> {
    let container = input::file(file)?;
    let brought = pollster::block_on(opened.0.import_recovery(code(open)?.as_str().into(), container))?;
    say(json, || brought_json(&brought), || brought_text(&brought)).map(|()| 0)
}

fn brought_json(brought: &RecoveredView) -> Value {
    let recipes = brought.recipes.iter().map(|recipe| {
        json!({"issuer": recipe.issuer, "format": recipe.format, "kind": recipe.kind, "name": recipe.name, "copies": recipe.copies})
    });
    json!({"recipes": recipes.collect::<Value>(), "history": brought.history, "settings": brought.settings})
}

fn brought_text(brought: &RecoveredView) -> String {
    let mut text = format!("{} rows of history, {} settings\n", brought.history, brought.settings);
    if !brought.recipes.is_empty() {
        text.push_str("Ask these issuers again (`rid enrol`); keys and documents never travel:\n");
    }
    for recipe in &brought.recipes {
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

pub(super) fn give_up_copies(opened: &Opened, yes: bool, json: bool) -> Result<u8, Failure> {
    let question =
        "Give up every copy of every document? They stay listed; their issuers make new copies (`rid enrol`).";
    if !yes && !terminal::confirmed(question)? {
        return Err(Failure::usage("nothing was given up"));
    }
    let given_up = pollster::block_on(opened.0.give_up_copies())?;
    let text = if given_up {
        "All copies are given up; ask the issuers again (`rid enrol`).\n"
    } else {
        "The copies are as they were left: nothing was given up.\n"
    };
    say(json, || json!({"givenUp": given_up}), || text.into()).map(|()| 0)
}
