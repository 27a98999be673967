use rid_flow::ports::{Expect, Layout, Read, Row, RowKey, StorageError, Table, Transaction, Write};
use rusqlite::{Connection, ErrorCode, Params, TransactionBehavior, params};

use super::layout;

/// No body is longer; a document with a portrait is a tenth of it.
const MAX_BODY: usize = 8 << 20;
/// Of a row with such a body: a forged length takes no more memory than this.
pub(super) const MAX_LEN: i32 = (8 << 20) + 1024;
/// What a row holds, each column only if it is what we write: SQLite tells that from the head of the row, without reading the column.
macro_rules! columns {
    ($key:literal, $body:literal) => {
        concat!(
            "SELECT ",
            $key,
            ", iif(typeof(v) = 'integer', v, NULL), iif(typeof(i) = 'blob' AND octet_length(i) = 32, i, NULL), ",
            $body
        )
    };
}
macro_rules! row {
    ($key:literal) => {
        // 8388608 is `MAX_BODY`.
        columns!($key, "iif(typeof(b) = 'blob' AND octet_length(b) <= 8388608, b, NULL)")
    };
}
macro_rules! head {
    () => {
        concat!(columns!("k", "x''"), " FROM r ")
    };
}
/// What no key is, names no row: who counts the others sees what is missing.
macro_rules! has_key {
    () => {
        " AND typeof(k) = 'blob' AND octet_length(k) = 32"
    };
}
/// The version as it was served: a row whose version nobody can read can still be given up.
macro_rules! has_version {
    ($number:literal) => {
        concat!(" AND iif(typeof(v) = 'integer', max(v, 0), 0) = ", $number)
    };
}
const ROW: &str = concat!(row!("k"), " FROM r WHERE t = ?1 AND k = ?2");
/// Keys are those of the primary key, by which a row is found and changed. The rows are read in the order they lie in, each page once:
/// `LIMIT` keeps the planner from passing over that order.
const ROWS: &str = concat!(
    row!("p.k"),
    " FROM (SELECT rowid AS n, k FROM r INDEXED BY sqlite_autoindex_r_1 WHERE t = ?1",
    has_key!(),
    " ORDER BY n LIMIT -1) AS p CROSS JOIN r NOT INDEXED ON r.rowid = p.n"
);
const ROWS_OF_INDEX: &str = concat!(row!("k"), " FROM r WHERE t = ?1 AND i = ?2", has_key!(), " ORDER BY k");
/// The index is named, or the planner takes the one that spares it sorting and reads every row's page for it.
pub(super) const HEADS: &str = concat!(head!(), "INDEXED BY ri WHERE t = ?1", has_key!());
pub(super) const HEADS_OF_INDEX: &str =
    concat!(head!(), "INDEXED BY ri WHERE t = ?1 AND i = ?2", has_key!(), " ORDER BY k");
/// What each of the two indexes holds of a table. One damaged entry hides a row from one of them alone (neg-K05).
pub(super) const KEYS_OF_PRIMARY: &str =
    concat!("SELECT k FROM r INDEXED BY sqlite_autoindex_r_1 WHERE t = ?1", has_key!());
pub(super) const KEYS_OF_INDEX: &str = concat!("SELECT k FROM r INDEXED BY ri WHERE t = ?1", has_key!());
const DELETE: &str = concat!("DELETE FROM r WHERE t = ?1 AND k = ?2", has_version!("?3"));
const UPDATE: &str = concat!("UPDATE r SET v = ?3, i = ?4, b = ?5 WHERE t = ?1 AND k = ?2", has_version!("?6"));

/// Runs one transaction; `newest` is the highest layout it may raise the store to.
pub(super) fn run(
    connection: &mut Connection,
    transaction: &Transaction,
    newest: Layout,
) -> Result<Vec<Vec<Row>>, StorageError> {
    let fail = |error: rusqlite::Error| storage_error(&error);
    if transaction.writes.iter().any(is_beyond) {
        return Err(StorageError::Io);
    }
    let reads_only = transaction.writes.is_empty() && transaction.layout.is_none();
    let behavior = if reads_only { TransactionBehavior::Deferred } else { TransactionBehavior::Immediate };
    let sql = connection.transaction_with_behavior(behavior).map_err(fail)?;
    if let Some(wanted) = transaction.layout {
        layout::raise(&sql, wanted, newest)?;
    }
    let mut results = Vec::with_capacity(transaction.reads.len());
    for read in &transaction.reads {
        results.push(rows(&sql, read).map_err(fail)?);
    }
    for write in &transaction.writes {
        if apply(&sql, write).map_err(fail)? != 1 {
            return Err(StorageError::Conflict);
        }
    }
    sql.commit().map_err(fail)?;
    Ok(results)
}

fn rows(sql: &Connection, read: &Read) -> rusqlite::Result<Vec<Row>> {
    match read {
        Read::Get(key) => found(sql, ROW, key.table, params![key.table.0, key.id]),
        Read::Heads(table, None) => also_in(sql, KEYS_OF_PRIMARY, *table, found(sql, HEADS, *table, params![table.0])?),
        Read::Heads(table, Some(index)) => found(sql, HEADS_OF_INDEX, *table, params![table.0, index]),
        Read::Rows(table, None) => also_in(sql, KEYS_OF_INDEX, *table, found(sql, ROWS, *table, params![table.0])?),
        Read::Rows(table, Some(index)) => found(sql, ROWS_OF_INDEX, *table, params![table.0, index]),
    }
}

fn found(sql: &Connection, columns: &str, table: Table, which: impl Params) -> rusqlite::Result<Vec<Row>> {
    sql.prepare_cached(columns)?.query_map(which, |row| read_row(table, row))?.collect()
}

/// A row with a column that we cannot have written is served without bytes, so that who opens it names this one and no other
/// (neg-K20).
fn read_row(table: Table, row: &rusqlite::Row<'_>) -> rusqlite::Result<Row> {
    let key = RowKey { table, id: row.get(0)? };
    let version = row.get::<_, Option<i64>>(1)?.and_then(|version| u64::try_from(version).ok());
    let (index, bytes) = (row.get(2)?, row.get(3)?);
    let bytes = version.and(index).and(bytes).unwrap_or_default();
    Ok(Row { key, version: version.unwrap_or_default(), index: index.unwrap_or_default(), bytes })
}

/// Of a whole table as one index has it, the rows that stand in the other too, in the order of their keys: who counts them sees that one is missing, by whichever
/// way it is looked for.
fn also_in(sql: &Connection, other: &str, table: Table, mut rows: Vec<Row>) -> rusqlite::Result<Vec<Row>> {
    let mut other = sql.prepare_cached(other)?;
    let mut keys = other.query_map(params![table.0], |row| row.get(0))?.collect::<Result<Vec<[u8; 32]>, _>>()?;
    // Mostly they come in order: rows of one index value do.
    keys.sort_unstable();
    rows.sort_unstable_by_key(|row| row.key.id);
    rows.retain(|row| keys.binary_search(&row.key.id).is_ok());
    Ok(rows)
}

/// What could not be read again, or not as it was, is not written.
fn is_beyond(write: &Write) -> bool {
    matches!(write, Write::Put(row, _) if row.bytes.len() > MAX_BODY || i64::try_from(row.version).is_err())
}

/// The number of rows changed: 1, or the expectation did not hold.
fn apply(sql: &Connection, write: &Write) -> rusqlite::Result<usize> {
    let number = |version: u64| i64::try_from(version).unwrap_or(i64::MAX);
    match write {
        Write::Delete(key, Expect::Version(version)) => {
            sql.prepare_cached(DELETE)?.execute(params![key.table.0, key.id, number(*version)])
        }
        // Deleting what must be absent holds if it is.
        Write::Delete(key, Expect::Absent) => sql
            .prepare_cached("SELECT count(*) = 0 FROM r WHERE t = ?1 AND k = ?2")?
            .query_row(params![key.table.0, key.id], |row| row.get::<_, bool>(0))
            .map(usize::from),
        Write::Put(row, Expect::Absent) => sql
            .prepare_cached("INSERT OR IGNORE INTO r (t, k, v, i, b) VALUES (?1, ?2, ?3, ?4, ?5)")?
            .execute(params![row.key.table.0, row.key.id, number(row.version), row.index, row.bytes]),
        Write::Put(row, Expect::Version(version)) => sql.prepare_cached(UPDATE)?.execute(params![
            row.key.table.0,
            row.key.id,
            number(row.version),
            row.index,
            row.bytes,
            number(*version)
        ]),
    }
}

pub(super) fn storage_error(error: &rusqlite::Error) -> StorageError {
    match error.sqlite_error_code() {
        Some(ErrorCode::DiskFull) => StorageError::Full,
        Some(ErrorCode::ReadOnly | ErrorCode::PermissionDenied) => StorageError::ReadOnly,
        Some(ErrorCode::DatabaseBusy | ErrorCode::DatabaseLocked) => StorageError::Locked,
        // `Unknown` is SQLITE_ERROR: a table or column of ours is not there. `TooBig` is a column that we do not write.
        Some(ErrorCode::DatabaseCorrupt | ErrorCode::NotADatabase | ErrorCode::Unknown | ErrorCode::TooBig) => {
            StorageError::Damaged
        }
        Some(_) => StorageError::Io,
        // Rows of another form than this layout's.
        None => StorageError::Damaged,
    }
}

#[cfg(test)]
mod tests;
