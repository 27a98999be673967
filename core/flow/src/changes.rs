//! What a machine writes durably, and what comes back.
use alloc::{string::String, vec::Vec};

use rid_claims::{ClaimPath, CredentialId, CredentialType, IssuanceSource, PrivateText, ReusePolicy, StatusReference};
use rid_trust::Party;
use rid_wire::Timestamp;

use crate::ports::KeyId;

/// Identifies one one-time copy.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct CopyId(pub String);

/// Identifies one presentation, refusal, issuance over its rows; drawn at random.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct HistoryId(pub [u8; 16]);

/// Place of a row in the history; grows by one.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct HistorySeq(pub u64);

/// A new one-time copy of a credential.
#[derive(Clone, PartialEq, Eq)]
pub struct NewCopy {
    /// The device key it is bound to.
    pub key: KeyId,
    /// The credential's bytes (mdoc: IssuerSigned).
    pub bytes: Vec<u8>,
}

/// Recognises a verifier at its next visit ([`Party::id`]).
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct VerifierId(pub [u8; 32]);

/// A new credential with its copies. Meta data is what lists show and matching needs: element *names*, never values.
#[derive(Clone, PartialEq, Eq)]
pub struct Credential {
    /// Identifier.
    pub id: CredentialId,
    /// The type.
    pub credential_type: CredentialType,
    /// The person or organisation that the data is about, if it is not the holder.
    pub subject: Option<PrivateText>,
    /// Name of the issuer, from its certificate.
    pub issuer: String,
    /// When it was signed.
    pub signed: Timestamp,
    /// First second of technical validity.
    pub valid_from: Timestamp,
    /// Last second of technical validity.
    pub valid_until: Timestamp,
    /// The claims that it has.
    pub claims: Vec<ClaimPath>,
    /// The place where it can be fetched again, if known.
    pub source: Option<IssuanceSource>,
    /// The status reference of its first copy, if it has one. Each copy has a reference of its own inside.
    pub status: Option<StatusReference>,
    /// The use of its copies.
    pub reuse: ReusePolicy,
    /// The copies.
    pub copies: Vec<NewCopy>,
}

/// A copy taken out of its pool. A one-time copy is used up: its row is gone, its bytes are here once.
#[derive(Clone, PartialEq, Eq)]
pub struct Copy {
    /// The credential it was of.
    pub credential: CredentialId,
    /// Which copy.
    pub id: CopyId,
    /// The device key.
    pub key: KeyId,
    /// The credential's bytes.
    pub bytes: Vec<u8>,
    /// It is gone from its pool, so its key is of no further use.
    pub consumed: bool,
}

macro_rules! wiped {
    ($($name:ident),*) => {$(
        /// What it says of a person goes with it.
        impl Drop for $name {
            fn drop(&mut self) {
                zeroize::Zeroize::zeroize(&mut self.bytes);
            }
        }
    )*};
}
wiped!(Copy, NewCopy, Record);

/// The type of a history event.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum HistoryEventType {
    /// A credential or copy was deleted.
    Deletion,
    /// Credentials were received.
    Issuance,
    /// Something was shown to a reader or verifier.
    Presentation,
    /// A sign-in.
    SignIn,
}

/// How it went, as far as known.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum HistoryOutcome {
    /// It failed after the start.
    Failed,
    /// It was delivered.
    Finished,
    /// The person refused.
    Refused,
    /// It was begun and nothing was handed out yet. Only a process exit leaves it so.
    Started,
    /// The response was handed out and the link did not say that it took all of it.
    UnknownDelivery,
}

/// One claim of a history event: names, never values.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct HistoryElement {
    /// The type of the credential.
    pub credential_type: CredentialType,
    /// The claim; an empty path means the whole credential.
    pub path: ClaimPath,
    /// The peer meant to keep it (neg-C11).
    pub retained: bool,
}

/// A history row to be written.
#[derive(Clone, PartialEq, Eq)]
pub struct HistoryDraft {
    /// What it is about; rows of one event share it.
    pub id: HistoryId,
    /// The type of the event.
    pub event: HistoryEventType,
    /// Outcome.
    pub outcome: HistoryOutcome,
    /// Wall clock.
    pub at: Timestamp,
    /// The verified other side; `None` for a peer that was not verified, and for an event without one.
    pub peer: Option<Party>,
    /// The claims that the event is about.
    pub elements: Vec<HistoryElement>,
    /// Why: purpose text or a code.
    pub reason: String,
}

/// What a stored history row holds.
#[derive(Clone, PartialEq, Eq)]
pub enum HistoryContent {
    /// It cannot be read any more; its place is known.
    Damaged,
    /// The person deleted it.
    Deleted {
        /// When.
        at: Timestamp,
    },
    /// It is there.
    Kept(HistoryDraft),
}

/// A stored history row.
#[derive(Clone, PartialEq, Eq)]
pub struct History {
    /// Place.
    pub seq: HistorySeq,
    /// It was brought from another device by a recovery container.
    pub imported: bool,
    /// Content.
    pub content: HistoryContent,
}

impl History {
    /// What it says, if it is there.
    #[must_use]
    pub const fn kept(&self) -> Option<&HistoryDraft> {
        match &self.content {
            HistoryContent::Kept(draft) => Some(draft),
            HistoryContent::Damaged | HistoryContent::Deleted { .. } => None,
        }
    }
}

/// Name of a small record of the wallet itself (pending enrolments, settings, snapshots).
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct RecordKey {
    /// Kind of record, e.g. `enrolment`.
    pub kind: String,
    /// Name within the kind.
    pub name: String,
}

/// A small record.
#[derive(Clone, PartialEq, Eq)]
pub struct Record {
    /// Name.
    pub key: RecordKey,
    /// Content, opaque to the store.
    pub bytes: Vec<u8>,
}

/// One durable step: all of it or nothing. On any error nothing was written.
#[derive(Clone, Default, PartialEq, Eq)]
pub struct Changes {
    /// Take one free copy of each; the same credential twice takes two. An empty pool fails the whole
    /// ([`crate::ports::StorageError::Exhausted`]).
    pub consume: Vec<CredentialId>,
    /// Who these copies are for, if known: copies of [`ReusePolicy::PerVerifier`] are bound to it.
    pub verifier: Option<VerifierId>,
    /// Credentials to add.
    pub add: Vec<Credential>,
    /// Credentials to remove, with all copies.
    pub remove: Vec<CredentialId>,
    /// History rows to append, in order.
    pub history: Vec<HistoryDraft>,
    /// The outcome of an earlier event, updated in its row.
    pub outcomes: Vec<(HistoryId, HistoryOutcome)>,
    /// Records to write.
    pub put: Vec<Record>,
    /// Records to remove; each must exist, or the whole fails ([`crate::ports::StorageError::Conflict`]).
    pub take: Vec<RecordKey>,
}

impl Changes {
    /// Nothing but small records is written or taken.
    #[must_use]
    pub const fn touches_only_records(&self) -> bool {
        self.consume.is_empty()
            && self.add.is_empty()
            && self.remove.is_empty()
            && self.history.is_empty()
            && self.outcomes.is_empty()
    }
}

/// What a commit gave back.
#[derive(Default, PartialEq, Eq)]
pub struct Committed {
    /// The copies taken, in the order of [`Changes::consume`].
    pub copies: Vec<Copy>,
    /// Places of the rows appended.
    pub history: Vec<HistorySeq>,
    /// Credentials whose pool fell to the low-water mark or below.
    pub low_water: Vec<CredentialId>,
}

rid_wire::closed_debug!(Changes, Committed, Copy, Credential, History, HistoryContent, HistoryDraft, NewCopy, Record);
