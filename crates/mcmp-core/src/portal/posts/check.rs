//! The rules, run over a post: what the platforms take, what the client wants, whether the
//! accounts can be published to.

use chrono::{DateTime, TimeDelta, Utc};

use super::situation::Composition;
use crate::account::SocialAccount;
use crate::client::Client;
use crate::error::Error;
use crate::id::PostId;
use crate::lifecycle::PostStatus;
use crate::portal::Session;
use crate::post::{Assets, Outgoing, Post};
use crate::rules::client::{ClientCheck, Planned};
use crate::rules::{Finding, FindingCode, Report, client, platform};
use crate::store::{PostFilter, StoreExt};

/// What counts as planned or published.
const IN_CALENDAR: &[PostStatus] = &[
    PostStatus::PendingApproval,
    PostStatus::Approved,
    PostStatus::Scheduled,
    PostStatus::Publishing,
    PostStatus::Published,
    PostStatus::PartiallyPublished,
    PostStatus::Held,
];

/// What is checked of a post.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Checked<'a> {
    pub(crate) assets: &'a Assets,
    pub(crate) accounts: &'a [&'a SocialAccount],
    pub(crate) outgoing: &'a [Outgoing],
}

/// All findings for a post that would go out at `planned_at`.
pub(crate) async fn check(
    session: &Session,
    client: &Client,
    post: &Post,
    composition: &Composition,
    planned_at: Option<DateTime<Utc>>,
) -> Result<Report, Error> {
    let accounts: Vec<&SocialAccount> = composition.accounts.values().collect();
    let Composition { assets, outgoing, .. } = composition;
    let checked = Checked { assets, accounts: &accounts, outgoing };
    check_parts(session, client, post, checked, planned_at).await
}

/// The findings for some of what a post would send at `planned_at`.
pub(crate) async fn check_parts(
    session: &Session,
    client: &Client,
    post: &Post,
    checked: Checked<'_>,
    planned_at: Option<DateTime<Utc>>,
) -> Result<Report, Error> {
    let mut report = Report::default();
    let account_of = |id| checked.accounts.iter().find(|account| account.id == id).copied();
    for (i, variant) in post.variants.iter().enumerate() {
        let account = account_of(variant.account_id);
        if let Some(account) = account.filter(|account| !account.status.is_usable()) {
            let message = format!(
                "“{}” must be connected again before anything goes out",
                account.display_name
            );
            let mut finding = Finding::error(
                FindingCode::AccountNotConnected,
                format!("variants[{i}].account_id"),
                message,
            )
            .actual(format_args!("{:?}", account.status));
            finding.account_id = Some(account.id);
            finding.variant_id = Some(variant.id);
            report.extend([finding]);
        }
    }
    let profile = |account| account_of(account)?.limits_profile.as_deref();
    let items = checked.outgoing.iter().map(|item| (item, profile(item.account_id)));
    report.extend(platform::check_each(items, session.portal().limits()));
    let calendar = calendar_around(session, client, post.id, planned_at).await?;
    report.extend(client::check(
        checked.outgoing,
        &ClientCheck {
            rules: &client.rules,
            windows: &client.posting_windows,
            zone: client.zone,
            post_id: post.id,
            planned_at,
            assets: checked.assets,
            calendar: &calendar,
        },
    ));
    Ok(report)
}

/// The client's calendar as far as its rules look at it.
async fn calendar_around(
    session: &Session,
    client: &Client,
    own: PostId,
    planned_at: Option<DateTime<Utc>>,
) -> Result<Vec<Planned>, Error> {
    let rules = client.rules.fields();
    let counts = rules.max_per_day.is_some() || rules.max_per_week.is_some();
    let gap = TimeDelta::minutes(rules.min_gap_minutes.map_or(0, i64::from));
    let Some(at) = planned_at.filter(|_| counts || !gap.is_zero()) else {
        return Ok(Vec::new());
    };
    let around = gap.max(if counts { TimeDelta::days(8) } else { TimeDelta::zero() });
    let filter = PostFilter {
        client_id: Some(client.id),
        statuses: IN_CALENDAR.to_vec(),
        planned_from: at.checked_sub_signed(around),
        planned_until: at.checked_add_signed(around),
        ..Default::default()
    };
    let posts: Vec<Post> = session.store().all(session.scope(), filter).await?;
    Ok(posts
        .iter()
        .filter(|post| post.id != own)
        .flat_map(|post| {
            let at = post.planned_at();
            post.account_ids().filter_map(move |account_id| {
                Some(Planned { post_id: post.id, account_id, at: at? })
            })
        })
        .collect())
}
