//! Puts the disclosures in the places of their digests (RFC 9901, 7.1).
use alloc::{
    collections::{BTreeMap, BTreeSet},
    string::String,
    vec::Vec,
};

use rid_crypto::DigestAlgorithm;
use rid_wire::json::Value;

use crate::{
    SdJwtError,
    claims::{Claim, Claims, Content},
    digest::{SD_ALG, digest},
    disclosure::{Disclosure, ELEMENT, SD},
};

/// Deepest nesting of objects and arrays, those of disclosures included.
const MAX_DEPTH: usize = 32;

/// The claims of a payload with its disclosures. Every disclosure must have exactly one place.
pub(crate) fn process(
    payload: &Value,
    disclosures: &[Disclosure<'_>],
    algorithm: DigestAlgorithm,
) -> Result<Claims, SdJwtError> {
    Ok(process_all(payload, disclosures, algorithm)?.0)
}

/// The claims, and every digest of the payload and its disclosures, decoys among them.
pub(crate) fn process_all(
    payload: &Value,
    disclosures: &[Disclosure<'_>],
    algorithm: DigestAlgorithm,
) -> Result<(Claims, BTreeSet<String>), SdJwtError> {
    let mut by_digest = BTreeMap::new();
    for (position, disclosure) in disclosures.iter().enumerate() {
        if by_digest.insert(digest(algorithm, disclosure.text), position).is_some() {
            return Err(SdJwtError::DuplicateDigest);
        }
    }
    let mut process = Process { disclosures, by_digest, seen: BTreeSet::new(), placed: 0 };
    let members = match payload {
        // `_sd_alg` belongs to the top level, and to nothing below it (neg-D08).
        Value::Object(members) => members.iter().filter(|(name, _)| name != SD_ALG),
        _ => return Err(SdJwtError::Form("")),
    };
    let root = process.object(members, 1)?;
    if process.placed < disclosures.len() {
        return Err(SdJwtError::Unreferenced);
    }
    Ok((Claims { root }, process.seen))
}

struct Process<'p, 'a> {
    disclosures: &'p [Disclosure<'a>],
    by_digest: BTreeMap<String, usize>,
    /// Every digest met so far, decoys among them.
    seen: BTreeSet<String>,
    /// Disclosures that have their place. A digest occurs once, so none is counted twice.
    placed: usize,
}

impl Process<'_, '_> {
    fn claim(&mut self, value: &Value, depth: usize) -> Result<Claim, SdJwtError> {
        match value {
            Value::Object(_) | Value::Array(_) if depth > MAX_DEPTH => Err(SdJwtError::TooDeep),
            Value::Object(members) => self.object(members.iter(), depth),
            Value::Array(items) => self.array(items, depth),
            scalar => Ok(Claim::scalar(scalar.clone())),
        }
    }

    fn object<'v>(
        &mut self,
        members: impl Iterator<Item = &'v (String, Value)>,
        depth: usize,
    ) -> Result<Claim, SdJwtError> {
        let below = depth.saturating_add(1);
        let mut plain: Vec<(String, Claim)> = Vec::new();
        let mut digests = None;
        for (name, value) in members {
            match name.as_str() {
                SD => digests = Some(value),
                ELEMENT => return Err(SdJwtError::ClaimConflict),
                SD_ALG => return Err(SdJwtError::HashAlg),
                _ => plain.push((name.clone(), self.claim(value, below)?)),
            }
        }
        let digests: &[Value] = match digests {
            None => &[],
            Some(Value::Array(digests)) => digests,
            Some(_) => return Err(SdJwtError::Form(SD)),
        };
        let mut names: BTreeSet<String> = plain.iter().map(|(name, _)| name.clone()).collect();
        let mut undisclosed = 0_usize;
        for digest in digests {
            let Some(position) = self.meet(digest)? else {
                undisclosed = undisclosed.saturating_add(1);
                continue;
            };
            let disclosure = self.disclosures.get(position).ok_or(SdJwtError::Unreferenced)?;
            let name = disclosure.name.clone().ok_or(SdJwtError::DisclosureForm)?;
            if !names.insert(name.clone()) {
                return Err(SdJwtError::ClaimConflict);
            }
            plain.push((name, self.disclosed(disclosure, position, below)?));
        }
        Ok(Claim { content: Content::Object { members: plain, undisclosed }, disclosure: None })
    }

    fn array(&mut self, values: &[Value], depth: usize) -> Result<Claim, SdJwtError> {
        let below = depth.saturating_add(1);
        let mut items = Vec::with_capacity(values.len());
        let mut undisclosed = 0_usize;
        for value in values {
            let Some(digest) = value.member(ELEMENT) else {
                items.push(self.claim(value, below)?);
                continue;
            };
            if !matches!(value, Value::Object(members) if members.len() == 1) {
                return Err(SdJwtError::ClaimConflict);
            }
            let Some(position) = self.meet(digest)? else {
                undisclosed = undisclosed.saturating_add(1);
                continue;
            };
            let disclosure = self.disclosures.get(position).ok_or(SdJwtError::Unreferenced)?;
            if disclosure.name.is_some() {
                return Err(SdJwtError::DisclosureForm);
            }
            items.push(self.disclosed(disclosure, position, below)?);
        }
        Ok(Claim { content: Content::Array { items, undisclosed }, disclosure: None })
    }

    /// The position of the disclosure with this digest, if there is one. A digest may occur once (neg-D02).
    fn meet(&mut self, digest: &Value) -> Result<Option<usize>, SdJwtError> {
        let digest = digest.as_str().ok_or(SdJwtError::Form(SD))?;
        if !self.seen.insert(digest.into()) {
            return Err(SdJwtError::DuplicateDigest);
        }
        Ok(self.by_digest.get(digest).copied())
    }

    fn disclosed(&mut self, disclosure: &Disclosure<'_>, position: usize, depth: usize) -> Result<Claim, SdJwtError> {
        self.placed = self.placed.saturating_add(1);
        let claim = self.claim(&disclosure.value, depth)?;
        Ok(Claim { disclosure: Some(position), ..claim })
    }
}
