//! Change sets to commit, each on its own: as many as possible in the same statements.

use std::sync::Arc;

use async_trait::async_trait;
use mcmp_core::access::Scope;
use mcmp_core::store::{ChangeSet, StoreError};
use mcmp_store_sql::{Committed, Session, SqlError};
use tokio::sync::oneshot;

use crate::error::lost;
use crate::work::Ground;
use crate::writer::{Done, Request, Work};

/// Change sets to commit, each on its own: as many as possible in the same statements.
pub(crate) struct CommitAllWork {
    pub(crate) ground: Arc<Ground>,
    pub(crate) scope: Scope,
    pub(crate) changes: Vec<ChangeSet>,
}

#[async_trait]
impl Work for CommitAllWork {
    type Answer = Vec<Result<(), StoreError>>;

    async fn run(&mut self, session: &mut dyn Session) -> Result<Done<Self::Answer>, SqlError> {
        let mut done = Done { answer: Vec::with_capacity(self.changes.len()), wakes: false };
        let mut waiting = vec![std::mem::take(&mut self.changes)];
        while let Some(mut sets) = waiting.pop() {
            if sets.is_empty() {
                continue;
            }
            let count = sets.len();
            match self.together(session, sets.clone()).await? {
                Ok(Some(committed)) => {
                    done.wakes |= committed.wakes();
                    done.answer.extend((0..count).map(|_| Ok(())));
                }
                // One of them stands in the way: it is among one half or the other.
                _ if count > 1 => {
                    waiting.push(sets.split_off(count / 2));
                    waiting.push(sets);
                }
                // A single one never stands in its own way.
                Ok(None) => done.answer.push(Ok(())),
                Err(error) => done.answer.push(Err(error.into())),
            }
        }
        Ok(done)
    }
}

impl CommitAllWork {
    /// All of these, or nothing and why. An error of its own ends the whole transaction.
    async fn together(
        &self,
        session: &mut dyn Session,
        mut sets: Vec<ChangeSet>,
    ) -> Result<Result<Option<Committed>, SqlError>, SqlError> {
        let (dialect, scope) = (&self.ground.dialect, &self.scope);
        session.execute("SAVEPOINT together", &[]).await?;
        let committed = match sets.pop() {
            // By itself it may do what it could not beside others, such as change a thing twice.
            Some(only) if sets.is_empty() => {
                mcmp_store_sql::commit(session, dialect, scope, only).await.map(Some)
            }
            Some(last) => {
                sets.push(last);
                mcmp_store_sql::commit_together(session, dialect, scope, sets).await
            }
            None => Ok(None),
        };
        if !matches!(committed, Ok(Some(_))) {
            session.execute("ROLLBACK TO together", &[]).await?;
        }
        session.execute("RELEASE together", &[]).await?;
        Ok(committed)
    }
}

/// What came of each of several change sets.
type Answers = Vec<Result<(), StoreError>>;

/// One change set with whoever waits for it.
pub(crate) struct Single {
    pub(crate) scope: Scope,
    pub(crate) changes: ChangeSet,
    pub(crate) answer: oneshot::Sender<Result<(), StoreError>>,
}

/// Change sets of one scope by several who wait, each for its own.
pub(crate) struct Gathered {
    work: CommitAllWork,
    answers: Vec<oneshot::Sender<Result<(), StoreError>>>,
    outcome: Option<Result<Done<Answers>, SqlError>>,
}

impl Gathered {
    pub(crate) fn new(ground: Arc<Ground>, first: Single) -> Self {
        let Single { scope, changes, answer } = first;
        let work = CommitAllWork { ground, scope, changes: vec![changes] };
        Self { work, answers: vec![answer], outcome: None }
    }

    /// Whether one more is of the same scope.
    pub(crate) fn takes(&self, single: &Single) -> bool {
        self.work.scope == single.scope
    }

    pub(crate) fn push(&mut self, single: Single) {
        self.work.changes.push(single.changes);
        self.answers.push(single.answer);
    }
}

#[async_trait]
impl Request for Gathered {
    fn is_abandoned(&self) -> bool {
        self.answers.iter().all(oneshot::Sender::is_closed)
    }

    async fn run(&mut self, session: &mut dyn Session) -> bool {
        let outcome = self.work.run(session).await;
        self.outcome.insert(outcome).is_ok()
    }

    fn settle(self: Box<Self>, lost_to: Option<&Arc<sqlx::Error>>) -> bool {
        let Self { answers, outcome, .. } = *self;
        let (results, wakes) = match (outcome, lost_to) {
            (Some(Ok(done)), None) => (done.answer, done.wakes),
            (Some(Ok(done)), Some(error)) => {
                // Refusals stand, whatever became of the others.
                let lost =
                    |kept: Result<(), StoreError>| kept.and_then(|()| Err(lost(error).into()));
                (done.answer.into_iter().map(lost).collect(), false)
            }
            (Some(Err(error)), _) => {
                let error = Arc::new(StoreError::from(error));
                (answers.iter().map(|_| Err(again(&error))).collect(), false)
            }
            (None, Some(error)) => {
                (answers.iter().map(|_| Err(lost(error).into())).collect(), false)
            }
            (None, None) => return false,
        };
        for (answer, result) in answers.into_iter().zip(results) {
            // Whoever asked may be gone by now; what was written stays.
            drop(answer.send(result));
        }
        wakes
    }
}

/// The same error for each of several commits.
pub(crate) fn again(error: &Arc<StoreError>) -> StoreError {
    let source = Box::new(Arc::clone(error));
    match **error {
        StoreError::Unavailable { .. } => StoreError::Unavailable { source },
        _ => StoreError::Backend { source },
    }
}
