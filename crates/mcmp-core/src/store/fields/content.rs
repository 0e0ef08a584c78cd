//! Accounts, posts, and what belongs to a post.

use super::*;
use crate::account::SocialAccount;
use crate::approval::ReviewLink;
use crate::post::{Comment, HistoryEntry, Post, Revision};
use crate::rules::text::fold;
use crate::series::Series;
use crate::store::filter::time_key;
use crate::store::{
    CommentFilter, HistoryEntryFilter, PostFilter, ReviewLinkFilter, RevisionFilter, SeriesFilter,
    SocialAccountFilter,
};

fields! {
    SocialAccountFilter for SocialAccount (account) of Client {
        agency_id: Id = account.agency_id;
        client_id: Id = account.client_id => is client_id;
        platform: Text = account.platform.as_str() => among platforms as |v| v.as_str();
        status: Text = wire(&account.status) => among statuses as |v| wire(v);
        external_id: Text = account.external_id.to_string();
        access_expires_at: Number by Planned
            = time_key(account.tokens.as_ref().and_then(|t| t.access_expires_at))
            => until access_expires_before;
        updated_at: Number by Updated = account.updated_at;
    }
}

fields! {
    PostFilter for Post (post) of Client {
        agency_id: Id = post.agency_id;
        client_id: Id = post.client_id => is client_id;
        status: Text = post.status.as_str() => among statuses as |v| v.as_str();
        platforms: Texts = texts(&post.variants, |variant| variant.platform.as_str().to_owned())
            => among platforms as |v| v.as_str();
        account_ids: Ids = post.account_ids().collect::<Vec<_>>() => is account_id;
        campaign_id: Id = post.campaign_id => is campaign_id;
        category: Text = post.category.as_ref().map(|label| label.as_str())
            => is category as |v| v.as_str();
        tags: Texts = texts(&post.tags, ToString::to_string) => is tag as |v| v.as_str();
        author_id: Id = post.author.user() => is author;
        series_id: Id = post.series.as_ref().map(|series| series.series_id) => is series_id;
        planned_at: Number by Planned = time_key(post.planned_at())
            => from planned_from, until planned_until;
        created_at: Number = post.created_at => from created_from, until created_until;
        updated_at: Number by Updated = post.updated_at;
        approval_due_at: Number = post.approval_due_at() => until approval_due_before;
        search_text: Text = post.search_text() => holds text;
    }
}

fields! {
    RevisionFilter for Revision (revision) of Client {
        agency_id: Id = revision.agency_id;
        client_id: Id = revision.client_id;
        post_id: Id = revision.post_id => is post_id;
    }
}

fields! {
    CommentFilter for Comment (comment) of Client {
        agency_id: Id = comment.agency_id;
        client_id: Id = comment.client_id => is client_id;
        post_id: Id = comment.post_id => is post_id;
        visibility: Text = wire(&comment.visibility) => is visibility as |v| wire(v);
        is_resolved: Flag = comment.resolved.is_some() => is resolved;
    }
}

fields! {
    HistoryEntryFilter for HistoryEntry (entry) of Client {
        agency_id: Id = entry.agency_id;
        client_id: Id = entry.client_id => is client_id;
        post_id: Id = entry.post_id => is post_id;
    }
}

fields! {
    ReviewLinkFilter for ReviewLink (link) of Client {
        agency_id: Id = link.agency_id;
        client_id: Id = link.client_id => is client_id;
        post_ids: Ids = link.post_ids.to_vec() => is post_id;
        token_hash: Text = link.token_hash.to_hex() => is token_hash as |v| v.to_hex();
        expires_at: Number by Planned = link.expires_at;
    }
}

fields! {
    SeriesFilter for Series (series) of Client {
        agency_id: Id = series.agency_id;
        client_id: Id = series.client_id => is client_id;
        is_active: Flag = series.active => is active;
        updated_at: Number by Updated = series.updated_at;
    }
}
