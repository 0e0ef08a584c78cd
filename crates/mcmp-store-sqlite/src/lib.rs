#![doc = include_str!("../README.md")]

mod backup;
mod commits;
mod config;
mod dialect;
mod error;
mod host;
mod migrate;
mod open;
mod prefix;
mod session;
mod store;
mod work;
mod writer;

#[cfg(test)]
mod plan_tests;

pub use config::{SqliteConfig, Synchronous};
pub use error::{BackupError, OpenError};
pub use host::Waker;
pub use prefix::TablePrefix;
pub use store::SqliteStore;
