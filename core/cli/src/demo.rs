//! `rid demo`: one credential goes through every step, with wallet and reader as two processes.
use std::{
    io::{BufRead, BufReader, IsTerminal, Write},
    path::{Path, PathBuf},
    process::{Child, ChildStdout, Command, ExitStatus, Stdio},
    thread::JoinHandle,
    time::Duration,
};

use rid_flow::ports::Clock;
use rid_mdoc::{MDL_DOC_TYPE, MDL_NAMESPACE};
use rid_shell::SystemClock;
use rid_wallet::Wallet;
use rid_wire::Code;
use serde_json::json;

use crate::{
    args::DemoArguments,
    enrol,
    failure::{EXIT_FAILED, Failure},
    home::{self, Home},
    input,
    issue::{self, AUDIENCE},
    opened::Opening,
    pki::Pki,
    say::Say,
    verdict,
};

const PID: &str = "az.gov.rid.pid.1";
const PID_NAMESPACE: &str = "az.gov.rid.pid.1";
const BASE_NAMESPACE: &str = "org.iso.23220.1";
/// With fewer copies the demo enrols again.
const ENOUGH: u32 = 2;

/// One walk and its expected outcome.
struct Walk {
    name: &'static str,
    title: &'static str,
    /// The expected code of the verdict. `None` means accepted.
    expected: Option<&'static str>,
    /// The elements to request.
    asks: Vec<String>,
    refuse: bool,
    hostile: bool,
    unknown_reader: bool,
    /// Days by which the reader's clock is ahead.
    days_ahead: i64,
}

pub(crate) fn run(arguments: &DemoArguments) -> Result<u8, Failure> {
    let say = Say::new(arguments.json, "demo");
    let home = Home::new(&arguments.home.home);
    let terminal = std::io::stdin().is_terminal() && std::io::stderr().is_terminal();
    let scripted = arguments.yes || arguments.json || !terminal;
    home::check_folder("--home", home.path())?;
    prepare(&home, arguments, &say)?;
    if scripted {
        say.line("person", "no terminal, --yes or --json: a SCRIPTED person consents");
    }
    let mut outcomes = Vec::new();
    for walk in walks(arguments) {
        say.event("walk", &format!("=== {} ===", walk.title), json!({"name": walk.name}));
        let outcome = walk_once(&walk, &home, arguments, scripted)?.unwrap_or_else(|| ACCEPTED.into());
        let expected = walk.expected.unwrap_or(ACCEPTED);
        let met = outcome == expected;
        let judged = if met { "as it must" } else { "NOT AS EXPECTED" };
        let data = json!({"name": walk.name, "outcome": outcome, "expected": expected, "met": met});
        say.event("outcome", &format!("{}: {outcome} - {judged}", walk.name), data.clone());
        outcomes.push(data);
    }
    let met = outcomes.iter().all(|outcome| outcome.get("met").is_some_and(|met| *met == true));
    if arguments.json {
        say.verdict(json!({"met": met, "walks": outcomes}))?;
    } else {
        let home = home.path().display();
        let text = format!(
            "look around: rid wallet --home {home}; rid wallet history --home {home}; \
            rid demo --refuse | --expired | --forged | --unknown-reader | --all"
        );
        say.line("more", &text);
    }
    Ok(if met { 0 } else { EXIT_FAILED })
}

/// The outcome of a walk without a failure.
const ACCEPTED: &str = "accepted";

/// Makes the test State, enrols and stores. This is done once.
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
    let usable = |kind: &str, views: &[rid_wallet::view::CredentialSummary]| {
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
    let challenge = issue::fresh_challenge();
    let kinds = ["pid".to_owned(), "mdl".to_owned()];
    let enrolment = wallet.enrol(&kinds, 0, challenge.to_vec(), AUDIENCE.into()).await?;
    say.line("issue", &format!("the issuer mints {} one-time copies for the sample citizen", enrolment.keys));
    let answer = issue::answer(pki, &enrolment.message, &challenge, 0)?;
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

/// Runs wallet and reader and returns the code of the verdict. `None` means accepted.
fn walk_once(walk: &Walk, home: &Home, arguments: &DemoArguments, scripted: bool) -> Result<Option<String>, Failure> {
    let handoff = home.exchange().join(walk.name);
    let saved = home.saved().join(walk.name);
    // Files of an earlier walk would be mistaken for those of this walk.
    let _ = std::fs::remove_dir_all(&handoff);
    let _ = std::fs::remove_dir_all(&saved);
    let mut wallet = Running::start(wallet_command(walk, home, arguments, scripted, &handoff)?, arguments.json)?;
    let port = wait_for(&handoff.join("port"), &mut wallet)?;
    // The reader scans the picture, as a camera would.
    let reader = reader_command(walk, home, arguments, &handoff, &saved, port.trim())?;
    let read = Running::start(reader, arguments.json)?.finish()?;
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
    command.arg("--handoff").arg(handoff);
    for_both(&mut command, home, arguments);
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
    Ok(command)
}

/// Arguments for both wallet and reader.
fn for_both(command: &mut Command, home: &Home, arguments: &DemoArguments) {
    command.arg("--home").arg(home.path()).arg("--mtu").arg(arguments.mtu.to_string());
    if let Some(lang) = arguments.home.lang {
        command.args(["--lang", lang.name()]);
    }
    if let Some(seconds) = arguments.timeout {
        command.arg("--timeout").arg(seconds.to_string());
    }
    if arguments.json {
        command.arg("--json");
    }
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
    command.arg("read").arg("--qr").arg(handoff.join("qr.png")).args(["--port", port]).arg("--save").arg(saved);
    for_both(&mut command, home, arguments);
    command.args(["--signed", if walk.unknown_reader { "unknown-root" } else { "registered" }]);
    for ask in &walk.asks {
        command.args(["--ask", ask]);
    }
    if walk.days_ahead != 0 {
        command.args(["--at", &input::now()?.plus_days(walk.days_ahead).to_tdate()]);
    }
    command.stdin(Stdio::null());
    Ok(command)
}

fn myself() -> Result<Command, Failure> {
    let path = std::env::current_exe().map_err(|error| Failure::file(Path::new("rid"), error))?;
    Ok(Command::new(path))
}

/// A child process that is killed on drop.
struct Running {
    child: Child,
    lines: Option<JoinHandle<()>>,
}

impl Running {
    /// With `whole_lines`, output is passed on line by line, so that the lines of two processes do not mix.
    fn start(mut command: Command, whole_lines: bool) -> Result<Self, Failure> {
        if whole_lines {
            command.stdout(Stdio::piped());
        }
        let mut child = command.spawn().map_err(|error| Failure::file(Path::new("rid"), error))?;
        let lines = child.stdout.take().map(|stdout| std::thread::spawn(move || pass_on(stdout)));
        Ok(Self { child, lines })
    }

    fn finish(mut self) -> Result<ExitStatus, Failure> {
        let status = self.child.wait().map_err(|error| Failure::file(Path::new("rid"), error))?;
        if let Some(lines) = self.lines.take() {
            // A thread that panicked printed less. Nothing else depends on it.
            let _ = lines.join();
        }
        Ok(status)
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        // The process has already ended after `finish`.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

fn pass_on(stdout: ChildStdout) {
    for line in BufReader::new(stdout).lines().map_while(Result::ok) {
        // A closed stdout does not end the walk.
        let _ = std::io::stdout().lock().write_all(format!("{line}\n").as_bytes());
    }
}

/// Waits for the port, which the wallet writes last, while the wallet runs.
fn wait_for(path: &PathBuf, wallet: &mut Running) -> Result<String, Failure> {
    let clock = SystemClock::new();
    let until = clock.uptime().plus_seconds(60);
    while clock.uptime() < until {
        if let Ok(text) = std::fs::read_to_string(path) {
            return Ok(text);
        }
        if matches!(wallet.child.try_wait(), Ok(Some(_))) {
            break;
        }
        std::thread::sleep(Duration::from_millis(20));
    }
    let advice = "the wallet's process ended or was not ready within 60 s; its message is above";
    Err(Failure::advised("wallet process", Code::new("transport_timeout"), advice))
}

/// The code of the outcome, from the saved exchange.
fn outcome(read: ExitStatus, saved: &Path) -> Result<Option<String>, Failure> {
    if read.code() == Some(0) {
        return Ok(None);
    }
    if !home::is_there(saved)? {
        let advice = "the reader ended without a verdict; its message is above";
        return Err(Failure::advised("reader process", Code::new("transport_disconnected"), advice));
    }
    let (verdict, _) = crate::saved::judge(saved, None, &verdict::LOCALES)?;
    Ok(Some(verdict.code.map_or_else(|| "none".into(), |code| code.as_str().into())))
}
