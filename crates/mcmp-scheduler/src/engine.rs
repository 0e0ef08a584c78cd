//! The engine: what runs beside an application and does everything that nobody waits for.

use std::collections::{BTreeSet, HashMap};
use std::fmt;
use std::future::{Future, pending};
use std::sync::Arc;
use std::time::Duration;

use chrono::{DateTime, TimeDelta, Utc};
use mcmp_core::access::Scope;
use mcmp_core::duty::DutyName;
use mcmp_core::portal::{Upkeep, Worker};
use mcmp_core::publishing::WorkerId;
use mcmp_core::value::InvalidValue;
use mcmp_core::{Error, Portal};
use tokio::sync::{Notify, watch};
use tokio::task::{self, JoinError, JoinHandle, JoinSet};
use tokio::time::{sleep, timeout};
use tracing::{error, info, warn};

use crate::health::{Health, HealthBook};
use crate::loops::{
    self, Approvals, CleanUp, Deliveries, FanOut, Loop, Notifications, Polls, RecurringSeries,
    Refresh, Sends, Subscription,
};
use crate::outbox::{self, EventSubscriber};
use crate::pace::Pace;
use crate::publish;
use crate::settings::EngineSettings;
use crate::supervise::{EngineSupervisor, RatePlan, system};
use crate::telemetry;

/// The engine of one process. Any number of processes may run one over the same store.
///
/// ```
/// # async fn example(portal: mcmp_core::Portal) -> Result<(), mcmp_core::Error> {
/// use mcmp_scheduler::Engine;
///
/// let engine = Engine::builder(portal).build()?;
/// let running = engine.start();
/// // ... the application serves its users ...
/// running.shutdown().await;
/// # Ok(())
/// # }
/// ```
#[derive(Debug, Clone)]
pub struct Engine {
    pub(crate) shared: Arc<Shared>,
}

/// What the loops of one engine share.
#[derive(Debug)]
pub(crate) struct Shared {
    pub(crate) portal: Portal,
    pub(crate) scope: Scope,
    pub(crate) upkeep: Upkeep,
    pub(crate) worker: Worker,
    pub(crate) supervisor: Arc<EngineSupervisor>,
    pub(crate) settings: EngineSettings,
    pub(crate) rates: RatePlan,
    pub(crate) pace: Arc<Pace>,
    pub(crate) health: HealthBook,
    /// Told when something is held that wants to be renewed.
    pub(crate) held: Notify,
    pub(crate) subscribers: Vec<(String, Arc<dyn EventSubscriber>)>,
    loops: BTreeSet<Loop>,
}

/// How long a loop that panicked rests before it starts again.
const RESTART_AFTER: Duration = Duration::from_secs(1);
/// How much longer than the grace time loops may take to end: they keep to it on their own.
const GRACE_MARGIN: Duration = Duration::from_millis(500);

/// Puts an engine together.
#[must_use = "a builder does nothing until it is built"]
pub struct EngineBuilder {
    portal: Portal,
    settings: EngineSettings,
    rates: RatePlan,
    loops: BTreeSet<Loop>,
    subscribers: Vec<(String, Arc<dyn EventSubscriber>)>,
}

impl fmt::Debug for EngineBuilder {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("EngineBuilder").field("loops", &self.loops).finish_non_exhaustive()
    }
}

impl EngineBuilder {
    /// With other settings than the defaults.
    pub fn settings(mut self, settings: EngineSettings) -> Self {
        self.settings = settings;
        self
    }

    /// With limits that platforms have and don't tell.
    pub fn rates(mut self, rates: RatePlan) -> Self {
        self.rates = rates;
        self
    }

    /// Does only this; other processes do the rest.
    pub fn only(mut self, loops: impl IntoIterator<Item = Loop>) -> Self {
        self.loops = loops.into_iter().collect();
        self
    }

    /// Does not do this.
    pub fn without(mut self, which: Loop) -> Self {
        self.loops.remove(&which);
        self
    }

    /// Gives all events to `subscriber`; how far it got is kept under `name`, which is no other
    /// subscriber's and stays the same from version to version of your program.
    pub fn subscribe(
        mut self,
        name: impl Into<String>,
        subscriber: Arc<dyn EventSubscriber>,
    ) -> Self {
        self.subscribers.push((name.into(), subscriber));
        self
    }

    /// Keeps what a subscriber of another process has not read. Where clean-up and a subscriber run
    /// in different processes, only this tells the one of the other.
    pub fn keep_unread_of(mut self, subscriber: &str) -> Self {
        self.settings.retention.event_readers.push(outbox::duty_of(subscriber));
        self
    }

    /// The engine; it does nothing before it runs.
    ///
    /// # Errors
    /// The machine gives no random numbers; a setting is out of its range; or a subscriber's name is empty, too long, or another subscriber's as well.
    pub fn build(self) -> Result<Engine, Error> {
        let Self { portal, mut settings, rates, loops, subscribers } = self;
        settings.check()?;
        check_names(&subscribers)?;
        // What they have not read is kept.
        let readers = subscribers.iter().map(|(name, _)| outbox::duty_of(name));
        settings.retention.event_readers.extend(readers);
        let worker = portal.worker()?.lease(settings.lease).ahead(settings.claim_ahead);
        let pace = Arc::new(Pace::of(worker.id()));
        let supervisor =
            EngineSupervisor::new(portal.clone(), rates.clone(), &settings, Arc::clone(&pace))?;
        let supervisor = Arc::new(supervisor);
        Ok(Engine {
            shared: Arc::new(Shared {
                scope: system()?,
                upkeep: portal.upkeep()?,
                worker: worker.supervised(Arc::clone(&supervisor) as _),
                supervisor,
                settings,
                rates,
                pace,
                health: HealthBook::default(),
                held: Notify::new(),
                subscribers,
                loops,
                portal,
            }),
        })
    }
}

/// Two that read under one name would each miss what the other one took.
fn check_names(subscribers: &[(String, Arc<dyn EventSubscriber>)]) -> Result<(), InvalidValue> {
    let mut seen = BTreeSet::new();
    for (i, (name, _)) in subscribers.iter().enumerate() {
        let (field, length) = (format!("subscribers[{i}].name"), name.trim().chars().count());
        if length == 0 {
            return Err(InvalidValue::required(field));
        }
        if length > outbox::MAX_NAME {
            return Err(InvalidValue::too_long(field, outbox::MAX_NAME, length));
        }
        if !seen.insert(DutyName::new(&field, outbox::duty_of(name))?) {
            return Err(InvalidValue::duplicate(field, name));
        }
    }
    Ok(())
}

impl Engine {
    /// An engine over what `portal` holds, with all loops.
    pub fn builder(portal: Portal) -> EngineBuilder {
        EngineBuilder {
            portal,
            settings: EngineSettings::default(),
            rates: RatePlan::default(),
            loops: loops::all(),
            subscribers: Vec::new(),
        }
    }

    /// The name of its worker, as it stands in leases and attempts.
    #[must_use]
    pub fn worker_id(&self) -> &WorkerId {
        self.shared.worker.id()
    }

    /// Runs until `shutdown` is there; then lets what is under way end, as long as
    /// [`EngineSettings::grace`] allows. Dropped before that, it stops at once, as at a crash:
    /// nothing is lost, and what was under way goes on after its lease.
    pub async fn run(&self, shutdown: impl Future<Output = ()>) {
        telemetry::describe();
        // A channel each: those who listen to one are woken in an order of chance.
        let mut stops = Vec::new();
        let mut tasks = Tasks::default();
        info!(worker = %self.worker_id().0, "the engine starts");
        for part in self.parts() {
            stops.push(self.spawn(part, Duration::ZERO, &mut tasks));
        }
        tokio::pin!(shutdown);
        loop {
            tokio::select! {
                biased;
                () = &mut shutdown => break,
                Some((part, error)) = tasks.failed() => {
                    let name = part.which.as_str();
                    error!(name, %error, "a loop panicked, and starts again after a while");
                    telemetry::loop_failed(part.which);
                    self.shared.health.failed(part.which, self.name_of(part), &error.to_string());
                    let after = self.shared.pace.around(RESTART_AFTER);
                    stops.retain(|stop: &watch::Sender<bool>| !stop.is_closed());
                    stops.push(self.spawn(part, after, &mut tasks));
                }
            }
        }
        info!("the engine stops");
        for stop in &stops {
            // Nobody listening is nobody to stop.
            let _ = stop.send(true);
        }
        let all = async {
            while let Some((part, error)) = tasks.failed().await {
                error!(name = part.which.as_str(), %error, "a loop panicked at shutdown");
            }
        };
        if timeout(self.shared.settings.grace + GRACE_MARGIN, all).await.is_err() {
            warn!(left = tasks.set.len(), "loops did not end in time at shutdown");
            tasks.set.shutdown().await;
        }
    }

    /// Runs on the current Tokio runtime.
    ///
    /// # Panics
    /// Outside a Tokio runtime.
    #[must_use = "dropped, the engine goes on until the runtime ends, and nothing can stop it before"]
    pub fn start(&self) -> Running {
        let (stop, mut stopping) = watch::channel(false);
        let engine = self.clone();
        let task = tokio::spawn(async move {
            let asked = async move {
                let is_asked = stopping.wait_for(|stop| *stop).await.is_ok();
                if !is_asked {
                    // Nobody is left who could.
                    pending::<()>().await;
                }
            };
            engine.run(asked).await;
        });
        Running { stop, task }
    }

    /// How it is doing. Asks the store; if that can't be asked, says so, and goes by what was known
    /// last.
    pub async fn health(&self) -> Health {
        let shared = &self.shared;
        let asked = self.ask_what_is_due().await;
        let now = asked.as_ref().map_or_else(|_| shared.portal.now(), |(now, _)| *now);
        let paused = match &asked {
            Ok((_, paused)) => *paused,
            Err(_) => shared.supervisor.was_all_paused(),
        };
        let oldest = shared.health.next_due().unwrap_or(now);
        let late_by = (now - oldest).max(TimeDelta::zero());
        telemetry::oldest_due(late_by);
        Health {
            oldest_due_ms: late_by.num_milliseconds(),
            last_claim_at: shared.health.last_claim_at(),
            last_renewal_at: shared.health.last_renewal_at(),
            publishes: shared.loops.contains(&Loop::Publish),
            store_error: asked.err().map(|error| error.to_string()),
            in_flight: shared.worker.holding(),
            paused,
            loops: shared.health.loops(),
        }
    }

    /// Notes when the next job is due, and answers the time and whether all is paused.
    async fn ask_what_is_due(&self) -> Result<(DateTime<Utc>, bool), Error> {
        let shared = &self.shared;
        let store = shared.portal.store();
        let now = store.now().await?;
        shared.health.note_next_due(store.next_due(&shared.scope).await?);
        Ok((now, shared.supervisor.is_all_paused().await?))
    }

    /// What runs: each loop once, and that of the subscribers once for each.
    fn parts(&self) -> Vec<Part> {
        let mut parts = Vec::new();
        for which in self.shared.loops.iter().filter(|which| self.has_means_for(**which)) {
            let count = if *which == Loop::Outbox { self.shared.subscribers.len() } else { 1 };
            parts.extend((0..count).map(|number| Part { which: *which, number }));
        }
        parts
    }

    /// What a part is called where its loop has several.
    fn name_of(&self, part: Part) -> &str {
        let subscriber = self.shared.subscribers.get(part.number);
        subscriber.filter(|_| part.which == Loop::Outbox).map_or("", |(name, _)| name)
    }

    /// Starts a loop, and answers with what stops it.
    fn spawn(&self, part: Part, after: Duration, tasks: &mut Tasks) -> watch::Sender<bool> {
        let (stopping, stop) = watch::channel(false);
        let shared = Arc::clone(&self.shared);
        tasks.spawn(part, async move {
            let mut stopped = stop.clone();
            tokio::select! {
                biased;
                () = sleep(after) => {}
                _ = stopped.wait_for(|stop| *stop) => return,
            }
            run_part(part, shared, stop).await;
        });
        stopping
    }

    /// Whether there is anything for a loop to work with.
    fn has_means_for(&self, which: Loop) -> bool {
        let upkeep = &self.shared.upkeep;
        match which {
            Loop::Outbox => !self.shared.subscribers.is_empty(),
            Loop::WebhookFanOut | Loop::Deliveries => upkeep.can_send_webhooks(),
            Loop::Notifications => upkeep.can_notify(),
            _ => true,
        }
    }
}

/// A loop, or one of its parts.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Part {
    which: Loop,
    number: usize,
}

async fn run_part(part: Part, shared: Arc<Shared>, stop: watch::Receiver<bool>) {
    match part.which {
        Loop::Publish => publish::run(shared, stop).await,
        Loop::Outbox => {
            if let Some((name, subscriber)) = shared.subscribers.get(part.number) {
                let reads = Subscription::new(name, Arc::clone(subscriber));
                loops::run(reads, shared, stop).await;
            }
        }
        Loop::Refresh => loops::run(Refresh::default(), shared, stop).await,
        Loop::Metrics => {
            let polls = Polls {
                schedule: shared.settings.metrics.clone(),
                supervisor: Arc::clone(&shared.supervisor),
            };
            loops::run(Sends::new(polls), shared, stop).await;
        }
        Loop::WebhookFanOut => loops::run(FanOut::default(), shared, stop).await,
        Loop::Deliveries => loops::run(Sends::new(Deliveries), shared, stop).await,
        Loop::Notifications => loops::run(Sends::new(Notifications), shared, stop).await,
        Loop::Approvals => loops::run(Approvals, shared, stop).await,
        Loop::Series => loops::run(RecurringSeries::default(), shared, stop).await,
        Loop::Retention => loops::run(CleanUp::default(), shared, stop).await,
    }
}

/// What runs.
#[derive(Debug, Default)]
struct Tasks {
    set: JoinSet<()>,
    parts: HashMap<task::Id, Part>,
}

impl Tasks {
    fn spawn(&mut self, part: Part, runs: impl Future<Output = ()> + Send + 'static) {
        let id = self.set.spawn(runs).id();
        self.parts.insert(id, part);
    }

    /// The next loop that ends by a panic; `None` once all have ended.
    async fn failed(&mut self) -> Option<(Part, JoinError)> {
        loop {
            match self.set.join_next_with_id().await? {
                Ok((id, ())) => drop(self.parts.remove(&id)),
                Err(error) => {
                    let part = self.parts.remove(&error.id());
                    if let Some(part) = part {
                        return Some((part, error));
                    }
                }
            }
        }
    }
}

/// An engine that runs on its own. Dropped, it goes on until the runtime ends; only
/// [`shutdown`](Self::shutdown) stops it.
#[derive(Debug)]
pub struct Running {
    stop: watch::Sender<bool>,
    task: JoinHandle<()>,
}

impl Running {
    /// Stops it, and comes back when what was under way has ended or been let go.
    pub async fn shutdown(self) {
        // Nobody listening is an engine that has ended.
        let _ = self.stop.send(true);
        if let Err(error) = self.task.await {
            error!(%error, "the engine ended badly");
        }
    }
}
