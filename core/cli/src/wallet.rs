//! `rid wallet`: list, show, delete, history.
use rid_claims::ReusePolicy;
use rid_flow::{CredentialId, HistoryEventType, HistoryOutcome};
use rid_trust::Environment;
use rid_wallet::{
    Wallet,
    view::{CredentialDetails, CredentialState, CredentialSummary, HistoryEntryState, HistoryEvent, HistoryRow},
};
use serde_json::{Value, json};

use crate::{
    args::{WalletArguments, WalletCommand},
    failure::Failure,
    home::{self, Home},
    opened::{self, Opening},
    terminal,
    verdict::{self, printable},
};

pub(crate) fn run(arguments: &WalletArguments) -> Result<u8, Failure> {
    let home = Home::new(&arguments.home.home);
    if let Some(WalletCommand::Show { portrait: Some(file), force, .. }) = &arguments.command {
        home::check_out("--portrait", file, *force)?;
    }
    opened::check_wallet(&home)?;
    let opening = Opening { home: &home, open: &arguments.open, locale: arguments.home.locale(), mac: false };
    let wallet = opening.wallet(opened::home_trust(&home)?)?;
    let done = pollster::block_on(act(&wallet, arguments));
    pollster::block_on(wallet.close())?;
    done.map(|()| 0)
}

async fn act(wallet: &Wallet, arguments: &WalletArguments) -> Result<(), Failure> {
    let json = arguments.json;
    match arguments.command.as_ref().unwrap_or(&WalletCommand::List) {
        WalletCommand::List => {
            let views = wallet.credentials().await?;
            verdict::write_out(&if json {
                format!("{:#}\n", views.iter().map(list_json).collect::<Value>())
            } else if views.is_empty() {
                "The wallet is empty.\n".into()
            } else {
                views.iter().map(list_line).collect()
            })
        }
        WalletCommand::Show { id, portrait, .. } => {
            let id = find(wallet, id).await?;
            let detail = wallet.credential(&id).await?;
            if let Some(path) = portrait {
                let picture = wallet.portrait(&id).await?;
                let picture = picture.ok_or_else(|| Failure::usage("this credential holds no portrait"))?;
                home::write(path, picture.image.expose())?;
            }
            verdict::write_out(&if json { format!("{:#}\n", detail_json(&detail)) } else { detail_text(&detail) })
        }
        WalletCommand::Delete { id, yes } => {
            let id = find(wallet, id).await?;
            let question = format!("Delete {} with all its copies? This cannot be undone.", id.0);
            if !*yes && !terminal::confirmed(&question)? {
                return Err(Failure::usage("not deleted"));
            }
            wallet.delete(&id).await?;
            verdict::write_out(&if json {
                format!("{}\n", json!({"deleted": id.0}))
            } else {
                format!("deleted: {}\n", id.0)
            })
        }
        WalletCommand::History => {
            let rows = wallet.history(0, u32::MAX).await?;
            verdict::write_out(&if json {
                format!("{:#}\n", rows.iter().map(history_json).collect::<Value>())
            } else {
                rows.iter().map(history_line).collect()
            })
        }
    }
}

/// Finds one credential by its identifier or the first characters of it.
async fn find(wallet: &Wallet, beginning: &str) -> Result<CredentialId, Failure> {
    let views = wallet.credentials().await?;
    let mut fitting = views.into_iter().filter(|view| view.id.0.starts_with(beginning));
    match (fitting.next(), fitting.next()) {
        (Some(view), None) => Ok(view.id),
        (None, _) => Err(Failure::usage(format!("no credential {beginning}; `rid wallet` lists them"))),
        (Some(_), Some(_)) => Err(Failure::usage(format!("{beginning} is not unique; `rid wallet` lists them"))),
    }
}

const fn state(state: CredentialState) -> &'static str {
    match state {
        CredentialState::Damaged => "damaged",
        CredentialState::Exhausted => "exhausted",
        CredentialState::Expired => "expired",
        CredentialState::NotYetValid => "not yet valid",
        CredentialState::Ready => "ready",
    }
}

/// The reuse policy of its copies, as one word.
pub(crate) const fn reuse(reuse: ReusePolicy) -> &'static str {
    match reuse {
        ReusePolicy::Limited { .. } => "limited",
        ReusePolicy::Once => "once",
        ReusePolicy::PerVerifier => "per_verifier",
        ReusePolicy::Rotate => "rotate",
    }
}

pub(crate) fn list_line(view: &CredentialSummary) -> String {
    if view.state == CredentialState::Damaged {
        return format!("{}  cannot be read any more\n    delete it and ask its issuer for it again\n", view.id.0);
    }
    let test = if view.environment == Environment::Test { "  TEST" } else { "" };
    let low = if view.low_water { "  few copies left" } else { "" };
    format!(
        "{}  {}{test}\n    {}  issuer: {}  {}/{} copies{low}  valid until {}\n",
        view.id.0,
        view.name,
        state(view.state),
        printable(&view.issuer),
        view.copies_left,
        view.copies_total,
        view.valid_until
    )
}

/// The list entry as JSON.
pub(crate) fn list_json(view: &CredentialSummary) -> Value {
    let environment = if view.environment == Environment::Test { "test" } else { "production" };
    if view.state == CredentialState::Damaged {
        return json!({"id": view.id.0, "state": state(view.state), "environment": environment});
    }
    json!({
        "id": view.id.0, "format": view.format, "kind": view.kind, "name": view.name, "issuer": view.issuer,
        "validFrom": view.valid_from.to_tdate(), "validUntil": view.valid_until.to_tdate(),
        "copiesLeft": view.copies_left, "copiesTotal": view.copies_total, "lowWater": view.low_water,
        "reuse": reuse(view.reuse), "state": state(view.state), "environment": environment,
    })
}

fn detail_text(detail: &CredentialDetails) -> String {
    let mut text = list_line(&detail.credential);
    for element in &detail.elements {
        let value = if element.portrait {
            "(portrait; --portrait FILE writes it)".into()
        } else {
            printable(element.text.expose())
        };
        let warning = element.warning.map(|code| format!("   WARNING: {code}")).unwrap_or_default();
        text.push_str(&format!("    {}: {value}{warning}\n", element.label));
    }
    text
}

fn detail_json(detail: &CredentialDetails) -> Value {
    let element = |element: &rid_wallet::view::CredentialElement| {
        let (namespace, identifier) = element.path.as_element().unwrap_or_default();
        json!({
            "namespace": namespace, "element": identifier, "label": element.label, "spoken": element.spoken,
            "value": verdict::value_json(&element.value), "text": element.text.expose(),
            "sensitive": element.sensitive, "portrait": element.portrait,
            "warning": element.warning.map(|code| code.as_str()),
        })
    };
    json!({
        "credential": list_json(&detail.credential),
        "elements": detail.elements.iter().map(element).collect::<Vec<_>>(),
    })
}

const fn kind(kind: HistoryEventType) -> &'static str {
    match kind {
        HistoryEventType::Deletion => "deletion",
        HistoryEventType::Issuance => "issuance",
        HistoryEventType::Presentation => "presentation",
        HistoryEventType::SignIn => "sign-in",
    }
}

const fn outcome(outcome: HistoryOutcome) -> &'static str {
    match outcome {
        HistoryOutcome::Failed => "failed",
        HistoryOutcome::Finished => "finished",
        HistoryOutcome::Refused => "refused",
        HistoryOutcome::Started => "started",
        HistoryOutcome::UnknownDelivery => "unknown delivery",
    }
}

pub(crate) fn history_line(row: &HistoryRow) -> String {
    let seq = row.seq;
    let event = match &row.entry {
        HistoryEntryState::Kept { event } => event,
        HistoryEntryState::Deleted { at } => return format!("{seq:>4}  {at}  deleted by the person\n"),
        HistoryEntryState::Damaged => return format!("{seq:>4}  cannot be read any more\n"),
    };
    event_line(seq, row.imported, event)
}

fn event_line(seq: u64, imported: bool, row: &HistoryEvent) -> String {
    let peer = match (row.peer.expose(), row.peer_verified) {
        ("", _) => "unknown".into(),
        (name, true) => printable(name),
        (name, false) => format!("{} (not verified)", printable(name)),
    };
    let mut text = format!(
        "{seq:>4}  {}  {} {}  with {peer}  {}{}\n",
        row.at,
        kind(row.kind),
        outcome(row.outcome),
        row.reason,
        if imported { "  (from another device)" } else { "" }
    );
    for element in &row.elements {
        let kept = if element.retained { "  [kept]" } else { "" };
        text.push_str(&format!("        {}{kept}\n", element.label));
    }
    text
}

pub(crate) fn history_json(row: &HistoryRow) -> Value {
    let seq = row.seq;
    match &row.entry {
        HistoryEntryState::Kept { event } => event_json(seq, row.imported, event),
        HistoryEntryState::Deleted { at } => json!({"seq": seq, "state": "deleted", "deletedAt": at.to_tdate()}),
        HistoryEntryState::Damaged => json!({"seq": seq, "state": "damaged"}),
    }
}

fn event_json(seq: u64, imported: bool, row: &HistoryEvent) -> Value {
    let elements: Vec<Value> = row
        .elements
        .iter()
        .map(|element| {
            let (namespace, identifier) = element.path.as_element().unwrap_or_default();
            json!({"kind": element.kind, "namespace": namespace, "element": identifier, "retained": element.retained})
        })
        .collect();
    json!({
        "seq": seq, "imported": imported, "kind": kind(row.kind), "outcome": outcome(row.outcome), "at": row.at.to_tdate(),
        "peer": row.peer.expose(), "peerVerified": row.peer_verified, "reason": row.reason, "elements": elements,
    })
}
