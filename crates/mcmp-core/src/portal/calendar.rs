//! The calendar: what goes out when.

use chrono::{DateTime, NaiveDate, Utc};
use chrono_tz::Tz;
use serde::{Deserialize, Serialize};

use super::Session;
use super::posts::is_for_client;
use crate::account::Platform;
use crate::client::Client;
use crate::error::Error;
use crate::id::{AccountId, CampaignId, ClientId, PostId};
use crate::lifecycle::PostStatus;
use crate::member::Permission;
use crate::post::Post;
use crate::store::{Direction, PostFilter, Query, Read, Sort};
use crate::time::{CalendarDay, CalendarRange, CalendarView, WallTime, calendar_range};

/// Calendars: of one client in its own zone, or of all clients within reach in any zone.
///
/// A post is shown on the day and at the time at which it goes out by the clocks of the calendar's
/// zone, whatever zone it was planned in. Cancelled posts are left out, and for people of the
/// client's side also what does not concern them yet, such as drafts.
#[derive(Debug, Clone, Copy)]
pub struct Calendars<'s> {
    pub(super) session: &'s Session,
}

/// A calendar of one client, or of several.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Calendar {
    /// The zone whose clocks it shows.
    pub zone: Tz,
    /// Its first instant.
    pub from: DateTime<Utc>,
    /// The first instant after it.
    pub until: DateTime<Utc>,
    /// Every date shown.
    pub days: Vec<CalendarDayEntries>,
    /// Whether these are all posts; if not, it shows the first [`Calendars::MAX_POSTS`].
    pub complete: bool,
}

/// A date of a calendar.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct CalendarDayEntries {
    /// The date.
    pub day: CalendarDay,
    /// What goes out on it, in order of time.
    pub entries: Vec<CalendarEntry>,
}

/// A post in a calendar.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct CalendarEntry {
    /// The post.
    pub post_id: PostId,
    /// Whose post.
    pub client_id: ClientId,
    /// Its title, or its first words; empty if nothing is written yet.
    pub title: String,
    /// Where it stands.
    pub status: PostStatus,
    /// When it goes out.
    pub at: DateTime<Utc>,
    /// What the clocks of the calendar's zone show then.
    pub local: WallTime,
    /// The accounts it goes to.
    pub account_ids: Vec<AccountId>,
    /// Their platforms, each once.
    pub platforms: Vec<Platform>,
    /// The campaign it is part of.
    pub campaign_id: Option<CampaignId>,
}

impl CalendarEntry {
    /// Most characters of a title.
    pub const MAX_TITLE: usize = 80;
}

impl Calendars<'_> {
    /// Most posts that one calendar shows.
    pub const MAX_POSTS: usize = 5_000;

    /// The calendar of a client around `date`, in the client's zone.
    ///
    /// # Errors
    /// No permission, no such client, or a view beyond what can be planned.
    pub async fn of_client(
        &self,
        client: ClientId,
        view: CalendarView,
        date: NaiveDate,
    ) -> Result<Calendar, Error> {
        let client: Client = self.session.load_for(Permission::View, client).await?;
        self.show(Some(client.id), view, date, client.zone).await
    }

    /// The calendar of all clients within reach around `date`, in `zone`. Clients for which the
    /// actor may not see posts are left out.
    ///
    /// # Errors
    /// No permission for any client, or a view beyond what can be planned.
    pub async fn of_agency(
        &self,
        view: CalendarView,
        date: NaiveDate,
        zone: Tz,
    ) -> Result<Calendar, Error> {
        self.session.require_somewhere_within(Permission::View)?;
        self.show(None, view, date, zone).await
    }

    async fn show(
        &self,
        client: Option<ClientId>,
        view: CalendarView,
        date: NaiveDate,
        zone: Tz,
    ) -> Result<Calendar, Error> {
        let range = calendar_range(view, date, zone)?;
        let (posts, complete) = self.posts(client, &range).await?;
        let mut days: Vec<_> = range
            .days
            .iter()
            .map(|day| CalendarDayEntries { day: *day, entries: vec![] })
            .collect();
        for post in posts {
            let Some(at) = post.planned_at() else { continue };
            if let Some(day) = days.iter_mut().find(|shown| shown.day.contains(at)) {
                day.entries.push(entry(&post, at, zone)?);
            }
        }
        Ok(Calendar { zone, from: range.from, until: range.until, days, complete })
    }

    /// The posts to show, in order of time, and whether these are all.
    async fn posts(
        &self,
        client: Option<ClientId>,
        range: &CalendarRange,
    ) -> Result<(Vec<Post>, bool), Error> {
        let planned = PostFilter {
            client_id: client,
            planned_from: Some(range.from),
            planned_until: Some(range.until),
            statuses: PostStatus::ALL
                .iter()
                .copied()
                .filter(|status| *status != PostStatus::Cancelled)
                .collect(),
            ..Default::default()
        };
        let mut query = Query::<Post>::new(planned)
            .sorted(Sort::Planned, Direction::Ascending)
            .limit(Query::<Post>::MAX_LIMIT);
        let mut posts = Vec::new();
        loop {
            let (store, scope) = (self.session.store(), self.session.scope());
            let page = Read::<Post>::list(store, scope, &query).await?;
            posts.extend(page.items.into_iter().filter(|post| self.is_shown(post)));
            query.after = page.next;
            if query.after.is_none() || posts.len() >= Self::MAX_POSTS {
                let complete = query.after.is_none() && posts.len() <= Self::MAX_POSTS;
                posts.truncate(Self::MAX_POSTS);
                return Ok((posts, complete));
            }
        }
    }

    fn is_shown(&self, post: &Post) -> bool {
        let permissions = self.session.scope().permissions(post.client_id);
        let visible = permissions.contains(Permission::ViewInternal)
            || (permissions.contains(Permission::View) && is_for_client(post));
        visible && post.agency_id == self.session.agency_id()
    }
}

fn entry(post: &Post, at: DateTime<Utc>, zone: Tz) -> Result<CalendarEntry, Error> {
    let mut platforms: Vec<Platform> =
        post.variants.iter().map(|variant| variant.platform.clone()).collect();
    platforms.sort_unstable();
    platforms.dedup();
    Ok(CalendarEntry {
        post_id: post.id,
        client_id: post.client_id,
        title: title_of(post),
        status: post.status,
        at,
        local: WallTime::from_instant(at, zone)?,
        account_ids: post.account_ids().collect(),
        platforms,
        campaign_id: post.campaign_id,
    })
}

/// The title, or the first words of the text, cut between words where it can be.
fn title_of(post: &Post) -> String {
    let own = [&post.content.title, &post.content.body];
    let of_variants = post.variants.iter().flat_map(|variant| [&variant.title, &variant.text]);
    let written = own.into_iter().chain(of_variants.flatten()).find(|text| !text.is_blank());
    let Some(written) = written else { return String::new() };
    let mut title = String::new();
    let mut length = 0;
    for word in written.as_str().split_whitespace() {
        let width = word.chars().count();
        if length == 0 && width > CalendarEntry::MAX_TITLE {
            title.extend(word.chars().take(CalendarEntry::MAX_TITLE - 1));
            title.push('…');
            break;
        }
        // One character is kept for the ellipsis.
        if length > 0 && length + 1 + width >= CalendarEntry::MAX_TITLE {
            title.push('…');
            break;
        }
        if length > 0 {
            title.push(' ');
            length += 1;
        }
        title.push_str(word);
        length += width;
    }
    title
}
