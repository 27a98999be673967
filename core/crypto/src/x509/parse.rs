//! Parses one certificate.
use alloc::vec::Vec;
use core::ops::Range;

use rid_wire::{ClockTolerance, FullDate, Timestamp};

use super::{
    ExtendedKeyUsage, KeyUsage, Name, X509Error,
    der::{self, Der},
    extension::Extensions,
    oid, pem, spki,
};
use crate::{CryptoError, Curve, DigestAlgorithm, PublicKey, backend, sha256};

/// One parsed certificate. Parsing does not make it trusted: see [`super::verify_path`].
#[derive(Clone)]
pub struct Certificate {
    pub(super) der: Vec<u8>,
    pub(super) tbs: Range<usize>,
    pub(super) signature: Range<usize>,
    pub(super) signature_scheme: Scheme,
    pub(super) serial: Vec<u8>,
    pub(super) subject: Name,
    pub(super) issuer: Name,
    pub(super) not_before: Timestamp,
    pub(super) not_after: Timestamp,
    pub(super) public_key: PublicKey,
    pub(super) extensions: Extensions,
}

/// The signature algorithm of a certificate: ECDSA with a hash (and any curve), or Ed25519.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Scheme {
    Ecdsa(DigestAlgorithm),
    Ed25519,
}

impl Certificate {
    /// Parses DER strictly: version 3, at most 64 KiB.
    ///
    /// # Errors
    /// [`X509Error::Form`] if it is malformed, [`X509Error::Alg`] for an algorithm outside the allow-list.
    pub fn parse(der: &[u8]) -> Result<Self, X509Error> {
        if der.len() > MAX_LEN {
            return Err(X509Error::Form);
        }
        let mut outer = Der::only(der, der::SEQUENCE)?;
        let start = der.len().saturating_sub(outer.remaining());
        let tbs = outer.any()?;
        let algorithm = outer.any()?;
        let signature = outer.bytes_of_bit_string()?;
        outer.finish()?;
        if tbs.tag != der::SEQUENCE {
            return Err(X509Error::Form);
        }

        let mut fields = Der::new(tbs.content);
        let mut version = Der::new(fields.expect(VERSION)?);
        if version.unsigned()? != [2] {
            return Err(X509Error::Form);
        }
        version.finish()?;
        let serial = fields.unsigned()?.to_vec();
        if serial.is_empty() {
            return Err(X509Error::Form);
        }
        if fields.any()?.whole != algorithm.whole {
            return Err(X509Error::Form);
        }
        let signature_scheme = Scheme::read(algorithm.whole)?;
        let issuer = Name::read(fields.any()?)?;
        let mut validity = fields.sequence()?;
        let (not_before, not_after) = (time(validity.any()?)?, time(validity.any()?)?);
        validity.finish()?;
        let subject = Name::read(fields.any()?)?;
        let public_key = spki::read(fields.any()?.whole).map_err(|error| match error {
            CryptoError::AlgUnsupported => X509Error::Alg,
            _ => X509Error::Form,
        })?;
        // The unique identifiers [1] and [2] would be here. No issuer may write them.
        let extensions = match fields.optional(EXTENSIONS)? {
            Some(content) => Extensions::read(content)?,
            None => Extensions::default(),
        };
        fields.finish()?;
        // The issuer must have a name (RFC 5280, 4.1.2.4).
        if issuer.is_empty() {
            return Err(X509Error::Form);
        }
        Ok(Self {
            tbs: start..start.saturating_add(tbs.whole.len()),
            // No bytes follow the last element.
            signature: der.len().saturating_sub(signature.len())..der.len(),
            der: der.to_vec(),
            signature_scheme,
            serial,
            subject,
            issuer,
            not_before,
            not_after,
            public_key,
            extensions,
        })
    }

    /// Checks that the key of `issuer` made the signature of this certificate. Names and permissions are not checked.
    ///
    /// # Errors
    /// [`X509Error::Untrusted`] if the signature is wrong.
    pub fn verify_signature_by(&self, issuer: &Self) -> Result<(), X509Error> {
        let tbs = self.der.get(self.tbs.clone()).ok_or(X509Error::Form)?;
        let signature = self.der.get(self.signature.clone()).ok_or(X509Error::Form)?;
        let key = &issuer.public_key;
        let verified = match (self.signature_scheme, key.curve()) {
            (Scheme::Ed25519, Curve::Ed25519) => backend::verify(&key.0, DigestAlgorithm::Sha512, &[tbs], signature),
            (Scheme::Ecdsa(hash), curve @ (Curve::P256 | Curve::P384 | Curve::P521)) => {
                let raw = raw_signature(signature, curve.coordinate_len()).map_err(|_| X509Error::Untrusted)?;
                backend::verify(&key.0, hash, &[tbs], &raw)
            }
            _ => return Err(X509Error::Untrusted),
        };
        verified.map_err(|_| X509Error::Untrusted)
    }

    /// The DER bytes as received.
    #[must_use]
    pub fn der(&self) -> &[u8] {
        &self.der
    }

    /// The certificate as PEM text.
    #[must_use]
    pub fn to_pem(&self) -> alloc::string::String {
        pem::write(&self.der)
    }

    /// SHA-256 of the DER bytes.
    #[must_use]
    pub fn fingerprint(&self) -> [u8; 32] {
        sha256(&[&self.der])
    }

    /// The serial number: at least one byte, big-endian, without sign byte. [`super::verify_path`] accepts at most 20
    /// bytes (RFC 5280, 4.1.2.2).
    #[must_use]
    pub fn serial(&self) -> &[u8] {
        &self.serial
    }

    /// The subject.
    #[must_use]
    pub fn subject(&self) -> &Name {
        &self.subject
    }

    /// The issuer.
    #[must_use]
    pub fn issuer(&self) -> &Name {
        &self.issuer
    }

    /// The first second of validity.
    #[must_use]
    pub fn not_before(&self) -> Timestamp {
        self.not_before
    }

    /// The last second of validity.
    #[must_use]
    pub fn not_after(&self) -> Timestamp {
        self.not_after
    }

    /// The public key of the subject.
    #[must_use]
    pub fn public_key(&self) -> &PublicKey {
        &self.public_key
    }

    /// The key usage, if present.
    #[must_use]
    pub fn key_usage(&self) -> Option<KeyUsage> {
        self.extensions.key_usage
    }

    /// The extended key usage, if present.
    #[must_use]
    pub fn extended_key_usage(&self) -> Option<&ExtendedKeyUsage> {
        self.extensions.extended_key_usage.as_ref()
    }

    /// Whether basic constraints make this a CA.
    #[must_use]
    pub fn is_ca(&self) -> bool {
        self.extensions.ca
    }

    /// The number of CAs allowed between this one and a leaf. `None` means any number.
    #[must_use]
    pub fn path_len(&self) -> Option<u32> {
        self.extensions.path_len
    }

    /// The subject key identifier, if present.
    #[must_use]
    pub fn subject_key_id(&self) -> Option<&[u8]> {
        self.extensions.subject_key_id.as_deref()
    }

    /// The key identifier of the issuer, if present.
    #[must_use]
    pub fn authority_key_id(&self) -> Option<&[u8]> {
        self.extensions.authority_key_id.as_deref()
    }

    /// The first URI of the CRL distribution points, if present.
    #[must_use]
    pub fn crl_uri(&self) -> Option<&str> {
        self.extensions.crl_uri.as_deref()
    }

    /// The URIs of the subject alternative name.
    #[must_use]
    pub fn alternative_uris(&self) -> &[alloc::string::String] {
        &self.extensions.alternative_uris
    }

    /// The DNS names of the subject alternative name.
    #[must_use]
    pub fn alternative_hosts(&self) -> &[alloc::string::String] {
        &self.extensions.alternative_hosts
    }

    /// Whether CRL distribution points and an issuer alternative name are present, as ISO 18013-5 Annex B requires.
    #[must_use]
    pub fn has_issuer_hints(&self) -> bool {
        self.extensions.crl_points && self.extensions.issuer_alt_name
    }

    /// Whether a non-critical extension that is only a hint was malformed. Such an extension counts as absent.
    #[must_use]
    pub fn has_malformed_hint(&self) -> bool {
        self.extensions.malformed_hint
    }

    /// Checks that `at` is in the validity period, both ends included. The clock may be behind by the tolerance.
    ///
    /// # Errors
    /// [`X509Error::NotYetValid`] or [`X509Error::Expired`].
    pub fn check_validity(&self, at: Timestamp, tolerance: ClockTolerance) -> Result<(), X509Error> {
        if tolerance.is_ahead(self.not_before, at) {
            return Err(X509Error::NotYetValid);
        }
        if at > self.not_after { Err(X509Error::Expired) } else { Ok(()) }
    }
}

impl Scheme {
    /// Parameters are absent in all of these algorithms (RFC 5758, 3.2; RFC 8410, 3).
    fn read(algorithm: &[u8]) -> Result<Self, X509Error> {
        let mut algorithm = Der::only(algorithm, der::SEQUENCE)?;
        let scheme = match algorithm.expect(der::OID)? {
            oid::ECDSA_SHA256 => Self::Ecdsa(DigestAlgorithm::Sha256),
            oid::ECDSA_SHA384 => Self::Ecdsa(DigestAlgorithm::Sha384),
            oid::ECDSA_SHA512 => Self::Ecdsa(DigestAlgorithm::Sha512),
            oid::ED25519 => Self::Ed25519,
            _ => return Err(X509Error::Alg),
        };
        algorithm.finish()?;
        Ok(scheme)
    }
}

/// The longest certificate that is read.
const MAX_LEN: usize = 65_536;
/// Tag `[0]`, the version.
const VERSION: u8 = 0xa0;
/// Tag `[3]`, the extensions.
const EXTENSIONS: u8 = 0xa3;

/// Reads UTCTime or GeneralizedTime, to the second, in UTC (RFC 5280, 4.1.2.5).
fn time(element: der::Element<'_>) -> Result<Timestamp, X509Error> {
    let (century, digits) = match (element.tag, element.content) {
        (der::UTC_TIME, [digits @ .., b'Z']) if digits.len() == 12 => {
            (Some(if digits < b"50".as_slice() { 20 } else { 19 }), digits)
        }
        (der::GENERALIZED_TIME, [digits @ .., b'Z']) if digits.len() == 14 => (None, digits),
        _ => return Err(X509Error::Form),
    };
    let mut pairs = digits.chunks(2).map(|pair| match pair {
        [tens @ b'0'..=b'9', ones @ b'0'..=b'9'] => Ok((tens & 0x0f).wrapping_mul(10).wrapping_add(ones & 0x0f)),
        _ => Err(X509Error::Form),
    });
    let mut pair = || pairs.next().unwrap_or(Err(X509Error::Form));
    let century = century.map_or_else(&mut pair, Ok)?;
    let year = u16::from(century).wrapping_mul(100).wrapping_add(u16::from(pair()?));
    let date = FullDate::new(year, pair()?, pair()?).map_err(|_| X509Error::Form)?;
    let (hour, minute, second) = (pair()?, pair()?, pair()?);
    if hour > 23 || minute > 59 || second > 59 {
        return Err(X509Error::Form);
    }
    let seconds = i64::from(hour).wrapping_mul(3_600).wrapping_add(i64::from(minute).wrapping_mul(60));
    Ok(date.start().plus_seconds(seconds.wrapping_add(i64::from(second))))
}

/// Reads r‖s of a DER `ECDSA-Sig-Value`, each padded to `len` bytes.
fn raw_signature(der: &[u8], len: usize) -> Result<Vec<u8>, der::DerError> {
    let mut pair = Der::only(der, der::SEQUENCE)?;
    let mut raw = Vec::with_capacity(len.saturating_mul(2));
    for _ in 0..2 {
        let number = pair.unsigned()?;
        let filling = len.checked_sub(number.len()).ok_or(der::DerError)?;
        raw.resize(raw.len().saturating_add(filling), 0);
        raw.extend_from_slice(number);
    }
    pair.finish()?;
    Ok(raw)
}
