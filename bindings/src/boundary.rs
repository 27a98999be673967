//! Between the facades and the C boundary: a panic becomes a named error without text, and every failure a line of the
//! log.
use std::{
    future::Future,
    panic::{AssertUnwindSafe, catch_unwind},
    pin::pin,
    sync::Once,
    task::Poll,
};

use rid_wire::Code;

use crate::{
    log::{LogLevel, note},
    types::RidError,
};

/// An error of the boundary.
pub(crate) trait BoundaryError {
    /// `Bug { code }`.
    fn bug(code: Code) -> Self;

    /// How loud it is, and its code.
    fn line(&self) -> (LogLevel, Code);
}

impl BoundaryError for RidError {
    fn bug(code: Code) -> Self {
        Self::Bug { code }
    }

    fn line(&self) -> (LogLevel, Code) {
        let code = self.code();
        let level = if matches!(self, Self::Bug { .. }) { LogLevel::Defect } else { LogLevel::of(code) };
        (level, code)
    }
}

const PANIC: Code = Code::new("panic");

pub(crate) fn guard<T, E: BoundaryError, F: Into<E>>(
    operation: &'static str,
    work: impl FnOnce() -> Result<T, F>,
) -> Result<T, E> {
    hush();
    let ended = catch_unwind(AssertUnwindSafe(work));
    noted(operation, ended.map_or_else(|_| Err(E::bug(PANIC)), |ended| ended.map_err(Into::into)))
}

pub(crate) async fn guard_async<T, E: BoundaryError, F: Into<E>>(
    operation: &'static str,
    work: impl Future<Output = Result<T, F>>,
) -> Result<T, E> {
    hush();
    let mut work = pin!(work);
    let ended = std::future::poll_fn(|context| {
        catch_unwind(AssertUnwindSafe(|| work.as_mut().poll(context).map_err(Into::into)))
            .unwrap_or_else(|_| Poll::Ready(Err(E::bug(PANIC))))
    })
    .await;
    noted(operation, ended)
}

/// For methods that cannot fail: a panic in them is swallowed, and the next call says `broken`.
pub(crate) fn quietly(work: impl FnOnce()) {
    hush();
    // The caller can do nothing about it.
    let _ = catch_unwind(AssertUnwindSafe(work));
}

fn noted<T, E: BoundaryError>(operation: &'static str, ended: Result<T, E>) -> Result<T, E> {
    if let Err(error) = &ended {
        let (level, code) = error.line();
        note(level, operation, code);
    }
    ended
}

/// A panic's text may hold a value: the hook of this library prints file and line only.
fn hush() {
    static ONCE: Once = Once::new();
    ONCE.call_once(|| {
        std::panic::set_hook(Box::new(|panic| {
            if let Some(place) = panic.location() {
                eprintln!("panic at {}:{}", place.file(), place.line());
            }
        }));
    });
}
