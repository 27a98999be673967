//! One type metadata document as published.
use alloc::{string::String, vec::Vec};

use rid_claims::{ClaimKey, ClaimPath};
use rid_wire::json::Value;

use super::{ClaimDisplay, DisclosureRule, TypeDisplay};
use crate::SdJwtError;

/// Largest document.
const MAX_BYTES: usize = 262_144;

/// A document before it inherits. What is absent is `None`.
pub(super) struct Document {
    pub(super) vct: String,
    pub(super) extends: Option<String>,
    pub(super) extends_integrity: Option<String>,
    pub(super) display: Option<Vec<TypeDisplay>>,
    pub(super) claims: Vec<DeclaredClaim>,
}

/// A claim of a document before it inherits.
pub(super) struct DeclaredClaim {
    pub(super) path: ClaimPath,
    pub(super) display: Option<Vec<ClaimDisplay>>,
    pub(super) mandatory: Option<bool>,
    pub(super) disclosure: Option<DisclosureRule>,
}

impl Document {
    pub(super) fn parse(bytes: &[u8]) -> Result<Self, SdJwtError> {
        let text = core::str::from_utf8(bytes).map_err(|_| SdJwtError::Metadata)?;
        let json = Value::parse(text, MAX_BYTES).map_err(|_| SdJwtError::Metadata)?;
        let claims: Vec<DeclaredClaim> =
            array(&json, "claims")?.unwrap_or_default().iter().map(claim).collect::<Result<_, _>>()?;
        let repeated =
            |(at, claim): (usize, &DeclaredClaim)| claims.iter().take(at).any(|other| other.path == claim.path);
        if claims.iter().enumerate().any(repeated) {
            return Err(SdJwtError::Metadata);
        }
        Ok(Self {
            vct: text_of(&json, "vct")?.ok_or(SdJwtError::Metadata)?,
            extends: text_of(&json, "extends")?,
            extends_integrity: text_of(&json, "extends#integrity")?,
            display: array(&json, "display")?.map(|list| list.iter().map(type_display).collect()).transpose()?,
            claims,
        })
    }
}

fn text_of(json: &Value, name: &str) -> Result<Option<String>, SdJwtError> {
    match json.member(name) {
        None => Ok(None),
        Some(Value::String(text)) => Ok(Some(text.clone())),
        Some(_) => Err(SdJwtError::Metadata),
    }
}

fn array<'j>(json: &'j Value, name: &str) -> Result<Option<&'j [Value]>, SdJwtError> {
    match json.member(name) {
        None => Ok(None),
        Some(Value::Array(items)) => Ok(Some(items)),
        Some(_) => Err(SdJwtError::Metadata),
    }
}

/// The language; drafts up to 12 called it `lang`.
fn locale(json: &Value) -> Result<String, SdJwtError> {
    match text_of(json, "locale")? {
        Some(locale) => Ok(locale),
        None => text_of(json, "lang")?.ok_or(SdJwtError::Metadata),
    }
}

fn type_display(json: &Value) -> Result<TypeDisplay, SdJwtError> {
    let name = text_of(json, "name")?.ok_or(SdJwtError::Metadata)?;
    Ok(TypeDisplay { locale: locale(json)?, name, description: text_of(json, "description")? })
}

fn claim_display(json: &Value) -> Result<ClaimDisplay, SdJwtError> {
    let label = text_of(json, "label")?.ok_or(SdJwtError::Metadata)?;
    Ok(ClaimDisplay { locale: locale(json)?, label, description: text_of(json, "description")? })
}

fn claim(json: &Value) -> Result<DeclaredClaim, SdJwtError> {
    let steps = array(json, "path")?.filter(|steps| !steps.is_empty()).ok_or(SdJwtError::Metadata)?;
    let step = |step: &Value| match step {
        Value::Null => Ok(ClaimKey::Every),
        Value::Integer(position) => {
            u32::try_from(*position).map(|position| ClaimKey::Index { position }).map_err(|_| SdJwtError::Metadata)
        }
        Value::String(name) => Ok(ClaimKey::Name { name: name.clone() }),
        _ => Err(SdJwtError::Metadata),
    };
    let mandatory = match json.member("mandatory") {
        None => None,
        Some(Value::Bool(mandatory)) => Some(*mandatory),
        Some(_) => return Err(SdJwtError::Metadata),
    };
    let disclosure = match text_of(json, "sd")?.as_deref() {
        None => None,
        Some("allowed") => Some(DisclosureRule::Allowed),
        Some("always") => Some(DisclosureRule::Always),
        Some("never") => Some(DisclosureRule::Never),
        Some(_) => return Err(SdJwtError::Metadata),
    };
    Ok(DeclaredClaim {
        path: ClaimPath { steps: steps.iter().map(step).collect::<Result<_, _>>()? },
        display: array(json, "display")?.map(|list| list.iter().map(claim_display).collect()).transpose()?,
        mandatory,
        disclosure,
    })
}
