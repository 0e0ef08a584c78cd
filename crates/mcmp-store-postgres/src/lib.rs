#![doc = include_str!("../README.md")]

mod client_schemas;
mod commit;
mod config;
mod dialect;
mod error;
mod migrate;
mod outbox;
mod queue;
mod schema_name;
mod server_clock;
mod session;
mod store;
mod tenant;
mod together;
mod transaction;
mod wake;

pub use config::PostgresConfig;
pub use error::OpenError;
pub use schema_name::SchemaName;
pub use store::PostgresStore;
