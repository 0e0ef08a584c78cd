//! Whose calls a budget counts.

use std::fmt;

use serde::{Deserialize, Serialize};

use crate::account::{AppCredentialsRef, Platform};
use crate::id::{AccountId, RateBudgetId};

/// Whose calls a budget counts.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case", tag = "of")]
#[non_exhaustive]
pub enum BudgetKey {
    /// Calls made with one platform app.
    App {
        /// The platform.
        platform: Platform,
        /// The app's credentials.
        credentials: AppCredentialsRef,
        /// Which calls, as [`RateReport::name`](super::super::RateReport::name) says.
        calls: String,
    },
    /// Calls made for one account.
    Account {
        /// The account.
        account_id: AccountId,
        /// Which calls, as [`RateReport::name`](super::super::RateReport::name) says.
        calls: String,
    },
    /// Starts of jobs that are late, after an outage.
    CatchUp,
}

impl BudgetKey {
    /// The id of the budget with this key.
    #[must_use]
    pub fn id(&self) -> RateBudgetId {
        RateBudgetId::of(&self.to_string())
    }
}

impl fmt::Display for BudgetKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::App { platform, credentials: AppCredentialsRef::Instance, calls } => {
                write!(f, "app/{platform}/instance/{calls}")
            }
            Self::App { platform, credentials: AppCredentialsRef::Own(id), calls } => {
                write!(f, "app/{platform}/{id}/{calls}")
            }
            Self::CatchUp => f.write_str("catch_up"),
            Self::Account { account_id, calls } => write!(f, "account/{account_id}/{calls}"),
        }
    }
}
