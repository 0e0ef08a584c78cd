//! Who must say yes before anything goes out.

use std::collections::BTreeSet;

use chrono::TimeDelta;
use serde::{Deserialize, Serialize};

use crate::id::UserId;
use crate::member::Role;
use crate::value::{InvalidValue, Name};

/// Who may decide in a stage: whoever holds one of the roles for the client, the named people,
/// and holders of a review link, if they are let in. Each needs `approve_posts` too.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct Deciders {
    /// Roles for the client.
    pub roles: BTreeSet<Role>,
    /// Named people.
    pub users: BTreeSet<UserId>,
    /// Whoever holds a review link that allows decisions.
    pub guests: bool,
}

/// One step of approval.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Stage {
    /// What people call it, such as "Internal review".
    pub name: Name,
    /// Who may decide.
    pub deciders: Deciders,
    /// How many different ones must say yes.
    pub quorum: u32,
    /// Whether those who wrote, changed or submitted the post may decide.
    #[serde(default)]
    pub author_may_approve: bool,
    /// Hours from the stage's start until its decision is due; `None` is no due time. A due time
    /// that passes is told, and decides nothing.
    #[serde(default)]
    pub due_within_hours: Option<u32>,
}

impl Stage {
    /// One yes is enough, not the author's own, without a due time.
    #[must_use]
    pub fn new(name: Name, deciders: Deciders) -> Self {
        Self { name, deciders, quorum: 1, author_may_approve: false, due_within_hours: None }
    }

    /// The time from the stage's start until its decision is due.
    #[must_use]
    pub fn due_within(&self) -> Option<TimeDelta> {
        self.due_within_hours.map(|hours| TimeDelta::hours(i64::from(hours)))
    }
}

/// Who must say yes, in which order. Without stages nobody must.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct ApprovalPolicy {
    /// The steps, in order.
    pub stages: Vec<Stage>,
    /// Whether moving an approved post to another time voids its approval too.
    pub time_change_voids: bool,
}

impl ApprovalPolicy {
    /// Most stages.
    pub const MAX_STAGES: usize = 10;
    /// Most hours until a stage is due: a year.
    pub const MAX_DUE_HOURS: u32 = 24 * 366;

    /// Nobody must say yes.
    #[must_use]
    pub fn none() -> Self {
        Self::default()
    }

    /// The given stages, in order.
    ///
    /// # Errors
    /// See [`validate`](Self::validate).
    pub fn stages(stages: Vec<Stage>) -> Result<Self, InvalidValue> {
        let policy = Self { stages, time_change_voids: false };
        policy.validate().map(|()| policy)
    }

    /// Whether anybody must say yes.
    #[must_use]
    pub fn is_required(&self) -> bool {
        !self.stages.is_empty()
    }

    /// Checks what serde can't.
    ///
    /// # Errors
    /// Too many stages; a stage in which nobody can decide, whose quorum is zero or more than the
    /// people it names can reach, or whose due time is out of range.
    pub fn validate(&self) -> Result<(), InvalidValue> {
        if self.stages.len() > Self::MAX_STAGES {
            return Err(InvalidValue::too_long("stages", Self::MAX_STAGES, self.stages.len()));
        }
        for (i, stage) in self.stages.iter().enumerate() {
            stage.validate().map_err(|invalid| invalid.under(format_args!("stages[{i}]")))?;
        }
        Ok(())
    }
}

impl Stage {
    fn validate(&self) -> Result<(), InvalidValue> {
        let Deciders { roles, users, guests } = &self.deciders;
        if roles.is_empty() && users.is_empty() && !guests {
            return Err(InvalidValue::required("deciders"));
        }
        let most = if roles.is_empty() && !guests { users.len() } else { 100 };
        let quorum = usize::try_from(self.quorum).unwrap_or(usize::MAX);
        if !(1..=most).contains(&quorum) {
            return Err(InvalidValue::out_of_range("quorum", 1, most, self.quorum));
        }
        match self.due_within_hours {
            Some(hours) if !(1..=ApprovalPolicy::MAX_DUE_HOURS).contains(&hours) => {
                Err(InvalidValue::out_of_range(
                    "due_within_hours",
                    1,
                    ApprovalPolicy::MAX_DUE_HOURS,
                    hours,
                ))
            }
            _ => Ok(()),
        }
    }
}
