//! The organization that operates: its branding, its plan, how its people sign in.

mod plan;

use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};

use crate::access::Tenancy;
use crate::id::AgencyId;
use crate::secret::Sealed;
use crate::store::{AgencyFilter, UniqueKey, Version, entity};
use crate::value::{Color, Email, Name, Slug, WebUrl};

pub use plan::{Feature, FeatureMissing, LimitReached, Meter, Plan, PlanTier};

/// Whether an agency is in business.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum AgencyStatus {
    /// All is open.
    #[default]
    Active,
    /// Reading works, nothing can be changed and nothing goes out.
    Suspended,
    /// Closed; kept for the time the law asks for.
    Deleted,
}

/// How the product looks for an agency's people and clients.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct Branding {
    /// The name the product goes by; `None` is the agency's own.
    pub product_name: Option<Name>,
    /// The logo.
    pub logo_url: Option<WebUrl>,
    /// The main colour.
    pub primary_color: Option<Color>,
    /// The colour of what calls for attention.
    pub accent_color: Option<Color>,
    /// Where its clients ask for help.
    pub support_email: Option<Email>,
}

/// How an identity provider speaks.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum IdentityProtocol {
    /// OpenID Connect.
    Oidc,
    /// OAuth 2 with a provider's own profile call.
    Oauth2,
}

/// Where an agency's people sign in.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct IdentityProvider {
    /// Its name in links, unique within the agency.
    pub key: Slug,
    /// Its name on the button.
    pub name: Name,
    /// How it speaks.
    pub protocol: IdentityProtocol,
    /// The issuer's address.
    pub issuer: WebUrl,
    /// What we are called there.
    pub oauth_client_id: String,
    /// What proves it; sealed.
    pub oauth_client_secret: Option<Sealed>,
    /// Whether it can be used.
    pub enabled: bool,
}

/// The organization that operates; owns its plan, its members and its clients.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Agency {
    /// Its id.
    pub id: AgencyId,
    /// Grows with every change.
    pub version: Version,
    /// Its name.
    pub name: Name,
    /// Its subdomain, unique over all agencies.
    pub subdomain: Slug,
    /// How the product looks for it.
    pub branding: Branding,
    /// Whether it is in business.
    pub status: AgencyStatus,
    /// What it may use.
    pub plan: Plan,
    /// Where its people sign in.
    pub identity_providers: Vec<IdentityProvider>,
    /// When it was made.
    pub created_at: DateTime<Utc>,
    /// When it last changed.
    pub updated_at: DateTime<Utc>,
}

entity! {
    Agency, AgencyId, AgencyFilter,
    tenancy: |agency| Tenancy::Agency(agency.id),
    unique: |agency| vec![UniqueKey::new("subdomain", &agency.subdomain)],
}
