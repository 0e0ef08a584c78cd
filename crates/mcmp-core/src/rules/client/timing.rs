//! When a client wants its posts to go out, and how many.

use chrono::{DateTime, Datelike, Days, NaiveDate, TimeDelta, Utc};

use super::{ClientCheck, Planned, error};
use crate::post::Outgoing;
use crate::rules::finding::{Finding, FindingCode};

const FIELD: &str = "schedule";

pub(super) fn check(
    outgoing: &[Outgoing],
    at: DateTime<Utc>,
    against: &ClientCheck<'_>,
    findings: &mut Vec<Finding>,
) {
    let local = at.with_timezone(&against.zone).naive_local();
    let rules = against.rules.fields();
    if !against.windows.contains(at, against.zone) {
        let message = format!("{local} is outside the client's posting windows");
        findings.push(
            Finding::error(FindingCode::OutsidePostingWindows, FIELD, message)
                .actual(local)
                .hint("choose a time inside a window, or the next free slot"),
        );
    }
    let day = local.date();
    for blackout in rules.blackouts.iter().filter(|b| b.from <= day && day <= b.until) {
        let reason = blackout.reason.as_ref().map_or_else(String::new, |r| format!(" ({r})"));
        let message =
            format!("nothing may go out from {} to {}{reason}", blackout.from, blackout.until);
        findings.push(
            Finding::error(FindingCode::BlackoutDate, FIELD, message)
                .limit(format_args!("{}..={}", blackout.from, blackout.until))
                .actual(day),
        );
    }
    for item in outgoing {
        let others: Vec<&Planned> = against
            .calendar
            .iter()
            .filter(|other| other.account_id == item.account_id && other.post_id != against.post_id)
            .collect();
        check_gap(item, at, against, &others, findings);
        check_caps(item, day, against, &others, findings);
    }
}

fn check_gap(
    item: &Outgoing,
    at: DateTime<Utc>,
    against: &ClientCheck<'_>,
    others: &[&Planned],
    findings: &mut Vec<Finding>,
) {
    let Some(minutes) = against.rules.fields().min_gap_minutes else { return };
    let gap = TimeDelta::minutes(i64::from(minutes));
    let nearest = others.iter().min_by_key(|other| (other.at - at).abs());
    if let Some(nearest) = nearest.filter(|other| (other.at - at).abs() < gap) {
        let between = (nearest.at - at).abs().num_minutes();
        let message = format!(
            "another post of this account is planned {between} minutes away; the client wants {minutes}"
        );
        findings.push(
            error(item, FindingCode::TooCloseToAnother, FIELD, message)
                .limit(minutes)
                .actual(between),
        );
    }
}

fn check_caps(
    item: &Outgoing,
    day: NaiveDate,
    against: &ClientCheck<'_>,
    others: &[&Planned],
    findings: &mut Vec<Finding>,
) {
    let rules = against.rules.fields();
    let caps = [(rules.max_per_day, FindingCode::TooManyPerDay, "day", day, day), {
        let monday = day - Days::new(u64::from(day.weekday().num_days_from_monday()));
        (rules.max_per_week, FindingCode::TooManyPerWeek, "week", monday, monday + Days::new(6))
    }];
    for (cap, code, name, first, last) in caps {
        let Some(cap) = cap else { continue };
        let planned = others
            .iter()
            .map(|other| other.at.with_timezone(&against.zone).date_naive())
            .filter(|date| (first..=last).contains(date))
            .count();
        let with_this = planned.saturating_add(1);
        if u32::try_from(with_this).unwrap_or(u32::MAX) > cap {
            let message = format!(
                "it would be number {with_this} of this account in that {name}; the client wants at most {cap}"
            );
            findings.push(error(item, code, FIELD, message).limit(cap).actual(with_this));
        }
    }
}
