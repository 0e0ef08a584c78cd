#![doc = include_str!("../README.md")]

mod commit;
mod dialect;
mod error;
mod lanes;
mod leases;
mod meters;
mod outbox;
mod queue;
mod read;
mod row;
mod rows;
mod session;
mod statement;
mod value;
mod write;

pub use commit::{Committed, commit, commit_together};
pub use dialect::Dialect;
pub use error::{Source, SqlError};
pub use lanes::lane_of;
pub use leases::{expired, renew};
pub use meters::usage;
pub use outbox::events_after;
pub use queue::{claim, next_due};
pub use read::{AskedFor, bodies, count, count_among, entity_of, get, list, list_among, list_sql};
pub use rows::Rows;
pub use session::{Row, Session};
pub use value::{Value, ValueType};
