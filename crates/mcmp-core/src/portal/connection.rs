//! What connecting a channel takes: the outcome of the platform's own exchange.

use std::collections::{BTreeMap, BTreeSet};

use serde::Deserialize;
use serde_json::Value;

use crate::account::{AccountKind, AppCredentialsRef, ExternalId, Platform, Tokens};
use crate::value::{InvalidCode, InvalidValue, Name, WebUrl};

/// A channel, as its platform tells of it once somebody has granted access and a real call with
/// the token has succeeded.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Connection {
    /// Where.
    pub platform: Platform,
    /// What it is there.
    pub kind: AccountKind,
    /// The platform's own id of it.
    pub external_id: ExternalId,
    /// Its handle, without `@`; up to 255 characters.
    #[serde(default)]
    pub handle: Option<String>,
    /// What it is called there.
    pub display_name: Name,
    /// Its picture.
    #[serde(default)]
    pub avatar_url: Option<WebUrl>,
    /// What the grant gave.
    pub tokens: Tokens,
    /// What the grant allows, in the platform's names.
    #[serde(default)]
    pub granted_scopes: BTreeSet<String>,
    /// What the grant must allow, in the platform's names.
    #[serde(default)]
    pub required_scopes: BTreeSet<String>,
    /// Which app credentials made the grant.
    #[serde(default)]
    pub app_credentials: AppCredentialsRef,
    /// What the platform tells about it; never a secret. Up to 64 KiB as JSON.
    #[serde(default)]
    pub metadata: BTreeMap<String, Value>,
}

const MAX_HANDLE: usize = 255;
const MAX_SCOPES: usize = 200;
const MAX_METADATA: usize = 65_536;

impl Connection {
    /// What every platform tells; the rest is empty and can be set.
    #[must_use]
    pub fn new(
        platform: Platform,
        kind: AccountKind,
        external_id: ExternalId,
        display_name: Name,
        tokens: Tokens,
    ) -> Self {
        Self {
            platform,
            kind,
            external_id,
            handle: None,
            display_name,
            avatar_url: None,
            tokens,
            granted_scopes: BTreeSet::new(),
            required_scopes: BTreeSet::new(),
            app_credentials: AppCredentialsRef::default(),
            metadata: BTreeMap::new(),
        }
    }

    /// # Errors
    /// A value that is too long, or scopes that are missing, by name.
    pub(super) fn validate(&self) -> Result<(), InvalidValue> {
        let handle = self.handle.as_ref().map_or(0, |handle| handle.chars().count());
        if handle > MAX_HANDLE {
            return Err(InvalidValue::too_long("handle", MAX_HANDLE, handle));
        }
        if self.granted_scopes.len() > MAX_SCOPES {
            let count = self.granted_scopes.len();
            return Err(InvalidValue::too_long("granted_scopes", MAX_SCOPES, count));
        }
        let metadata = serde_json::to_string(&self.metadata).map_or(usize::MAX, |json| json.len());
        if metadata > MAX_METADATA {
            return Err(InvalidValue::too_long("metadata", MAX_METADATA, metadata));
        }
        let missing: Vec<_> =
            self.required_scopes.difference(&self.granted_scopes).map(String::as_str).collect();
        if missing.is_empty() {
            return Ok(());
        }
        let message = format!("these were not granted: {}", missing.join(", "));
        let granted: Vec<_> = self.granted_scopes.iter().map(String::as_str).collect();
        let required: Vec<_> = self.required_scopes.iter().map(String::as_str).collect();
        Err(InvalidValue::new(InvalidCode::Required, "granted_scopes", message)
            .limit(required.join(" "))
            .actual(granted.join(" ")))
    }
}
