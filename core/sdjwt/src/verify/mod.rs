//! Runs the checks of an SD-JWT VC, in order and by name, and returns evidence.
mod evidence;
mod holder;
mod issuer;
mod signed;

use alloc::{string::String, vec::Vec};

use rid_crypto::PublicKey;
use rid_trust::{Check, Outcome};
use rid_wire::Code;

use crate::metadata::TypeMetadata;

pub use evidence::{HolderBound, IssuerVerified};
pub use holder::verify_presented;
pub use issuer::{verify_issued, verify_unbound};
pub use signed::{Signed, verify_signed, verify_signed_bound};

/// The names of the checks in their order. Those that mdoc has too mean the same.
pub mod check {
    use rid_wire::Code;
    /// The issuer's JWT: type, algorithm, readable chain.
    pub const ISSUER_JWT_FORM: Code = Code::new("issuer_jwt_form");
    /// The chain to an anchor (with its profile), or the trusted leaf; validity at the time of the check.
    pub const TRUST: Code = Code::new("trust");
    /// Profile, EKU and key usage of the path's certificates.
    pub const CERTIFICATE_PROFILE: Code = Code::new("certificate_profile");
    /// The country of certificate and credential agree (neg-F13).
    pub const ISSUER_COUNTRY: Code = Code::new("issuer_country");
    /// The revocation list of the signer's certificate.
    pub const CERTIFICATE_REVOCATION: Code = Code::new("certificate_revocation");
    /// The signature of the issuer's JWT.
    pub const ISSUER_SIGNATURE: Code = Code::new("issuer_signature");
    /// The hash algorithm (`_sd_alg`).
    pub const DIGEST_ALGORITHM: Code = Code::new("digest_algorithm");
    /// Every disclosure has exactly one digest, and none changes another claim.
    pub const DIGESTS: Code = Code::new("digests");
    /// The claims that the draft defines are well-formed and not selectively disclosable.
    pub const CLAIMS_FORM: Code = Code::new("claims_form");
    /// The `vct` is the expected type.
    pub const CREDENTIAL_TYPE: Code = Code::new("credential_type");
    /// The `iss` is named by the signer's certificate, and is the expected one.
    pub const ISSUER_NAME: Code = Code::new("issuer_name");
    /// The times are well-formed and do not contradict each other; `iat` is not ahead.
    pub const VALIDITY_INFO: Code = Code::new("validity_info");
    /// The time of the check is between `nbf` (less the clock tolerance) and `exp`.
    pub const VALIDITY: Code = Code::new("validity");
    /// The claims fit the metadata of the type.
    pub const TYPE_METADATA: Code = Code::new("type_metadata");
    /// The credential is bound to a key (`cnf`), and to the expected one.
    pub const HOLDER_KEY: Code = Code::new("holder_key");
    /// The holder signed this presentation for this audience and nonce.
    pub const KEY_BINDING: Code = Code::new("key_binding");
    /// The status of the credential (status list).
    pub const CREDENTIAL_STATUS: Code = Code::new("credential_status");
}

/// Warnings: the reasons of checks that passed.
pub mod warning {
    use rid_wire::Code;
    /// A salt has fewer than 128 bits (neg-D06).
    pub const SALT_SHORT: Code = Code::new("sdjwt_salt_short");
}

/// What the caller expects of a credential.
#[derive(Clone, Copy, Default)]
pub struct Expected<'a> {
    /// The types, of which the credential must be one; empty for any.
    pub types: &'a [&'a str],
    /// The issuer identifier (`iss`), compared as a string.
    pub issuer: Option<&'a str>,
    /// The key that the credential must be bound to.
    pub holder_key: Option<&'a PublicKey>,
    /// The metadata of the type.
    pub metadata: Option<&'a TypeMetadata>,
}

/// The result of the issuer's checks: every check in order, and evidence if the claims may be read.
pub struct IssuerReport {
    /// All checks, in the order of [`check`].
    pub checks: Vec<Check>,
    /// The evidence, even if checks that depend on the time failed.
    pub evidence: Option<IssuerVerified>,
    /// The `vct`, verified or not, if readable. A verdict names the credential by it.
    pub vct: Option<String>,
}

/// The result of all checks of a presentation.
pub struct HolderReport {
    /// All checks, the issuer's before the holder's.
    pub checks: Vec<Check>,
    /// The evidence, if the issuer's evidence and key binding hold.
    pub evidence: Option<HolderBound>,
    /// The `vct`, verified or not, if readable.
    pub vct: Option<String>,
}

impl IssuerReport {
    /// The reason of the first failed check.
    #[must_use]
    pub fn first_failure(&self) -> Option<Code> {
        first_failure(&self.checks)
    }
}

impl HolderReport {
    /// The reason of the first failed check.
    #[must_use]
    pub fn first_failure(&self) -> Option<Code> {
        first_failure(&self.checks)
    }
}

fn first_failure(checks: &[Check]) -> Option<Code> {
    let failed = checks.iter().find(|check| check.outcome == Outcome::Failed)?;
    Some(failed.reason.unwrap_or(failed.code))
}
