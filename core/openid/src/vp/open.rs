//! The verifier's part: opens an answer and compares it with the question. No presentation is verified here.
use alloc::{collections::BTreeMap, string::String, vec::Vec};

use rid_crypto::{
    AgreementKey, constant_time_eq,
    jwe::{JweError, UnopenedJwe},
};
use rid_wire::json::{JsonError, Value};

use super::{OAuthError, VpError, answer::check_answer};
use crate::{dcql::Query, url::read_form};

/// Longest answer in bytes.
const MAX_BYTES: usize = 5 << 20;

/// What the transaction expects.
#[derive(Clone, Copy)]
pub struct Expected<'a> {
    /// The question.
    pub query: &'a Query,
    /// The state of the request; `None` over the Digital Credentials API, which has none.
    pub state: Option<&'a str>,
    /// The key of the request and its identifier; `None` if the answer goes in the clear.
    pub key: Option<(&'a AgreementKey, &'a str)>,
}

/// An opened answer.
#[derive(Clone, PartialEq, Eq)]
pub enum Opened {
    /// The presentations of each credential query, by its identifier. Nothing of them is verified.
    Answer(BTreeMap<String, Vec<String>>),
    /// The wallet refused.
    Refused(OAuthError),
}

/// Opens the body of a POST.
///
/// # Errors
/// [`VpError`].
pub fn form(body: &str, expected: &Expected<'_>) -> Result<Opened, VpError> {
    if body.len() > MAX_BYTES {
        return Err(JsonError::TooLarge.into());
    }
    let parameters = read_form(body).ok_or(VpError::Form("form"))?;
    let member = |(name, value): (String, String)| {
        // The token is JSON in a form, the other parameters are texts.
        let value = if name == "vp_token" { Value::parse(&value, MAX_BYTES)? } else { Value::String(value) };
        Ok((name, value))
    };
    let members: Result<Vec<_>, VpError> = parameters.into_iter().map(member).collect();
    data(&Value::Object(members?), expected)
}

/// Opens the `data` of a response of the Digital Credentials API.
///
/// # Errors
/// [`VpError`].
pub fn data(data: &Value, expected: &Expected<'_>) -> Result<Opened, VpError> {
    // An error comes in the clear also where an answer would not.
    if let Some(error) = data.member("error") {
        check_state(data, expected)?;
        return Ok(Opened::Refused(OAuthError::from_name(error.as_str().ok_or(VpError::Form("error"))?)));
    }
    match expected.key {
        None => answer(data, expected),
        Some((key, kid)) => {
            let text = data.member("response").and_then(Value::as_str).ok_or(VpError::ResponseMode)?;
            answer(&decrypt(text, key, kid)?, expected)
        }
    }
}

fn decrypt(text: &str, key: &AgreementKey, kid: &str) -> Result<Value, VpError> {
    let jwe = UnopenedJwe::parse(text, MAX_BYTES)?;
    if jwe.kid.as_deref() != Some(kid) {
        return Err(JweError::Key.into());
    }
    let plaintext = String::from_utf8(jwe.open(key)?).map_err(|_| JsonError::Invalid)?;
    Ok(Value::parse(&plaintext, MAX_BYTES)?)
}

fn check_state(members: &Value, expected: &Expected<'_>) -> Result<(), VpError> {
    let Some(own) = expected.state else { return Ok(()) };
    let received = members.member("state").and_then(Value::as_str).ok_or(VpError::State)?;
    if constant_time_eq(own.as_bytes(), received.as_bytes()) { Ok(()) } else { Err(VpError::State) }
}

fn answer(members: &Value, expected: &Expected<'_>) -> Result<Opened, VpError> {
    check_state(members, expected)?;
    let Some(Value::Object(entries)) = members.member("vp_token") else { return Err(VpError::Form("vp_token")) };
    let mut presentations = BTreeMap::new();
    for (id, value) in entries {
        let Value::Array(all) = value else { return Err(VpError::Form("vp_token")) };
        let texts = all.iter().map(|one| one.as_str().map(String::from).ok_or(VpError::Form("vp_token")));
        presentations.insert(id.clone(), texts.collect::<Result<Vec<_>, _>>()?);
    }
    check_answer(expected.query, &presentations)?;
    Ok(Opened::Answer(presentations))
}

rid_wire::closed_debug!(Expected<'_>, Opened);
