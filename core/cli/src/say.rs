//! What a long-running command tells while it runs: lines for people, JSON lines for machines.
use std::io::Write;

use serde_json::json;

/// One role's voice.
#[derive(Clone)]
pub(crate) struct Say {
    json: bool,
    role: &'static str,
}

impl Say {
    pub(crate) const fn new(json: bool, role: &'static str) -> Self {
        Self { json, role }
    }

    /// One event: a stable name and a text.
    pub(crate) fn line(&self, event: &str, text: &str) {
        if self.json {
            self.write(&format!("{}\n", json!({"role": self.role, "event": event, "text": text})));
        } else {
            let indented: Vec<String> = text.lines().map(|line| format!("[{}] {line}\n", self.role)).collect();
            self.write(&indented.concat());
        }
    }

    /// The QR code, drawn and as text, and the port that is told apart from it.
    pub(crate) fn qr(&self, text: &str, drawn: &str, port: u16) {
        if self.json {
            self.write(&format!("{}\n", json!({"role": self.role, "event": "qr", "qr": text, "port": port})));
        } else {
            self.write(&format!(
                "\n{drawn}\n[{}] {text}\n[{}] port (desktop link only): {port}\n",
                self.role, self.role
            ));
        }
    }

    fn write(&self, text: &str) {
        // A closed stdout ends nothing: the exchange goes on.
        let mut stdout = std::io::stdout();
        let _ = stdout.write_all(text.as_bytes()).and_then(|()| stdout.flush());
    }
}
