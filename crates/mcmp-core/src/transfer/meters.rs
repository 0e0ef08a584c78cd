//! What plans count: with everything as it is, with one client what the client brings.

use chrono::{DateTime, Months, Utc};
use serde::{Deserialize, Serialize};

use crate::access::Scope;
use crate::account::AccountStatus;
use crate::agency::{Agency, Meter};
use crate::client::ClientStatus;
use crate::id::AgencyId;
use crate::store::{MeterChange, Record, Store, StoreError};
use crate::time::Month;

/// How far back monthly meters are looked for: fifty years.
const MAX_MONTHS: u32 = 600;

/// How much of a meter an agency has used.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct MeterReading {
    pub(super) agency_id: AgencyId,
    pub(super) meter: Meter,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(super) month: Option<Month>,
    pub(super) used: u64,
}

/// All of an agency's meters that are not at zero; monthly ones since it was made.
pub(super) async fn readings(
    store: &dyn Store,
    scope: &Scope,
    agency: &Agency,
    now: DateTime<Utc>,
) -> Result<Vec<MeterReading>, StoreError> {
    let mut readings = Vec::new();
    for meter in Meter::ALL {
        let months = if meter.is_monthly() { months(agency.created_at, now) } else { vec![None] };
        for month in months {
            let used = store.usage(scope, agency.id, *meter, month).await?;
            if used > 0 {
                readings.push(MeterReading { agency_id: agency.id, meter: *meter, month, used });
            }
        }
    }
    Ok(readings)
}

/// The months from one time to another, latest first; at least the last.
fn months(from: DateTime<Utc>, until: DateTime<Utc>) -> Vec<Option<Month>> {
    let first = Month::of(from.min(until));
    (0..MAX_MONTHS)
        .map_while(|back| until.checked_sub_months(Months::new(back)))
        .map(Month::of)
        .take_while(|month| *month >= first)
        .map(Some)
        .collect()
}

/// What a client's entity adds to its agency's meters, as the portal counted it when it was made.
pub(super) fn brought_by(record: &Record) -> Option<MeterChange> {
    let (agency_id, meter, month, by) = match record {
        Record::Client(client) if client.status != ClientStatus::Archived => {
            (client.agency_id, Meter::Clients, None, 1)
        }
        Record::SocialAccount(account) if account.status != AccountStatus::Disconnected => {
            (account.agency_id, Meter::Accounts, None, 1)
        }
        Record::Asset(asset) => {
            let size = i64::try_from(asset.size_bytes).unwrap_or(i64::MAX);
            (asset.agency_id, Meter::StorageBytes, None, size)
        }
        Record::Post(post) => {
            (post.agency_id, Meter::PostsPerMonth, Some(Month::of(post.created_at)), 1)
        }
        _ => return None,
    };
    Some(MeterChange { agency_id, meter, month, by, limit: None })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(text: &str) -> DateTime<Utc> {
        text.parse().unwrap()
    }

    #[test]
    fn months_go_back_to_the_first() {
        let names = |from, until| -> Vec<String> {
            months(at(from), at(until)).into_iter().flatten().map(String::from).collect()
        };
        let long = names("2025-11-30T23:59:59Z", "2026-01-31T10:00:00Z");
        assert_eq!(long, ["2026-01", "2025-12", "2025-11"]);
        assert_eq!(names("2026-01-01T00:00:00Z", "2026-01-01T00:00:00Z"), ["2026-01"]);
        assert_eq!(names("2027-05-01T00:00:00Z", "2026-01-05T00:00:00Z"), ["2026-01"]);
        assert_eq!(names("0001-01-01T00:00:00Z", "2026-01-05T00:00:00Z").len(), 600);
    }
}
