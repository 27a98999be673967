//! Writes a query as JSON, for verifiers.
use alloc::{string::String, vec::Vec};

use rid_claims::{ClaimKey, Format};
use rid_wire::{base64, json::Value};

use super::{Authority, ClaimQuery, CredentialQuery, CredentialSet, Literal, Query};

fn text(text: &str) -> Value {
    Value::String(text.into())
}

fn texts<'a>(items: impl IntoIterator<Item = &'a String>) -> Value {
    Value::Array(items.into_iter().map(|item| text(item)).collect())
}

fn object<const N: usize>(members: [(&str, Option<Value>); N]) -> Value {
    let present = members.into_iter().filter_map(|(name, value)| Some((String::from(name), value?)));
    Value::Object(present.collect())
}

fn some_list(items: Vec<Value>) -> Option<Value> {
    if items.is_empty() { None } else { Some(Value::Array(items)) }
}

impl Query {
    /// The query as JSON. Reading it gives the same query. Positions that name nothing are left out.
    #[must_use]
    pub fn to_value(&self) -> Value {
        let is_default = matches!(self.sets.as_slice(), [CredentialSet { options, required: true }]
            if matches!(options.as_slice(), [all] if all.iter().copied().eq(0..self.credentials.len())));
        let sets = if is_default { None } else { some_list(self.sets.iter().map(|set| self.set(set)).collect()) };
        object([
            ("credentials", Some(Value::Array(self.credentials.iter().map(CredentialQuery::to_value).collect()))),
            ("credential_sets", sets),
        ])
    }

    fn set(&self, set: &CredentialSet) -> Value {
        let names = |option: &Vec<usize>| {
            texts(option.iter().filter_map(|position| self.credentials.get(*position)).map(|known| &known.id))
        };
        let required = if set.required { None } else { Some(Value::Bool(false)) };
        object([("options", Some(Value::Array(set.options.iter().map(names).collect()))), ("required", required)])
    }
}

impl CredentialQuery {
    fn to_value(&self) -> Value {
        let meta = match self.known_format() {
            None => object::<0>([]),
            Some(Format::Mdoc) => object([("doctype_value", self.types.first().map(|name| text(name)))]),
            Some(Format::SdJwt) => object([("vct_values", Some(texts(&self.types)))]),
        };
        let is_default = matches!(self.claim_sets.as_slice(), [all] if all.iter().copied().eq(0..self.claims.len()));
        let names = |set: &Vec<usize>| texts(set.iter().filter_map(|position| self.claims.get(*position)?.id.as_ref()));
        let sets = if is_default { None } else { some_list(self.claim_sets.iter().map(names).collect()) };
        let authorities = self.authorities.iter().map(|authority| match authority {
            Authority::KeyIdentifiers(known) => {
                let values = known.iter().map(|id| text(&base64::encode_url(id))).collect();
                object([("type", Some(text("aki"))), ("values", Some(Value::Array(values)))])
            }
            Authority::Unknown(kind) => object([("type", Some(text(kind))), ("values", Some(texts([kind])))]),
        });
        object([
            ("id", Some(text(&self.id))),
            ("format", Some(text(&self.format))),
            ("multiple", if self.multiple { Some(Value::Bool(true)) } else { None }),
            ("meta", Some(meta)),
            ("trusted_authorities", some_list(authorities.collect())),
            ("require_cryptographic_holder_binding", if self.holder_binding { None } else { Some(Value::Bool(false)) }),
            ("claims", some_list(self.claims.iter().map(ClaimQuery::to_value).collect())),
            ("claim_sets", sets),
        ])
    }
}

impl ClaimQuery {
    fn to_value(&self) -> Value {
        let step = |step: &ClaimKey| match step {
            ClaimKey::Every => Value::Null,
            ClaimKey::Index { position } => Value::Integer(i64::from(*position)),
            ClaimKey::Name { name } => text(name),
        };
        let literal = |value: &Literal| match value {
            Literal::Flag(flag) => Value::Bool(*flag),
            Literal::Number(number) => Value::Integer(*number),
            Literal::Text(known) => text(known),
        };
        object([
            ("id", self.id.as_deref().map(text)),
            ("path", Some(Value::Array(self.path.steps.iter().map(step).collect()))),
            ("values", some_list(self.values.iter().map(literal).collect())),
            ("intent_to_retain", self.intent_to_retain.map(Value::Bool)),
        ])
    }
}
