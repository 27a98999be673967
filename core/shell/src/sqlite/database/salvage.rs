//! Reads the rows of a database that SQLite cannot read: every leaf page of the file, and of its log, is parsed by
//! itself. Whoever opens the rows authenticates them, so a row needs no tree above it to be believed.
use std::{collections::BTreeMap, io, path::Path};

use rid_flow::ports::{Read, Row, RowKey, Table};

use zeroize::Zeroizing;

use crate::durable;

const PAGE: usize = 4096;
/// Of an index tree: the payload that a page holds at most and at least (SQLite file format, 1.6).
const MOST_LOCAL: usize = (PAGE - 12) * 64 / 255 - 23;
const LEAST_LOCAL: usize = (PAGE - 12) * 32 / 255 - 23;
/// No file is longer.
const MAX_FILE: usize = 512 << 20;
/// No payload is longer: a body of 8 MiB and its columns.
const MAX_PAYLOAD: usize = (8 << 20) + 1024;

type Pages<'a> = BTreeMap<u32, &'a [u8]>;

/// The newest version of each row in the database, and in its log where `log` says so.
pub(super) fn rows(folder: &Path, log: bool) -> io::Result<Vec<Row>> {
    let read = |name| durable::read(&folder.join(name), MAX_FILE).map(|file| file.unwrap_or_default());
    let file = read("store.db")?;
    let log = if log { read("store.db-wal")? } else { Zeroizing::default() };
    let number = |at: usize| u32::try_from(at).unwrap_or(u32::MAX);
    let in_file: Pages<'_> = file.chunks_exact(PAGE).enumerate().map(|(at, page)| (number(at + 1), page)).collect();
    let mut with_log = in_file.clone();
    with_log.extend(frames(&log));
    let mut newest: BTreeMap<RowKey, Row> = BTreeMap::new();
    for pages in [with_log, in_file] {
        for page in pages.values() {
            for row in leaf(page).into_iter().filter_map(|cell| row(&payload(&pages, page, cell)?)) {
                if newest.get(&row.key).is_none_or(|known| known.version < row.version) {
                    newest.insert(row.key.clone(), row);
                }
            }
        }
    }
    Ok(newest.into_values().collect())
}

/// Those that a read names, ordered by key.
pub(super) fn of(rows: &[Row], read: &Read) -> Vec<Row> {
    let (table, index, bodies) = match read {
        Read::Get(key) => return rows.iter().filter(|row| row.key == *key).cloned().collect(),
        Read::Heads(table, index) => (table, index, false),
        Read::Rows(table, index) => (table, index, true),
    };
    let named = rows.iter().filter(|row| row.key.table == *table);
    let named = named.filter(|row| index.is_none_or(|index| index != [0; 32] && row.index == index));
    let heads =
        |row: &Row| Row { bytes: if bodies { row.bytes.clone() } else { Vec::new() }, key: row.key.clone(), ..*row };
    named.map(heads).collect()
}

/// The pages of a log that belong together by its salt.
fn frames(log: &[u8]) -> Vec<(u32, &[u8])> {
    const HEADER: usize = 32;
    const FRAME: usize = 24;
    let salt = log.get(16..24);
    let frames = log.get(HEADER..).unwrap_or_default().chunks_exact(FRAME + PAGE);
    let frames = frames.take_while(|frame| salt.is_some() && frame.get(8..16) == salt);
    frames.filter_map(|frame| Some((be32(frame, 0)?, frame.get(FRAME..)?))).collect()
}

fn be32(bytes: &[u8], at: usize) -> Option<u32> {
    Some(u32::from_be_bytes(*bytes.get(at..)?.first_chunk()?))
}

/// Where the cells of a page of an index tree begin: behind the pointer to the left child in an interior page.
fn leaf(page: &[u8]) -> Vec<usize> {
    let (header, skip) = match page.first() {
        Some(0x0a) => (8, 0),
        Some(0x02) => (12, 4),
        _ => return Vec::new(),
    };
    let short = |at: usize| Some(usize::from(u16::from_be_bytes(*page.get(at..)?.first_chunk()?)));
    let count = short(3).unwrap_or(0).min(PAGE / 2);
    (0..count).filter_map(|n| Some(short(header + 2 * n)? + skip)).collect()
}

/// A big-endian number of seven bits a byte, and how long it is.
fn varint(bytes: &[u8]) -> Option<(u64, usize)> {
    let mut value = 0_u64;
    for (at, byte) in bytes.iter().take(9).enumerate() {
        if at == 8 {
            return Some((value << 8 | u64::from(*byte), 9));
        }
        value = value << 7 | u64::from(byte & 0x7f);
        if byte & 0x80 == 0 {
            return Some((value, at + 1));
        }
    }
    None
}

/// The payload of a cell, from its page and the overflow pages after it.
fn payload(pages: &Pages<'_>, page: &[u8], at: usize) -> Option<Vec<u8>> {
    let cell = page.get(at..)?;
    let (length, head) = varint(cell)?;
    let length = usize::try_from(length).ok().filter(|length| *length <= MAX_PAYLOAD)?;
    let rest = cell.get(head..)?;
    if length <= MOST_LOCAL {
        return rest.get(..length).map(<[u8]>::to_vec);
    }
    let local = LEAST_LOCAL + (length - LEAST_LOCAL) % (PAGE - 4);
    let local = if local <= MOST_LOCAL { local } else { LEAST_LOCAL };
    let mut payload = rest.get(..local)?.to_vec();
    let mut next = be32(rest, local)?;
    while payload.len() < length {
        let overflow = pages.get(&next)?;
        let part = (length - payload.len()).min(PAGE - 4);
        payload.extend_from_slice(overflow.get(4..4 + part)?);
        next = be32(overflow, 0)?;
    }
    Some(payload)
}

/// A record of our five columns: table, key, version, index value, body.
fn row(payload: &[u8]) -> Option<Row> {
    let (header, mut at) = varint(payload)?;
    let header = usize::try_from(header).ok()?;
    let mut rest = payload.get(header..)?;
    let mut column = || -> Option<(u64, &[u8])> {
        let (kind, length) = varint(payload.get(at..header)?)?;
        at += length;
        let size = match kind {
            0 | 8 | 9 => 0,
            1..=4 => usize::try_from(kind).ok()?,
            5 => 6,
            6 | 7 => 8,
            _ => usize::try_from(kind.checked_sub(12)? / 2).ok()?,
        };
        let value;
        (value, rest) = rest.split_at_checked(size)?;
        Some((kind, value))
    };
    let (table, key, version, index, body) = (column()?, column()?, column()?, column()?, column()?);
    let key = RowKey { table: Table(u8::try_from(integer(table)?).ok()?), id: blob(key)?.try_into().ok()? };
    Some(Row { key, version: integer(version)?, index: blob(index)?.try_into().ok()?, bytes: blob(body)?.to_vec() })
}

fn integer((kind, value): (u64, &[u8])) -> Option<u64> {
    match kind {
        8 => Some(0),
        9 => Some(1),
        // Ours are not negative.
        1..=6 if value.first()? & 0x80 == 0 => {
            Some(value.iter().fold(0, |number, byte| number << 8 | u64::from(*byte)))
        }
        _ => None,
    }
}

fn blob((kind, value): (u64, &[u8])) -> Option<&[u8]> {
    (kind >= 12 && kind % 2 == 0).then_some(value)
}
