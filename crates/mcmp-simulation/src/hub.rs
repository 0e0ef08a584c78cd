//! What everybody in one run shares: time, chance, the truth in the store, and the notes.

use std::fmt::Write as _;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use chrono::{DateTime, TimeDelta, Utc};
use mcmp_core::access::{Actor, Scope};
use mcmp_core::store::Store;
use mcmp_core::time::{Clock, to_millis};
use mcmp_scheduler::TokioClock;
use tokio::sync::{Notify, watch};
use tokio::time::Instant;

use super::dice::Dice;
use super::ledger::Ledger;
use super::mutants::Mutant;
use super::plan::Plan;

#[derive(Debug)]
pub(crate) struct Hub {
    pub(crate) clock: TokioClock,
    /// What is really there, without faults.
    pub(crate) store: Arc<dyn Store>,
    pub(crate) system: Scope,
    pub(crate) plan: Plan,
    pub(crate) mutant: Option<Mutant>,
    /// Somebody acts at once, in the middle of an engine's step.
    pub(crate) poke: Notify,
    dice: Mutex<Dice>,
    notes: Mutex<Notes>,
    ledger: Mutex<Ledger>,
    signals: Mutex<Vec<watch::Sender<u64>>>,
    is_calm: AtomicBool,
    began: Instant,
    start: DateTime<Utc>,
}

#[derive(Debug)]
struct Notes {
    lines: Vec<String>,
    hash: u64,
    violations: Vec<String>,
}

pub(crate) fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

impl Hub {
    pub(crate) fn new(
        clock: TokioClock,
        store: Arc<dyn Store>,
        plan: Plan,
        dice: Dice,
        mutant: Option<Mutant>,
    ) -> Self {
        let start = to_millis(clock.now());
        Self {
            system: Actor::system("simulation").own_scope().unwrap(),
            store,
            plan,
            mutant,
            poke: Notify::new(),
            dice: Mutex::new(dice),
            notes: Mutex::new(Notes {
                lines: Vec::new(),
                hash: 0xcbf2_9ce4_8422_2325,
                violations: Vec::new(),
            }),
            ledger: Mutex::new(Ledger::default()),
            signals: Mutex::default(),
            is_calm: AtomicBool::new(false),
            began: Instant::now(),
            clock,
            start,
        }
    }

    pub(crate) fn now(&self) -> DateTime<Utc> {
        to_millis(self.clock.now())
    }

    pub(crate) fn is(&self, mutant: Mutant) -> bool {
        self.mutant == Some(mutant)
    }

    pub(crate) fn dice<T>(&self, throw: impl FnOnce(&mut Dice) -> T) -> T {
        throw(&mut lock(&self.dice))
    }

    pub(crate) fn ledger(&self) -> MutexGuard<'_, Ledger> {
        lock(&self.ledger)
    }

    /// From now on nothing goes wrong, and nobody does anything.
    pub(crate) fn calm(&self) {
        self.is_calm.store(true, Ordering::Relaxed);
    }

    pub(crate) fn is_calm(&self) -> bool {
        self.is_calm.load(Ordering::Relaxed)
    }

    /// A signal of commits for one listener. Tokio wakes the listeners of one channel in an order
    /// of its own, so each gets a channel.
    pub(crate) fn listen(&self) -> watch::Receiver<u64> {
        let (signal, listener) = watch::channel(0);
        lock(&self.signals).push(signal);
        listener
    }

    /// Tells all listeners of a commit, in the order they came.
    pub(crate) fn signal(&self) {
        lock(&self.signals).retain(|signal| {
            signal.send_modify(|count| *count += 1);
            !signal.is_closed()
        });
    }

    /// A time, as the notes show it: since the start.
    pub(crate) fn show(&self, at: DateTime<Utc>) -> String {
        span(at - self.start)
    }

    pub(crate) fn note(&self, who: &str, what: impl AsRef<str>) {
        let passed = TimeDelta::from_std(self.began.elapsed()).unwrap();
        let mut line = String::new();
        write!(line, "{} {who:>7}  {}", span(passed), what.as_ref()).unwrap();
        let mut notes = lock(&self.notes);
        for byte in line.bytes() {
            notes.hash = (notes.hash ^ u64::from(byte)).wrapping_mul(0x0000_0100_0000_01b3);
        }
        notes.lines.push(line);
    }

    /// Something that must never be.
    pub(crate) fn violation(&self, what: impl Into<String>) {
        let what = what.into();
        self.note("!!!", &what);
        lock(&self.notes).violations.push(what);
    }

    pub(crate) fn has_failed(&self) -> bool {
        !lock(&self.notes).violations.is_empty()
    }

    pub(crate) fn take_notes(&self) -> (Vec<String>, u64, Vec<String>) {
        let notes = lock(&self.notes);
        (notes.lines.clone(), notes.hash, notes.violations.clone())
    }
}

fn span(time: TimeDelta) -> String {
    let ms = time.num_milliseconds();
    let sign = if ms < 0 { "-" } else { "" };
    let (seconds, ms) = (ms.abs() / 1_000, ms.abs() % 1_000);
    let (hours, minutes) = (seconds / 3_600, seconds / 60 % 60);
    format!("{sign}{hours:02}:{minutes:02}:{:02}.{ms:03}", seconds % 60)
}
