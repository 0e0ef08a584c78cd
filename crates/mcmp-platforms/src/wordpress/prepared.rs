//! What the steps before the visible call leave behind, kept as the job's checkpoint.

use std::collections::BTreeMap;

use mcmp_core::publishing::{ErrorClass, PublishError};
use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::post_type::PostType;

/// A file in the site's media library.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Uploaded {
    /// WordPress's id of it.
    pub(super) id: u64,
    /// Where it is served from.
    pub(super) url: String,
    /// Whether its description is there too.
    pub(super) described: bool,
}

/// Ids of the site's terms.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Terms {
    pub(super) categories: Vec<u64>,
    pub(super) tags: Vec<u64>,
}

/// What is prepared so far.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub(super) struct Prepared {
    /// The custom post type, once it was looked up.
    pub(super) post_type: Option<PostType>,
    /// Files by the name that they were uploaded under.
    pub(super) media: BTreeMap<String, Uploaded>,
    /// The terms, once all of them are there.
    pub(super) terms: Option<Terms>,
}

impl Prepared {
    /// What `checkpoint` holds. One that can't be read counts as none: every step finds what it
    /// did before.
    pub(super) fn read(checkpoint: Option<&Value>) -> Self {
        checkpoint.and_then(|value| Self::deserialize(value).ok()).unwrap_or_default()
    }

    /// As a checkpoint.
    ///
    /// # Errors
    /// Never in practice: it is made of texts and numbers.
    pub(super) fn write(&self) -> Result<Value, PublishError> {
        serde_json::to_value(self).map_err(|error| {
            let message = format!("the checkpoint can't be written: {error}");
            PublishError::new(ErrorClass::Transient, message)
        })
    }

    /// The post type to publish as.
    pub(super) fn post_type(&self) -> PostType {
        self.post_type.clone().unwrap_or_default()
    }
}
