//! The IO: SQLite storage on a thread of its own, clock, timer, randomness, and a software secure area for desktops.
//!
//! ```text
//! SqliteStorage: store.db, envelope.a, envelope.b, lock     SoftwareSecureArea: key files     SystemClock, OsRng
//!        └──────────────── ports of rid_flow ──────────────────────┴──────────────────────────────┘
//! ```
//!
//! [`SoftwareSecureArea`] is **not hardware**: whoever has its files, and the key file or passphrase they are sealed
//! under, has the keys. It exists so that the whole product runs on a desktop and in tests; phones bring their own
//! [`rid_flow::ports::SecureArea`]. No decision of a protocol belongs here.

mod clock;
mod durable;
mod envelope;
mod folder;
#[cfg(feature = "http")]
mod http;
mod random;
mod software_area;
mod sqlite;
#[cfg(test)]
mod testing;

pub use clock::{SystemClock, SystemTimer};
#[cfg(feature = "http")]
pub use http::HttpClient;
pub use random::OsRng;
pub use software_area::{Sealing, SoftwareSecureArea};
pub use sqlite::SqliteStorage;
