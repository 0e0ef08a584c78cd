//! Changes of when a series occurs: one, this and later, all.

use chrono::{NaiveDateTime, NaiveTime};
use serde::Serialize;

use super::{RecurringPosts, SeriesEdit, require_open};
use crate::error::Error;
use crate::event::EventKind;
use crate::id::SeriesId;
use crate::post::Post;
use crate::series::Series;
use crate::store::Version;
use crate::time::{Occurrence, Recurrence, Schedule, WallTime};
use crate::value::InvalidValue;

/// A moved occurrence.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct MovedOccurrence {
    /// The series, which keeps the move.
    pub series: Series,
    /// The occurrence's post, made at once.
    pub post: Post,
}

/// A series by another rule.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct ChangedSeries {
    /// The series.
    pub series: Series,
    /// Skipped and moved occurrences that have no place in the new rule, by their old keys: tell
    /// the person. The post of a moved one stays.
    pub dropped: Vec<NaiveDateTime>,
}

/// What an edit of "this and later" leaves.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct SplitSeries {
    /// The series up to there; `None` where nothing came before, and the series itself changed.
    pub earlier: Option<Series>,
    /// The series from there on.
    pub later: Series,
    /// As [`ChangedSeries::dropped`].
    pub dropped: Vec<NaiveDateTime>,
}

impl RecurringPosts<'_> {
    /// Takes one occurrence out, as somebody saw the series at `version`. An occurrence goes by
    /// its [key](Occurrence::key).
    ///
    /// # Errors
    /// No permission, it is not there, the plan has no recurring posts, a key that the rule does
    /// not have or whose turn is over, or somebody else changed it first.
    pub async fn skip_one(
        &self,
        id: SeriesId,
        version: Version,
        key: NaiveDateTime,
    ) -> Result<Series, Error> {
        let before = self.load_to_change(id, version).await?;
        require_open(&before, key)?;
        let mut series = before.clone();
        series.rule.skip(key)?;
        self.save(&before, series).await
    }

    /// Puts one occurrence at another time, as somebody saw the series at `version`. It gets its
    /// post at once, however far away it is, and has left the series' further fate.
    ///
    /// # Errors
    /// No permission, it is not there, the plan has no recurring posts or its limit of posts is
    /// reached, a key that the rule does not have or whose turn is over, or somebody else changed
    /// it first.
    pub async fn move_one(
        &self,
        id: SeriesId,
        version: Version,
        key: NaiveDateTime,
        to: WallTime,
    ) -> Result<MovedOccurrence, Error> {
        let before = self.load_to_change(id, version).await?;
        require_open(&before, key)?;
        let mut series = before.clone();
        series.rule.move_one(key, to)?;
        let (schedule, shift) = Schedule::at_wall(to);
        let occurrence = Occurrence { key, schedule, shift, absorbed: Vec::new() };
        let mut work = self.session.work()?;
        let post = self.begin_post(&mut work, &series, &occurrence)?;
        series.updated_at = work.now();
        let client = Some(series.client_id);
        work.update(&before, &mut series, EventKind::SeriesUpdated, client)?;
        work.commit().await?;
        Ok(MovedOccurrence { series, post })
    }

    /// Changes one occurrence and all later ones, as somebody saw the series at `version`: the
    /// series is divided before it, and the later part gets the new rule, if there is one, and the
    /// edit.
    ///
    /// # Errors
    /// No permission, it is not there, the plan has no recurring posts, a key that the rule does
    /// not have, a new rule that begins before it, a value that is refused, or somebody else
    /// changed it first.
    pub async fn change_from(
        &self,
        id: SeriesId,
        version: Version,
        key: NaiveDateTime,
        rule: Option<Recurrence>,
        edit: SeriesEdit,
    ) -> Result<SplitSeries, Error> {
        let before = self.load_to_change(id, version).await?;
        let split = before.rule.split_at(key)?;
        let rule_is_new = rule.is_some();
        let (later_rule, dropped) = match rule {
            None => (split.from, Vec::new()),
            Some(rule) => {
                let starts_on = rule.parts().start.local().date();
                if starts_on < key.date() {
                    let message = "begins before the occurrence that is changed";
                    return Err(InvalidValue::inconsistent("rule.start", message)
                        .limit(key.date())
                        .actual(starts_on)
                        .into());
                }
                let change = split.from.change_all(rule);
                (change.series, change.dropped)
            }
        };
        let mut later = before.clone();
        later.rule = later_rule;
        if rule_is_new {
            self.leave_the_past(&mut later)?;
        }
        edit.apply(&mut later);
        self.validate(&later).await?;
        let Some(earlier_rule) = split.before else {
            let later = self.save(&before, later).await?;
            return Ok(SplitSeries { earlier: None, later, dropped });
        };
        let client = Some(before.client_id);
        let mut work = self.session.work()?;
        let mut earlier = Series { rule: earlier_rule, updated_at: work.now(), ..before.clone() };
        later.id = work.id()?;
        later.version = Version::NEW;
        later.created_by = self.session.actor().clone();
        later.updated_at = work.now();
        // `created_at` stays that of the whole: what was due since then and has no post is not
        // lost by dividing.
        work.update(&before, &mut earlier, EventKind::SeriesUpdated, client)?;
        work.insert(&mut later, EventKind::SeriesCreated, client)?;
        work.commit().await?;
        Ok(SplitSeries { earlier: Some(earlier), later, dropped })
    }

    /// Gives the whole series another rule, as somebody saw it at `version`. Posts that were made
    /// stay where they are, and the new rule begins after the last of them.
    ///
    /// # Errors
    /// No permission, it is not there, the plan has no recurring posts, or somebody else changed
    /// it first.
    pub async fn change_all(
        &self,
        id: SeriesId,
        version: Version,
        rule: Recurrence,
    ) -> Result<ChangedSeries, Error> {
        let before = self.load_to_change(id, version).await?;
        let change = before.rule.change_all(rule);
        let mut series = Series { rule: change.series, ..before.clone() };
        self.leave_the_past(&mut series)?;
        let series = self.save(&before, series).await?;
        Ok(ChangedSeries { series, dropped: change.dropped })
    }

    /// A new rule makes no posts for days before today, whenever it begins.
    fn leave_the_past(&self, series: &mut Series) -> Result<(), Error> {
        let zone = series.rule.recurrence().parts().start.zone();
        let today = WallTime::from_instant(self.session.now(), zone)?.local().date();
        let yesterday = today.pred_opt().unwrap_or(today).and_time(NaiveTime::MIN);
        series.materialized_until = series.materialized_until.max(Some(yesterday));
        Ok(())
    }
}
