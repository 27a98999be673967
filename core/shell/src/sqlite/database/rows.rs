use std::collections::HashSet;

use rid_flow::ports::{Expect, Layout, Read, Row, RowKey, StorageError, Table, Transaction, Write};
use rusqlite::{Connection, ErrorCode, OptionalExtension, TransactionBehavior, params};

use super::layout;

/// No column is longer: a forged length takes no more memory than this. A document with a portrait is a tenth of it.
pub(super) const MAX_LEN: i32 = 8 << 20;
/// By the primary key, in whose order they are wanted: nothing is sorted.
const ROWS: &str = "SELECT t, k, v, i, b FROM r INDEXED BY sqlite_autoindex_r_1 WHERE t = ?1 ORDER BY k";
/// The index is named, or the planner takes the one that spares it sorting and reads every row's page for it.
pub(super) const HEADS: &str = "SELECT t, k, v, i, x'' FROM r INDEXED BY ri WHERE t = ?1 ORDER BY k";
pub(super) const HEADS_OF_INDEX: &str =
    "SELECT t, k, v, i, x'' FROM r INDEXED BY ri WHERE t = ?1 AND i = ?2 ORDER BY k";
/// What each of the two indexes holds of a table. One damaged entry hides a row from one of them alone (neg-K05).
pub(super) const KEYS: [&str; 2] =
    ["SELECT k FROM r INDEXED BY sqlite_autoindex_r_1 WHERE t = ?1", "SELECT k FROM r INDEXED BY ri WHERE t = ?1"];

/// Runs one transaction; `newest` is the highest layout it may raise the store to.
pub(super) fn run(
    connection: &mut Connection,
    transaction: &Transaction,
    newest: Layout,
) -> Result<Vec<Vec<Row>>, StorageError> {
    let fail = |error: rusqlite::Error| storage_error(&error);
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
    let read_row = |row: &rusqlite::Row<'_>| {
        Ok(Row {
            key: RowKey { table: Table(row.get(0)?), id: row.get(1)? },
            version: u64::try_from(row.get::<_, i64>(2)?).unwrap_or_default(),
            index: row.get(3)?,
            bytes: row.get(4)?,
        })
    };
    match read {
        Read::Get(key) => sql
            .prepare_cached("SELECT t, k, v, i, b FROM r WHERE t = ?1 AND k = ?2")?
            .query_row(params![key.table.0, key.id], read_row)
            .optional()
            .map(|row| row.into_iter().collect()),
        Read::Heads(table, None) => {
            let heads = sql.prepare_cached(HEADS)?.query_map(params![table.0], read_row)?.collect::<Result<_, _>>()?;
            in_both(sql, *table, heads)
        }
        Read::Heads(table, Some(index)) => {
            sql.prepare_cached(HEADS_OF_INDEX)?.query_map(params![table.0, index], read_row)?.collect()
        }
        Read::Rows(table, None) => {
            let rows = sql.prepare_cached(ROWS)?.query_map(params![table.0], read_row)?.collect::<Result<_, _>>()?;
            in_both(sql, *table, rows)
        }
        Read::Rows(table, Some(index)) => sql
            .prepare_cached("SELECT t, k, v, i, b FROM r WHERE t = ?1 AND i = ?2 ORDER BY k")?
            .query_map(params![table.0, index], read_row)?
            .collect(),
    }
}

/// Of a whole table, the rows that stand in both indexes: who counts them sees that one is missing, by whichever way it is looked for.
fn in_both(sql: &Connection, table: Table, mut rows: Vec<Row>) -> rusqlite::Result<Vec<Row>> {
    for keys in KEYS {
        let mut keys = sql.prepare_cached(keys)?;
        let keys = keys.query_map(params![table.0], |row| row.get(0))?.collect::<Result<HashSet<[u8; 32]>, _>>()?;
        rows.retain(|row| keys.contains(&row.key.id));
    }
    Ok(rows)
}

/// The number of rows changed: 1, or the expectation did not hold.
fn apply(sql: &Connection, write: &Write) -> rusqlite::Result<usize> {
    let number = |version: u64| i64::try_from(version).unwrap_or(i64::MAX);
    match write {
        Write::Delete(key, Expect::Version(version)) => sql
            .prepare_cached("DELETE FROM r WHERE t = ?1 AND k = ?2 AND v = ?3")?
            .execute(params![key.table.0, key.id, number(*version)]),
        // Deleting what must be absent holds if it is.
        Write::Delete(key, Expect::Absent) => sql
            .prepare_cached("SELECT count(*) = 0 FROM r WHERE t = ?1 AND k = ?2")?
            .query_row(params![key.table.0, key.id], |row| row.get::<_, bool>(0))
            .map(usize::from),
        Write::Put(row, Expect::Absent) => sql
            .prepare_cached("INSERT OR IGNORE INTO r (t, k, v, i, b) VALUES (?1, ?2, ?3, ?4, ?5)")?
            .execute(params![row.key.table.0, row.key.id, number(row.version), row.index, row.bytes]),
        Write::Put(row, Expect::Version(version)) => sql
            .prepare_cached("UPDATE r SET v = ?3, i = ?4, b = ?5 WHERE t = ?1 AND k = ?2 AND v = ?6")?
            .execute(params![row.key.table.0, row.key.id, number(row.version), row.index, row.bytes, number(*version)]),
    }
}

pub(super) fn storage_error(error: &rusqlite::Error) -> StorageError {
    match error.sqlite_error_code() {
        Some(ErrorCode::DiskFull) => StorageError::Full,
        Some(ErrorCode::ReadOnly | ErrorCode::PermissionDenied) => StorageError::ReadOnly,
        Some(ErrorCode::DatabaseBusy | ErrorCode::DatabaseLocked) => StorageError::Locked,
        // `Unknown` is SQLITE_ERROR: a table or column of ours is not there.
        Some(ErrorCode::DatabaseCorrupt | ErrorCode::NotADatabase | ErrorCode::Unknown) => StorageError::Damaged,
        Some(_) => StorageError::Io,
        // Rows of another form than this layout's.
        None => StorageError::Damaged,
    }
}
