//! Recurring posts.

mod materialize;
mod rule;

use chrono::NaiveDateTime;
use serde::Deserialize;

use super::Session;
use super::assets::used_assets;
use super::edit::set;
use super::session::retrying;
use crate::account::SocialAccount;
use crate::agency::Feature;
use crate::asset::Asset;
use crate::client::Client;
use crate::error::Error;
use crate::event::EventKind;
use crate::id::{AccountId, ClientId, Id, PostId, SeriesId, VariantId};
use crate::member::Permission;
use crate::post::{Content, Post, Variant};
use crate::series::Series;
use crate::store::{Page, Query, Read, Version};
use crate::time::{Recurrence, SeriesRule};
use crate::value::{Change, InvalidValue, Label, Name};

pub use materialize::Materialized;
pub use rule::{ChangedSeries, MovedOccurrence, SplitSeries};

/// Recurring posts: a template, a rule, and the drafts that are made from them ahead of time.
///
/// A series makes each of its posts once and then leaves it alone: what is changed about the series
/// is for posts to come, and a post that was made is edited, moved or cancelled as any other.
#[derive(Debug, Clone, Copy)]
pub struct RecurringPosts<'s> {
    pub(super) session: &'s Session,
}

/// A new series.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct SeriesDraft {
    /// Whose series.
    pub client_id: ClientId,
    /// What people call it.
    pub name: Name,
    /// When its posts go out.
    pub rule: Recurrence,
    /// What each post starts with.
    #[serde(default)]
    pub content: Content,
    /// The accounts that each post goes to.
    #[serde(default)]
    pub accounts: Vec<AccountId>,
    /// Words each post is found by.
    #[serde(default)]
    pub tags: Vec<Label>,
    /// What each post is about.
    #[serde(default)]
    pub category: Option<Label>,
}

/// A change of what the posts to come start with; what is not given stays.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct SeriesEdit {
    /// What people call it.
    pub name: Option<Name>,
    /// What each post starts with.
    pub content: Option<Content>,
    /// What single accounts get.
    pub variants: Option<Vec<Variant>>,
    /// Words each post is found by.
    pub tags: Option<Vec<Label>>,
    /// What each post is about.
    pub category: Change<Label>,
}

impl SeriesEdit {
    fn apply(self, series: &mut Series) {
        set(&mut series.name, self.name);
        set(&mut series.content, self.content);
        set(&mut series.variants, self.variants);
        set(&mut series.tags, self.tags);
        self.category.apply(&mut series.category);
    }
}

impl RecurringPosts<'_> {
    /// A new series. Occurrences before now never become posts.
    ///
    /// # Errors
    /// No permission, no such client, the plan has no recurring posts, or a value that is refused,
    /// such as an account or asset of another client.
    pub async fn create(&self, draft: SeriesDraft) -> Result<Series, Error> {
        self.session.require_feature(Feature::Recurrence)?;
        let client: Client = self.session.load_for(Permission::WritePosts, draft.client_id).await?;
        let mut variants = Vec::with_capacity(draft.accounts.len());
        for (i, id) in draft.accounts.iter().enumerate() {
            let field = format!("accounts[{i}]");
            let account: SocialAccount = self.session.named(field, *id, client.id).await?;
            variants.push(Variant::new(self.new_id::<VariantId>()?, account.id, account.platform));
        }
        let mut series = self.begin(client.id, draft.name, draft.rule)?;
        series.content = draft.content;
        series.variants = variants;
        series.tags = draft.tags;
        series.category = draft.category;
        self.insert(series).await
    }

    /// A new series whose posts start as the post is now. The post itself is no part of it.
    ///
    /// # Errors
    /// As [`create`](Self::create), or the post is not there.
    pub async fn create_from_post(
        &self,
        post: PostId,
        name: Name,
        rule: Recurrence,
    ) -> Result<Series, Error> {
        self.session.require_feature(Feature::Recurrence)?;
        let post: Post = self.session.load_for(Permission::WritePosts, post).await?;
        let mut series = self.begin(post.client_id, name, rule)?;
        series.content = post.content;
        series.variants = post.variants;
        series.tags = post.tags;
        series.category = post.category;
        series.template_post = Some(post.id);
        for variant in &mut series.variants {
            variant.id = self.new_id()?;
        }
        self.insert(series).await
    }

    /// One series.
    ///
    /// # Errors
    /// No permission, or it is not there.
    pub async fn get(&self, id: SeriesId) -> Result<Series, Error> {
        self.session.load_for(Permission::ViewInternal, id).await
    }

    /// Series of a client, or of all clients within reach.
    ///
    /// # Errors
    /// No permission for one of those clients, or a query that can't be carried out.
    pub async fn list(&self, query: &Query<Series>) -> Result<Page<Series>, Error> {
        self.session.require_for_list(Permission::ViewInternal, query.filter.client_id)?;
        Ok(Read::<Series>::list(self.session.store(), self.session.scope(), query).await?)
    }

    /// Changes what the posts to come start with, as somebody saw the series at `version`.
    ///
    /// # Errors
    /// No permission, it is not there, the plan has no recurring posts, a value that is refused,
    /// or somebody else changed it first.
    pub async fn edit(
        &self,
        id: SeriesId,
        version: Version,
        edit: SeriesEdit,
    ) -> Result<Series, Error> {
        let before = self.load_to_change(id, version).await?;
        let mut series = before.clone();
        edit.apply(&mut series);
        self.validate(&series).await?;
        self.save(&before, series).await
    }

    /// Ends a series: no more posts are made. Those that were made stay.
    ///
    /// # Errors
    /// No permission, or it is not there.
    pub async fn end(&self, id: SeriesId) -> Result<Series, Error> {
        retrying(|| async {
            let before: Series = self.session.load_for(Permission::WritePosts, id).await?;
            if !before.active {
                return Ok(before);
            }
            let mut work = self.session.work()?;
            let mut series = Series { active: false, updated_at: work.now(), ..before.clone() };
            let client = Some(series.client_id);
            work.update(&before, &mut series, EventKind::SeriesEnded, client)?;
            work.commit().await?;
            Ok(series)
        })
        .await
    }

    fn new_id<I: Id>(&self) -> Result<I, Error> {
        self.session.portal().new_id()
    }

    /// An empty series as of now.
    fn begin(&self, client_id: ClientId, name: Name, rule: Recurrence) -> Result<Series, Error> {
        let now = self.session.now();
        Ok(Series {
            id: self.new_id()?,
            version: Version::NEW,
            agency_id: self.session.agency_id(),
            client_id,
            name,
            content: Content::default(),
            variants: Vec::new(),
            tags: Vec::new(),
            category: None,
            rule: SeriesRule::new(rule),
            template_post: None,
            materialized_until: None,
            active: true,
            created_by: self.session.actor().clone(),
            created_at: now,
            updated_at: now,
        })
    }

    async fn insert(&self, mut series: Series) -> Result<Series, Error> {
        self.validate(&series).await?;
        let mut work = self.session.work()?;
        let client = Some(series.client_id);
        work.insert(&mut series, EventKind::SeriesCreated, client)?;
        work.commit().await?;
        Ok(series)
    }

    async fn load_to_change(&self, id: SeriesId, version: Version) -> Result<Series, Error> {
        self.session.require_feature(Feature::Recurrence)?;
        self.session.load_at(Permission::WritePosts, id, version).await
    }

    async fn save(&self, before: &Series, mut series: Series) -> Result<Series, Error> {
        let mut work = self.session.work()?;
        series.updated_at = work.now();
        let client = Some(series.client_id);
        work.update(before, &mut series, EventKind::SeriesUpdated, client)?;
        work.commit().await?;
        Ok(series)
    }

    /// Checks the shape that its posts will have, and all that they name.
    async fn validate(&self, series: &Series) -> Result<(), Error> {
        materialize::post_from(
            series,
            PostId::from_uuid(series.id.uuid()),
            None,
            series.created_at,
        )
        .validate()?;
        for (i, variant) in series.variants.iter().enumerate() {
            let field = format!("variants[{i}].account_id");
            let account: SocialAccount =
                self.session.named(field, variant.account_id, series.client_id).await?;
            if account.platform != variant.platform {
                let message = "is not the platform of the account";
                let field = format!("variants[{i}].platform");
                return Err(InvalidValue::inconsistent(field, message).into());
            }
        }
        for asset in used_assets(&series.content, &series.variants) {
            self.session.named::<Asset>("media", asset, series.client_id).await?;
        }
        Ok(())
    }
}

/// Refuses to change an occurrence that has had its turn.
fn require_open(series: &Series, key: NaiveDateTime) -> Result<(), InvalidValue> {
    if series.has_had_its_turn(key) {
        let message = "this occurrence has had its turn: change its post instead";
        return Err(InvalidValue::inconsistent("key", message).actual(key));
    }
    Ok(())
}
