//! Runs the checks of std-M45 and std-M46, in order and by name, and returns evidence.
mod device;
mod evidence;
mod issuer;
mod stored;

use alloc::{borrow::Cow, string::String, vec::Vec};

use rid_crypto::AgreementKey;
use rid_trust::{Check, Outcome};
use rid_wire::Code;

use crate::transcript::Transcript;

pub use device::verify_document;
pub use evidence::{DeviceBound, DeviceItem, IssuerVerified, VerifiedItem};
pub use issuer::{refuse_issuer_signed, verify_issuer_signed};
pub use stored::verify_stored;

/// The names of the checks, in the order of std-M45, then device authentication.
pub mod check {
    use rid_wire::Code;
    /// The structure of issuerAuth: headers, well-formed chain, attached payload.
    pub const ISSUER_AUTH_FORM: Code = Code::new("issuer_auth_form");
    /// The chain to an anchor (with its profile), or the trusted leaf; validity at the time of the check.
    pub const TRUST: Code = Code::new("trust");
    /// Profile, EKU and key usage of the path's certificates. A failure is reported as [`TRUST`]; not done for a
    /// trusted leaf or key.
    pub const CERTIFICATE_PROFILE: Code = Code::new("certificate_profile");
    /// The country (and state) of certificate and document agree (neg-F13).
    pub const ISSUER_COUNTRY: Code = Code::new("issuer_country");
    /// The revocation list of the document signer's certificate.
    pub const CERTIFICATE_REVOCATION: Code = Code::new("certificate_revocation");
    /// The algorithm and signature of issuerAuth.
    pub const ISSUER_SIGNATURE: Code = Code::new("issuer_signature");
    /// The MSO is well-formed and complete.
    pub const MSO_FORM: Code = Code::new("mso_form");
    /// The version of the MSO.
    pub const MSO_VERSION: Code = Code::new("mso_version");
    /// The digestAlgorithm.
    pub const DIGEST_ALGORITHM: Code = Code::new("digest_algorithm");
    /// The docType of document and MSO agree.
    pub const DOC_TYPE: Code = Code::new("doc_type");
    /// The form and order of validityInfo; `signed` is not ahead of the time of the check.
    pub const VALIDITY_INFO: Code = Code::new("validity_info");
    /// The time `signed` is in the certificate's validity period.
    pub const SIGNED_IN_CERTIFICATE: Code = Code::new("signed_in_certificate");
    /// The time of the check is between validFrom (less the clock tolerance) and validUntil.
    pub const VALIDITY: Code = Code::new("validity");
    /// The digest of every returned item.
    pub const DIGESTS: Code = Code::new("digests");
    /// The keyAuthorizations for device-signed elements.
    pub const KEY_AUTHORIZATIONS: Code = Code::new("key_authorizations");
    /// The device signature or MAC over the transcript.
    pub const DEVICE_AUTHENTICATION: Code = Code::new("device_authentication");
    /// The status of the credential (status list).
    pub const CREDENTIAL_STATUS: Code = Code::new("credential_status");
}

/// Warnings of a verifier: the reasons of checks that passed. On receipt each is a refusal.
pub mod warning {
    use rid_wire::Code;
    /// A digestID is 2^31 or more.
    pub const DIGEST_ID_WIDE: Code = Code::new("digest_id_wide");
    /// A coordinate of deviceKey, EDeviceKey or EReaderKey lacks its leading zeros.
    pub const KEY_COORDINATE_SHORT: Code = Code::new("key_coordinate_short");
    /// A time has a fraction of a second, which is truncated (neg-B10).
    pub const TDATE_FRACTION: Code = Code::new("tdate_fraction");
}

/// The handling of deviations that nothing signed depends on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Strictness {
    /// For a wallet on receipt and an issuer: they are refused.
    Receipt,
    /// For a verifier: they are accepted, each with its [`warning`].
    Verifier,
}

/// The result of the issuer's checks: every check in order, and evidence if the claims may be read.
pub struct IssuerReport<'a> {
    /// All checks, in the order of [`check`].
    pub checks: Vec<Check>,
    /// The evidence, even if checks that depend on the time failed.
    pub evidence: Option<IssuerVerified<'a>>,
    /// The elements whose digest failed: namespace, identifier (neg-B01 names the element).
    pub failed_elements: Vec<(String, String)>,
    /// The docType of the MSO, verified or not, if readable. A verdict names the document by it.
    pub doc_type: Option<Cow<'a, str>>,
}

impl IssuerReport<'_> {
    /// The reason of the first failed check.
    #[must_use]
    pub fn first_failure(&self) -> Option<Code> {
        first_failure(&self.checks)
    }
}

/// The verifier's input to device authentication.
pub struct DeviceAuthInput<'a> {
    /// The transcript; `None` gives `transcript_missing`.
    pub transcript: Option<&'a Transcript>,
    /// The reader's ephemeral private key, for deviceMac; `None` gives `reader_key_missing` if a MAC was received.
    pub reader_key: Option<&'a AgreementKey>,
}

/// The result of all checks of one document.
pub struct DocumentReport<'a> {
    /// All checks, the issuer's before the device's.
    pub checks: Vec<Check>,
    /// The evidence, if trust, issuer signature, docType, digests and device authentication hold.
    pub evidence: Option<DeviceBound<'a>>,
    /// The elements whose digest failed.
    pub failed_elements: Vec<(String, String)>,
}

impl DocumentReport<'_> {
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
