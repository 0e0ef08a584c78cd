//! Events in an order that readers can go on from.
//!
//! Each event has a number of the sequence `event_position`. Numbers are given out before their
//! transactions commit, so that a reader could pass over a number that is committed later. So each
//! transaction announces, before it takes its first number, the last one that was given out; it
//! does so by a shared advisory lock, which nobody waits for and which ends with the transaction.
//! A reader goes no further than the smallest announcement. It looks at the sequence first, then at
//! the announcements, and reads in a statement after both: what is announced later gets larger
//! numbers than it reads, and what was announced and is no longer, is committed or undone by then.
//!
//! Nothing waits here, and a sequence goes along with a dump of the schema: positions never go back.

use async_trait::async_trait;
use mcmp_core::access::Scope;
use mcmp_core::event::Event;
use mcmp_core::store::{EventPosition, Outbox, StoreError};

use crate::schema_name::SchemaName;
use crate::session::PgSession;
use crate::store::PostgresStore;
use crate::tenant::Access;
use crate::transaction::retried;

/// Announcements hold so many of a position's low bits: a lock's key is a 32-bit integer, here not a
/// negative one.
const ANNOUNCED: i64 = 1 << 31;

#[async_trait]
impl Outbox for PostgresStore {
    async fn events_after(
        &self,
        scope: &Scope,
        after: EventPosition,
        limit: usize,
    ) -> Result<Vec<(EventPosition, Event)>, StoreError> {
        let settle = format!("; {}", settle(self.schema()));
        let events = retried!(|attempts| async {
            let begun = attempts.begin(self, scope, Access::Read, &settle).await;
            let mut transaction = begun?;
            let session = &mut PgSession::new(&mut transaction);
            mcmp_store_sql::events_after(session, self.dialect(), scope, after, limit).await
        });
        Ok(events?)
    }
}

/// The statement that announces events, before they are written.
pub(crate) fn announce(schema: &SchemaName) -> String {
    format!(
        "SELECT pg_advisory_xact_lock_shared({}, ((SELECT last_value FROM {}) % {ANNOUNCED})::int)",
        lock_class(schema),
        schema.qualified("event_position"),
    )
}

/// The statements that find how far all events are committed or undone, as `mcmp.settled`. Between
/// the reader's position and an announcement lie far less than 2^30 events, so that the difference
/// of their low bits says which of them comes first, and by how much.
fn settle(schema: &SchemaName) -> String {
    let (half, class) = (ANNOUNCED / 2, lock_class(schema));
    format!(
        "SELECT set_config('mcmp.settled', (SELECT last_value FROM {sequence})::text, true); \
         SELECT set_config('mcmp.settled', (s.last - greatest(0, (\
         SELECT max((s.last - l.objid::bigint + {half} + {ANNOUNCED}) % {ANNOUNCED} - {half}) \
         FROM pg_locks AS l WHERE l.locktype = 'advisory' AND l.objsubid = 2 \
         AND l.mode = 'ShareLock' AND l.classid = {class} AND l.database = \
         (SELECT d.oid FROM pg_database AS d WHERE d.datname = current_database()))))::text, true) \
         FROM (SELECT current_setting('mcmp.settled')::bigint AS last) AS s",
        sequence = schema.qualified("event_position"),
    )
}

/// The first half of a lock's key, by which the locks of a schema are known: FNV-1a of its name,
/// without the sign.
fn lock_class(schema: &SchemaName) -> u32 {
    let hash = schema
        .as_str()
        .bytes()
        .fold(0x811c_9dc5_u32, |hash, byte| (hash ^ u32::from(byte)).wrapping_mul(0x0100_0193));
    hash & 0x7fff_ffff
}
