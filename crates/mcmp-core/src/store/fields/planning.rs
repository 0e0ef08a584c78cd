//! What is planned: campaigns, briefs, tasks, files.

use super::*;
use crate::asset::Asset;
use crate::board::Task;
use crate::campaign::{Brief, Campaign, Creator};
use crate::rules::text::fold;
use crate::store::filter::time_key;
use crate::store::{AssetFilter, BriefFilter, CampaignFilter, CreatorFilter, TaskFilter};

fields! {
    CampaignFilter for Campaign (campaign) of Client {
        agency_id: Id = campaign.agency_id;
        client_id: Id = campaign.client_id => is client_id;
        name: Text = campaign.name.as_str().to_lowercase();
        status: Text = wire(&campaign.status) => among statuses as |v| wire(v);
        starts_on: Number = campaign.starts_on;
        ends_on: Number = campaign.ends_on;
        updated_at: Number by Updated = campaign.updated_at;
        => on as |day| [
            Condition::Any(vec![
                Condition::IsSet("starts_on", false),
                Condition::Below("starts_on", days(*day).saturating_add(1)),
            ]),
            Condition::Any(vec![
                Condition::IsSet("ends_on", false),
                Condition::AtLeast("ends_on", days(*day)),
            ]),
        ];
    }
}

fields! {
    BriefFilter for Brief (brief) of Client {
        agency_id: Id = brief.agency_id;
        client_id: Id = brief.client_id => is client_id;
        campaign_id: Id = brief.campaign_id => is campaign_id;
        updated_at: Number by Updated = brief.updated_at;
    }
}

fields! {
    CreatorFilter for Creator (creator) of Client {
        agency_id: Id = creator.agency_id;
        client_id: Id = creator.client_id => is client_id;
        user_id: Id = creator.user_id => is user_id;
        tags: Texts = texts(&creator.tags, ToString::to_string) => is tag as |v| v.as_str();
        updated_at: Number by Updated = creator.updated_at;
    }
}

fields! {
    TaskFilter for Task (task) of Client {
        agency_id: Id = task.agency_id;
        client_id: Id = task.client_id => is client_id;
        board_column: Text = wire(&task.column) => among columns as |v| wire(v);
        assignee_id: Id = task.assignee => is assignee;
        campaign_id: Id = task.campaign_id => is campaign_id;
        brief_id: Id = task.brief_id => is brief_id;
        post_id: Id = task.post_id => is post_id;
        due_at: Number by Planned = time_key(task.due_at);
        position: Number by Position = task.order;
        updated_at: Number by Updated = task.updated_at;
    }
}

fields! {
    AssetFilter for Asset (asset) of Client {
        agency_id: Id = asset.agency_id;
        client_id: Id = asset.client_id => is client_id;
        kind: Text = wire(&asset.kind) => among kinds as |v| wire(v);
        folder: Text = asset.folder.as_ref().map(|label| label.as_str())
            => is folder as |v| v.as_str();
        tags: Texts = texts(&asset.tags, ToString::to_string) => is tag as |v| v.as_str();
        checksum: Text = asset.checksum.as_str() => is checksum as |v| v.as_str();
        search_text: Text = asset.search_text() => holds text;
        updated_at: Number by Updated = asset.updated_at;
    }
}
