//! The one writer: takes all requests that wait, and carries them out in one transaction.
//!
//! SQLite lets one connection write at a time, and what a commit costs is waiting for the disk. So
//! requests are sent to a task that holds the one connection that writes. It takes all that wait,
//! runs each on a savepoint of its own, commits them together, and answers then: the disk is waited
//! for once, however many there are. A request that is refused takes back its own writes only.

use std::sync::Arc;

use async_trait::async_trait;
use mcmp_core::access::Scope;
use mcmp_core::store::{ChangeSet, StoreError};
use mcmp_store_sql::{Session, SqlError};
use sqlx::sqlite::SqliteConnectOptions;
use sqlx::{Connection, SqliteConnection};
use tokio::sync::{mpsc, oneshot, watch};

use crate::commits::{Gathered, Single};
use crate::config::SqliteConfig;
use crate::error::{is_contended, lost};
use crate::open::connect;
use crate::prefix::TablePrefix;
use crate::session::SqliteSession;
use crate::work::Ground;

/// Most requests of one transaction.
const MOST: usize = 500;

/// How many requests may wait for the writer before those who ask wait too.
const WAITING: usize = 1_000;

/// Something to be written.
#[async_trait]
pub(crate) trait Work: Send + 'static {
    /// What it answers with.
    type Answer: Send;

    /// Carries it out, once, on a savepoint. After an error that is rolled back.
    async fn run(&mut self, session: &mut dyn Session) -> Result<Done<Self::Answer>, SqlError>;
}

/// What came of a [`Work`].
#[derive(Debug)]
pub(crate) struct Done<T> {
    pub(crate) answer: T,
    /// Whether somebody may wait for what was written.
    pub(crate) wakes: bool,
}

/// What a request waits for.
pub(crate) type Answer<T> = oneshot::Receiver<Result<T, StoreError>>;

/// A [`Work`] with whoever waits for it.
#[async_trait]
pub(crate) trait Request: Send {
    /// Whether nobody waits any more, so that it need not be begun.
    fn is_abandoned(&self) -> bool;
    /// Carries it out; whether its writes are to be kept.
    async fn run(&mut self, session: &mut dyn Session) -> bool;
    /// Answers, once its transaction is through; whether somebody is to be woken.
    fn settle(self: Box<Self>, lost: Option<&Arc<sqlx::Error>>) -> bool;
}

struct Asked<W: Work> {
    work: W,
    outcome: Option<Result<Done<W::Answer>, SqlError>>,
    answer: oneshot::Sender<Result<W::Answer, StoreError>>,
}

/// A work as a request, and what it will be answered with.
pub(crate) fn ask<W: Work>(work: W) -> (Box<dyn Request>, Answer<W::Answer>) {
    let (answer, answered) = oneshot::channel();
    (Box::new(Asked { work, outcome: None, answer }), answered)
}

#[async_trait]
impl<W: Work> Request for Asked<W> {
    fn is_abandoned(&self) -> bool {
        self.answer.is_closed()
    }

    async fn run(&mut self, session: &mut dyn Session) -> bool {
        let outcome = self.work.run(session).await;
        self.outcome.insert(outcome).is_ok()
    }

    fn settle(self: Box<Self>, lost_to: Option<&Arc<sqlx::Error>>) -> bool {
        let Self { outcome, answer, .. } = *self;
        let (answered, wakes) = match (outcome, lost_to) {
            // A refusal stands, whatever became of the others.
            (Some(Err(error)), _) => (Err(error.into()), false),
            (_, Some(error)) => (Err(lost(error).into()), false),
            (Some(Ok(done)), None) => (Ok(done.answer), done.wakes),
            (None, None) => return false,
        };
        // Whoever asked may be gone by now; what was written stays.
        drop(answer.send(answered));
        wakes
    }
}

enum Message {
    Request(Box<dyn Request>),
    Commit(Box<Single>),
    Close(oneshot::Sender<()>),
}

/// The way to the task that writes; the task ends with the last of them.
#[derive(Debug, Clone)]
pub(crate) struct Writer {
    sender: mpsc::Sender<Message>,
}

/// The store was closed, or the runtime that it was opened in has ended.
#[derive(Debug, thiserror::Error)]
#[error("the store is closed")]
pub(crate) struct Closed;

fn closed() -> StoreError {
    StoreError::Unavailable { source: Box::new(Closed) }
}

impl Writer {
    /// Starts the task that writes, on a connection made with the config's options.
    pub(crate) fn start(
        config: &SqliteConfig,
        ground: Arc<Ground>,
        connection: SqliteConnection,
        signal: watch::Sender<u64>,
    ) -> Self {
        let (sender, receiver) = mpsc::channel(WAITING);
        let task = Task {
            ground,
            options: config.writer(),
            prefix: config.prefix.clone(),
            connection: Some(connection),
            signal,
        };
        drop(tokio::spawn(task.run(receiver)));
        Self { sender }
    }

    /// Has something written.
    pub(crate) async fn write<W: Work>(&self, work: W) -> Result<W::Answer, StoreError> {
        let (request, answer) = ask(work);
        self.sender.send(Message::Request(request)).await.map_err(|_| closed())?;
        answer.await.map_err(|_| closed())?
    }

    /// Has a change set committed: together with others of the same scope that wait.
    pub(crate) async fn commit(&self, scope: Scope, changes: ChangeSet) -> Result<(), StoreError> {
        let (answer, answered) = oneshot::channel();
        let single = Box::new(Single { scope, changes, answer });
        self.sender.send(Message::Commit(single)).await.map_err(|_| closed())?;
        answered.await.map_err(|_| closed())?
    }

    /// Ends the task, once it has written what was sent before.
    pub(crate) async fn close(&self) {
        let (closing, is_closed) = oneshot::channel();
        if self.sender.send(Message::Close(closing)).await.is_ok() {
            drop(is_closed.await);
        }
    }
}

struct Task {
    ground: Arc<Ground>,
    options: SqliteConnectOptions,
    prefix: TablePrefix,
    /// `None` after a failure that leaves it in doubt what state it is in.
    connection: Option<SqliteConnection>,
    signal: watch::Sender<u64>,
}

/// What goes into the next transaction.
#[derive(Default)]
struct Waiting {
    count: usize,
    commits: Vec<Gathered>,
    requests: Vec<Box<dyn Request>>,
}

impl Waiting {
    /// Adds what was sent. They wait at the same time, so it does not matter who comes first.
    fn add(&mut self, ground: &Arc<Ground>, message: Message) -> Option<oneshot::Sender<()>> {
        self.count += 1;
        match message {
            Message::Request(request) => self.requests.push(request),
            Message::Close(closing) => return Some(closing),
            Message::Commit(single) => {
                match self.commits.iter_mut().find(|gathered| gathered.takes(&single)) {
                    Some(gathered) => gathered.push(*single),
                    None => self.commits.push(Gathered::new(Arc::clone(ground), *single)),
                }
            }
        }
        None
    }

    fn into_requests(self) -> Vec<Box<dyn Request>> {
        let mut requests = self.requests;
        for gathered in self.commits {
            requests.push(Box::new(gathered));
        }
        requests
    }
}

impl Task {
    async fn run(mut self, mut receiver: mpsc::Receiver<Message>) {
        let mut closing = None;
        while closing.is_none() {
            let Some(first) = receiver.recv().await else { break };
            let mut waiting = Waiting::default();
            closing = waiting.add(&self.ground, first);
            // Those who were answered a moment ago may ask again at once.
            tokio::task::yield_now().await;
            while waiting.count < MOST && closing.is_none() {
                let Ok(more) = receiver.try_recv() else { break };
                closing = waiting.add(&self.ground, more);
            }
            self.turn(waiting.into_requests()).await;
        }
        receiver.close();
        if let Some(connection) = self.connection
            && let Err(error) = connection.close().await
        {
            tracing::warn!(%error, "the database was not closed well");
        }
        if let Some(closing) = closing {
            let _ = closing.send(());
        }
    }

    /// One transaction, and the answers.
    async fn turn(&mut self, mut requests: Vec<Box<dyn Request>>) {
        requests.retain(|request| !request.is_abandoned());
        if requests.is_empty() {
            return;
        }
        let lost = self.transact(&mut requests).await.err().map(Arc::new);
        if let Some(error) = &lost {
            tracing::warn!(%error, requests = requests.len(), "a transaction was lost");
        }
        let mut wakes = false;
        for request in requests {
            wakes |= request.settle(lost.as_ref());
        }
        if wakes {
            self.signal.send_modify(|count| *count = count.wrapping_add(1));
        }
    }

    async fn transact(&mut self, requests: &mut [Box<dyn Request>]) -> Result<(), sqlx::Error> {
        let mut connection = match self.connection.take() {
            Some(connection) => connection,
            None => connect(&self.options).await?,
        };
        if let Err(error) = begin(&mut connection).await {
            if is_contended(&error) {
                self.connection = Some(connection);
            }
            return Err(error);
        }
        // Where this fails, it is not known whether the transaction goes on: nothing more is written
        // on this connection, and closing it rolls back.
        write(&mut connection, &self.prefix, requests).await?;
        self.connection = Some(connection);
        Ok(())
    }
}

/// Begins a transaction that writes, and waits for other processes, but not for ever.
async fn begin(connection: &mut SqliteConnection) -> Result<(), sqlx::Error> {
    let mut tries = 1;
    loop {
        match say(connection, "BEGIN IMMEDIATE").await {
            Err(error) if is_contended(&error) && tries < SqliteConfig::TRIES => tries += 1,
            begun => return begun,
        }
    }
}

/// Runs requests, each on a savepoint, and commits.
async fn write(
    connection: &mut SqliteConnection,
    prefix: &TablePrefix,
    requests: &mut [Box<dyn Request>],
) -> Result<(), sqlx::Error> {
    if let [request] = requests {
        let is_kept = request.run(&mut SqliteSession::new(connection, prefix)).await;
        return say(connection, if is_kept { "COMMIT" } else { "ROLLBACK" }).await;
    }
    for request in requests {
        say(connection, "SAVEPOINT request").await?;
        if !request.run(&mut SqliteSession::new(connection, prefix)).await {
            // Fails if the database has already rolled back everything, as on a full disk.
            say(connection, "ROLLBACK TO request").await?;
        }
        say(connection, "RELEASE request").await?;
    }
    say(connection, "COMMIT").await
}

async fn say(connection: &mut SqliteConnection, sql: &'static str) -> Result<(), sqlx::Error> {
    sqlx::query(sql).execute(connection).await.map(|_| ())
}
