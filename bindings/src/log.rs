//! The log as an app takes it: codes and names of operations, never a value.
use std::sync::{Arc, PoisonError, RwLock};

use rid_wire::Code;

/// How loud a line is. The code alone decides (spec/errors.md).
#[derive(Clone, Copy, Debug, PartialEq, Eq, uniffi::Enum)]
pub enum LogLevel {
    /// A defect of the app or of this library: report it to the developers.
    Defect,
    /// Part of ordinary use: no action is needed.
    Expected,
    /// The app shows it to the person, who decides what happens next.
    Person,
}

/// Codes that only a mistake in the app or in this library causes.
const DEFECTS: &[&str] = &[
    "ask_invalid",
    "broken",
    "busy",
    "closed",
    "code_of_the_app",
    "consent_binding",
    "consent_selection",
    "crypto_length",
    "evidence_missing",
    "internal",
    "kind_unknown",
    "not_asked",
    "panic",
    "profile_invalid",
    "reader_chain_missing",
    "text_invalid",
    "transport_mtu",
    "trust_environment",
];

/// Codes of an ordinary end or of a call that can be repeated.
const EXPECTED: &[&str] = &[
    "cancelled",
    "consent_expired",
    "done",
    "interrupted",
    "key_busy",
    "key_cancelled",
    "locked",
    "offline",
    "session_closed",
    "session_terminated",
    "transport_disconnected",
];

impl LogLevel {
    /// The level of a code; a code in neither list is shown to the person.
    pub(crate) fn of(code: Code) -> Self {
        if DEFECTS.contains(&code.as_str()) {
            Self::Defect
        } else if EXPECTED.contains(&code.as_str()) {
            Self::Expected
        } else {
            Self::Person
        }
    }
}

/// One line of the log. It holds no personal data, whatever happened.
#[derive(Clone, Debug, PartialEq, Eq, uniffi::Record)]
pub struct LogRecord {
    /// How loud.
    pub level: LogLevel,
    /// The method, `wallet.open`.
    pub operation: String,
    /// The code of its error.
    pub code: String,
}

/// The app's log failed. The failure is dropped.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error, uniffi::Error)]
pub enum LogError {
    /// It threw.
    #[error("callback_failed")]
    Failed,
}

impl From<uniffi::UnexpectedUniFFICallbackError> for LogError {
    fn from(_: uniffi::UnexpectedUniFFICallbackError) -> Self {
        Self::Failed
    }
}

/// Takes the lines of the log. Called on whatever thread failed: return at once.
#[uniffi::export(foreign)]
pub trait LogSink: Send + Sync {
    /// One line.
    fn log(&self, record: LogRecord) -> Result<(), LogError>;
}

static SINK: RwLock<Option<Arc<dyn LogSink>>> = RwLock::new(None);

/// Sends the lines of all wallets and readers of this process to `sink`; `None`: nowhere, as at the start.
#[uniffi::export]
pub fn log_to(sink: Option<Arc<dyn LogSink>>) {
    crate::boundary::quietly(|| *SINK.write().unwrap_or_else(PoisonError::into_inner) = sink);
}

pub(crate) fn note(level: LogLevel, operation: &str, code: Code) {
    let sink = SINK.read().unwrap_or_else(PoisonError::into_inner).clone();
    if let Some(sink) = sink {
        let record = LogRecord { level, operation: operation.into(), code: code.as_str().into() };
        // A log that fails must not make anything else fail.
        let _ = sink.log(record);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The codes of `spec/errors.md`.
    fn listed() -> Vec<&'static str> {
        let rows = include_str!("../../spec/errors.md").lines().filter_map(|line| line.strip_prefix("| `"));
        rows.filter_map(|row| row.split('`').next()).collect()
    }

    #[test]
    fn neg_t06_a_wrong_or_weak_pin_is_no_defect() {
        let pins: Vec<&str> = listed().into_iter().filter(|code| code.starts_with("pin_")).collect();
        assert!(pins.contains(&"pin_wrong") && pins.contains(&"pin_weak"), "{pins:?}");
        for prefix in ["pin_", "backup_", "recovery_", "storage_", "mdoc_", "cert_", "device_"] {
            for code in listed().into_iter().filter(|code| code.starts_with(prefix)) {
                assert_eq!(LogLevel::of(Code::new(code)), LogLevel::Person, "{code}");
            }
        }
    }

    #[test]
    fn neg_t06_an_ordinary_end_is_no_defect_and_a_mistake_of_the_app_is_one() {
        for code in ["cancelled", "locked", "session_closed"] {
            assert_eq!(LogLevel::of(Code::new(code)), LogLevel::Expected, "{code}");
        }
        for code in ["busy", "consent_binding", "panic"] {
            assert_eq!(LogLevel::of(Code::new(code)), LogLevel::Defect, "{code}");
        }
    }

    #[test]
    fn every_code_with_a_level_of_its_own_is_a_code() {
        let listed = listed();
        for code in DEFECTS.iter().chain(EXPECTED) {
            assert!(listed.contains(code), "{code} is not in spec/errors.md");
        }
    }

    #[cfg(feature = "wallet")]
    #[test]
    fn neg_t06_the_variant_of_a_wallet_error_does_not_decide() {
        use crate::{boundary::BoundaryError, types::RidError};

        let wrong = RidError::BadInput { code: Code::new("pin_wrong") };
        assert_eq!(wrong.line().0, LogLevel::Person);
        let selection = RidError::BadInput { code: Code::new("consent_selection") };
        assert_eq!(selection.line().0, LogLevel::Defect);
        let bug = RidError::Bug { code: Code::new("storage_io") };
        assert_eq!(bug.line().0, LogLevel::Defect);
    }
}
