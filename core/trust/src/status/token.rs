//! Status List Tokens, as JWT and as CWT.
use alloc::{
    borrow::Cow,
    string::{String, ToString},
    vec::Vec,
};

use rid_crypto::{SignatureAlgorithm, verify, verify_jws, x509::Certificate};
use rid_wire::{
    Timestamp, base64,
    cbor::{CborError, Decoder, Limits},
    cose::{Sign1, sig_structure},
    jose::{Jws, JwsError},
    json::Value,
};

use super::{CWT_TYPE, StatusError, StatusList, list};
use crate::{IssuerTrust, MessageTrust, parse_chain};

/// The `typ` of a token as JWT.
const TYP: &str = "statuslist+jwt";

/// A token as received. Nothing of it is verified.
pub struct UnverifiedStatusToken<'a> {
    signed: Signed<'a>,
    uri: String,
    list: (u64, Vec<u8>),
    issued: Timestamp,
    expires: Option<Timestamp>,
    ttl: Option<u64>,
}

enum Signed<'a> {
    Cwt(Sign1<'a>),
    Jwt(Jws<'a>),
}

impl<'a> UnverifiedStatusToken<'a> {
    /// Parses a token in whichever form it has: a JWT is text.
    ///
    /// # Errors
    /// [`StatusError`].
    pub fn parse(bytes: &'a [u8]) -> Result<Self, StatusError> {
        match core::str::from_utf8(bytes) {
            Ok(text) if text.starts_with("ey") => Self::jwt(text.trim_end()),
            _ => Self::cwt(bytes),
        }
    }

    /// Parses a token as JWT.
    ///
    /// # Errors
    /// [`StatusError`].
    pub fn jwt(text: &'a str) -> Result<Self, StatusError> {
        let jws = Jws::parse(text, Limits::ONLINE.max_bytes)?;
        if jws.header.typ.as_deref() != Some(TYP) {
            return Err(StatusError::Type);
        }
        let claims = jws.claims()?;
        let number = |name: &str| match claims.member(name) {
            None => Ok(None),
            Some(Value::Integer(number)) => u64::try_from(*number).map(Some).map_err(|_| StatusError::Form),
            Some(_) => Err(StatusError::Form),
        };
        let list = claims.member("status_list").ok_or(StatusError::Form)?;
        let (bits, text) = (list.member("bits"), list.member("lst").and_then(Value::as_str));
        let Some(Value::Integer(bits)) = bits else { return Err(StatusError::Form) };
        let compressed = base64::decode_url(text.ok_or(StatusError::Form)?).map_err(|_| StatusError::Form)?;
        Ok(Self {
            uri: claims.member("sub").and_then(Value::as_str).ok_or(StatusError::Form)?.into(),
            list: (u64::try_from(*bits).map_err(|_| StatusError::Form)?, compressed),
            issued: time(number("iat")?.ok_or(StatusError::Form)?)?,
            expires: number("exp")?.map(time).transpose()?,
            ttl: number("ttl")?,
            signed: Signed::Jwt(jws),
        })
    }

    /// Parses a token as CWT (`COSE_Sign1`).
    ///
    /// # Errors
    /// [`StatusError`].
    pub fn cwt(bytes: &'a [u8]) -> Result<Self, StatusError> {
        let mut decoder = Decoder::new(bytes, Limits::ONLINE)?;
        let sign1 = Sign1::read(&mut decoder)?;
        decoder.finish()?;
        check_type(&sign1)?;
        let payload = sign1.attached()?.to_vec();
        let mut claims = Decoder::new(&payload, Limits::ONLINE)?.definite();
        let (mut uri, mut issued, mut expires, mut ttl, mut list) = (None, None, None, None, None);
        claims.map(|decoder, key| -> Result<(), StatusError> {
            match key.as_int() {
                Some(2) => uri = Some(decoder.text()?.to_string()),
                Some(4) => expires = Some(time(decoder.uint()?)?),
                Some(6) => issued = Some(time(decoder.uint()?)?),
                Some(65_533) => list = Some(read_list(decoder)?),
                Some(65_534) => ttl = Some(decoder.uint()?),
                _ => {}
            }
            Ok(())
        })?;
        claims.finish()?;
        let (uri, list) = (uri.ok_or(StatusError::Form)?, list.ok_or(StatusError::Form)?);
        Ok(Self { uri, list, issued: issued.ok_or(StatusError::Form)?, expires, ttl, signed: Signed::Cwt(sign1) })
    }

    /// Verifies the token for a credential whose status has this address: the signature, the path of the signer to the
    /// root of the credential's issuer, the address and the times. `iat` has the clock tolerance, and `exp` is exact.
    ///
    /// # Errors
    /// [`StatusError`]: the status is unknown.
    pub fn verify(
        self,
        uri: &str,
        issuer: &IssuerTrust,
        trust: &mut MessageTrust<'_>,
    ) -> Result<StatusList, StatusError> {
        if self.uri != uri {
            return Err(StatusError::Uri);
        }
        let chain = self.chain()?;
        trust.status_issuer(&chain, issuer)?;
        let leaf = chain.first().ok_or(StatusError::Form)?;
        match &self.signed {
            Signed::Jwt(jws) => verify_jws(leaf.public_key(), jws)?,
            Signed::Cwt(sign1) => {
                let payload = sign1.attached()?;
                let prefix = sig_structure(&sign1.header.protected, &[], payload.len());
                let alg = SignatureAlgorithm::from_cose(sign1.header.alg)?;
                verify(leaf.public_key(), alg, &[&prefix, payload], &sign1.signature)?;
            }
        }
        let (at, tolerance) = (trust.at(), trust.store().clock_tolerance());
        if tolerance.is_ahead(self.issued, at) || self.expires.is_some_and(|expires| at >= expires) {
            return Err(StatusError::Time);
        }
        let (bits, bytes) = list::decode(self.list.0, &self.list.1)?;
        Ok(StatusList { bits, bytes, issued: self.issued, expires: self.expires, ttl: self.ttl })
    }

    fn chain(&self) -> Result<Vec<Certificate>, StatusError> {
        Ok(match &self.signed {
            Signed::Jwt(jws) => parse_chain(jws.header.x5c.as_deref().ok_or(JwsError::X5c)?)?,
            Signed::Cwt(sign1) => parse_chain::<Cow<'_, [u8]>>(sign1.chain()?)?,
        })
    }
}

fn time(seconds: u64) -> Result<Timestamp, StatusError> {
    i64::try_from(seconds).map(Timestamp::from_unix).map_err(|_| StatusError::Form)
}

/// Reads `{bits, lst}`.
fn read_list(decoder: &mut Decoder<'_>) -> Result<(u64, Vec<u8>), StatusError> {
    let (mut bits, mut compressed) = (None, None);
    decoder.map(|decoder, key| -> Result<(), CborError> {
        match key.as_text() {
            Some("bits") => bits = Some(decoder.uint()?),
            Some("lst") => compressed = Some(decoder.definite_bytes()?.to_vec()),
            _ => {}
        }
        Ok(())
    })?;
    bits.zip(compressed).ok_or(StatusError::Form)
}

/// Checks the type in the protected header (label 16).
fn check_type(sign1: &Sign1<'_>) -> Result<(), StatusError> {
    let mut typ = None;
    let mut header = Decoder::new(&sign1.header.protected, Limits::ONLINE)?.definite();
    header.map(|decoder, key| -> Result<(), StatusError> {
        if key.as_int() == Some(16) {
            typ = Some(decoder.text().map_err(|_| StatusError::Type)?);
        }
        Ok(())
    })?;
    if typ.as_deref() == Some(CWT_TYPE) { Ok(()) } else { Err(StatusError::Type) }
}

rid_wire::closed_debug!(UnverifiedStatusToken<'_>);
