//! Rules as RRULE text, for import, export and people who know it:
//! <https://www.rfc-editor.org/rfc/rfc5545#section-3.3.10>.

use std::collections::BTreeSet;
use std::fmt::{Display, Write};
use std::str::FromStr;

use chrono::{DateTime, NaiveDate, NaiveDateTime, Utc, Weekday};

use super::{ByDay, End, Frequency, Recurrence, RecurrenceParts};
use crate::time::WallTime;
use crate::value::InvalidValue;

const FREQUENCIES: [(Frequency, &str); 4] = [
    (Frequency::Daily, "DAILY"),
    (Frequency::Weekly, "WEEKLY"),
    (Frequency::Monthly, "MONTHLY"),
    (Frequency::Yearly, "YEARLY"),
];

const WEEKDAYS: [(Weekday, &str); 7] = [
    (Weekday::Mon, "MO"),
    (Weekday::Tue, "TU"),
    (Weekday::Wed, "WE"),
    (Weekday::Thu, "TH"),
    (Weekday::Fri, "FR"),
    (Weekday::Sat, "SA"),
    (Weekday::Sun, "SU"),
];

const UTC_FORM: &str = "%Y%m%dT%H%M%SZ";
const LOCAL_FORM: &str = "%Y%m%dT%H%M%S";
const DATE_FORM: &str = "%Y%m%d";

/// Longest text that is read; a rule with every part filled stays far below.
const MAX_TEXT: usize = 2_000;

impl Recurrence {
    /// The rule as the value of an RRULE line, without the start. An end by date becomes the
    /// instant of the rule's time on that date, as the RFC asks of rules with a zone.
    #[must_use]
    pub fn to_rrule_text(&self) -> String {
        let parts = &self.0;
        let mut text = format!("FREQ={}", name_in(&FREQUENCIES, parts.frequency));
        let mut add = |name: &str, value: String| {
            // Writing to a string cannot fail.
            let _ = write!(text, ";{name}={value}");
        };
        if parts.interval != 1 {
            add("INTERVAL", parts.interval.to_string());
        }
        if !parts.by_month.is_empty() {
            add("BYMONTH", joined(&parts.by_month));
        }
        if !parts.by_month_day.is_empty() {
            add("BYMONTHDAY", joined(&parts.by_month_day));
        }
        if !parts.by_day.is_empty() {
            add("BYDAY", joined(parts.by_day.iter().map(|by| DayText(*by))));
        }
        if parts.week_start != Weekday::Mon {
            add("WKST", name_in(&WEEKDAYS, parts.week_start).to_owned());
        }
        match parts.end {
            End::Never => {}
            End::AfterCount(count) => add("COUNT", count.to_string()),
            End::OnDate(date) => {
                let until = last_instant(date, &parts.start).unwrap_or(parts.start.resolve().at);
                add("UNTIL", until.format(UTC_FORM).to_string());
            }
        }
        text
    }

    /// Reads the value of an RRULE line, with or without `RRULE:` before it, for a series that
    /// starts at `start`. `UNTIL` may be an instant, a local time or a date.
    ///
    /// # Errors
    /// Text of another form; a part that rules here do not have (`BYSETPOS`, `BYHOUR`, `BYWEEKNO`
    /// and others); and all that [`new`](Self::new) refuses.
    pub fn parse(text: &str, start: WallTime) -> Result<Self, InvalidValue> {
        if text.len() > MAX_TEXT {
            return Err(InvalidValue::too_long("rrule", MAX_TEXT, text.len()));
        }
        let text = text.trim().to_ascii_uppercase();
        let text = text.strip_prefix("RRULE:").unwrap_or(&text);
        // The frequency may stand anywhere, and a rule is nothing without it.
        let mut frequency = None;
        let mut parts = RecurrenceParts::new(Frequency::Daily, start);
        let mut seen = BTreeSet::new();
        for part in text.split(';').filter(|part| !part.is_empty()) {
            let (name, value) = part
                .split_once('=')
                .ok_or_else(|| InvalidValue::malformed("rrule", "NAME=VALUE;...", part))?;
            if !seen.insert(name) {
                return Err(InvalidValue::duplicate("rrule", name));
            }
            match name {
                "FREQ" => frequency = Some(value_in(&FREQUENCIES, name, value)?),
                "INTERVAL" => parts.interval = number(name, value)?,
                "BYMONTH" => parts.by_month = list(value, |item| number(name, item))?,
                "BYMONTHDAY" => parts.by_month_day = list(value, |item| number(name, item))?,
                "BYDAY" => parts.by_day = list(value, day)?,
                "WKST" => parts.week_start = value_in(&WEEKDAYS, name, value)?,
                "COUNT" => parts.end = End::AfterCount(number(name, value)?),
                "UNTIL" => parts.end = End::OnDate(until(value, &start)?),
                _ => return Err(InvalidValue::unknown(field(name), name)),
            }
        }
        if seen.contains("COUNT") && seen.contains("UNTIL") {
            return Err(InvalidValue::inconsistent(
                "rrule",
                "COUNT and UNTIL do not go together in one rule",
            ));
        }
        parts.frequency = frequency.ok_or_else(|| InvalidValue::required(field("FREQ")))?;
        Self::new(parts).map_err(|refused| refused.under("rrule"))
    }
}

fn field(name: &str) -> String {
    format!("rrule.{name}")
}

fn name_in<T: PartialEq>(names: &[(T, &'static str)], value: T) -> &'static str {
    names.iter().find(|(named, _)| *named == value).map_or("", |(_, name)| name)
}

fn value_in<T: Copy>(names: &[(T, &str)], part: &str, text: &str) -> Result<T, InvalidValue> {
    names
        .iter()
        .find(|(_, name)| *name == text)
        .map(|(value, _)| *value)
        .ok_or_else(|| InvalidValue::unknown(field(part), text))
}

fn joined<T: Display>(items: impl IntoIterator<Item = T>) -> String {
    items.into_iter().map(|item| item.to_string()).collect::<Vec<_>>().join(",")
}

fn number<T: FromStr>(part: &str, text: &str) -> Result<T, InvalidValue> {
    text.parse().map_err(|_| InvalidValue::malformed(field(part), "a whole number in range", text))
}

fn list<T>(
    text: &str,
    read: impl Fn(&str) -> Result<T, InvalidValue>,
) -> Result<Vec<T>, InvalidValue> {
    text.split(',').map(read).collect()
}

fn day(text: &str) -> Result<ByDay, InvalidValue> {
    let split = text.len().checked_sub(2).filter(|at| text.is_char_boundary(*at));
    let (nth, name) = split.map_or(("", text), |at| text.split_at(at));
    let day = value_in(&WEEKDAYS, "BYDAY", name)?;
    let nth = if nth.is_empty() { None } else { Some(number("BYDAY", nth)?) };
    Ok(ByDay { day, nth })
}

struct DayText(ByDay);

impl Display for DayText {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        if let Some(nth) = self.0.nth {
            write!(f, "{nth}")?;
        }
        f.write_str(name_in(&WEEKDAYS, self.0.day))
    }
}

/// When the rule's time comes on `date`.
fn last_instant(date: NaiveDate, start: &WallTime) -> Option<DateTime<Utc>> {
    let wall = WallTime::new(date.and_time(start.local().time()), start.zone()).ok()?;
    Some(wall.with_fold(start.fold()).resolve().at)
}

/// The last date on which the rule's time is not after `UNTIL`.
fn until(text: &str, start: &WallTime) -> Result<NaiveDate, InvalidValue> {
    let malformed = || {
        InvalidValue::malformed(
            field("UNTIL"),
            "20270131T080000Z, 20270131T090000 or 20270131",
            text,
        )
    };
    if let Ok(date) = NaiveDate::parse_from_str(text, DATE_FORM) {
        return Ok(date);
    }
    let at = if let Ok(utc) = NaiveDateTime::parse_from_str(text, UTC_FORM) {
        utc.and_utc()
    } else {
        let local = NaiveDateTime::parse_from_str(text, LOCAL_FORM).map_err(|_| malformed())?;
        // A local time that comes twice ends the rule after the second.
        let wall = WallTime::new(local, start.zone()).map_err(|e| e.under(field("UNTIL")))?;
        wall.with_fold(crate::time::Fold::Later).resolve().at
    };
    let date = WallTime::from_instant(at, start.zone())
        .map_err(|refused| refused.under(field("UNTIL")))?
        .local()
        .date();
    if last_instant(date, start).is_some_and(|last| last <= at) {
        Ok(date)
    } else {
        date.pred_opt().ok_or_else(malformed)
    }
}
