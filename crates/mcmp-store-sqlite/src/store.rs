//! The store contract on SQLite.

use std::fmt;
use std::sync::Arc;

use async_trait::async_trait;
use chrono::{DateTime, TimeDelta, Utc};
use mcmp_core::access::Scope;
use mcmp_core::agency::Meter;
use mcmp_core::event::Event;
use mcmp_core::id::{AccountId, AgencyId};
use mcmp_core::publishing::{AccountLane, PublishJob};
use mcmp_core::store::{
    ChangeSet, ClaimRequest, Claimed, Commit, Entity, EventPosition, JobQueue, LeaseKey, Outbox,
    Page, Query, Read, StoreError,
};
use mcmp_core::time::Month;
use mcmp_store_sql::{Dialect, SqlError};
use sqlx::pool::PoolConnection;
use sqlx::{Sqlite, SqlitePool};
use tokio::sync::watch;

use crate::commits::{CommitAllWork, again};
use crate::config::SqliteConfig;
use crate::dialect::SqliteDialect;
use crate::error::{OpenError, sql_error};
use crate::open::{Opened, open};
use crate::prefix::TablePrefix;
use crate::session::SqliteSession;
use crate::work::{ClaimWork, Ground, RenewWork};
use crate::writer::Writer;

/// A store in an SQLite file: all of the contract, for any number of tasks of this process, and for
/// other processes on the same machine beside it. Clones share their connections.
///
/// Its time is the config's clock. What it writes is written by a task of the runtime that it was
/// opened in; when that ends, or after [`close`](Self::close), every call is
/// [`StoreError::Unavailable`].
#[derive(Clone)]
pub struct SqliteStore {
    pub(crate) shared: Arc<Shared>,
}

pub(crate) struct Shared {
    pub(crate) config: SqliteConfig,
    pub(crate) ground: Arc<Ground>,
    pub(crate) readers: SqlitePool,
    pub(crate) signal: watch::Sender<u64>,
    writer: Writer,
}

/// A connection that reads, with what a session needs.
pub(crate) struct Reader<'a> {
    connection: PoolConnection<Sqlite>,
    prefix: &'a TablePrefix,
}

impl Reader<'_> {
    pub(crate) fn session(&mut self) -> SqliteSession<'_> {
        SqliteSession::new(&mut self.connection, self.prefix)
    }
}

impl SqliteStore {
    /// Opens a store; its tables are made or brought up to date. Any number of processes may do so
    /// at once.
    ///
    /// # Errors
    /// The file can't be opened, is no database or is in use for too long; or its tables are of a
    /// newer version.
    pub async fn open(config: SqliteConfig) -> Result<Self, OpenError> {
        let Opened { writer, readers } = open(&config).await?;
        let signal = watch::Sender::new(0);
        let dialect = SqliteDialect::new(config.prefix.clone());
        let ground = Arc::new(Ground::new(dialect, Arc::clone(&config.clock)));
        let writer = Writer::start(&config, Arc::clone(&ground), writer, signal.clone());
        Ok(Self { shared: Arc::new(Shared { config, ground, readers, signal, writer }) })
    }

    /// Closes the store, once what was asked before is written. A host's pool stays open.
    ///
    /// A store that is dropped instead loses nothing either; the file's write-ahead log may then
    /// stay behind and is taken up when the file is opened again.
    pub async fn close(&self) {
        // Those that read go first: the last to leave puts the log into the file.
        if self.shared.config.is_own_file() {
            self.shared.readers.close().await;
        }
        self.shared.writer.close().await;
    }

    pub(crate) async fn reader(&self) -> Result<Reader<'_>, SqlError> {
        let prefix = &self.shared.config.prefix;
        let connection = self.shared.readers.acquire().await;
        let connection = connection.map_err(|error| sql_error(error, prefix))?;
        Ok(Reader { connection, prefix })
    }

    /// The words that the store's statements are made with: for a look at their plans, with
    /// [`list_sql`](mcmp_store_sql::list_sql).
    #[must_use]
    pub fn dialect(&self) -> &dyn Dialect {
        &self.shared.ground.dialect
    }
}

impl fmt::Debug for SqliteStore {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("SqliteStore").field("config", &self.shared.config).finish_non_exhaustive()
    }
}

#[async_trait]
impl<E: Entity> Read<E> for SqliteStore {
    async fn get(&self, scope: &Scope, id: E::Id) -> Result<Option<E>, StoreError> {
        let mut reader = self.reader().await?;
        Ok(mcmp_store_sql::get(&mut reader.session(), self.dialect(), scope, id).await?)
    }

    async fn list(&self, scope: &Scope, query: &Query<E>) -> Result<Page<E>, StoreError> {
        let mut reader = self.reader().await?;
        Ok(mcmp_store_sql::list(&mut reader.session(), self.dialect(), scope, query).await?)
    }

    async fn count(&self, scope: &Scope, filter: &E::Filter) -> Result<u64, StoreError> {
        let mut reader = self.reader().await?;
        let session = &mut reader.session();
        Ok(mcmp_store_sql::count::<E>(session, self.dialect(), scope, filter).await?)
    }
}

#[async_trait]
impl Commit for SqliteStore {
    async fn commit(&self, scope: &Scope, changes: ChangeSet) -> Result<(), StoreError> {
        if changes.is_empty() {
            return Ok(());
        }
        self.shared.writer.commit(scope.clone(), changes).await
    }

    async fn commit_all(
        &self,
        scope: &Scope,
        changes: Vec<ChangeSet>,
    ) -> Vec<Result<(), StoreError>> {
        let count = changes.len();
        let (ground, scope) = (Arc::clone(&self.shared.ground), scope.clone());
        match self.shared.writer.write(CommitAllWork { ground, scope, changes }).await {
            Ok(answers) => answers,
            // The whole transaction was lost.
            Err(error) => {
                let error = Arc::new(error);
                (0..count).map(|_| Err(again(&error))).collect()
            }
        }
    }

    async fn usage(
        &self,
        scope: &Scope,
        agency: AgencyId,
        meter: Meter,
        month: Option<Month>,
    ) -> Result<u64, StoreError> {
        let mut reader = self.reader().await?;
        let session = &mut reader.session();
        Ok(mcmp_store_sql::usage(session, self.dialect(), scope, agency, meter, month).await?)
    }
}

#[async_trait]
impl Outbox for SqliteStore {
    async fn events_after(
        &self,
        scope: &Scope,
        after: EventPosition,
        limit: usize,
    ) -> Result<Vec<(EventPosition, Event)>, StoreError> {
        let mut reader = self.reader().await?;
        let session = &mut reader.session();
        Ok(mcmp_store_sql::events_after(session, self.dialect(), scope, after, limit).await?)
    }
}

#[async_trait]
impl JobQueue for SqliteStore {
    async fn now(&self) -> Result<DateTime<Utc>, StoreError> {
        Ok(self.shared.ground.now())
    }

    async fn claim(&self, scope: &Scope, request: &ClaimRequest) -> Result<Claimed, StoreError> {
        let ground = Arc::clone(&self.shared.ground);
        let work = ClaimWork { ground, scope: scope.clone(), request: request.clone() };
        self.shared.writer.write(work).await
    }

    async fn renew(
        &self,
        scope: &Scope,
        leases: &[LeaseKey],
        lease: TimeDelta,
    ) -> Result<Vec<LeaseKey>, StoreError> {
        let (ground, scope) = (Arc::clone(&self.shared.ground), scope.clone());
        let work = RenewWork { ground, scope, leases: leases.to_vec(), lease };
        self.shared.writer.write(work).await
    }

    async fn expired(&self, scope: &Scope, limit: usize) -> Result<Vec<PublishJob>, StoreError> {
        let mut reader = self.reader().await?;
        let (session, now) = (&mut reader.session(), self.shared.ground.now());
        Ok(mcmp_store_sql::expired(session, self.dialect(), scope, limit, now).await?)
    }

    async fn next_due(&self, scope: &Scope) -> Result<Option<DateTime<Utc>>, StoreError> {
        let mut reader = self.reader().await?;
        Ok(mcmp_store_sql::next_due(&mut reader.session(), self.dialect(), scope).await?)
    }

    async fn lane(
        &self,
        scope: &Scope,
        account: AccountId,
    ) -> Result<Option<AccountLane>, StoreError> {
        let mut reader = self.reader().await?;
        Ok(mcmp_store_sql::lane_of(&mut reader.session(), self.dialect(), scope, account).await?)
    }

    fn signal(&self) -> watch::Receiver<u64> {
        self.shared.signal.subscribe()
    }
}
