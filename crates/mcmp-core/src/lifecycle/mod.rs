//! A post's life: one table of what may be done when and by whom, and one pure function that reads
//! it.
//!
//! [`decide`] answers an [`Action`] with a [`Transition`] or a [`Refusal`]; [`allowed_actions`]
//! reads the same [`TABLE`]. Nothing else changes a status. A post begins as a draft; once it is
//! scheduled its status follows from its jobs alone, by [`status_of_jobs`].

mod action;
mod conditions;
mod decide;
mod facts;
mod follow;
mod guards;
mod refusal;
mod rule;
mod status;
mod table;
#[cfg(test)]
pub(crate) mod tests;
mod transition;

pub use action::Action;
pub use conditions::Condition;
pub use decide::{allowed_actions, decide, leads_to};
pub use facts::{Facts, Who};
pub use follow::{follow, may_be_called_off, may_be_live, status_of_jobs};
pub use guards::Guard;
pub use refusal::{Refusal, RefusalReason};
pub use rule::{ApprovalRule, By, JobsRule, Rule, ScheduleRule, To};
pub use status::{PostAction, PostStatus};
pub use table::TABLE;
pub use transition::{ApprovalChange, JobsEffect, ScheduleChange, Transition};
