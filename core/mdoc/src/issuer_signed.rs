//! IssuerSigned (18013-5, 8.3.2.1.2.2): items and issuerAuth as received.
use alloc::{borrow::Cow, vec::Vec};

use rid_wire::{
    cbor::{CborError, Decoder, Key, Limits, Tagged},
    cose::Sign1,
};

use crate::{
    MdocError,
    names::{MAX_ITEMS, MAX_NAMESPACES, name},
};

/// Length of the shortest `random` of an item, in bytes (18013-5, 9.1.2.5; neg-B20).
pub const MIN_RANDOM: usize = 16;

/// An `IssuerSignedItem` with its bytes. Its value is decoded only from evidence.
#[derive(Clone)]
pub struct UnverifiedItem<'a> {
    /// The IssuerSignedItemBytes as received: the hashed bytes.
    pub bytes: Tagged<'a>,
    /// The digestID. The standard and a wallet on receipt require it to be under 2^31.
    pub digest_id: u64,
    /// The `random`, at least 16 bytes.
    pub random: &'a [u8],
    /// The elementIdentifier.
    pub identifier: &'a str,
    pub(crate) value: &'a [u8],
    /// True if it has a member that the standard does not name.
    pub has_unknown_member: bool,
}

/// Namespaces with their items, in received order.
pub(crate) type Namespaces<'a> = Vec<(Cow<'a, str>, Vec<UnverifiedItem<'a>>)>;

/// An `IssuerSigned {nameSpaces?, issuerAuth}` as received: nothing in it is verified.
#[derive(Clone)]
pub struct UnverifiedIssuerSigned<'a> {
    /// Namespaces in received order.
    pub namespaces: Namespaces<'a>,
    /// The whole encoded issuerAuth as received.
    pub issuer_auth_bytes: &'a [u8],
    /// The parsed issuerAuth.
    pub issuer_auth: Sign1<'a>,
    /// The reason for which the items were refused. `namespaces` is then empty, and the check of the digests fails with
    /// it.
    pub(crate) items_error: Option<MdocError>,
}

impl<'a> UnverifiedIssuerSigned<'a> {
    /// Parses one whole input.
    ///
    /// # Errors
    /// [`MdocError`].
    pub fn parse(bytes: &'a [u8], limits: Limits) -> Result<Self, MdocError> {
        let parsed = Self::parse_for_verdict(bytes, limits)?;
        parsed.items_error.map_or(Ok(()), Err)?;
        Ok(parsed)
    }

    /// Parses as [`Self::parse`] does, but keeps an error of the items for the check of the digests, so that a verdict
    /// still shows the checks before it.
    ///
    /// # Errors
    /// [`MdocError`].
    pub fn parse_for_verdict(bytes: &'a [u8], limits: Limits) -> Result<Self, MdocError> {
        let mut decoder = Decoder::new(bytes, limits)?;
        let parsed = Self::read_for_verdict(&mut decoder)?;
        decoder.finish()?;
        Ok(parsed)
    }

    /// Reads one at the cursor.
    ///
    /// # Errors
    /// [`MdocError`]: also `mdoc_salt_short`, `mdoc_digest_id_duplicate`, `mdoc_element_duplicate`, `mdoc_too_many`.
    pub fn read(decoder: &mut Decoder<'a>) -> Result<Self, MdocError> {
        let parsed = Self::read_for_verdict(decoder)?;
        parsed.items_error.map_or(Ok(()), Err)?;
        Ok(parsed)
    }

    pub(crate) fn read_for_verdict(decoder: &mut Decoder<'a>) -> Result<Self, MdocError> {
        let mut items = Ok(Vec::new());
        let mut auth = None;
        decoder.map(|decoder, key| -> Result<(), MdocError> {
            match key.as_text() {
                // On a copy of the cursor, so that an error inside does not stop the reading of the map.
                Some("nameSpaces") => items = read_namespaces(&mut decoder.clone()),
                Some("issuerAuth") => {
                    let mut inside = decoder.clone();
                    let bytes = decoder.skip()?;
                    auth = Some((bytes, Sign1::read(&mut inside)?));
                }
                _ => {}
            }
            Ok(())
        })?;
        let (issuer_auth_bytes, issuer_auth) = auth.ok_or(CborError::MissingMember)?;
        let items_error = items.as_ref().err().copied();
        Ok(Self { namespaces: items.unwrap_or_default(), issuer_auth_bytes, issuer_auth, items_error })
    }
}

fn read_namespaces<'a>(decoder: &mut Decoder<'a>) -> Result<Namespaces<'a>, MdocError> {
    let mut namespaces = Vec::new();
    let mut room = MAX_ITEMS;
    decoder.map(|decoder, key| -> Result<(), MdocError> {
        if namespaces.len() >= MAX_NAMESPACES {
            return Err(MdocError::TooMany);
        }
        let namespace = name(key)?;
        let mut items = Vec::new();
        decoder.array(|decoder, _| -> Result<(), MdocError> {
            room = room.checked_sub(1).ok_or(MdocError::TooMany)?;
            items.push(UnverifiedItem::read(decoder)?);
            Ok(())
        })?;
        if items.is_empty() {
            return Err(CborError::MissingMember.into());
        }
        if repeats(items.iter().map(|item| item.digest_id)) {
            return Err(MdocError::DigestIdDuplicate);
        }
        if repeats(items.iter().map(|item| item.identifier)) {
            return Err(MdocError::ElementDuplicate);
        }
        namespaces.push((namespace, items));
        Ok(())
    })?;
    Ok(namespaces)
}

impl<'a> UnverifiedItem<'a> {
    /// Reads one IssuerSignedItemBytes. Unknown members are hashed with the rest and ignored, except on receipt.
    fn read(decoder: &mut Decoder<'a>) -> Result<Self, MdocError> {
        let (mut id, mut random, mut identifier, mut value) = (None, None, None, None);
        let mut has_unknown_member = false;
        let member = |decoder: &mut Decoder<'a>, key: &Key<'a>| -> Result<(), MdocError> {
            match key.as_text() {
                Some("digestID") => {
                    let read = decoder.uint();
                    id = Some(read.map_err(|error| MdocError::At("IssuerSignedItem.digestID", error))?);
                }
                Some("random") => random = Some(decoder.definite_bytes()?),
                Some("elementIdentifier") => match decoder.identifier()? {
                    Cow::Borrowed(text) => identifier = Some(text),
                    Cow::Owned(_) => return Err(CborError::Indefinite.into()),
                },
                Some("elementValue") => value = Some(decoder.skip()?),
                _ => has_unknown_member = true,
            }
            Ok(())
        };
        let (bytes, _) = decoder.tagged_with(|content| content.map(member))?;
        let random: &[u8] = random.ok_or(CborError::MissingMember)?;
        if random.len() < MIN_RANDOM {
            return Err(MdocError::SaltShort);
        }
        Ok(Self {
            bytes,
            digest_id: id.ok_or(CborError::MissingMember)?,
            random,
            identifier: identifier.ok_or(CborError::MissingMember)?,
            value: value.ok_or(CborError::MissingMember)?,
            has_unknown_member,
        })
    }

    /// The encoded elementValue.
    #[must_use]
    pub fn value_bytes(&self) -> &'a [u8] {
        self.value
    }
}

fn repeats<T: Ord>(values: impl Iterator<Item = T>) -> bool {
    let mut sorted: Vec<T> = values.collect();
    sorted.sort_unstable();
    sorted.windows(2).any(|pair| matches!(pair, [a, b] if a == b))
}

rid_wire::closed_debug!(UnverifiedIssuerSigned<'_>, UnverifiedItem<'_>);
