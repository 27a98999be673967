//! `rid read`: the process of the reader. It takes the QR code, connects, asks and judges.
use std::{sync::Arc, time::Duration};

use rid_flow::{
    Effect, Env, Input, LinkCommand, LinkEvent, Output, Reply, Session,
    ports::{Clock, KeyId},
};
use rid_profile::Locale;
use rid_shell::{OsRng, SystemClock};
use rid_trust::{Anchor, Environment, TrustStore};
use rid_verifier::{
    ask::Asked,
    proximity::{CloseReason, Exchange, ReaderConfig, ReaderSession, ReaderTypes},
    view::Verdict,
};
use rid_wire::Timestamp;
use serde_json::json;

use crate::{
    args::{ReadArguments, Signed},
    asked,
    failure::{EXIT_FAILED, Failure},
    home::{self, Home},
    input,
    link::{Event, Link, Traffic},
    patience::Patience,
    pki::{self, Identity, Pki},
    qr, roots, saved,
    say::Say,
    verdict,
};

/// The key identifier with which a reader's session signs.
const READER_KEY: &str = "reader";
/// The time limit for connecting.
const CONNECTING: Duration = Duration::from_secs(10);
/// The explanation when a session ends without a verdict.
const NO_ANSWER: &str = ": no answer came; the output of `rid present` says why";

/// The outcome of one read.
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
    let text = engagement(arguments)?;
    if let Some(folder) = &arguments.save {
        home::check_folder("--save", folder)?;
    }
    let (trust, anchors) = trust(arguments, &home)?;
    let identity = identity(arguments, &home)?;
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
    report(&read, &asked, arguments.json, &languages, &say)
}

/// Reads the text of the QR code.
fn engagement(arguments: &ReadArguments) -> Result<String, Failure> {
    let (flag, text) = match (&arguments.qr, &arguments.qr_text) {
        (Some(path), _) => (format!("--qr {}", path.display()), qr::read(path)?),
        (None, Some(text)) => ("--qr-text".to_owned(), text.trim().to_owned()),
        (None, None) => return Err(Failure::usage("--qr FILE (PNG or text) or --qr-text TEXT is needed")),
    };
    qr::check_text(&flag, &text)?;
    Ok(text)
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
    let patience = Patience::new(arguments.timeout);
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
    let mut reader =
        ReaderSession::start(text, config, env!()).map_err(|error| Failure::core("engagement", error.code()))?;
    result.reader_key = reader.dangerous_ephemeral_jwk();
    let mut link: Option<Link> = None;
    loop {
        let step = |name: &'static str| (name, clock.uptime().millis().saturating_sub(begun));
        let input: Input<ReaderTypes> = match reader.poll() {
            Some(Output::Link(LinkCommand::Connect(_))) => {
                let longest = patience.at_most(Some(CONNECTING)).unwrap_or(CONNECTING);
                link = Some(Link::connect(arguments.port, arguments.mtu, longest)?);
                result.steps.push(step("connected"));
                say.event("connected", "to the wallet", json!({"port": arguments.port}));
                Input::Link(LinkEvent::Up)
            }
            Some(Output::Io(Effect::Sign(request))) => {
                let signature = identity.map(|identity| identity.key.sign(&[&request.message]));
                Input::Done(Reply::Signed(signature.ok_or(rid_flow::ports::SecureAreaError::NotFound)))
            }
            Some(Output::Link(LinkCommand::Send(message))) => {
                if let Some(link) = &mut link {
                    link.send(&message)?;
                }
                result.steps.push(step("sent"));
                Input::Link(LinkEvent::Sent)
            }
            Some(Output::Finished(exchange)) => {
                result.steps.push(step("verdict"));
                result.exchange = Some(exchange);
                reader.finish();
                continue;
            }
            Some(Output::Close(reason)) => {
                result.end(reason, link.as_mut());
                result.steps.push(step("closed"));
                return Ok(result);
            }
            Some(_) => continue,
            None => {
                let longest = reader
                    .deadline()
                    .map(|until| Duration::from_millis(until.millis().saturating_sub(clock.uptime().millis())));
                match link.as_ref().and_then(|link| link.wait(patience.at_most(longest))) {
                    None if patience.is_over() => {
                        result.end(CloseReason::Timeout, link.as_mut());
                        return Ok(result);
                    }
                    Some(Event::Message(message)) => {
                        result.steps.push(step("received"));
                        Input::Link(LinkEvent::Bytes(message))
                    }
                    Some(Event::Ended(_)) => Input::Link(LinkEvent::Down),
                    Some(Event::Started) => continue,
                    None => Input::Tick,
                }
            }
        };
        reader.handle(input, env!()).map_err(|error| Failure::core("reader", error.code()))?;
    }
}

impl Read {
    fn end(&mut self, reason: CloseReason, link: Option<&mut Link>) {
        self.closed = reason;
        if let Some(link) = link {
            link.end();
            self.traffic = link.traffic();
        }
    }
}

fn report(read: &Read, asked: &Asked, json: bool, languages: &[Locale], say: &Say) -> Result<u8, Failure> {
    let verdict = read.exchange.as_ref().map(|exchange| &exchange.verdict);
    if json {
        let steps: Vec<_> = read.steps.iter().map(|(name, millis)| json!({"step": name, "ms": millis})).collect();
        say.verdict(json!({
            "asked": asked::to_json(asked),
            "verdict": verdict.map(verdict::to_json),
            "closed": read.closed.code().as_str(),
            "link": {
                "sentBytes": read.traffic.sent_bytes, "sentWrites": read.traffic.sent_writes,
                "receivedBytes": read.traffic.received_bytes, "receivedWrites": read.traffic.received_writes,
            },
            "steps": steps,
        }))?;
    } else {
        if let Some(verdict) = verdict {
            verdict::print(&verdict::Report::of(verdict, languages), false)?;
        }
        verdict::write_out(&for_people(read))?;
    }
    Ok(verdict.map_or(EXIT_FAILED, |verdict: &Verdict| verdict::exit_code(verdict.decision)))
}

fn for_people(read: &Read) -> String {
    let steps: Vec<String> = read.steps.iter().map(|(name, millis)| format!("{name} {millis} ms")).collect();
    let Traffic { sent_bytes, sent_writes, received_bytes, received_writes } = read.traffic;
    format!(
        "\nLink: sent {sent_bytes} B in {sent_writes} writes, received {received_bytes} B in {received_writes} writes\n\
         Steps: {}\nSession: {}{}\n",
        steps.join(", "),
        read.closed.code(),
        if read.exchange.is_none() { NO_ANSWER } else { "" }
    )
}

/// The issuer roots of `--trust`, or else the home's test IACA for the kinds of the profile.
fn trust(arguments: &ReadArguments, home: &Home) -> Result<(TrustStore, Vec<Anchor>), Failure> {
    let (anchors, environment) = if arguments.trust.is_empty() {
        let root = pki::certificate_path(&home.pki(), "iaca");
        if !home::is_there(&root)? {
            return Err(pki::missing(&root));
        }
        let mut anchors = roots::anchors(&[root], Environment::Test)?;
        let types = roots::own_types(&verdict::profile()?);
        anchors.iter_mut().for_each(|anchor| anchor.credential_types = Some(types.clone()));
        (anchors, Environment::Test)
    } else {
        (roots::anchors(&arguments.trust, Environment::Production)?, Environment::Production)
    };
    Ok((roots::store(anchors.clone(), environment)?, anchors))
}

/// The reader that signs the request.
fn identity(arguments: &ReadArguments, home: &Home) -> Result<Option<Identity>, Failure> {
    match arguments.signed {
        Signed::Anonymous => Ok(None),
        Signed::Registered => Ok(Some(Pki::load(&home.pki())?.reader)),
        Signed::UnknownRoot => pki::unknown_reader(input::now()?).map(Some),
    }
}

/// Writes the ephemeral key of a session as a private P-256 JWK, for a capture.
trait EphemeralJwk {
    fn dangerous_ephemeral_jwk(&self) -> Option<String>;
}

impl EphemeralJwk for ReaderSession {
    fn dangerous_ephemeral_jwk(&self) -> Option<String> {
        let scalar = self.dangerous_ephemeral_scalar()?;
        let key = rid_crypto::AgreementKey::from_scalar(rid_crypto::Curve::P256, scalar.expose()).ok()?;
        let point = key.public().to_bytes();
        let (x, y) = point.get(1..)?.split_at_checked(32)?;
        Some(pki::jwk(x, y, scalar.expose()))
    }
}
