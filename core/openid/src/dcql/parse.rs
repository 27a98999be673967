//! Parses and normalises a DCQL query. Unknown members are ignored (OpenID4VP 1.0, 6).
use alloc::{
    collections::{BTreeMap, BTreeSet},
    string::String,
    vec::Vec,
};

use rid_claims::{ClaimKey, ClaimPath, Format};
use rid_wire::{base64, json::Value};

use super::{Authority, ClaimQuery, CredentialQuery, CredentialSet, DcqlError, Literal, Query};

/// Longest query in bytes.
const MAX_BYTES: usize = 262_144;
/// Most credential queries, and most credential sets.
const MAX_CREDENTIALS: usize = 64;
/// Most claims of one credential query.
const MAX_CLAIMS: usize = 256;
/// Most alternatives of a set, and most members of an alternative.
const MAX_OPTIONS: usize = 256;
/// Most values of a claim, types of a credential, authorities, and values of an authority.
const MAX_VALUES: usize = 256;
/// Most steps of a path.
const MAX_STEPS: usize = 16;

impl Query {
    /// Parses the JSON of a query.
    ///
    /// # Errors
    /// [`DcqlError`].
    pub fn parse(text: &str) -> Result<Self, DcqlError> {
        Self::read(&Value::parse(text, MAX_BYTES)?)
    }

    /// Reads a query that is part of a parsed JSON text.
    ///
    /// # Errors
    /// [`DcqlError`].
    pub fn read(value: &Value) -> Result<Self, DcqlError> {
        let list = list(value, "credentials", MAX_CREDENTIALS, "credentials")?;
        let list = list.ok_or(DcqlError::Invalid("credentials"))?;
        let mut ids = BTreeMap::new();
        let mut credentials = Vec::new();
        for (position, entry) in list.iter().enumerate() {
            let credential = credential(entry)?;
            if ids.insert(credential.id.clone(), position).is_some() {
                return Err(DcqlError::Invalid("credentials.id"));
            }
            credentials.push(credential);
        }
        let sets = match self::list(value, "credential_sets", MAX_CREDENTIALS, "credential_sets")? {
            Some(sets) => sets.iter().map(|set| credential_set(set, &ids)).collect::<Result<_, _>>()?,
            None => [CredentialSet { options: [(0..credentials.len()).collect()].into(), required: true }].into(),
        };
        Ok(Self { credentials, sets })
    }
}

/// A member that is an array with at least one element and at most `max`; `None` if it is absent.
fn list<'v>(value: &'v Value, name: &str, max: usize, place: &'static str) -> Result<Option<&'v [Value]>, DcqlError> {
    match value.member(name) {
        None => Ok(None),
        Some(Value::Array(items)) if items.len() > max => Err(DcqlError::TooLarge(place)),
        Some(Value::Array(items)) if !items.is_empty() => Ok(Some(items)),
        Some(_) => Err(DcqlError::Invalid(place)),
    }
}

fn flag(value: &Value, name: &str, place: &'static str) -> Result<Option<bool>, DcqlError> {
    match value.member(name) {
        None => Ok(None),
        Some(Value::Bool(flag)) => Ok(Some(*flag)),
        Some(_) => Err(DcqlError::Invalid(place)),
    }
}

fn identifier(value: &Value, place: &'static str) -> Result<Option<String>, DcqlError> {
    let is_valid = |text: &str| {
        !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'_' | b'-'))
    };
    match value.member("id") {
        None => Ok(None),
        Some(Value::String(text)) if is_valid(text) => Ok(Some(text.clone())),
        Some(_) => Err(DcqlError::Invalid(place)),
    }
}

fn texts(items: &[Value], place: &'static str) -> Result<Vec<String>, DcqlError> {
    items.iter().map(|item| item.as_str().map(String::from).ok_or(DcqlError::Invalid(place))).collect()
}

fn credential(value: &Value) -> Result<CredentialQuery, DcqlError> {
    let format = value.member("format").and_then(Value::as_str).filter(|format| !format.is_empty());
    let format = format.ok_or(DcqlError::Invalid("credentials.format"))?;
    let known = Format::parse(format);
    let meta = value.member("meta").filter(|meta| matches!(meta, Value::Object(_)));
    let meta = meta.ok_or(DcqlError::Invalid("credentials.meta"))?;
    let mut claims: Vec<ClaimQuery> = match list(value, "claims", MAX_CLAIMS, "credentials.claims")? {
        Some(claims) => claims.iter().map(|entry| claim(entry, known)).collect::<Result<_, _>>()?,
        None => Vec::new(),
    };
    let claim_sets = claim_sets(value, &mut claims)?;
    let authorities = match list(value, "trusted_authorities", MAX_VALUES, "credentials.trusted_authorities")? {
        Some(authorities) => authorities.iter().map(authority).collect::<Result<_, _>>()?,
        None => Vec::new(),
    };
    Ok(CredentialQuery {
        id: identifier(value, "credentials.id")?.ok_or(DcqlError::Invalid("credentials.id"))?,
        format: format.into(),
        types: types(meta, known)?,
        claims,
        claim_sets,
        multiple: flag(value, "multiple", "credentials.multiple")?.unwrap_or(false),
        holder_binding: flag(
            value,
            "require_cryptographic_holder_binding",
            "credentials.require_cryptographic_holder_binding",
        )?
        .unwrap_or(true),
        authorities,
    })
}

/// The types in `meta` (OpenID4VP 1.0, B.2.3 and B.3.5). Each known format requires them.
fn types(meta: &Value, format: Option<Format>) -> Result<Vec<String>, DcqlError> {
    match format {
        None => Ok(Vec::new()),
        Some(Format::Mdoc) => {
            let doc_type = meta.member("doctype_value").and_then(Value::as_str).filter(|text| !text.is_empty());
            doc_type.map(|text| [text.into()].into()).ok_or(DcqlError::Invalid("credentials.meta.doctype_value"))
        }
        Some(Format::SdJwt) => {
            let place = "credentials.meta.vct_values";
            texts(list(meta, "vct_values", MAX_VALUES, place)?.ok_or(DcqlError::Invalid(place))?, place)
        }
    }
}

fn claim(value: &Value, format: Option<Format>) -> Result<ClaimQuery, DcqlError> {
    let place = "credentials.claims.path";
    let steps = list(value, "path", MAX_STEPS, place)?.ok_or(DcqlError::Invalid(place))?;
    let path = ClaimPath { steps: steps.iter().map(step).collect::<Result<_, _>>()? };
    if format == Some(Format::Mdoc) && path.as_element().is_none() {
        return Err(DcqlError::Invalid(place));
    }
    let values = list(value, "values", MAX_VALUES, "credentials.claims.values")?.unwrap_or_default();
    Ok(ClaimQuery {
        id: identifier(value, "credentials.claims.id")?,
        path,
        values: values.iter().map(literal).collect::<Result<_, _>>()?,
        intent_to_retain: flag(value, "intent_to_retain", "credentials.claims.intent_to_retain")?,
    })
}

fn step(value: &Value) -> Result<ClaimKey, DcqlError> {
    let invalid = DcqlError::Invalid("credentials.claims.path");
    match value {
        Value::Null => Ok(ClaimKey::Every),
        Value::Integer(position) => {
            u32::try_from(*position).map(|position| ClaimKey::Index { position }).map_err(|_| invalid)
        }
        Value::String(name) => Ok(ClaimKey::Name { name: name.clone() }),
        _ => Err(invalid),
    }
}

fn literal(value: &Value) -> Result<Literal, DcqlError> {
    match value {
        Value::Bool(flag) => Ok(Literal::Flag(*flag)),
        Value::Integer(number) => Ok(Literal::Number(*number)),
        Value::String(text) => Ok(Literal::Text(text.clone())),
        _ => Err(DcqlError::Invalid("credentials.claims.values")),
    }
}

/// Resolves identifiers to positions. In each set a path counts once: the standard asks wallets to ignore the others.
/// Without sets the others are removed.
fn claim_sets(value: &Value, claims: &mut Vec<ClaimQuery>) -> Result<Vec<Vec<usize>>, DcqlError> {
    let place = "credentials.claim_sets";
    let mut ids = BTreeMap::new();
    for (position, claim) in claims.iter().enumerate() {
        if claim.id.as_ref().is_some_and(|id| ids.insert(id.clone(), position).is_some()) {
            return Err(DcqlError::Invalid("credentials.claims.id"));
        }
    }
    let Some(sets) = list(value, "claim_sets", MAX_OPTIONS, place)? else {
        let mut paths = BTreeSet::new();
        claims.retain(|claim| paths.insert(claim.path.clone()));
        return Ok([(0..claims.len()).collect()].into());
    };
    if claims.iter().any(|claim| claim.id.is_none()) {
        return Err(DcqlError::Invalid("credentials.claims.id"));
    }
    if claims.is_empty() {
        return Err(DcqlError::Invalid(place));
    }
    sets.iter().map(|set| Ok(once(claims, positions(set, &ids, place)?))).collect()
}

fn once(claims: &[ClaimQuery], positions: impl IntoIterator<Item = usize>) -> Vec<usize> {
    let mut paths = BTreeSet::new();
    let is_first = |position: &usize| claims.get(*position).is_some_and(|claim| paths.insert(&claim.path));
    positions.into_iter().filter(is_first).collect()
}

/// A non-empty array of identifiers, as positions.
fn positions(value: &Value, ids: &BTreeMap<String, usize>, place: &'static str) -> Result<Vec<usize>, DcqlError> {
    let Value::Array(names) = value else { return Err(DcqlError::Invalid(place)) };
    if names.is_empty() {
        return Err(DcqlError::Invalid(place));
    }
    if names.len() > MAX_OPTIONS {
        return Err(DcqlError::TooLarge(place));
    }
    let position = |name: &Value| name.as_str().and_then(|name| ids.get(name)).copied();
    names.iter().map(|name| position(name).ok_or(DcqlError::Invalid(place))).collect()
}

fn authority(value: &Value) -> Result<Authority, DcqlError> {
    let place = "credentials.trusted_authorities";
    let kind = value.member("type").and_then(Value::as_str).ok_or(DcqlError::Invalid(place))?;
    let values = texts(list(value, "values", MAX_VALUES, place)?.ok_or(DcqlError::Invalid(place))?, place)?;
    if kind != "aki" {
        return Ok(Authority::Unknown(kind.into()));
    }
    let read = |text: &String| base64::decode_url(text).map_err(|_| DcqlError::Invalid(place));
    values.iter().map(read).collect::<Result<_, _>>().map(Authority::KeyIdentifiers)
}

fn credential_set(value: &Value, ids: &BTreeMap<String, usize>) -> Result<CredentialSet, DcqlError> {
    let place = "credential_sets.options";
    let options = list(value, "options", MAX_OPTIONS, place)?.ok_or(DcqlError::Invalid(place))?;
    Ok(CredentialSet {
        options: options.iter().map(|option| positions(option, ids, place)).collect::<Result<_, _>>()?,
        required: flag(value, "required", "credential_sets.required")?.unwrap_or(true),
    })
}
