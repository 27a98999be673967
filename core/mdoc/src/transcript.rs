//! SessionTranscript (18013-5, 9.1.5.1; std-M41): the bytes that both sides hash.
use alloc::vec::Vec;
use core::ops::Range;

use rid_wire::cbor::{CborError, Decoder, Encoder, ItemType, Limits, Tagged};

use crate::MdocError;

/// A `SessionTranscript = [DeviceEngagementBytes, EReaderKeyBytes, Handover]`. It is encoded once, from received bytes.
#[derive(Clone, PartialEq, Eq)]
pub struct Transcript {
    /// SessionTranscriptBytes: tag 24 around the array. Both end at the same byte.
    tagged: Vec<u8>,
    /// The start of the array.
    start: usize,
    /// The members, relative to `start`.
    members: Members,
}

/// The three encoded members of a transcript.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct TranscriptParts<'a> {
    /// The DeviceEngagementBytes (tag 24), or `None` for null.
    pub device_engagement: Option<&'a [u8]>,
    /// The EReaderKeyBytes (tag 24), or `None` for null.
    pub e_reader_key: Option<&'a [u8]>,
    /// The handover, which may be any item.
    pub handover: &'a [u8],
}

impl Transcript {
    /// Builds the transcript of a QR handover. `engagement` is the DeviceEngagement as received (without tag 24),
    /// `e_reader_key` the whole EReaderKeyBytes (tag 24) as received (neg-C07).
    #[must_use]
    pub fn qr(engagement: &[u8], e_reader_key: &[u8]) -> Self {
        let mut handover = Encoder::new();
        handover.null();
        Self::built(engagement, e_reader_key, &handover.finish())
    }

    /// Builds the transcript of an NFC handover, `[Hs, Hr | null]`, from the bytes of the NDEF messages.
    #[must_use]
    pub fn nfc(engagement: &[u8], e_reader_key: &[u8], select: &[u8], request: Option<&[u8]>) -> Self {
        let mut handover = Encoder::new();
        handover.array(2).bytes(select);
        match request {
            Some(request) => handover.bytes(request),
            None => handover.null(),
        };
        Self::built(engagement, e_reader_key, &handover.finish())
    }

    /// Takes a transcript built elsewhere, as the array of three or in tag 24, and keeps its bytes. The members must be
    /// well-formed and of definite lengths; engagement and reader key may be null.
    ///
    /// # Errors
    /// [`MdocError::Cbor`].
    pub fn received(bytes: &[u8], limits: Limits) -> Result<Self, MdocError> {
        if Decoder::new(bytes, limits)?.peek()? == ItemType::Tag {
            let Tagged { outer, inner } = Tagged::parse(bytes, limits)?;
            let members = Members::read(inner, limits)?;
            return Ok(Self { tagged: outer.into(), start: outer.len().saturating_sub(inner.len()), members });
        }
        Ok(Self::over(bytes, Members::read(bytes, limits)?))
    }

    /// The encoded array.
    #[must_use]
    pub fn as_bytes(&self) -> &[u8] {
        self.tagged.get(self.start..).unwrap_or(&[])
    }

    /// The SessionTranscriptBytes: `#6.24(bstr .cbor SessionTranscript)`.
    #[must_use]
    pub fn tagged(&self) -> Vec<u8> {
        self.tagged.clone()
    }

    /// SHA-256 of SessionTranscriptBytes: the salt of every key derived in a session (9.1.1.5, 9.1.3.5).
    #[must_use]
    pub fn digest(&self) -> [u8; 32] {
        rid_crypto::sha256(&[&self.tagged])
    }

    /// The members.
    #[must_use]
    pub fn parts(&self) -> TranscriptParts<'_> {
        let member = |range: &Range<usize>| self.as_bytes().get(range.clone()).unwrap_or(&[]);
        TranscriptParts {
            device_engagement: self.members.device_engagement.as_ref().map(member),
            e_reader_key: self.members.e_reader_key.as_ref().map(member),
            handover: member(&self.members.handover),
        }
    }

    /// Builds the transcript of an online presentation: engagement and reader key are null.
    pub(crate) fn online(handover: &[u8]) -> Self {
        let mut encoder = Encoder::new();
        encoder.array(3).null().null().raw(handover);
        let array = encoder.finish();
        let handover = array.len().saturating_sub(handover.len())..array.len();
        Self::over(&array, Members { device_engagement: None, e_reader_key: None, handover })
    }

    fn built(engagement: &[u8], e_reader_key: &[u8], handover: &[u8]) -> Self {
        let mut encoder = Encoder::new();
        encoder.tagged(engagement);
        let engagement = encoder.finish();
        let mut encoder = Encoder::new();
        encoder.array(3).raw(&engagement).raw(e_reader_key).raw(handover);
        let array = encoder.finish();
        let reader_key_end = array.len().saturating_sub(handover.len());
        let engagement_end = reader_key_end.saturating_sub(e_reader_key.len());
        let engagement_start = engagement_end.saturating_sub(engagement.len());
        let members = Members {
            device_engagement: Some(engagement_start..engagement_end),
            e_reader_key: Some(engagement_end..reader_key_end),
            handover: reader_key_end..array.len(),
        };
        Self::over(&array, members)
    }

    fn over(array: &[u8], members: Members) -> Self {
        let mut encoder = Encoder::new();
        encoder.tagged(array);
        let tagged = encoder.finish();
        Self { start: tagged.len().saturating_sub(array.len()), tagged, members }
    }
}

/// The positions of the members in the array; `None` is null.
#[derive(Clone, PartialEq, Eq)]
struct Members {
    device_engagement: Option<Range<usize>>,
    e_reader_key: Option<Range<usize>>,
    handover: Range<usize>,
}

impl Members {
    fn read(array: &[u8], limits: Limits) -> Result<Self, CborError> {
        let mut decoder = Decoder::new(array, limits)?.definite();
        let (mut device_engagement, mut e_reader_key, mut handover) = (None, None, None);
        decoder.array(|decoder, index| -> Result<(), CborError> {
            match index {
                0 => device_engagement = read_tagged(decoder)?,
                1 => e_reader_key = read_tagged(decoder)?,
                2 => {
                    let start = decoder.position();
                    decoder.skip()?;
                    handover = Some(start..decoder.position());
                }
                _ => return Err(CborError::UnexpectedType),
            }
            Ok(())
        })?;
        decoder.finish()?;
        Ok(Self { device_engagement, e_reader_key, handover: handover.ok_or(CborError::MissingMember)? })
    }
}

/// Reads a tag-24 item whose content has definite lengths; `None` for null.
fn read_tagged(decoder: &mut Decoder<'_>) -> Result<Option<Range<usize>>, CborError> {
    if decoder.take_null()? {
        return Ok(None);
    }
    let start = decoder.position();
    decoder.tagged()?.decoder().skip()?;
    Ok(Some(start..decoder.position()))
}
