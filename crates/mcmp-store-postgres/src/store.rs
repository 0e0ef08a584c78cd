//! The store: what it holds, and its reads.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use async_trait::async_trait;
use chrono::{DateTime, Utc};
use mcmp_core::access::Scope;
use mcmp_core::store::{Entity, EntityKind, Filter, Page, Query, Read, StoreError};
use mcmp_core::time::Clock;
use mcmp_store_sql::{Dialect, Session as _, SqlError, Value, ValueType};
use sqlx::PgPool;

use crate::client_schemas;
use crate::dialect::PgDialect;
use crate::schema_name::SchemaName;
use crate::server_clock::ServerClock;
use crate::session::PgSession;
use crate::tenant::Access;
use crate::together::Together;
use crate::transaction::retried;
use crate::wake::Wake;

/// A store in a PostgreSQL database; made by [`PostgresConfig`](crate::PostgresConfig). Clones are
/// the same store.
#[derive(Debug, Clone)]
pub struct PostgresStore {
    shared: Arc<Shared>,
}

#[derive(Debug)]
struct Shared {
    pool: PgPool,
    dialect: PgDialect,
    clock: Option<Arc<dyn Clock>>,
    server_clock: ServerClock,
    wake: Wake,
    together: Arc<Together>,
    /// Who gets the odd place of a claim.
    odd_to_unknown: AtomicBool,
}

impl PostgresStore {
    pub(crate) fn new(
        pool: PgPool,
        dialect: PgDialect,
        clock: Option<Arc<dyn Clock>>,
        notifies: bool,
    ) -> Self {
        let wake =
            if notifies { Wake::across_processes(&pool, dialect.schema()) } else { Wake::local() };
        let odd_to_unknown = AtomicBool::new(false);
        Self {
            shared: Arc::new(Shared {
                pool,
                dialect,
                clock,
                server_clock: ServerClock::default(),
                wake,
                together: Arc::default(),
                odd_to_unknown,
            }),
        }
    }

    /// The pool that the store works with.
    #[must_use]
    pub fn pool(&self) -> &PgPool {
        &self.shared.pool
    }

    /// The schema that the store's tables lie in.
    #[must_use]
    pub fn schema(&self) -> &SchemaName {
        self.shared.dialect.schema()
    }

    /// The words that the store's statements are made with: for a look at their plans, with
    /// [`list_sql`](mcmp_store_sql::list_sql).
    #[must_use]
    pub fn dialect(&self) -> &dyn Dialect {
        &self.shared.dialect
    }

    pub(crate) fn has_client_schemas(&self) -> bool {
        self.shared.dialect.has_client_schemas()
    }

    pub(crate) fn wakes(&self) -> &Wake {
        &self.shared.wake
    }

    pub(crate) fn together(&self) -> &Arc<Together> {
        &self.shared.together
    }

    pub(crate) fn odd_to_unknown(&self) -> bool {
        self.shared.odd_to_unknown.fetch_xor(true, Ordering::Relaxed)
    }

    /// The store's time, where that takes no question to the server.
    pub(crate) fn known_time(&self) -> Option<DateTime<Utc>> {
        let injected = self.shared.clock.as_ref().map(|clock| clock.now());
        injected.or_else(|| self.shared.server_clock.now())
    }

    /// The store's time, asked for unless that was done just now.
    pub(crate) async fn fresh_time(
        &self,
        session: &mut PgSession<'_>,
    ) -> Result<DateTime<Utc>, SqlError> {
        match self.shared.server_clock.fresh() {
            Some(now) => Ok(now),
            None => self.time(session).await,
        }
    }

    /// The store's time: the server's, or the injected clock's.
    pub(crate) async fn time(
        &self,
        session: &mut PgSession<'_>,
    ) -> Result<DateTime<Utc>, SqlError> {
        if let Some(clock) = &self.shared.clock {
            return Ok(clock.now());
        }
        let sql = "SELECT floor(extract(epoch FROM clock_timestamp()) * 1000000)::bigint";
        let rows = session.fetch(sql, &[], &[ValueType::Number]).await?;
        match rows.first().and_then(|row| row.first()) {
            Some(Value::Number(micros)) => DateTime::from_timestamp_micros(*micros),
            _ => None,
        }
        .map(|now| self.shared.server_clock.read(now))
        .ok_or_else(|| SqlError::Failed("the server's time can't be read".into()))
    }

    /// A page of a list.
    pub(crate) async fn page<E: Entity>(
        &self,
        session: &mut PgSession<'_>,
        scope: &Scope,
        query: &Query<E>,
    ) -> Result<Page<E>, SqlError> {
        let (client, parent) = (query.filter.client(), query.filter.parent());
        let parent = parent.as_slice();
        let known = client_schemas::whose(self, session, E::KIND, client, parent).await?;
        mcmp_store_sql::list_among(session, self.dialect(), scope, query, &known).await
    }
}

/// Whether a list holds up nobody who waits for other things: what belongs to one post or the like,
/// and a team's members, are few and found by an index.
fn is_short<E: Entity>(query: &Query<E>) -> bool {
    query.filter.parent().is_some() || E::KIND == EntityKind::Membership
}

#[async_trait]
impl<E: Entity> Read<E> for PostgresStore {
    async fn get(&self, scope: &Scope, id: E::Id) -> Result<Option<E>, StoreError> {
        Ok(self.entity(scope, id).await?)
    }

    async fn list(&self, scope: &Scope, query: &Query<E>) -> Result<Page<E>, StoreError> {
        query.validate()?;
        if is_short(query)
            && let Some(page) = self.short_list(scope, query).await
        {
            return Ok(page);
        }
        let page = retried!(|attempts| async {
            let mut transaction = attempts.begin(self, scope, Access::Read, "").await?;
            self.page(&mut PgSession::new(&mut transaction), scope, query).await
        });
        Ok(page?)
    }

    async fn count(&self, scope: &Scope, filter: &E::Filter) -> Result<u64, StoreError> {
        let count = retried!(|attempts| async {
            let mut transaction = attempts.begin(self, scope, Access::Read, "").await?;
            let session = &mut PgSession::new(&mut transaction);
            let (client, parent) = (filter.client(), filter.parent());
            let parent = parent.as_slice();
            let known = client_schemas::whose(self, session, E::KIND, client, parent).await?;
            mcmp_store_sql::count_among::<E>(session, self.dialect(), scope, filter, &known).await
        });
        Ok(count?)
    }
}
