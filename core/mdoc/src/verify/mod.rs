//! The checks of std-M45 and std-M46, in their order, each by name; evidence comes only from here.
mod device;
mod evidence;
mod issuer;

use alloc::{borrow::Cow, string::String, vec::Vec};

use rid_crypto::AgreementKey;
use rid_trust::{Check, Outcome};
use rid_wire::Code;

use crate::transcript::Transcript;

pub use device::verify_document;
pub use evidence::{DeviceBound, DeviceItem, IssuerVerified, VerifiedItem};
pub use issuer::{refuse_issuer_signed, verify_issuer_signed};

/// The names of the checks, in the order of std-M45, then device authentication.
pub mod check {
    use rid_wire::Code;
    /// Structure of issuerAuth: headers, chain well-formed, payload attached.
    pub const ISSUER_AUTH_FORM: Code = Code::new("issuer_auth_form");
    /// Chain to an anchor (with its profile), or the trusted leaf; validity at the time of the check.
    pub const TRUST: Code = Code::new("trust");
    /// Profile, EKU and key usage of the path's certificates; a failure is that of [`TRUST`], not done for a leaf or key.
    pub const CERTIFICATE_PROFILE: Code = Code::new("certificate_profile");
    /// Country (and state) of certificate and document agree (neg-F13).
    pub const ISSUER_COUNTRY: Code = Code::new("issuer_country");
    /// Revocation list of the document signer's certificate.
    pub const CERTIFICATE_REVOCATION: Code = Code::new("certificate_revocation");
    /// COSE_Sign1 algorithm and signature of issuerAuth.
    pub const ISSUER_SIGNATURE: Code = Code::new("issuer_signature");
    /// The MSO is well-formed and complete: what the issuer signed can be read.
    pub const MSO_FORM: Code = Code::new("mso_form");
    /// MSO version.
    pub const MSO_VERSION: Code = Code::new("mso_version");
    /// digestAlgorithm.
    pub const DIGEST_ALGORITHM: Code = Code::new("digest_algorithm");
    /// docType of document and MSO.
    pub const DOC_TYPE: Code = Code::new("doc_type");
    /// Form and order of validityInfo, `signed` not ahead of now.
    pub const VALIDITY_INFO: Code = Code::new("validity_info");
    /// `signed` inside the certificate's validity.
    pub const SIGNED_IN_CERTIFICATE: Code = Code::new("signed_in_certificate");
    /// validFrom is not ahead of now by more than the tolerance for clocks, and validUntil is not past.
    pub const VALIDITY: Code = Code::new("validity");
    /// Digest of every returned item.
    pub const DIGESTS: Code = Code::new("digests");
    /// keyAuthorizations for device-signed elements.
    pub const KEY_AUTHORIZATIONS: Code = Code::new("key_authorizations");
    /// Device signature or MAC over the transcript.
    pub const DEVICE_AUTHENTICATION: Code = Code::new("device_authentication");
    /// Status of the credential (status list).
    pub const CREDENTIAL_STATUS: Code = Code::new("credential_status");
}

/// Warnings of a verifier: the reason of a check that passed. On receipt each is a refusal.
pub mod warning {
    use rid_wire::Code;
    /// A digestID of 2^31 or more.
    pub const DIGEST_ID_WIDE: Code = Code::new("digest_id_wide");
    /// A coordinate of deviceKey, EDeviceKey or EReaderKey without its leading zeros.
    pub const KEY_COORDINATE_SHORT: Code = Code::new("key_coordinate_short");
    /// A time with a fraction of a second, which was cut off (neg-B10).
    pub const TDATE_FRACTION: Code = Code::new("tdate_fraction");
}

/// Who checks, and so how deviations are taken that nothing signed depends on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Strictness {
    /// Wallet on receipt, issuer: they are refused.
    Receipt,
    /// Verifier: they are read, each with its [`warning`].
    Verifier,
}

/// What issuer checks came to: every check in order, and evidence if the claims may be read.
pub struct IssuerReport<'a> {
    /// All checks, in the order of [`check`].
    pub checks: Vec<Check>,
    /// Evidence, even when only time-related checks failed.
    pub evidence: Option<IssuerVerified<'a>>,
    /// Elements whose digest failed: namespace, identifier (neg-B01 names the element).
    pub failed_elements: Vec<(String, String)>,
    /// docType of the MSO, if it could be read: to name the document in a verdict, verified or not.
    pub doc_type: Option<Cow<'a, str>>,
}

impl IssuerReport<'_> {
    /// The reason of the first failed check.
    #[must_use]
    pub fn first_failure(&self) -> Option<Code> {
        first_failure(&self.checks)
    }
}

/// What the verifier has for device authentication.
pub struct DeviceAuthInput<'a> {
    /// The transcript; `None`: `transcript_missing`.
    pub transcript: Option<&'a Transcript>,
    /// The reader's ephemeral private key, for deviceMac; `None`: `reader_key_missing` when a MAC came.
    pub reader_key: Option<&'a AgreementKey>,
}

/// What all checks of one document came to.
pub struct DocumentReport<'a> {
    /// All checks, issuer's then device's.
    pub checks: Vec<Check>,
    /// Evidence, if trust, issuer signature, docType, digests and device authentication hold.
    pub evidence: Option<DeviceBound<'a>>,
    /// Elements whose digest failed.
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
