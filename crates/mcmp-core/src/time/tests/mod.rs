//! What must hold across the whole module.

mod calendar;
mod every_zone;
mod planned;
mod slots;

use chrono::{DateTime, NaiveDateTime, Utc};
use chrono_tz::{TZ_VARIANTS, Tz};
use proptest::prelude::*;

use super::{Schedule, WallTime};

fn at(text: &str) -> DateTime<Utc> {
    text.parse().unwrap()
}

fn local(text: &str) -> NaiveDateTime {
    text.parse().unwrap()
}

fn wall(text: &str, zone: Tz) -> WallTime {
    WallTime::new(local(text), zone).unwrap()
}

fn planned(text: &str, zone: Tz) -> Schedule {
    Schedule::at_wall(wall(text, zone)).0
}

fn any_zone() -> impl Strategy<Value = Tz> {
    prop::sample::select(TZ_VARIANTS.to_vec())
}

/// Any millisecond from 1990 to 2060.
fn any_instant() -> impl Strategy<Value = DateTime<Utc>> {
    (631_152_000_000_i64..2_840_140_800_000)
        .prop_map(|millis| DateTime::from_timestamp_millis(millis).unwrap())
}
