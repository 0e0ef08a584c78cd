//! A PostgreSQL server, and a database of its own for each test.
//!
//! The server is the one that `MCMP_TEST_POSTGRES_URL` names, by the address of a superuser; else the
//! one of `scripts/postgres`, which is started if PostgreSQL is installed and stops by itself when
//! nobody has used it for a while. Databases are copies of one that was migrated once. Stores work
//! in them as a role that is no superuser, as they must.

use std::hash::{DefaultHasher, Hash, Hasher};
use std::path::Path;
use std::str::FromStr;
use std::sync::OnceLock;
use std::sync::atomic::{AtomicU32, Ordering};

use mcmp_core::testkit::Skip;
use mcmp_store_postgres::PostgresConfig;
use sqlx::postgres::{PgConnectOptions, PgConnection};
use sqlx::{AssertSqlSafe, ConnectOptions, Connection};

use crate::script;

/// The role that stores work as.
const ROLE: &str = "mcmp_test";
const PASSWORD: &str = "mcmp_test";
/// The advisory lock under which the template is made.
const LOCK: i64 = 0x6d63_6d70;

/// How the schema of a template keeps clients apart.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Layout {
    SharedTables,
    SchemaPerClient,
}

/// A database for one test, dropped with this value.
#[derive(Debug)]
pub struct Database {
    name: String,
    admin: PgConnectOptions,
}

impl Database {
    /// A database with an empty, migrated schema `mcmp`.
    ///
    /// # Errors
    /// [`Skip`] where there is no server.
    pub async fn fresh() -> Result<Self, Skip> {
        let admin = admin()?;
        let template = template(&admin, Layout::SharedTables).await;
        Ok(Self::create(admin, &format!("TEMPLATE {template}")).await)
    }

    /// The same, with a schema for each client.
    ///
    /// # Errors
    /// [`Skip`] where there is no server.
    pub async fn per_client() -> Result<Self, Skip> {
        let admin = admin()?;
        let template = template(&admin, Layout::SchemaPerClient).await;
        Ok(Self::create(admin, &format!("TEMPLATE {template}")).await)
    }

    /// An empty database.
    ///
    /// # Errors
    /// [`Skip`] where there is no server.
    pub async fn empty() -> Result<Self, Skip> {
        let admin = admin()?;
        // Makes the role, too.
        template(&admin, Layout::SharedTables).await;
        Ok(Self::create(admin, "").await)
    }

    async fn create(admin: PgConnectOptions, template: &str) -> Self {
        static COUNT: AtomicU32 = AtomicU32::new(0);
        let count = COUNT.fetch_add(1, Ordering::Relaxed);
        let name = format!("mcmp_test_{}_{count}", std::process::id());
        let mut connection = connect(&admin).await;
        execute(&mut connection, &format!("DROP DATABASE IF EXISTS {name} WITH (FORCE)")).await;
        let sql = format!("CREATE DATABASE {name} OWNER {ROLE} {template}");
        execute(&mut connection, &sql).await;
        connection.close().await.unwrap();
        Self { name, admin }
    }

    /// How the role of the stores gets there.
    pub fn options(&self) -> PgConnectOptions {
        as_role(&self.admin, &self.name)
    }

    /// How the superuser gets there.
    pub fn superuser(&self) -> PgConnectOptions {
        self.admin.clone().database(&self.name)
    }

    /// A store in it.
    pub fn config(&self) -> PostgresConfig {
        PostgresConfig::options(self.options())
    }
}

impl Drop for Database {
    fn drop(&mut self) {
        let sql = format!("DROP DATABASE IF EXISTS {} WITH (FORCE)", self.name);
        let admin = self.admin.clone();
        // A thread of its own, as a test's runtime can't wait for itself.
        let dropping = std::thread::spawn(move || {
            let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build();
            runtime.unwrap().block_on(async {
                if let Ok(mut connection) = admin.connect().await {
                    let _ = sqlx::query(AssertSqlSafe(sql)).execute(&mut connection).await;
                }
            });
        });
        let _ = dropping.join();
    }
}

/// A fresh database, or the end of the test where there is no server: `database!("the_test")`, or
/// `database!("the_test", per_client)` for what another function of [`Database`] makes.
#[doc(hidden)]
#[macro_export]
macro_rules! __postgres_database {
    ($test:literal) => {
        $crate::postgres::database!($test, fresh)
    };
    ($test:literal, $kind:ident) => {
        match $crate::postgres::Database::$kind().await {
            Ok(database) => database,
            Err(skip) => return $crate::skipped($test, &skip),
        }
    };
}
#[doc(inline)]
pub use crate::__postgres_database as database;

/// A session that is given these options.
pub async fn connect(options: &PgConnectOptions) -> PgConnection {
    options.connect().await.unwrap()
}

/// Runs statements that must work.
pub async fn execute(connection: &mut PgConnection, sql: &str) {
    sqlx::raw_sql(AssertSqlSafe(sql)).execute(connection).await.unwrap();
}

fn as_role(admin: &PgConnectOptions, database: &str) -> PgConnectOptions {
    admin.clone().database(database).username(ROLE).password(PASSWORD)
}

/// How the superuser gets to the server.
fn admin() -> Result<PgConnectOptions, Skip> {
    static URL: OnceLock<Result<String, Skip>> = OnceLock::new();
    let url = URL.get_or_init(|| match std::env::var("MCMP_TEST_POSTGRES_URL") {
        Ok(url) => Ok(url),
        Err(_) => started(),
    });
    Ok(PgConnectOptions::from_str(&url.clone()?).unwrap())
}

fn started() -> Result<String, Skip> {
    let mut said = script::start("postgres", &["--stop-when-idle", "15"])?;
    Ok(said.remove("PG_URL").expect("the script says where the server is"))
}

/// The name of a migrated database to copy, made by whoever comes first. It is another one when the
/// migrations are others.
async fn template(admin: &PgConnectOptions, layout: Layout) -> String {
    let kind = if layout == Layout::SharedTables { "shared" } else { "per_client" };
    let name = format!("mcmp_template_{kind}_{:016x}", migrations());
    let mut connection = connect(admin).await;
    sqlx::query("SELECT pg_advisory_lock($1)").bind(LOCK).execute(&mut connection).await.unwrap();
    let is_there: bool = sqlx::query_scalar(
        "SELECT EXISTS (SELECT 1 FROM pg_database WHERE datname = $1 AND datistemplate)",
    )
    .bind(&name)
    .fetch_one(&mut connection)
    .await
    .unwrap();
    if !is_there {
        let role = format!(
            "DO $$ BEGIN CREATE ROLE {ROLE} LOGIN PASSWORD '{PASSWORD}'; \
             EXCEPTION WHEN duplicate_object THEN NULL; END $$"
        );
        execute(&mut connection, &role).await;
        // Left behind by a run that was stopped.
        execute(&mut connection, &format!("DROP DATABASE IF EXISTS {name} WITH (FORCE)")).await;
        execute(&mut connection, &format!("CREATE DATABASE {name} OWNER {ROLE}")).await;
        let config = PostgresConfig::options(as_role(admin, &name)).max_connections(1);
        let config = match layout {
            Layout::SharedTables => config,
            Layout::SchemaPerClient => config.schema_per_client(),
        };
        config.migrate().await.unwrap();
        let done = format!("ALTER DATABASE {name} IS_TEMPLATE true ALLOW_CONNECTIONS false");
        execute(&mut connection, &done).await;
    }
    connection.close().await.unwrap();
    name
}

fn migrations() -> u64 {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../mcmp-store-postgres/migrations");
    let mut files: Vec<_> =
        std::fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path()).collect();
    files.sort();
    let mut hasher = DefaultHasher::new();
    for file in files {
        std::fs::read(file).unwrap().hash(&mut hasher);
    }
    hasher.finish()
}
