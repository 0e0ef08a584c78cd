//! From a config to connections.

use sqlx::sqlite::{SqliteConnectOptions, SqlitePoolOptions};
use sqlx::{ConnectOptions, Connection, Row, SqliteConnection, SqlitePool};

use crate::config::{Place, SqliteConfig};
use crate::error::{OpenError, is_contended};
use crate::migrate::{MIGRATIONS, migrate};

/// The connections of a store.
#[derive(Debug)]
pub(crate) struct Opened {
    pub(crate) writer: SqliteConnection,
    pub(crate) readers: SqlitePool,
}

/// Opens a file, with its tables brought up to date.
pub(crate) async fn open(config: &SqliteConfig) -> Result<Opened, OpenError> {
    let options = config.writer();
    let mut first = connect(&options).await?;
    let mode = sqlx::query("PRAGMA journal_mode").fetch_one(&mut first).await?;
    let mode: String = mode.try_get(0)?;
    if mode != "wal" {
        return Err(OpenError::NoWriteAheadLog { mode });
    }
    let mut tries = 1;
    loop {
        match migrate(&mut first, &config.prefix, MIGRATIONS).await {
            Err(OpenError::Database { source })
                if is_contended(&source) && tries < SqliteConfig::TRIES =>
            {
                tries += 1;
            }
            migrated => break migrated?,
        }
    }
    // How selective the indexes are is read as a connection opens.
    let writer = connect(&options).await?;
    first.close().await?;
    let readers = match &config.place {
        Place::Pool(pool) => pool.clone(),
        Place::File(_) => {
            SqlitePoolOptions::new()
                .max_connections(config.readers)
                // They cost a thread each, and nothing breaks them.
                .idle_timeout(None)
                .max_lifetime(None)
                .test_before_acquire(false)
                .connect_with(config.reader())
                .await?
        }
    };
    Ok(Opened { writer, readers })
}

/// Opens a connection. The change to a write-ahead log does not wait for other processes that make
/// the same change, so it is tried again.
pub(crate) async fn connect(
    options: &SqliteConnectOptions,
) -> Result<SqliteConnection, sqlx::Error> {
    let mut tries: u32 = 1;
    loop {
        match options.connect().await {
            Err(error) if is_contended(&error) && tries < 50 => {
                tokio::time::sleep(std::time::Duration::from_millis(10) * tries.min(10)).await;
                tries += 1;
            }
            connected => return connected,
        }
    }
}
