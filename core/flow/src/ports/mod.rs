//! The ports at the rim: traits the shell or native code implements. Async, object-safe, owned arguments, errors
//! without text.
mod clock;
mod http;
mod secure_area;
mod storage;

pub use clock::{Clock, ClockError, Timer};
pub use http::{Http, HttpError, HttpRequest, HttpResponse};
pub use secure_area::{
    KeyId, KeyInfo, KeySpec, KeyUse, Prompt, Secret32, SecureArea, SecureAreaError, UserAuth, derive_point, secret_from,
};
pub use storage::{Expect, Generation, Layout, Read, Row, RowKey, Storage, StorageError, Table, Transaction, Write};
