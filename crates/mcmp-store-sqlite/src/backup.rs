//! Copies of the file, made while it is written to.

use std::ffi::OsString;
use std::path::{Path, PathBuf};

use sqlx::AssertSqlSafe;

use crate::error::BackupError;
use crate::store::SqliteStore;

impl SqliteStore {
    /// Copies the whole database, a host's tables among it, into a new file: everything that is
    /// committed now and nothing later. Reads and writes go on meanwhile. The file appears under
    /// its name once it is complete and on the disk, and opens as a store.
    ///
    /// Put the copy somewhere else than on the same disk; sealed secrets in it need the same keys.
    ///
    /// # Errors
    /// There is a file of this name, or it can't be written.
    pub async fn backup(&self, path: impl AsRef<Path>) -> Result<(), BackupError> {
        let path = path.as_ref();
        if path.try_exists()? {
            return Err(BackupError::Exists);
        }
        let partial = beside(path);
        remove(&partial)?;
        let name = partial.to_str().ok_or(BackupError::Name)?.replace('\'', "''");
        let failed = |source| BackupError::Database { source };
        let mut connection = self.shared.readers.acquire().await.map_err(failed)?;
        let copy = sqlx::raw_sql(AssertSqlSafe(format!("VACUUM INTO '{name}'")));
        if let Err(error) = copy.execute(&mut *connection).await {
            remove(&partial)?;
            return Err(failed(error));
        }
        drop(connection);
        let path = path.to_owned();
        let kept = tokio::task::spawn_blocking(move || keep(&partial, &path)).await;
        kept.map_err(std::io::Error::other)??;
        Ok(())
    }
}

/// The name of a copy that is not complete yet.
fn beside(path: &Path) -> PathBuf {
    let mut name = OsString::from(path);
    name.push(".partial");
    PathBuf::from(name)
}

fn remove(path: &Path) -> std::io::Result<()> {
    match std::fs::remove_file(path) {
        Err(error) if error.kind() != std::io::ErrorKind::NotFound => Err(error),
        _ => Ok(()),
    }
}

/// Puts a complete copy on the disk, under its name. A name that was taken meanwhile stays as it is.
fn keep(partial: &Path, path: &Path) -> std::io::Result<()> {
    std::fs::File::open(partial)?.sync_all()?;
    std::fs::hard_link(partial, path)?;
    std::fs::remove_file(partial)?;
    // The name is on the disk once its folder is.
    let folder = path.parent().filter(|folder| !folder.as_os_str().is_empty());
    std::fs::File::open(folder.unwrap_or(Path::new(".")))?.sync_all()
}
