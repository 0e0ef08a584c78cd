//! Where a store is, and how it is kept.

use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use mcmp_core::time::{Clock, SystemClock};
use sqlx::SqlitePool;
use sqlx::sqlite::{SqliteConnectOptions, SqliteJournalMode, SqliteSynchronous};

use crate::prefix::TablePrefix;

/// When a commit counts as done.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
#[non_exhaustive]
pub enum Synchronous {
    /// Once the disk has it: it outlives the loss of power.
    #[default]
    Full,
    /// Once the system has it: it outlives the end of the process, and may be lost with the power;
    /// the file stays whole.
    Normal,
}

/// Where a store is, and how it is kept.
///
/// ```
/// use std::time::Duration;
///
/// use mcmp_store_sqlite::{SqliteConfig, TablePrefix};
///
/// # fn main() -> Result<(), Box<dyn std::error::Error>> {
/// let config = SqliteConfig::new("/var/lib/agency/mcmp.sqlite")
///     .prefix(TablePrefix::new("mcmp_")?)
///     .readers(8)
///     .busy_timeout(Duration::from_secs(10));
/// # drop(config);
/// # Ok(())
/// # }
/// ```
#[derive(Debug, Clone)]
#[must_use = "a config does nothing until a store is opened with it"]
pub struct SqliteConfig {
    pub(crate) place: Place,
    pub(crate) prefix: TablePrefix,
    pub(crate) readers: u32,
    pub(crate) busy_timeout: Duration,
    pub(crate) synchronous: Synchronous,
    pub(crate) clock: Arc<dyn Clock>,
}

/// Where the file is, and who reads from it.
#[derive(Clone)]
pub(crate) enum Place {
    File(PathBuf),
    Pool(SqlitePool),
}

// A host's options may hold a key.
impl std::fmt::Debug for Place {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::File(path) => f.debug_tuple("File").field(path).finish(),
            Self::Pool(pool) => {
                let options = pool.connect_options();
                f.debug_tuple("Pool").field(&options.get_filename()).finish()
            }
        }
    }
}

impl SqliteConfig {
    /// A file of our own, made if it is not there.
    pub fn new(path: impl Into<PathBuf>) -> Self {
        Self::at(Place::File(path.into()))
    }

    /// A host's database, beside its own tables: reads go through the host's pool, and for
    /// writing one more connection is opened, with the pool's options.
    ///
    /// The file changes to a write-ahead log if it has none yet.
    pub fn with_pool(pool: SqlitePool) -> Self {
        Self::at(Place::Pool(pool))
    }

    fn at(place: Place) -> Self {
        Self {
            place,
            prefix: TablePrefix::default(),
            readers: 4,
            busy_timeout: Duration::from_secs(5),
            synchronous: Synchronous::default(),
            clock: Arc::new(SystemClock),
        }
    }

    /// What the tables' names start with; `mcmp_` unless set.
    pub fn prefix(mut self, prefix: TablePrefix) -> Self {
        self.prefix = prefix;
        self
    }

    /// How many may read at once, 1 at least; 4 unless set. A host's pool has its own number.
    pub fn readers(mut self, readers: u32) -> Self {
        self.readers = readers.max(1);
        self
    }

    /// How long to wait for another process that writes, before waiting counts as one try; five
    /// seconds unless set. A write is given up after [`TRIES`](Self::TRIES) tries.
    pub fn busy_timeout(mut self, timeout: Duration) -> Self {
        self.busy_timeout = timeout;
        self
    }

    /// When a commit counts as done.
    pub fn synchronous(mut self, synchronous: Synchronous) -> Self {
        self.synchronous = synchronous;
        self
    }

    /// The store's time; the machine's unless set.
    pub fn clock(mut self, clock: Arc<dyn Clock>) -> Self {
        self.clock = clock;
        self
    }

    /// How often a write waits for another process before it is given up.
    pub const TRIES: u32 = 4;

    /// Whether the file is opened by this store alone, and not by a host's pool.
    pub(crate) fn is_own_file(&self) -> bool {
        matches!(self.place, Place::File(_))
    }

    /// What all connections have in common.
    fn connection(&self) -> SqliteConnectOptions {
        let options = match &self.place {
            Place::File(path) => SqliteConnectOptions::new().filename(path),
            Place::Pool(pool) => SqliteConnectOptions::clone(&pool.connect_options()),
        };
        sqlx::ConnectOptions::disable_statement_logging(options)
            .busy_timeout(self.busy_timeout)
            .foreign_keys(true)
            .statement_cache_capacity(500)
            // A page and one row more, so that the connection's thread is not waited for in
            // between.
            .row_buffer_size(512)
            .pragma("temp_store", "MEMORY")
    }

    /// The connection that writes.
    pub(crate) fn writer(&self) -> SqliteConnectOptions {
        let synchronous = match self.synchronous {
            Synchronous::Full => SqliteSynchronous::Full,
            Synchronous::Normal => SqliteSynchronous::Normal,
        };
        self.connection()
            .create_if_missing(true)
            .read_only(false)
            .journal_mode(SqliteJournalMode::Wal)
            .synchronous(synchronous)
            .pragma("cache_size", "-32768")
            // The log is copied into the file every 16 MB, and is cut to 64 MB after a long read.
            .pragma("wal_autocheckpoint", "4000")
            .pragma("journal_size_limit", "67108864")
    }

    /// A connection that only reads.
    pub(crate) fn reader(&self) -> SqliteConnectOptions {
        self.connection().read_only(true).pragma("cache_size", "-8192")
    }
}
