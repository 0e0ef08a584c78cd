//! The facade: what embedders hold.
//!
//! A [`Portal`] is built once from a store and the services around it. A host authenticates each
//! request, makes an [`Actor`] of it, and opens a [`Session`] in one agency; the session has the
//! use cases, grouped as people think of them. A use case checks permission, loads, decides with
//! pure domain code, and commits once.

mod accounts;
mod agencies;
mod api_keys;
mod assets;
mod audience;
mod audit;
mod board;
mod briefs;
mod builder;
mod calendar;
mod campaigns;
mod clients;
mod comments;
mod connection;
mod coverage;
mod creators;
mod duties;
mod edit;
mod granting;
mod grants;
mod joining;
mod members;
mod notifications;
mod patience;
mod pauses;
mod people;
mod posts;
mod reconnecting;
mod refreshing;
mod reviews;
mod series;
mod session;
mod sign_in;
mod slots;
mod tokens;
mod upkeep;
mod webhooks;
mod within;
mod work;
mod worker;

use std::sync::Arc;

use chrono::{DateTime, Utc};

use crate::access::{Actor, Denied, Scope};
use crate::agency::Agency;
use crate::entropy::{Entropy, IdSource};
use crate::error::Error;
use crate::id::{AgencyId, Id};
use crate::publishing::Publishers;
use crate::rules::limits::LimitsBook;
use crate::secret::Sealer;
use crate::service::{MediaStorage, Notifier, WebhookSender};
use crate::store::{EntityKind, Store, StoreExt};
use crate::time::{Clock, to_millis};

pub use accounts::{AccountEdit, Accounts};
pub use agencies::{Agencies, AgencyEdit, IdentityProviderDraft, MeterUsage};
pub use api_keys::{ApiKeyDraft, ApiKeys};
pub use assets::{AddedAsset, AssetDraft, AssetEdit, AssetLibrary};
pub use audit::{Audit, AuditExport};
pub use board::{Board, BoardColumn, BoardFilter, Card, Place, TaskDraft, TaskEdit, Tasks};
pub use briefs::{BriefDraft, BriefEdit, Briefs};
pub use builder::PortalBuilder;
pub use calendar::{Calendar, CalendarDayEntries, CalendarEntry, Calendars};
pub use campaigns::{CampaignDraft, CampaignEdit, Campaigns};
pub use clients::{ClientDraft, ClientEdit, Clients};
pub use comments::{CommentDraft, Comments};
pub use connection::Connection;
pub use creators::{CreatorDraft, CreatorEdit, Creators};
pub use duties::HeldDuty;
pub use grants::{GrantEnd, Grants, RefreshOutcome};
pub use joining::AgencyDraft;
pub use members::{InvitationDraft, Members};
pub use notifications::Notifications;
pub(crate) use pauses::PAUSES_DUTY;
pub use pauses::{PauseScope, Pauses};
pub use people::{ProfileEdit, UserDraft};
pub use posts::{PostDraft, PostEdit, Posts, VariantDraft, When};
pub use refreshing::Refreshed;
pub use reviews::{Review, ReviewLinkDraft, Reviews};
pub use series::{
    ChangedSeries, Materialized, MovedOccurrence, RecurringPosts, SeriesDraft, SeriesEdit,
    SplitSeries,
};
pub use session::Session;
pub use slots::Slots;
pub use upkeep::{
    MetricsPoll, MetricsSchedule, PollStep, Retention, Round, SeriesRound, Sweep, Upkeep,
};
pub use webhooks::{WebhookDraft, WebhookEdit, Webhooks};
pub(crate) use work::Work;
pub use worker::{
    Admission, CallReport, CarriedOut, DEFAULT_LEASE, PublisherCall, Supervisor, Worker,
};

/// What embedders hold; cheap to clone and to share.
#[derive(Debug, Clone)]
pub struct Portal {
    parts: Arc<Parts>,
}

/// What a portal is made of.
#[derive(Debug)]
pub(crate) struct Parts {
    pub(crate) store: Arc<dyn Store>,
    pub(crate) clock: Arc<dyn Clock>,
    pub(crate) entropy: Arc<dyn Entropy>,
    pub(crate) ids: IdSource,
    pub(crate) sealer: Option<Arc<dyn Sealer>>,
    pub(crate) limits: LimitsBook,
    pub(crate) publishers: Publishers,
    pub(crate) media: Arc<dyn MediaStorage>,
    pub(crate) notifiers: Vec<Arc<dyn Notifier>>,
    pub(crate) webhooks: Option<Arc<dyn WebhookSender>>,
}

impl Portal {
    /// A portal over `store`; everything else has a default or can be left out.
    pub fn builder(store: Arc<dyn Store>) -> PortalBuilder {
        PortalBuilder::new(store)
    }

    /// The store.
    #[must_use]
    pub fn store(&self) -> &Arc<dyn Store> {
        &self.parts.store
    }

    /// What `actor` can do in `agency`.
    ///
    /// # Errors
    /// The actor has nothing to do with the agency, the agency is closed, or the store fails.
    pub async fn session(&self, actor: &Actor, agency: AgencyId) -> Result<Session, Error> {
        match actor {
            // A guest reaches the link's posts only: `review` is the way in.
            Actor::Guest(_) => Err(Denied::ReviewOnly.into()),
            _ => self.open_session(actor, agency).await,
        }
    }

    async fn open_session(&self, actor: &Actor, agency: AgencyId) -> Result<Session, Error> {
        let scope = actor.scope(agency, self.now())?;
        let found: Option<Agency> = self.parts.store.find(&scope, agency).await?;
        let agency =
            found.ok_or(Error::NotFound { kind: EntityKind::Agency, id: agency.uuid() })?;
        Session::open(self.clone(), scope, agency)
    }

    /// The platforms' limits, with the operator's overrides.
    #[must_use]
    pub fn limits(&self) -> &LimitsBook {
        &self.parts.limits
    }

    /// What publishes, by platform.
    #[must_use]
    pub fn publishers(&self) -> &Publishers {
        &self.parts.publishers
    }

    /// Where media files lie.
    #[must_use]
    pub fn media(&self) -> &dyn MediaStorage {
        self.parts.media.as_ref()
    }

    /// The time, in whole milliseconds.
    #[must_use]
    pub fn now(&self) -> DateTime<Utc> {
        to_millis(self.parts.clock.now())
    }

    pub(crate) fn entropy(&self) -> &dyn Entropy {
        self.parts.entropy.as_ref()
    }

    pub(crate) fn new_id<I: Id>(&self) -> Result<I, Error> {
        Ok(self.parts.ids.next(self.now())?)
    }

    /// Random, 0 to 1,000: spreads retries.
    pub(crate) fn jitter(&self) -> Result<u16, Error> {
        let mut bytes = [0; 2];
        self.entropy().fill(&mut bytes)?;
        Ok(u16::from_le_bytes(bytes) % 1_001)
    }

    /// The scope of MCMP itself, for what no person's scope reaches: signing in, audiences.
    pub(crate) fn own_scope(&self) -> Result<Scope, Error> {
        Ok(Actor::system("portal").own_scope()?)
    }
}
