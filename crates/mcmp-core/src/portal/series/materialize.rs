//! Posts from occurrences, each exactly once.

use chrono::{DateTime, NaiveDateTime, TimeDelta, Utc};
use serde::Serialize;

use super::RecurringPosts;
use crate::agency::Feature;
use crate::error::Error;
use crate::event::{EventKind, Subject};
use crate::id::{PostId, SeriesId};
use crate::lifecycle::PostStatus;
use crate::member::Permission;
use crate::notification::NotificationTopic;
use crate::portal::posts::begin;
use crate::portal::session::retrying;
use crate::portal::{Work, audience};
use crate::post::{Post, SeriesOccurrence};
use crate::series::Series;
use crate::store::Version;
use crate::time::Occurrence;
use crate::value::Note;

/// The posts that a series made.
#[derive(Debug, Clone, Default, PartialEq, Serialize)]
pub struct Materialized {
    /// The posts, as drafts with their times, in order of time.
    pub posts: Vec<Post>,
    /// Occurrences whose time had passed, and that are not made up for; people were told.
    pub missed: Vec<NaiveDateTime>,
}

impl RecurringPosts<'_> {
    /// Furthest ahead that posts are made, in days.
    pub const HORIZON_DAYS: i64 = 400;
    /// Most posts that one call makes.
    pub const MAX_POSTS: usize = 100;

    /// Makes the posts of a series up to and at `until`, as drafts with their times. However often
    /// and from how many places it is called, an occurrence becomes one post; after an outage, at
    /// most one whose time has passed becomes one at all. Call again while it makes
    /// [`MAX_POSTS`](Self::MAX_POSTS).
    ///
    /// # Errors
    /// No permission, it is not there, the plan has no recurring posts, or its limit of posts is
    /// reached.
    pub async fn materialize(
        &self,
        id: SeriesId,
        until: DateTime<Utc>,
    ) -> Result<Materialized, Error> {
        self.session.require_feature(Feature::Recurrence)?;
        retrying(|| async {
            let before: Series = self.session.load_for(Permission::WritePosts, id).await?;
            if !before.active {
                return Ok(Materialized::default());
            }
            let mut work = self.session.work()?;
            let furthest = work.now().checked_add_signed(TimeDelta::days(Self::HORIZON_DAYS));
            let until = furthest.map_or(until, |furthest| until.min(furthest));
            let turn = before.turn(work.now(), until, Self::MAX_POSTS);
            let Some(newest) = turn.newest() else { return Ok(Materialized::default()) };
            let mut posts = Vec::with_capacity(turn.occurrences.len());
            for occurrence in &turn.occurrences {
                posts.push(self.begin_post(&mut work, &before, occurrence)?);
            }
            let mut series = Series {
                materialized_until: Some(newest),
                updated_at: work.now(),
                ..before.clone()
            };
            let client = Some(series.client_id);
            work.update(&before, &mut series, EventKind::SeriesUpdated, client)?;
            if !turn.missed.is_empty() {
                self.tell_missed(&mut work, &series, turn.missed.len()).await?;
            }
            work.commit().await?;
            Ok(Materialized { posts, missed: turn.missed })
        })
        .await
    }

    /// Tells those who write the client's posts that some were not made.
    async fn tell_missed(
        &self,
        work: &mut Work<'_>,
        series: &Series,
        count: usize,
    ) -> Result<(), Error> {
        let (portal, agency, client) = (self.session.portal(), series.agency_id, series.client_id);
        let users = audience::holders(portal, agency, client, Permission::WritePosts).await?;
        let posts =
            if count == 1 { "1 post was".to_owned() } else { format!("{count} posts were") };
        let message = format!("{posts} missed in the series “{}”", series.name);
        let message = Note::new("message", message)?;
        let incident = format!("series_missed/{}/{}", series.id, series.version);
        let topic = NotificationTopic::OccurrencesMissed;
        work.notify(users, topic, Some(client), Subject::of(series), &message, &incident)
    }

    /// Begins the post of an occurrence, with the history that a post begins with.
    pub(super) fn begin_post(
        &self,
        work: &mut Work<'_>,
        series: &Series,
        occurrence: &Occurrence,
    ) -> Result<Post, Error> {
        let mut post = post_from(series, work.id()?, Some(occurrence), work.now());
        for variant in &mut post.variants {
            variant.id = work.id()?;
        }
        begin(self.session, &mut post, work)?;
        Ok(post)
    }
}

/// A draft as the series' template says.
pub(super) fn post_from(
    series: &Series,
    id: PostId,
    occurrence: Option<&Occurrence>,
    now: DateTime<Utc>,
) -> Post {
    Post {
        id,
        version: Version::NEW,
        agency_id: series.agency_id,
        client_id: series.client_id,
        author: series.created_by.clone(),
        editors: Vec::new(),
        content: series.content.clone(),
        variants: series.variants.clone(),
        tags: series.tags.clone(),
        category: series.category.clone(),
        campaign_id: None,
        status: PostStatus::Draft,
        schedule: occurrence.map(|occurrence| occurrence.schedule),
        revision: None,
        approval: None,
        series: occurrence
            .map(|occurrence| SeriesOccurrence { series_id: series.id, key: occurrence.key }),
        created_at: now,
        updated_at: now,
    }
}
