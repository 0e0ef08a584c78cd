//! Through which platform app an account is connected.

use std::collections::HashMap;
use std::sync::{Mutex, MutexGuard, PoisonError};

use mcmp_core::access::Scope;
use mcmp_core::account::{AppCredentialsRef, Platform, SocialAccount};
use mcmp_core::id::AccountId;
use mcmp_core::publishing::{BudgetKey, PublishJob};
use mcmp_core::store::StoreExt;
use mcmp_core::{Error, Portal};

/// A platform app: what shares limits, and a ban.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub(super) struct App {
    pub(super) platform: Platform,
    pub(super) credentials: AppCredentialsRef,
}

impl App {
    pub(super) fn of(account: &SocialAccount) -> Self {
        Self { platform: account.platform.clone(), credentials: account.app_credentials }
    }

    /// The budget of its calls of one name.
    pub(super) fn budget(&self, calls: &str) -> BudgetKey {
        let (platform, credentials) = (self.platform.clone(), self.credentials);
        BudgetKey::App { platform, credentials, calls: calls.to_owned() }
    }
}

/// From so many accounts on it is looked up anew.
const MANY: usize = 100_000;

/// Remembers it for every account that was worked for.
#[derive(Debug)]
pub(super) struct Apps {
    portal: Portal,
    scope: Scope,
    credentials: Mutex<HashMap<AccountId, AppCredentialsRef>>,
}

impl Apps {
    pub(super) fn new(portal: Portal, scope: Scope) -> Self {
        Self { portal, scope, credentials: Mutex::default() }
    }

    /// The app that a job's account is connected through, as far as is known; looked up once.
    pub(super) async fn of(&self, job: &PublishJob) -> Result<App, Error> {
        let known = self.lock().get(&job.account_id).copied();
        let credentials = match known {
            Some(credentials) => credentials,
            None => {
                let found: Option<SocialAccount> =
                    self.portal.store().find(&self.scope, job.account_id).await?;
                let credentials = found.map(|account| account.app_credentials).unwrap_or_default();
                self.keep(job.account_id, credentials);
                credentials
            }
        };
        Ok(App { platform: job.platform.clone(), credentials })
    }

    /// Notes it anew: an account may be connected again through another app.
    pub(super) fn note(&self, account: &SocialAccount) {
        self.keep(account.id, account.app_credentials);
    }

    fn keep(&self, account: AccountId, credentials: AppCredentialsRef) {
        let mut known = self.lock();
        if known.len() >= MANY {
            known.clear();
        }
        known.insert(account, credentials);
    }

    fn lock(&self) -> MutexGuard<'_, HashMap<AccountId, AppCredentialsRef>> {
        self.credentials.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
