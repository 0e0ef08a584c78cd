//! A schema for each client: which tables lie there, whose an entity is, and the end of it all.

use mcmp_core::access::Scope;
use mcmp_core::id::{ClientId, Id};
use mcmp_core::store::{Condition, EntityKind, Key, StoreError, TenancyKind};
use mcmp_store_sql::{Session as _, SqlError, Value, ValueType};
use uuid::Uuid;

use crate::error::sql_error;
use crate::session::PgSession;
use crate::store::PostgresStore;
use crate::tenant::Access;
use crate::transaction::{or_rolled_back, retried};

/// Whether entities of a kind lie in their client's schema, where clients have one: content does.
/// Review links are found by their token, whosever they are, and the rest is the engine's work or
/// the agency's.
pub(crate) fn is_content(kind: EntityKind) -> bool {
    matches!(
        kind,
        EntityKind::Post
            | EntityKind::Revision
            | EntityKind::Comment
            | EntityKind::HistoryEntry
            | EntityKind::Series
            | EntityKind::Campaign
            | EntityKind::Brief
            | EntityKind::Creator
            | EntityKind::Task
            | EntityKind::Asset
            | EntityKind::Snapshot
            | EntityKind::Rollup
    )
}

/// What is known of the entities that are read, so that the database looks into one client's schema
/// alone: that they are of the clients of `related`, which are such entities or the parent of all.
/// Nothing where that does not matter, or the client is named already.
pub(crate) async fn whose(
    store: &PostgresStore,
    session: &mut PgSession<'_>,
    kind: EntityKind,
    client: Option<ClientId>,
    related: &[Uuid],
) -> Result<Vec<Condition>, SqlError> {
    let matters = store.has_client_schemas() && is_content(kind);
    if client.is_some() || related.is_empty() || !matters {
        return Ok(Vec::new());
    }
    let dialect = store.dialect();
    let sql = format!(
        "SELECT client_id FROM {} WHERE id = ANY($1) \
         UNION SELECT client_id FROM {} WHERE id = ANY($1)",
        dialect.table("entity_directory"),
        dialect.table(EntityKind::SocialAccount.as_str()),
    );
    let rows = session.fetch(&sql, &[Value::Ids(related.to_vec())], &[ValueType::Id]).await?;
    let keys = rows.iter().flatten().filter_map(|cell| match cell {
        Value::Id(id) => Some(Key::Id(*id)),
        _ => None,
    });
    // What is in nobody's directory is not there, or not seen.
    Ok(vec![Condition::OneOf("client_id", keys.collect())])
}

impl PostgresStore {
    /// Erases a client with all that is its own, in one transaction: its content (with a
    /// [schema](crate::PostgresConfig::schema_per_client) of its own by dropping that), its accounts
    /// with their tokens, jobs, attempts and lanes, its review links, its lines of the log and the
    /// notifications about it, and the client itself. What is the agency's stays: members, meters,
    /// and what covers other clients, too.
    ///
    /// It is for the very end, when nobody works on the client any more: nothing is told of it, and
    /// it takes as long as there are rows to delete, or waits until nobody reads the tables that a
    /// schema is taken out of.
    ///
    /// # Errors
    /// [`StoreError::OutOfScope`] unless the scope is the system's; or the store can't be reached or
    /// fails, and nothing is erased.
    pub async fn erase_client(&self, scope: &Scope, client: ClientId) -> Result<(), StoreError> {
        if !scope.is_system() {
            return Err(StoreError::OutOfScope { kind: EntityKind::Client, id: client.uuid() });
        }
        let ((), transaction) = retried!(|attempts| async {
            let begun = attempts.begin(self, scope, Access::Write, "").await;
            let mut transaction = begun?;
            let erased = self.erase_within(&mut PgSession::new(&mut transaction), client).await;
            or_rolled_back(transaction, erased).await
        })?;
        transaction.commit().await.map_err(sql_error)?;
        Ok(())
    }

    async fn erase_within(
        &self,
        session: &mut PgSession<'_>,
        client: ClientId,
    ) -> Result<(), SqlError> {
        let (dialect, id) = (self.dialect(), [Value::Id(client.uuid())]);
        let is_its_own = |kind: &&EntityKind| {
            let tenancy = kind.tenancy_kind();
            matches!(tenancy, TenancyKind::Client | TenancyKind::Log | TenancyKind::Addressed)
        };
        let mut tables = vec!["account_lane"];
        let kinds = EntityKind::ALL.iter().filter(is_its_own);
        if self.has_client_schemas() {
            let drop = format!("SELECT {}($1)", dialect.table("drop_client_schema"));
            session.execute(&drop, &id).await?;
            tables.push("entity_directory");
            tables.extend(kinds.filter(|kind| !is_content(**kind)).map(|kind| kind.as_str()));
        } else {
            tables.extend(kinds.map(|kind| kind.as_str()));
        }
        for table in tables {
            let sql = format!("DELETE FROM {} WHERE client_id = $1", dialect.table(table));
            session.execute(&sql, &id).await?;
        }
        Ok(())
    }
}
