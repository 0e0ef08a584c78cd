//! What goes beyond one job: pauses of the whole installation, limits that accounts share,
//! platforms that are down, and the flood after an outage.

mod apps;
mod breaker;
mod budgets;
mod catch_up;
mod circuits;
mod pauses;

use std::sync::Arc;

use async_trait::async_trait;
use chrono::{DateTime, Utc};
use mcmp_core::access::{Actor, Scope};
use mcmp_core::portal::{Admission, CallReport, PublisherCall, Supervisor};
use mcmp_core::publishing::{ErrorClass, PublishError, PublishJob};
use mcmp_core::{Error, Portal};
use tracing::debug;

use crate::pace::Pace;
use crate::settings::EngineSettings;
use crate::telemetry;
use apps::{App, Apps};
use budgets::Budgets;
pub use budgets::RatePlan;
pub(crate) use budgets::as_set;
use catch_up::CatchUp;
use circuits::Circuits;
use pauses::PauseWatch;

/// Watches over all calls of one engine.
#[derive(Debug)]
pub(crate) struct EngineSupervisor {
    portal: Portal,
    pace: Arc<Pace>,
    apps: Apps,
    pauses: PauseWatch,
    circuits: Circuits,
    budgets: Budgets,
    catch_up: CatchUp,
}

/// Why a job waits that nothing is wrong with.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum WaitReason {
    Paused,
    PlatformDown,
    AccountDown,
    Budget,
    CatchUp,
}

impl WaitReason {
    pub(crate) fn code(self) -> &'static str {
        match self {
            Self::Paused => "platform_paused",
            Self::PlatformDown => "platform_down",
            Self::AccountDown => "account_down",
            Self::Budget => "budget_used_up",
            Self::CatchUp => "catching_up",
        }
    }

    /// Whether it is for no fault of the job's own, and for no limit: what waited so is late as it
    /// would be after an outage.
    fn left_it_behind(code: &str) -> bool {
        [Self::Paused, Self::PlatformDown, Self::CatchUp].iter().any(|why| why.code() == code)
    }

    fn message(self) -> &'static str {
        match self {
            Self::Paused => "publishing is paused for the platform or everywhere",
            Self::PlatformDown => "the platform fails for several accounts; it is tried again soon",
            Self::AccountDown => {
                "the last calls for this account all failed; it is tried again soon"
            }
            Self::Budget => "the platform's limit is used up for now; it is sent as soon as it may",
            Self::CatchUp => "it is late after an outage, and late posts go out one after another",
        }
    }
}

/// What a job has to wait for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Wait {
    pub(crate) until: DateTime<Utc>,
    pub(crate) reason: WaitReason,
    /// Whether it is exactly then: its turn among others. Else those that wait for the same come
    /// one by one.
    pub(crate) exact: bool,
}

impl Wait {
    /// Waits together with others until something is over.
    fn until(until: DateTime<Utc>, reason: WaitReason) -> Self {
        Self { until, reason, exact: false }
    }

    /// Waits for its turn.
    fn for_a_turn(until: DateTime<Utc>, reason: WaitReason) -> Self {
        Self { until, reason, exact: true }
    }
}

impl EngineSupervisor {
    pub(crate) fn new(
        portal: Portal,
        rates: RatePlan,
        settings: &EngineSettings,
        pace: Arc<Pace>,
    ) -> Result<Self, Error> {
        let scope = system()?;
        Ok(Self {
            apps: Apps::new(portal.clone(), scope.clone()),
            pauses: PauseWatch::new(portal.clone()),
            circuits: Circuits::default(),
            catch_up: CatchUp::new(portal.clone(), scope.clone(), settings)?,
            budgets: Budgets::new(portal.clone(), scope, rates),
            portal,
            pace,
        })
    }

    /// Whether the whole installation is paused.
    pub(crate) async fn is_all_paused(&self) -> Result<bool, Error> {
        Ok(self.pauses.current().await?.everything)
    }

    /// What was read of that last, for when the store can't be asked.
    pub(crate) fn was_all_paused(&self) -> bool {
        self.pauses.last().everything
    }

    /// Reads what it takes to let a job through that is due soon.
    async fn read_ahead(&self, job: &PublishJob) -> Result<(), Error> {
        let app = self.apps.of(job).await?;
        self.pauses.read_ahead().await?;
        self.budgets.read_ahead(job, &app).await
    }

    async fn wait_of(
        &self,
        job: &PublishJob,
        call: PublisherCall,
        now: DateTime<Utc>,
    ) -> Result<Option<Wait>, Error> {
        let app: App = self.apps.of(job).await?;
        // What was sent is looked for whatever is paused or used up: that only reads.
        if call == PublisherCall::LookUp {
            return Ok(self.circuits.admit(job.account_id, &app, now));
        }
        // Nothing is taken of what others need, and no probe begun, before all else agrees.
        if let Some(wait) = self.circuits.wait_of(job.account_id, &app, now) {
            return Ok(Some(wait));
        }
        if let Some(wait) = self.pauses.wait_of(job, now).await? {
            return Ok(Some(wait));
        }
        if let Some(wait) = self.catch_up.wait_of(job, &self.budgets, now).await? {
            return Ok(Some(wait));
        }
        if let Some(wait) = self.budgets.wait_of(job, &app, now).await? {
            return Ok(Some(wait));
        }
        let wait = self.circuits.admit(job.account_id, &app, now);
        if wait.is_some() {
            self.budgets.give_back_all(job, &app, now).await;
        }
        Ok(wait)
    }
}

#[async_trait]
impl Supervisor for EngineSupervisor {
    async fn admit(&self, job: &PublishJob, call: PublisherCall) -> Result<Admission, Error> {
        // What is decided here is kept in the store, for workers whose clocks may show another time.
        let now = self.portal.store().now().await?;
        let Some(wait) = self.wait_of(job, call, now).await? else { return Ok(Admission::Go) };
        telemetry::waited(&job.platform, wait.reason);
        let until = if wait.exact { wait.until } else { self.pace.after(wait.until, now) };
        let class = ErrorClass::RateLimited { until: Some(until) };
        let error = PublishError::new(class, wait.reason.message()).code(wait.reason.code());
        // The account's later posts wait as well, so that they stay in order.
        Ok(Admission::Wait { until, error, lane: true })
    }

    async fn foresee(&self, job: &PublishJob) {
        if let Err(error) = self.read_ahead(job).await {
            debug!(%error, "what could not be read ahead is read at its time");
        }
    }

    async fn observe(&self, call: &CallReport<'_>) -> Result<(), Error> {
        telemetry::called(call);
        self.apps.note(call.account);
        // Tokens and numbers have ways of their own to fail, and no post waits for numbers.
        if matches!(
            call.call,
            PublisherCall::Prepare | PublisherCall::GoLive | PublisherCall::LookUp
        ) {
            self.circuits.note(call);
        }
        self.budgets.learn(call).await
    }
}

/// The scope of the engine itself.
pub(crate) fn system() -> Result<Scope, Error> {
    Ok(Actor::system("scheduler").own_scope()?)
}
