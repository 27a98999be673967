//! Progress output: lines for people, or for machines one JSON object per line with the verdict last.
use std::io::Write;

use serde_json::{Value, json};

use crate::{failure::Failure, verdict};

/// The output of one role.
#[derive(Clone)]
pub(crate) struct Say {
    json: bool,
    role: &'static str,
}

impl Say {
    pub(crate) const fn new(json: bool, role: &'static str) -> Self {
        Self { json, role }
    }

    /// Reports an event: a stable name and a text for people.
    pub(crate) fn line(&self, event: &str, text: &str) {
        self.event(event, text, Value::Null);
    }

    /// Reports an event with data, which are members beside `role`, `event` and `text`.
    pub(crate) fn event(&self, event: &str, text: &str, data: Value) {
        if self.json {
            let mut object = json!({"role": self.role, "event": event, "text": text});
            extend(&mut object, data);
            write(&format!("{object}\n"));
        } else {
            let indented: Vec<String> = text.lines().map(|line| format!("[{}] {line}\n", self.role)).collect();
            write(&indented.concat());
        }
    }

    /// Writes the last line for machines: event `verdict` with these members. People get another text.
    pub(crate) fn verdict(&self, data: Value) -> Result<(), Failure> {
        let mut object = json!({"role": self.role, "event": "verdict"});
        extend(&mut object, data);
        verdict::write_out(&format!("{object}\n"))
    }

    /// Shows the QR code, drawn and as text, and the port, which is not part of it.
    pub(crate) fn qr(&self, text: &str, drawn: &str, port: u16) {
        if self.json {
            write(&format!("{}\n", json!({"role": self.role, "event": "qr", "qr": text, "port": port})));
        } else {
            write(&format!("\n{drawn}\n[{0}] {text}\n[{0}] port (desktop link only): {port}\n", self.role));
        }
    }
}

fn extend(object: &mut Value, data: Value) {
    if let (Some(object), Value::Object(members)) = (object.as_object_mut(), data) {
        object.extend(members);
    }
}

fn write(text: &str) {
    // A closed stdout does not end the exchange.
    let mut stdout = std::io::stdout();
    let _ = stdout.write_all(text.as_bytes()).and_then(|()| stdout.flush());
}
