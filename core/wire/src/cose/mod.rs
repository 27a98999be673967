//! COSE containers (RFC 9052): `COSE_Sign1`, `COSE_Mac0`, `COSE_Key`. No cryptography: bytes to be signed come out, signatures go in.
mod container;
mod error;
mod header;
mod key;

pub use container::{Mac0, Sign1, mac_structure, sig_structure};
pub use error::{ChainFault, CoseError};
pub use header::{Header, protected_header};
pub use key::Key;
