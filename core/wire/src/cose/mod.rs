//! COSE containers (RFC 9052): `COSE_Sign1`, `COSE_Mac0`, `COSE_Key`.
//!
//! There is no cryptography here: the caller signs or verifies the bytes that [`sig_structure`] and [`mac_structure`]
//! give.
mod container;
mod error;
mod header;
mod key;

pub use container::{Mac0, Sign1, mac_structure, sig_structure};
pub use error::{ChainFault, CoseError};
pub use header::{Header, protected_header};
pub use key::Key;
