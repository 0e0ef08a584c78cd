//! Lists of accounts, posts, and what belongs to a post.

use chrono::{DateTime, Utc};
use uuid::Uuid;

use super::{Filter, is_before, is_one_of, is_within, time_key};
use crate::account::{AccountStatus, Platform, SocialAccount};
use crate::approval::ReviewLink;
use crate::id::{AccountId, CampaignId, ClientId, Id, PostId, SeriesId, UserId};
use crate::lifecycle::PostStatus;
use crate::post::{Comment, CommentVisibility, HistoryEntry, Post, Revision};
use crate::secret::TokenHash;
use crate::series::Series;
use crate::store::Sort;
use crate::value::Label;

filter! {
    /// Social accounts.
    SocialAccountFilter for SocialAccount (account) {
        /// Of this client.
        client_id: Option<ClientId> => |v| v.is_none_or(|v| account.client_id == v),
        /// On one of these platforms.
        platforms: Vec<Platform> => |v| is_one_of(v, &account.platform),
        /// In one of these states.
        statuses: Vec<AccountStatus> => |v| is_one_of(v, &account.status),
        /// Whose access token ends before this time.
        access_expires_before: Option<DateTime<Utc>> => |v| {
            is_before(account.tokens.as_ref().and_then(|t| t.access_expires_at), *v)
        },
    }
    client: client_id,
    due: access_expires_before => account.tokens.as_ref().and_then(|t| t.access_expires_at),
    sorts: {
        Updated => account.updated_at.timestamp_millis(),
        Planned => time_key(account.tokens.as_ref().and_then(|t| t.access_expires_at)),
    }
}

filter! {
    /// The library of posts.
    PostFilter for Post (post) {
        /// Of this client.
        client_id: Option<ClientId> => |v| v.is_none_or(|v| post.client_id == v),
        /// In one of these states.
        statuses: Vec<PostStatus> => |v| is_one_of(v, &post.status),
        /// That go to one of these platforms.
        platforms: Vec<Platform> => |v| v.is_empty()
            || post.variants.iter().any(|variant| v.contains(&variant.platform)),
        /// That go to this account.
        account_id: Option<AccountId> => |v| v.is_none_or(|v| post.account_ids().any(|id| id == v)),
        /// Of this campaign.
        campaign_id: Option<CampaignId> => |v| v.is_none_or(|v| post.campaign_id == Some(v)),
        /// Of this category.
        category: Option<Label> => |v| v.as_ref().is_none_or(|v| post.category.as_ref() == Some(v)),
        /// With this tag.
        tag: Option<Label> => |v| v.as_ref().is_none_or(|v| post.tags.contains(v)),
        /// By this author.
        author: Option<UserId> => |v| v.is_none_or(|v| post.author.user() == Some(v)),
        /// Of this series.
        series_id: Option<SeriesId> => |v| v.is_none_or(|v| {
            post.series.as_ref().is_some_and(|series| series.series_id == v)
        }),
        /// Planned at this time or later; posts without a time are left out.
        planned_from: Option<DateTime<Utc>> => |v| is_within(post.planned_at(), *v, None),
        /// Planned before this time; posts without a time are left out.
        planned_until: Option<DateTime<Utc>> => |v| is_within(post.planned_at(), None, *v),
        /// Made at this time or later.
        created_from: Option<DateTime<Utc>> => |v| is_within(Some(post.created_at), *v, None),
        /// Made before this time.
        created_until: Option<DateTime<Utc>> => |v| is_within(Some(post.created_at), None, *v),
        /// Whose [`search_text`](Post::search_text) holds this, upper and lower case alike.
        text: Option<String> => |v| v.as_ref().is_none_or(|v| {
            post.search_text().contains(&crate::rules::text::fold(v))
        }),
        /// Whose request for approval is overdue, or runs out, before this time.
        approval_due_before: Option<DateTime<Utc>> => |v| is_before(post.approval_due_at(), *v),
    }
    client: client_id,
    due: approval_due_before => post.approval_due_at(),
    sorts: {
        Updated => post.updated_at.timestamp_millis(),
        Planned => time_key(post.planned_at()),
    }
}

filter! {
    /// Revisions of a post.
    RevisionFilter for Revision (revision) {
        /// Of this post.
        post_id: Option<PostId> => |v| v.is_none_or(|v| revision.post_id == v),
    }
    parent: post_id,
    sorts: {}
}

filter! {
    /// Comments.
    CommentFilter for Comment (comment) {
        /// Of this client.
        client_id: Option<ClientId> => |v| v.is_none_or(|v| comment.client_id == v),
        /// On this post.
        post_id: Option<PostId> => |v| v.is_none_or(|v| comment.post_id == v),
        /// Readable by them.
        visibility: Option<CommentVisibility> => |v| v.is_none_or(|v| comment.visibility == v),
        /// Settled, or not.
        resolved: Option<bool> => |v| v.is_none_or(|v| comment.resolved.is_some() == v),
    }
    client: client_id,
    parent: post_id,
    sorts: {}
}

filter! {
    /// Histories of posts.
    HistoryEntryFilter for HistoryEntry (entry) {
        /// Of this client.
        client_id: Option<ClientId> => |v| v.is_none_or(|v| entry.client_id == v),
        /// Of this post.
        post_id: Option<PostId> => |v| v.is_none_or(|v| entry.post_id == v),
    }
    client: client_id,
    parent: post_id,
    sorts: {}
}

filter! {
    /// Review links.
    ReviewLinkFilter for ReviewLink (link) {
        /// Of this client.
        client_id: Option<ClientId> => |v| v.is_none_or(|v| link.client_id == v),
        /// That show this post.
        post_id: Option<PostId> => |v| v.is_none_or(|v| link.post_ids.contains(&v)),
        /// With a token of this hash.
        token_hash: Option<TokenHash> => |v| v.as_ref().is_none_or(|v| link.token_hash == *v),
    }
    client: client_id,
    sorts: { Planned => link.expires_at.timestamp_millis() }
}

filter! {
    /// Series.
    SeriesFilter for Series (series) {
        /// Of this client.
        client_id: Option<ClientId> => |v| v.is_none_or(|v| series.client_id == v),
        /// That make new posts, or not.
        active: Option<bool> => |v| v.is_none_or(|v| series.active == v),
    }
    client: client_id,
    sorts: { Updated => series.updated_at.timestamp_millis() }
}
