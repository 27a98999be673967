//! The wallet's objects.
use std::{path::Path, sync::Arc};

use rid_profile::Locale;
use rid_shell::{OsRng, SqliteStorage, SystemTimer};
use rid_wallet as facade;

use crate::{
    DeviceClock,
    area::{AppArea, SecureArea},
    boundary::{guard, guard_async, quietly},
    types::{
        ConsentAnswer, CredentialDetails, CredentialId, CredentialSummary, Enrolment, Environment, HistoryRow,
        LockState, Portrait, PresentationStep, RidError, RootWarning, WalletOptions,
    },
};

/// One person's wallet in one folder. Methods may be called from any thread; open it once a process.
#[derive(uniffi::Object)]
pub struct Wallet(Arc<facade::Wallet>);

/// An enrolment under way; `next` runs it to its message for the issuer. Cancelled or dropped before that, it leaves no
/// keys.
#[derive(uniffi::Object)]
pub struct Enrolling(facade::Enrolling);

/// A face-to-face presentation: your code owns the radio and the screen, this object everything else. Do what `next`
/// says, tell it so, and call `next` again, until `Closed`. Events of the radio after that do nothing. After a panic
/// every call says `broken`.
#[derive(uniffi::Object)]
pub struct Presentation(facade::Presentation);

impl Wallet {
    pub(crate) fn core(&self) -> &facade::Wallet {
        &self.0
    }
}

#[uniffi::export]
impl Wallet {
    /// Opens the wallet in `folder`, or makes an empty one. A presentation that a process exit interrupted is over: its
    /// row in the history says `Started`, or `UnknownDelivery` when the response had been handed out.
    #[uniffi::constructor]
    pub async fn open(
        folder: String,
        options: WalletOptions,
        secure_area: Arc<dyn SecureArea>,
    ) -> Result<Arc<Self>, RidError> {
        guard_async("wallet.open", async move {
            let ports = ports(&folder, secure_area);
            Ok::<_, RidError>(Arc::new(Self(Arc::new(facade::Wallet::open(ports, options.configure()?).await?))))
        })
        .await
    }

    /// Whose roots are loaded: a test is shown on every screen.
    pub fn environment(&self) -> Environment {
        self.0.environment()
    }

    /// Certificates among the roots that cannot be read; the others are used.
    pub fn root_warnings(&self) -> Vec<RootWarning> {
        self.0.root_warnings().to_vec()
    }

    /// The languages of all views from now on, first wanted first (BCP 47). A step that was given out keeps its
    /// language.
    pub fn set_locales(&self, locales: Vec<String>) {
        quietly(|| self.0.set_locales(Locale::wanted(&locales)));
    }

    /// Whether personal data can be read.
    pub fn lock_state(&self) -> Result<LockState, RidError> {
        guard("wallet.lock_state", || Ok::<_, RidError>(self.0.lock_state()))
    }

    /// Drops the keys of personal data from memory.
    pub fn lock(&self) -> Result<(), RidError> {
        guard("wallet.lock", || {
            self.0.lock();
            Ok::<_, RidError>(())
        })
    }

    /// Unlocks without a secret: by the device alone while no PIN is set, else by biometrics. `Locked`: only PIN or
    /// code open it.
    pub async fn unlock(&self) -> Result<(), RidError> {
        guard_async("wallet.unlock", self.0.unlock()).await
    }

    /// Closes the store and lets other processes open it.
    pub async fn close_store(&self) -> Result<(), RidError> {
        guard_async("wallet.close_store", self.0.close()).await
    }

    /// All credentials. Decrypts no copy and no portrait.
    pub async fn credentials(&self) -> Result<Vec<CredentialSummary>, RidError> {
        guard_async("wallet.credentials", self.0.credentials()).await
    }

    /// One credential with its values, all but the portrait.
    pub async fn credential(&self, id: CredentialId) -> Result<CredentialDetails, RidError> {
        guard_async("wallet.credential", self.0.credential(&id)).await
    }

    /// Its portrait, if it has one.
    pub async fn portrait(&self, id: CredentialId) -> Result<Option<Portrait>, RidError> {
        guard_async("wallet.portrait", self.0.portrait(&id)).await
    }

    /// Deletes a credential, its copies and keys; leaves a row in the history.
    pub async fn delete(&self, id: CredentialId) -> Result<(), RidError> {
        guard_async("wallet.delete", self.0.delete(&id)).await
    }

    /// Rows of the history from a place on, at most `max`, oldest first.
    pub async fn history(&self, from: u64, max: u32) -> Result<Vec<HistoryRow>, RidError> {
        guard_async("wallet.history", self.0.history(from, max)).await
    }

    /// Starts asking an issuer for `copies` one-time copies of each kind (short name or document type; 0: as many as
    /// usual), bound to its `challenge`.
    pub fn enrol(
        &self,
        kinds: Vec<String>,
        copies: u32,
        challenge: Vec<u8>,
        audience: String,
    ) -> Result<Arc<Enrolling>, RidError> {
        guard("wallet.enrol", || {
            Ok::<_, RidError>(Arc::new(Enrolling(self.0.enrolling(&kinds, copies, challenge, audience)?)))
        })
    }

    /// Checks an issuer's answer fully and stores it: every credential or none.
    pub async fn accept(&self, id: String, answer: Vec<u8>) -> Result<Vec<CredentialSummary>, RidError> {
        guard_async("wallet.accept", self.0.accept(&id, &answer)).await
    }

    /// Withdraws an enrolment whose message was given out: its keys are removed, and from then on the issuer's answer
    /// is refused.
    pub async fn withdraw(&self, id: String) -> Result<(), RidError> {
        guard_async("wallet.withdraw", self.0.withdraw(&id)).await
    }

    /// Starts a face-to-face presentation.
    pub fn present(&self) -> Result<Arc<Presentation>, RidError> {
        guard("wallet.present", || Ok::<_, RidError>(Arc::new(Presentation(self.0.present()?))))
    }
}

#[uniffi::export]
impl Enrolling {
    /// Makes and proves the keys and gives the message for the issuer, at each call the same.
    pub async fn next(&self) -> Result<Enrolment, RidError> {
        guard_async("enrolling.next", self.0.next()).await
    }

    /// Ends it: a running `next` returns `Cancelled` at once.
    pub fn cancel(&self) {
        quietly(|| self.0.cancel());
    }

    /// A running `next` returns `Cancelled` at once; the next one says what became of it.
    pub fn park(&self) {
        quietly(|| self.0.park());
    }
}

#[uniffi::export]
impl Presentation {
    /// What is to be done now; the same until it was done. One at a time.
    pub async fn next(&self) -> Result<PresentationStep, RidError> {
        guard_async("presentation.next", self.0.next()).await
    }

    /// `Advertise`, `Send` or `Receipt` was done. For `Send`: the link took the last chunk.
    pub fn proceed(&self) -> Result<(), RidError> {
        guard("presentation.proceed", || self.0.proceed())
    }

    /// The person's answer to `Ask`.
    pub fn answer(&self, answer: ConsentAnswer) -> Result<(), RidError> {
        guard("presentation.answer", || self.0.answer(answer))
    }

    /// The answer to `Unlock`: the wallet was unlocked, or the person cancelled.
    pub fn unlocked(&self) -> Result<(), RidError> {
        guard("presentation.unlocked", || self.0.unlocked())
    }

    /// The link is up, with this MTU (23 or more).
    pub fn connected(&self, mtu: u16) -> Result<(), RidError> {
        guard("presentation.connected", || self.0.connected(mtu))
    }

    /// One characteristic write came; whole messages are put together here.
    pub fn received_chunk(&self, chunk: Vec<u8>) -> Result<(), RidError> {
        guard("presentation.received_chunk", || self.0.received_chunk(&chunk))
    }

    /// The message of `Send` as characteristic writes of at most 512 bytes for the MTU that the platform reports.
    pub fn chunks(&self, mtu: u16) -> Result<Vec<Vec<u8>>, RidError> {
        guard("presentation.chunks", || self.0.chunks(mtu))
    }

    /// Whether the session has ended. A farewell to the peer and `Closed` may still be left.
    pub fn is_over(&self) -> Result<bool, RidError> {
        guard("presentation.is_over", || Ok::<_, RidError>(self.0.is_over()))
    }

    /// The link is down.
    pub fn disconnected(&self) -> Result<(), RidError> {
        guard("presentation.disconnected", || self.0.disconnected())
    }

    /// The time of `Wait` has come.
    pub fn tick(&self) -> Result<(), RidError> {
        guard("presentation.tick", || self.0.tick())
    }

    /// Ends it at once, also while a message is checked; nothing is handed out afterwards. A running `next` returns
    /// `Cancelled`.
    pub fn cancel(&self) {
        quietly(|| self.0.cancel());
    }

    /// A running `next` returns `Cancelled` at once; the next one goes on.
    pub fn park(&self) {
        quietly(|| self.0.park());
    }
}

fn ports(folder: &str, secure_area: Arc<dyn SecureArea>) -> facade::WalletPorts {
    facade::WalletPorts {
        secure_area: Arc::new(AppArea(secure_area)),
        storage: Arc::new(SqliteStorage::new(Path::new(folder))),
        http: None,
        clock: Arc::new(DeviceClock::new()),
        timer: Arc::new(SystemTimer::new()),
        rng: Arc::new(|| Box::new(OsRng)),
    }
}
