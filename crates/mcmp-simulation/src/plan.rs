//! What kind of run it is: how many processes and channels, how much goes wrong, and of what kind.

use std::time::Duration;

use chrono::TimeDelta;
use mcmp_core::account::UnknownOutcomePolicy;
use mcmp_core::publishing::{
    LatenessPolicy, MAX_FAILURES, MaxFailures, PublisherCapabilities, WhenLate,
};
use mcmp_scheduler::EngineSettings;

use super::dice::Dice;
use super::mutants::Mutant;

#[derive(Debug, Clone)]
pub(crate) struct Plan {
    pub(crate) processes: usize,
    pub(crate) clients: usize,
    pub(crate) channels: Vec<ChannelPlan>,
    pub(crate) posts: usize,
    /// How long people act and things go wrong.
    pub(crate) hours: u32,
    pub(crate) lateness: LatenessPolicy,
    /// Chances in a thousand, for each call of an engine.
    pub(crate) store_fails: u32,
    pub(crate) store_is_slow: u32,
    pub(crate) somebody_acts: u32,
    /// Whether processes die, freeze and are replaced.
    pub(crate) crashes: bool,
    pub(crate) freezes: bool,
    pub(crate) clock_jumps: bool,
    pub(crate) settings: EngineSettings,
}

#[derive(Debug, Clone)]
pub(crate) struct ChannelPlan {
    pub(crate) capabilities: PublisherCapabilities,
    pub(crate) steps: u32,
    pub(crate) unknown_outcome: UnknownOutcomePolicy,
    pub(crate) max_failures: MaxFailures,
    pub(crate) client: usize,
    /// On the same platform as the channel before, if there is one.
    pub(crate) shares_platform: bool,
    /// Chance in a thousand that a call meets a fault.
    pub(crate) faults: u32,
    /// Whether its tokens can be refreshed.
    pub(crate) refreshes: bool,
}

fn capabilities(dice: &mut Dice) -> PublisherCapabilities {
    let (can_look_up, takes_dedupe_key) =
        *dice.pick(&[(true, false), (true, false), (true, true), (false, true), (false, false)]);
    PublisherCapabilities {
        can_look_up,
        takes_dedupe_key,
        threads: true,
        first_comment: true,
        refresh: true,
        ..PublisherCapabilities::default()
    }
}

/// Most channels give nothing up by count before the run is over.
fn max_failures(dice: &mut Dice) -> MaxFailures {
    MaxFailures::new(*dice.pick(&[MAX_FAILURES, MAX_FAILURES, MAX_FAILURES, 1, 3, 8])).unwrap()
}

/// None, as engines have it, and as far as they may.
fn claim_ahead(dice: &mut Dice) -> TimeDelta {
    let usual = EngineSettings::default().claim_ahead;
    *dice.pick(&[TimeDelta::zero(), usual, usual, EngineSettings::FARTHEST_AHEAD])
}

impl Plan {
    /// Drawn by chance, but for what it takes to notice a mutant soon.
    pub(crate) fn new(dice: &mut Dice, mutant: Option<Mutant>) -> Self {
        let mut plan = Self::draw(dice);
        match mutant {
            Some(Mutant::LostLeasesAreRenewed) => {
                (plan.freezes, plan.crashes) = (true, false);
                plan.settings.lease = TimeDelta::seconds(10);
                // Nobody takes a job back before its worker has woken up and gone on.
                plan.settings.rescue_every = Duration::from_secs(600);
            }
            Some(Mutant::LookUpFindsNothing) => {
                for channel in &mut plan.channels {
                    channel.unknown_outcome = UnknownOutcomePolicy::Retry;
                    channel.faults = 400;
                }
            }
            _ => {}
        }
        plan
    }

    fn draw(dice: &mut Dice) -> Self {
        let clients = 1 + usize::from(dice.one_in(4));
        let channels: Vec<_> = (0..dice.within(2, 3))
            .map(|at| ChannelPlan {
                capabilities: capabilities(dice),
                steps: if dice.one_in(2) { 0 } else { dice.within(1, 2) },
                unknown_outcome: if dice.one_in(3) {
                    UnknownOutcomePolicy::Retry
                } else {
                    UnknownOutcomePolicy::Hold
                },
                max_failures: max_failures(&mut dice.apart()),
                client: dice.index(clients),
                shares_platform: at > 0 && dice.one_in(3),
                faults: *dice.pick(&[0, 60, 200, 400]),
                refreshes: dice.one_in(3),
            })
            .collect();
        let late = *dice.pick(&[WhenLate::Publish, WhenLate::Hold, WhenLate::Skip]);
        let mut settings = EngineSettings::default();
        settings.slots = *dice.pick(&[1, 3, 64]);
        settings.lease = TimeDelta::seconds(i64::from(*dice.pick(&[10, 10, 30])));
        settings.claim_ahead = claim_ahead(&mut dice.apart());
        settings.poll = Duration::from_secs(*dice.pick(&[60, 300]));
        settings.rescue_every = Duration::from_secs(*dice.pick(&[10, 60]));
        settings.sends_every = Duration::from_secs(600);
        settings.refresh_every = Duration::from_secs(300);
        settings.approvals_every = Duration::from_secs(600);
        settings.grace = Duration::from_secs(*dice.pick(&[5, 30, 120]));
        Self {
            processes: 1 + dice.index(3),
            clients,
            channels,
            posts: 5 + dice.index(11),
            hours: *dice.pick(&[2, 3, 5]),
            lateness: LatenessPolicy::new(late, dice.within(30, 600)).unwrap(),
            store_fails: *dice.pick(&[0, 0, 5, 30]),
            store_is_slow: *dice.pick(&[0, 20, 60]),
            somebody_acts: *dice.pick(&[0, 10, 40]),
            crashes: dice.one_in(2),
            freezes: dice.one_in(3),
            clock_jumps: dice.one_in(4),
            settings,
        }
    }
}
