//! X.509 (RFC 5280) with the profiles of ISO/IEC 18013-5 Annex B: strict parser, bounded path check, test PKI builder.
mod budget;
mod bundle;
#[cfg(feature = "dangerous")]
pub mod dangerous;
mod der;
mod extension;
mod memory;
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
pub use memory::{KnownSignatures, SignatureMemory, Signed};
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
    /// The algorithm is not one of ISO 18013-5: MD5, SHA-1, any RSA, an unknown curve or explicit parameters (neg-F15).
    Alg,
    /// The path search exceeds its budget of candidates or signature checks (neg-F06).
    Budget,
    /// The extended key usage is not the one that the role needs (neg-F04).
    Eku,
    /// The certificate has expired at the time of the check (neg-F01).
    Expired,
    /// A rule of DER or of extensions is broken: duplicates, an unknown critical extension, a negative serial number.
    Form,
    /// The key usage of the signer lacks digitalSignature (neg-F31).
    KeyUsage,
    /// A name constraint of an issuer forbids the subject (neg-F12).
    NameConstraint,
    /// The certificate is not valid yet at the time of the check, beyond the tolerance for clocks (neg-F35).
    NotYetValid,
    /// The CA flag, path length, key usage or country forbids this position in the chain (neg-F02).
    Path,
    /// No anchor is found, or a signature in the chain is wrong (neg-F01).
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
