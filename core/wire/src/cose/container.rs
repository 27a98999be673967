//! Reads and writes `COSE_Sign1` and `COSE_Mac0`.
use alloc::{borrow::Cow, vec::Vec};

use super::{
    CoseError, Header,
    header::{protected_header, write_unprotected},
};
use crate::cbor::{CborError, Decoder, Encoder};

/// A `COSE_Sign1`, untagged or tag 18, as received.
#[derive(Clone, PartialEq, Eq)]
pub struct Sign1<'a> {
    /// Both headers.
    pub header: Header<'a>,
    /// The payload; `None` when detached (nil).
    pub payload: Option<Cow<'a, [u8]>>,
    /// The signature (raw r‖s for ECDSA).
    pub signature: Cow<'a, [u8]>,
}

/// A `COSE_Mac0`, untagged or tag 17, as received.
#[derive(Clone, PartialEq, Eq)]
pub struct Mac0<'a> {
    /// Both headers.
    pub header: Header<'a>,
    /// The payload; `None` when detached (nil).
    pub payload: Option<Cow<'a, [u8]>>,
    /// The MAC tag.
    pub tag: Cow<'a, [u8]>,
}

impl<'a> Sign1<'a> {
    /// Reads one `COSE_Sign1` and checks the header rules: `alg` protected, no unknown `crit`, no label twice, x5chain
    /// unprotected, and definite lengths in the protected header.
    ///
    /// # Errors
    /// [`CoseError`].
    pub fn read(decoder: &mut Decoder<'a>) -> Result<Self, CoseError> {
        let (header, payload, signature) = read_structure(decoder, SIGN1)?;
        Ok(Self { header, payload, signature })
    }

    /// The attached payload.
    ///
    /// # Errors
    /// [`CoseError::Payload`] if it is detached.
    pub fn attached(&self) -> Result<&[u8], CoseError> {
        self.payload.as_deref().ok_or(CoseError::Payload)
    }

    /// Checks that the payload is detached.
    ///
    /// # Errors
    /// [`CoseError::Payload`] if it is attached.
    pub fn detached(&self) -> Result<(), CoseError> {
        if self.payload.is_some() { Err(CoseError::Payload) } else { Ok(()) }
    }

    /// The certificate chain.
    ///
    /// # Errors
    /// [`CoseError::X5chain`] if there is none.
    pub fn chain(&self) -> Result<&[Cow<'a, [u8]>], CoseError> {
        self.header.x5chain.as_deref().map_err(|fault| CoseError::X5chain(*fault))
    }

    /// Encodes an untagged `COSE_Sign1`: protected `{1: alg}`, optional x5chain, payload or nil.
    #[must_use]
    pub fn encode(alg: i64, x5chain: &[&[u8]], payload: Option<&[u8]>, signature: &[u8]) -> Vec<u8> {
        let mut encoder = Encoder::new();
        encoder.array(4).bytes(&protected_header(alg));
        write_unprotected(&mut encoder, x5chain);
        match payload {
            Some(payload) => encoder.bytes(payload),
            None => encoder.null(),
        };
        encoder.bytes(signature);
        encoder.finish()
    }
}

impl<'a> Mac0<'a> {
    /// Reads one `COSE_Mac0` with the rules of [`Sign1::read`].
    ///
    /// # Errors
    /// [`CoseError`].
    pub fn read(decoder: &mut Decoder<'a>) -> Result<Self, CoseError> {
        let (header, payload, tag) = read_structure(decoder, MAC0)?;
        Ok(Self { header, payload, tag })
    }

    /// Checks that the payload is detached.
    ///
    /// # Errors
    /// [`CoseError::Payload`] if it is attached.
    pub fn detached(&self) -> Result<(), CoseError> {
        if self.payload.is_some() { Err(CoseError::Payload) } else { Ok(()) }
    }

    /// Encodes an untagged `COSE_Mac0` with a nil payload.
    #[must_use]
    pub fn encode(alg: i64, tag: &[u8]) -> Vec<u8> {
        let mut encoder = Encoder::new();
        encoder.array(4).bytes(&protected_header(alg));
        write_unprotected(&mut encoder, &[]);
        encoder.null().bytes(tag);
        encoder.finish()
    }
}

/// Encodes `["Signature1", protected, external_aad, payload]` (RFC 9052, 4.4) up to the payload's bytes, so that the
/// payload is not copied. Sign or verify over `[&prefix, payload]`, where `prefix` is the result.
#[must_use]
pub fn sig_structure(protected: &[u8], external_aad: &[u8], payload_len: usize) -> Vec<u8> {
    structure("Signature1", protected, external_aad, payload_len)
}

/// Encodes `["MAC0", protected, external_aad, payload]` (RFC 9052, 6.3) as [`sig_structure`] does.
#[must_use]
pub fn mac_structure(protected: &[u8], external_aad: &[u8], payload_len: usize) -> Vec<u8> {
    structure("MAC0", protected, external_aad, payload_len)
}

/// Tags of RFC 9052, table 1.
const SIGN1: u64 = 18;
const MAC0: u64 = 17;

type Structure<'a> = (Header<'a>, Option<Cow<'a, [u8]>>, Cow<'a, [u8]>);

fn read_structure<'a>(decoder: &mut Decoder<'a>, tag: u64) -> Result<Structure<'a>, CoseError> {
    decoder.take_tag(tag)?;
    let mut protected: &[u8] = &[];
    let (mut header, mut payload, mut seal) = (None, None, None);
    decoder.array(|decoder, index| {
        match index {
            0 => protected = decoder.definite_bytes()?,
            1 => header = Some(Header::read(protected, decoder)?),
            2 if decoder.take_null()? => {}
            2 => payload = Some(Cow::Borrowed(decoder.definite_bytes()?)),
            3 => seal = Some(Cow::Borrowed(decoder.definite_bytes()?)),
            _ => return Err(CoseError::Cbor(CborError::UnexpectedType)),
        }
        Ok(())
    })?;
    match (header, seal) {
        (Some(header), Some(seal)) => Ok((header, payload, seal)),
        _ => Err(CoseError::Cbor(CborError::UnexpectedType)),
    }
}

/// Encodes a `Sig_structure` or `MAC_structure` up to the payload's bytes. A protected header that is an empty map
/// counts as a zero-length byte string (RFC 9052, 4.4 and 6.3).
fn structure(context: &str, protected: &[u8], external_aad: &[u8], payload_len: usize) -> Vec<u8> {
    let protected = if protected == [0xa0] { &[] } else { protected };
    let mut encoder = Encoder::new();
    encoder.array(4).text(context).bytes(protected).bytes(external_aad).bytes_head(payload_len);
    encoder.finish()
}

crate::closed_debug!(Mac0<'_>, Sign1<'_>);
