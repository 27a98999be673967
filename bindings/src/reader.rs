//! The reader's objects.
use std::sync::Arc;

use rid_profile::Locale;
use rid_reader as facade;
use rid_shell::{OsRng, SystemTimer};

use crate::{
    DeviceClock,
    area::{AppArea, SecureArea},
    boundary::{guard, guard_async, quietly},
    types::{DocumentAsk, Environment, ReaderOptions, ReadingStep, RidError, RootWarning},
};

/// A verifier's reader: no vault, no documents of its own.
#[derive(uniffi::Object)]
pub struct Reader(Arc<facade::Reader>);

/// One reading: your code owns the camera, the radio and the screen, this object everything else. Do what `next` says,
/// tell it so, and call `next` again, until `Closed`. Events of the radio after that do nothing. After a panic every
/// call says `broken`.
#[derive(uniffi::Object)]
pub struct Reading(facade::Reading);

#[uniffi::export]
impl Reader {
    /// A reader; its key, if it has one, is in `secure_area`.
    #[uniffi::constructor]
    pub fn new(options: ReaderOptions, secure_area: Arc<dyn SecureArea>) -> Result<Arc<Self>, RidError> {
        guard("reader.new", || {
            Ok::<_, RidError>(Arc::new(Self(Arc::new(facade::Reader::new(ports(secure_area), options.configure()?)))))
        })
    }

    /// Whose roots are loaded: a test is shown on every screen.
    pub fn environment(&self) -> Environment {
        self.0.environment()
    }

    /// Certificates among the roots that cannot be read; the others are used.
    pub fn root_warnings(&self) -> Vec<RootWarning> {
        self.0.root_warnings().to_vec()
    }

    /// The languages of the readings that start from now on, first wanted first (BCP 47).
    pub fn set_locales(&self, locales: Vec<String>) {
        quietly(|| self.0.set_locales(Locale::wanted(&locales)));
    }

    /// Starts from the text of a QR code.
    pub fn read(&self, qr: String, asked: Vec<DocumentAsk>) -> Result<Arc<Reading>, RidError> {
        guard("reader.read", || Ok::<_, RidError>(Arc::new(Reading(self.0.read(&qr, &asked)?))))
    }
}

#[uniffi::export]
impl Reading {
    /// What is to be done now; the same until it was done. One at a time.
    pub async fn next(&self) -> Result<ReadingStep, RidError> {
        guard_async("reading.next", self.0.next()).await
    }

    /// `Send` or `Judged` was done. For `Send`: the link took the last chunk, and the wallet's time begins.
    pub fn proceed(&self) -> Result<(), RidError> {
        guard("reading.proceed", || self.0.proceed())
    }

    /// The link is up, with this MTU (23 or more): the answer to `Connect`.
    pub fn connected(&self, mtu: u16) -> Result<(), RidError> {
        guard("reading.connected", || self.0.connected(mtu))
    }

    /// One characteristic write came; whole messages are put together here.
    pub fn received_chunk(&self, chunk: Vec<u8>) -> Result<(), RidError> {
        guard("reading.received_chunk", || self.0.received_chunk(&chunk))
    }

    /// The message of `Send` as characteristic writes of at most 512 bytes for the MTU that the platform reports.
    pub fn chunks(&self, mtu: u16) -> Result<Vec<Vec<u8>>, RidError> {
        guard("reading.chunks", || self.0.chunks(mtu))
    }

    /// Whether the session has ended. A farewell to the peer and `Closed` may still be left.
    pub fn is_over(&self) -> Result<bool, RidError> {
        guard("reading.is_over", || Ok::<_, RidError>(self.0.is_over()))
    }

    /// The link is down.
    pub fn disconnected(&self) -> Result<(), RidError> {
        guard("reading.disconnected", || self.0.disconnected())
    }

    /// The time of `Wait` has come.
    pub fn tick(&self) -> Result<(), RidError> {
        guard("reading.tick", || self.0.tick())
    }

    /// Asks again in the same session, after a verdict.
    pub fn ask(&self, asked: Vec<DocumentAsk>) -> Result<(), RidError> {
        guard("reading.ask", || self.0.ask(&asked))
    }

    /// Ends the session in order.
    pub fn finish(&self) -> Result<(), RidError> {
        guard("reading.finish", || self.0.finish())
    }

    /// Ends it at once, also while an answer is judged; nothing is handed out afterwards. A running `next` returns
    /// `Cancelled`.
    pub fn cancel(&self) {
        quietly(|| self.0.cancel());
    }

    /// A running `next` returns `Cancelled` at once; the next one goes on.
    pub fn park(&self) {
        quietly(|| self.0.park());
    }
}

fn ports(secure_area: Arc<dyn SecureArea>) -> facade::ReaderPorts {
    facade::ReaderPorts {
        secure_area: Arc::new(AppArea(secure_area)),
        clock: Arc::new(DeviceClock::new()),
        timer: Arc::new(SystemTimer::new()),
        rng: Arc::new(|| Box::new(OsRng)),
    }
}
