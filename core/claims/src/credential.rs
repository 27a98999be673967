//! Formats, types and summaries of credentials.
use alloc::string::String;

use rid_wire::{
    Timestamp,
    cbor::{CborError, Decoder, Encoder},
};

use crate::PrivateText;

/// Identifies one credential of the wallet.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct CredentialId(pub String);

/// The format of a credential. The set is closed: a new format is a new variant, and the compiler lists what it needs.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Format {
    /// ISO/IEC 18013-5 mdoc (`mso_mdoc`).
    Mdoc,
    /// SD-JWT VC (`dc+sd-jwt`).
    SdJwt,
}

impl Format {
    /// The identifier that OpenID4VCI and OpenID4VP use.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Mdoc => "mso_mdoc",
            Self::SdJwt => "dc+sd-jwt",
        }
    }

    /// The format with this identifier.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        [Self::Mdoc, Self::SdJwt].into_iter().find(|format| format.as_str() == text)
    }
}

/// The type of a credential.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct CredentialType {
    /// The format.
    pub format: Format,
    /// The docType of an mdoc, the `vct` of an SD-JWT VC.
    pub id: String,
}

impl CredentialType {
    /// The type of an mdoc with this docType.
    #[must_use]
    pub fn mdoc(id: &str) -> Self {
        Self { format: Format::Mdoc, id: String::from(id) }
    }

    /// Writes it as `[format, id]`.
    pub fn encode(&self, encoder: &mut Encoder) {
        encoder.array(2).text(self.format.as_str()).text(&self.id);
    }

    /// Reads what [`CredentialType::encode`] wrote.
    ///
    /// # Errors
    /// [`CborError`], also for a format that is not known.
    pub fn decode(decoder: &mut Decoder<'_>) -> Result<Self, CborError> {
        let (mut format, mut id) = (None, None);
        decoder.array(|decoder, at| {
            match at {
                0 => format = Format::parse(&decoder.text()?),
                1 => id = Some(decoder.text()?.into_owned()),
                _ => return Err(CborError::UnexpectedType),
            }
            Ok(())
        })?;
        match (format, id) {
            (Some(format), Some(id)) => Ok(Self { format, id }),
            _ => Err(CborError::UnexpectedType),
        }
    }
}

/// The place where a credential can be fetched again (OpenID4VCI).
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct IssuanceSource {
    /// The credential issuer identifier, a URL.
    pub issuer_url: String,
    /// The identifier of the credential configuration in the issuer's metadata.
    pub configuration_id: String,
}

/// An entry of a token status list.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct StatusReference {
    /// The URI of the list.
    pub uri: String,
    /// The position in the list.
    pub index: u64,
}

/// The use of the copies of a credential (methods A to D of the EUDI ARF, topic 10).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum ReusePolicy {
    /// A copy is used for this many seconds after its first use.
    Limited {
        /// The time in seconds.
        seconds: u32,
    },
    /// Each copy is used once.
    #[default]
    Once,
    /// Each verifier gets a copy of its own; a verifier that is not recognised gets one that is used once.
    PerVerifier,
    /// All copies are used in rotation.
    Rotate,
}

/// A stored credential as lists and matching see it. It has names and dates, never values.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CredentialSummary {
    /// The identifier.
    pub id: CredentialId,
    /// The type.
    pub credential_type: CredentialType,
    /// The name of the issuer, from its certificate.
    pub issuer: String,
    /// The person or organisation that the data is about, if it is not the holder.
    pub subject: Option<PrivateText>,
    /// The time of signing.
    pub signed: Timestamp,
    /// The first second of technical validity.
    pub valid_from: Timestamp,
    /// The last second of technical validity.
    pub valid_until: Timestamp,
    /// The use of the copies.
    pub reuse: ReusePolicy,
    /// Copies that were never presented; all of them under [`ReusePolicy::Rotate`].
    pub copies_left: u32,
    /// Copies received.
    pub copies_total: u32,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn formats_are_read_by_their_exact_identifier() {
        for format in [Format::Mdoc, Format::SdJwt] {
            assert_eq!(Format::parse(format.as_str()), Some(format));
        }
        for unknown in ["", "mdoc", "MSO_MDOC", "mso_mdoc ", "vc+sd-jwt", "jwt_vc_json"] {
            assert_eq!(Format::parse(unknown), None, "{unknown}");
        }
    }
}
