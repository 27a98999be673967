//! SessionTranscript (18013-5, 9.1.5.1; std-M41): the bytes both sides hash.
use alloc::vec::Vec;

use rid_wire::cbor::Limits;

use crate::MdocError;

/// `SessionTranscript = [DeviceEngagementBytes, EReaderKeyBytes, Handover]`, encoded once from received bytes and never again.
#[derive(Clone, PartialEq, Eq)]
pub struct Transcript {
    bytes: Vec<u8>,
}

/// The three members of a transcript as encoded.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct TranscriptParts<'a> {
    /// DeviceEngagementBytes (tag 24), or `None` for null.
    pub device_engagement: Option<&'a [u8]>,
    /// EReaderKeyBytes (tag 24), or `None` for null.
    pub e_reader_key: Option<&'a [u8]>,
    /// The handover, any item.
    pub handover: &'a [u8],
}

impl Transcript {
    /// QR handover: `engagement` is the DeviceEngagement as received (without tag 24), `e_reader_key` the whole
    /// EReaderKeyBytes (tag 24) as received (neg-C07).
    #[must_use]
    pub fn qr(engagement: &[u8], e_reader_key: &[u8]) -> Self {
        todo!()
    }

    /// NFC handover: `[Hs, Hr | null]` with the NDEF messages as bytes.
    #[must_use]
    pub fn nfc(engagement: &[u8], e_reader_key: &[u8], select: &[u8], request: Option<&[u8]>) -> Self {
        todo!()
    }

    /// A transcript made elsewhere: the array of three or its tag-24 form, used as received; members must be well-formed
    /// (indefinite lengths refused), engagement and reader key may be null.
    ///
    /// # Errors
    /// [`MdocError::Cbor`].
    pub fn received(bytes: &[u8], limits: Limits) -> Result<Self, MdocError> {
        todo!()
    }

    /// The array.
    #[must_use]
    pub fn as_bytes(&self) -> &[u8] {
        &self.bytes
    }

    /// SessionTranscriptBytes: `#6.24(bstr .cbor SessionTranscript)`.
    #[must_use]
    pub fn tagged(&self) -> Vec<u8> {
        todo!()
    }

    /// The members.
    #[must_use]
    pub fn parts(&self) -> TranscriptParts<'_> {
        todo!()
    }
}
