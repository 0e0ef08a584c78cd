//! The agency itself: its name, how it looks, how its people sign in, its plan.

use serde::{Deserialize, Serialize};

use super::accounts::change_lane;
use super::session::retrying;
use super::{Portal, Session, Work};
use crate::access::Denied;
use crate::account::SocialAccount;
use crate::agency::{
    Agency, AgencyStatus, Branding, Feature, IdentityProtocol, IdentityProvider, Meter, Plan,
};
use crate::client::Client;
use crate::error::Error;
use crate::event::EventKind;
use crate::id::{AgencyId, Id};
use crate::member::Permission;
use crate::publishing::{LaneAction, PauseReason};
use crate::secret::{SealContext, SealPurpose, SecretText};
use crate::store::{ClientFilter, EntityKind, SocialAccountFilter, StoreExt, Version};
use crate::time::Month;
use crate::value::{InvalidValue, Name, Slug, WebUrl};

/// The agency itself.
#[derive(Debug, Clone, Copy)]
pub struct Agencies<'s> {
    pub(super) session: &'s Session,
}

/// A change of the agency; what is `None` stays.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct AgencyEdit {
    /// Its name.
    pub name: Option<Name>,
    /// Its subdomain.
    pub subdomain: Option<Slug>,
    /// How the product looks for it.
    pub branding: Option<Branding>,
    /// Where its people sign in: all of them, in order.
    pub identity_providers: Option<Vec<IdentityProviderDraft>>,
}

/// Where an agency's people sign in, with its secret in clear.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct IdentityProviderDraft {
    /// Its name in links, unique within the agency.
    pub key: Slug,
    /// Its name on the button.
    pub name: Name,
    /// How it speaks.
    pub protocol: IdentityProtocol,
    /// The issuer's address. Another one forgets the secret that is kept.
    pub issuer: WebUrl,
    /// What we are called there; 1 to 512 characters.
    pub oauth_client_id: String,
    /// What proves it; `None` keeps the one that is there.
    #[serde(default)]
    pub oauth_client_secret: Option<SecretText>,
    /// Whether it can be used.
    pub enabled: bool,
}

/// How much of a meter is used.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct MeterUsage {
    /// What is counted.
    pub meter: Meter,
    /// How much is used, in this calendar month (UTC) for monthly meters.
    pub used: u64,
    /// How much the plan allows; `None` is unlimited.
    pub limit: Option<u64>,
}

impl MeterUsage {
    /// Whether more is used than the plan allows.
    #[must_use]
    pub fn is_over(&self) -> bool {
        self.limit.is_some_and(|limit| self.used > limit)
    }
}

/// Most identity providers of one agency.
const MAX_PROVIDERS: usize = 20;
/// Most characters of our id at an identity provider.
const MAX_OAUTH_CLIENT_ID: usize = 512;

fn provider_context(agency: AgencyId) -> SealContext {
    SealContext::of_agency(SealPurpose::IDENTITY_PROVIDER, agency)
}

impl Agencies<'_> {
    /// The agency as it is now.
    ///
    /// # Errors
    /// The store fails.
    pub async fn get(&self) -> Result<Agency, Error> {
        self.session.load(self.session.agency_id()).await
    }

    /// Changes the agency, as somebody saw it at `version`.
    ///
    /// # Errors
    /// No permission, a value that is refused, the plan, the subdomain is taken, there is no
    /// sealer for a provider's secret, or somebody else changed it first.
    pub async fn edit(&self, version: Version, edit: AgencyEdit) -> Result<Agency, Error> {
        self.session.scope().require_agency(Permission::ManageAgency)?;
        let before = self.get().await?;
        let mut agency = Agency { version, ..before.clone() };
        if let Some(name) = edit.name {
            agency.name = name;
        }
        if let Some(subdomain) = edit.subdomain {
            agency.subdomain = subdomain;
        }
        if let Some(branding) = edit.branding.filter(|branding| *branding != before.branding) {
            before.plan.require(Feature::WhiteLabel)?;
            agency.branding = branding;
        }
        if let Some(drafts) = edit.identity_providers {
            if !drafts.is_empty() {
                before.plan.require(Feature::SingleSignOn)?;
            }
            agency.identity_providers = self.providers(&before, drafts)?;
        }
        let mut work = self.session.work()?;
        agency.updated_at = work.now();
        work.update(&before, &mut agency, EventKind::AgencyUpdated, None)?;
        work.commit().await?;
        Ok(agency)
    }

    fn providers(
        &self,
        agency: &Agency,
        drafts: Vec<IdentityProviderDraft>,
    ) -> Result<Vec<IdentityProvider>, Error> {
        if drafts.len() > MAX_PROVIDERS {
            let refused = InvalidValue::too_long("identity_providers", MAX_PROVIDERS, drafts.len());
            return Err(refused.into());
        }
        let mut providers: Vec<IdentityProvider> = Vec::with_capacity(drafts.len());
        for (i, draft) in drafts.into_iter().enumerate() {
            let field = |name: &str| format!("identity_providers[{i}].{name}");
            if providers.iter().any(|earlier| earlier.key == draft.key) {
                return Err(InvalidValue::duplicate(field("key"), draft.key).into());
            }
            let length = draft.oauth_client_id.chars().count();
            if draft.oauth_client_id.trim().is_empty() {
                return Err(InvalidValue::required(field("oauth_client_id")).into());
            }
            if length > MAX_OAUTH_CLIENT_ID {
                let field = field("oauth_client_id");
                return Err(InvalidValue::too_long(field, MAX_OAUTH_CLIENT_ID, length).into());
            }
            // A secret goes to the issuer it was entered for, and to no other.
            let kept = agency
                .identity_providers
                .iter()
                .find(|old| old.key == draft.key && old.issuer == draft.issuer)
                .and_then(|old| old.oauth_client_secret.clone());
            let oauth_client_secret = match draft.oauth_client_secret {
                None => kept,
                Some(secret) if secret.is_empty() => None,
                Some(secret) => Some(
                    self.session
                        .portal()
                        .sealer()?
                        .seal(secret.expose().as_bytes(), &provider_context(agency.id))?,
                ),
            };
            providers.push(IdentityProvider {
                key: draft.key,
                name: draft.name,
                protocol: draft.protocol,
                issuer: draft.issuer,
                oauth_client_id: draft.oauth_client_id,
                oauth_client_secret,
                enabled: draft.enabled,
            });
        }
        Ok(providers)
    }

    /// Gives the agency another plan. One that allows less than is used is taken all the same:
    /// what is there stays, nothing can be added; the answer names the meters that are over.
    ///
    /// # Errors
    /// No permission, or somebody else changed the agency first.
    pub async fn change_plan(&self, plan: Plan) -> Result<(Agency, Vec<MeterUsage>), Error> {
        self.session.scope().require_agency(Permission::ManagePlan)?;
        let agency = retrying(async || {
            let before = self.get().await?;
            let mut work = self.session.work()?;
            let mut agency =
                Agency { plan: plan.clone(), updated_at: work.now(), ..before.clone() };
            work.update(&before, &mut agency, EventKind::AgencyPlanChanged, None)?;
            work.commit().await?;
            Ok(agency)
        })
        .await?;
        let mut over = self.used(&agency.plan).await?;
        over.retain(MeterUsage::is_over);
        Ok((agency, over))
    }

    /// Stops the agency: reading works, nothing can be changed and nothing goes out.
    ///
    /// # Errors
    /// No permission, or somebody else changed the agency first.
    pub async fn suspend(&self) -> Result<Agency, Error> {
        self.set_status(AgencyStatus::Suspended).await
    }

    /// Takes the agency up again.
    ///
    /// # Errors
    /// No permission, or somebody else changed the agency first. One that is closed is opened by
    /// the system alone.
    pub async fn reactivate(&self) -> Result<Agency, Error> {
        self.set_status(AgencyStatus::Active).await
    }

    /// Closes the agency: from then on its people can't get in.
    ///
    /// # Errors
    /// No permission, or somebody else changed the agency first.
    pub async fn close(&self) -> Result<Agency, Error> {
        self.set_status(AgencyStatus::Deleted).await
    }

    async fn set_status(&self, status: AgencyStatus) -> Result<Agency, Error> {
        self.session.scope().require_agency(Permission::ManagePlan)?;
        retrying(async || {
            let before = self.get().await?;
            if before.status == status {
                return Ok(before);
            }
            if before.status == AgencyStatus::Deleted && !self.session.scope().is_system() {
                return Err(Denied::AgencyClosed { status: before.status }.into());
            }
            // The one change that a suspended agency allows.
            let mut work = Work::new(self.session);
            let mut agency = Agency { status, updated_at: work.now(), ..before.clone() };
            work.update(&before, &mut agency, EventKind::AgencyStatusChanged, None)?;
            let action = match status {
                AgencyStatus::Active => LaneAction::Resume(PauseReason::Agency),
                _ => LaneAction::Pause(PauseReason::Agency),
            };
            // With the lanes in the same change nothing is sent after it: every send asks them.
            for account in self.accounts().await? {
                change_lane(&mut work, &account, action);
            }
            work.commit().await?;
            Ok(agency)
        })
        .await
    }

    async fn accounts(&self) -> Result<Vec<SocialAccount>, Error> {
        let (store, scope) = (self.session.store(), self.session.scope());
        let own = ClientFilter { agency_id: Some(self.session.agency_id()), ..Default::default() };
        let mut all = Vec::new();
        for client in store.all::<Client>(scope, own).await? {
            let of_client =
                SocialAccountFilter { client_id: Some(client.id), ..Default::default() };
            all.extend(store.all::<SocialAccount>(scope, of_client).await?);
        }
        Ok(all)
    }

    /// Each meter with what is used and what the plan allows.
    ///
    /// # Errors
    /// No permission, or the store fails.
    pub async fn usage(&self) -> Result<Vec<MeterUsage>, Error> {
        self.session.scope().require_agency(Permission::ManageAgency)?;
        let agency = self.get().await?;
        self.used(&agency.plan).await
    }

    async fn used(&self, plan: &Plan) -> Result<Vec<MeterUsage>, Error> {
        let (store, scope) = (self.session.store(), self.session.scope());
        let month = Month::of(self.session.now());
        let mut all = Vec::with_capacity(Meter::ALL.len());
        for meter in Meter::ALL.iter().copied() {
            let month = meter.is_monthly().then_some(month);
            let used = store.usage(scope, self.session.agency_id(), meter, month).await?;
            all.push(MeterUsage { meter, used, limit: plan.limits.get(&meter).copied() });
        }
        Ok(all)
    }
}

impl Portal {
    /// The secret that proves us to an agency's identity provider, for the host's sign-in; `None`
    /// if the provider takes none.
    ///
    /// # Errors
    /// There is no such agency or no enabled provider with this key, or the secret can't be opened.
    pub async fn identity_provider_secret(
        &self,
        agency: AgencyId,
        key: &Slug,
    ) -> Result<Option<SecretText>, Error> {
        let found: Option<Agency> = self.store().find(&self.own_scope()?, agency).await?;
        let found = found.filter(|agency| agency.status != AgencyStatus::Deleted);
        let found = found.ok_or(Error::NotFound { kind: EntityKind::Agency, id: agency.uuid() })?;
        let provider = found
            .identity_providers
            .iter()
            .find(|provider| provider.enabled && provider.key == *key)
            .ok_or_else(|| InvalidValue::unknown("identity_provider", key))?;
        let Some(sealed) = &provider.oauth_client_secret else { return Ok(None) };
        let secret = self.sealer()?.open(sealed, &provider_context(agency))?;
        Ok(Some(secret.to_text()?))
    }
}
