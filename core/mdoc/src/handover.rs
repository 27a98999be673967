//! Handovers of online presentation: OpenID4VP 1.0 (Appendix B.2.6) and ISO/IEC TS 18013-7 Annex C (std-M24).
//!
//! The handover binds the answer to the channel that carried the request. An answer is judged by the transcript of its
//! own channel alone.
pub mod annex_c;

use alloc::vec::Vec;

use rid_crypto::sha256;
use rid_wire::cbor::Encoder;

use crate::transcript::Transcript;

/// The handover of an online presentation.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum OnlineHandover<'a> {
    /// ISO/IEC TS 18013-7 Annex C: protocol `org-iso-mdoc` of the Digital Credentials API.
    AnnexC {
        /// The base64url text of EncryptionInfo, as received.
        encryption_info: &'a str,
        /// The origin of the caller, as the platform gives it.
        origin: &'a str,
    },
    /// OpenID4VP over the Digital Credentials API.
    DcApi {
        /// The origin of the caller, as the platform gives it, without a prefix.
        origin: &'a str,
        /// The nonce of the request.
        nonce: &'a str,
        /// The SHA-256 thumbprint (RFC 7638) of the key that encrypts the answer; `None` if it is not encrypted.
        thumbprint: Option<&'a [u8; 32]>,
    },
    /// OpenID4VP by redirect or by QR code.
    OpenId4Vp {
        /// The whole client identifier of the signed request, with its prefix.
        client_id: &'a str,
        /// The nonce of the request.
        nonce: &'a str,
        /// The SHA-256 thumbprint (RFC 7638) of the key that encrypts the answer; `None` if it is not encrypted.
        thumbprint: Option<&'a [u8; 32]>,
        /// The `response_uri`, or the `redirect_uri` where there is none.
        response_uri: &'a str,
    },
}

impl OnlineHandover<'_> {
    /// The first element of the handover.
    #[must_use]
    pub const fn identifier(&self) -> &'static str {
        match self {
            Self::AnnexC { .. } => annex_c::IDENTIFIER,
            Self::DcApi { .. } => "OpenID4VPDCAPIHandover",
            Self::OpenId4Vp { .. } => "OpenID4VPHandover",
        }
    }

    /// Encodes the array whose hash is the second element.
    #[must_use]
    pub fn info(&self) -> Vec<u8> {
        let mut encoder = Encoder::new();
        let optional = |encoder: &mut Encoder, thumbprint: Option<&[u8; 32]>| {
            match thumbprint {
                Some(thumbprint) => encoder.bytes(thumbprint),
                None => encoder.null(),
            };
        };
        match *self {
            Self::AnnexC { encryption_info, origin } => {
                encoder.array(2).text(encryption_info).text(origin);
            }
            Self::DcApi { origin, nonce, thumbprint } => {
                encoder.array(3).text(origin).text(nonce);
                optional(&mut encoder, thumbprint);
            }
            Self::OpenId4Vp { client_id, nonce, thumbprint, response_uri } => {
                encoder.array(4).text(client_id).text(nonce);
                optional(&mut encoder, thumbprint);
                encoder.text(response_uri);
            }
        }
        encoder.finish()
    }

    /// Encodes the handover: the identifier and the hash of [`Self::info`].
    #[must_use]
    pub fn encode(&self) -> Vec<u8> {
        let mut encoder = Encoder::new();
        encoder.array(2).text(self.identifier()).bytes(&sha256(&[&self.info()]));
        encoder.finish()
    }

    /// Builds the SessionTranscript.
    #[must_use]
    pub fn transcript(&self) -> Transcript {
        Transcript::online(&self.encode())
    }
}
