//! SubjectPublicKeyInfo (RFC 5280, 4.1.2.7; RFC 5480, RFC 8410) of the curves in the allow-list, always named.
use alloc::vec::Vec;

use super::{
    der::{self, Der},
    oid,
};
use crate::{CryptoError, Curve, PublicKey};

impl PublicKey {
    /// Reads a DER SubjectPublicKeyInfo with a named curve.
    ///
    /// # Errors
    /// As [`PublicKey::from_cose`].
    pub fn from_spki(der: &[u8]) -> Result<Self, CryptoError> {
        read(der)
    }

    /// Writes a DER SubjectPublicKeyInfo.
    #[must_use]
    pub fn to_spki(&self) -> Vec<u8> {
        write(self)
    }
}

pub(crate) fn read(der: &[u8]) -> Result<PublicKey, CryptoError> {
    let mut info = Der::only(der, der::SEQUENCE)?;
    let mut algorithm = info.sequence()?;
    let curve = match algorithm.expect(der::OID)? {
        oid::EC_PUBLIC_KEY => {
            let parameters = algorithm.any()?;
            match (parameters.tag, parameters.content) {
                (der::OID, oid::P256) => Curve::P256,
                (der::OID, oid::P384) => Curve::P384,
                (der::OID, oid::P521) => Curve::P521,
                // Another curve, or a curve given by explicit parameters.
                _ => return Err(CryptoError::AlgUnsupported),
            }
        }
        oid::ED25519 => Curve::Ed25519,
        _ => return Err(CryptoError::AlgUnsupported),
    };
    algorithm.finish()?;
    let point = info.bytes_of_bit_string()?;
    info.finish()?;
    PublicKey::from_sec1(curve, point)
}

fn write(key: &PublicKey) -> Vec<u8> {
    let ec = |curve: &[u8]| {
        let family = der::element(der::OID, &[oid::EC_PUBLIC_KEY]);
        der::element(der::SEQUENCE, &[&family, &der::element(der::OID, &[curve])])
    };
    let algorithm = match key.curve() {
        Curve::Ed25519 => der::element(der::SEQUENCE, &[&der::element(der::OID, &[oid::ED25519])]),
        Curve::P256 => ec(oid::P256),
        Curve::P384 => ec(oid::P384),
        Curve::P521 => ec(oid::P521),
    };
    let point = der::element(der::BIT_STRING, &[&[0], &key.to_bytes()]);
    der::element(der::SEQUENCE, &[&algorithm, &point])
}
