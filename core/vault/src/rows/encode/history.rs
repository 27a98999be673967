//! Rows of the history: what happened, its link in the chain, or the tombstone where a row was.
use rid_flow::{History, HistoryContent, HistoryOutcome, HistorySeq, ports::StorageError};
use rid_wire::{Timestamp, cbor::Encoder};

use super::{
    draft::{self, outcome, outcome_number},
    exact, read_map,
};

const VERSION: u64 = 1;

/// A row as stored: content and its place in the chain.
#[derive(Clone, PartialEq, Eq)]
pub(crate) struct Link {
    pub(crate) seq: u64,
    /// Hash of salt and content; what the chain runs over, and all that a deletion leaves of them.
    pub(crate) leaf: [u8; 32],
    /// MAC over the link before, the place and the leaf.
    pub(crate) mac: [u8; 32],
    pub(crate) imported: bool,
    pub(crate) body: Body,
}

/// What is left at a place.
#[derive(Clone, PartialEq, Eq)]
pub(crate) enum Body {
    /// Only that something was there (a row that a repair could not read).
    Damaged,
    /// A tombstone, with a MAC of its own: a row emptied without the key has none.
    Deleted { at: Timestamp, event: [u8; 16], mac: [u8; 32] },
    /// All of it. The outcome is not of the leaf: it changes while the event runs.
    Kept { salt: [u8; 16], content: Vec<u8>, outcome: HistoryOutcome },
}

impl Link {
    pub(crate) fn encode(&self) -> Vec<u8> {
        let mut writer = Encoder::new();
        let (number, more) = match self.body {
            Body::Kept { .. } => (1, 3),
            Body::Deleted { .. } => (2, 3),
            Body::Damaged => (3, 0),
        };
        writer.map(6 + more).uint(0).uint(VERSION).uint(1).uint(self.seq).uint(2).uint(number);
        writer.uint(3).bytes(&self.leaf).uint(4).bytes(&self.mac).uint(5).boolean(self.imported);
        match &self.body {
            Body::Kept { salt, content, outcome } => {
                writer.uint(6).bytes(salt).uint(7).bytes(content).uint(8).uint(outcome_number(*outcome));
            }
            Body::Deleted { at, event, mac } => {
                writer.uint(9).int(at.unix()).uint(10).bytes(mac).uint(11).bytes(event);
            }
            Body::Damaged => {}
        }
        writer.finish()
    }

    pub(crate) fn decode(bytes: &[u8]) -> Result<Self, StorageError> {
        let (mut seq, mut number, mut leaf, mut link_mac, mut imported) = (None, 0, None, None, false);
        let (mut salt, mut content, mut ended) = (None, None, None);
        let (mut at, mut tombstone, mut event) = (None, None, None);
        read_map(bytes, VERSION, |reader, key| {
            match key {
                1 => seq = Some(reader.uint()?),
                2 => number = reader.uint()?,
                3 => leaf = Some(exact(reader)?),
                4 => link_mac = Some(exact(reader)?),
                5 => imported = reader.boolean()?,
                6 => salt = Some(exact(reader)?),
                7 => content = Some(reader.bytes()?.into_owned()),
                8 => ended = Some(outcome(reader.uint()?)?),
                9 => at = Some(Timestamp::from_unix(reader.int()?)),
                10 => tombstone = Some(exact(reader)?),
                11 => event = Some(exact(reader)?),
                _ => {}
            }
            Ok(())
        })?;
        let body = match (number, salt, content, ended, at, event, tombstone) {
            (1, Some(salt), Some(content), Some(outcome), ..) => Body::Kept { salt, content, outcome },
            (2, .., Some(at), Some(event), Some(mac)) => Body::Deleted { at, event, mac },
            (3, ..) => Body::Damaged,
            _ => return Err(StorageError::Damaged),
        };
        match (seq, leaf, link_mac) {
            (Some(seq), Some(leaf), Some(mac)) => Ok(Self { seq, leaf, mac, imported, body }),
            _ => Err(StorageError::Damaged),
        }
    }

    /// As everybody else sees it.
    pub(crate) fn read(&self) -> Result<History, StorageError> {
        let content = match &self.body {
            Body::Kept { content, outcome, .. } => HistoryContent::Kept(draft::parse(content, *outcome)?),
            Body::Deleted { at, .. } => HistoryContent::Deleted { at: *at },
            Body::Damaged => HistoryContent::Damaged,
        };
        Ok(History { seq: HistorySeq(self.seq), imported: self.imported, content })
    }
}
