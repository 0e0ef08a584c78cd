//! Who did something, as it is kept.

use std::fmt;

use serde::{Deserialize, Serialize};

use crate::id::{ApiKeyId, ReviewLinkId, UserId};

/// Who did something: kept in history, events and comments.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case", tag = "kind", content = "id")]
#[non_exhaustive]
pub enum ActorRef {
    /// A person with a membership.
    User(UserId),
    /// A program with an API key.
    ApiKey(ApiKeyId),
    /// Whoever holds a review link.
    Guest(ReviewLinkId),
    /// MCMP itself; the name says which part, such as `scheduler`.
    System(String),
}

impl ActorRef {
    /// The person, if it is one.
    #[must_use]
    pub fn user(&self) -> Option<UserId> {
        match self {
            Self::User(id) => Some(*id),
            _ => None,
        }
    }
}

impl fmt::Display for ActorRef {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::User(id) => write!(f, "user {id}"),
            Self::ApiKey(id) => write!(f, "API key {id}"),
            Self::Guest(id) => write!(f, "review link {id}"),
            Self::System(name) => f.write_str(name),
        }
    }
}
