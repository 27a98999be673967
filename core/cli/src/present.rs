//! `rid present`: the process of the wallet. It shows the QR code, waits for one reader, asks the person and answers.
use std::{
    path::{Path, PathBuf},
    sync::Arc,
    time::Duration,
};

use rid_flow::ports::Clock;
use rid_shell::SystemClock;
use rid_wallet::{Presentation, PresentationStep, Wallet, view::ConsentDecision};
use rid_wire::Code;
use serde_json::json;

use crate::{
    args::PresentArguments,
    ask::{self, Person},
    failure::{EXIT_FAILED, Failure},
    home::{self, Home},
    link::{Event, Link, Listener},
    opened::{self, Opening},
    patience::Patience,
    present_online,
    qr::Qr,
    receipt::{receipt_json, receipt_text},
    say::Say,
};

/// How long a wallet waits for a reader to connect: `consent_seconds` of the profile, as in its session.
const CONNECTING: Duration = Duration::from_secs(300);

/// The folder in which the reader's process finds the QR code and the port.
pub(crate) struct Handoff {
    folder: Option<PathBuf>,
}

pub(crate) fn run(arguments: &PresentArguments) -> Result<u8, Failure> {
    let person = Person::from_flags(arguments.yes, arguments.refuse, &arguments.untick, &arguments.credential)?;
    let home = Home::new(&arguments.home.home);
    let say = Say::new(arguments.json, "wallet");
    if let Some(link) = &arguments.link {
        return answer_link(link, arguments, &person, &home, &say);
    }
    let handoff = Handoff::new(arguments.handoff.as_deref())?;
    let trust = opened::home_trust(&home)?;
    opened::check_wallet(&home)?;
    let listener = Listener::bind(arguments.port)?;
    let wallet = opening(&home, arguments).wallet(trust)?;
    let outcome = present(&wallet, &person, &listener, arguments, &handoff, &say);
    pollster::block_on(wallet.close())?;
    outcome
}

fn opening<'a>(home: &'a Home, arguments: &'a PresentArguments) -> Opening<'a> {
    Opening { home, open: &arguments.open, locale: arguments.home.locale(), mac: arguments.mac }
}

fn answer_link(
    link: &str,
    arguments: &PresentArguments,
    person: &Person,
    home: &Home,
    say: &Say,
) -> Result<u8, Failure> {
    let trust = opened::home_trust(home)?;
    opened::check_wallet(home)?;
    let wallet = opening(home, arguments).online_wallet(trust, present_online::client(arguments)?)?;
    let outcome = present_online::present(&wallet, person, link, arguments, say);
    pollster::block_on(wallet.close())?;
    outcome
}

/// Runs one presentation. Exit 0 if every request was answered; a refusal is an answer.
fn present(
    wallet: &Arc<Wallet>,
    person: &Person,
    listener: &Listener,
    arguments: &PresentArguments,
    handoff: &Handoff,
    say: &Say,
) -> Result<u8, Failure> {
    let clock = SystemClock::new();
    let patience = Patience::new(arguments.timeout);
    let presentation = wallet.present()?;
    let mut link: Option<Link> = None;
    let (mut answered, mut timed_out) = (false, false);
    loop {
        if patience.is_over() && !timed_out {
            timed_out = true;
            presentation.cancel();
        }
        match pollster::block_on(presentation.next())? {
            PresentationStep::Advertise { qr, .. } => {
                handoff.show(&qr, listener.port()?, say)?;
                presentation.proceed()?;
                let longest = patience.at_most(Some(CONNECTING)).unwrap_or(CONNECTING);
                link = Some(listener.accept(arguments.mtu, longest)?);
                say.line("connected", "a reader connected");
            }
            PresentationStep::Ask { request } => {
                say.event("asked", ask::describe(&request).trim_end(), json!({"request": ask::to_json(&request)}));
                let answer = person.answer(&request)?;
                let refused = answer.decision == ConsentDecision::Refuse;
                say.line("answered", if refused { "refused" } else { "agreed" });
                presentation.answer(answer)?;
            }
            PresentationStep::Unlock => {
                pollster::block_on(opened::unlock(wallet, &arguments.open))?;
                presentation.unlocked()?;
            }
            PresentationStep::Send { message } => {
                if let Some(link) = &mut link {
                    link.send(&message)?;
                }
                presentation.proceed()?;
            }
            PresentationStep::Receipt { receipt } => {
                answered = true;
                say.event("receipt", &receipt_text(&receipt), receipt_json(&receipt));
                presentation.proceed()?;
            }
            PresentationStep::Wait { until_millis } => {
                let longest =
                    until_millis.map(|until| Duration::from_millis(until.saturating_sub(clock.uptime().millis())));
                wait(&presentation, link.as_ref(), patience.at_most(longest), say)?;
            }
            PresentationStep::Closed { code } => {
                if let Some(link) = &mut link {
                    link.end();
                }
                say.event("closed", code.as_str(), json!({"code": code.as_str(), "answered": answered}));
                if timed_out && !answered {
                    return Err(Failure::advised("wait for the reader", Code::new("transport_timeout"), NO_REQUEST));
                }
                return Ok(if answered { 0 } else { EXIT_FAILED });
            }
        }
    }
}

fn wait(presentation: &Presentation, link: Option<&Link>, longest: Option<Duration>, say: &Say) -> Result<(), Failure> {
    let handled = match link.and_then(|link| link.wait(longest)) {
        Some(Event::Started) => presentation.connected(link.map_or(u16::MAX, Link::mtu)),
        Some(Event::Message(message)) => presentation.received(message),
        Some(Event::Ended(code)) => {
            if let Some(code) = code {
                say.line("link", code.as_str());
            }
            presentation.disconnected()
        }
        None => presentation.tick(),
    };
    Ok(handled?)
}

/// The message when the time is up before a request was answered.
const NO_REQUEST: &str =
    "the time of --timeout is up and no request was answered; start `rid read`, or allow more time";

impl Handoff {
    /// A folder of `--handoff`. It is made when the QR code is shown.
    pub(crate) fn new(folder: Option<&Path>) -> Result<Self, Failure> {
        if let Some(folder) = folder {
            home::check_folder("--handoff", folder)?;
        }
        Ok(Self { folder: folder.map(Path::to_path_buf) })
    }

    /// Shows the QR code and writes it into the handoff folder.
    pub(crate) fn show(&self, text: &str, port: u16, say: &Say) -> Result<(), Failure> {
        let code = Qr::new(text)?;
        say.qr(text, &code.to_terminal(), port);
        if let Some(folder) = &self.folder {
            home::make_private_dir(folder)?;
            code.write_png(&folder.join("qr.png"))?;
            home::write(&folder.join("qr.txt"), text.as_bytes())?;
            // The port is written last, so that a reader that waits for it finds the other files complete.
            home::write(&folder.join("port"), port.to_string().as_bytes())?;
        }
        Ok(())
    }
}
