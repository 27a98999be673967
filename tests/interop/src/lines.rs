//! A peer process that is spoken to in lines.
use std::{
    io::{BufRead, BufReader, Write},
    process::{Child, ChildStdin, ChildStdout, Command, Output, Stdio},
};

use serde_json::Value;

/// Why a peer gave no answer.
#[derive(Clone, Debug, thiserror::Error)]
#[non_exhaustive]
pub enum PeerError {
    /// The process ended or wrote something that is no answer.
    #[error("broken: {0}")]
    Broken(String),
    /// The peer refused to do it; its own words.
    #[error("refused: {0}")]
    Refused(String),
    /// What the peer runs on is missing, or its packages cannot be installed.
    #[error("skipped: {0}")]
    Skipped(String),
}

/// A running process that answers one JSON object a line with one. It ends when this is dropped.
pub(crate) struct Lines {
    child: Child,
    input: ChildStdin,
    output: BufReader<ChildStdout>,
}

impl Lines {
    pub(crate) fn start(command: &mut Command) -> Result<Self, PeerError> {
        let mut child = command.stdin(Stdio::piped()).stdout(Stdio::piped()).spawn().map_err(broken)?;
        let (Some(input), Some(output)) = (child.stdin.take(), child.stdout.take()) else {
            return Err(PeerError::Broken("no pipes".into()));
        };
        Ok(Self { child, input, output: BufReader::new(output) })
    }

    pub(crate) fn call(&mut self, request: &Value) -> Result<Value, PeerError> {
        writeln!(self.input, "{request}").map_err(broken)?;
        self.input.flush().map_err(broken)?;
        let mut line = String::new();
        if self.output.read_line(&mut line).map_err(broken)? == 0 {
            return Err(PeerError::Broken("the process has ended (its words are on stderr)".into()));
        }
        let answer: Value = serde_json::from_str(&line).map_err(broken)?;
        if answer.get("ok") == Some(&Value::Bool(true)) {
            return Ok(answer);
        }
        Err(PeerError::Refused(answer.get("error").and_then(Value::as_str).unwrap_or("no reason given").into()))
    }
}

impl Drop for Lines {
    fn drop(&mut self) {
        // It may have ended by itself already.
        _ = self.child.kill();
        _ = self.child.wait();
    }
}

/// Everything a command printed.
pub(crate) fn words(output: &Output) -> String {
    format!("{}{}", String::from_utf8_lossy(&output.stdout), String::from_utf8_lossy(&output.stderr))
}

pub(crate) fn broken(error: impl ToString) -> PeerError {
    PeerError::Broken(error.to_string())
}
