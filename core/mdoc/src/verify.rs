//! The checks of std-M45 and std-M46, in their order, each by name; evidence comes only from here.
use alloc::{borrow::Cow, string::String, vec::Vec};

use rid_crypto::{AgreementKey, PublicKey};
use rid_trust::{Check, IssuerTrust, TrustStore};
use rid_wire::{Code, Timestamp, cbor::Value};

use crate::{
    MdocError,
    issuer_signed::UnverifiedIssuerSigned,
    mso::{StatusListReference, ValidityInfo},
    response::UnverifiedDocument,
    transcript::Transcript,
};

/// The names of the checks, in the order of std-M45, then device authentication.
pub mod check {
    use rid_wire::Code;
    /// Structure of issuerAuth: headers, chain well-formed, payload attached, MSO readable.
    pub const ISSUER_AUTH_FORM: Code = Code::new("issuer_auth_form");
    /// Chain to an anchor (profile, EKU, key usage, validity at the time of the check).
    pub const TRUST: Code = Code::new("trust");
    /// Country (and state) of certificate and document agree (neg-F13).
    pub const ISSUER_COUNTRY: Code = Code::new("issuer_country");
    /// Revocation list of the document signer's certificate.
    pub const CERTIFICATE_REVOCATION: Code = Code::new("certificate_revocation");
    /// COSE_Sign1 algorithm and signature of issuerAuth.
    pub const ISSUER_SIGNATURE: Code = Code::new("issuer_signature");
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
    /// validFrom <= now <= validUntil.
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

/// Evidence: trust, issuer signature, docType and the digest of every item hold. Says nothing of time: see the checks.
#[derive(Clone)]
pub struct IssuerVerified<'a> {
    doc_type: Cow<'a, str>,
    device_key: PublicKey,
    validity: ValidityInfo,
    status: Option<StatusListReference>,
    trust: IssuerTrust,
    items: Vec<VerifiedItem<'a>>,
}

/// One disclosed element whose digest the issuer signed.
#[derive(Clone)]
pub struct VerifiedItem<'a> {
    namespace: Cow<'a, str>,
    identifier: &'a str,
    value: &'a [u8],
}

impl<'a> VerifiedItem<'a> {
    /// Namespace.
    #[must_use]
    pub fn namespace(&self) -> &str {
        &self.namespace
    }

    /// Element identifier.
    #[must_use]
    pub fn identifier(&self) -> &'a str {
        self.identifier
    }

    /// The value as encoded.
    #[must_use]
    pub fn value_bytes(&self) -> &'a [u8] {
        self.value
    }

    /// The value as a tree.
    ///
    /// # Errors
    /// [`MdocError::Cbor`].
    pub fn value(&self) -> Result<Value<'a>, MdocError> {
        todo!()
    }
}

impl<'a> IssuerVerified<'a> {
    /// Document type.
    #[must_use]
    pub fn doc_type(&self) -> &str {
        &self.doc_type
    }

    /// deviceKey of the MSO.
    #[must_use]
    pub fn device_key(&self) -> &PublicKey {
        &self.device_key
    }

    /// validityInfo of the MSO.
    #[must_use]
    pub fn validity(&self) -> &ValidityInfo {
        &self.validity
    }

    /// Status reference of the MSO.
    #[must_use]
    pub fn status(&self) -> Option<&StatusListReference> {
        self.status.as_ref()
    }

    /// The trust decision.
    #[must_use]
    pub fn trust(&self) -> &IssuerTrust {
        &self.trust
    }

    /// The disclosed elements.
    #[must_use]
    pub fn items(&self) -> &[VerifiedItem<'a>] {
        &self.items
    }
}

/// Evidence: an issuer-verified document whose device key authenticated this very transcript.
#[derive(Clone)]
pub struct DeviceBound<'a> {
    issuer: IssuerVerified<'a>,
    device_items: Vec<DeviceItem<'a>>,
}

/// One device-signed element, authorised by the issuer.
#[derive(Clone)]
pub struct DeviceItem<'a> {
    /// Namespace.
    namespace: Cow<'a, str>,
    /// Element identifier.
    identifier: Cow<'a, str>,
    /// Value as encoded.
    value: &'a [u8],
}

impl<'a> DeviceItem<'a> {
    /// Namespace.
    #[must_use]
    pub fn namespace(&self) -> &str {
        &self.namespace
    }

    /// Element identifier.
    #[must_use]
    pub fn identifier(&self) -> &str {
        &self.identifier
    }

    /// The value as encoded.
    #[must_use]
    pub fn value_bytes(&self) -> &'a [u8] {
        self.value
    }
}

impl<'a> DeviceBound<'a> {
    /// The issuer's part.
    #[must_use]
    pub fn issuer(&self) -> &IssuerVerified<'a> {
        &self.issuer
    }

    /// Device-signed elements.
    #[must_use]
    pub fn device_items(&self) -> &[DeviceItem<'a>] {
        &self.device_items
    }
}

/// Who checks, and so how strictly a fraction of a second is taken (neg-B10).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Strictness {
    /// Wallet on receipt, issuer: a fraction is refused.
    Receipt,
    /// Verifier: a fraction is read, with the warning `tdate_fraction`.
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
}

impl IssuerReport<'_> {
    /// The reason of the first failed check.
    #[must_use]
    pub fn first_failure(&self) -> Option<Code> {
        todo!()
    }
}

/// Verifies the issuer's part. `doc_type` is the document's, or `None` to take the MSO's.
#[must_use]
pub fn verify_issuer_signed<'a>(
    issuer_signed: &UnverifiedIssuerSigned<'a>,
    doc_type: Option<&str>,
    trust: &TrustStore,
    at: Timestamp,
    strictness: Strictness,
) -> IssuerReport<'a> {
    todo!()
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

/// Verifies one document: issuer's part, key authorizations, device signature or MAC.
#[must_use]
pub fn verify_document<'a>(
    document: &UnverifiedDocument<'a>,
    trust: &TrustStore,
    input: &DeviceAuthInput<'_>,
    at: Timestamp,
) -> DocumentReport<'a> {
    todo!()
}
