//! Proximity sessions with multipaz in either role: establishment, response, second request, end.
use rid_holder::{
    consent::Requester,
    proximity::{CloseReason as HolderClose, DeviceAuthMethod},
};
use rid_verifier::proximity::CloseReason as ReaderClose;
use rid_wire::base64;
use serde_json::{Value, json};

use super::{Peer, der, expected_documents, expected_elements};
use crate::{
    exchange::bytes,
    reader::OurReader,
    wallet::Wallet,
    world::{World, asked_json},
};

const METHODS: [DeviceAuthMethod; 2] = [DeviceAuthMethod::Signature, DeviceAuthMethod::Mac];

/// The reader of multipaz for an engagement of ours.
struct TheirReader {
    peer: Peer,
    session: Value,
}

impl TheirReader {
    /// Its SessionEstablishment.
    fn start(peer: Peer, world: &World, qr: &str) -> (Self, Vec<u8>) {
        let root = der(&world.iaca.certificate);
        let started = asked(json!({"engagement": qr, "root": root}));
        let started = peer.call("reader-start", started).unwrap();
        (Self { peer, session: started["session"].clone() }, bytes(&started["message"]))
    }

    fn asks(&self) -> Vec<u8> {
        bytes(&self.peer.call("reader-ask", asked(json!({"session": self.session}))).unwrap()["message"])
    }

    fn is_given(&self, message: &[u8]) -> Value {
        json!({"session": self.session, "message": base64::encode_url(message)})
    }

    fn accepts(&self, message: &[u8]) {
        let taken = self.peer.call("reader-take", self.is_given(message)).unwrap();
        assert_eq!(taken["verdict"]["documents"], expected_documents());
        assert_eq!(taken["status"], Value::Null);
    }
}

fn asked(mut request: Value) -> Value {
    request["elements"] = asked_json();
    request["authentication"] = json!("each");
    request
}

fn changed(message: &[u8]) -> Vec<u8> {
    let mut changed = message.to_vec();
    *changed.last_mut().unwrap() ^= 1;
    changed
}

/// One session of our wallet with the reader of multipaz, while both ask and answer.
fn our_wallet(peer: Peer, seed: u64, method: DeviceAuthMethod) -> (Wallet, TheirReader) {
    let mut world = World::make(seed);
    let mut wallet = Wallet::start_trusting(&mut world, peer.readers(), method, World::mint);
    let (reader, message) = TheirReader::start(peer, &world, &wallet.qr);
    reader.accepts(&wallet.exchange(message).unwrap());
    match &wallet.question.as_ref().unwrap().requester {
        Requester::Known(reader) => assert_eq!(reader.name, "Multipaz Reader"),
        Requester::Identified { reason: code, .. } | Requester::Unknown(code) => panic!("{}", code.as_str()),
    }
    (wallet, reader)
}

#[test]
fn std_m40_m41_m42_multipaz_reads_our_wallet_twice_and_ends_the_session() {
    let Some(peer) = Peer::start() else { return };
    for (seed, method) in [61, 62].into_iter().zip(METHODS) {
        let (mut wallet, reader) = our_wallet(peer, seed, method);
        reader.accepts(&wallet.exchange(reader.asks()).unwrap());
        assert_eq!(wallet.closed, None);
        let end = bytes(&peer.call("reader-end", json!({"session": reader.session})).unwrap()["message"]);
        assert_eq!(wallet.exchange(end), None);
        assert_eq!(wallet.closed, Some(HolderClose::Done));
    }
}

#[test]
fn std_m42_multipaz_sees_our_wallet_end_the_session() {
    let Some(peer) = Peer::start() else { return };
    let (mut wallet, reader) = our_wallet(peer, 63, DeviceAuthMethod::Signature);
    let taken = peer.call("reader-take", reader.is_given(&wallet.cancel())).unwrap();
    assert_eq!((&taken["verdict"], &taken["status"]), (&Value::Null, &json!(20)));
    assert_eq!(wallet.closed, Some(HolderClose::Done));
}

#[test]
fn std_m42_session_messages_between_our_wallet_and_multipaz_are_refused_once_changed() {
    let Some(peer) = Peer::start() else { return };
    let (mut wallet, reader) = our_wallet(peer, 64, DeviceAuthMethod::Signature);
    let answer = wallet.exchange(reader.asks()).unwrap();
    peer.refuses("reader-take", reader.is_given(&changed(&answer)));
    // The change alone was wrong.
    reader.accepts(&answer);
    let request = reader.asks();
    _ = wallet.exchange(changed(&request));
    assert!(matches!(wallet.closed, Some(HolderClose::PeerInvalid(code)) if code.as_str() == "session_decrypt"));
}

/// The holder of multipaz, with a licence that multipaz issued.
struct TheirHolder {
    peer: Peer,
    session: Value,
    qr: String,
}

impl TheirHolder {
    fn start(peer: Peer, credential: &str, world: &World) -> Self {
        let root = der(&world.reader_root.certificate);
        let started = peer.call("holder-start", json!({"credential": credential, "root": root})).unwrap();
        Self { peer, session: started["session"].clone(), qr: started["engagement"].as_str().unwrap().into() }
    }

    fn is_given(&self, message: &[u8]) -> Value {
        json!({"session": self.session, "message": base64::encode_url(message)})
    }

    /// Its answer, after it has identified the reader and its request.
    fn answers(&self, message: &[u8]) -> Vec<u8> {
        let taken = self.peer.call("holder-take", self.is_given(message)).unwrap();
        let asked = &taken["docRequests"][0];
        assert_eq!((&asked["elements"], &asked["untrusted"]), (&expected_elements(), &Value::Null));
        assert!(asked["reader"].as_str().unwrap().contains("CN=Test Reader"), "{asked}");
        bytes(&taken["message"])
    }
}

#[test]
fn std_m40_m41_m42_we_read_the_wallet_of_multipaz_twice_and_end_the_session() {
    let Some(peer) = Peer::start() else { return };
    for (seed, mac) in [(65, false), (66, true)] {
        let mut world = World::make(seed);
        let credential = peer.holds(mac, |key| peer.issues(key));
        let theirs = TheirHolder::start(peer, &credential, &world);
        let mut ours = OurReader::start(&mut world, peer.issuers(), &theirs.qr);
        let establishment = ours.sent();
        ours.receive(theirs.answers(&establishment));
        ours.accepted();
        ours.ask();
        let request = ours.sent();
        ours.receive(theirs.answers(&request));
        ours.accepted();
        assert_eq!((ours.exchanges.len(), ours.closed), (2, None));
        ours.finish();
        assert_eq!(ours.closed, Some(ReaderClose::Done));
        let end = ours.sent();
        assert_eq!(peer.call("holder-take", theirs.is_given(&end)).unwrap()["status"], json!(20));
    }
}

#[test]
fn std_m42_we_see_the_wallet_of_multipaz_end_the_session() {
    let Some(peer) = Peer::start() else { return };
    let credential = peer.holds(false, |key| peer.issues(key));
    // In order after an answer, and by a named error instead of one.
    for (seed, answered, closed) in [(67, true, ReaderClose::Done), (69, false, ReaderClose::PeerTerminated)] {
        let mut world = World::make(seed);
        let theirs = TheirHolder::start(peer, &credential, &world);
        let mut ours = OurReader::start(&mut world, peer.issuers(), &theirs.qr);
        let establishment = ours.sent();
        let answer = theirs.answers(&establishment);
        if answered {
            ours.receive(answer);
            ours.accepted();
        }
        ours.receive(bytes(&peer.call("holder-end", json!({"session": theirs.session})).unwrap()["message"]));
        assert_eq!(ours.closed, Some(closed));
    }
}

#[test]
fn std_m42_session_messages_between_our_reader_and_multipaz_are_refused_once_changed() {
    let Some(peer) = Peer::start() else { return };
    let mut world = World::make(68);
    let credential = peer.holds(false, |key| peer.issues(key));
    let theirs = TheirHolder::start(peer, &credential, &world);
    let mut ours = OurReader::start(&mut world, peer.issuers(), &theirs.qr);
    let establishment = ours.sent();
    peer.refuses("holder-take", theirs.is_given(&changed(&establishment)));
    let answer = theirs.answers(&establishment);
    ours.receive(changed(&answer));
    assert!(
        matches!(ours.closed, Some(ReaderClose::PeerInvalid(code)) if code.as_str() == "session_decrypt"),
        "{:?}",
        ours.closed
    );
}
