//! The algorithms of the allow-list, by name and number, and the limits of their parameters.
use rid_wire::json::Value;

use crate::CryptoError;

/// A curve of the allow-list.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Curve {
    /// Ed25519 (signatures only).
    Ed25519,
    /// NIST P-256.
    P256,
    /// NIST P-384.
    P384,
    /// NIST P-521.
    P521,
}

impl Curve {
    /// Bytes of one coordinate and of a private scalar.
    pub(crate) const fn coordinate_len(self) -> usize {
        match self {
            Self::Ed25519 | Self::P256 => 32,
            Self::P384 => 48,
            Self::P521 => 66,
        }
    }

    pub(crate) const fn from_cose(crv: i64) -> Result<Self, CryptoError> {
        match crv {
            1 => Ok(Self::P256),
            2 => Ok(Self::P384),
            3 => Ok(Self::P521),
            _ => Err(CryptoError::AlgUnsupported),
        }
    }

    pub(crate) const fn cose(self) -> i64 {
        match self {
            Self::P256 => 1,
            Self::P384 => 2,
            Self::P521 => 3,
            Self::Ed25519 => 6,
        }
    }

    /// Reads `crv` of a JWK and checks that `kty` matches it.
    pub(crate) fn from_jwk(jwk: &Value) -> Result<Self, CryptoError> {
        let text = |name| jwk.member(name).and_then(Value::as_str);
        match (text("kty"), text("crv")) {
            (Some("EC"), Some("P-256")) => Ok(Self::P256),
            (Some("EC"), Some("P-384")) => Ok(Self::P384),
            (Some("EC"), Some("P-521")) => Ok(Self::P521),
            (Some("OKP"), Some("Ed25519")) => Ok(Self::Ed25519),
            (Some(_), Some(_)) => Err(CryptoError::AlgUnsupported),
            _ => Err(CryptoError::KeyInvalid),
        }
    }
}

/// A digest algorithm of an MSO (ISO 18013-5, 9.1.2.5).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum DigestAlgorithm {
    /// SHA-256.
    Sha256,
    /// SHA-384.
    Sha384,
    /// SHA-512.
    Sha512,
}

impl DigestAlgorithm {
    /// Reads the `digestAlgorithm` of an MSO, such as `SHA-256`.
    #[must_use]
    pub fn from_name(name: &str) -> Option<Self> {
        match name {
            "SHA-256" => Some(Self::Sha256),
            "SHA-384" => Some(Self::Sha384),
            "SHA-512" => Some(Self::Sha512),
            _ => None,
        }
    }
}

/// A signature algorithm (std-M45).
///
/// Each has two COSE numbers: the polymorphic one of RFC 9053 and the fully specified one of RFC 9864. They mean the
/// same here, because each curve has exactly one algorithm.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum SignatureAlgorithm {
    /// EdDSA with Ed25519 (COSE -8 EdDSA, -19 Ed25519).
    EdDsa,
    /// ECDSA P-256 with SHA-256 (COSE -7 ES256, -9 ESP256).
    Es256,
    /// ECDSA P-384 with SHA-384 (COSE -35 ES384, -51 ESP384).
    Es384,
    /// ECDSA P-521 with SHA-512 (COSE -36 ES512, -52 ESP512).
    Es512,
}

impl SignatureAlgorithm {
    /// Reads a COSE algorithm number.
    ///
    /// # Errors
    /// [`CryptoError::AlgUnsupported`] for any other number.
    pub const fn from_cose(alg: i64) -> Result<Self, CryptoError> {
        match alg {
            -7 | -9 => Ok(Self::Es256),
            -35 | -51 => Ok(Self::Es384),
            -36 | -52 => Ok(Self::Es512),
            -8 | -19 => Ok(Self::EdDsa),
            _ => Err(CryptoError::AlgUnsupported),
        }
    }

    /// The COSE algorithm number to write: the polymorphic one, as in ISO/IEC 18013-5.
    #[must_use]
    pub const fn cose(self) -> i64 {
        match self {
            Self::EdDsa => -8,
            Self::Es256 => -7,
            Self::Es384 => -35,
            Self::Es512 => -36,
        }
    }
}

/// The cost of Argon2id (RFC 9106, 3.1: m, t, p).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Argon2Cost {
    /// Memory in KiB (m): at least 8 per lane, at most 256 MiB.
    pub memory_kib: u32,
    /// Passes over the memory (t): 1 to 10.
    pub passes: u32,
    /// Lanes (p): 1 to 4. They are computed one after the other.
    pub lanes: u32,
}

impl Argon2Cost {
    /// The cost of a PIN. A guess also needs the secure area, so one computation may be quick (neg-L06).
    pub const INTERACTIVE: Self = Self { memory_kib: 19 * 1024, passes: 2, lanes: 1 };

    /// The cost of codes and passphrases that protect a file, which an attacker can copy and attack elsewhere
    /// (neg-K26).
    pub const STORED: Self = Self { memory_kib: 64 * 1024, passes: 3, lanes: 1 };

    pub(crate) const MEMORY_KIB_MAX: u32 = 256 * 1024;
    const PASSES_MAX: u32 = 10;
    const LANES_MAX: u32 = 4;

    /// Checks the cost against the limits. Call it before memory is allocated: the cost of a file is untrusted
    /// (neg-K26).
    ///
    /// # Errors
    /// [`CryptoError::Cost`] if the cost is outside the limits.
    pub const fn check(self) -> Result<(), CryptoError> {
        let lanes = 1 <= self.lanes && self.lanes <= Self::LANES_MAX;
        let passes = 1 <= self.passes && self.passes <= Self::PASSES_MAX;
        let memory = self.memory_kib / 8 >= self.lanes && self.memory_kib <= Self::MEMORY_KIB_MAX;
        if lanes && passes && memory { Ok(()) } else { Err(CryptoError::Cost) }
    }
}
