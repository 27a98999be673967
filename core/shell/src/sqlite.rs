//! SQLite behind the Storage port, on one thread of its own: a slow disk never blocks a caller's executor.
mod database;

use std::{
    path::{Path, PathBuf},
    sync::{
        Mutex, PoisonError,
        mpsc::{Sender, channel},
    },
    thread::{self, JoinHandle},
};

use async_trait::async_trait;
use rid_flow::ports::{Generation, Layout, Row, Storage, StorageError, Transaction};
use tokio::sync::oneshot;

use database::Database;

type Job = Box<dyn FnOnce(&mut Database) + Send>;

/// A store in one folder: `store.db` (WAL, `synchronous=FULL`), `envelope.a` and `.b`, stores set aside in `aside-<n>`,
/// a lock file, and while it is wiped or set aside a file `journal-…` that says so.
pub struct SqliteStorage {
    folder: PathBuf,
    newest: Layout,
    jobs: Mutex<Option<Worker>>,
}

/// The store's thread: it ends, and closes the files, when its sender is gone.
struct Worker {
    jobs: Sender<Job>,
    thread: JoinHandle<()>,
}

impl SqliteStorage {
    /// A store in this folder; nothing is touched before `open`.
    #[must_use]
    pub fn new(folder: &Path) -> Self {
        Self { folder: folder.to_path_buf(), newest: Layout::NEWEST, jobs: Mutex::new(None) }
    }

    /// As [`Self::new`], by software whose newest layout is this one: older, or made up and yet to come. For tests of
    /// migrations.
    #[cfg(feature = "dangerous")]
    #[must_use]
    pub fn dangerous_with_layout(folder: &Path, newest: Layout) -> Self {
        Self { folder: folder.to_path_buf(), newest, jobs: Mutex::new(None) }
    }

    /// Whether a store lies in the folder, or what is left of one.
    ///
    /// # Errors
    /// [`StorageError`] when the folder cannot be read.
    pub fn is_there(&self) -> Result<bool, StorageError> {
        database::is_there(&self.folder)
    }

    /// Names of the folders in it of what was set aside: stores, and areas of keys.
    ///
    /// # Errors
    /// [`StorageError`] when the folder cannot be read.
    pub fn asides(&self) -> Result<Vec<String>, StorageError> {
        database::asides(&self.folder)
    }

    /// Runs a job on the store's thread and waits for its answer without blocking the caller's executor.
    async fn run<T: Send + 'static>(
        &self,
        job: impl FnOnce(&mut Database) -> Result<T, StorageError> + Send + 'static,
    ) -> Result<T, StorageError> {
        let (answer, answered) = oneshot::channel();
        let sender = {
            let mut jobs = self.jobs.lock().unwrap_or_else(PoisonError::into_inner);
            match &*jobs {
                Some(worker) => worker.jobs.clone(),
                None => jobs.insert(start(self.folder.clone(), self.newest)?).jobs.clone(),
            }
        };
        let boxed: Job = Box::new(move |database| {
            // Nobody waits any more when this fails; the work stands.
            let _ = answer.send(job(database));
        });
        sender.send(boxed).map_err(|_| StorageError::Io)?;
        answered.await.map_err(|_| StorageError::Io)?
    }
}

/// A dropped handle is a closed one: others may open when `drop` returns.
impl Drop for SqliteStorage {
    fn drop(&mut self) {
        let worker = self.jobs.get_mut().unwrap_or_else(PoisonError::into_inner).take();
        if let Some(Worker { jobs, thread }) = worker {
            drop(jobs);
            // A thread that panicked has let go of its files all the same.
            let _ = thread.join();
        }
    }
}

fn start(folder: PathBuf, newest: Layout) -> Result<Worker, StorageError> {
    let (jobs, received) = channel::<Job>();
    let work = move || {
        let mut database = Database::new(folder, newest);
        while let Ok(job) = received.recv() {
            job(&mut database);
        }
    };
    let thread = thread::Builder::new().name("rid-store".into()).spawn(work).map_err(|_| StorageError::Io)?;
    Ok(Worker { jobs, thread })
}

#[async_trait]
impl Storage for SqliteStorage {
    async fn open(&self) -> Result<Layout, StorageError> {
        self.run(Database::open).await
    }

    async fn transact(&self, transaction: Transaction) -> Result<Vec<Vec<Row>>, StorageError> {
        self.run(move |database| database.transact(&transaction)).await
    }

    async fn accept(&self) -> Result<(), StorageError> {
        self.run(|database| database.accept()).await
    }

    async fn check(&self) -> Result<(), StorageError> {
        self.run(|database| database.check()).await
    }

    async fn salvage(&self, log: bool) -> Result<(), StorageError> {
        self.run(move |database| database.salvage(log)).await
    }

    async fn rebuild(&self, rows: Vec<Row>) -> Result<(), StorageError> {
        self.run(|database| database.rebuild(rows)).await
    }

    async fn envelope_other(&self) -> Result<Option<(Generation, Vec<u8>)>, StorageError> {
        self.run(|database| database.envelope_other()).await
    }

    async fn envelope_read(&self) -> Result<Option<(Generation, Vec<u8>)>, StorageError> {
        self.run(|database| database.envelope_read()).await
    }

    async fn envelope_replace(&self, generation: Generation, bytes: Vec<u8>) -> Result<(), StorageError> {
        self.run(move |database| database.envelope_replace(generation, &bytes)).await
    }

    async fn set_aside(&self) -> Result<(), StorageError> {
        self.run(Database::set_aside).await
    }

    async fn wipe(&self) -> Result<(), StorageError> {
        self.run(Database::wipe).await
    }

    async fn close(&self) -> Result<(), StorageError> {
        self.run(Database::close).await
    }
}
