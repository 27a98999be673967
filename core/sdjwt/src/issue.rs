//! Issues an SD-JWT, for the test issuer and tests.
use alloc::{
    string::{String, ToString},
    vec,
    vec::Vec,
};

use rid_claims::{ClaimKey, ClaimPath};
use rid_crypto::{CryptoRng, DigestAlgorithm};
use rid_wire::{
    base64,
    jose::{Alg, compact, signing_input},
    json::Value,
};

use crate::{
    SdJwtError,
    digest::{SD_ALG, digest},
    disclosure::{ELEMENT, SD},
};

/// A credential to issue.
#[derive(Clone)]
pub struct Template<'a> {
    /// The media type: [`crate::TYP`] for an SD-JWT VC.
    pub typ: &'a str,
    /// The algorithm of the issuer's key.
    pub alg: Alg,
    /// The certificates in DER, leaf first, without the root; none leaves `x5c` out.
    pub chain: &'a [&'a [u8]],
    /// All claims: one object.
    pub claims: Value,
    /// The claims that are selectively disclosable, each on its own: also members and array elements below another.
    pub disclosable: &'a [ClaimPath],
    /// Decoy digests for every object and array that holds digests.
    pub decoys: usize,
}

/// An SD-JWT without its signature.
#[derive(Clone)]
pub struct UnsignedSdJwt {
    signing_input: String,
    disclosures: Vec<String>,
}

/// Length of a salt in bytes.
const SALT_LEN: usize = 16;

impl UnsignedSdJwt {
    /// Draws a salt for every disclosure, hashes with SHA-256, and sorts the digests, so that their order says nothing.
    ///
    /// # Errors
    /// [`SdJwtError::Form`] for claims that are no object, [`SdJwtError::ClaimConflict`] for a reserved name,
    /// [`SdJwtError::ClaimUnknown`] for a path without a claim.
    pub fn make(template: &Template<'_>, rng: &mut dyn CryptoRng) -> Result<Self, SdJwtError> {
        if !matches!(template.claims, Value::Object(_)) {
            return Err(SdJwtError::Form(""));
        }
        let mut issuing =
            Issuing { template, rng, used: vec![false; template.disclosable.len()], disclosures: Vec::new() };
        let payload = issuing.conceal(&template.claims, &mut Vec::new())?;
        if issuing.used.contains(&false) {
            return Err(SdJwtError::ClaimUnknown);
        }
        let disclosures = issuing.disclosures;
        let Value::Object(mut members) = payload else { return Err(SdJwtError::Form("")) };
        members.push((SD_ALG.to_string(), Value::String("sha-256".into())));
        let text = |name: &str, text: &str| (name.to_string(), Value::String(text.into()));
        let mut header = vec![text("alg", template.alg.name()), text("typ", template.typ)];
        if !template.chain.is_empty() {
            let chain = template.chain.iter().map(|der| Value::String(base64::encode_standard(der)));
            header.push(("x5c".into(), Value::Array(chain.collect())));
        }
        Ok(Self { signing_input: signing_input(&Value::Object(header), &Value::Object(members)), disclosures })
    }

    /// The bytes that the issuer's key signs.
    #[must_use]
    pub fn to_be_signed(&self) -> &[u8] {
        self.signing_input.as_bytes()
    }

    /// The compact serialisation with all disclosures.
    #[must_use]
    pub fn finish(&self, signature: &[u8]) -> String {
        let mut text = compact(&self.signing_input, signature);
        for disclosure in &self.disclosures {
            text.push('~');
            text.push_str(disclosure);
        }
        text.push('~');
        text
    }
}

struct Issuing<'t, 'r> {
    template: &'t Template<'t>,
    rng: &'r mut dyn CryptoRng,
    /// Paths that named a claim.
    used: Vec<bool>,
    disclosures: Vec<String>,
}

impl Issuing<'_, '_> {
    /// Replaces what is selectively disclosable below a value by digests; the innermost first.
    fn conceal(&mut self, value: &Value, path: &mut Vec<ClaimKey>) -> Result<Value, SdJwtError> {
        match value {
            Value::Object(members) => self.object(members, path),
            Value::Array(items) => self.array(items, path),
            scalar => Ok(scalar.clone()),
        }
    }

    fn object(&mut self, members: &[(String, Value)], path: &mut Vec<ClaimKey>) -> Result<Value, SdJwtError> {
        let (mut plain, mut digests) = (Vec::new(), Vec::new());
        for (name, value) in members {
            if [SD, SD_ALG, ELEMENT].contains(&name.as_str()) {
                return Err(SdJwtError::ClaimConflict);
            }
            path.push(ClaimKey::Name { name: name.clone() });
            let value = self.conceal(value, path)?;
            match self.is_disclosable(path) {
                true => digests.push(self.disclose(Some(name), value)),
                false => plain.push((name.clone(), value)),
            }
            path.pop();
        }
        if !digests.is_empty() {
            digests.extend(
                (0..self.template.decoys).map(|_| self.salt()).collect::<Vec<_>>().iter().map(|salt| hash(salt)),
            );
            digests.sort_unstable();
            plain.push((SD.into(), Value::Array(digests.into_iter().map(Value::String).collect())));
        }
        Ok(Value::Object(plain))
    }

    fn array(&mut self, items: &[Value], path: &mut Vec<ClaimKey>) -> Result<Value, SdJwtError> {
        let element = |digest| Value::Object([(ELEMENT.into(), Value::String(digest))].into());
        let mut written = Vec::new();
        let mut conceals = false;
        for (position, item) in (0..).zip(items) {
            path.push(ClaimKey::Index { position });
            let value = self.conceal(item, path)?;
            let disclosable = self.is_disclosable(path);
            conceals |= disclosable;
            written.push(if disclosable { element(self.disclose(None, value)) } else { value });
            path.pop();
        }
        if conceals {
            for _ in 0..self.template.decoys {
                let decoy = element(hash(&self.salt()));
                let places = u64::try_from(written.len()).unwrap_or(u64::MAX).saturating_add(1);
                let place = self.rng.next_u64().checked_rem(places).and_then(|place| usize::try_from(place).ok());
                written.insert(place.unwrap_or(0).min(written.len()), decoy);
            }
        }
        Ok(Value::Array(written))
    }

    fn is_disclosable(&mut self, path: &[ClaimKey]) -> bool {
        let fits = |(wanted, step): (&ClaimKey, &ClaimKey)| {
            wanted == step || matches!((wanted, step), (ClaimKey::Every, ClaimKey::Index { .. }))
        };
        let mut named = false;
        for (wanted, used) in self.template.disclosable.iter().zip(&mut self.used) {
            if wanted.steps.len() == path.len() && wanted.steps.iter().zip(path).all(fits) {
                (named, *used) = (true, true);
            }
        }
        named
    }

    /// Writes a disclosure, and returns its digest.
    fn disclose(&mut self, name: Option<&String>, value: Value) -> String {
        let mut elements = vec![Value::String(self.salt())];
        elements.extend(name.cloned().map(Value::String));
        elements.push(value);
        let text = base64::encode_url(Value::Array(elements).to_text().as_bytes());
        let digest = hash(&text);
        self.disclosures.push(text);
        digest
    }

    fn salt(&mut self) -> String {
        let mut salt = [0; SALT_LEN];
        self.rng.fill_bytes(&mut salt);
        base64::encode_url(&salt)
    }
}

fn hash(text: &str) -> String {
    digest(DigestAlgorithm::Sha256, text)
}

rid_wire::closed_debug!(Template<'_>, UnsignedSdJwt);
