//! Runs the binary in a folder of its own.
#![allow(dead_code, reason = "each test binary uses a part of it")]

use std::process::{Command, Output, Stdio};

pub(crate) use rid_kit::Folder as Scratch;
use rid_kit::vector_path;
use serde_json::Value;

/// The path of a published vector.
pub(crate) fn vector(name: &str) -> String {
    vector_path(name).display().to_string()
}

/// Runs `rid` in this folder, without a terminal.
pub(crate) fn run(scratch: &Scratch, arguments: &[&str]) -> Output {
    command(scratch, arguments).output().unwrap()
}

pub(crate) fn command(scratch: &Scratch, arguments: &[&str]) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_rid"));
    command.args(arguments).current_dir(&scratch.0).stdin(Stdio::null());
    command
}

/// The exit code and the printed JSON.
pub(crate) fn json(scratch: &Scratch, arguments: &[&str]) -> (i32, Value) {
    let output = run(scratch, arguments);
    let text = String::from_utf8(output.stdout).unwrap();
    let value = serde_json::from_str(&text)
        .unwrap_or_else(|error| panic!("{error}: {text}\n{}", String::from_utf8_lossy(&output.stderr)));
    (output.status.code().unwrap(), value)
}
