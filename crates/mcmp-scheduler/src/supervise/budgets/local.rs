//! What one worker knows of a budget: the calls it has taken of it, and whose turn it is once they
//! are used up.

use std::collections::HashMap;

use chrono::{DateTime, TimeDelta, Utc};
use mcmp_core::id::ClientId;
use mcmp_core::publishing::RateReport;

/// Furthest behind the next call that a turn is given; then it is looked at anew.
const FURTHEST: TimeDelta = TimeDelta::minutes(1);
/// When a wait is looked at anew that is longer: a limit may be changed, or be learnt anew.
const LOOK_AGAIN: TimeDelta = TimeDelta::minutes(15);
/// How much later those come who are looked at anew: after those whose turn it is.
const BEHIND: TimeDelta = TimeDelta::seconds(3);
/// How long a client's turn is kept for it once it has come.
const PATIENCE: TimeDelta = TimeDelta::seconds(2);
/// How often a limit that is not used up is taken over.
const LEARN_EVERY: TimeDelta = TimeDelta::seconds(10);
/// How often the store is asked ahead for one budget.
const ASK_AHEAD_EVERY: TimeDelta = TimeDelta::milliseconds(100);
/// Those who ask at the same time come in any order; a clock that goes back further was set back.
const SET_BACK: TimeDelta = TimeDelta::seconds(5);
/// How long it counts who had the last call.
const REMEMBERED: TimeDelta = TimeDelta::days(1);
/// From so many clients on, those that had their last call long ago are forgotten.
const MANY: usize = 1_000;

/// What one worker knows of a budget.
#[derive(Debug, Default)]
pub(super) struct Local {
    /// Calls that were taken and not made yet.
    calls: u32,
    /// Until when they may be made.
    calls_until: Option<DateTime<Utc>>,
    /// Until when there is no such budget.
    free_until: Option<DateTime<Utc>>,
    /// When there may be calls again.
    dry_until: Option<DateTime<Utc>>,
    /// How long one call takes at the budget's rate.
    interval: TimeDelta,
    /// The clients that wait.
    waiting: HashMap<ClientId, Waiting>,
    /// When each client had its last call.
    served: HashMap<ClientId, DateTime<Utc>>,
    learnt_at: Option<DateTime<Utc>>,
    asked_at: Option<DateTime<Utc>>,
    asked_ahead_at: Option<DateTime<Utc>>,
}

/// The turns of one client that waits.
#[derive(Debug, Clone, Copy)]
struct Waiting {
    first: DateTime<Utc>,
    last: DateTime<Utc>,
}

/// What taking a call came to.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Taken {
    /// It was taken, or that client's turn is then.
    Known(Result<(), DateTime<Utc>>),
    /// Only the store knows.
    AskTheStore,
}

impl Local {
    pub(super) fn take(&mut self, client: ClientId, now: DateTime<Utc>) -> Taken {
        // What was known lies too far ahead.
        if self.asked_at.is_some_and(|asked_at| asked_at - now > SET_BACK) {
            self.forget();
            self.waiting.clear();
            self.asked_at = None;
        }
        let now = self.asked_at.map_or(now, |asked_at| asked_at.max(now));
        self.asked_at = Some(now);
        let lies_ahead = |at: Option<DateTime<Utc>>| at.is_some_and(|at| at > now);
        if lies_ahead(self.free_until) {
            return Taken::Known(Ok(()));
        }
        if let Some(until) = self.kept_for_others_until(client, now) {
            return Taken::Known(Err(self.turn(client, until, now)));
        }
        if self.calls > 0 && lies_ahead(self.calls_until) {
            self.calls -= 1;
            self.serve(client, now);
            return Taken::Known(Ok(()));
        }
        match self.dry_until {
            Some(until) if until > now => Taken::Known(Err(self.turn(client, until, now))),
            _ => Taken::AskTheStore,
        }
    }

    /// Until when a call is another client's, whose turn has come and who had its last one earlier.
    fn kept_for_others_until(&self, client: ClientId, now: DateTime<Utc>) -> Option<DateTime<Utc>> {
        let had = self.served.get(&client)?;
        let has_come = |other: &Waiting| other.first <= now && now < later(other.first, PATIENCE);
        let others = self.waiting.iter().filter(|(other, waiting)| {
            **other != client
                && has_come(waiting)
                && self.served.get(other).is_none_or(|other| other < had)
        });
        others.map(|(_, waiting)| later(waiting.first, PATIENCE)).max()
    }

    fn serve(&mut self, client: ClientId, now: DateTime<Utc>) {
        if self.served.len() >= MANY {
            self.served.retain(|_, at| now - *at < REMEMBERED);
        }
        self.served.insert(client, now);
        if let Some(waiting) = self.waiting.get_mut(&client) {
            // Its next turn is no longer kept for it, until it is told to wait again.
            waiting.first = waiting.last;
        }
    }

    /// When it is a client's turn: clients alternate, however many jobs each of them has waiting.
    fn turn(&mut self, client: ClientId, from: DateTime<Utc>, now: DateTime<Utc>) -> DateTime<Utc> {
        self.waiting.retain(|_, waiting| later(waiting.last, PATIENCE) > now);
        let look_again = later(now, LOOK_AGAIN);
        if from > look_again {
            return look_again;
        }
        let others = self.waiting.keys().filter(|other| **other != client).count();
        let round = self.interval * i32::try_from(others + 1).unwrap_or(i32::MAX);
        let Some(waiting) = self.waiting.get_mut(&client).filter(|waiting| waiting.last > now)
        else {
            // Exactly then, also where another worker gave the turns: those who have more waiting
            // come behind.
            self.waiting.insert(client, Waiting { first: from, last: from });
            return from;
        };
        let furthest = later(from, FURTHEST);
        let next = later(waiting.last, round);
        waiting.last = waiting.last.max(next.min(furthest));
        if next <= furthest { next } else { later(furthest, BEHIND) }
    }

    /// Calls that were taken and can be given back; they are no longer held here.
    pub(super) fn unused(&mut self) -> u32 {
        std::mem::take(&mut self.calls)
    }

    /// One call was not made after all.
    pub(super) fn give_back(&mut self) {
        // Where nothing is counted there is nothing to give back.
        if self.calls_until.is_some() {
            self.calls = self.calls.saturating_add(1);
        }
    }

    pub(super) fn no_budget_until(&mut self, until: DateTime<Utc>) {
        self.forget();
        self.free_until = Some(until);
    }

    /// Whether the store is to be asked now for what would have to be asked for `then`; nobody else
    /// is told so for a moment.
    pub(super) fn asks_ahead(&mut self, then: DateTime<Utc>, now: DateTime<Utc>) -> bool {
        let is_known = self.free_until.is_some_and(|until| until > then) || self.has_budget(then);
        let is_asked =
            self.asked_ahead_at.is_some_and(|at| at <= now && now - at < ASK_AHEAD_EVERY);
        let asks = !is_known && !is_asked;
        if asks {
            self.asked_ahead_at = Some(now);
        }
        asks
    }

    /// There was no budget when it was asked for; by now there may be one.
    pub(super) fn had_no_budget(&mut self, asked_at: DateTime<Utc>, until: DateTime<Utc>) {
        let is_learnt = self.learnt_at.is_some_and(|at| at >= asked_at);
        if !is_learnt && !self.has_budget(asked_at) {
            self.no_budget_until(until);
        }
    }

    /// Whether calls are held then, or known to be used up.
    fn has_budget(&self, at: DateTime<Utc>) -> bool {
        [self.calls_until, self.dry_until].into_iter().flatten().any(|until| until > at)
    }

    /// Holds calls that were taken; if there were none, notes when there are some again.
    pub(super) fn refill(
        &mut self,
        calls: u32,
        until: DateTime<Utc>,
        next_at: DateTime<Utc>,
        interval: TimeDelta,
    ) {
        self.free_until = None;
        self.calls = calls;
        self.calls_until = Some(until);
        self.dry_until = (calls == 0).then_some(next_at);
        self.interval = interval;
    }

    /// Whether a report is worth a write now.
    pub(super) fn may_learn(&mut self, report: &RateReport, now: DateTime<Utc>) -> bool {
        let recently = self.learnt_at.is_some_and(|at| at <= now && now - at < LEARN_EVERY);
        if recently && report.remaining != Some(0) {
            return false;
        }
        self.learnt_at = Some(now);
        true
    }

    /// Asks the store the next time, as its count has changed. Calls that were not made yet are not
    /// given back: the platform may not have counted with them.
    pub(super) fn forget(&mut self) {
        self.calls = 0;
        self.calls_until = None;
        self.free_until = None;
        self.dry_until = None;
    }

    /// Whether nothing in here matters any longer.
    pub(super) fn is_idle(&self, now: DateTime<Utc>) -> bool {
        let is_over = |at: Option<DateTime<Utc>>| at.is_none_or(|at| at <= now);
        is_over(self.calls_until)
            && is_over(self.free_until)
            && is_over(self.dry_until)
            && is_over(self.learnt_at.map(|at| later(at, LEARN_EVERY)))
            && self.waiting.values().all(|waiting| later(waiting.last, PATIENCE) <= now)
    }
}

fn later(at: DateTime<Utc>, by: TimeDelta) -> DateTime<Utc> {
    at.checked_add_signed(by).unwrap_or(DateTime::<Utc>::MAX_UTC)
}

#[cfg(test)]
mod tests {
    use mcmp_core::id::Id;
    use mcmp_core::publishing::RateScope;
    use proptest::prelude::*;

    use super::*;

    fn at(ms: i64) -> DateTime<Utc> {
        DateTime::from_timestamp_millis(1_800_000_000_000 + ms).unwrap()
    }

    fn client(n: u8) -> ClientId {
        Id::from_uuid(format!("00000000-0000-4000-8000-0000000000{n:02x}").parse().unwrap())
    }

    /// A rate of a call every `interval` ms, used up at 0.
    fn dry(interval: i64) -> Local {
        let mut local = Local::default();
        local.refill(0, at(1_000), at(interval), TimeDelta::milliseconds(interval));
        local
    }

    fn turn(local: &mut Local, of: u8, now: i64) -> i64 {
        match local.take(client(of), at(now)) {
            Taken::Known(Err(until)) => (until - at(0)).num_milliseconds(),
            other => panic!("{other:?}"),
        }
    }

    #[test]
    fn clients_alternate_and_whoever_comes_first_waits_for_the_next_call_alone() {
        let mut local = dry(1_000);
        assert_eq!(turn(&mut local, 1, 0), 1_000);
        assert_eq!(turn(&mut local, 1, 0), 2_000);
        assert_eq!(turn(&mut local, 1, 0), 3_000);
        assert_eq!(turn(&mut local, 2, 0), 1_000);
        assert_eq!(turn(&mut local, 1, 0), 5_000, "from now on every second call is another's");
        assert_eq!(turn(&mut local, 2, 0), 3_000);
    }

    #[test]
    fn one_asks_ahead_and_what_was_learnt_since_counts() {
        let mut local = Local::default();
        assert!(local.asks_ahead(at(250), at(0)));
        assert!(!local.asks_ahead(at(260), at(10)), "somebody does");
        local.had_no_budget(at(0), at(1_000));
        assert!(!local.asks_ahead(at(999), at(500)), "it is known by then");
        assert_eq!(local.take(client(1), at(999)), Taken::Known(Ok(())));
        assert!(local.asks_ahead(at(1_000), at(800)));
        // Meanwhile calls were taken of a budget that has come into being.
        local.refill(0, at(1_800), at(1_500), TimeDelta::seconds(1));
        local.had_no_budget(at(800), at(1_800));
        assert_eq!(turn(&mut local, 1, 1_000), 1_500);
    }

    #[test]
    fn a_long_wait_is_looked_at_anew() {
        let mut local = dry(20 * 60_000);
        assert_eq!(turn(&mut local, 1, 0), 15 * 60_000);
        assert_eq!(turn(&mut local, 2, 0), 15 * 60_000);
        assert_eq!(turn(&mut local, 1, 15 * 60_000), 20 * 60_000);
    }

    #[test]
    fn those_who_have_much_waiting_come_behind_those_whose_turn_it_is() {
        let mut local = dry(60_000);
        assert_eq!(turn(&mut local, 1, 0), 60_000);
        assert_eq!(turn(&mut local, 1, 0), 120_000);
        for _ in 0..100 {
            assert_eq!(turn(&mut local, 1, 0), 123_000);
        }
        assert_eq!(turn(&mut local, 2, 0), 60_000);
    }

    #[test]
    fn a_turn_is_kept_for_a_while_from_whoever_had_the_last_call() {
        let mut local = Local::default();
        local.refill(1, at(1_000), at(0), TimeDelta::seconds(1));
        assert_eq!(local.take(client(1), at(0)), Taken::Known(Ok(())));
        local.refill(0, at(1_000), at(1_000), TimeDelta::seconds(1));
        assert_eq!(turn(&mut local, 2, 0), 1_000);
        local.refill(5, at(2_000), at(0), TimeDelta::seconds(1));
        assert_eq!(turn(&mut local, 1, 1_000), 3_000, "the call is the other's");
        assert_eq!(local.take(client(2), at(1_100)), Taken::Known(Ok(())));
        local.refill(5, at(9_000), at(0), TimeDelta::seconds(1));
        assert_eq!(local.take(client(1), at(3_001)), Taken::Known(Ok(())));
    }

    #[test]
    fn what_was_not_counted_is_not_given_back() {
        let mut local = Local::default();
        local.no_budget_until(at(1_000));
        assert_eq!(local.take(client(1), at(0)), Taken::Known(Ok(())));
        local.give_back();
        assert_eq!(local.unused(), 0);
        local.refill(1, at(1_000), at(0), TimeDelta::seconds(1));
        assert_eq!(local.take(client(1), at(0)), Taken::Known(Ok(())));
        local.give_back();
        assert_eq!(local.unused(), 1);
    }

    #[test]
    fn whoever_asks_a_little_later_than_it_looked_costs_nobody_a_turn() {
        let mut local = Local::default();
        local.refill(2, at(1_000), at(0), TimeDelta::seconds(1));
        assert_eq!(local.take(client(1), at(10)), Taken::Known(Ok(())));
        assert_eq!(local.take(client(2), at(0)), Taken::Known(Ok(())));
    }

    #[test]
    fn a_clock_that_is_set_back_asks_the_store() {
        let mut local = dry(1_000);
        turn(&mut local, 1, 500);
        assert_eq!(local.take(client(1), at(-3_600_000)), Taken::AskTheStore);
    }

    #[test]
    fn that_nothing_is_left_is_always_worth_a_write() {
        let mut local = Local::default();
        let left = |n| RateReport {
            remaining: Some(n),
            ..RateReport::new(RateScope::App, RateReport::POSTS)
        };
        assert!(local.may_learn(&left(9), at(0)));
        assert!(!local.may_learn(&left(8), at(9_999)));
        assert!(local.may_learn(&left(0), at(9_999)));
        assert!(!local.is_idle(at(19_998)));
        assert!(local.is_idle(at(19_999)));
    }

    #[derive(Debug, Clone)]
    enum Step {
        Take(u8),
        Refill(u32),
        NoBudget,
        GiveBack,
        Forget,
    }

    fn step() -> impl Strategy<Value = Step> {
        prop_oneof![
            6 => (0_u8..3).prop_map(Step::Take),
            3 => (0_u32..5).prop_map(Step::Refill),
            1 => Just(Step::NoBudget),
            1 => Just(Step::GiveBack),
            1 => Just(Step::Forget),
        ]
    }

    proptest! {
        /// No more calls are made than were taken and given back, a wait always lies ahead, and
        /// whoever waits long enough hears something new.
        #[test]
        fn calls_are_neither_made_up_nor_withheld(
            steps in prop::collection::vec((step(), 0_i64..3_000), 0..80),
        ) {
            let mut local = Local::default();
            let (mut now, mut may, mut made, mut free_until) = (0, 0_u64, 0_u64, -1);
            for (step, wait) in steps {
                now += wait;
                match step {
                    Step::Take(of) => match local.take(client(of), at(now)) {
                        Taken::Known(Ok(())) if now < free_until => {}
                        Taken::Known(Ok(())) => {
                            made += 1;
                            prop_assert!(made <= may);
                        }
                        Taken::Known(Err(until)) => {
                            prop_assert!(until > at(now));
                            prop_assert!(until - at(now) <= TimeDelta::seconds(70));
                        }
                        Taken::AskTheStore => {}
                    },
                    Step::Refill(calls) => {
                        local.unused();
                        (may, made, free_until) = (u64::from(calls), 0, -1);
                        local.refill(calls, at(now + 1_000), at(now + 500), TimeDelta::seconds(1));
                    }
                    Step::NoBudget => {
                        local.no_budget_until(at(now + 1_000));
                        (may, made, free_until) = (0, 0, now + 1_000);
                    }
                    Step::GiveBack => {
                        local.give_back();
                        may += 1;
                    }
                    Step::Forget => {
                        local.forget();
                        (may, made, free_until) = (0, 0, -1);
                    }
                }
            }
            prop_assert!(local.is_idle(at(now + 200_000)));
        }
    }
}
