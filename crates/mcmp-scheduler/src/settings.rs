//! What an installation may want otherwise.

use std::time::Duration;

use chrono::TimeDelta;
use mcmp_core::portal::{DEFAULT_LEASE, MetricsSchedule, Retention};
use mcmp_core::value::InvalidValue;

/// How the engine works. The defaults suit one machine with a few hundred accounts up to a fleet;
/// what they mean in load is said at each, with the default behind it.
///
/// No time is longer than [`LONGEST`](Self::LONGEST), nor shorter than a millisecond, unless its
/// field says otherwise. Numbers are 1 at least.
#[derive(Debug, Clone, PartialEq)]
#[non_exhaustive]
pub struct EngineSettings {
    /// Most jobs that this process works on at once. 64.
    pub slots: usize,
    /// Most jobs that are claimed at once. 100.
    pub claim_batch: usize,
    /// How long before their time jobs are claimed. What is due soon is claimed together, read and
    /// checked, and each call is made at its very time; a job that waits for it takes a slot. With
    /// zero, which it may be, all of that comes after the time. 250 ms, and 10 s at most.
    pub claim_ahead: TimeDelta,
    /// How long after a claim the next one comes at the earliest: gathers what comes up at once, such
    /// as posts that people send now, at the price of so much start lag for them. May be zero. 10 ms.
    pub claim_spacing: Duration,
    /// How long nothing is looked for when nothing is known to be due and no signal comes. 1 s.
    pub poll: Duration,
    /// How long a claim lasts without a heartbeat; heartbeats come three times as often. A worker
    /// that died is noticed after so long. 10 s.
    pub lease: TimeDelta,
    /// How often jobs of dead workers are looked for. 2 s.
    pub rescue_every: Duration,
    /// How long work that is under way may take to end at shutdown. What has not ended by then goes
    /// on elsewhere. May be zero. 30 s.
    pub grace: Duration,
    /// How many jobs that are late are started per second over all workers, so that an outage does
    /// not end in a flood. 5.
    pub catch_up_per_second: u32,
    /// From when on a job that was never tried counts as late for that. May be zero. 2 minutes.
    pub catch_up_after: TimeDelta,
    /// How long an account rests after a late post before its next late one. May be zero. 30 s.
    pub catch_up_gap: TimeDelta,
    /// How often tokens that end soon are looked for. 1 minute.
    pub refresh_every: Duration,
    /// How long before the end of an access token it is refreshed. May be zero. 15 minutes.
    pub refresh_ahead: TimeDelta,
    /// How long before the end of a grant that can't be refreshed people are told. May be zero. 7
    /// days.
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

impl EngineSettings {
    /// Longest time of any setting: a leap year.
    pub const LONGEST: TimeDelta = TimeDelta::days(366);
    /// The longest [`claim_ahead`](Self::claim_ahead): what was read for a job grows old meanwhile.
    pub const FARTHEST_AHEAD: TimeDelta = TimeDelta::seconds(10);

    /// Whether an engine can work with these.
    pub(crate) fn check(&self) -> Result<(), InvalidValue> {
        for (field, most) in [
            ("slots", self.slots),
            ("claim_batch", self.claim_batch),
            ("sends_at_once", self.sends_at_once),
            ("catch_up_per_second", usize::try_from(self.catch_up_per_second).unwrap_or(1)),
        ] {
            if most == 0 {
                return Err(InvalidValue::required(field));
            }
        }
        let signed = |time: Duration| TimeDelta::from_std(time).unwrap_or(TimeDelta::MAX);
        let ahead = self.claim_ahead;
        if !(TimeDelta::zero()..=Self::FARTHEST_AHEAD).contains(&ahead) {
            let farthest = Self::FARTHEST_AHEAD.num_milliseconds();
            let ms = ahead.num_milliseconds();
            return Err(InvalidValue::out_of_range("claim_ahead", 0, farthest, ms));
        }
        for (field, time, may_be_zero) in [
            ("claim_spacing", signed(self.claim_spacing), true),
            ("poll", signed(self.poll), false),
            ("lease", self.lease, false),
            ("rescue_every", signed(self.rescue_every), false),
            ("grace", signed(self.grace), true),
            ("catch_up_after", self.catch_up_after, true),
            ("catch_up_gap", self.catch_up_gap, true),
            ("refresh_every", signed(self.refresh_every), false),
            ("refresh_ahead", self.refresh_ahead, true),
            ("expiry_notice", self.expiry_notice, true),
            ("sends_every", signed(self.sends_every), false),
            ("approvals_every", signed(self.approvals_every), false),
            ("series_every", signed(self.series_every), false),
            ("series_ahead", self.series_ahead, false),
            ("retention_every", signed(self.retention_every), false),
        ] {
            let (shortest, longest) = (i64::from(!may_be_zero), Self::LONGEST.num_milliseconds());
            let ms = time.num_milliseconds();
            if !(shortest..=longest).contains(&ms) {
                return Err(InvalidValue::out_of_range(field, shortest, longest, ms));
            }
        }
        Ok(())
    }
}

impl Default for EngineSettings {
    fn default() -> Self {
        Self {
            slots: 64,
            claim_batch: 100,
            claim_ahead: TimeDelta::milliseconds(250),
            claim_spacing: Duration::from_millis(10),
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
