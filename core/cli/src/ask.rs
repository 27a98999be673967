//! The consent screen of the terminal: it shows the reader, the elements and what will be kept, and takes the answer.
mod json;

use std::{
    io::{BufRead, IsTerminal, Write},
    path::Path,
};

use rid_trust::Environment;
use rid_wallet::view::{
    CandidateCredential, ConsentAnswer, ConsentDecision, ConsentRequest, ConsentedDocument, CredentialState,
    RequestedDocument, RequestedElement,
};

use crate::{failure::Failure, verdict::printable};

pub(crate) use json::to_json;

/// Where the decision comes from.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Person {
    /// A script that agrees. It leaves out these elements (identifiers) and prefers these credentials.
    Agrees {
        /// Elements to leave out.
        unticked: Vec<String>,
        /// Credentials to prefer.
        credentials: Vec<String>,
    },
    /// A person at the terminal.
    AtTerminal,
    /// A script that refuses.
    Refuses,
}

/// The choice for one document: which candidate answers, and whether the document is answered at all.
#[derive(Clone, Copy)]
struct Choice {
    candidate: usize,
    included: bool,
}

impl Person {
    /// Reads the flags of a command. Without a terminal one of --yes and --refuse is required.
    pub(crate) fn from_flags(
        yes: bool,
        refuse: bool,
        unticked: &[String],
        credentials: &[String],
    ) -> Result<Self, Failure> {
        if refuse {
            Ok(Self::Refuses)
        } else if yes {
            Ok(Self::Agrees { unticked: unticked.to_vec(), credentials: credentials.to_vec() })
        } else if std::io::stdin().is_terminal() && std::io::stderr().is_terminal() {
            Ok(Self::AtTerminal)
        } else {
            Err(Failure::usage("nobody is here to consent: no terminal, and neither --yes nor --refuse was given"))
        }
    }

    /// Asks, and returns an answer that is bound to the request.
    pub(crate) fn answer(&self, request: &ConsentRequest) -> Result<ConsentAnswer, Failure> {
        let documents = match self {
            Self::Refuses => Vec::new(),
            Self::Agrees { unticked, credentials } => {
                agreed(request, &preselected(request, credentials), |_, element| !is_named(element, unticked))
            }
            Self::AtTerminal => prompt(request)?,
        };
        let decision =
            if documents.is_empty() { ConsentDecision::Refuse } else { ConsentDecision::Agree { documents } };
        Ok(ConsentAnswer { id: request.id.clone(), hash: request.hash.clone(), decision })
    }
}

/// Chooses the first suggested candidate of each document, or one of the preferred credentials.
fn preselected(request: &ConsentRequest, credentials: &[String]) -> Vec<Choice> {
    let choice = |document: &RequestedDocument| {
        let wanted = |one: &CandidateCredential| credentials.contains(&one.credential.0);
        let candidate = document.candidates.iter().position(wanted).unwrap_or(0);
        Choice { candidate, included: document.suggested }
    };
    request.documents.iter().map(choice).collect()
}

/// The selected elements of the included documents. The number of an element is its line in [`describe`].
fn agreed(
    request: &ConsentRequest,
    choices: &[Choice],
    is_ticked: impl Fn(usize, &RequestedElement) -> bool,
) -> Vec<ConsentedDocument> {
    let mut number = 0;
    let mut documents = Vec::new();
    for (document, choice) in request.documents.iter().zip(choices) {
        let Some(candidate) = document.candidates.get(choice.candidate) else { continue };
        let mut elements = Vec::new();
        for element in &candidate.elements {
            number += 1;
            if element.held && is_ticked(number, element) {
                elements.push(element.path.clone());
            }
        }
        let held = candidate.elements.iter().filter(|element| element.held).count();
        let goes = if request.whole { elements.len() == held } else { !elements.is_empty() };
        if choice.included && goes {
            let (position, credential) = (document.position, candidate.credential.clone());
            documents.push(ConsentedDocument { position, credential, elements });
        }
    }
    documents
}

/// Whether an element is one of these identifiers, by its own name or by the name of an element that it answers.
fn is_named(element: &RequestedElement, identifiers: &[String]) -> bool {
    let paths = element.asked.iter().chain([&element.path]);
    paths.filter_map(|path| path.as_element()).any(|(_, name)| identifiers.iter().any(|one| one == name))
}

/// The question as text, with numbered elements.
pub(crate) fn describe(request: &ConsentRequest) -> String {
    describe_with(request, &preselected(request, &[]))
}

fn describe_with(request: &ConsentRequest, choices: &[Choice]) -> String {
    let mut lines: Vec<String> = Vec::new();
    if request.environment == Environment::Test {
        lines.push("*** TEST ENVIRONMENT: test roots, not the State's ***".into());
    }
    let requester = &request.requester;
    if requester.verified {
        let organization = requester.organization.as_deref().map(|o| format!(" ({o})")).unwrap_or_default();
        lines.push(format!("Asked by: {}{} - verified", printable(&requester.name), printable(&organization)));
    } else {
        let reason = requester.reason.map(|reason| format!(" ({reason})")).unwrap_or_default();
        let name = requester.identifier.as_deref().map_or("UNKNOWN READER".into(), |id| format!("{id} - NOT VERIFIED"));
        lines.push(format!("Asked by: {name}{reason}"));
    }
    lines.extend(request.warnings.iter().map(|warning| format!("Warning: {}", in_words(warning.as_str()))));
    if request.whole {
        let purpose = request.purpose.as_deref().map_or("not registered".into(), printable);
        lines.push(format!("Purpose: {purpose}. All elements of a document leave, or none."));
    }
    lines.extend(request.unanswerable.map(|code| format!("This cannot be answered: {}", in_words(code.as_str()))));
    let mut number = 0;
    for (document, choice) in request.documents.iter().zip(choices) {
        let chosen = document.candidates.get(choice.candidate);
        lines.push(format!("  {}. {} - {}", document.position + 1, document.name, state(document, chosen, *choice)));
        if document.candidates.len() > 1 {
            lines.extend(document.candidates.iter().enumerate().map(|(at, one)| {
                format!("    {} {}{}", if at == choice.candidate { "*" } else { " " }, letter(at), credential(one))
            }));
        }
        for element in chosen.iter().flat_map(|candidate| &candidate.elements) {
            number += 1;
            lines.push(format!("    {number:>2}. {}", describe_element(document, element)));
        }
        if chosen.is_none() {
            lines.extend(document.asked.iter().map(|asked| format!("        {}", asked.label)));
        }
        for one in &document.unavailable {
            lines.push(format!("      not offered: credential of {} ({})", printable(&one.issuer), one.reason));
        }
        if document.portrait_binds && chosen.is_some() {
            lines.push("      The portrait goes with the rest, or nothing of this document goes.".into());
        }
    }
    lines.push(String::new());
    lines.join("\n")
}

fn state(document: &RequestedDocument, chosen: Option<&CandidateCredential>, choice: Choice) -> String {
    match (document.blocked.map(|code| code.as_str()), chosen) {
        (Some("not_held"), _) => "you do not have this document".into(),
        (Some(code), _) => format!("will not be presented: {code}"),
        (None, Some(one)) => {
            let left_out = if choice.included { "" } else { ", left out" };
            format!("{} one-time copies left{}{left_out}", one.copies_left, validity(one.state))
        }
        (None, None) => "will not be presented".into(),
    }
}

const fn validity(state: CredentialState) -> &'static str {
    match state {
        CredentialState::Expired => ", EXPIRED",
        CredentialState::NotYetValid => ", NOT YET VALID",
        _ => "",
    }
}

/// `a`, `b`, ...
fn letter(at: usize) -> char {
    u8::try_from(at).ok().filter(|at| *at < 26).map_or('?', |at| char::from(b'a' + at))
}

fn credential(one: &CandidateCredential) -> String {
    let subject = one.subject.as_ref().map(|text| format!(" of {}", printable(text.expose()))).unwrap_or_default();
    format!(") {}{subject}, valid until {}{}", printable(&one.issuer), one.valid_until, validity(one.state))
}

fn describe_element(document: &RequestedDocument, element: &RequestedElement) -> String {
    let others =
        document.asked.iter().filter(|asked| asked.path != element.path && element.asked.contains(&asked.path));
    let others: Vec<&str> = others.map(|asked| asked.label.as_str()).collect();
    let answers = if others.is_empty() { String::new() } else { format!("  [answers: {}]", others.join(", ")) };
    let kept = if element.retained { "  [will be kept by the reader]" } else { "" };
    let held = element.reason.map(|code| format!("  [not sent: {}]", in_words(code.as_str()))).unwrap_or_default();
    let sensitive = if element.sensitive { "  [sensitive]" } else { "" };
    format!("{}{answers}{kept}{held}{sensitive}", element.label)
}

/// The meaning of a warning in words.
fn in_words(warning: &str) -> String {
    match warning {
        "not_held" => "not held".into(),
        "reader_unknown" => "nobody vouches for this reader".into(),
        "request_age_limit" => "more ages are asked for than are answered".into(),
        "retain" => "the reader means to keep what is marked so".into(),
        other => other.into(),
    }
}

/// The documents that the person agrees to. `None` means refused.
fn prompt(request: &ConsentRequest) -> Result<Vec<ConsentedDocument>, Failure> {
    let fail = |error| Failure::file(Path::new("terminal"), error);
    let mut choices = preselected(request, &[]);
    loop {
        let question = format!(
            "\n{}\nEnter = agree, numbers = leave elements out (2 5), 1b = document 1 by credential b, -1 or +1 = leave \
            document 1 out or in, r = refuse: ",
            describe_with(request, &choices)
        );
        // Standard output may be read by a script: one JSON object per line.
        let mut stderr = std::io::stderr();
        stderr.write_all(question.as_bytes()).and_then(|()| stderr.flush()).map_err(fail)?;
        let mut line = String::new();
        if std::io::stdin().lock().read_line(&mut line).map_err(fail)? == 0 {
            return Ok(Vec::new());
        }
        match read(&line, request, &mut choices) {
            Reply::Agree(unticked) => return Ok(agreed(request, &choices, |number, _| !unticked.contains(&number))),
            Reply::AskAgain => {}
            Reply::Refuse => return Ok(Vec::new()),
        }
    }
}

/// The meaning of an input line.
#[derive(Debug, PartialEq, Eq)]
enum Reply {
    /// Agree without the elements of these numbers.
    Agree(Vec<usize>),
    /// The choices changed, so they are shown again before consent.
    AskAgain,
    Refuse,
}

/// Input that is not understood is a refusal, never consent.
fn read(line: &str, request: &ConsentRequest, choices: &mut [Choice]) -> Reply {
    let mut unticked = Vec::new();
    let mut changed = false;
    for word in line.split([' ', ',', '\n', '\r', '\t']).filter(|word| !word.is_empty()) {
        if let Ok(number) = word.parse::<usize>()
            && !word.starts_with('+')
        {
            unticked.push(number);
        } else if choose(word, request, choices).is_some() {
            changed = true;
        } else {
            return Reply::Refuse;
        }
    }
    let lines: usize = request
        .documents
        .iter()
        .zip(choices.iter())
        .filter_map(|(document, choice)| document.candidates.get(choice.candidate))
        .map(|candidate| candidate.elements.len())
        .sum();
    if changed {
        Reply::AskAgain
    } else if unticked.iter().all(|number| (1..=lines).contains(number)) {
        Reply::Agree(unticked)
    } else {
        Reply::Refuse
    }
}

/// Parses `1b`, `-1` or `+1`.
fn choose(word: &str, request: &ConsentRequest, choices: &mut [Choice]) -> Option<()> {
    let (number, chosen) = match word.strip_prefix(['-', '+']) {
        Some(number) => (number, None),
        None => (word.get(..word.len().checked_sub(1)?)?, word.chars().last()),
    };
    let at = number.parse::<usize>().ok()?.checked_sub(1)?;
    let (document, choice) = (request.documents.get(at)?, choices.get_mut(at)?);
    match chosen {
        Some(chosen) => {
            let candidate = (0..document.candidates.len()).find(|at| letter(*at) == chosen)?;
            *choice = Choice { candidate, included: true };
        }
        None => choice.included = word.starts_with('+') && document.blocked.is_none(),
    }
    Some(())
}

#[cfg(test)]
mod tests {
    use rid_claims::ClaimPath;
    use rid_flow::CredentialId;
    use rid_wallet::view::RequesterInfo;
    use rid_wire::{Code, Timestamp};

    use super::*;

    fn element(name: &str, asked: &str, held: bool) -> RequestedElement {
        RequestedElement {
            path: ClaimPath::element("n", name),
            label: name.into(),
            spoken: name.into(),
            asked: vec![ClaimPath::element("n", asked)],
            retained: false,
            held,
            reason: (!held).then_some(Code::new("not_held")),
            sensitive: false,
            portrait: false,
            value: rid_claims::ClaimValue::Nothing,
            text: String::new().into(),
            less_revealing: None,
        }
    }

    fn candidate(id: &str, elements: Vec<RequestedElement>) -> CandidateCredential {
        CandidateCredential {
            credential: CredentialId(id.into()),
            issuer: "Issuer".into(),
            subject: None,
            state: CredentialState::Ready,
            valid_until: Timestamp::from_unix(0),
            copies_left: 1,
            reuse: rid_claims::ReusePolicy::Once,
            linkable: false,
            elements,
        }
    }

    /// Two documents: two credentials can answer the first, none the second.
    fn request() -> ConsentRequest {
        let document = |position, candidates: Vec<CandidateCredential>| RequestedDocument {
            position,
            format: "mso_mdoc".into(),
            kind: "k".into(),
            name: "Kind".into(),
            asked: Vec::new(),
            unavailable: Vec::new(),
            blocked: candidates.is_empty().then_some(Code::new("not_held")),
            portrait_binds: false,
            multiple: false,
            suggested: !candidates.is_empty(),
            candidates,
        };
        let first = candidate("first", vec![element("age_over_21", "age_over_20", true), element("x", "x", false)]);
        let second = candidate("second", vec![element("age_over_21", "age_over_20", true), element("x", "x", true)]);
        ConsentRequest {
            id: "id".into(),
            hash: vec![1],
            requester: RequesterInfo {
                name: String::new(),
                organization: None,
                country: None,
                verified: false,
                reason: None,
                identifier: None,
                app: false,
            },
            environment: Environment::Production,
            purpose: None,
            whole: false,
            unanswerable: None,
            documents: vec![document(0, vec![first, second]), document(1, Vec::new())],
            use_cases: Vec::new(),
            warnings: Vec::new(),
        }
    }

    fn ticked(person: &Person) -> Vec<(String, usize)> {
        match person.answer(&request()).unwrap().decision {
            ConsentDecision::Refuse => Vec::new(),
            ConsentDecision::Agree { documents } => {
                documents.into_iter().map(|one| (one.credential.0, one.elements.len())).collect()
            }
        }
    }

    #[test]
    fn script_leaves_out_elements_by_either_name_and_chooses_a_credential() {
        let agrees = |unticked: &[&str], credentials: &[&str]| {
            let texts = |texts: &[&str]| texts.iter().map(|text| (*text).to_owned()).collect();
            ticked(&Person::Agrees { unticked: texts(unticked), credentials: texts(credentials) })
        };
        assert_eq!(agrees(&[], &[]), [("first".into(), 1)]);
        assert_eq!(agrees(&[], &["second"]), [("second".into(), 2)]);
        assert_eq!(agrees(&["age_over_20"], &["second"]), [("second".into(), 1)]);
        assert_eq!(agrees(&["age_over_21"], &[]), []);
        assert_eq!(ticked(&Person::Refuses), []);
    }

    #[test]
    fn terminal_line_chooses_leaves_out_or_refuses() {
        let request = request();
        let mut choices = preselected(&request, &[]);
        assert_eq!(read("\n", &request, &mut choices), Reply::Agree(vec![]));
        assert_eq!(read("2, 1\n", &request, &mut choices), Reply::Agree(vec![2, 1]));
        for refusal in ["r", "no", "3", "0", "1c", "3a", "2a", "1 r", "é"] {
            assert_eq!(read(refusal, &request, &mut choices), Reply::Refuse, "{refusal}");
        }
        assert_eq!(read("1b", &request, &mut choices), Reply::AskAgain);
        assert_eq!(choices[0].candidate, 1);
        assert!(describe_with(&request, &choices).contains("* b"));
        assert_eq!(read("-1", &request, &mut choices), Reply::AskAgain);
        assert!(agreed(&request, &choices, |_, _| true).is_empty());
        assert_eq!(read("+1 +2", &request, &mut choices), Reply::AskAgain);
        assert_eq!(agreed(&request, &choices, |_, _| true).len(), 1, "a blocked document stays out");
    }
}
