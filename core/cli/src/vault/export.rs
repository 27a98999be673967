//! Exports the history, and checks an export.
use std::{io::Read, path::Path};

use rid_trust::Environment;
use rid_wallet::{ExportError, ExportVerdict, verify_export};
use serde_json::json;

use super::{Opened, say};
use crate::{
    failure::{EXIT_FAILED, EXIT_UNSOUND, Failure},
    home, verdict,
};

/// Largest export read.
const MAX_FILE: u64 = 64 << 20;

pub(super) fn export(opened: &Opened, out: Option<&Path>, force: bool, json: bool) -> Result<u8, Failure> {
    let file = pollster::block_on(opened.0.export_history())?;
    let Some(out) = out.filter(|out| *out != Path::new("-")) else {
        return verdict::write_out(&file).map(|()| 0);
    };
    let made = verify_export(&file).map_err(|error| Failure::core("export", error.code()))?;
    home::check_out("--out", out, force)?;
    home::write(out, file.as_bytes())?;
    say(
        json,
        || json!({"file": out.display().to_string(), "rows": made.rows, "whole": made.whole}),
        || format!("{} rows written to {}\n", made.rows, out.display()),
    )
    .map(|()| 0)
}

/// Judges an export by itself. Exit 0: its lines belong together, of a whole history; 1: they do not; 3: they do, of a
/// broken history.
pub(super) fn verify(file: &Path, json: bool) -> Result<u8, Failure> {
    let text = String::from_utf8(read(file)?).map_err(|_| Failure::core("export", ExportError::Form.code()))?;
    match verify_export(&text) {
        Ok(made) => {
            let (word, exit) = if made.whole { ("consistent", 0) } else { ("broken", EXIT_UNSOUND) };
            let object = || {
                json!({
                    "verdict": word, "code": null, "rows": made.rows, "whole": made.whole, "firstBroken": made.first_broken,
                    "made": made.made.to_tdate(), "environment": environment(&made),
                })
            };
            say(json, object, || consistent(&made, word)).map(|()| exit)
        }
        Err(error) => {
            let code = error.code();
            let place = match error {
                ExportError::Chain { line } => format!(" at line {line}"),
                ExportError::Form => String::new(),
                ExportError::Sequence { seq } => format!(" at place {seq}"),
            };
            let object = || json!({"verdict": "refused", "code": code.as_str()});
            say(json, object, || format!("VERDICT: refused ({code}{place})\n")).map(|()| EXIT_FAILED)
        }
    }
}

const fn environment(made: &ExportVerdict) -> &'static str {
    match made.environment {
        Environment::Production => "production",
        Environment::Test => "test",
    }
}

fn consistent(made: &ExportVerdict, word: &str) -> String {
    let state = made.first_broken.map_or_else(
        || "the history was whole when it was written".into(),
        |seq| format!("the history was broken when it was written; the first place: {seq}"),
    );
    format!(
        "VERDICT: {word}\n{} rows, written {}, environment: {}\n{state}\nThe lines belong together. Anybody can write such a file: it does not \
         prove whose history it is.\n",
        made.rows,
        made.made,
        environment(made),
    )
}

fn read(path: &Path) -> Result<Vec<u8>, Failure> {
    let fail = |error| Failure::file(path, error);
    let mut bytes = Vec::new();
    std::fs::File::open(path).and_then(|file| file.take(MAX_FILE + 1).read_to_end(&mut bytes)).map_err(fail)?;
    if u64::try_from(bytes.len()).is_ok_and(|len| len <= MAX_FILE) {
        return Ok(bytes);
    }
    Err(Failure::usage(format!("{}: larger than 64 MiB", path.display())))
}
