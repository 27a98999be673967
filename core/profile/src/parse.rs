//! Parses the profile file. Every name in the file must be known and every mistake is refused.
use alloc::{string::String, vec::Vec};

use rid_claims::{ClaimKey, ClaimPath, ReusePolicy};
use rid_wire::{FullDate, json::Value};

use crate::{
    Element, ElementType, Kind, Localized, Part, Presence, Profile, ProfileError, ReaderPolicy, ReaderRule, Rules,
    Severity, Signers,
    check::{Rule, ValueCheck},
    pattern::Pattern,
};

/// Largest profile file, in bytes.
const MOST_BYTES: usize = 1 << 20;
/// Most claims on the face of a card.
const MOST_ON_CARD: usize = 4;

type Result<T> = core::result::Result<T, ProfileError>;
type ValueTexts = Vec<(String, Localized)>;

pub(crate) fn profile(text: &str) -> Result<Profile> {
    let file = Value::parse(text, MOST_BYTES)?;
    let file = Object::new(&file, &["version", "rules", "values", "checks", "kinds"])?;
    demand(matches!(file.required("version")?, Value::Integer(1)))?;
    let shared = Shared {
        values: named(file.required("values")?, |v| named(v, localized))?,
        checks: named(file.required("checks")?, check)?,
    };
    let kinds = list(file.required("kinds")?, |v| kind(v, &shared))?;
    demand(!kinds.is_empty() && unique(&kinds, |k| &k.id))?;
    let types: Vec<&String> = kinds.iter().flat_map(|kind| kind.doc_type.iter().chain(&kind.vct)).collect();
    demand(unique(&types, |name| *name))?;
    Ok(Profile { kinds, rules: rules(file.required("rules")?)? })
}

/// The definitions that elements refer to by name.
struct Shared {
    values: Vec<(String, ValueTexts)>,
    checks: Vec<(String, ValueCheck)>,
}

fn rules(value: &Value) -> Result<Rules> {
    let rules = Object::new(
        value,
        &[
            "consent_seconds",
            "link_seconds",
            "age_elements_per_request",
            "low_water",
            "reader_intermediates",
            "reader_policy",
        ],
    )?;
    Ok(Rules {
        consent_seconds: positive(rules.required("consent_seconds")?)?,
        link_seconds: positive(rules.required("link_seconds")?)?,
        age_elements_per_request: positive(rules.required("age_elements_per_request")?)?,
        low_water: positive(rules.required("low_water")?)?,
        reader_policy: reader_policy(rules.required("reader_policy")?)?,
        reader_intermediates: intermediates(rules.required("reader_intermediates")?)?,
    })
}

fn reader_policy(value: &Value) -> Result<ReaderPolicy> {
    let classes = Object::new(value, &["anonymous", "untrusted", "forged"])?;
    Ok(ReaderPolicy {
        anonymous: reader_rule(classes.required("anonymous")?)?,
        untrusted: reader_rule(classes.required("untrusted")?)?,
        forged: reader_rule(classes.required("forged")?)?,
    })
}

fn reader_rule(value: &Value) -> Result<ReaderRule> {
    match value.as_str() {
        Some("allow") => Ok(ReaderRule::Allow),
        Some("warn") => Ok(ReaderRule::Warn),
        Some("enforce") => Ok(ReaderRule::Enforce),
        _ => Err(ProfileError::Invalid),
    }
}

const KIND: &[&str] = &[
    "id",
    "doc_type",
    "vct",
    "name",
    "spoken",
    "issuer",
    "signers",
    "reader_auth_required",
    "portrait_binds",
    "copies",
    "reuse",
    "validity_days",
    "age_over",
    "card",
    "elements",
];

fn kind(value: &Value, shared: &Shared) -> Result<Kind> {
    let members = Object::new(value, KIND)?;
    let kind = Kind {
        id: identifier(members.required("id")?)?,
        doc_type: members.optional("doc_type", dotted)?,
        vct: members.optional("vct", vct)?,
        name: localized(members.required("name")?)?,
        spoken: localized(members.required("spoken")?)?,
        issuer: localized(members.required("issuer")?)?,
        signers: signers(members.required("signers")?)?,
        card: list(members.required("card")?, card_claim)?,
        elements: list(members.required("elements")?, |v| element(v, shared))?,
        age_over: list(members.required("age_over")?, age)?,
        reader_auth_required: flag(members.required("reader_auth_required")?)?,
        portrait_binds: flag(members.required("portrait_binds")?)?,
        copies: positive(members.required("copies")?)?,
        reuse: members.optional("reuse", reuse)?.unwrap_or(ReusePolicy::Once),
        validity_days: positive(members.required("validity_days")?)?,
    };
    demand(!kind.elements.is_empty())?;
    demand(kind.doc_type.is_some() || kind.vct.is_some())?;
    let of_mdoc: Vec<&Element> = kind.elements.iter().filter(|e| !e.identifier.is_empty()).collect();
    let of_sd_jwt: Vec<&ClaimPath> = kind.elements.iter().filter_map(|e| e.claim.as_ref()).collect();
    demand(of_mdoc.is_empty() == kind.doc_type.is_none() && of_sd_jwt.is_empty() == kind.vct.is_none())?;
    demand(unique(&of_mdoc, |e| (&e.namespace, &e.identifier)) && unique(&of_sd_jwt, |claim| *claim))?;
    demand(kind.elements.iter().filter(|e| e.portrait).count() <= 1)?;
    demand(kind.age_over.is_sorted_by(|a, b| a < b))?;
    demand(kind.card.len() <= MOST_ON_CARD)?;
    demand(kind.card.iter().all(|c| kind.element(c).is_some_and(|e| !e.sensitive)))?;
    Ok(kind)
}

fn signers(value: &Value) -> Result<Signers> {
    let members = Object::new(value, &["purposes", "country", "intermediates"])?;
    let signers = Signers {
        purposes: list(members.required("purposes")?, oid)?,
        country: members.optional("country", country)?,
        intermediates: intermediates(members.required("intermediates")?)?,
    };
    demand(!signers.purposes.is_empty())?;
    Ok(signers)
}

/// A chain has at most three certificates.
fn intermediates(value: &Value) -> Result<u32> {
    let most = integer(value)?;
    demand(most <= 2)?;
    Ok(most)
}

/// Reads numbers joined by dots.
fn oid(value: &Value) -> Result<String> {
    let text = string(value)?;
    let is_arc = |arc: &str| !arc.is_empty() && arc.bytes().all(|b| b.is_ascii_digit());
    demand(text.contains('.') && text.split('.').all(is_arc))?;
    Ok(String::from(text))
}

/// Reads a country of ISO 3166-1 alpha-2.
fn country(value: &Value) -> Result<String> {
    let text = string(value)?;
    demand(text.len() == 2 && text.bytes().all(|b| b.is_ascii_uppercase()))?;
    Ok(String::from(text))
}

fn reuse(value: &Value) -> Result<ReusePolicy> {
    let members = Object::new(value, &["policy", "seconds"])?;
    let seconds = members.optional("seconds", positive)?;
    match (members.required("policy")?.as_str(), seconds) {
        (Some("limited"), Some(seconds)) => Ok(ReusePolicy::Limited { seconds }),
        (Some("once"), None) => Ok(ReusePolicy::Once),
        (Some("per_verifier"), None) => Ok(ReusePolicy::PerVerifier),
        (Some("rotate"), None) => Ok(ReusePolicy::Rotate),
        _ => Err(ProfileError::Invalid),
    }
}

fn card_claim(value: &Value) -> Result<ClaimPath> {
    match value {
        Value::Array(pair) => match pair.as_slice() {
            [namespace, name] => Ok(ClaimPath::element(&dotted(namespace)?, &identifier(name)?)),
            _ => claim(value),
        },
        _ => Err(ProfileError::Invalid),
    }
}

/// Reads the path of a claim: one or more names.
fn claim(value: &Value) -> Result<ClaimPath> {
    let steps = list(value, |name| Ok(ClaimKey::Name { name: identifier(name)? }))?;
    demand(!steps.is_empty())?;
    Ok(ClaimPath { steps })
}

const ELEMENT: &[&str] = &[
    "namespace",
    "identifier",
    "claim",
    "claim_type",
    "type",
    "presence",
    "label",
    "spoken",
    "values",
    "check",
    "sensitive",
    "spelled",
    "portrait",
    "parts",
];

fn element(value: &Value, shared: &Shared) -> Result<Element> {
    let members = Object::new(value, ELEMENT)?;
    let optional_flag = |name| members.optional(name, flag).map(Option::unwrap_or_default);
    let own_type = value_type(members.required("type")?)?;
    let element = Element {
        namespace: members.optional("namespace", dotted)?.unwrap_or_default(),
        identifier: members.optional("identifier", identifier)?.unwrap_or_default(),
        claim: members.optional("claim", claim)?,
        value_type: own_type,
        claim_type: members.optional("claim_type", value_type)?.unwrap_or(own_type),
        presence: presence(members.required("presence")?)?,
        label: localized(members.required("label")?)?,
        spoken: localized(members.required("spoken")?)?,
        sensitive: optional_flag("sensitive")?,
        spelled: optional_flag("spelled")?,
        portrait: optional_flag("portrait")?,
        parts: members.optional("parts", |v| list(v, |v| part(v, shared)))?.unwrap_or_default(),
        values: value_texts(&members, shared)?,
        check: members.optional("check", |v| look_up(&shared.checks, v))?,
    };
    demand(element.namespace.is_empty() == element.identifier.is_empty())?;
    demand(element.claim.is_some() || !element.identifier.is_empty())?;
    let is_numbered =
        element.identifier.ends_with("_NN") || element.claim.as_ref().is_some_and(|claim| claim.name() == Some("NN"));
    demand(element.label.all().into_iter().chain(element.spoken.all()).all(|t| t.contains("NN") == is_numbered))?;
    demand(unique(&element.parts, |p| &p.key))?;
    demand(!element.portrait || element.value_type == ElementType::Bytes)?;
    demand(element.parts.is_empty() || matches!(element.value_type, ElementType::Array | ElementType::Map))?;
    Ok(element)
}

fn part(value: &Value, shared: &Shared) -> Result<Part> {
    let members = Object::new(value, &["key", "label", "spoken", "values"])?;
    Ok(Part {
        key: identifier(members.required("key")?)?,
        label: localized(members.required("label")?)?,
        spoken: localized(members.required("spoken")?)?,
        values: value_texts(&members, shared)?,
    })
}

fn value_texts(members: &Object<'_>, shared: &Shared) -> Result<ValueTexts> {
    members.optional("values", |v| look_up(&shared.values, v)).map(Option::unwrap_or_default)
}

fn value_type(value: &Value) -> Result<ElementType> {
    Ok(match string(value)? {
        "array" => ElementType::Array,
        "bool" => ElementType::Bool,
        "bytes" => ElementType::Bytes,
        "full_date" => ElementType::FullDate,
        "map" => ElementType::Map,
        "tdate_or_full_date" => ElementType::TdateOrFullDate,
        "text" => ElementType::Text,
        "uint" => ElementType::Uint,
        _ => return Err(ProfileError::Invalid),
    })
}

fn presence(value: &Value) -> Result<Presence> {
    Ok(match string(value)? {
        "conditional" => Presence::Conditional,
        "mandatory" => Presence::Mandatory,
        "optional" => Presence::Optional,
        _ => return Err(ProfileError::Invalid),
    })
}

fn check(value: &Value) -> Result<ValueCheck> {
    let any = Object::new(value, &["check", "patterns", "allowed", "earliest", "future", "on_failure"])?;
    let rule = match string(any.required("check")?)? {
        "date" => {
            Object::new(value, &["check", "earliest", "future", "on_failure"])?;
            let earliest = FullDate::parse(string(any.required("earliest")?)?).map_err(|_| ProfileError::Invalid)?;
            Rule::Date { earliest, future: flag(any.required("future")?)? }
        }
        "number" => {
            Object::new(value, &["check", "allowed", "on_failure"])?;
            Rule::Number { allowed: list(any.required("allowed")?, integer)? }
        }
        "text" => {
            Object::new(value, &["check", "patterns", "on_failure"])?;
            let pattern = |v: &Value| Pattern::parse(string(v)?).ok_or(ProfileError::Invalid);
            Rule::Text { patterns: list(any.required("patterns")?, pattern)? }
        }
        _ => return Err(ProfileError::Invalid),
    };
    let severity = match string(any.required("on_failure")?)? {
        "reject" => Severity::Reject,
        "warn" => Severity::Warn,
        _ => return Err(ProfileError::Invalid),
    };
    Ok(ValueCheck { rule, severity })
}

fn localized(value: &Value) -> Result<Localized> {
    let texts = Object::new(value, &["az", "en", "ru"])?;
    let text = |name| {
        let text = string(texts.required(name)?)?;
        demand(is_label(text))?;
        Ok::<_, ProfileError>(String::from(text))
    };
    Ok(Localized { az: text("az")?, en: text("en")?, ru: text("ru")? })
}

/// Returns true for a non-empty text without white space at the ends, control characters and combining marks. A
/// combining mark means that the text is not in NFC (or holds a lower-cased dotted İ, which none of the three languages
/// has).
fn is_label(text: &str) -> bool {
    let is_mark = |c| matches!(c, '\u{300}'..='\u{36f}');
    let is_unseen = |c| matches!(c, '\u{a0}' | '\u{ad}' | '\u{200b}'..='\u{200f}' | '\u{2028}'..='\u{202e}' | '\u{2066}'..='\u{2069}' | '\u{feff}');
    let is_odd = |c: char| c.is_control() || is_mark(c) || is_unseen(c) || c == char::REPLACEMENT_CHARACTER;
    !text.is_empty() && text.trim() == text && !text.chars().any(is_odd)
}

/// An object whose members must all be known.
struct Object<'a>(&'a Value);

impl<'a> Object<'a> {
    fn new(value: &'a Value, known: &[&str]) -> Result<Self> {
        match value {
            Value::Object(members) if members.iter().all(|(name, _)| known.contains(&name.as_str())) => Ok(Self(value)),
            _ => Err(ProfileError::Invalid),
        }
    }

    fn required(&self, name: &str) -> Result<&'a Value> {
        self.0.member(name).ok_or(ProfileError::Invalid)
    }

    fn optional<T>(&self, name: &str, read: impl Fn(&'a Value) -> Result<T>) -> Result<Option<T>> {
        self.0.member(name).map(read).transpose()
    }
}

fn demand(holds: bool) -> Result<()> {
    if holds { Ok(()) } else { Err(ProfileError::Invalid) }
}

fn unique<'a, T, K: Ord>(items: &'a [T], key: impl Fn(&'a T) -> K) -> bool {
    let mut keys: Vec<K> = items.iter().map(key).collect();
    keys.sort();
    keys.is_sorted_by(|a, b| a < b)
}

fn list<T>(value: &Value, read: impl Fn(&Value) -> Result<T>) -> Result<Vec<T>> {
    match value {
        Value::Array(items) => items.iter().map(read).collect(),
        _ => Err(ProfileError::Invalid),
    }
}

fn named<T>(value: &Value, read: impl Fn(&Value) -> Result<T>) -> Result<Vec<(String, T)>> {
    match value {
        Value::Object(members) => members.iter().map(|(name, v)| Ok((name.clone(), read(v)?))).collect(),
        _ => Err(ProfileError::Invalid),
    }
}

fn look_up<T: Clone>(named: &[(String, T)], name: &Value) -> Result<T> {
    let name = string(name)?;
    named.iter().find(|(known, _)| known == name).map(|(_, item)| item.clone()).ok_or(ProfileError::Invalid)
}

fn string(value: &Value) -> Result<&str> {
    value.as_str().ok_or(ProfileError::Invalid)
}

/// Reads ASCII letters, digits and underscores.
fn identifier(value: &Value) -> Result<String> {
    let text = string(value)?;
    demand(!text.is_empty() && text.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'_'))?;
    Ok(String::from(text))
}

/// Reads a namespace or document type: identifiers joined by dots.
fn dotted(value: &Value) -> Result<String> {
    let text = string(value)?;
    let is_name = |part: &str| !part.is_empty() && part.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'_');
    demand(text.split('.').all(is_name))?;
    Ok(String::from(text))
}

/// Reads a `vct`: a name or URI of visible ASCII.
fn vct(value: &Value) -> Result<String> {
    let text = string(value)?;
    demand(!text.is_empty() && text.bytes().all(|b| b.is_ascii_graphic()))?;
    Ok(String::from(text))
}

fn flag(value: &Value) -> Result<bool> {
    match value {
        Value::Bool(value) => Ok(*value),
        _ => Err(ProfileError::Invalid),
    }
}

fn integer<T: TryFrom<i64>>(value: &Value) -> Result<T> {
    match value {
        Value::Integer(number) => T::try_from(*number).map_err(|_| ProfileError::Invalid),
        _ => Err(ProfileError::Invalid),
    }
}

fn positive(value: &Value) -> Result<u32> {
    let number = integer(value)?;
    demand(number > 0)?;
    Ok(number)
}

fn age(value: &Value) -> Result<u8> {
    let age = integer(value)?;
    demand(age < 100)?;
    Ok(age)
}
