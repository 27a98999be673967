//! What a table must hold: how many rows, and a keyed sum over place, version and index of each, so that a row that is
//! missing, put back or exchanged for an older one of its own is seen (a multiset hash by addition modulo 2^256; sealed
//! in the head row).
use std::collections::BTreeMap;

use rid_flow::ports::{Row, RowKey, Table};

use crate::keys::OpenKeys;

/// Count and keyed sum of one table.
#[derive(Clone, Copy, Default, PartialEq, Eq, Debug)]
pub(crate) struct TableDigest {
    pub(crate) count: u64,
    pub(crate) sum: [u8; 32],
}

impl TableDigest {
    pub(crate) fn add(&mut self, keys: &OpenKeys, key: &RowKey, version: u64, index: &[u8; 32]) {
        self.count = self.count.wrapping_add(1);
        plus(&mut self.sum, &term(keys, key, version, index));
    }

    pub(crate) fn remove(&mut self, keys: &OpenKeys, key: &RowKey, version: u64, index: &[u8; 32]) {
        self.count = self.count.wrapping_sub(1);
        minus(&mut self.sum, &term(keys, key, version, index));
    }

    /// The digest of rows as they lie there.
    pub(crate) fn of<'a>(keys: &OpenKeys, rows: impl IntoIterator<Item = &'a Row>) -> Self {
        let mut digest = Self::default();
        for row in rows {
            digest.add(keys, &row.key, row.version, &row.index);
        }
        digest
    }
}

/// TableDigests of all tables but the head's own.
#[derive(Clone, Default, PartialEq, Eq, Debug)]
pub(crate) struct TableDigests(BTreeMap<u8, TableDigest>);

impl TableDigests {
    pub(crate) fn of(&self, table: Table) -> TableDigest {
        self.0.get(&table.0).copied().unwrap_or_default()
    }

    pub(crate) fn table(&mut self, table: Table) -> &mut TableDigest {
        self.0.entry(table.0).or_default()
    }

    pub(crate) fn set(&mut self, table: u8, digest: TableDigest) {
        self.0.insert(table, digest);
    }

    pub(crate) fn iter(&self) -> impl ExactSizeIterator<Item = (u8, &TableDigest)> {
        self.0.iter().map(|(table, digest)| (*table, digest))
    }
}

fn term(keys: &OpenKeys, key: &RowKey, version: u64, index: &[u8; 32]) -> [u8; 32] {
    keys.digest_key().tag(&[&[key.table.0], &key.id, &version.to_be_bytes(), index])
}

fn plus(sum: &mut [u8; 32], term: &[u8; 32]) {
    let mut carry = 0_u16;
    for (byte, other) in sum.iter_mut().zip(term) {
        let total = u16::from(*byte) + u16::from(*other) + carry;
        let [high, low] = total.to_be_bytes();
        *byte = low;
        carry = u16::from(high);
    }
}

fn minus(sum: &mut [u8; 32], term: &[u8; 32]) {
    let mut borrow = 0_u16;
    for (byte, other) in sum.iter_mut().zip(term) {
        let total = 256 + u16::from(*byte) - u16::from(*other) - borrow;
        let [high, low] = total.to_be_bytes();
        *byte = low;
        borrow = 1 - u16::from(high);
    }
}

#[cfg(test)]
mod tests {
    use super::{minus, plus};

    #[test]
    fn sums_come_and_go_in_any_order() {
        let terms: Vec<[u8; 32]> = (0..9_u8).map(|n| [n.wrapping_mul(77) ^ 0xf3; 32]).collect();
        let mut sum = [0xff; 32];
        for term in &terms {
            plus(&mut sum, term);
        }
        for term in terms.iter().rev().skip(3).chain(terms.iter().rev().take(3)) {
            minus(&mut sum, term);
        }
        assert_eq!(sum, [0xff; 32]);
    }
}
