//! Weekdays by their full English names on the wire.

use chrono::Weekday;
use serde::{Deserialize, Serialize};

/// `#[serde(with = "WeekdayName")]` writes `monday` where chrono would write `Mon`.
#[derive(Serialize, Deserialize)]
#[serde(remote = "Weekday")]
pub(super) enum WeekdayName {
    #[serde(rename = "monday")]
    Mon,
    #[serde(rename = "tuesday")]
    Tue,
    #[serde(rename = "wednesday")]
    Wed,
    #[serde(rename = "thursday")]
    Thu,
    #[serde(rename = "friday")]
    Fri,
    #[serde(rename = "saturday")]
    Sat,
    #[serde(rename = "sunday")]
    Sun,
}

/// Days from Monday to `day`, for sorting: a week runs from Monday to Sunday here.
pub(super) fn rank(day: Weekday) -> u32 {
    day.num_days_from_monday()
}

/// The same for a field that may be empty.
pub(super) mod optional {
    use super::{Weekday, WeekdayName};
    use serde::{Deserialize, Deserializer, Serialize, Serializer};

    #[derive(Serialize, Deserialize)]
    struct Named(#[serde(with = "WeekdayName")] Weekday);

    #[allow(clippy::ref_option, reason = "the signature serde asks for")]
    pub(in crate::time) fn serialize<S: Serializer>(
        day: &Option<Weekday>,
        serializer: S,
    ) -> Result<S::Ok, S::Error> {
        day.map(Named).serialize(serializer)
    }

    pub(in crate::time) fn deserialize<'de, D: Deserializer<'de>>(
        deserializer: D,
    ) -> Result<Option<Weekday>, D::Error> {
        Ok(Option::<Named>::deserialize(deserializer)?.map(|named| named.0))
    }
}
