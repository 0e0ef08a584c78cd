//! The dates of a rule. The `rrule` crate finds them, in UTC, where no clock changes; ends, counts
//! and zones are ours.

use chrono::{Datelike, Days, Month, Months, NaiveDate, NaiveTime};
use rrule::{NWeekday, RRule, RRuleSetIter, Tz};

use super::{ByDay, End, Frequency, Recurrence, RecurrenceParts};
use crate::time::range::LAST_DAY;

impl Recurrence {
    /// The rule's dates from `not_before` on, in order, each once, up to its end.
    pub(super) fn dates_from(&self, not_before: NaiveDate) -> impl Iterator<Item = NaiveDate> {
        let (last, count) = match self.0.end {
            End::Never => (LAST_DAY, usize::MAX),
            End::OnDate(date) => (date.min(LAST_DAY), usize::MAX),
            End::AfterCount(count) => (LAST_DAY, usize::try_from(count).unwrap_or(usize::MAX)),
        };
        let start = self.start_date();
        // A count can only be kept by going through all of it; otherwise the past is leapt over.
        let search_from = if count == usize::MAX { not_before.max(start) } else { start };
        self.0
            .unbounded_dates(search_from)
            .into_iter()
            .flatten()
            .skip_while(move |date| *date < start)
            .take_while(move |date| *date <= last)
            .take(count)
            .skip_while(move |date| *date < not_before)
    }
}

impl RecurrenceParts {
    /// The dates without end and count, leaving out what lies steps before `search_from`. `None` cannot
    /// come from checked parts: they are a subset of what the `rrule` crate takes.
    fn unbounded_dates(
        &self,
        search_from: NaiveDate,
    ) -> Option<impl Iterator<Item = NaiveDate> + use<>> {
        let first = self.step_before(search_from)?;
        let dt_start = first.and_time(NaiveTime::MIN).and_utc().with_timezone(&Tz::UTC);
        let (by_day, by_month_day, by_month) = self.explicit_days();
        let by_month: Option<Vec<Month>> =
            by_month.iter().map(|month| Month::try_from(*month).ok()).collect();
        let rule = RRule::new(match self.frequency {
            Frequency::Daily => rrule::Frequency::Daily,
            Frequency::Weekly => rrule::Frequency::Weekly,
            Frequency::Monthly => rrule::Frequency::Monthly,
            Frequency::Yearly => rrule::Frequency::Yearly,
        })
        .interval(u16::try_from(self.interval).ok()?)
        .week_start(self.week_start)
        .by_weekday(by_day.iter().map(|by| NWeekday::new(by.nth.map(i16::from), by.day)).collect())
        .by_month_day(by_month_day)
        .by_month(&by_month?);
        // `limit` stops a search that finds nothing for 100,000 steps.
        let set = rule.build(dt_start).ok()?.limit();
        let dates: RRuleSetIter = (&set).into_iter();
        Some(dates.map(|at| at.date_naive()))
    }

    /// The days with what follows from the start written out, because the search may begin at
    /// another date than the start.
    fn explicit_days(&self) -> (Vec<ByDay>, Vec<i8>, Vec<u8>) {
        let mut by_day = self.by_day.clone();
        let mut by_month_day = self.by_month_day.clone();
        let mut by_month = self.by_month.clone();
        let start = self.start.local().date();
        if by_day.is_empty() && by_month_day.is_empty() {
            match self.frequency {
                Frequency::Daily => {}
                Frequency::Weekly => by_day.push(ByDay::every(start.weekday())),
                Frequency::Monthly | Frequency::Yearly => {
                    by_month_day.extend(i8::try_from(start.day()));
                    if self.frequency == Frequency::Yearly && by_month.is_empty() {
                        by_month.extend(u8::try_from(start.month()));
                    }
                }
            }
        }
        (by_day, by_month_day, by_month)
    }

    /// A date at or before `date` from which the rule goes on in the same steps.
    fn step_before(&self, date: NaiveDate) -> Option<NaiveDate> {
        let start = self.start.local().date();
        let whole = |elapsed: i64, unit: u32| -> Option<u32> {
            let elapsed = u32::try_from(elapsed.max(0)).ok()?;
            Some(elapsed - elapsed % unit)
        };
        match self.frequency {
            Frequency::Daily | Frequency::Weekly => {
                let unit = if self.frequency == Frequency::Weekly { 7 } else { 1 };
                let days = whole((date - start).num_days(), self.interval.checked_mul(unit)?)?;
                start.checked_add_days(Days::new(u64::from(days)))
            }
            Frequency::Monthly => {
                let first = start.with_day(1)?;
                let months = i64::from(date.year() - first.year()) * 12 + i64::from(date.month())
                    - i64::from(first.month());
                first.checked_add_months(Months::new(whole(months, self.interval)?))
            }
            Frequency::Yearly => {
                let years = whole(i64::from(date.year() - start.year()), self.interval)?;
                let year = start.year().checked_add(i32::try_from(years).ok()?)?;
                NaiveDate::from_ymd_opt(year, 1, 1)
            }
        }
    }
}
