//! Reads and checks the headers of a COSE structure.
use alloc::{borrow::Cow, vec::Vec};

use super::{ChainFault, CoseError};
use crate::cbor::{CborError, Decoder, Encoder, ItemType, Key, Keys};

/// The members of both headers that this profile reads. Others are checked and ignored.
#[derive(Clone, PartialEq, Eq)]
pub struct Header<'a> {
    /// The protected header as received: the content of its byte string, which may be empty.
    pub protected: Cow<'a, [u8]>,
    /// The `alg` of the protected header.
    pub alg: i64,
    /// The `x5chain` of the unprotected header, leaf first, or the reason why it is missing.
    pub x5chain: Result<Vec<Cow<'a, [u8]>>, ChainFault>,
    /// True if the unprotected header has a label other than x5chain. It is not signed, so it could link copies of a
    /// credential.
    pub others_unprotected: bool,
    /// The `kid` of either header.
    pub kid: Option<Cow<'a, [u8]>>,
}

/// Labels of RFC 9052 (3.1) and RFC 9360 (2) that are processed here.
const ALG: i64 = 1;
const CRIT: i64 = 2;
const KID: i64 = 4;
const X5CHAIN: i64 = 33;
/// Frequent mistakes: the x5chain label as text.
const TEXT_LABELS: [&str; 2] = ["33", "x5chain"];

/// Longest certificate chain that is read.
const MAX_CHAIN: usize = 10;

impl<'a> Header<'a> {
    /// Reads the protected and the unprotected header, the first two elements of every structure.
    pub(super) fn read(protected: &'a [u8], unprotected: &mut Decoder<'a>) -> Result<Self, CoseError> {
        let inside = Protected::read(protected, unprotected)?;
        let mut kid = inside.kid;
        let (mut x5chain, mut fault) = (None, ChainFault::Missing);
        let mut others_unprotected = false;
        unprotected.map(|decoder, key| {
            if inside.labels.contains(&key.into()) {
                return Err(CoseError::HeaderDuplicate);
            }
            others_unprotected |= key.as_int() != Some(X5CHAIN);
            match key.as_int() {
                Some(CRIT) => return Err(CoseError::CritUnknown),
                Some(KID) => kid = Some(read_kid(decoder, false)?),
                Some(X5CHAIN) => x5chain = Some(read_chain(decoder)?),
                _ => {
                    let label = TEXT_LABELS.into_iter().find(|label| key.as_text() == Some(label));
                    fault = label.map_or(fault, ChainFault::TextLabel);
                }
            }
            Ok(())
        })?;
        let x5chain = x5chain.ok_or(fault);
        Ok(Self { protected: Cow::Borrowed(protected), alg: inside.alg, x5chain, others_unprotected, kid })
    }
}

/// The members read from the protected header.
struct Protected<'a> {
    alg: i64,
    kid: Option<Cow<'a, [u8]>>,
    labels: Keys<'a>,
}

impl<'a> Protected<'a> {
    /// Reads the header's bytes with the limits of `outside`. A zero-length byte string is an empty map.
    fn read(bytes: &'a [u8], outside: &Decoder<'a>) -> Result<Self, CoseError> {
        let mut labels = Keys::new();
        let (mut alg, mut kid, mut crit) = (None, None, None);
        let mut holds_chain = false;
        let mut decoder = outside.inside(bytes).definite();
        if !bytes.is_empty() {
            decoder.map_into(&mut labels, |decoder, key| -> Result<(), CoseError> {
                match key.to_key().as_int() {
                    Some(ALG) => alg = Some(read_alg(decoder)?),
                    Some(CRIT) => crit = Some(decoder.clone()),
                    Some(KID) => kid = Some(read_kid(decoder, true)?),
                    Some(X5CHAIN) => holds_chain = true,
                    _ => {}
                }
                Ok(())
            })?;
            decoder.finish()?;
        }
        let alg = alg.ok_or(CoseError::AlgUnprotected)?.ok_or(CoseError::AlgUnsupported)?;
        if let Some(mut crit) = crit {
            check_crit(&mut crit, &labels)?;
        }
        if holds_chain {
            return Err(CoseError::X5chain(ChainFault::Protected));
        }
        Ok(Self { alg, kid, labels })
    }
}

/// Returns `None` if the algorithm is a text or a number outside `i64`.
fn read_alg(decoder: &mut Decoder<'_>) -> Result<Option<i64>, CborError> {
    match decoder.peek()? {
        ItemType::Uint | ItemType::Nint => Ok(decoder.int().ok()),
        ItemType::Text => decoder.text().map(|_| None),
        _ => Err(CborError::UnexpectedType),
    }
}

/// Checks that every critical label is processed here and is in the protected header (RFC 9052, 3.1).
fn check_crit(decoder: &mut Decoder<'_>, labels: &Keys<'_>) -> Result<(), CoseError> {
    if decoder.peek()? != ItemType::Array {
        return Err(CoseError::CritUnknown);
    }
    let count = decoder.array(|decoder, _| {
        let label = match decoder.peek()? {
            ItemType::Uint => decoder.uint()?,
            _ => return Err(CoseError::CritUnknown),
        };
        let known = i64::try_from(label).is_ok_and(|label| [ALG, CRIT, KID, X5CHAIN].contains(&label));
        if known && labels.contains(&(&Key::Uint(label)).into()) { Ok(()) } else { Err(CoseError::CritUnknown) }
    })?;
    if count == 0 { Err(CoseError::CritUnknown) } else { Ok(()) }
}

fn read_kid<'a>(decoder: &mut Decoder<'a>, protected: bool) -> Result<Cow<'a, [u8]>, CoseError> {
    decoder.bytes().map_err(|error| CoseError::Kid { protected, error })
}

/// Reads a `COSE_X509`: one certificate, or an array of them, leaf first.
fn read_chain<'a>(decoder: &mut Decoder<'a>) -> Result<Vec<Cow<'a, [u8]>>, CoseError> {
    let mut chain = Vec::new();
    match decoder.peek()? {
        ItemType::Bytes => chain.push(decoder.bytes()?),
        ItemType::Array => {
            decoder.array(|decoder, index| {
                if index >= MAX_CHAIN || decoder.peek()? != ItemType::Bytes {
                    return Err(CoseError::X5chain(ChainFault::Entry(index)));
                }
                chain.push(decoder.bytes()?);
                Ok(())
            })?;
        }
        _ => return Err(CoseError::X5chain(ChainFault::Shape)),
    }
    match (chain.as_slice(), chain.iter().position(|certificate| certificate.is_empty())) {
        ([], _) | ([_], Some(_)) => Err(CoseError::X5chain(ChainFault::Shape)),
        (_, Some(empty)) => Err(CoseError::X5chain(ChainFault::Entry(empty))),
        (_, None) => Ok(chain),
    }
}

/// Encodes the protected header `{1: alg}`.
#[must_use]
pub fn protected_header(alg: i64) -> Vec<u8> {
    let mut encoder = Encoder::new();
    encoder.map(1).int(ALG).int(alg);
    encoder.finish()
}

/// Writes the unprotected header: empty, or the chain as one byte string or an array.
pub(super) fn write_unprotected(encoder: &mut Encoder, x5chain: &[&[u8]]) {
    match x5chain {
        [] => {
            encoder.map(0);
        }
        [leaf] => {
            encoder.map(1).int(X5CHAIN).bytes(leaf);
        }
        chain => {
            encoder.map(1).int(X5CHAIN).array(chain.len());
            for certificate in chain {
                encoder.bytes(certificate);
            }
        }
    }
}

crate::closed_debug!(Header<'_>);
