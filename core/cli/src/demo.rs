//! `rid demo`: one credential walks the whole way, wallet and reader as two processes.
use std::{
    io::IsTerminal,
    path::{Path, PathBuf},
    process::{Child, Command, ExitStatus, Stdio},
    time::Duration,
};

use rid_flow::ports::Clock;
use rid_mdoc::{MDL_DOC_TYPE, MDL_NAMESPACE};
use rid_shell::SystemClock;
use rid_wallet::Wallet;
use rid_wire::Code;

use crate::{
    args::DemoArguments,
    enrol::{self, AUDIENCE},
    failure::{EXIT_FAILED, Failure},
    home::{self, Home},
    input,
    opened::Opening,
    pki::Pki,
    say::Say,
};

const PID: &str = "az.gov.rid.pid.1";
const PID_NAMESPACE: &str = "az.gov.rid.pid.1";
const BASE_NAMESPACE: &str = "org.iso.23220.1";
/// Copies below which the demo enrols again.
const ENOUGH: u32 = 2;

/// One walk and what must come of it.
struct Walk {
    name: &'static str,
    title: &'static str,
    /// The code the reader's verdict must carry; `None`: accepted.
    expected: Option<&'static str>,
    /// Elements asked for.
    asks: Vec<String>,
    refuse: bool,
    hostile: bool,
    unknown_reader: bool,
    /// Days the reader's clock is ahead.
    days_ahead: i64,
}

pub(crate) fn run(arguments: &DemoArguments) -> Result<u8, Failure> {
    let say = Say::new(arguments.json, "demo");
    let home = Home::new(&arguments.home.home);
    let scripted = arguments.yes || !std::io::stdin().is_terminal() || !std::io::stdout().is_terminal();
    prepare(&home, arguments, &say)?;
    if scripted {
        say.line("person", "no terminal (or --yes): a SCRIPTED person consents");
    }
    let mut failed = false;
    for walk in walks(arguments) {
        say.line("walk", &format!("=== {} ===", walk.title));
        let outcome = walk_once(&walk, &home, arguments, scripted)?;
        let wanted = walk.expected.unwrap_or("accepted");
        let met = outcome.as_deref().unwrap_or("accepted") == wanted;
        failed |= !met;
        let verdict = if met { "as it must" } else { "NOT AS EXPECTED" };
        say.line("outcome", &format!("{}: {} - {verdict}", walk.name, outcome.as_deref().unwrap_or("accepted")));
    }
    say.line(
        "more",
        &format!(
            "look around: rid wallet --home {0}; rid wallet history --home {0}; \
        rid demo --refuse | --expired | --forged | --unknown-reader | --all",
            home.path().display()
        ),
    );
    Ok(if failed { EXIT_FAILED } else { 0 })
}

/// Test State, enrolment, storage: made once, reused after.
fn prepare(home: &Home, arguments: &DemoArguments, say: &Say) -> Result<(), Failure> {
    home::make_private_dir(home.path())?;
    let pki = Pki::load_or_make(&home.pki(), input::now()?)?;
    let made = if pki.fresh { "made" } else { "reused" };
    say.line("pki", &format!("test national PKI {made}: IACA root, document signer, reader root, reader certificate"));
    let opening = Opening { home, open: &arguments.open, locale: arguments.home.locale(), mac: arguments.mac };
    let wallet = opening.wallet(pki.trust()?)?;
    let done = pollster::block_on(fill(&wallet, pki, say));
    pollster::block_on(wallet.close())?;
    done
}

async fn fill(wallet: &Wallet, pki: Pki, say: &Say) -> Result<(), Failure> {
    let usable = |kind: &str, views: &[rid_wallet::view::CredentialView]| {
        views.iter().any(|view| {
            view.kind == kind && view.copies_left >= ENOUGH && view.state == rid_wallet::view::CredentialState::Ready
        })
    };
    let held = wallet.credentials().await?;
    if usable(PID, &held) && usable(MDL_DOC_TYPE, &held) {
        say.line("wallet", "identity card and driving licence are held from an earlier run (encrypted SQLite file)");
        return Ok(());
    }
    say.line("enrol", "the wallet makes keys in the software area (NOT hardware) and proves their possession");
    let challenge = enrol::fresh_challenge();
    let kinds = ["pid".to_owned(), "mdl".to_owned()];
    let enrolment = wallet.enrol(&kinds, 0, challenge.to_vec(), AUDIENCE.into()).await?;
    say.line("issue", &format!("the issuer mints {} one-time copies for the sample citizen", enrolment.keys));
    let answer = enrol::answer(pki, &enrolment.message, &challenge, 0)?;
    let stored = wallet.accept(&enrolment.id, &answer).await?;
    for view in held.iter().filter(|old| stored.iter().any(|new| new.kind == old.kind)) {
        wallet.delete(&view.id).await?;
    }
    for view in &stored {
        say.line("stored", &enrol::stored_line(view));
    }
    Ok(())
}

fn walks(arguments: &DemoArguments) -> Vec<Walk> {
    let mdl = |element: &str| format!("{MDL_DOC_TYPE}/{MDL_NAMESPACE}/{element}");
    let licence = ["family_name", "given_name", "portrait", "driving_privileges", "age_over_18"].map(mdl);
    let card = [
        format!("{PID}/{BASE_NAMESPACE}/family_name_unicode"),
        format!("{PID}/{BASE_NAMESPACE}/given_name_unicode"),
        format!("{PID}/{PID_NAMESPACE}/patronymic:retain"),
    ];
    let walk = |name, title, expected| Walk {
        name,
        title,
        expected,
        asks: licence.to_vec(),
        refuse: false,
        hostile: false,
        unknown_reader: false,
        days_ahead: 0,
    };
    let good = Walk {
        asks: [card.as_slice(), licence.as_slice()].concat(),
        ..walk("presentation", "identity card and driving licence, registered reader", None)
    };
    let refused = Walk { refuse: true, ..walk("refusal", "the person refuses", Some("not_returned")) };
    let expired =
        Walk { days_ahead: 60, ..walk("expired", "the reader's clock is 60 days ahead", Some("mdoc_expired")) };
    let forged =
        Walk { hostile: true, ..walk("forged", "a hostile wallet alters an element", Some("mdoc_digest_mismatch")) };
    let unknown = Walk {
        asks: card.to_vec(),
        unknown_reader: true,
        ..walk("unknown-reader", "a reader nobody knows asks for the identity card", Some("not_returned"))
    };
    match arguments {
        DemoArguments { refuse: true, .. } => vec![refused],
        DemoArguments { expired: true, .. } => vec![expired],
        DemoArguments { forged: true, .. } => vec![forged],
        DemoArguments { unknown_reader: true, .. } => vec![unknown],
        DemoArguments { all: true, .. } => vec![good, refused, expired, forged, unknown],
        _ => vec![good],
    }
}

/// Runs wallet and reader; gives the code of the reader's verdict, `None` when accepted.
fn walk_once(walk: &Walk, home: &Home, arguments: &DemoArguments, scripted: bool) -> Result<Option<String>, Failure> {
    let handoff = home.exchange().join(walk.name);
    let saved = home.saved().join(walk.name);
    let _ = std::fs::remove_dir_all(&handoff);
    let mut wallet = Running::start(wallet_command(walk, home, arguments, scripted, &handoff)?)?;
    let port = wait_for(&handoff.join("port"), &mut wallet)?;
    let mut reader = reader_command(walk, home, arguments, &handoff, &saved, port.trim())?;
    // The reader scans the picture, as a camera would.
    let read = reader.status().map_err(|error| Failure::file(Path::new("rid read"), error))?;
    wallet.finish()?;
    outcome(read, &saved)
}

fn wallet_command(
    walk: &Walk,
    home: &Home,
    arguments: &DemoArguments,
    scripted: bool,
    handoff: &Path,
) -> Result<Command, Failure> {
    let mut command = myself()?;
    command.arg(if walk.hostile { "hostile" } else { "present" });
    command.arg("--home").arg(home.path());
    if let Some(lang) = arguments.home.lang {
        command.args(["--lang", lang.name()]);
    }
    command.arg("--handoff").arg(handoff).arg("--mtu").arg(arguments.mtu.to_string());
    if !walk.hostile {
        match (walk.refuse, scripted) {
            (true, _) => command.arg("--refuse"),
            (false, true) => command.arg("--yes"),
            (false, false) => &mut command,
        };
        if arguments.mac {
            command.arg("--mac");
        }
        arguments.open.pass_on(&mut command);
    }
    if arguments.json {
        command.arg("--json");
    }
    Ok(command)
}

fn reader_command(
    walk: &Walk,
    home: &Home,
    arguments: &DemoArguments,
    handoff: &Path,
    saved: &Path,
    port: &str,
) -> Result<Command, Failure> {
    let mut command = myself()?;
    command.arg("read").arg("--home").arg(home.path()).arg("--qr").arg(handoff.join("qr.png"));
    command.args(["--port", port]).arg("--mtu").arg(arguments.mtu.to_string()).arg("--save").arg(saved);
    command.args(["--signed", if walk.unknown_reader { "unknown-root" } else { "registered" }]);
    for ask in &walk.asks {
        command.args(["--ask", ask]);
    }
    if walk.days_ahead != 0 {
        command.args(["--at", &input::now()?.plus_days(walk.days_ahead).to_tdate()]);
    }
    if arguments.json {
        command.arg("--json");
    }
    command.stdin(Stdio::null());
    Ok(command)
}

fn myself() -> Result<Command, Failure> {
    let path = std::env::current_exe().map_err(|error| Failure::file(Path::new("rid"), error))?;
    Ok(Command::new(path))
}

/// A child process that does not outlive this one's interest in it.
struct Running(Child);

impl Running {
    fn start(mut command: Command) -> Result<Self, Failure> {
        command.spawn().map(Self).map_err(|error| Failure::file(Path::new("rid present"), error))
    }

    fn finish(mut self) -> Result<ExitStatus, Failure> {
        self.0.wait().map_err(|error| Failure::file(Path::new("rid present"), error))
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        // Already gone after `finish`.
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

/// The wallet writes its port last; waits for it while the wallet lives.
fn wait_for(path: &PathBuf, wallet: &mut Running) -> Result<String, Failure> {
    let clock = SystemClock::new();
    let until = clock.uptime().plus_seconds(60);
    while clock.uptime() < until {
        if let Ok(text) = std::fs::read_to_string(path) {
            return Ok(text);
        }
        if matches!(wallet.0.try_wait(), Ok(Some(_))) {
            break;
        }
        std::thread::sleep(Duration::from_millis(20));
    }
    Err(Failure::core("wallet process", Code::new("transport_timeout")))
}

/// The named outcome, from the saved exchange.
fn outcome(read: ExitStatus, saved: &Path) -> Result<Option<String>, Failure> {
    if read.code() == Some(0) {
        return Ok(None);
    }
    let (verdict, _) = crate::saved::judge(saved, None)?;
    Ok(Some(verdict.code.map_or_else(|| "none".into(), |code| code.as_str().into())))
}
