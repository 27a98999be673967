//! Secrets and confirmations from the terminal or a file. Never from arguments or the environment, which other users
//! can see.
use std::{
    io::{BufRead, IsTerminal, Read, Write},
    path::Path,
};

use zeroize::Zeroizing;

use crate::failure::Failure;

/// The longest secret in a file.
const MAX_SECRET: u64 = 4096;

/// Whether a person can be asked.
pub(crate) fn is_here() -> bool {
    std::io::stdin().is_terminal() && std::io::stdout().is_terminal()
}

/// Reads the first line of a file, or asks without an echo.
pub(crate) fn secret(prompt: &str, file: Option<&Path>, flag: &str) -> Result<Zeroizing<String>, Failure> {
    match file {
        Some(path) => read(path),
        None if is_here() => ask(prompt),
        None => Err(Failure::usage(format!("nobody is here to be asked: no terminal and no {flag}"))),
    }
}

/// Asks without an echo. Enter alone gives an empty secret.
pub(crate) fn ask(prompt: &str) -> Result<Zeroizing<String>, Failure> {
    let typed = rpassword::prompt_password(prompt).map_err(|error| Failure::file(Path::new("terminal"), error))?;
    Ok(Zeroizing::new(typed))
}

/// Reads a new secret from a file, or asks for it twice.
pub(crate) fn new_secret(what: &str, file: Option<&Path>, flag: &str) -> Result<Zeroizing<String>, Failure> {
    let first = secret(&format!("New {what}: "), file, flag)?;
    if file.is_none() && *ask(&format!("New {what} again: "))? != *first {
        return Err(Failure::usage("the two are not the same; nothing was changed"));
    }
    Ok(first)
}

/// Asks a question that `y` confirms.
pub(crate) fn confirmed(question: &str) -> Result<bool, Failure> {
    confirmed_by(question, "--yes")
}

/// Asks a question that `y` or this flag confirms.
pub(crate) fn confirmed_by(question: &str, flag: &str) -> Result<bool, Failure> {
    if !std::io::stdin().is_terminal() {
        return Err(Failure::usage(format!("nobody is here to confirm: no terminal and no {flag}")));
    }
    let fail = |error| Failure::file(Path::new("terminal"), error);
    let mut stdout = std::io::stdout();
    write!(stdout, "{question} [y/N] ").and_then(|()| stdout.flush()).map_err(fail)?;
    let mut line = String::new();
    std::io::stdin().lock().read_line(&mut line).map_err(fail)?;
    Ok(matches!(line.trim(), "y" | "Y" | "yes"))
}

fn read(path: &Path) -> Result<Zeroizing<String>, Failure> {
    let fail = |error| Failure::file(path, error);
    let file = std::fs::File::open(path).map_err(fail)?;
    // Reserve all room at once: a buffer that grows leaves copies behind.
    let mut bytes = Zeroizing::new(Vec::with_capacity(usize::try_from(MAX_SECRET).unwrap_or(0) + 32));
    file.take(MAX_SECRET + 1).read_to_end(&mut bytes).map_err(fail)?;
    let line = bytes.split(|byte| *byte == b'\n').next().unwrap_or_default();
    let line = line.strip_suffix(b"\r").unwrap_or(line);
    match std::str::from_utf8(line) {
        Ok(text) if line.len() <= usize::try_from(MAX_SECRET).unwrap_or(0) => Ok(Zeroizing::new(text.to_owned())),
        _ => Err(Failure::usage(format!("{}: not one line of text", path.display()))),
    }
}
