//! Recurring posts.

mod turn;

use chrono::{DateTime, NaiveDateTime, Utc};
use serde::{Deserialize, Serialize};

use crate::access::{ActorRef, Tenancy};
use crate::id::{AgencyId, ClientId, PostId, SeriesId};
use crate::post::{Content, Variant};
use crate::store::{SeriesFilter, Version, entity};
use crate::time::SeriesRule;
use crate::value::{Label, Name};

pub use turn::Turn;

/// A template and a rule: the posts that recur from it carry its id.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Series {
    /// Its id.
    pub id: SeriesId,
    /// Grows with every change.
    pub version: Version,
    /// The agency that operates it.
    pub agency_id: AgencyId,
    /// Whose series.
    pub client_id: ClientId,
    /// What people call it.
    pub name: Name,
    /// What each post starts with.
    pub content: Content,
    /// What single accounts get; each post gets its own ids of them.
    pub variants: Vec<Variant>,
    /// Words each post is found by.
    pub tags: Vec<Label>,
    /// What each post is about.
    pub category: Option<Label>,
    /// When the posts go out.
    pub rule: SeriesRule,
    /// The post that it was made from.
    pub template_post: Option<PostId>,
    /// The newest occurrence that has had its turn: it has its post, or was missed. Moved ones
    /// are not counted, they get their post when they are moved.
    pub materialized_until: Option<NaiveDateTime>,
    /// Whether new posts are made.
    pub active: bool,
    /// Who made it.
    pub created_by: ActorRef,
    /// When it was made.
    pub created_at: DateTime<Utc>,
    /// When it last changed.
    pub updated_at: DateTime<Utc>,
}

entity! {
    Series, SeriesId, SeriesFilter,
    tenancy: |series| Tenancy::Client(series.agency_id, series.client_id),
}
