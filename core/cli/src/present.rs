//! `rid present`: the wallet's process. Shows the QR code, waits for one reader, asks the person, answers.
use std::{path::PathBuf, sync::Arc, time::Duration};

use rid_flow::{Uptime, ports::Clock};
use rid_shell::SystemClock;
use rid_wallet::{Presentation, PresentationStep, Wallet, view::ReceiptView};

use crate::{
    args::PresentArguments,
    ask::{self, Person},
    failure::{EXIT_FAILED, Failure},
    home::{self, Home},
    link::{Event, Link, Listener},
    opened::{self, Opening},
    qr::Qr,
    say::Say,
};

/// How long a wallet waits for a reader to connect: as long as its session does (`consent_seconds` of the profile).
const PATIENCE: Duration = Duration::from_secs(300);

/// Where the QR code and the port are also put, for the reader's process.
pub(crate) struct Handoff {
    pub(crate) folder: Option<PathBuf>,
}

pub(crate) fn run(arguments: &PresentArguments) -> Result<u8, Failure> {
    let person = Person::from_flags(arguments.yes, arguments.refuse, &arguments.untick, &arguments.credential)?;
    let home = Home::new(&arguments.home.home);
    let say = Say::new(arguments.json, "wallet");
    let opening = Opening { home: &home, open: &arguments.open, locale: arguments.home.locale(), mac: arguments.mac };
    let wallet = opening.wallet(opened::home_trust(&home)?)?;
    let listener = Listener::bind(arguments.port)?;
    let handoff = Handoff { folder: arguments.handoff.clone() };
    let outcome = present(&wallet, &person, &listener, arguments, &handoff, &say);
    pollster::block_on(wallet.close())?;
    outcome
}

/// One presentation from QR code to end. Exit 0 when every exchange was answered (a refusal is an answer).
fn present(
    wallet: &Arc<Wallet>,
    person: &Person,
    listener: &Listener,
    arguments: &PresentArguments,
    handoff: &Handoff,
    say: &Say,
) -> Result<u8, Failure> {
    let clock = SystemClock::new();
    let presentation = wallet.present()?;
    let mut link: Option<Link> = None;
    let mut answered = false;
    loop {
        match pollster::block_on(presentation.next())? {
            PresentationStep::Advertise { qr, .. } => {
                handoff.show(&qr, listener.port()?, say)?;
                presentation.proceed()?;
                link = Some(listener.accept(arguments.mtu, PATIENCE)?);
                say.line("connected", "a reader connected");
            }
            PresentationStep::Ask { request } => {
                say.line("asked", ask::describe(&request).trim_end());
                let answer = person.answer(&request)?;
                say.line(
                    "answered",
                    if answer.decision == rid_wallet::view::ConsentDecision::Refuse { "refused" } else { "agreed" },
                );
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
                say.line("receipt", &receipt_text(&receipt));
                presentation.proceed()?;
            }
            PresentationStep::Wait { until_millis } => wait(&presentation, link.as_ref(), until_millis, &clock, say)?,
            PresentationStep::Closed { code } => {
                if let Some(link) = &mut link {
                    link.end();
                }
                say.line("closed", code.as_str());
                return Ok(if answered { 0 } else { EXIT_FAILED });
            }
        }
    }
}

fn wait(
    presentation: &Presentation,
    link: Option<&Link>,
    until_millis: Option<u64>,
    clock: &SystemClock,
    say: &Say,
) -> Result<(), Failure> {
    let longest = until_millis.map(|until| {
        let now: Uptime = clock.uptime();
        Duration::from_millis(until.saturating_sub(now.millis()))
    });
    let told = match link.and_then(|link| link.wait(longest)) {
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
    Ok(told?)
}

fn receipt_text(receipt: &ReceiptView) -> String {
    if !receipt.disclosed {
        return "nothing was disclosed".into();
    }
    let low = if receipt.low_water.is_empty() { "" } else { "; copies are running low: fetch new ones" };
    let elements: Vec<&str> = receipt.elements.iter().map(|element| element.label.as_str()).collect();
    format!("disclosed: {}; {} one-time copies used{low}", elements.join(", "), receipt.used.len())
}

impl Handoff {
    /// Shows the QR code, and puts it where the reader's process looks.
    pub(crate) fn show(&self, text: &str, port: u16, say: &Say) -> Result<(), Failure> {
        let code = Qr::new(text)?;
        say.qr(text, &code.to_terminal(), port);
        if let Some(folder) = &self.folder {
            home::make_private_dir(folder)?;
            code.write_png(&folder.join("qr.png"))?;
            home::write(&folder.join("qr.txt"), text.as_bytes())?;
            // Last: whoever waits for the port finds the rest complete.
            home::write(&folder.join("port"), port.to_string().as_bytes())?;
        }
        Ok(())
    }
}
