//! `rid enrol`: the wallet's side of an enrolment, by files.
use std::path::{Path, PathBuf};

use rid_wallet::{
    Wallet, WalletError,
    view::{CredentialElement, CredentialSummary},
};
use rid_wire::{Code, hex};
use serde_json::{Value, json};

use crate::{
    args::EnrolArguments,
    failure::Failure,
    home::{self, Home},
    input,
    issue::AUDIENCE,
    opened::{self, Opening},
    verdict,
};

fn pending_path(home: &Home) -> PathBuf {
    home.exchange().join("enrolment-id")
}

/// Runs `rid enrol`. The wallet is opened or made only after the arguments were checked.
pub(crate) fn enrol(arguments: &EnrolArguments) -> Result<u8, Failure> {
    let home = Home::new(&arguments.home.home);
    let job = match &arguments.accept {
        Some(answer) => Job::Accept { answer: input::file(answer)?, id: pending(&home)? },
        None if arguments.withdraw => Job::Withdraw { id: pending(&home)? },
        None => ask(arguments)?,
    };
    let opening = Opening { home: &home, open: &arguments.open, locale: arguments.home.locale(), mac: false };
    let wallet = opening.wallet(opened::home_trust(&home)?)?;
    let done = match job {
        Job::Accept { id, answer } => accept(&wallet, &home, &id, &answer, arguments.json),
        Job::Withdraw { id } => withdraw(&wallet, &home, &id, arguments.json),
        Job::Ask { challenge, out } => send(&wallet, &home, arguments, challenge, &out),
    };
    pollster::block_on(wallet.close())?;
    done.map(|()| 0)
}

/// The checked arguments of one call.
enum Job {
    Accept { id: String, answer: Vec<u8> },
    Ask { challenge: Vec<u8>, out: PathBuf },
    Withdraw { id: String },
}

fn ask(arguments: &EnrolArguments) -> Result<Job, Failure> {
    let (Some(challenge), Some(out)) = (&arguments.challenge, &arguments.out) else {
        return Err(Failure::usage(
            "--challenge HEX (from `rid issue --challenge`) and --out FILE are needed, or --accept FILE, or --withdraw",
        ));
    };
    if arguments.kind.is_empty() {
        return Err(Failure::usage("--kind is needed: pid, mdl or a document type; it may be given more than once"));
    }
    let profile = verdict::profile()?;
    if let Some(unknown) = arguments.kind.iter().find(|kind| profile.kind_named(kind).is_none()) {
        let known: Vec<&str> = profile.kinds().iter().map(|kind| kind.id.as_str()).collect();
        return Err(Failure::usage(format!(
            "--kind {unknown}: the profile knows no such kind; give {}",
            known.join(", ")
        )));
    }
    let challenge = hex::decode(challenge.trim()).ok().filter(|challenge| !challenge.is_empty());
    let challenge = challenge.ok_or_else(|| {
        Failure::usage("--challenge: not hexadecimal; give the text that `rid issue --challenge` printed")
    })?;
    home::check_out("--out", out, arguments.force)?;
    Ok(Job::Ask { challenge, out: out.clone() })
}

/// The identifier of the pending enrolment.
fn pending(home: &Home) -> Result<String, Failure> {
    let path = pending_path(home);
    if !home::is_there(&path)? {
        return Err(nothing_pending());
    }
    let id = String::from_utf8(input::file(&path)?).map_err(|_| nothing_pending())?;
    Ok(id.trim().to_owned())
}

fn nothing_pending() -> Failure {
    Failure::advised(
        "enrolment",
        Code::new("enrolment_unknown"),
        "no enrolment is under way: its answer was accepted already (see `rid wallet`), it was withdrawn, or none was begun; \
        begin one with `rid enrol --kind ... --challenge ... --out ...`",
    )
}

fn send(
    wallet: &Wallet,
    home: &Home,
    arguments: &EnrolArguments,
    challenge: Vec<u8>,
    out: &Path,
) -> Result<(), Failure> {
    let enrolment = pollster::block_on(wallet.enrol(&arguments.kind, arguments.copies, challenge, AUDIENCE.into()))?;
    home::write(out, &enrolment.message)?;
    home::make_private_dir(&home.exchange())?;
    home::write(&pending_path(home), enrolment.id.as_bytes())?;
    let text = if arguments.json {
        format!("{}\n", json!({"id": enrolment.id, "keys": enrolment.keys, "request": out.display().to_string()}))
    } else {
        format!("{} keys made and proved; request written to {}\n", enrolment.keys, out.display())
    };
    verdict::write_out(&text)
}

fn withdraw(wallet: &Wallet, home: &Home, id: &str, json: bool) -> Result<(), Failure> {
    pollster::block_on(wallet.withdraw(id)).map_err(about_pending)?;
    let _ = std::fs::remove_file(pending_path(home));
    verdict::write_out(&if json {
        format!("{}\n", json!({"withdrawn": id}))
    } else {
        "withdrawn; its keys are removed\n".to_owned()
    })
}

fn about_pending(error: WalletError) -> Failure {
    if error.code().as_str() == "enrolment_unknown" { nothing_pending() } else { error.into() }
}

fn accept(wallet: &Wallet, home: &Home, id: &str, answer: &[u8], json: bool) -> Result<(), Failure> {
    let stored = pollster::block_on(wallet.accept(id, answer)).map_err(about_pending)?;
    let _ = std::fs::remove_file(pending_path(home));
    let mut warned = Vec::with_capacity(stored.len());
    for view in &stored {
        warned.push((view, warnings(wallet, view)?));
    }
    verdict::write_out(&if json {
        format!("{:#}\n", warned.iter().map(|(view, warnings)| stored_json(view, warnings)).collect::<Value>())
    } else {
        warned.iter().map(|(view, warnings)| stored_text(view, warnings)).collect()
    })
}

/// Namespace, identifier and warning of an element.
type Warning = (String, String, Code);

/// The warnings about the elements of a stored credential: values that have another type than in the profile.
fn warnings(wallet: &Wallet, view: &CredentialSummary) -> Result<Vec<Warning>, Failure> {
    let elements = pollster::block_on(wallet.credential(&view.id))?.elements;
    let warning = |element: &CredentialElement| {
        let (namespace, identifier) = element.path.as_element()?;
        Some((namespace.to_owned(), identifier.to_owned(), element.warning?))
    };
    Ok(elements.iter().filter_map(warning).collect())
}

fn stored_json(view: &CredentialSummary, warnings: &[Warning]) -> Value {
    let mut stored = crate::wallet::list_json(view);
    if let Value::Object(members) = &mut stored {
        let warning = |(namespace, identifier, code): &Warning| json!([namespace, identifier, code.as_str()]);
        members.insert("warnings".into(), warnings.iter().map(warning).collect());
    }
    stored
}

fn stored_text(view: &CredentialSummary, warnings: &[Warning]) -> String {
    let mut text = format!("{}\n", stored_line(view));
    for (namespace, identifier, code) in warnings {
        let (namespace, identifier) = (verdict::printable(namespace), verdict::printable(identifier));
        text.push_str(&format!(
            "  warning: {code}: {namespace} / {identifier} is kept and shown as the issuer wrote it\n"
        ));
    }
    text
}

/// One line about a stored credential.
pub(crate) fn stored_line(view: &CredentialSummary) -> String {
    format!(
        "stored: {} from {}, {} one-time copies, valid until {}",
        view.name, view.issuer, view.copies_left, view.valid_until
    )
}
