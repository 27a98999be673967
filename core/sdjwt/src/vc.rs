//! The claims that SD-JWT VC defines (draft 25, 2.2.2).
use alloc::{string::String, vec::Vec};

use rid_crypto::PublicKey;
use rid_wire::{ClockTolerance, Timestamp, jose::Jwk, json::Value};

use crate::{Claim, Claims, SdJwtError};

/// The `typ` of an SD-JWT VC; no other is taken.
pub const TYP: &str = "dc+sd-jwt";

/// Claims that are never selectively disclosable, neither whole nor in part.
const PLAIN: [&str; 8] = ["aka_vcts", "cnf", "exp", "iss", "nbf", "status", "vct", "vct#integrity"];

/// The times of an SD-JWT VC.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Validity {
    /// The time of issuing (`iat`).
    pub issued: Option<Timestamp>,
    /// The first second of validity (`nbf`).
    pub not_before: Option<Timestamp>,
    /// The first second after the validity (`exp`).
    pub expires: Option<Timestamp>,
}

/// A reference to a token status list (`status.status_list`).
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct StatusReference {
    /// The position in the list.
    pub index: u64,
    /// The address of the list.
    pub uri: String,
}

/// The claims of the draft, read from processed claims. Members that fail on their own keep their own error.
#[derive(Clone)]
pub(crate) struct Vc {
    pub(crate) vct: String,
    pub(crate) other_types: Vec<String>,
    pub(crate) integrity: Option<String>,
    pub(crate) issuer: Option<String>,
    pub(crate) holder_key: Result<Option<PublicKey>, SdJwtError>,
    pub(crate) validity: Result<Validity, SdJwtError>,
    pub(crate) status: Option<StatusReference>,
}

impl Vc {
    pub(crate) fn read(claims: &Claims) -> Result<Self, SdJwtError> {
        let plain = |name: &str| claims.member(name).is_none_or(Claim::is_plain);
        if !PLAIN.iter().all(|name| plain(name)) {
            return Err(SdJwtError::NotDisclosable);
        }
        let text = |name: &'static str| match claims.member(name) {
            None => Ok(None),
            Some(claim) => claim.as_str().map(|text| Some(String::from(text))).ok_or(SdJwtError::Form(name)),
        };
        text("sub")?;
        let vct = text("vct")?.filter(|vct| !vct.is_empty()).ok_or(SdJwtError::Form("vct"))?;
        Ok(Self {
            vct,
            other_types: other_types(claims.member("aka_vcts"))?,
            integrity: text("vct#integrity")?,
            issuer: text("iss")?,
            holder_key: holder_key(claims.member("cnf")),
            validity: Validity::read(claims),
            status: status(claims.member("status"))?,
        })
    }
}

fn other_types(claim: Option<&Claim>) -> Result<Vec<String>, SdJwtError> {
    const MALFORMED: SdJwtError = SdJwtError::Form("aka_vcts");
    let Some(claim) = claim else { return Ok(Vec::new()) };
    if claim.items().is_empty() {
        return Err(MALFORMED);
    }
    claim.items().iter().map(|item| item.as_str().map(String::from).ok_or(MALFORMED)).collect()
}

/// The `jwk` of `cnf` (RFC 7800, 3.2). Other members of `cnf` name keys that would have to be fetched, which nobody
/// does here.
pub(crate) fn holder_key(claim: Option<&Claim>) -> Result<Option<PublicKey>, SdJwtError> {
    let Some(claim) = claim else { return Ok(None) };
    let jwk = claim.member("jwk").map(Claim::to_value).ok_or(SdJwtError::DeviceKeyMismatch)?;
    let jwk = Jwk::read(&jwk).map_err(|_| SdJwtError::DeviceKeyMismatch)?;
    PublicKey::from_jose(&jwk).map(Some).map_err(|_| SdJwtError::DeviceKeyMismatch)
}

/// A `status` with another mechanism than `status_list` says nothing here; a malformed `status_list` is refused.
fn status(claim: Option<&Claim>) -> Result<Option<StatusReference>, SdJwtError> {
    const MALFORMED: SdJwtError = SdJwtError::Form("status");
    let Some(claim) = claim else { return Ok(None) };
    if !matches!(claim.to_value(), Value::Object(_)) {
        return Err(MALFORMED);
    }
    let Some(list) = claim.member("status_list") else { return Ok(None) };
    let index = match list.member("idx").map(Claim::to_value) {
        Some(Value::Integer(index)) => u64::try_from(index).map_err(|_| MALFORMED)?,
        _ => return Err(MALFORMED),
    };
    let uri = list.member("uri").and_then(Claim::as_str).ok_or(MALFORMED)?;
    Ok(Some(StatusReference { index, uri: uri.into() }))
}

impl Validity {
    fn read(claims: &Claims) -> Result<Self, SdJwtError> {
        let time = |name: &'static str| {
            let claim = claims.member(name);
            claim.map(|claim| numeric_date(&claim.to_value(), name)).transpose()
        };
        Ok(Self { issued: time("iat")?, not_before: time("nbf")?, expires: time("exp")? })
    }

    /// Checks that the times do not contradict each other, and that `iat` is not ahead.
    pub(crate) fn check_form(&self, at: Timestamp, tolerance: ClockTolerance) -> Result<(), SdJwtError> {
        match (self.issued, self.not_before, self.expires) {
            (Some(issued), ..) if tolerance.is_ahead(issued, at) => Err(SdJwtError::Time("iat")),
            (_, Some(not_before), Some(expires)) if not_before >= expires => Err(SdJwtError::Time("exp")),
            (Some(issued), _, Some(expires)) if issued >= expires => Err(SdJwtError::Time("exp")),
            _ => Ok(()),
        }
    }

    /// Checks that the credential is valid: `nbf` may be ahead by the tolerance, `exp` is never stretched.
    pub(crate) fn check(&self, at: Timestamp, tolerance: ClockTolerance) -> Result<(), SdJwtError> {
        match (self.not_before, self.expires) {
            (Some(not_before), _) if tolerance.is_ahead(not_before, at) => Err(SdJwtError::Time("nbf")),
            (_, Some(expires)) if at >= expires => Err(SdJwtError::Time("exp")),
            _ => Ok(()),
        }
    }
}

/// The last second of the year 9999.
const LAST: i64 = 253_402_300_799;

/// Reads a NumericDate (RFC 7519, 2) of the years 1970 to 9999; a fraction is truncated.
pub(crate) fn numeric_date(value: &Value, claim: &'static str) -> Result<Timestamp, SdJwtError> {
    match value {
        Value::Integer(seconds) if (0..=LAST).contains(seconds) => Ok(Timestamp::from_unix(*seconds)),
        Value::Float(seconds) if (0.0..253_402_300_800.0).contains(seconds) => {
            #[expect(clippy::as_conversions, reason = "in range: checked just above")]
            let whole = *seconds as i64;
            Ok(Timestamp::from_unix(whole))
        }
        _ => Err(SdJwtError::Time(claim)),
    }
}
