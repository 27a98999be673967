//! Each output of each state fails once: the session ends by name, and the history says how far it came (neg-C36,
//! neg-C37).
use rid_claims::{ClaimPath, CredentialType};
use rid_flow::HistoryElement;
use rid_flow::{
    Effect, Env, HistoryOutcome, Input, LinkCommand, LinkEvent, Output, Reply, Session,
    ports::{SecureAreaError, StorageError},
};
use rid_holder::proximity::{DeviceAuthMethod, Misuse, ProximityTypes};
use rid_mdoc::session::{SessionData, Status};

use crate::{
    reader::Reader,
    wallet::Wallet,
    world::{MDL, NS, PID, PID_NAMESPACE, peer},
};

/// What happens instead of the answer to one output.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Fault {
    Cancel,
    Disconnect,
    /// The answer comes after the deadline.
    Late,
    /// The answer is the port's error, or the person's no.
    Refuse,
    /// No answer ever comes.
    Silence,
}

const FAULTS: [Fault; 5] = [Fault::Cancel, Fault::Disconnect, Fault::Late, Fault::Refuse, Fault::Silence];

/// The outputs of one session that wait for something, in order.
const WAITS: [&str; 10] =
    ["advertise", "unlock", "lookup", "ask", "unlock", "commit", "sign", "sign", "send", "finished"];

fn tell(wallet: &mut Wallet, input: Input<ProximityTypes>) -> Result<(), Misuse> {
    let mut env = Env { now: wallet.now, uptime: wallet.uptime, rng: &mut wallet.rng };
    wallet.session.handle(input, &mut env)
}

/// Lets the deadline of the state pass; there is one.
fn pass_deadline(wallet: &mut Wallet, at: &str) {
    wallet.uptime = wallet.session.deadline().unwrap_or_else(|| panic!("no deadline while waiting for {at}"));
}

/// Fetches outputs until one waits for something, and gives the good answers to it.
fn next_wait(wallet: &mut Wallet) -> Option<Vec<Input<ProximityTypes>>> {
    while let Some(output) = wallet.session.poll() {
        let last = matches!(output, Output::Finished(_));
        let asks = matches!(output, Output::Ask(_));
        let closed = wallet.closed.is_some() || matches!(output, Output::Close(_));
        let answer = wallet.answer_to(output);
        if last {
            return Some(vec![Input::Link(LinkEvent::Bytes(SessionData::encode(None, Some(Status::Termination))))]);
        }
        if asks {
            return Some(vec![Input::Answer(wallet.yes())]);
        }
        if let Some(answer) = answer.filter(|_| !closed && wallet.session.deadline().is_some()) {
            return Some(vec![answer]);
        }
    }
    None
}

fn refusal(wallet: &Wallet, answer: &Input<ProximityTypes>) -> Input<ProximityTypes> {
    match answer {
        Input::Unlocked(_) => Input::Unlocked(false),
        Input::Done(Reply::Found(_)) => Input::Done(Reply::Found(Err(StorageError::Io))),
        Input::Answer(_) => Input::Answer(wallet.no()),
        Input::Done(Reply::Committed(_)) => Input::Done(Reply::Committed(Err(StorageError::Io))),
        Input::Done(Reply::Signed(_)) => Input::Done(Reply::Signed(Err(SecureAreaError::Cancelled))),
        Input::Done(Reply::Agreed(_)) => Input::Done(Reply::Agreed(Err(SecureAreaError::Cancelled))),
        _ => Input::Link(LinkEvent::Down),
    }
}

/// One session for two documents, in which the output number `at` fails. Gives how the session closed and what the
/// history says.
fn play(method: DeviceAuthMethod, at: usize, fault: Fault) -> (&'static str, Vec<HistoryOutcome>) {
    let mut wallet = Wallet::new();
    wallet.method = method;
    wallet.restart();
    let mut reader = Reader::new(&wallet.engagement, &mut wallet.rng);
    let card: &[_] = &[(PID_NAMESPACE, "family_name_unicode", false)];
    let request = reader.ask(&wallet.pki.reader, &[(MDL, &[(NS, "family_name", false)]), (PID, card)]);
    let mut answers = vec![Input::Link(LinkEvent::Up), Input::Link(LinkEvent::Bytes(reader.establish(&request)))];
    for (number, name) in WAITS.into_iter().enumerate() {
        if number == at {
            match fault {
                Fault::Cancel => {
                    let mut env = Env { now: wallet.now, uptime: wallet.uptime, rng: &mut wallet.rng };
                    wallet.session.cancel(&mut env);
                }
                Fault::Disconnect => tell(&mut wallet, Input::Link(LinkEvent::Down)).unwrap(),
                Fault::Late => {
                    pass_deadline(&mut wallet, name);
                    answers.drain(..).for_each(|answer| _ = tell(&mut wallet, answer));
                }
                Fault::Refuse => {
                    if let Input::Done(Reply::Committed(_)) = &answers[0] {
                        // On an error nothing was written.
                        wallet.vault.history.clear();
                    }
                    let refusal = refusal(&wallet, &answers[0]);
                    tell(&mut wallet, refusal).unwrap();
                }
                Fault::Silence => {
                    pass_deadline(&mut wallet, name);
                    tell(&mut wallet, Input::Tick).unwrap();
                }
            }
        } else {
            answers.drain(..).for_each(|answer| tell(&mut wallet, answer).unwrap());
        }
        match next_wait(&mut wallet) {
            Some(next) => answers = next,
            None => break,
        }
    }
    while next_wait(&mut wallet).is_some() {}
    let ended = (wallet.code(), wallet.vault.history.iter().map(|row| row.outcome).collect());
    wallet.restart();
    wallet.serves();
    ended
}

fn expected(at: usize, fault: Fault) -> (&'static str, Vec<HistoryOutcome>) {
    let name = WAITS[at];
    let code = match (name, fault) {
        ("finished", _) | ("ask", Fault::Refuse) => "done",
        (_, Fault::Cancel) => "cancelled",
        (_, Fault::Disconnect) | ("advertise" | "send", Fault::Refuse) => "transport_disconnected",
        ("advertise" | "send", _) => "transport_timeout",
        ("unlock", _) => "locked",
        ("ask", _) => "consent_expired",
        ("lookup" | "commit", Fault::Refuse) => "storage_io",
        (_, Fault::Refuse) => "key_cancelled",
        _ => "port_timeout",
    };
    let outcome = match (at, fault) {
        (3 | 4, Fault::Cancel) | (3, Fault::Refuse) => HistoryOutcome::Refused,
        // The fake vault has written already, and its answer is lost or late.
        (5, Fault::Refuse) => return (code, vec![]),
        (5..=7, _) => HistoryOutcome::Failed,
        (8, Fault::Late) | (9, _) => HistoryOutcome::Finished,
        (8, _) => HistoryOutcome::UnknownDelivery,
        _ => return (code, vec![]),
    };
    (code, vec![outcome])
}

#[test]
fn neg_c36_neg_c37_each_output_fails_once_in_each_way() {
    for method in [DeviceAuthMethod::Signature, DeviceAuthMethod::Mac] {
        for (at, name) in WAITS.into_iter().enumerate() {
            for fault in FAULTS {
                let (code, mut outcomes) = play(method, at, fault);
                // Two documents refused are one row; agreed, one row as well.
                outcomes.dedup();
                assert_eq!((code, outcomes), expected(at, fault), "{name} ({at}) {fault:?} {method:?}");
            }
        }
    }
}

#[test]
fn neg_c36_every_error_of_the_look_up_ends_by_name() {
    for error in [StorageError::Damaged, StorageError::Full, StorageError::Io, StorageError::ReadOnly] {
        let mut wallet = Wallet::new();
        wallet.ends_by(error.code().as_str(), |wallet| {
            asked_until_match(wallet);
            wallet.handle(Input::Done(Reply::Found(Err(error)))).unwrap();
        });
    }
}

/// The request came, and the look-up is under way.
fn asked_until_match(wallet: &mut Wallet) {
    let mut reader = Reader::new(&wallet.engagement, &mut wallet.rng);
    let request = reader.ask(&wallet.pki.reader, &[(MDL, &[(NS, "family_name", false)])]);
    let message = reader.establish(&request);
    tell(wallet, Input::Link(LinkEvent::Up)).unwrap();
    tell(wallet, Input::Link(LinkEvent::Bytes(message))).unwrap();
    assert!(matches!(wallet.session.poll(), Some(Output::Unlock)));
    tell(wallet, Input::Unlocked(true)).unwrap();
    assert!(matches!(wallet.session.poll(), Some(Output::Io(Effect::Lookup(_)))));
}

#[test]
fn neg_c36_a_wallet_locked_before_the_look_up_is_asked_for_again_and_then_serves() {
    let mut wallet = Wallet::new();
    asked_until_match(&mut wallet);
    let deadline = wallet.session.deadline();
    wallet.handle(Input::Done(Reply::Found(Err(StorageError::Locked)))).unwrap();
    assert_eq!(wallet.trace, ["advertise", "unlock", "lookup", "ask"]);
    assert!(wallet.session.deadline() >= deadline);
    let yes = wallet.yes();
    wallet.say(yes);
    assert!(wallet.receipts[0].disclosed);
}

#[test]
fn neg_c36_a_wallet_that_is_locked_again_and_again_ends_the_session() {
    let mut wallet = Wallet::new();
    wallet.ends_by("locked", |wallet| {
        asked_until_match(wallet);
        for _ in 0..3 {
            tell(wallet, Input::Done(Reply::Found(Err(StorageError::Locked)))).unwrap();
            assert!(matches!(wallet.session.poll(), Some(Output::Unlock)));
            tell(wallet, Input::Unlocked(true)).unwrap();
            assert!(matches!(wallet.session.poll(), Some(Output::Io(Effect::Lookup(_)))));
        }
        wallet.handle(Input::Done(Reply::Found(Err(StorageError::Locked)))).unwrap();
    });
}

/// The response was fetched to be sent, and the link has not taken it yet.
fn sending(wallet: &mut Wallet) -> Reader {
    let mut reader = wallet.connect();
    let request = reader.ask(&wallet.pki.reader, &[(MDL, &[(NS, "family_name", false)])]);
    wallet.deliver(reader.establish(&request));
    let yes = wallet.yes();
    tell(wallet, Input::Answer(yes)).unwrap();
    loop {
        let output = wallet.session.poll().unwrap();
        let last = matches!(output, Output::Link(LinkCommand::Send(_)));
        let answer = wallet.answer_to(output);
        if last {
            return reader;
        }
        answer.map_or(Ok(()), |answer| tell(wallet, answer)).unwrap();
    }
}

fn outcome(wallet: &Wallet) -> HistoryOutcome {
    wallet.vault.history.last().unwrap().outcome
}

#[test]
fn neg_c37_what_the_reader_sends_before_the_last_chunk_was_taken_changes_no_outcome() {
    type Message = fn(&mut Reader, &Wallet) -> Vec<u8>;
    let cases: [(&str, Message); 3] = [
        ("done", |_, _| SessionData::encode(None, Some(Status::Termination))),
        ("cbor_truncated", |_, _| vec![0xa1]),
        ("session_decrypt", |_, _| SessionData::encode(Some(&[7; 40]), None)),
    ];
    for (code, message) in cases {
        let mut wallet = Wallet::new();
        let mut reader = sending(&mut wallet);
        assert_eq!(outcome(&wallet), HistoryOutcome::UnknownDelivery);
        let message = message(&mut reader, &wallet);
        wallet.deliver(message);
        assert_eq!((wallet.closed, outcome(&wallet)), (None, HistoryOutcome::UnknownDelivery));
        wallet.handle(Input::Link(LinkEvent::Sent)).unwrap();
        assert_eq!((wallet.code(), outcome(&wallet)), (code, HistoryOutcome::Finished));
        assert!(wallet.receipts[0].disclosed);
    }
}

#[test]
fn neg_c37_two_messages_before_the_last_chunk_was_taken_end_the_session() {
    let mut wallet = Wallet::new();
    sending(&mut wallet);
    for _ in 0..2 {
        tell(&mut wallet, Input::Link(LinkEvent::Bytes(SessionData::encode(Some(&[7; 40]), None)))).unwrap();
    }
    assert_eq!(outcome(&wallet), HistoryOutcome::UnknownDelivery);
    // The word about the response still counts.
    wallet.handle(Input::Link(LinkEvent::Sent)).unwrap();
    assert_eq!((wallet.code(), outcome(&wallet)), ("session_state", HistoryOutcome::Finished));
}

#[test]
fn neg_c37_a_response_that_the_app_withdrew_is_never_finished() {
    let mut wallet = Wallet::new();
    sending(&mut wallet);
    wallet.cancel();
    wallet.handle(Input::Link(LinkEvent::Sent)).unwrap();
    assert_eq!((wallet.code(), outcome(&wallet)), ("cancelled", HistoryOutcome::UnknownDelivery));
}

#[test]
fn neg_c37_a_second_request_that_came_early_is_answered() {
    let mut wallet = Wallet::new();
    let mut reader = sending(&mut wallet);
    reader.open(wallet.sent.last().unwrap());
    let request = reader.ask(&wallet.pki.reader, &[(MDL, &[(NS, "given_name", false)])]);
    wallet.deliver(reader.next(&request));
    wallet.question = None;
    wallet.handle(Input::Link(LinkEvent::Sent)).unwrap();
    assert!(wallet.question.is_some());
}

#[test]
fn neg_c40_the_link_deadline_starts_when_the_last_chunk_was_taken() {
    let rules = crate::world::profile();
    let (link, patience) = (u64::from(rules.rules().link_seconds), u64::from(rules.rules().consent_seconds));
    assert_eq!(patience, 300);
    let mut wallet = Wallet::new();
    sending(&mut wallet);
    assert_eq!(wallet.session.deadline(), Some(wallet.uptime.plus_seconds(patience)));
    wallet.pass_seconds(patience - 1);
    wallet.handle(Input::Link(LinkEvent::Sent)).unwrap();
    assert_eq!(wallet.session.deadline(), Some(wallet.uptime.plus_seconds(link)));
}

#[test]
fn neg_c43_a_request_cancelled_at_the_question_leaves_a_row() {
    let mut wallet = Wallet::new();
    let mut reader = wallet.connect();
    let request = reader.ask(&wallet.pki.reader, &[(MDL, &[(NS, "family_name", true)])]);
    wallet.deliver(reader.establish(&request));
    let asked_at = wallet.now;
    wallet.now = wallet.now.plus_days(-900);
    wallet.cancel();
    let [row] = wallet.vault.history.as_slice() else { panic!("one row") };
    assert_eq!((row.outcome, row.reason.as_str(), row.at), (HistoryOutcome::Refused, "cancelled", asked_at));
    assert_eq!(peer(row), "Test Reader");
    let path = ClaimPath::element(NS, "family_name");
    assert_eq!(row.elements, [HistoryElement { credential_type: CredentialType::mdoc(MDL), path, retained: true }]);
    assert_eq!(wallet.ports.prompts, 0);
}
