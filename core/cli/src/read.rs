//! `rid read`: the reader's process. Takes the QR code, connects, asks, judges.
use std::{sync::Arc, time::Duration};

use rid_flow::{
    Env, Input, Output, Session,
    ports::{Clock, KeyId},
};
use rid_profile::Locale;
use rid_shell::{OsRng, SystemClock};
use rid_trust::{Anchor, Environment, TrustStore};
use rid_verifier::{
    ask::Asked,
    reader::{CloseReason, Exchange, Reader, ReaderConfig, ReaderTypes},
    view::Verdict,
};
use rid_wire::Timestamp;
use serde_json::json;

use crate::{
    args::{ReadArguments, Signed},
    asked,
    failure::{EXIT_FAILED, Failure},
    home::Home,
    input,
    link::{Event, Link, Traffic},
    pki::{self, Identity, Pki},
    qr, roots, saved,
    say::Say,
    verdict, verify,
};

/// Name of the one key a reader's session may ask to sign with.
const READER_KEY: &str = "reader";

/// What one read came to.
struct Read {
    exchange: Option<Exchange>,
    reader_key: Option<String>,
    closed: CloseReason,
    traffic: Traffic,
    /// Name and milliseconds since the start.
    steps: Vec<(&'static str, u64)>,
}

pub(crate) fn run(arguments: &ReadArguments) -> Result<u8, Failure> {
    let say = Say::new(arguments.json, "reader");
    let home = Home::new(&arguments.home.home);
    let at = arguments.at.as_deref().map(|text| input::time(Some(text))).transpose()?;
    let asked = asked::parse(&arguments.ask)?;
    let (trust, anchors) = trust(arguments, &home)?;
    let identity = identity(arguments, &home)?;
    let text = match (&arguments.qr, &arguments.qr_text) {
        (Some(path), _) => qr::read(path)?,
        (None, Some(text)) => text.clone(),
        (None, None) => return Err(Failure::usage("--qr FILE (PNG or text) or --qr-text TEXT is needed")),
    };
    let languages = verdict::languages(arguments.home.lang);
    let config = ReaderConfig {
        asked: asked.clone(),
        authentication: identity.as_ref().map(|i| (KeyId(READER_KEY.into()), vec![i.certificate.clone()])),
        trust: Arc::new(trust),
        profile: Arc::new(verdict::profile()?),
        locales: languages.clone(),
    };
    let read = read(&text, config, identity.as_ref(), arguments, at, &say)?;
    let judged_at = at.map_or_else(input::now, Ok)?;
    if let (Some(folder), Some(exchange)) = (&arguments.save, &read.exchange) {
        let kept = saved::Saved {
            exchange,
            reader_key: read.reader_key.as_deref(),
            asked: &asked,
            anchors: &anchors,
            at: judged_at,
        };
        kept.write(folder)?;
        say.line("saved", &format!("response, transcript and reader key: {}", folder.display()));
    }
    report(&read, &asked, arguments.json, &languages)
}

/// Runs one session to its end.
fn read(
    text: &str,
    config: ReaderConfig,
    identity: Option<&Identity>,
    arguments: &ReadArguments,
    at: Option<Timestamp>,
    say: &Say,
) -> Result<Read, Failure> {
    let clock = SystemClock::new();
    let begun = clock.uptime().millis();
    let mut rng = OsRng;
    let mut result = Read {
        exchange: None,
        reader_key: None,
        closed: CloseReason::Disconnected,
        traffic: Traffic::default(),
        steps: Vec::new(),
    };
    macro_rules! env {
        () => {
            &mut Env { now: at.map_or_else(input::now, Ok)?, uptime: clock.uptime(), rng: &mut rng }
        };
    }
    let mut reader = Reader::start(text, config, env!()).map_err(|error| Failure::core("engagement", error.code()))?;
    result.reader_key = reader.dangerous_ephemeral_jwk();
    let mut link: Option<Link> = None;
    loop {
        let step = |name: &'static str| (name, clock.uptime().millis().saturating_sub(begun));
        let input: Input<ReaderTypes> = match reader.poll() {
            Some(Output::Connect(_)) => {
                link = Some(Link::connect(arguments.port, arguments.mtu)?);
                result.steps.push(step("connected"));
                say.line("connected", "to the wallet");
                Input::Connected
            }
            Some(Output::Sign(request)) => {
                let signature = identity.map(|identity| identity.key.sign(&[&request.message]));
                Input::Signed(signature.ok_or(rid_flow::ports::SecureAreaError::NotFound))
            }
            Some(Output::Send(message)) => {
                if let Some(link) = &mut link {
                    link.send(&message)?;
                }
                result.steps.push(step("sent"));
                Input::Sent
            }
            Some(Output::Finished(exchange)) => {
                result.steps.push(step("verdict"));
                result.exchange = Some(exchange);
                reader.finish();
                continue;
            }
            Some(Output::Close(reason)) => {
                result.closed = reason;
                if let Some(link) = &mut link {
                    link.end();
                    result.traffic = link.traffic();
                }
                result.steps.push(step("closed"));
                return Ok(result);
            }
            Some(_) => continue,
            None => {
                let longest = reader
                    .deadline()
                    .map(|until| Duration::from_millis(until.millis().saturating_sub(clock.uptime().millis())));
                match link.as_ref().and_then(|link| link.wait(longest)) {
                    Some(Event::Message(message)) => {
                        result.steps.push(step("received"));
                        Input::Bytes(message)
                    }
                    Some(Event::Ended(_)) => Input::Disconnected,
                    Some(Event::Started) => continue,
                    None => Input::Tick,
                }
            }
        };
        reader.handle(input, env!()).map_err(|error| Failure::core("reader", error.code()))?;
    }
}

fn report(read: &Read, asked: &Asked, json: bool, languages: &[Locale]) -> Result<u8, Failure> {
    let verdict = read.exchange.as_ref().map(|exchange| &exchange.verdict);
    if json {
        let steps: Vec<_> = read.steps.iter().map(|(name, millis)| json!({"step": name, "ms": millis})).collect();
        let text = json!({
            "asked": asked::to_json(asked),
            "verdict": verdict.map(verdict::to_json),
            "closed": read.closed.code().as_str(),
            "link": {
                "sentBytes": read.traffic.sent_bytes, "sentWrites": read.traffic.sent_writes,
                "receivedBytes": read.traffic.received_bytes, "receivedWrites": read.traffic.received_writes,
            },
            "steps": steps,
        });
        verdict::write_out(&format!("{text:#}\n"))?;
    } else {
        if let Some(verdict) = verdict {
            verdict::print(&verdict::Report::of(verdict, languages), false)?;
        }
        verdict::write_out(&for_people(read))?;
    }
    Ok(verdict.map_or(EXIT_FAILED, |verdict: &Verdict| verify::exit_code(verdict.decision)))
}

fn for_people(read: &Read) -> String {
    let steps: Vec<String> = read.steps.iter().map(|(name, millis)| format!("{name} {millis} ms")).collect();
    let Traffic { sent_bytes, sent_writes, received_bytes, received_writes } = read.traffic;
    format!(
        "\nLink: sent {sent_bytes} B in {sent_writes} writes, received {received_bytes} B in {received_writes} writes\n\
         Steps: {}\nSession: {}\n",
        steps.join(", "),
        read.closed.code()
    )
}

/// The issuer roots: those of `--trust`, else the home's test IACA for the kinds of the profile.
fn trust(arguments: &ReadArguments, home: &Home) -> Result<(TrustStore, Vec<Anchor>), Failure> {
    let (anchors, environment) = if arguments.trust.is_empty() {
        let mut anchors = roots::anchors(&[pki::certificate_path(&home.pki(), "iaca")], Environment::Test)?;
        let types = roots::own_types(&verdict::profile()?);
        anchors.iter_mut().for_each(|anchor| anchor.doc_types = Some(types.clone()));
        (anchors, Environment::Test)
    } else {
        (roots::anchors(&arguments.trust, Environment::Production)?, Environment::Production)
    };
    Ok((roots::store(anchors.clone(), environment)?, anchors))
}

/// Who signs the request.
fn identity(arguments: &ReadArguments, home: &Home) -> Result<Option<Identity>, Failure> {
    match arguments.signed {
        Signed::Anonymous => Ok(None),
        Signed::Registered => Ok(Some(Pki::load_or_make(&home.pki(), input::now()?)?.reader)),
        Signed::UnknownRoot => pki::unknown_reader(input::now()?).map(Some),
    }
}

/// A P-256 private JWK of a session's ephemeral key, for a capture.
trait EphemeralJwk {
    fn dangerous_ephemeral_jwk(&self) -> Option<String>;
}

impl EphemeralJwk for Reader {
    fn dangerous_ephemeral_jwk(&self) -> Option<String> {
        let scalar = self.dangerous_ephemeral_scalar()?;
        let key = rid_crypto::AgreementKey::from_scalar(rid_crypto::Curve::P256, scalar.expose()).ok()?;
        let point = key.public().to_bytes();
        let (x, y) = point.get(1..)?.split_at_checked(32)?;
        Some(pki::jwk(x, y, scalar.expose()))
    }
}
