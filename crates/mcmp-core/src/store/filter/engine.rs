//! Lists of what the engine keeps for itself.

use uuid::Uuid;

use super::Filter;
use crate::duty::{Duty, DutyName};
use crate::id::ClientId;
use crate::publishing::{BudgetKey, RateBudget};
use crate::store::Sort;

filter! {
    /// Duties.
    DutyFilter for Duty (duty) {
        /// With this name.
        name: Option<DutyName> => |v| v.as_ref().is_none_or(|v| duty.name == *v),
    }
    sorts: {}
}

filter! {
    /// Rate budgets.
    RateBudgetFilter for RateBudget (budget) {
        /// With this key.
        key: Option<BudgetKey> => |v| v.as_ref().is_none_or(|v| budget.key == *v),
    }
    sorts: {}
}
