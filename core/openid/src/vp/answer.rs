//! Makes the answer of a wallet (OpenID4VP 1.0, 8; std-M22). It is sent once.
use alloc::{collections::BTreeMap, string::String, vec::Vec};

use rid_crypto::{
    CryptoRng,
    jwe::{self, Recipient},
};
use rid_wire::json::Value;

use super::{Channel, Message, Request, VpError};
use crate::{dcql::Query, url::write_form};

impl Request {
    /// Makes the answer: for each answered credential query, by its identifier, the presentations.
    ///
    /// # Errors
    /// [`VpError::Answer`] if they do not fit the query: nothing is sent then. [`VpError::Jwe`].
    pub fn answer(
        &self,
        presentations: &BTreeMap<String, Vec<String>>,
        rng: &mut dyn CryptoRng,
    ) -> Result<Message, VpError> {
        check_answer(&self.query, presentations)?;
        let text = |text: &String| Value::String(text.clone());
        let entry = |(id, all): (&String, &Vec<String>)| (id.clone(), Value::Array(all.iter().map(text).collect()));
        let vp_token = Value::Object(presentations.iter().map(entry).collect());
        let state = match &self.channel {
            Channel::Api { .. } => None,
            Channel::Post { state, .. } => state.as_ref(),
        };
        let Some(encryption) = &self.encryption else {
            return Ok(match &self.channel {
                Channel::Api { .. } => Message::Data(Value::Object([("vp_token".into(), vp_token)].into())),
                Channel::Post { response_uri, .. } => {
                    let vp_token = vp_token.to_text();
                    let mut parameters = alloc::vec![("vp_token", vp_token.as_str())];
                    parameters.extend(state.map(|state| ("state", state.as_str())));
                    Message::Form { uri: response_uri.clone(), body: write_form(&parameters) }
                }
            });
        };
        let mut members = alloc::vec![("vp_token".into(), vp_token)];
        members.extend(state.map(|state| ("state".into(), text(state))));
        let recipient = Recipient { key: &encryption.key, kid: encryption.kid.as_deref() };
        let plaintext = Value::Object(members).to_text();
        let jwe = jwe::encrypt(plaintext.as_bytes(), recipient, encryption.enc, rng)?;
        Ok(match &self.channel {
            Channel::Api { .. } => Message::Data(Value::Object([("response".into(), Value::String(jwe))].into())),
            Channel::Post { response_uri, .. } => {
                Message::Form { uri: response_uri.clone(), body: write_form(&[("response", &jwe)]) }
            }
        })
    }
}

/// Checks that an answer has only what was asked for, one where one is taken, and everything that is required.
pub(super) fn check_answer(query: &Query, presentations: &BTreeMap<String, Vec<String>>) -> Result<(), VpError> {
    let is_answered =
        |position: &usize| query.credentials.get(*position).is_some_and(|asked| presentations.contains_key(&asked.id));
    for (id, all) in presentations {
        let asked = query.credentials.iter().find(|asked| asked.id == *id).ok_or(VpError::Answer)?;
        if all.is_empty() || (all.len() > 1 && !asked.multiple) || all.iter().any(String::is_empty) {
            return Err(VpError::Answer);
        }
    }
    let mut required = query.sets.iter().filter(|set| set.required);
    let is_complete = required.all(|set| set.options.iter().any(|option| option.iter().all(is_answered)));
    if is_complete && !presentations.is_empty() { Ok(()) } else { Err(VpError::Answer) }
}
