//! A rule with exceptions, and the edits people make: one, this and later, all.

use std::collections::{BTreeMap, BTreeSet};
use std::ops::Range;

use chrono::{DateTime, NaiveDateTime, TimeDelta, Utc};
use serde::{Deserialize, Serialize};

use super::{End, Occurrence, Recurrence};
use crate::time::{WallTime, to_millis};
use crate::value::{InvalidCode, InvalidValue};

/// A recurrence with the occurrences that were taken out or moved.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "SeriesRuleParts")]
pub struct SeriesRule {
    recurrence: Recurrence,
    #[serde(skip_serializing_if = "BTreeSet::is_empty")]
    skips: BTreeSet<NaiveDateTime>,
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    moves: BTreeMap<NaiveDateTime, WallTime>,
}

/// The two series that an edit of "this and later" leaves.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SeriesSplit {
    /// Ends before the key; `None` where the key is the first occurrence.
    pub before: Option<SeriesRule>,
    /// Starts with the key: the one to change.
    pub from: SeriesRule,
}

/// What an edit of "all" leaves.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SeriesChange {
    /// The series by the new rule.
    pub series: SeriesRule,
    /// Exceptions that have no place in the new rule, by their old keys: tell the person.
    pub dropped: Vec<NaiveDateTime>,
}

/// What became due in a span of time, such as an outage.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Due {
    /// The latest occurrence: the only one to publish.
    pub occurrence: Option<Occurrence>,
    /// The earlier ones, which are not made up for; report them.
    pub missed: Vec<NaiveDateTime>,
}

impl SeriesRule {
    /// Most exceptions, skipped and moved together.
    pub const MAX_EXCEPTIONS: usize = 1_000;

    /// A series without exceptions.
    #[must_use]
    pub fn new(recurrence: Recurrence) -> Self {
        Self { recurrence, skips: BTreeSet::new(), moves: BTreeMap::new() }
    }

    /// The rule.
    #[must_use]
    pub fn recurrence(&self) -> &Recurrence {
        &self.recurrence
    }

    /// The keys of the occurrences taken out.
    #[must_use]
    pub fn skips(&self) -> &BTreeSet<NaiveDateTime> {
        &self.skips
    }

    /// The occurrences at another time than the rule's, by key.
    #[must_use]
    pub fn moves(&self) -> &BTreeMap<NaiveDateTime, WallTime> {
        &self.moves
    }

    /// Takes one occurrence out.
    ///
    /// # Errors
    /// The rule does not occur with `key`, or there are too many exceptions.
    pub fn skip(&mut self, key: NaiveDateTime) -> Result<(), InvalidValue> {
        self.check_exception(key)?;
        self.moves.remove(&key);
        self.skips.insert(key);
        Ok(())
    }

    /// Puts one occurrence at `to`. It keeps its key. A move to or before what has been looked at
    /// by [`due_now`](Self::due_now) never becomes due.
    ///
    /// # Errors
    /// The rule does not occur with `key`, or there are too many exceptions.
    pub fn move_one(&mut self, key: NaiveDateTime, to: WallTime) -> Result<(), InvalidValue> {
        self.check_exception(key)?;
        self.skips.remove(&key);
        self.moves.insert(key, to);
        Ok(())
    }

    /// Gives one occurrence its time by the rule again; says whether it had been skipped or moved.
    pub fn restore(&mut self, key: NaiveDateTime) -> bool {
        let was_skipped = self.skips.remove(&key);
        self.moves.remove(&key).is_some() || was_skipped
    }

    fn is_exception(&self, key: NaiveDateTime) -> bool {
        self.skips.contains(&key) || self.moves.contains_key(&key)
    }

    fn check_exception(&self, key: NaiveDateTime) -> Result<(), InvalidValue> {
        if self.is_exception(key) {
            return Ok(());
        }
        check_room(self.skips.len() + self.moves.len() + 1)?;
        self.check_occurs(key)
    }

    fn check_occurs(&self, key: NaiveDateTime) -> Result<(), InvalidValue> {
        if self.recurrence.occurs(key) { Ok(()) } else { Err(InvalidValue::unknown("key", key)) }
    }

    /// The occurrences at `range.start <= instant < range.end`, in order of time, at most `max`:
    /// as many as `max` may mean that more follow. A moved one counts where it was moved to, and
    /// stays apart even if it shares its instant with another: a person put it there.
    #[must_use]
    pub fn occurrences(&self, range: Range<DateTime<Utc>>, max: usize) -> Vec<Occurrence> {
        let moved = self
            .moves
            .iter()
            .map(|(key, to)| Occurrence::new(*key, *to))
            .filter(|occurrence| range.contains(&occurrence.schedule.at()));
        let mut found: Vec<Occurrence> = moved.collect();
        found.extend(self.recurrence.occurrences_without(range, max, |key| self.is_exception(key)));
        found.sort_by_key(|occurrence| (occurrence.schedule.at(), occurrence.key));
        found.truncate(max);
        found
    }

    /// What became due after the instant `after`, up to and at `now`. However long the outage, at
    /// most one occurrence is to be published: the latest. `after` is the instant of the last
    /// occurrence that was turned into a post, or of the series' making.
    #[must_use]
    pub fn due_now(&self, after: DateTime<Utc>, now: DateTime<Utc>) -> Due {
        let next_milli = |at: DateTime<Utc>| {
            to_millis(at)
                .checked_add_signed(TimeDelta::milliseconds(1))
                .unwrap_or(DateTime::<Utc>::MAX_UTC)
        };
        let mut overdue = self.occurrences(next_milli(after)..next_milli(now), usize::MAX);
        let occurrence = overdue.pop();
        let missed = overdue.iter().map(|occurrence| occurrence.key).collect();
        Due { occurrence, missed }
    }

    /// Two series in place of this one, for an edit of "this and later": the same occurrences,
    /// divided before `key`. A count is divided; exceptions go with their keys.
    ///
    /// # Errors
    /// The rule does not occur with `key`.
    pub fn split_at(&self, key: NaiveDateTime) -> Result<SeriesSplit, InvalidValue> {
        self.check_occurs(key)?;
        let rule = &self.recurrence;
        let count_before =
            rule.dates_from(rule.start_date()).take_while(|date| *date < key.date()).count();
        let count_before = u32::try_from(count_before).unwrap_or(u32::MAX);

        let mut later = rule.parts().clone();
        later.start = WallTime::new(key, later.start.zone())?.with_fold(later.start.fold());
        if let End::AfterCount(count) = later.end {
            later.end = End::AfterCount(count.saturating_sub(count_before));
        }
        let mut from = Self::new(Recurrence::new(later)?);
        let mut before = if count_before == 0 {
            None
        } else {
            let mut earlier = rule.parts().clone();
            earlier.end = match (earlier.end, key.date().pred_opt()) {
                (End::Never | End::OnDate(_), Some(day_before)) => End::OnDate(day_before),
                _ => End::AfterCount(count_before),
            };
            Some(Self::new(Recurrence::new(earlier)?))
        };

        for skipped in &self.skips {
            match &mut before {
                Some(before) if *skipped < key => before.skips.insert(*skipped),
                _ => from.skips.insert(*skipped),
            };
        }
        for (moved, to) in &self.moves {
            match &mut before {
                Some(before) if *moved < key => before.moves.insert(*moved, *to),
                _ => from.moves.insert(*moved, *to),
            };
        }
        Ok(SeriesSplit { before, from })
    }

    /// The whole series by a new rule. An exception stays with its local date where the new rule
    /// occurs on it, at whatever time, and is dropped otherwise.
    #[must_use]
    pub fn change_all(&self, recurrence: Recurrence) -> SeriesChange {
        let exceptions: BTreeSet<NaiveDateTime> =
            self.skips.iter().chain(self.moves.keys()).copied().collect();
        let mut series = Self::new(recurrence);
        let mut dropped = Vec::new();
        let (Some(first), Some(last)) = (exceptions.first(), exceptions.last()) else {
            return SeriesChange { series, dropped };
        };
        let dates: BTreeSet<_> = series
            .recurrence
            .dates_from(first.date())
            .take_while(|date| *date <= last.date())
            .collect();
        for old in exceptions {
            if !dates.contains(&old.date()) {
                dropped.push(old);
                continue;
            }
            let key = series.recurrence.key_on(old.date());
            match self.moves.get(&old) {
                Some(to) => drop(series.moves.insert(key, *to)),
                None => drop(series.skips.insert(key)),
            }
        }
        SeriesChange { series, dropped }
    }
}

fn check_room(exceptions: usize) -> Result<(), InvalidValue> {
    if exceptions > SeriesRule::MAX_EXCEPTIONS {
        return Err(InvalidValue::too_long("exceptions", SeriesRule::MAX_EXCEPTIONS, exceptions));
    }
    Ok(())
}

#[derive(Deserialize)]
struct SeriesRuleParts {
    recurrence: Recurrence,
    #[serde(default)]
    skips: BTreeSet<NaiveDateTime>,
    #[serde(default)]
    moves: BTreeMap<NaiveDateTime, WallTime>,
}

impl TryFrom<SeriesRuleParts> for SeriesRule {
    type Error = InvalidValue;

    fn try_from(parts: SeriesRuleParts) -> Result<Self, Self::Error> {
        let SeriesRuleParts { recurrence, skips, moves } = parts;
        check_room(skips.len() + moves.len())?;
        if let Some(both) = skips.iter().find(|key| moves.contains_key(*key)) {
            return Err(InvalidValue::new(
                InvalidCode::Inconsistent,
                "moves",
                "an occurrence is either skipped or moved",
            )
            .actual(both));
        }
        let series = Self { recurrence, skips, moves };
        // One walk over the rule, however many exceptions there are.
        if series.change_all(series.recurrence.clone()).series == series {
            Ok(series)
        } else {
            Err(InvalidValue::new(
                InvalidCode::Unknown,
                "exceptions",
                "name occurrences that the rule does not have",
            ))
        }
    }
}
