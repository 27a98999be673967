//! A saved exchange: a folder with response, transcript, reader key, question, roots and time. `rid verify DIR` reaches
//! the same verdict from it.
use std::path::Path;

use rid_crypto::x509::Certificate;
use rid_profile::Locale;
use rid_trust::{Anchor, Environment, Role};
use rid_verifier::{
    ask::Asked,
    capture::{CaptureInput, judge_answer},
    proximity::Exchange,
    view::Verdict,
};
use rid_wire::{Timestamp, cbor::Limits};
use serde_json::json;

use crate::{asked, failure::Failure, home, input, roots, verdict};

const RESPONSE: &str = "response.cbor";
const TRANSCRIPT: &str = "transcript.cbor";
const READER_KEY: &str = "reader-key.jwk";
const ASKED: &str = "asked.json";
const TRUST: &str = "trust.json";
const ENVIRONMENT: &str = "environment";
const AT: &str = "at";

/// The parts of an exchange that are saved.
pub(crate) struct Saved<'a> {
    pub(crate) exchange: &'a Exchange,
    pub(crate) reader_key: Option<&'a str>,
    pub(crate) asked: &'a Asked,
    pub(crate) anchors: &'a [Anchor],
    pub(crate) at: Timestamp,
}

impl Saved<'_> {
    /// Writes the folder.
    pub(crate) fn write(&self, folder: &Path) -> Result<(), Failure> {
        home::make_private_dir(folder)?;
        let root =
            |anchor: &Anchor| json!({"certificate": anchor.certificate.to_pem(), "types": anchor.credential_types});
        let roots: Vec<_> = self.anchors.iter().map(root).collect();
        let environment = match self.exchange.verdict.environment {
            Environment::Production => "production",
            Environment::Test => "test",
        };
        let put = |name: &str, bytes: &[u8]| home::write(&folder.join(name), bytes);
        put(RESPONSE, &self.exchange.response)?;
        put(TRANSCRIPT, &self.exchange.transcript)?;
        put(ASKED, asked::to_paths(self.asked).to_string().as_bytes())?;
        put(TRUST, json!(roots).to_string().as_bytes())?;
        put(ENVIRONMENT, environment.as_bytes())?;
        put(AT, self.at.to_tdate().as_bytes())?;
        match self.reader_key {
            Some(jwk) => put(READER_KEY, jwk.as_bytes()),
            None => Ok(()),
        }
    }
}

/// Judges a folder again, at the time of the first verdict unless `at` is given. Also returns the question.
pub(crate) fn judge(folder: &Path, at: Option<Timestamp>, locales: &[Locale]) -> Result<(Verdict, Asked), Failure> {
    let path = |name: &str| folder.join(name);
    if !home::is_there(&path(RESPONSE))? {
        return Err(Failure::usage(format!(
            "{}: no {RESPONSE} in it; give a folder that `rid read --save` wrote, or a file with --kind",
            folder.display()
        )));
    }
    let text = |name: &str| {
        String::from_utf8(input::file(&path(name))?)
            .map_err(|_| Failure::usage(format!("{}: not text", path(name).display())))
    };
    let response = input::file(&path(RESPONSE))?;
    let environment = if text(ENVIRONMENT)?.trim() == "test" { Environment::Test } else { Environment::Production };
    let anchors = anchors(&text(TRUST)?, environment)
        .ok_or_else(|| Failure::usage(format!("{}: not written by `rid read --save`", path(TRUST).display())))?;
    let reader_key = path(READER_KEY);
    let transcript = input::transcript(&path(TRANSCRIPT))?;
    let reader_key = match home::is_there(&reader_key)? {
        true => Some(input::private_jwk(&reader_key.display().to_string())?),
        false => None,
    };
    let trust = roots::store(anchors, environment)?;
    let at = match at {
        Some(at) => at,
        None => input::time(Some(text(AT)?.trim()))?,
    };
    let asked = asked::from_file(&path(ASKED))?;
    let profile = verdict::profile()?;
    let input = CaptureInput {
        status_list: None,
        profile: &profile,
        locales,
        trust: &trust,
        transcript: Some(&transcript),
        reader_key: reader_key.as_ref(),
        at,
        limits: Limits::PROXIMITY,
    };
    Ok((judge_answer(&response, &input, &asked), asked))
}

/// The roots as [`Saved::write`] stores them: a certificate in PEM and the types it may sign for, null for any.
fn anchors(text: &str, environment: Environment) -> Option<Vec<Anchor>> {
    let roots: Vec<serde_json::Value> = serde_json::from_str(text).ok()?;
    let anchor = |root: &serde_json::Value| {
        let certificates = Certificate::parse_pem_or_der(root.get("certificate")?.as_str()?.as_bytes()).ok()?;
        Some(Anchor {
            certificate: certificates.into_iter().next()?,
            role: Role::Issuer,
            environment,
            credential_types: serde_json::from_value(root.get("types")?.clone()).ok()?,
        })
    };
    roots.iter().map(anchor).collect()
}
