//! What an installation may want otherwise.

use std::time::Duration;

use chrono::TimeDelta;
use mcmp_core::portal::{DEFAULT_LEASE, MetricsSchedule, Retention};

/// How the engine works. The defaults suit one machine with a few hundred accounts up to a fleet;
/// what they mean in load is said at each.
#[derive(Debug, Clone, PartialEq)]
#[non_exhaustive]
pub struct EngineSettings {
    /// Most jobs that this process works on at once. 64.
    pub slots: usize,
    /// Most jobs that are claimed at once. 100.
    pub claim_batch: usize,
    /// How long after a claim the next one comes at the earliest: gathers what becomes due together
    /// into one claim, at the price of so much start lag. 2 ms.
    pub claim_spacing: Duration,
    /// How long nothing is looked for when nothing is known to be due and no signal comes. 1 s.
    pub poll: Duration,
    /// How long a claim lasts without a heartbeat; heartbeats come three times as often. A worker
    /// that died is noticed after so long. 10 s.
    pub lease: TimeDelta,
    /// How often jobs of dead workers are looked for. 2 s.
    pub rescue_every: Duration,
    /// How long work that is under way may take to end at shutdown. What has not ended by then goes
    /// on elsewhere, after its lease. 30 s.
    pub grace: Duration,
    /// How many jobs that are late are started per second over all workers, so that an outage does
    /// not end in a flood. 5.
    pub catch_up_per_second: u32,
    /// From when on a job that was never tried counts as late for that. 2 minutes.
    pub catch_up_after: TimeDelta,
    /// How long an account rests after a late post before its next late one. 30 s.
    pub catch_up_gap: TimeDelta,
    /// How often tokens that end soon are looked for. 1 minute.
    pub refresh_every: Duration,
    /// How long before the end of an access token it is refreshed. 15 minutes.
    pub refresh_ahead: TimeDelta,
    /// How long before the end of a grant that can't be refreshed people are told. 7 days.
    pub expiry_notice: TimeDelta,
    /// How often numbers, deliveries and notifications that are due are looked for. 1 s.
    pub sends_every: Duration,
    /// Most numbers, deliveries and notifications, each, that this process has under way. 16.
    pub sends_at_once: usize,
    /// How often the numbers of a post are read, by its age.
    pub metrics: MetricsSchedule,
    /// How often overdue approvals are looked for. 1 minute.
    pub approvals_every: Duration,
    /// How often recurring posts are made. 10 minutes.
    pub series_every: Duration,
    /// How far ahead recurring posts are made. 60 days.
    pub series_ahead: TimeDelta,
    /// How often old data is cleaned up. 1 hour.
    pub retention_every: Duration,
    /// How long data is kept.
    pub retention: Retention,
}

impl Default for EngineSettings {
    fn default() -> Self {
        Self {
            slots: 64,
            claim_batch: 100,
            claim_spacing: Duration::from_millis(2),
            poll: Duration::from_secs(1),
            lease: DEFAULT_LEASE,
            rescue_every: Duration::from_secs(2),
            grace: Duration::from_secs(30),
            catch_up_per_second: 5,
            catch_up_after: TimeDelta::minutes(2),
            catch_up_gap: TimeDelta::seconds(30),
            refresh_every: Duration::from_secs(60),
            refresh_ahead: TimeDelta::minutes(15),
            expiry_notice: TimeDelta::days(7),
            sends_every: Duration::from_secs(1),
            sends_at_once: 16,
            metrics: MetricsSchedule::default(),
            approvals_every: Duration::from_secs(60),
            series_every: Duration::from_secs(600),
            series_ahead: TimeDelta::days(60),
            retention_every: Duration::from_secs(3_600),
            retention: Retention::default(),
        }
    }
}
