//! Reads that are asked for at once, made together: an engine at full speed asks for thousands of
//! entities and short lists in a second, and a transaction for each would be most of the work.
//!
//! Nobody waits for company. While one transaction of a reach begins, what else is asked for within
//! that reach is gathered; entities are read by one statement, lists one by one.

use std::collections::hash_map::Entry;
use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::fmt::Debug;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use async_trait::async_trait;
use mcmp_core::access::Scope;
use mcmp_core::id::Id;
use mcmp_core::store::{Entity, EntityKind, Page, Query};
use mcmp_store_sql::{AskedFor, SqlError};
use tokio::sync::oneshot;
use uuid::Uuid;

use crate::client_schemas;
use crate::session::PgSession;
use crate::store::PostgresStore;
use crate::tenant::{Access, TenantSettings};
use crate::transaction::{Attempts, retried};

/// Most reads that are made together.
const MOST: usize = 500;

/// How ids are looked up is the same however many they are: without it every statement would be
/// planned anew.
const ONE_PLAN: &str = "; SET LOCAL plan_cache_mode = force_generic_plan";

/// An entity's JSON; `None` if it is not there or not seen.
type Body = Option<String>;

/// What is waited for, by the settings of the reach in which it is asked for. Where there is an entry,
/// somebody is reading.
#[derive(Debug, Default)]
pub(crate) struct Together {
    by_reach: Mutex<HashMap<String, Vec<Waiting>>>,
}

/// A read that somebody waits for.
#[derive(Debug)]
enum Waiting {
    Entity(EntityKind, Asked),
    List(Box<dyn ListRead>),
}

/// An entity by its id.
#[derive(Debug)]
struct Asked {
    id: Uuid,
    answer: oneshot::Sender<Body>,
}

/// A list of whatever kind.
#[async_trait]
trait ListRead: Debug + Send {
    /// Whether nobody waits for it any more.
    fn is_given_up(&self) -> bool;

    async fn read(
        self: Box<Self>,
        store: &PostgresStore,
        session: &mut PgSession<'_>,
        scope: &Scope,
    ) -> Result<(), SqlError>;
}

/// A page of a list.
#[derive(Debug)]
struct AskedPage<E: Entity> {
    query: Query<E>,
    answer: oneshot::Sender<Page<E>>,
}

#[async_trait]
impl<E: Entity> ListRead for AskedPage<E> {
    fn is_given_up(&self) -> bool {
        self.answer.is_closed()
    }

    async fn read(
        self: Box<Self>,
        store: &PostgresStore,
        session: &mut PgSession<'_>,
        scope: &Scope,
    ) -> Result<(), SqlError> {
        let page = store.page(session, scope, &self.query).await?;
        // Whoever was dropped meanwhile does not want to know.
        drop(self.answer.send(page));
        Ok(())
    }
}

impl Waiting {
    fn is_given_up(&self) -> bool {
        match self {
            Self::Entity(_, asked) => asked.answer.is_closed(),
            Self::List(list) => list.is_given_up(),
        }
    }
}

/// What is read in one transaction.
#[derive(Debug, Default)]
struct Gathered {
    entities: BTreeMap<EntityKind, Vec<Asked>>,
    lists: Vec<Box<dyn ListRead>>,
}

/// Who reads for a reach. Dropped, all that still waits is given up, and read one by one.
#[derive(Debug)]
struct Reader {
    together: Arc<Together>,
    reach: String,
    is_done: bool,
}

impl Together {
    /// A map is whole whatever a thread that panicked was about.
    fn lock(&self) -> MutexGuard<'_, HashMap<String, Vec<Waiting>>> {
        self.by_reach.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Adds something to what is waited for; a reader, if there was none.
    fn ask(self: &Arc<Self>, reach: String, waiting: Waiting) -> Option<Reader> {
        match self.lock().entry(reach) {
            Entry::Occupied(mut reading) => {
                reading.get_mut().push(waiting);
                None
            }
            Entry::Vacant(nobody) => {
                let reach = nobody.key().clone();
                nobody.insert(vec![waiting]);
                Some(Reader { together: Arc::clone(self), reach, is_done: false })
            }
        }
    }
}

impl Reader {
    /// What waits by now.
    fn gather(&self) -> Gathered {
        let mut gathered = Gathered::default();
        if let Some(waiting) = self.together.lock().get_mut(&self.reach) {
            let first = waiting.len().min(MOST);
            for one in waiting.drain(..first).filter(|one| !one.is_given_up()) {
                match one {
                    Waiting::Entity(kind, asked) => {
                        gathered.entities.entry(kind).or_default().push(asked);
                    }
                    Waiting::List(list) => gathered.lists.push(list),
                }
            }
        }
        gathered
    }

    /// Ends the reading, unless more is waited for.
    fn goes_on(&mut self) -> bool {
        let mut by_reach = self.together.lock();
        self.is_done = by_reach.get(&self.reach).is_none_or(Vec::is_empty);
        if self.is_done {
            by_reach.remove(&self.reach);
        }
        !self.is_done
    }
}

impl Drop for Reader {
    fn drop(&mut self) {
        // Once it is done the entry may be another reader's.
        if !self.is_done {
            self.together.lock().remove(&self.reach);
        }
    }
}

impl PostgresStore {
    /// An entity, read together with what else is asked for.
    pub(crate) async fn entity<E: Entity>(
        &self,
        scope: &Scope,
        id: E::Id,
    ) -> Result<Option<E>, SqlError> {
        let (kind, id) = (E::KIND, id.uuid());
        let (answer, answered) = oneshot::channel();
        self.ask(scope, Waiting::Entity(kind, Asked { id, answer }));
        let body = match answered.await {
            Ok(body) => body,
            // Whatever came in the way, it is tried for as long as it takes.
            Err(_given_up) => retried!(|attempts| async {
                let mut transaction = attempts.begin(self, scope, Access::Read, "").await?;
                let session = &mut PgSession::new(&mut transaction);
                let mut bodies = self.bodies(session, scope, vec![(kind, vec![id])]).await?;
                Ok(bodies.remove(&(kind, id)))
            })?,
        };
        body.as_deref().map(mcmp_store_sql::entity_of).transpose()
    }

    /// A page of a list that is short by nature, read together with what else is asked for; `None`
    /// if something came in the way.
    pub(crate) async fn short_list<E: Entity>(
        &self,
        scope: &Scope,
        query: &Query<E>,
    ) -> Option<Page<E>> {
        let (answer, answered) = oneshot::channel();
        let list = AskedPage { query: query.clone(), answer };
        self.ask(scope, Waiting::List(Box::new(list)));
        answered.await.ok()
    }

    fn ask(&self, scope: &Scope, waiting: Waiting) {
        let reach = TenantSettings::of(scope).begin(Access::Read);
        if let Some(reader) = self.together().ask(reach, waiting) {
            // A task of its own: others wait for it, even if whoever asked does so no longer.
            tokio::spawn(read_for_all(self.clone(), scope.clone(), reader));
        }
    }

    async fn bodies(
        &self,
        session: &mut PgSession<'_>,
        scope: &Scope,
        by_kind: Vec<(EntityKind, Vec<Uuid>)>,
    ) -> Result<HashMap<(EntityKind, Uuid), String>, SqlError> {
        let mut asked = Vec::with_capacity(by_kind.len());
        for (kind, ids) in by_kind {
            let known = client_schemas::whose(self, session, kind, None, &ids).await?;
            asked.push(AskedFor { kind, ids, known });
        }
        mcmp_store_sql::bodies(session, self.dialect(), scope, &asked).await
    }
}

/// Reads what is asked for within a scope's reach until nothing is.
async fn read_for_all(store: PostgresStore, scope: Scope, mut reader: Reader) {
    loop {
        if let Err(error) = read_once(&store, &scope, &reader).await {
            tracing::debug!(%error, "entities could not be read together");
            return;
        }
        if !reader.goes_on() {
            return;
        }
    }
}

async fn read_once(store: &PostgresStore, scope: &Scope, reader: &Reader) -> Result<(), SqlError> {
    let plan = if store.has_client_schemas() { "" } else { ONE_PLAN };
    let mut transaction = Attempts::new().begin(store, scope, Access::Read, plan).await?;
    let session = &mut PgSession::new(&mut transaction);
    let Gathered { entities, lists } = reader.gather();
    let ids = |asked: &Vec<Asked>| {
        let ids: BTreeSet<Uuid> = asked.iter().map(|one| one.id).collect();
        ids.into_iter().collect()
    };
    let by_kind: Vec<_> = entities.iter().map(|(kind, asked)| (*kind, ids(asked))).collect();
    let bodies = store.bodies(session, scope, by_kind).await?;
    for (kind, asked) in entities {
        for Asked { id, answer } in asked {
            drop(answer.send(bodies.get(&(kind, id)).cloned()));
        }
    }
    for list in lists {
        list.read(store, session, scope).await?;
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn ask(
        together: &Arc<Together>,
        reach: &str,
        id: u128,
    ) -> (Option<Reader>, oneshot::Receiver<Body>) {
        let (answer, answered) = oneshot::channel();
        let asked = Asked { id: Uuid::from_u128(id), answer };
        let waiting = Waiting::Entity(EntityKind::Post, asked);
        (together.ask(reach.to_owned(), waiting), answered)
    }

    fn ids(reader: &Reader) -> Vec<u128> {
        reader.gather().entities.into_values().flatten().map(|one| one.id.as_u128()).collect()
    }

    #[test]
    fn one_reads_for_all_of_a_reach() {
        let together = Arc::new(Together::default());
        let (reader, _one) = ask(&together, "a", 1);
        let mut reader = reader.unwrap();
        let (second, _two) = ask(&together, "a", 2);
        assert!(second.is_none());
        let (other, _three) = ask(&together, "b", 3);
        assert_eq!(ids(&other.unwrap()), [3]);
        assert_eq!(ids(&reader), [1, 2]);
        let (third, _four) = ask(&together, "a", 4);
        assert!(third.is_none() && reader.goes_on());
        assert_eq!(ids(&reader), [4]);
        assert!(!reader.goes_on());
        let (next, _five) = ask(&together, "a", 5);
        drop(reader);
        assert_eq!(ids(&next.unwrap()), [5], "the one before is done with it");
    }

    #[test]
    fn what_nobody_waits_for_is_not_read_and_no_batch_is_endless() {
        let together = Arc::new(Together::default());
        let (reader, first) = ask(&together, "a", 0);
        let mut reader = reader.unwrap();
        drop(first);
        let others: Vec<_> = (1..=600).map(|id| ask(&together, "a", id).1).collect();
        assert_eq!(ids(&reader).len(), MOST - 1);
        assert!(reader.goes_on());
        assert_eq!(ids(&reader).len(), others.len() - (MOST - 1));
    }

    #[test]
    fn without_its_reader_nothing_waits_on() {
        let together = Arc::new(Together::default());
        let (reader, mut one) = ask(&together, "a", 1);
        let (_, mut two) = ask(&together, "a", 2);
        drop(reader);
        for waiting in [&mut one, &mut two] {
            assert_eq!(waiting.try_recv(), Err(oneshot::error::TryRecvError::Closed));
        }
        assert!(ask(&together, "a", 3).0.is_some());
    }
}
