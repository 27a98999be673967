//! COSE containers (RFC 9052): `COSE_Sign1`, `COSE_Mac0`, `COSE_Key`. No cryptography: bytes to be signed come out, signatures go in.
mod container;
mod key;

pub use container::{CoseError, Header, Mac0, Sign1, mac_structure, protected_header, sig_structure};
pub use key::Key;
