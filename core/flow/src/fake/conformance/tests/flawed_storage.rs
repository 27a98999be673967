//! Storages with one flaw each.
use alloc::{boxed::Box, sync::Arc, vec, vec::Vec};
use std::panic::{AssertUnwindSafe, catch_unwind};

use async_trait::async_trait;

use crate::{
    fake::{MemoryDisk, MemoryStorage, block_on, conformance},
    ports::{Expect, Generation, Layout, Read, Row, Storage, StorageError, Transaction, Write},
};

/// One thing that a store does wrong.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Flaw {
    None,
    BytesInHeads,
    ConflictHalfWritten,
    EnvelopeGoesBack,
    EqualLayoutRefused,
    ExpectationIgnored,
    FailureRaises,
    LayoutForgotten,
    LowerLayoutIgnored,
    LowerLayoutTaken,
    MadeOld,
    NewerHeld,
    NewerOpened,
    NewerTouched,
    NewestClaimed,
    NotExclusive,
    OldRaisedUnasked,
    PastNewestIgnored,
    RaisedWithoutWrites,
    ReadsAfterWrites,
    RowsUnsorted,
    SetAsideKept,
    WipeKeepsTheEnvelope,
}

const FLAWS: [Flaw; 22] = [
    Flaw::BytesInHeads,
    Flaw::ConflictHalfWritten,
    Flaw::EnvelopeGoesBack,
    Flaw::EqualLayoutRefused,
    Flaw::ExpectationIgnored,
    Flaw::FailureRaises,
    Flaw::LayoutForgotten,
    Flaw::LowerLayoutIgnored,
    Flaw::LowerLayoutTaken,
    Flaw::MadeOld,
    Flaw::NewerHeld,
    Flaw::NewerOpened,
    Flaw::NewerTouched,
    Flaw::NewestClaimed,
    Flaw::NotExclusive,
    Flaw::OldRaisedUnasked,
    Flaw::PastNewestIgnored,
    Flaw::RaisedWithoutWrites,
    Flaw::ReadsAfterWrites,
    Flaw::RowsUnsorted,
    Flaw::SetAsideKept,
    Flaw::WipeKeepsTheEnvelope,
];

struct Flawed {
    flaw: Flaw,
    disk: MemoryDisk,
    newest: Layout,
    store: MemoryStorage,
}

impl Flawed {
    fn new(flaw: Flaw, disk: &MemoryDisk, newest: Layout) -> Self {
        let opens = if flaw == Flaw::NewerOpened { Layout(u32::MAX) } else { newest };
        Self { flaw, disk: disk.clone(), newest, store: MemoryStorage::with_layout(disk, opens) }
    }

    fn has(&self) -> Layout {
        self.disk.layout().unwrap_or(self.newest)
    }

    fn altered(&self, mut asked: Transaction) -> Result<Transaction, StorageError> {
        let has = self.has();
        match (self.flaw, asked.layout) {
            (Flaw::EqualLayoutRefused, Some(wanted)) if wanted == has => return Err(StorageError::Conflict),
            (Flaw::LayoutForgotten, _) => asked.layout = None,
            (Flaw::LowerLayoutIgnored, Some(wanted)) if wanted < has => asked.layout = None,
            (Flaw::LowerLayoutTaken, Some(wanted)) if wanted < has => {
                self.disk.alter_layout(wanted);
                asked.layout = None;
            }
            (Flaw::PastNewestIgnored, Some(wanted)) if wanted > self.newest => asked.layout = None,
            (Flaw::RaisedWithoutWrites, Some(_)) => asked.writes.clear(),
            (Flaw::BytesInHeads, _) => {
                for read in &mut asked.reads {
                    if let Read::Heads(table, index) = read {
                        *read = Read::Rows(*table, *index);
                    }
                }
            }
            (Flaw::ExpectationIgnored, _) => {
                for write in &mut asked.writes {
                    let (Write::Delete(key, expect) | Write::Put(Row { key, .. }, expect)) = write;
                    let there = self.disk.rows().into_iter().find(|row| row.key == *key);
                    if let (Expect::Absent, Some(row)) = (*expect, there) {
                        *expect = Expect::Version(row.version);
                    }
                }
            }
            _ => {}
        }
        Ok(asked)
    }
}

#[async_trait]
impl Storage for Flawed {
    async fn open(&self) -> Result<Layout, StorageError> {
        if self.flaw == Flaw::NotExclusive {
            self.disk.kill();
        }
        if self.flaw == Flaw::NewerOpened && self.disk.layout().is_none() {
            self.disk.alter_layout(self.newest);
        }
        if self.flaw == Flaw::MadeOld && self.disk.layout().is_none() {
            self.disk.alter_layout(Layout(1));
        }
        let opened = self.store.open().await;
        match (self.flaw, opened) {
            (Flaw::NewerTouched, Err(StorageError::Newer)) => self.disk.alter(|rows| drop(rows.pop_first())),
            (Flaw::NewerHeld, Err(StorageError::Newer)) => {
                let layout = self.has();
                self.disk.alter_layout(self.newest);
                self.store.open().await?;
                self.disk.alter_layout(layout);
            }
            (Flaw::NewestClaimed, Ok(_)) => return Ok(self.newest),
            (Flaw::OldRaisedUnasked, Ok(_)) => {
                self.disk.alter_layout(self.newest);
                return Ok(self.newest);
            }
            _ => {}
        }
        opened
    }

    async fn transact(&self, transaction: Transaction) -> Result<Vec<Vec<Row>>, StorageError> {
        let asked = self.altered(transaction)?;
        if self.flaw == Flaw::ReadsAfterWrites {
            let reads = asked.reads.clone();
            self.store.transact(Transaction { reads: vec![], ..asked }).await?;
            return self.store.transact(Transaction { reads, ..Transaction::default() }).await;
        }
        let mut answer = self.store.transact(asked.clone()).await;
        match (self.flaw, &mut answer) {
            (Flaw::ConflictHalfWritten, Err(StorageError::Conflict)) => {
                let writes = asked.writes.into_iter().take(1).collect();
                let _ = self.store.transact(Transaction { writes, ..Transaction::default() }).await;
            }
            (Flaw::FailureRaises, Err(_)) => {
                if let Some(wanted) = asked.layout.filter(|wanted| *wanted <= self.newest && *wanted > self.has()) {
                    self.disk.alter_layout(wanted);
                }
            }
            (Flaw::RowsUnsorted, Ok(found)) => found.iter_mut().for_each(|rows| rows.reverse()),
            _ => {}
        }
        answer
    }

    async fn envelope_read(&self) -> Result<Option<(Generation, Vec<u8>)>, StorageError> {
        self.store.envelope_read().await
    }

    async fn envelope_replace(&self, generation: Generation, bytes: Vec<u8>) -> Result<(), StorageError> {
        if self.flaw == Flaw::EnvelopeGoesBack {
            self.store.envelope_read().await?;
            self.disk.alter_envelope(|envelope| *envelope = Some((generation, bytes)));
            return Ok(());
        }
        self.store.envelope_replace(generation, bytes).await
    }

    async fn set_aside(&self) -> Result<(), StorageError> {
        if self.flaw == Flaw::SetAsideKept {
            return self.store.close().await;
        }
        self.store.set_aside().await
    }

    async fn wipe(&self) -> Result<(), StorageError> {
        let envelope = self.disk.envelope();
        self.store.wipe().await?;
        if self.flaw == Flaw::WipeKeepsTheEnvelope {
            self.disk.alter_envelope(|left| *left = envelope);
        }
        Ok(())
    }

    async fn close(&self) -> Result<(), StorageError> {
        self.store.close().await
    }
}

fn passes(flaw: Flaw) -> bool {
    let disk = MemoryDisk::new();
    let suite = || block_on(conformance::storage(|newest| Arc::new(Flawed::new(flaw, &disk, newest))));
    catch_unwind(AssertUnwindSafe(suite)).is_ok()
}

#[test]
fn the_suite_of_the_storage_port_finds_every_flaw() {
    assert!(passes(Flaw::None), "and none where there is none");
    for flaw in FLAWS {
        assert!(!passes(flaw), "{flaw:?} goes unseen");
    }
}
