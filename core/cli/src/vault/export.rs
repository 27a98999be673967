use std::{io::Read, path::Path};

use rid_trust::Environment;
use rid_wallet::{ExportError, ExportVerdict, verify_export};
use rid_wire::Code;
use serde_json::{Value, json};

use super::{Opened, say};
use crate::{
    failure::{EXIT_FAILED, EXIT_UNSOUND, Failure},
    home, verdict,
};

/// Largest export read.
const MAX_FILE: u64 = 64 << 20;

pub(super) fn export(opened: &Opened, out: Option<&Path>, json: bool) -> Result<u8, Failure> {
    let file = pollster::block_on(opened.0.export_history())?;
    let Some(out) = out.filter(|out| *out != Path::new("-")) else {
        return verdict::write_out(&format!("{file}\n")).map(|()| 0);
    };
    // What is told of it is what anybody else will read in it.
    let made = verify_export(&file).map_err(|error| Failure::core("export", error.code()))?;
    home::write(out, file.as_bytes())?;
    say(
        json,
        || json!({"file": out.display().to_string(), "rows": made.rows, "whole": made.whole, "key": made.thumbprint()}),
        || {
            format!(
                "{} rows written to {}\nkey of this file: {}\n(tell it to whoever gets the file; `rid vault verify FILE --key ...` \
                 holds the file to it)\n",
                made.rows,
                out.display(),
                made.thumbprint()
            )
        },
    )
    .map(|()| 0)
}

/// Judges an export by itself. Exit 0: unaltered, of a whole history; 1: refused; 3: unaltered, of a broken history.
pub(super) fn verify(file: &Path, key: Option<&str>, json: bool) -> Result<u8, Failure> {
    match judge(&read(file)?, key) {
        Ok(made) => {
            let (word, exit) = if made.whole { ("accepted", 0) } else { ("broken", EXIT_UNSOUND) };
            say(json, || accepted_json(&made, word), || accepted_text(&made, word)).map(|()| exit)
        }
        Err((code, seq)) => {
            let place = seq.map(|seq| format!(" at place {seq}")).unwrap_or_default();
            let object = || json!({"verdict": "refused", "code": code.as_str(), "firstBroken": seq});
            say(json, object, || format!("VERDICT: refused ({code}{place})\n")).map(|()| EXIT_FAILED)
        }
    }
}

fn judge(file: &[u8], key: Option<&str>) -> Result<ExportVerdict, (Code, Option<u64>)> {
    let refused = |error: ExportError| match error {
        ExportError::Sequence { seq } => (error.code(), Some(seq)),
        ExportError::Form | ExportError::Signature => (error.code(), None),
    };
    let text = std::str::from_utf8(file).map_err(|_| refused(ExportError::Form))?;
    let made = verify_export(text).map_err(refused)?;
    match key {
        Some(key) if key != made.thumbprint() => Err((Code::new("export_key"), None)),
        _ => Ok(made),
    }
}

const fn environment(made: &ExportVerdict) -> &'static str {
    match made.environment {
        Environment::Production => "production",
        Environment::Test => "test",
    }
}

fn accepted_json(made: &ExportVerdict, word: &str) -> Value {
    json!({
        "verdict": word, "code": null, "rows": made.rows, "whole": made.whole, "firstBroken": made.first_broken,
        "made": made.made.to_tdate(), "environment": environment(made), "key": made.thumbprint(),
    })
}

fn accepted_text(made: &ExportVerdict, word: &str) -> String {
    let state = made.first_broken.map_or_else(
        || "the history was whole when it was written".into(),
        |seq| format!("not altered since, but the history was broken already; the first place: {seq}"),
    );
    format!(
        "VERDICT: {word}\n{} rows, written {}, environment: {}\n{state}\nkey: {}\n(anybody can sign a history of their own with a key of \
         their own: compare this with what was told when the file was made)\n",
        made.rows,
        made.made,
        environment(made),
        made.thumbprint()
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
