//! Mints mdocs.
use alloc::vec::Vec;

use rid_crypto::{CryptoRng, Curve, PublicKey};
use rid_mdoc::{
    MdocError,
    build::{ElementToIssue, MsoTemplate, UnsignedCredential},
    mso::ValidityInfo,
};

use super::{IssueError, Issuer, Validity};
use crate::PersonRecord;

impl From<MdocError> for IssueError {
    fn from(error: MdocError) -> Self {
        Self::Credential(error.code())
    }
}

impl Issuer {
    /// Mints one copy that is bound to one device key (uncompressed SEC1 P-256).
    ///
    /// # Errors
    /// [`IssueError::Credential`].
    pub fn mint(
        &self,
        record: &PersonRecord,
        device_key: &[u8],
        Validity { signed, until }: Validity,
        rng: &mut dyn CryptoRng,
    ) -> Result<Vec<u8>, IssueError> {
        let device_key = PublicKey::from_sec1(Curve::P256, device_key).map_err(MdocError::from)?;
        let validity =
            ValidityInfo { signed, valid_from: signed, valid_until: until, expected_update: None, fraction: false };
        let elements: Vec<ElementToIssue> = record
            .elements
            .iter()
            .map(|element| ElementToIssue {
                namespace: element.namespace.clone(),
                identifier: element.identifier.clone(),
                value: element.value.clone(),
            })
            .collect();
        let template = MsoTemplate { doc_type: &record.kind, device_key: &device_key, validity };
        let unsigned = UnsignedCredential::make(&template, &elements, rng)?;
        let signature = self.signer.key.sign(&[&unsigned.to_be_signed()]);
        Ok(unsigned.finish(&signature, &[self.signer.certificate.der()]))
    }
}
