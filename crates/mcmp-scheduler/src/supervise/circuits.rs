//! One breaker for each account, and one for each platform app.

use std::collections::HashMap;
use std::hash::Hash;
use std::sync::{Mutex, MutexGuard, PoisonError};

use chrono::{DateTime, TimeDelta, Utc};
use mcmp_core::account::AccountKind;
use mcmp_core::id::AccountId;
use mcmp_core::portal::CallReport;
use mcmp_core::publishing::ErrorClass;

use super::apps::App;
use super::breaker::{Breaker, Trip};
use super::{Wait, WaitReason};

/// Calls of five posts in a row that failed.
const ACCOUNT: Trip = Trip {
    calls: 5,
    percent: 100,
    window: TimeDelta::minutes(30),
    rest: TimeDelta::seconds(30),
    longest_rest: TimeDelta::minutes(15),
};

/// Most of the calls of a minute that failed.
const APP: Trip = Trip {
    calls: 20,
    percent: 80,
    window: TimeDelta::minutes(1),
    rest: TimeDelta::seconds(15),
    longest_rest: TimeDelta::minutes(5),
};

/// From so many breakers on, those that matter no longer are forgotten.
const MANY: usize = 1_000;

/// Breakers by what they protect; only those that saw a failure are kept.
#[derive(Debug)]
struct Breakers<K> {
    trip: &'static Trip,
    by_key: HashMap<K, Breaker>,
    /// How many there are when idle ones are looked for next.
    look_at: usize,
}

impl<K: Eq + Hash> Breakers<K> {
    fn new(trip: &'static Trip) -> Self {
        Self { trip, by_key: HashMap::new(), look_at: MANY }
    }

    fn shut_until(&self, key: &K, now: DateTime<Utc>) -> Option<DateTime<Utc>> {
        self.by_key.get(key)?.shut_until(now)
    }

    /// Begins a probe where one is due.
    fn begin(&mut self, key: &K, now: DateTime<Utc>) {
        if let Some(breaker) = self.by_key.get_mut(key) {
            // Nothing is shut that was just looked at.
            let _ = breaker.admit(now);
        }
    }

    /// The breaker that is to note how a call ended, if there is anything to note.
    fn noting(&mut self, key: K, failed: bool, now: DateTime<Utc>) -> Option<&mut Breaker> {
        // Successes count where there are failures to compare them with.
        if !failed && !self.by_key.contains_key(&key) {
            return None;
        }
        if self.by_key.len() >= self.look_at {
            self.by_key.retain(|_, breaker| !breaker.is_idle(self.trip, now));
            self.look_at = (self.by_key.len() * 2).max(MANY);
        }
        Some(self.by_key.entry(key).or_default())
    }
}

#[derive(Debug)]
struct State {
    accounts: Breakers<AccountId>,
    apps: Breakers<App>,
}

impl State {
    fn note_app(&mut self, app: App, failed: bool, now: DateTime<Utc>) {
        if let Some(breaker) = self.apps.noting(app, failed, now) {
            breaker.note(&APP, failed, now);
        }
    }

    fn wait_of(&self, account: AccountId, app: &App, now: DateTime<Utc>) -> Option<Wait> {
        if let Some(until) = self.apps.shut_until(app, now) {
            return Some(Wait::until(until, WaitReason::PlatformDown));
        }
        let until = self.accounts.shut_until(&account, now)?;
        Some(Wait::until(until, WaitReason::AccountDown))
    }
}

/// The breakers of one engine. What they stop is kept in the accounts' lanes, for all workers.
#[derive(Debug)]
pub(super) struct Circuits {
    state: Mutex<State>,
}

impl Default for Circuits {
    fn default() -> Self {
        let (accounts, apps) = (Breakers::new(&ACCOUNT), Breakers::new(&APP));
        Self { state: Mutex::new(State { accounts, apps }) }
    }
}

impl Circuits {
    /// What stops a call for an account now.
    pub(super) fn wait_of(
        &self,
        account: AccountId,
        app: &App,
        now: DateTime<Utc>,
    ) -> Option<Wait> {
        self.lock().wait_of(account, app, now)
    }

    /// Lets a call through, as a probe where one is due, or says what stops it.
    pub(super) fn admit(&self, account: AccountId, app: &App, now: DateTime<Utc>) -> Option<Wait> {
        let mut state = self.lock();
        let wait = state.wait_of(account, app, now);
        if wait.is_none() {
            state.apps.begin(app, now);
            state.accounts.begin(&account, now);
        }
        wait
    }

    /// Notes what a call came to. Only what may have nothing to do with the post counts.
    pub(super) fn note(&self, call: &CallReport<'_>) {
        let failed = call.error.is_some_and(|error| {
            matches!(error.class, ErrorClass::Transient | ErrorClass::UnknownOutcome)
        });
        let mut state = self.lock();
        if let Some(breaker) = state.accounts.noting(call.account.id, failed, call.at) {
            breaker.note_of(call.job.id, &ACCOUNT, failed, call.at);
        }
        // Websites have nothing in common that could be down.
        if call.account.kind != AccountKind::Site {
            state.note_app(App::of(call.account), failed, call.at);
        }
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use mcmp_core::account::{AppCredentialsRef, Platform};
    use mcmp_core::id::Id;

    use super::*;

    fn at(seconds: i64) -> DateTime<Utc> {
        DateTime::from_timestamp(1_800_000_000 + seconds, 0).unwrap()
    }

    fn account(n: u8) -> AccountId {
        Id::from_uuid(format!("00000000-0000-4000-8000-0000000000{n:02x}").parse().unwrap())
    }

    fn app() -> App {
        App { platform: Platform::X, credentials: AppCredentialsRef::Instance }
    }

    /// Both are open at 0: the app until 15, the first account until 30.
    fn down() -> Circuits {
        let circuits = Circuits::default();
        let mut state = circuits.lock();
        for _ in 0..20 {
            state.note_app(app(), true, at(0));
            let breaker = state.accounts.noting(account(1), true, at(0)).unwrap();
            breaker.note(&ACCOUNT, true, at(0));
        }
        drop(state);
        circuits
    }

    fn until(wait: Option<Wait>) -> Option<i64> {
        wait.map(|wait| (wait.until - at(0)).num_seconds())
    }

    #[test]
    fn asking_begins_no_probe_and_a_probe_begins_only_where_nothing_else_stops_it() {
        let circuits = down();
        assert_eq!(until(circuits.wait_of(account(2), &app(), at(1))), Some(15));
        for _ in 0..3 {
            assert_eq!(circuits.wait_of(account(2), &app(), at(20)), None);
        }
        // The account stops it: the app's probe is not used up by that.
        assert_eq!(until(circuits.admit(account(1), &app(), at(20))), Some(30));
        assert_eq!(circuits.admit(account(2), &app(), at(20)), None, "a probe");
        assert_eq!(until(circuits.admit(account(2), &app(), at(20))), Some(80));
        assert_eq!(until(circuits.wait_of(account(1), &app(), at(40))), Some(80));
        circuits.lock().note_app(app(), false, at(41));
        assert_eq!(circuits.admit(account(1), &app(), at(41)), None);
        assert_eq!(until(circuits.admit(account(1), &app(), at(41))), Some(101));
    }

    #[test]
    fn what_failed_long_ago_is_forgotten_when_much_has() {
        let mut breakers = Breakers::new(&ACCOUNT);
        for day in 0..30 {
            for n in 0..200_u8 {
                let now = at(i64::from(day) * 86_400 + i64::from(n));
                let breaker = breakers.noting((day, n), true, now).unwrap();
                breaker.note(&ACCOUNT, true, now);
            }
        }
        assert!(breakers.by_key.len() <= 2 * MANY, "{}", breakers.by_key.len());
    }
}
