//! Calendar months.

use std::fmt;

use chrono::{DateTime, Datelike, Utc};
use serde::{Deserialize, Serialize};

use crate::value::InvalidValue;

/// A calendar month in UTC, written `2026-11`; what monthly meters count in.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct Month {
    year: i32,
    month: u32,
}

impl Month {
    /// The month that `at` lies in.
    #[must_use]
    pub fn of(at: DateTime<Utc>) -> Self {
        Self { year: at.year(), month: at.month() }
    }
}

impl fmt::Display for Month {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:04}-{:02}", self.year, self.month)
    }
}

impl From<Month> for String {
    fn from(month: Month) -> Self {
        month.to_string()
    }
}

impl TryFrom<String> for Month {
    type Error = InvalidValue;

    fn try_from(text: String) -> Result<Self, Self::Error> {
        let refused = || InvalidValue::malformed("month", "a month as 2026-11", &text);
        let (year, month) = text.split_once('-').ok_or_else(refused)?;
        let year = year.parse().map_err(|_| refused())?;
        let month = month.parse().map_err(|_| refused())?;
        if !(0..=9999).contains(&year) || !(1..=12).contains(&month) {
            return Err(refused());
        }
        Ok(Self { year, month })
    }
}
