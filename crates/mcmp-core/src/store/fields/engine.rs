//! What the engine keeps for itself.

use super::*;
use crate::duty::Duty;
use crate::publishing::RateBudget;
use crate::store::{DutyFilter, RateBudgetFilter};

fields! {
    DutyFilter for Duty (duty) of Installation {
        name: Text = duty.name.to_string() => is name as |v| v.to_string();
    }
}

fields! {
    RateBudgetFilter for RateBudget (budget) of Installation {
        key: Text = budget.key.to_string() => is key as |v| v.to_string();
    }
}
