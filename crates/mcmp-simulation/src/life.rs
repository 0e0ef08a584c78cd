//! The life of one process: when it dies, freezes and wakes up, and what its calls meet.

use std::fmt;
use std::future::pending;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use tokio::sync::Notify;
use tokio::time::{Instant, sleep, sleep_until};

use super::hub::{Hub, lock};

/// One process. All that it does outside itself goes through [`enter`](Self::enter) and
/// [`leave`](Self::leave): dead, it never comes back from them; frozen, late.
pub(crate) struct Life {
    pub(crate) name: String,
    hub: Arc<Hub>,
    /// People's own calls meet no faults.
    is_exposed: bool,
    state: Mutex<State>,
    died: Notify,
}

#[derive(Debug)]
struct State {
    is_dead: bool,
    frozen_until: Option<Instant>,
    fate: Option<Fate>,
    troubled_at: Option<Instant>,
}

/// When a process dies by itself, or freezes.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Fate {
    /// After it claimed jobs so many times,
    pub(crate) claims: u32,
    /// at the call that so many others came before,
    pub(crate) calls: u32,
    /// of this name, if it must have one,
    pub(crate) only: Option<&'static str>,
    /// and once that call has had its effect.
    pub(crate) after: bool,
    /// It freezes for so long, and does not die.
    pub(crate) freezes: Option<Duration>,
}

/// A call that was begun.
#[derive(Debug)]
#[must_use = "the call is left again"]
pub(crate) struct Entered {
    meets: Option<Fate>,
}

/// What a call to the store meets.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum StoreFault {
    FailsBefore,
    FailsAfter,
}

impl fmt::Debug for Life {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Life").field("name", &self.name).finish_non_exhaustive()
    }
}

impl Life {
    pub(crate) fn new(name: String, hub: Arc<Hub>, fate: Option<Fate>) -> Arc<Self> {
        Arc::new(Self::build(name, hub, fate, true))
    }

    /// Somebody to whom nothing happens.
    pub(crate) fn charmed(name: &str, hub: Arc<Hub>) -> Arc<Self> {
        Arc::new(Self::build(name.to_owned(), hub, None, false))
    }

    fn build(name: String, hub: Arc<Hub>, fate: Option<Fate>, is_exposed: bool) -> Self {
        let state = State { is_dead: false, frozen_until: None, fate, troubled_at: None };
        Self { name, hub, is_exposed, state: Mutex::new(state), died: Notify::new() }
    }

    /// Comes back once it is dead.
    pub(crate) async fn died(&self) {
        loop {
            let notified = self.died.notified();
            if lock(&self.state).is_dead {
                return;
            }
            notified.await;
        }
    }

    pub(crate) fn kill(&self) {
        let mut state = lock(&self.state);
        if !state.is_dead {
            state.is_dead = true;
            self.hub.note(&self.name, "dies");
            self.died.notify_waiters();
        }
    }

    pub(crate) fn freeze(&self, time: Duration) {
        self.hub.note(&self.name, format!("is frozen for {} s", time.as_secs()));
        let until = Some(Instant::now() + time);
        let mut state = lock(&self.state);
        // Whoever is frozen once more does not wake up sooner.
        state.frozen_until = state.frozen_until.max(until);
        state.troubled_at = state.troubled_at.max(until);
    }

    /// Notes that it may have lost its leases.
    pub(crate) fn trouble(&self) {
        let mut state = lock(&self.state);
        state.troubled_at = state.troubled_at.max(Some(Instant::now()));
    }

    /// Whether it was frozen, cut off or dead at some time since `since`: it may have lost what it
    /// thinks it holds.
    pub(crate) fn was_troubled(&self, since: Instant) -> bool {
        let state = lock(&self.state);
        state.is_dead || state.troubled_at.is_some_and(|at| at >= since)
    }

    pub(crate) fn claimed(&self) {
        if let Some(fate) = &mut lock(&self.state).fate {
            fate.claims = fate.claims.saturating_sub(1);
        }
    }

    pub(crate) async fn enter(&self, call: &str) -> Entered {
        if !self.is_exposed {
            return Entered { meets: None };
        }
        self.stand().await;
        let mut meets = self.count_down(call);
        if let Some(fate) = meets {
            let when = if fate.after { "after" } else { "before" };
            self.hub.note(&self.name, format!("{when} {call}:"));
            if !fate.after {
                self.meet(fate);
                meets = None;
                self.stand().await;
            }
        } else {
            self.dawdle().await;
        }
        Entered { meets }
    }

    pub(crate) async fn leave(&self, entered: Entered) {
        if !self.is_exposed {
            return;
        }
        match entered.meets {
            Some(fate) => self.meet(fate),
            None => self.dawdle().await,
        }
        self.stand().await;
    }

    fn meet(&self, fate: Fate) {
        match fate.freezes {
            Some(time) => self.freeze(time),
            None => self.kill(),
        }
    }

    /// What the next call to the store meets.
    pub(crate) fn store_fault(&self) -> Option<StoreFault> {
        let chance = self.hub.plan.store_fails;
        if !self.is_exposed || self.hub.is_calm() || chance == 0 {
            return None;
        }
        let fault = self.hub.dice(|dice| {
            dice.permille(chance).then(|| match dice.one_in(3) {
                true => StoreFault::FailsAfter,
                false => StoreFault::FailsBefore,
            })
        });
        if fault.is_some() {
            self.trouble();
        }
        fault
    }

    /// What is to happen at this call.
    fn count_down(&self, call: &str) -> Option<Fate> {
        if self.hub.is_calm() {
            return None;
        }
        let mut state = lock(&self.state);
        let fate = state
            .fate
            .as_mut()
            .filter(|fate| fate.claims == 0 && fate.only.is_none_or(|only| only == call))?;
        match fate.calls.checked_sub(1) {
            Some(left) => {
                fate.calls = left;
                None
            }
            None => state.fate.take(),
        }
    }

    /// Waits while frozen; for good once dead.
    async fn stand(&self) {
        loop {
            let (is_dead, until) = {
                let state = lock(&self.state);
                (state.is_dead, state.frozen_until)
            };
            if is_dead {
                return pending().await;
            }
            match until.filter(|until| *until > Instant::now()) {
                Some(until) => sleep_until(until).await,
                None => return,
            }
        }
    }

    /// Takes its time now and then; people may come in between.
    async fn dawdle(&self) {
        if self.hub.is_calm() {
            return;
        }
        let plan = &self.hub.plan;
        let (slow, acts) = (plan.store_is_slow, plan.somebody_acts);
        let wait = self.hub.dice(|dice| {
            if dice.permille(acts) {
                self.hub.poke.notify_one();
                return Some(dice.millis(1, 20));
            }
            dice.permille(slow).then(|| match dice.one_in(6) {
                true => dice.millis(1_000, 15_000),
                false => dice.millis(1, 900),
            })
        });
        if let Some(wait) = wait {
            if wait > Duration::from_secs(2) {
                self.trouble();
            }
            sleep(wait).await;
            if wait > Duration::from_secs(2) {
                self.trouble();
            }
        }
    }
}
