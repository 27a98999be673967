//! IssuerSigned (18013-5, 8.3.2.1.2.2): items and issuerAuth as received.
use alloc::{borrow::Cow, vec::Vec};

use rid_wire::{
    cbor::{Limits, Reader, Tagged},
    cose::Sign1,
};

use crate::MdocError;

/// Most namespaces of one document (neg-B24).
pub const MAX_NAMESPACES: usize = 64;
/// Most items of one document (neg-B24).
pub const MAX_ITEMS: usize = 1024;

/// `IssuerSignedItem` with its bytes; the value is a byte range, decoded only from evidence.
#[derive(Clone, Debug)]
pub struct UnverifiedItem<'a> {
    /// IssuerSignedItemBytes as received: what is hashed.
    pub bytes: Tagged<'a>,
    /// digestID, under 2^31.
    pub digest_id: u32,
    /// random, at least 16 bytes.
    pub random: &'a [u8],
    /// elementIdentifier.
    pub identifier: &'a str,
    pub(crate) value: &'a [u8],
}

/// `IssuerSigned {nameSpaces?, issuerAuth}` as received: nothing in it is verified.
#[derive(Clone, Debug)]
pub struct UnverifiedIssuerSigned<'a> {
    /// Namespaces in received order.
    pub namespaces: Vec<(Cow<'a, str>, Vec<UnverifiedItem<'a>>)>,
    /// issuerAuth as received (whole encoding).
    pub issuer_auth_bytes: &'a [u8],
    /// issuerAuth parsed.
    pub issuer_auth: Sign1<'a>,
}

impl<'a> UnverifiedIssuerSigned<'a> {
    /// Parses one whole input.
    ///
    /// # Errors
    /// [`MdocError`].
    pub fn parse(bytes: &'a [u8], limits: Limits) -> Result<Self, MdocError> {
        let mut reader = Reader::new(bytes, limits)?;
        let parsed = Self::read(&mut reader)?;
        reader.finish()?;
        Ok(parsed)
    }

    /// Reads one at the cursor.
    ///
    /// # Errors
    /// [`MdocError`]: also `mdoc_salt_short`, `mdoc_digest_id_duplicate`, `mdoc_element_duplicate`, `mdoc_too_many`.
    pub fn read(reader: &mut Reader<'a>) -> Result<Self, MdocError> {
        todo!()
    }
}
