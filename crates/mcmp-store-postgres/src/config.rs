//! How a store is opened.

use std::fmt;
use std::str::FromStr;
use std::sync::Arc;
use std::time::Duration;

use mcmp_core::time::Clock;
use sqlx::PgPool;
use sqlx::postgres::{PgConnectOptions, PgConnection, PgPoolOptions};

use crate::dialect::PgDialect;
use crate::error::OpenError;
use crate::migrate::{self, Layout, MIGRATIONS};
use crate::schema_name::SchemaName;
use crate::store::PostgresStore;

/// How a store is opened: where, in which schema, and with what it may do there.
///
/// ```no_run
/// # async fn example() -> Result<(), mcmp_store_postgres::OpenError> {
/// use mcmp_store_postgres::PostgresConfig;
///
/// let store = PostgresConfig::url("postgres://app:secret@db.example.com/shop")
///     .schema("mcmp")
///     .max_connections(20)
///     .open()
///     .await?;
/// # drop(store);
/// # Ok(())
/// # }
/// ```
#[derive(Clone)]
#[must_use = "a store is there once it is opened"]
pub struct PostgresConfig {
    source: Source,
    schema: String,
    max_connections: u32,
    acquire_timeout: Duration,
    layout: Layout,
    clock: Option<Arc<dyn Clock>>,
    migrates: bool,
    passes_over_policies: bool,
    notifies: bool,
}

#[derive(Clone)]
enum Source {
    Url(String),
    Options(Box<PgConnectOptions>),
    Pool(PgPool),
}

impl PostgresConfig {
    /// How many prepared statements a connection keeps. A store has a few for each kind of entity
    /// and combination of filters; each is planned once per connection then.
    pub const STATEMENT_CACHE: usize = 500;

    fn new(source: Source) -> Self {
        Self {
            source,
            schema: SchemaName::default().as_str().to_owned(),
            max_connections: 10,
            acquire_timeout: Duration::from_secs(5),
            layout: Layout::SharedTables,
            clock: None,
            migrates: true,
            passes_over_policies: false,
            notifies: true,
        }
    }

    /// A database by its address: `postgres://user:password@host:port/database`, with the
    /// parameters of [libpq](https://www.postgresql.org/docs/current/libpq-connect.html) that sqlx
    /// knows, such as `sslmode`.
    pub fn url(url: impl Into<String>) -> Self {
        Self::new(Source::Url(url.into()))
    }

    /// A database by sqlx's options.
    pub fn options(options: PgConnectOptions) -> Self {
        Self::new(Source::Options(Box::new(options)))
    }

    /// The host's own pool. Its size, time-outs and connections stay as they are; raise its
    /// statement cache to [`STATEMENT_CACHE`](Self::STATEMENT_CACHE).
    pub fn pool(pool: PgPool) -> Self {
        Self::new(Source::Pool(pool))
    }

    /// The schema that the store's tables lie in, see [`SchemaName`]; `mcmp` unless set. It is made
    /// if it is not there.
    pub fn schema(mut self, schema: impl Into<String>) -> Self {
        self.schema = schema.into();
        self
    }

    /// Gives each client a schema of its own beside the store's, `<schema>_c_<client's id>`, for its
    /// content: posts and what belongs to them, series, campaigns, briefs, creators, tasks, files and
    /// numbers. It is made with the client, migrated with the store, and
    /// [dropped](PostgresStore::erase_client) to erase the client. Jobs, accounts, the log and what is
    /// the agency's stay in the store's schema. A schema that was made without this can't be opened
    /// with it, nor the other way round.
    ///
    /// Choose it where clients ask for it, or are to be backed up or erased one by one: what looks
    /// over all clients, such as the engine's search for what is due, looks into each of their
    /// tables. It is made for hundreds of clients; shared tables are for any number.
    pub fn schema_per_client(mut self) -> Self {
        self.layout = Layout::SchemaPerClient;
        self
    }

    /// Most connections of the store's own pool, 10 unless set. One more listens for wake-ups.
    pub fn max_connections(mut self, most: u32) -> Self {
        self.max_connections = most;
        self
    }

    /// How long a call waits for a connection of the store's own pool, 5 seconds unless set.
    pub fn acquire_timeout(mut self, timeout: Duration) -> Self {
        self.acquire_timeout = timeout;
        self
    }

    /// Goes by this clock and not by the server's: for tests and simulations. All who use the
    /// database must go by the same one.
    pub fn clock(mut self, clock: Arc<dyn Clock>) -> Self {
        self.clock = Some(clock);
        self
    }

    /// Leaves the schema as it is, and refuses one that is not up to date. Then another role may
    /// own it, which [migrates](Self::migrate) it and grants this one `USAGE` on the schema,
    /// `SELECT, INSERT, UPDATE, DELETE` on its tables, `USAGE, SELECT` on its sequences and `EXECUTE`
    /// on its functions.
    pub fn without_migrations(mut self) -> Self {
        self.migrates = false;
        self
    }

    /// Lets a role in that passes over row-level security: a superuser, or one with `BYPASSRLS`.
    /// Tenants are then kept apart by the statements of this crate alone. Fine where you try
    /// things out; refused unless it is said here.
    pub fn allow_superuser(mut self) -> Self {
        self.passes_over_policies = true;
        self
    }

    /// Neither sends nor listens to `NOTIFY`; workers in other processes find work by polling.
    pub fn without_notifications(mut self) -> Self {
        self.notifies = false;
        self
    }

    /// Migrates the schema and opens the store. It must be called within a tokio runtime, whose
    /// tasks listen for wake-ups as long as the store is there.
    ///
    /// # Errors
    /// [`OpenError`].
    pub async fn open(self) -> Result<PostgresStore, OpenError> {
        let schema = SchemaName::from_str(&self.schema)?;
        let pool = self.connect().await?;
        let mut connection = pool.acquire().await?;
        check_server(&mut connection).await?;
        self.check_role(&mut connection).await?;
        if self.migrates {
            migrate::run(&mut connection, &schema, self.layout, MIGRATIONS).await?;
        } else {
            migrate::check(&mut connection, &schema, self.layout, MIGRATIONS).await?;
        }
        drop(connection);
        let has_client_schemas = self.layout == Layout::SchemaPerClient;
        let dialect = PgDialect::new(schema, has_client_schemas);
        Ok(PostgresStore::new(pool, dialect, self.clock, self.notifies))
    }

    /// Migrates the schema, and no more: for a role of its own that may change tables.
    ///
    /// # Errors
    /// [`OpenError`].
    pub async fn migrate(self) -> Result<(), OpenError> {
        let schema = SchemaName::from_str(&self.schema)?;
        let pool = self.connect().await?;
        let mut connection = pool.acquire().await?;
        check_server(&mut connection).await?;
        migrate::run(&mut connection, &schema, self.layout, MIGRATIONS).await
    }

    async fn connect(&self) -> Result<PgPool, OpenError> {
        let options = match &self.source {
            Source::Pool(pool) => return Ok(pool.clone()),
            Source::Options(options) => PgConnectOptions::clone(options),
            // What does not parse may hold the password, so the driver's error goes no further.
            Source::Url(url) => PgConnectOptions::from_str(url).map_err(|_| OpenError::Address)?,
        };
        let pool = PgPoolOptions::new()
            .max_connections(self.max_connections)
            .acquire_timeout(self.acquire_timeout)
            // A broken connection shows at once, and what was begun on it is tried again.
            .test_before_acquire(false);
        let options = options.statement_cache_capacity(Self::STATEMENT_CACHE);
        Ok(pool.connect_with(options).await?)
    }

    async fn check_role(&self, connection: &mut PgConnection) -> Result<(), OpenError> {
        let sql = "SELECT rolname, rolsuper OR rolbypassrls FROM pg_roles \
                   WHERE rolname = current_user";
        let (role, passes): (String, bool) =
            sqlx::query_as(sql).fetch_one(&mut *connection).await?;
        if passes && !self.passes_over_policies {
            return Err(OpenError::PassesOverPolicies { role });
        }
        if passes {
            tracing::warn!(role, "this role passes over row-level security");
        }
        Ok(())
    }
}

async fn check_server(connection: &mut PgConnection) -> Result<(), OpenError> {
    let sql = "SELECT current_setting('server_version'), \
               current_setting('server_version_num')::bigint";
    let (version, number): (String, i64) = sqlx::query_as(sql).fetch_one(connection).await?;
    if number < 150_000 { Err(OpenError::TooOld { version }) } else { Ok(()) }
}

impl fmt::Debug for PostgresConfig {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("PostgresConfig")
            .field("source", &self.source)
            .field("schema", &self.schema)
            .field("layout", &self.layout)
            .field("max_connections", &self.max_connections)
            .field("acquire_timeout", &self.acquire_timeout)
            .field("clock", &self.clock)
            .field("migrates", &self.migrates)
            .field("passes_over_policies", &self.passes_over_policies)
            .field("notifies", &self.notifies)
            .finish()
    }
}

impl fmt::Debug for Source {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let options = match self {
            Self::Pool(_) => return f.write_str("Pool"),
            Self::Options(options) => Some(PgConnectOptions::clone(options)),
            Self::Url(url) => PgConnectOptions::from_str(url).ok(),
        };
        match options {
            Some(options) => f
                .debug_struct("Database")
                .field("host", &options.get_host())
                .field("port", &options.get_port())
                .field("database", &options.get_database())
                .field("username", &options.get_username())
                .finish_non_exhaustive(),
            None => f.write_str("Database(unreadable address)"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::PostgresConfig;

    #[test]
    fn a_config_shows_no_password() {
        for url in [
            "postgres://app:hunter2@db.example.com/shop",
            "postgres://db.example.com/shop?user=app&password=hunter2",
            "postgres://app:hunter2@db.example.com:not-a-port/shop",
            "hunter2",
        ] {
            let shown = format!("{:?}", PostgresConfig::url(url));
            assert!(!shown.contains("hunter2"), "{shown}");
        }
    }

    #[tokio::test]
    async fn an_address_that_is_refused_is_not_told() {
        let url = "postgres://app:hunter2@db.example.com:not-a-port/shop";
        let error = PostgresConfig::url(url).open().await.unwrap_err();
        let mut told = format!("{error:?} {error}");
        let mut source = std::error::Error::source(&error);
        while let Some(error) = source {
            told.push_str(&error.to_string());
            source = error.source();
        }
        assert!(!told.contains("hunter2"), "{told}");
    }
}
