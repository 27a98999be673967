//! The log as an app takes it: codes and names of operations, never a value.
use std::sync::{Arc, PoisonError, RwLock};

use rid_wire::Code;

/// How loud a line is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, uniffi::Enum)]
pub enum LogLevel {
    /// A defect, of the app or of this library: for the developers.
    Defect,
    /// Part of ordinary life.
    Expected,
    /// Something the person is told.
    Person,
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

/// The app's log failed; nobody is told.
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
    crate::guard::quietly(|| *SINK.write().unwrap_or_else(PoisonError::into_inner) = sink);
}

pub(crate) fn note(level: LogLevel, operation: &str, code: Code) {
    let sink = SINK.read().unwrap_or_else(PoisonError::into_inner).clone();
    if let Some(sink) = sink {
        let record = LogRecord { level, operation: operation.into(), code: code.as_str().into() };
        // A log that fails must not make anything else fail.
        let _ = sink.log(record);
    }
}
