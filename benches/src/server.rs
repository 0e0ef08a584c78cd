//! The PostgreSQL server of a benchmark, and a database on it.

use std::path::Path;
use std::process::Command;
use std::str::FromStr;

use mcmp_store_postgres::PostgresConfig;
use sqlx::postgres::{PgConnectOptions, PgConnection};
use sqlx::{AssertSqlSafe, ConnectOptions};

/// The role that stores work as: no superuser, so that row-level security holds for it.
const ROLE: &str = "mcmp_bench";

/// A database of a benchmark's own.
#[derive(Debug)]
pub struct Database {
    admin: PgConnectOptions,
    name: String,
    is_new: bool,
}

impl Database {
    /// A new one; or the one that was kept under this name, which is made if it is not there.
    ///
    /// # Errors
    /// There is no server; why, and what to do about it.
    pub async fn open(kept: Option<&str>) -> Result<Self, String> {
        let admin = PgConnectOptions::from_str(&address()?).unwrap();
        let name = kept.map_or_else(|| std::process::id().to_string(), str::to_owned);
        let name = format!("mcmp_bench_{name}");
        let mut connection = admin.connect().await.map_err(|error| error.to_string())?;
        execute(
            &mut connection,
            &format!(
                "DO $$ BEGIN CREATE ROLE {ROLE} LOGIN PASSWORD '{ROLE}'; \
                 EXCEPTION WHEN duplicate_object OR unique_violation THEN NULL; END $$"
            ),
        )
        .await;
        let is_there = sqlx::query("SELECT 1 FROM pg_database WHERE datname = $1").bind(&name);
        let is_there = is_there.fetch_optional(&mut connection).await.unwrap().is_some();
        let is_new = !is_there || kept.is_none();
        if is_new {
            let drop = format!("DROP DATABASE IF EXISTS \"{name}\" WITH (FORCE)");
            execute(&mut connection, &drop).await;
            execute(&mut connection, &format!("CREATE DATABASE \"{name}\" OWNER {ROLE}")).await;
        }
        Ok(Self { admin, name, is_new })
    }

    /// Whether it was empty when it was opened.
    #[must_use]
    pub fn is_new(&self) -> bool {
        self.is_new
    }

    /// How a store is opened in it.
    pub fn config(&self) -> PostgresConfig {
        let options = self.admin.clone().database(&self.name);
        PostgresConfig::options(options.username(ROLE).password(ROLE))
    }

    /// How the superuser gets there.
    pub async fn superuser(&self) -> PgConnection {
        self.admin.clone().database(&self.name).connect().await.unwrap()
    }

    /// Drops it, with all connections to it.
    pub async fn remove(self) {
        let mut connection = self.admin.connect().await.unwrap();
        let drop = format!("DROP DATABASE IF EXISTS \"{}\" WITH (FORCE)", self.name);
        execute(&mut connection, &drop).await;
    }
}

async fn execute(connection: &mut PgConnection, sql: &str) {
    sqlx::raw_sql(AssertSqlSafe(sql)).execute(connection).await.unwrap();
}

/// The address of the server's superuser: the given one, or that of the server of
/// `scripts/postgres`, which is started and stops by itself when nobody uses it any more.
fn address() -> Result<String, String> {
    let given = ["MCMP_BENCH_POSTGRES_URL", "MCMP_TEST_POSTGRES_URL"];
    if let Some(url) = given.iter().find_map(|name| std::env::var(name).ok()) {
        return Ok(url);
    }
    let script = Path::new(env!("CARGO_MANIFEST_DIR")).join("../scripts/postgres");
    let output = Command::new("bash")
        .arg(&script)
        .args(["start", "--durable", "--stop-when-idle", "15"])
        .output()
        .map_err(|error| format!("no bash: {error}"))?;
    if !output.status.success() {
        return Err(String::from_utf8_lossy(&output.stderr).trim().to_owned());
    }
    let lines = String::from_utf8_lossy(&output.stdout).into_owned();
    let url = lines.lines().find_map(|line| line.strip_prefix("PG_URL="));
    Ok(url.expect("the script says where the server is").to_owned())
}
