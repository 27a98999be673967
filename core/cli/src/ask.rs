//! The person at the terminal: who asks, for what, whether it is kept; agree, untick, refuse.
use std::io::{BufRead, IsTerminal, Write};

use rid_profile::ClaimPath;
use rid_trust::Environment;
use rid_wallet::view::{
    AlternativeView, ConsentAnswer, ConsentDecision, ConsentedDocument, RequestView, RequestedDocumentView,
    RequestedElementView,
};

use crate::{failure::Failure, verdict::printable};

/// Who decides.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Person {
    /// A script that agrees to everything but these elements (identifiers).
    Agrees {
        /// Elements it unticks.
        unticked: Vec<String>,
    },
    /// Somebody at the terminal.
    AtTerminal,
    /// A script that refuses.
    Refuses,
}

impl Person {
    /// From the flags of a command; without a terminal somebody must have decided beforehand.
    pub(crate) fn from_flags(yes: bool, refuse: bool, unticked: &[String]) -> Result<Self, Failure> {
        if refuse {
            Ok(Self::Refuses)
        } else if yes {
            Ok(Self::Agrees { unticked: unticked.to_vec() })
        } else if std::io::stdin().is_terminal() && std::io::stdout().is_terminal() {
            Ok(Self::AtTerminal)
        } else {
            Err(Failure::usage("nobody is here to consent: no terminal, and neither --yes nor --refuse was given"))
        }
    }

    /// Asks, and answers bound to the request.
    pub(crate) fn answer(&self, request: &RequestView) -> Result<ConsentAnswer, Failure> {
        let unticked = match self {
            Self::Refuses => None,
            Self::Agrees { unticked } => Some(unticked.clone()),
            Self::AtTerminal => prompt(request)?,
        };
        let decision = match (unticked, request.alternatives.first()) {
            (Some(unticked), Some(alternative)) => {
                ConsentDecision::Agree { alternative: 0, documents: agreed(alternative, &unticked) }
            }
            _ => ConsentDecision::Refuse,
        };
        Ok(ConsentAnswer { id: request.id.clone(), hash: request.hash.clone(), decision })
    }
}

/// Everything held and not blocked, but the unticked.
fn agreed(alternative: &AlternativeView, unticked: &[String]) -> Vec<ConsentedDocument> {
    let ticked = |document: &RequestedDocumentView| -> Vec<ClaimPath> {
        let wanted = |element: &&RequestedElementView| {
            element.held && element.path.as_element().is_none_or(|(_, name)| !unticked.iter().any(|u| u == name))
        };
        document.elements.iter().filter(wanted).map(|element| element.path.clone()).collect()
    };
    alternative
        .documents
        .iter()
        .filter(|document| document.credential.is_some() && document.blocked.is_none())
        .map(|document| ConsentedDocument { position: document.position, elements: ticked(document) })
        .collect()
}

/// What a warning of a request means.
fn in_words(warning: &str) -> String {
    match warning {
        "retain" => "the reader means to keep what is marked so".into(),
        "reader_unknown" => "nobody vouches for this reader".into(),
        other => other.into(),
    }
}

/// The question as text, with numbered elements.
pub(crate) fn describe(request: &RequestView) -> String {
    let mut text = String::new();
    let mut say = |line: String| {
        text.push_str(&line);
        text.push('\n');
    };
    if request.environment == Environment::Test {
        say("*** TEST ENVIRONMENT: test roots, not the State's ***".into());
    }
    let requester = &request.requester;
    if requester.verified {
        let organization = requester.organization.as_deref().map(|o| format!(" ({o})")).unwrap_or_default();
        say(format!("Asked by: {}{} - verified", printable(&requester.name), printable(&organization)));
    } else {
        let reason = requester.reason.map(|reason| format!(" ({reason})")).unwrap_or_default();
        say(format!("Asked by: UNKNOWN READER{reason}"));
    }
    for warning in &request.warnings {
        say(format!("Warning: {}", in_words(warning.as_str())));
    }
    let mut number = 0;
    for document in request.alternatives.first().iter().flat_map(|alternative| &alternative.documents) {
        let state = match (&document.blocked, &document.credential) {
            (Some(code), _) => format!("will not be shown: {code}"),
            (None, None) => "you do not have this document".into(),
            (None, Some(_)) => format!("{} one-time copies left", document.copies_left),
        };
        say(format!("  {} - {state}", document.name));
        for element in &document.elements {
            number += 1;
            let kept = if element.retained { "  [will be kept by the reader]" } else { "" };
            let held = if element.held { "" } else { "  [not held]" };
            let sensitive = if element.sensitive { "  [sensitive]" } else { "" };
            say(format!("    {number:>2}. {}{kept}{held}{sensitive}", element.label));
        }
        if document.portrait_binds {
            say("      The portrait goes with the rest, or nothing of this document goes.".into());
        }
    }
    text
}

/// `None`: refused; else the unticked identifiers.
fn prompt(request: &RequestView) -> Result<Option<Vec<String>>, Failure> {
    let terminal = std::path::Path::new("terminal");
    let fail = |error| Failure::file(terminal, error);
    let question =
        format!("\n{}\nEnter = agree to all, numbers to leave out (e.g. 2 5), r = refuse: ", describe(request));
    let mut stdout = std::io::stdout();
    stdout.write_all(question.as_bytes()).and_then(|()| stdout.flush()).map_err(fail)?;
    let mut line = String::new();
    if std::io::stdin().lock().read_line(&mut line).map_err(fail)? == 0 {
        return Ok(None);
    }
    let elements: Vec<&RequestedElementView> = request
        .alternatives
        .first()
        .iter()
        .flat_map(|alternative| &alternative.documents)
        .flat_map(|document| &document.elements)
        .collect();
    let mut unticked = Vec::new();
    for word in line.split([' ', ',', '\n', '\r', '\t']).filter(|word| !word.is_empty()) {
        let element = word.parse::<usize>().ok().and_then(|n| elements.get(n.checked_sub(1)?));
        match element.and_then(|element| element.path.as_element()) {
            Some((_, identifier)) => unticked.push(identifier.to_owned()),
            // Anything that is no number of the list is no consent.
            None => return Ok(None),
        }
    }
    Ok(Some(unticked))
}
