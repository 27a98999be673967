//! Reads rows defensively: a column of another type or length than this code writes makes its row corrupt and hides no
//! other (neg-K05, neg-K20).
use std::collections::BTreeSet;

use rid_flow::ports::{Read, Row, RowKey, Table};
use rusqlite::{Connection, Params, params, types::ValueRef};

/// Index value of a row that has none.
const NO_INDEX: [u8; 32] = [0; 32];
/// A page of any tree holds fewer rows than this.
const ROWS_OF_A_PAGE: u64 = 128;

/// The columns, each only where its type and length can be ours: SQLite knows both without reading the column. 8388608
/// is `MAX_BODY`.
macro_rules! select {
    ($body:literal, $from:literal) => {
        concat!(
            "SELECT iif(octet_length(k) = 32, k, NULL), iif(typeof(v) = 'integer', v, NULL), iif(octet_length(i) = 32, i, NULL), ",
            $body,
            " FROM ",
            $from,
            " WHERE t = ?1"
        )
    };
}
macro_rules! both {
    ($table:literal) => {
        [select!("x''", $table), select!("iif(octet_length(b) <= 8388608, b, NULL)", $table)]
    };
}
const SELECT: [[&str; 2]; 2] = [both!("r"), both!("m")];

type Key = [u8; 32];

/// The statement that shows a table's rows, with or without their bodies.
fn select(table: Table, bodies: bool) -> &'static str {
    let [rows, mirror] = SELECT;
    let [heads, whole] = if table == Table::MIRROR { mirror } else { rows };
    if bodies { whole } else { heads }
}

/// The rows of a read, ordered by key.
pub(super) fn rows(sql: &Connection, read: &Read) -> rusqlite::Result<Vec<Row>> {
    let mut rows = match read {
        Read::Get(RowKey { table, id }) => {
            let by_key = [select(*table, true), " AND k = ?2"].concat();
            let mut found = scan(sql, &by_key, *table, params![table.0, id])?;
            found.truncate(1);
            if found.is_empty() {
                // A corrupt key misleads the search for its neighbours; a scan still finds them.
                let scanned = [select(*table, true), " AND +k = ?2"].concat();
                found = scan(sql, &scanned, *table, params![table.0, id])?;
            }
            found
        }
        Read::Heads(table, index) => all(sql, select(*table, false), *table, index.as_ref())?,
        Read::Rows(table, index) => all(sql, select(*table, true), *table, index.as_ref())?,
    };
    rows.sort_unstable_by_key(|row| row.key.id);
    Ok(rows)
}

fn all(sql: &Connection, select: &str, table: Table, index: Option<&Key>) -> rusqlite::Result<Vec<Row>> {
    match index {
        // Zero is no index value.
        Some(&NO_INDEX) => Ok(Vec::new()),
        Some(index) => scan(sql, &[select, " AND i = ?2"].concat(), table, params![table.0, index]),
        None => scan(sql, select, table, params![table.0]),
    }
}

/// Each row once. A forged tree whose pages name each other has no end; the pages of the file have one.
fn scan(sql: &Connection, statement: &str, table: Table, which: impl Params) -> rusqlite::Result<Vec<Row>> {
    let pages: u32 = sql.prepare_cached("PRAGMA page_count")?.query_row([], |row| row.get(0))?;
    let mut left = u64::from(pages).saturating_mul(ROWS_OF_A_PAGE);
    let (mut seen, mut found) = (BTreeSet::new(), Vec::new());
    let mut statement = sql.prepare_cached(statement)?;
    let mut rows = statement.query(which)?;
    while let Some(row) = rows.next()? {
        // SQLite sees no error here, but the database is corrupt.
        left = left.checked_sub(1).ok_or(rusqlite::Error::InvalidQuery)?;
        if let Some(id) = blob(row, 0)?.and_then(|key| Key::try_from(key).ok())
            && seen.insert(id)
        {
            found.push(stored(RowKey { table, id }, row)?);
        }
    }
    Ok(found)
}

fn blob<'a>(row: &'a rusqlite::Row<'_>, at: usize) -> rusqlite::Result<Option<&'a [u8]>> {
    Ok(match row.get_ref(at)? {
        ValueRef::Blob(blob) => Some(blob),
        _ => None,
    })
}

/// A row with a column that this code cannot have written has no bytes: whoever opens it finds it corrupt.
fn stored(key: RowKey, row: &rusqlite::Row<'_>) -> rusqlite::Result<Row> {
    let version = match row.get_ref(1)? {
        ValueRef::Integer(version) => u64::try_from(version).ok(),
        _ => None,
    };
    let index = blob(row, 2)?.and_then(|index| index.try_into().ok());
    let bytes = version.and(index).and(blob(row, 3)?).unwrap_or_default().to_vec();
    Ok(Row { key, version: version.unwrap_or_default(), index: index.unwrap_or(NO_INDEX), bytes })
}

#[cfg(test)]
mod tests;
