//! A peer process that answers JSON lines.
use std::{
    io::{BufRead, BufReader, Write},
    process::{Child, ChildStdin, ChildStdout, Command, Output, Stdio},
};

use serde_json::Value;

/// The reason why a peer gave no answer.
#[derive(Clone, Debug, thiserror::Error)]
#[non_exhaustive]
pub enum PeerError {
    /// The process exited or wrote something that is not an answer.
    #[error("broken: {0}")]
    Broken(String),
    /// The peer refused, with its own message.
    #[error("refused: {0}")]
    Refused(String),
    /// The runtime of the peer is missing, or its packages cannot be installed.
    #[error("skipped: {0}")]
    Skipped(String),
}

/// A running process that answers each line, one JSON object, with another. It is ended on drop.
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
        // It may have exited already.
        _ = self.child.kill();
        _ = self.child.wait();
    }
}

/// The complete output of a command.
pub(crate) fn words(output: &Output) -> String {
    format!("{}{}", String::from_utf8_lossy(&output.stdout), String::from_utf8_lossy(&output.stderr))
}

pub(crate) fn broken(error: impl ToString) -> PeerError {
    PeerError::Broken(error.to_string())
}
