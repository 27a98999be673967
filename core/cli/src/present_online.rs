//! `rid present LINK`: answers the request behind a link or QR code of a website (OpenID4VP).
use std::sync::Arc;

use rid_flow::ports::Http;
use rid_shell::HttpClient;
use rid_wallet::{
    Arrival, OnlinePresentation, PresentationStep, Wallet,
    view::{ConsentDecision, OnlineDelivery},
};
use serde_json::{Value, json};

use crate::{
    args::PresentArguments,
    ask::{self, Person},
    failure::{EXIT_FAILED, Failure},
    opened,
    receipt::{receipt_json, receipt_text},
    say::Say,
};

/// The HTTP client of the wallet.
pub(crate) fn client(arguments: &PresentArguments) -> Result<Arc<dyn Http>, Failure> {
    #[cfg(debug_assertions)]
    if !arguments.loopback.is_empty() {
        let client = HttpClient::for_loopback(&arguments.loopback);
        return Ok(Arc::new(client.map_err(|error| Failure::core("HTTP client", error.code()))?));
    }
    #[cfg(not(debug_assertions))]
    let _ = arguments;
    Ok(Arc::new(HttpClient::new().map_err(|error| Failure::core("HTTP client", error.code()))?))
}

/// Exit 0 if the service took the answer, or the refusal that the person wanted.
pub(crate) fn present(
    wallet: &Arc<Wallet>,
    person: &Person,
    link: &str,
    arguments: &PresentArguments,
    say: &Say,
) -> Result<u8, Failure> {
    let arrival = if arguments.scanned { Arrival::Scan } else { Arrival::Link };
    let presentation = wallet.present_link(link, arrival)?;
    pollster::block_on(run(wallet, &presentation, person, arguments, say))
}

async fn run(
    wallet: &Arc<Wallet>,
    presentation: &OnlinePresentation,
    person: &Person,
    arguments: &PresentArguments,
    say: &Say,
) -> Result<u8, Failure> {
    let mut taken = false;
    loop {
        match presentation.next().await? {
            PresentationStep::Ask { request } => {
                say.event("asked", ask::describe(&request).trim_end(), json!({"request": ask::to_json(&request)}));
                let answer = person.answer(&request)?;
                let refused = answer.decision == ConsentDecision::Refuse;
                say.line("answered", if refused { "refused" } else { "agreed" });
                presentation.answer(answer)?;
            }
            PresentationStep::Unlock => {
                opened::unlock(wallet, &arguments.open).await?;
                presentation.unlocked()?;
            }
            PresentationStep::Receipt { receipt } => {
                let delivery = receipt.delivery.clone();
                taken = matches!(delivery, Some(OnlineDelivery::Taken { .. } | OnlineDelivery::Returned { .. }));
                let (text, page) = delivery.as_ref().map(words).unwrap_or_default();
                let mut shown = receipt_json(&receipt);
                if let Value::Object(members) = &mut shown {
                    members.insert("delivery".into(), text.into());
                    members.insert("page".into(), page.clone().into());
                }
                let page = page.map(|page| format!("\nopen: {page}")).unwrap_or_default();
                say.event("receipt", &format!("{}; {text}{page}", receipt_text(&receipt)), shown);
                presentation.proceed()?;
            }
            PresentationStep::Closed { code } => {
                say.event("closed", code.as_str(), json!({"code": code.as_str(), "answered": taken}));
                return Ok(if taken { 0 } else { EXIT_FAILED });
            }
            PresentationStep::Advertise { .. } | PresentationStep::Send { .. } | PresentationStep::Wait { .. } => {
                return Err(Failure::usage("an online presentation has no radio"));
            }
        }
    }
}

/// What became of the answer, and the page to open.
fn words(delivery: &OnlineDelivery) -> (&'static str, Option<String>) {
    match delivery {
        OnlineDelivery::NotSent => ("not sent", None),
        OnlineDelivery::Refused => ("the service did not take it", None),
        OnlineDelivery::Returned { .. } => ("returned", None),
        OnlineDelivery::Taken { redirect } => ("taken by the service", redirect.clone()),
        OnlineDelivery::Unknown => ("it is not known whether the service took it", None),
    }
}
