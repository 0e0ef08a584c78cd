//! What an agency may use: features and numeric limits.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;

use serde::{Deserialize, Serialize};

/// The tiers on offer, cheapest first.
#[derive(
    Debug, Clone, Copy, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize,
)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum PlanTier {
    /// To try it.
    #[default]
    Free,
    /// One person with a few channels.
    Creator,
    /// A freelancer or an in-house team.
    Professional,
    /// An agency with clients.
    Agency,
    /// An agency that sells it under its own name.
    WhiteLabel,
    /// By contract.
    Enterprise,
}

impl PlanTier {
    /// All tiers, cheapest first.
    pub const ALL: &'static [PlanTier] = &[
        Self::Free,
        Self::Creator,
        Self::Professional,
        Self::Agency,
        Self::WhiteLabel,
        Self::Enterprise,
    ];
}

/// Something that a plan includes or not.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum Feature {
    /// Approval policies with one stage.
    Approvals,
    /// Approval policies with several stages.
    MultiStageApprovals,
    /// Review links for people without an account.
    GuestReview,
    /// Recurring posts.
    Recurrence,
    /// Campaigns, briefs and creators.
    Campaigns,
    /// Metrics over time and reports.
    Analytics,
    /// Text models.
    AiAssistance,
    /// API keys.
    ApiAccess,
    /// Webhook endpoints.
    Webhooks,
    /// The agency's own name, logo and colours.
    WhiteLabel,
    /// Sign-in through the agency's own identity provider.
    SingleSignOn,
    /// Export of the audit log.
    AuditExport,
}

/// Something that a plan counts.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum Meter {
    /// Clients that are not archived.
    Clients,
    /// Memberships with a role of the agency's side.
    Members,
    /// Connected social accounts.
    Accounts,
    /// Posts created in a calendar month (UTC).
    PostsPerMonth,
    /// Bytes in the asset library.
    StorageBytes,
    /// API keys that are not revoked.
    ApiKeys,
    /// Webhook endpoints.
    WebhookEndpoints,
    /// Calls to text models in a calendar month (UTC).
    AiCallsPerMonth,
}

impl Meter {
    /// All meters.
    pub const ALL: &'static [Meter] = &[
        Self::Clients,
        Self::Members,
        Self::Accounts,
        Self::PostsPerMonth,
        Self::StorageBytes,
        Self::ApiKeys,
        Self::WebhookEndpoints,
        Self::AiCallsPerMonth,
    ];

    /// Whether it starts again at zero each calendar month.
    #[must_use]
    pub fn is_monthly(self) -> bool {
        matches!(self, Self::PostsPerMonth | Self::AiCallsPerMonth)
    }

    /// The wire name.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Clients => "clients",
            Self::Members => "members",
            Self::Accounts => "accounts",
            Self::PostsPerMonth => "posts_per_month",
            Self::StorageBytes => "storage_bytes",
            Self::ApiKeys => "api_keys",
            Self::WebhookEndpoints => "webhook_endpoints",
            Self::AiCallsPerMonth => "ai_calls_per_month",
        }
    }
}

impl fmt::Display for Meter {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

/// What one agency may use. Made from a tier, then free to be changed for that agency: the sales
/// department's exceptions are data, not code.
///
/// ```
/// use mcmp_core::agency::{Meter, Plan, PlanTier};
///
/// let plan = Plan::of(PlanTier::Free);
/// assert!(plan.check(Meter::Clients, 0, 1).is_ok());
/// let refused = plan.check(Meter::Clients, 1, 1).unwrap_err();
/// assert_eq!((refused.limit, refused.used), (1, 1));
/// assert_eq!(refused.offered_by, Some(PlanTier::Professional));
/// ```
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Plan {
    /// The tier it was made from.
    pub tier: PlanTier,
    /// What it includes.
    pub features: BTreeSet<Feature>,
    /// How much it includes; a meter that is not named is unlimited.
    pub limits: BTreeMap<Meter, u64>,
}

const GIB: u64 = 1 << 30;

impl Plan {
    /// The plan that a tier comes with. The numbers are starting points for an operator to change.
    #[must_use]
    pub fn of(tier: PlanTier) -> Self {
        use Feature::{
            AiAssistance, Analytics, ApiAccess, Approvals, AuditExport, Campaigns, GuestReview,
            MultiStageApprovals, Recurrence, SingleSignOn, Webhooks, WhiteLabel,
        };
        let features: &[&[Feature]] = &[
            &[],
            &[Recurrence, AiAssistance],
            &[Approvals, Analytics, ApiAccess],
            &[MultiStageApprovals, GuestReview, Campaigns, Webhooks],
            &[WhiteLabel],
            &[SingleSignOn, AuditExport],
        ];
        let tiers_up_to = PlanTier::ALL.iter().filter(|other| **other <= tier).count();
        let features = features.iter().take(tiers_up_to).flat_map(|f| f.iter().copied()).collect();
        // Clients, members, accounts, posts a month, GiB, keys, webhooks, AI calls a month.
        let limits = match tier {
            PlanTier::Free => Some([1, 1, 3, 30, 1, 0, 0, 0]),
            PlanTier::Creator => Some([1, 1, 10, 300, 10, 0, 0, 100]),
            PlanTier::Professional => Some([5, 5, 30, 1_500, 50, 2, 0, 500]),
            PlanTier::Agency => Some([50, 50, 500, 20_000, 500, 10, 10, 5_000]),
            PlanTier::WhiteLabel => Some([250, 250, 2_500, 100_000, 2_000, 50, 50, 25_000]),
            PlanTier::Enterprise => None,
        };
        let limits = limits.map_or_else(BTreeMap::new, |numbers| {
            Meter::ALL
                .iter()
                .zip(numbers)
                .map(|(meter, number): (&Meter, u64)| match meter {
                    Meter::StorageBytes => (*meter, number * GIB),
                    _ => (*meter, number),
                })
                .collect()
        });
        Self { tier, features, limits }
    }

    /// Whether `adding` more fits, with `used` taken already. The one place that decides it.
    ///
    /// # Errors
    /// [`LimitReached`], with the limit and the cheapest tier that would allow it.
    pub fn check(&self, meter: Meter, used: u64, adding: u64) -> Result<(), LimitReached> {
        match self.limits.get(&meter) {
            Some(&limit) if used.saturating_add(adding) > limit => Err(LimitReached {
                meter,
                limit,
                used,
                adding,
                offered_by: Self::cheapest(|plan| {
                    plan.limits
                        .get(&meter)
                        .is_none_or(|limit| used.saturating_add(adding) <= *limit)
                }),
            }),
            _ => Ok(()),
        }
    }

    /// Whether the plan includes `feature`.
    ///
    /// # Errors
    /// [`FeatureMissing`], with the cheapest tier that has it.
    pub fn require(&self, feature: Feature) -> Result<(), FeatureMissing> {
        if self.features.contains(&feature) {
            Ok(())
        } else {
            Err(FeatureMissing {
                feature,
                offered_by: Self::cheapest(|plan| plan.features.contains(&feature)),
            })
        }
    }

    fn cheapest(fits: impl Fn(&Plan) -> bool) -> Option<PlanTier> {
        PlanTier::ALL.iter().copied().find(|tier| fits(&Plan::of(*tier)))
    }
}

impl Default for Plan {
    fn default() -> Self {
        Self::of(PlanTier::default())
    }
}

/// The plan's limit does not allow more.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error, Serialize, Deserialize)]
#[error("the plan allows {limit} {meter}; {used} are used and {adding} more were asked for")]
pub struct LimitReached {
    /// What is counted.
    pub meter: Meter,
    /// How much the plan allows.
    pub limit: u64,
    /// How much is used.
    pub used: u64,
    /// How much more was asked for.
    pub adding: u64,
    /// The cheapest tier that would allow it.
    pub offered_by: Option<PlanTier>,
}

/// The plan does not include this.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error, Serialize, Deserialize)]
#[error("the plan does not include {feature:?}")]
pub struct FeatureMissing {
    /// What was asked for.
    pub feature: Feature,
    /// The cheapest tier that has it.
    pub offered_by: Option<PlanTier>,
}
