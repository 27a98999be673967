//! Reads: which rows they name, and each of these shown where it lies.
use rid_flow::ports::{Lent, Read, Row, RowKey, Table};
use rusqlite::{Connection, Params, params, types::ValueRef};

/// Of a row that is not listed by an index value.
pub(super) const NO_INDEX: [u8; 32] = [0; 32];

/// What a row holds, each column only if it can be what we write: SQLite tells that from the head of the row, without reading the column.
/// Whether it is a blob is seen then.
macro_rules! sound {
    ($body:literal) => {
        concat!("iif(typeof(v) = 'integer', v, NULL), iif(octet_length(i) = 32, i, NULL), ", $body)
    };
}
/// 8388608 is `MAX_BODY`.
macro_rules! row {
    () => {
        sound!("iif(octet_length(b) <= 8388608, b, NULL)")
    };
}
macro_rules! head {
    () => {
        concat!("SELECT k, ", sound!("x''"), " FROM r ")
    };
}
/// What no key is, names no row: who counts the others sees what is missing.
macro_rules! has_key {
    () => {
        " AND typeof(k) = 'blob' AND octet_length(k) = 32"
    };
}
/// Of the rows that have an index value; the index `ri` holds no others.
macro_rules! indexed {
    () => {
        " AND i <> x'0000000000000000000000000000000000000000000000000000000000000000'"
    };
}
const ROW: &str = concat!("SELECT k, ", row!(), " FROM r WHERE t = ?1 AND k = ?2");
/// Where the rows of a table lie, by the primary key, by which they are found and changed.
pub(super) const PLACES: &str =
    concat!("SELECT rowid, k FROM r INDEXED BY sqlite_autoindex_r_1 WHERE t = ?1", has_key!());
const ROWS_AT: &str = concat!("SELECT rowid, ", row!(), " FROM r NOT INDEXED WHERE rowid BETWEEN ?1 AND ?2");
const HEADS_AT: &str = concat!("SELECT rowid, ", sound!("x''"), " FROM r NOT INDEXED WHERE rowid BETWEEN ?1 AND ?2");
const ROWS_OF_INDEX: &str = concat!(
    "SELECT k, ",
    row!(),
    " FROM r INDEXED BY ri WHERE t = ?1 AND i = ?2",
    indexed!(),
    has_key!(),
    " ORDER BY k"
);
/// The index is named, or the planner takes the one that spares it sorting and reads every row's page for it.
pub(super) const HEADS: &str = concat!(head!(), "INDEXED BY ri WHERE t = ?1", indexed!(), has_key!());
pub(super) const HEADS_OF_INDEX: &str =
    concat!(head!(), "INDEXED BY ri WHERE t = ?1 AND i = ?2", indexed!(), has_key!(), " ORDER BY k");
pub(super) const KEYS_OF_INDEX: &str = concat!("SELECT k FROM r INDEXED BY ri WHERE t = ?1", indexed!(), has_key!());

/// The rows of a read, in the order of their keys.
pub(super) fn rows(sql: &Connection, read: &Read) -> rusqlite::Result<Vec<Row>> {
    let mut rows = Vec::new();
    each(sql, read, &mut |lent| rows.push(lent.to_row()))?;
    if let Read::Rows(_, None) | Read::Heads(_, None) = read {
        rows.sort_unstable_by_key(|row| row.key.id);
    }
    Ok(rows)
}

/// Shows each row of a read. Of a whole table those that the primary key names and, if they have an index value, the index too: one
/// damaged entry hides a row from one of the two alone, and who counts sees that it is missing, by whichever way it is looked for
/// (neg-K05).
pub(super) fn each(sql: &Connection, read: &Read, show: &mut dyn FnMut(Lent<'_>)) -> rusqlite::Result<()> {
    match read {
        Read::Get(key) => found(sql, ROW, key.table, params![key.table.0, key.id], show),
        Read::Heads(table, Some(index)) => found(sql, HEADS_OF_INDEX, *table, params![table.0, index], show),
        Read::Rows(table, Some(index)) => found(sql, ROWS_OF_INDEX, *table, params![table.0, index], show),
        Read::Heads(table, None) => {
            let mut places = places(sql, *table)?;
            let mut known: Vec<[u8; 32]> = places.iter().map(|(_, key)| *key).collect();
            known.sort_unstable();
            let mut indexed = Vec::new();
            found(sql, HEADS, *table, params![table.0], &mut |lent| {
                if known.binary_search(&lent.key.id).is_ok() {
                    indexed.push(lent.key.id);
                    show(lent);
                }
            })?;
            indexed.sort_unstable();
            places.retain(|(_, key)| indexed.binary_search(key).is_err());
            lying(sql, HEADS_AT, *table, &places, &mut |lent| {
                if *lent.index == NO_INDEX {
                    show(lent);
                }
            })
        }
        Read::Rows(table, None) => {
            let mut indexed = sql.prepare_cached(KEYS_OF_INDEX)?;
            let indexed = indexed.query_map(params![table.0], |row| row.get(0))?;
            let mut indexed = indexed.collect::<rusqlite::Result<Vec<[u8; 32]>>>()?;
            indexed.sort_unstable();
            lying(sql, ROWS_AT, *table, &places(sql, *table)?, &mut |lent| {
                if *lent.index == NO_INDEX || indexed.binary_search(&lent.key.id).is_ok() {
                    show(lent);
                }
            })
        }
    }
}

/// Where the rows of a table lie, in that order, so that each page is read once.
fn places(sql: &Connection, table: Table) -> rusqlite::Result<Vec<(i64, [u8; 32])>> {
    let mut statement = sql.prepare_cached(PLACES)?;
    let places = statement.query_map(params![table.0], |row| Ok((row.get(0)?, row.get(1)?)))?;
    let mut places = places.collect::<rusqlite::Result<Vec<(i64, [u8; 32])>>>()?;
    places.sort_unstable_by_key(|(place, _)| *place);
    Ok(places)
}

/// Shows the rows of these places.
fn lying(
    sql: &Connection,
    columns: &str,
    table: Table,
    places: &[(i64, [u8; 32])],
    show: &mut dyn FnMut(Lent<'_>),
) -> rusqlite::Result<()> {
    let mut statement = sql.prepare_cached(columns)?;
    // Those without a gap between them are asked for at once.
    for run in places.chunk_by(|(place, _), (next, _)| place.checked_add(1) == Some(*next)) {
        let (Some((first, _)), Some((last, _))) = (run.first(), run.last()) else { continue };
        let mut rows = statement.query(params![first, last])?;
        while let Some(row) = rows.next()? {
            let at = row.get::<_, i64>(0)?.saturating_sub(*first);
            if let Some((_, id)) = usize::try_from(at).ok().and_then(|at| run.get(at)) {
                show(lend(&RowKey { table, id: *id }, row, 1)?);
            }
        }
    }
    Ok(())
}

fn found(
    sql: &Connection,
    columns: &str,
    table: Table,
    which: impl Params,
    show: &mut dyn FnMut(Lent<'_>),
) -> rusqlite::Result<()> {
    let mut key = RowKey { table, id: [0; 32] };
    let mut statement = sql.prepare_cached(columns)?;
    let mut rows = statement.query(which)?;
    while let Some(row) = rows.next()? {
        key.id = row.get(0)?;
        show(lend(&key, row, 1)?);
    }
    Ok(())
}

/// A row whose columns stand from `at` on. One with a column that we cannot have written is shown without bytes, so that who opens it
/// names this one and no other (neg-K20).
fn lend<'a>(key: &'a RowKey, row: &'a rusqlite::Row<'_>, at: usize) -> rusqlite::Result<Lent<'a>> {
    let version = row.get::<_, Option<i64>>(at)?.and_then(|version| u64::try_from(version).ok());
    let blob = |at| -> rusqlite::Result<Option<&[u8]>> {
        Ok(match row.get_ref(at)? {
            ValueRef::Blob(blob) => Some(blob),
            _ => None,
        })
    };
    let index = blob(at + 1)?.and_then(|index| index.try_into().ok());
    let bytes = blob(at + 2)?;
    let bytes = version.and(index).and(bytes).unwrap_or_default();
    Ok(Lent { key, version: version.unwrap_or_default(), index: index.unwrap_or(&NO_INDEX), bytes })
}
