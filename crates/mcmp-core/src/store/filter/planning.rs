//! Lists of what is planned: campaigns, briefs, tasks, files.

use chrono::NaiveDate;
use uuid::Uuid;

use super::{Filter, is_one_of, time_key};
use crate::asset::{Asset, AssetKind, Checksum};
use crate::board::{Column, Task};
use crate::campaign::{Brief, Campaign, CampaignStatus, Creator};
use crate::id::{BriefId, CampaignId, ClientId, Id, PostId, UserId};
use crate::store::Sort;
use crate::value::Label;

filter! {
    /// Campaigns.
    CampaignFilter for Campaign (campaign) {
        /// Of this client.
        client_id: Option<ClientId> => |v| v.is_none_or(|v| campaign.client_id == v),
        /// In one of these states.
        statuses: Vec<CampaignStatus> => |v| is_one_of(v, &campaign.status),
        /// Under way on this day, as far as its days are known.
        on: Option<NaiveDate> => |v| v.is_none_or(|v| {
            campaign.starts_on.is_none_or(|s| s <= v) && campaign.ends_on.is_none_or(|e| v <= e)
        }),
    }
    client: client_id,
    sorts: { Updated => campaign.updated_at.timestamp_millis() }
}

filter! {
    /// Briefs.
    BriefFilter for Brief (brief) {
        /// Of this client.
        client_id: Option<ClientId> => |v| v.is_none_or(|v| brief.client_id == v),
        /// Of this campaign.
        campaign_id: Option<CampaignId> => |v| v.is_none_or(|v| brief.campaign_id == v),
    }
    client: client_id,
    parent: campaign_id,
    sorts: { Updated => brief.updated_at.timestamp_millis() }
}

filter! {
    /// Creators.
    CreatorFilter for Creator (creator) {
        /// For this client.
        client_id: Option<ClientId> => |v| v.is_none_or(|v| creator.client_id == v),
        /// Who is this user.
        user_id: Option<UserId> => |v| v.is_none_or(|v| creator.user_id == Some(v)),
        /// With this tag.
        tag: Option<Label> => |v| v.as_ref().is_none_or(|v| creator.tags.contains(v)),
    }
    client: client_id,
    sorts: { Updated => creator.updated_at.timestamp_millis() }
}

filter! {
    /// Tasks.
    TaskFilter for Task (task) {
        /// Of this client.
        client_id: Option<ClientId> => |v| v.is_none_or(|v| task.client_id == v),
        /// Kept in one of these columns.
        columns: Vec<Column> => |v| is_one_of(v, &task.column),
        /// Given to this person.
        assignee: Option<UserId> => |v| v.is_none_or(|v| task.assignee == Some(v)),
        /// Of this campaign.
        campaign_id: Option<CampaignId> => |v| v.is_none_or(|v| task.campaign_id == Some(v)),
        /// That answer this brief.
        brief_id: Option<BriefId> => |v| v.is_none_or(|v| task.brief_id == Some(v)),
        /// That became this post.
        post_id: Option<PostId> => |v| v.is_none_or(|v| task.post_id == Some(v)),
    }
    client: client_id,
    sorts: {
        Updated => task.updated_at.timestamp_millis(),
        Planned => time_key(task.due_at),
        Position => task.order,
    }
}

filter! {
    /// Assets.
    AssetFilter for Asset (asset) {
        /// Of this client.
        client_id: Option<ClientId> => |v| v.is_none_or(|v| asset.client_id == v),
        /// Of one of these kinds.
        kinds: Vec<AssetKind> => |v| is_one_of(v, &asset.kind),
        /// In this folder.
        folder: Option<Label> => |v| v.as_ref().is_none_or(|v| asset.folder.as_ref() == Some(v)),
        /// With this tag.
        tag: Option<Label> => |v| v.as_ref().is_none_or(|v| asset.tags.contains(v)),
        /// With these very bytes.
        checksum: Option<Checksum> => |v| v.as_ref().is_none_or(|v| asset.checksum == *v),
        /// Whose file name, description or tags hold this, upper and lower case alike.
        text: Option<String> => |v| v.as_ref().is_none_or(|v| {
            asset.search_text().contains(&crate::rules::text::fold(v))
        }),
    }
    client: client_id,
    sorts: { Updated => asset.updated_at.timestamp_millis() }
}
