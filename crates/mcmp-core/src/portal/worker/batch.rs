//! What parallel jobs write, written together where it comes together.

use std::collections::VecDeque;
use std::fmt;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use tokio::sync::oneshot;

use crate::access::Scope;
use crate::error::Error;
use crate::store::{ChangeSet, EntityKind, Record, Store, StoreError, Write};

/// Most items of one batch.
const MAX_BATCH: usize = 500;

/// A worker's commits; see [`Batches`].
pub(super) type Commits = Batches<ChangeSet, Result<(), StoreError>>;

impl Commits {
    /// Commits `changes`, together with what else waits.
    ///
    /// If whoever wrote them is dropped before the store answers, nobody knows whether they were
    /// written: that is answered as a conflict, so that whoever asked looks again.
    pub(super) async fn commit(
        self: &Arc<Self>,
        store: &dyn Store,
        scope: &Scope,
        changes: ChangeSet,
    ) -> Result<(), Error> {
        let lost = conflict_of(&changes);
        let result = match self.join(changes).await {
            Joined::Answered(result) => Some(result),
            Joined::Lost => None,
            Joined::Lead(mut lead) => {
                let mut batch = std::mem::take(&mut lead.items);
                let results = match batch.pop() {
                    Some(alone) if batch.is_empty() => vec![store.commit(scope, alone).await],
                    last => {
                        batch.extend(last);
                        store.commit_all(scope, batch).await
                    }
                };
                lead.answer(results)
            }
        };
        result.map_or(Err(lost), |result| result.map_err(Error::from))
    }
}

/// Items that are done in batches, one batch after the other.
///
/// Whoever comes while nothing is being done leads: it does its own item at once, with those that
/// wait. Whoever comes meanwhile waits for the next batch. Nobody waits for a batch to fill, and
/// nothing runs in the background: one of those who wait leads next, and if a leader is dropped,
/// another one follows.
pub(super) struct Batches<T, R> {
    queue: Mutex<Queue<T, R>>,
}

struct Queue<T, R> {
    is_led: bool,
    waiting: VecDeque<Waiting<T, R>>,
}

struct Waiting<T, R> {
    item: T,
    answer: oneshot::Sender<Answer<T, R>>,
}

/// What a waiter is told.
enum Answer<T, R> {
    Done(R),
    /// It leads now, and has its item back.
    Lead(Token<T, R>, T),
}

/// The lead: passed on when it is dropped, wherever that is.
struct Token<T, R>(Arc<Batches<T, R>>);

/// What came of joining.
pub(super) enum Joined<T, R> {
    /// Somebody did it.
    Answered(R),
    /// Somebody took it and was dropped: whether it was done is not known.
    Lost,
    /// To be done now, with others.
    Lead(Lead<T, R>),
}

/// A batch to do. If it is dropped unanswered, those in it are told that it is lost.
pub(super) struct Lead<T, R> {
    /// What to do, the leader's own first.
    pub(super) items: Vec<T>,
    answers: Vec<oneshot::Sender<Answer<T, R>>>,
    _token: Token<T, R>,
}

impl<T, R> Lead<T, R> {
    /// Tells everybody what came of their items, in the order of the items, and answers what came
    /// of the leader's own.
    pub(super) fn answer(self, results: Vec<R>) -> Option<R> {
        let mut results = results.into_iter();
        let own = results.next();
        for (answer, result) in self.answers.into_iter().zip(results) {
            // Whoever was dropped meanwhile does not want to know.
            drop(answer.send(Answer::Done(result)));
        }
        own
    }
}

impl<T, R> Drop for Token<T, R> {
    fn drop(&mut self) {
        self.0.pass_on();
    }
}

impl<T, R> Default for Batches<T, R> {
    fn default() -> Self {
        Self { queue: Mutex::new(Queue { is_led: false, waiting: VecDeque::new() }) }
    }
}

impl<T, R> fmt::Debug for Batches<T, R> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Batches").finish_non_exhaustive()
    }
}

impl<T, R> Batches<T, R> {
    /// Adds an item to a batch, and waits until it is done or to be done.
    pub(super) async fn join(self: &Arc<Self>, item: T) -> Joined<T, R> {
        let waiting = {
            let mut queue = self.lock();
            if !queue.is_led {
                queue.is_led = true;
                drop(queue);
                return Joined::Lead(self.lead(Token(Arc::clone(self)), item));
            }
            let (answer, waiting) = oneshot::channel();
            queue.waiting.push_back(Waiting { item, answer });
            waiting
        };
        match waiting.await {
            Ok(Answer::Done(result)) => Joined::Answered(result),
            Ok(Answer::Lead(token, item)) => Joined::Lead(self.lead(token, item)),
            Err(_dropped) => Joined::Lost,
        }
    }

    /// Takes along what waits.
    fn lead(&self, token: Token<T, R>, own: T) -> Lead<T, R> {
        let mut lead = Lead { items: vec![own], answers: Vec::new(), _token: token };
        let mut queue = self.lock();
        let count = queue.waiting.len().min(MAX_BATCH - 1);
        // Whoever was dropped meanwhile does nothing any more.
        for Waiting { item, answer } in queue.waiting.drain(..count) {
            if !answer.is_closed() {
                lead.items.push(item);
                lead.answers.push(answer);
            }
        }
        lead
    }

    /// Lets the first who still waits lead.
    fn pass_on(self: &Arc<Self>) {
        let mut queue = self.lock();
        while let Some(Waiting { item, answer }) = queue.waiting.pop_front() {
            if !answer.is_closed() {
                drop(queue);
                // If it is dropped at this very moment, so is the lead, which passes it on again.
                drop(answer.send(Answer::Lead(Token(Arc::clone(self)), item)));
                return;
            }
        }
        queue.is_led = false;
    }

    /// A queue is whole whatever a thread that panicked was about.
    fn lock(&self) -> MutexGuard<'_, Queue<T, R>> {
        self.queue.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// What is answered where nobody knows what was written: the job, or whatever else it is about, is
/// to be looked at again.
fn conflict_of(changes: &ChangeSet) -> Error {
    let records = || changes.writes().iter().filter_map(record_of);
    let about = records().find(|record| record.kind() == EntityKind::PublishJob);
    let about = about.or_else(|| records().next());
    let (kind, id) = about
        .map_or((EntityKind::PublishJob, uuid::Uuid::nil()), |record| (record.kind(), record.id()));
    Error::Conflict { kind, id }
}

fn record_of(write: &Write) -> Option<&Record> {
    match write {
        Write::Insert(record)
        | Write::Restore(record)
        | Write::Update(record)
        | Write::Delete(record) => Some(record),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use std::pin::pin;
    use std::task::{Context, Poll, Waker};

    use super::*;

    type Numbers = Arc<Batches<u32, u32>>;

    fn poll<F: Future>(future: std::pin::Pin<&mut F>) -> Poll<F::Output> {
        future.poll(&mut Context::from_waker(Waker::noop()))
    }

    /// Joins where nobody leads.
    fn lead(batches: &Numbers, item: u32) -> Lead<u32, u32> {
        match poll(pin!(batches.join(item))) {
            Poll::Ready(Joined::Lead(lead)) => lead,
            _ => panic!("somebody leads"),
        }
    }

    fn is_lead(joined: Poll<Joined<u32, u32>>, with: &[u32]) -> Lead<u32, u32> {
        match joined {
            Poll::Ready(Joined::Lead(lead)) if lead.items == with => lead,
            Poll::Ready(Joined::Lead(lead)) => panic!("leads {:?}", lead.items),
            _ => panic!("does not lead"),
        }
    }

    #[test]
    fn what_comes_meanwhile_is_done_together_next() {
        let batches = Numbers::default();
        let first = lead(&batches, 1);
        let (mut two, mut three) = (pin!(batches.join(2)), pin!(batches.join(3)));
        assert!(poll(two.as_mut()).is_pending() && poll(three.as_mut()).is_pending());
        assert_eq!(first.answer(vec![10]), Some(10));
        let second = is_lead(poll(two.as_mut()), &[2, 3]);
        assert_eq!(second.answer(vec![20, 30]), Some(20));
        assert!(matches!(poll(three), Poll::Ready(Joined::Answered(30))));
        // Idle again.
        assert_eq!(lead(&batches, 4).items, [4]);
        assert_eq!(lead(&batches, 5).items, [5]);
    }

    #[test]
    fn a_leader_that_is_dropped_loses_its_batch_and_another_one_follows() {
        let batches = Numbers::default();
        let first = lead(&batches, 1);
        let mut two = Box::pin(batches.join(2));
        let mut three = Box::pin(batches.join(3));
        let mut four = Box::pin(batches.join(4));
        for waiting in [&mut two, &mut three] {
            assert!(poll(waiting.as_mut()).is_pending());
        }
        drop(first);
        let second = is_lead(poll(two.as_mut()), &[2, 3]);
        assert!(poll(four.as_mut()).is_pending());
        drop(second);
        assert!(matches!(poll(three.as_mut()), Poll::Ready(Joined::Lost)));
        drop(is_lead(poll(four.as_mut()), &[4]));
        assert_eq!(lead(&batches, 5).items, [5]);
    }

    #[test]
    fn a_waiter_that_is_dropped_does_not_keep_the_lead() {
        let batches = Numbers::default();
        let first = lead(&batches, 1);
        let mut two = Box::pin(batches.join(2));
        let mut three = Box::pin(batches.join(3));
        let mut four = Box::pin(batches.join(4));
        for waiting in [&mut two, &mut three, &mut four] {
            assert!(poll(waiting.as_mut()).is_pending());
        }
        drop(two);
        drop(first);
        // The lead lies in the channel of the third, who never takes it.
        drop(three);
        drop(is_lead(poll(four.as_mut()), &[4]));
        assert_eq!(lead(&batches, 5).items, [5]);
    }

    #[test]
    fn a_batch_has_its_limit() {
        let batches = Numbers::default();
        let first = lead(&batches, 0);
        let mut waiting: Vec<_> = (1..=700).map(|n| Box::pin(batches.join(n))).collect();
        for one in &mut waiting {
            assert!(poll(one.as_mut()).is_pending());
        }
        drop(first);
        let Poll::Ready(Joined::Lead(second)) = poll(waiting[0].as_mut()) else { panic!("leads") };
        assert_eq!(second.items.len(), MAX_BATCH);
        drop(second);
        let Poll::Ready(Joined::Lead(third)) = poll(waiting[500].as_mut()) else { panic!("leads") };
        assert_eq!(third.items.len(), 200);
    }
}
