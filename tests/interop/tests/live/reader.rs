//! Our reader for one session.
use std::sync::Arc;

use rid_flow::{Effect, Env, Input, LinkCommand, LinkEvent, Output, Reply, Session, ports::KeyId};
use rid_trust::TrustStore;
use rid_verifier::{
    proximity::{CloseReason, Exchange, ReaderConfig, ReaderSession, ReaderTypes},
    view::Decision,
};

use crate::world::{ASKED, UPTIME, World, asked_items, now, profile};

/// Our reader with its key, for one session.
pub(crate) struct OurReader<'a> {
    world: &'a mut World,
    session: ReaderSession,
    sent: Vec<Vec<u8>>,
    pub(crate) exchanges: Vec<Exchange>,
    pub(crate) closed: Option<CloseReason>,
}

impl<'a> OurReader<'a> {
    /// Trusts the issuers of `trust`.
    pub(crate) fn start(world: &'a mut World, trust: Arc<TrustStore>, qr: &str) -> Self {
        let config = ReaderConfig {
            asked: vec![asked_items()].into(),
            authentication: Some((KeyId("reader".into()), vec![world.reader.certificate.clone()])),
            trust,
            profile: profile(),
            locales: vec![],
        };
        let mut env = Env { now: now(), uptime: UPTIME, rng: &mut world.rng };
        let session = ReaderSession::start(qr, config, &mut env).unwrap();
        let mut reader = Self { world, session, sent: vec![], exchanges: vec![], closed: None };
        reader.run();
        reader
    }

    /// The next message to send.
    pub(crate) fn sent(&mut self) -> Vec<u8> {
        self.sent.pop().unwrap()
    }

    pub(crate) fn receive(&mut self, message: Vec<u8>) {
        self.handle(Input::Link(LinkEvent::Bytes(message)));
    }

    /// Sends another request.
    pub(crate) fn ask(&mut self) {
        let mut env = Env { now: now(), uptime: UPTIME, rng: &mut self.world.rng };
        self.session.ask(vec![asked_items()].into(), &mut env).unwrap();
        self.run();
    }

    pub(crate) fn finish(&mut self) {
        self.session.finish();
        self.run();
    }

    fn handle(&mut self, input: Input<ReaderTypes>) {
        let mut env = Env { now: now(), uptime: UPTIME, rng: &mut self.world.rng };
        self.session.handle(input, &mut env).unwrap();
        self.run();
    }

    fn run(&mut self) {
        while let Some(output) = self.session.poll() {
            match output {
                Output::Link(LinkCommand::Connect(_)) => self.handle(Input::Link(LinkEvent::Up)),
                Output::Io(Effect::Sign(request)) => {
                    let signature = self.world.reader.key.sign(&[&request.message]);
                    self.handle(Input::Done(Reply::Signed(Ok(signature))));
                }
                Output::Link(LinkCommand::Send(message)) => {
                    self.sent.push(message);
                    self.handle(Input::Link(LinkEvent::Sent));
                }
                Output::Finished(exchange) => self.exchanges.push(exchange),
                Output::Close(reason) => self.closed = Some(reason),
                _ => panic!("a reader asks for no such thing"),
            }
        }
    }

    pub(crate) fn accepted(&self) {
        let verdict = &self.exchanges.last().unwrap().verdict;
        let [document] = verdict.documents.as_slice() else { panic!("{:?}", verdict.checks) };
        assert_eq!((verdict.decision, verdict.code), (Decision::Accepted, None), "{:?}", document.checks);
        assert_eq!(document.elements.current().unwrap().issuer_signed.len(), ASKED.len());
    }
}
