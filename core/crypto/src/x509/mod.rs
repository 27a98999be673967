//! X.509 (RFC 5280) with the profiles of ISO/IEC 18013-5 Annex B: strict parse, bounded path check, and a builder for the test PKI.
mod budget;
mod bundle;
#[cfg(feature = "dangerous")]
pub mod dangerous;
mod der;
mod extension;
mod name;
mod oid;
mod parse;
mod path;
mod pem;
#[cfg(feature = "dangerous")]
mod request;
pub(crate) mod spki;

pub use budget::SignatureBudget;
pub use bundle::Bundle;
#[cfg(feature = "dangerous")]
pub use dangerous::build;
pub use extension::{ExtendedKeyUsage, KeyUsage};
pub use name::Name;
pub use parse::Certificate;
pub use path::{MAX_CHAIN, PathPolicy, VerifiedPath, verify_path};
#[cfg(feature = "dangerous")]
pub use request::{CertificateRequest, Profile};

use rid_wire::Code;

/// Why a certificate or chain was refused.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
#[error("{}", self.code())]
pub enum X509Error {
    /// MD5, SHA-1, RSA of any size (outside ISO 18013-5's algorithms), an unknown curve or explicit parameters (neg-F15).
    Alg,
    /// More candidates or signature checks than the budget (neg-F06).
    Budget,
    /// Extended key usage is not the one the role needs (neg-F04).
    Eku,
    /// Its validity is over at the time of the check (neg-F01).
    Expired,
    /// DER or extension rules broken: duplicates, unknown critical extension, negative serial.
    Form,
    /// The key usage of the signer lacks digitalSignature (neg-F31).
    KeyUsage,
    /// A name constraint of an issuer forbids the subject (neg-F12).
    NameConstraint,
    /// Its validity has not begun at the time of the check, by more than the tolerance for clocks (neg-F35).
    NotYetValid,
    /// CA flag, path length or key usage forbids this place in the chain; country differs from its issuer's (neg-F02).
    Path,
    /// No anchor, or a signature in the chain is wrong (neg-F01).
    Untrusted,
}

impl X509Error {
    /// The stable code.
    #[must_use]
    pub const fn code(self) -> Code {
        Code::new(match self {
            Self::Alg => "cert_alg",
            Self::Budget => "cert_budget",
            Self::Eku => "cert_eku",
            Self::Expired => "cert_expired",
            Self::Form => "cert_form",
            Self::KeyUsage => "cert_key_usage",
            Self::NameConstraint => "cert_name_constraint",
            Self::NotYetValid => "cert_not_yet_valid",
            Self::Path => "cert_path",
            Self::Untrusted => "cert_untrusted",
        })
    }
}
