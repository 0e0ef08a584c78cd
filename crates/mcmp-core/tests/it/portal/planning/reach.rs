//! Nobody sees more than the clients they were given, and of those no more than they may.

use chrono::{NaiveDate, TimeDelta};
use mcmp_core::access::Actor;
use mcmp_core::approval::ReviewLink;
use mcmp_core::asset::Asset;
use mcmp_core::board::Task;
use mcmp_core::campaign::{Brief, Campaign, Creator};
use mcmp_core::client::Client;
use mcmp_core::member::Role;
use mcmp_core::portal::{BriefDraft, CampaignDraft, CreatorDraft, SeriesDraft, Session, TaskDraft};
use mcmp_core::secret::{SecretText, TokenHash};
use mcmp_core::series::Series;
use mcmp_core::store::{Query, Version};
use mcmp_core::time::{
    CalendarView, Clock, Frequency, Recurrence, RecurrenceParts, Schedule, WallTime,
};
use mcmp_core::{Error, ErrorKind};

use super::assets::asset_draft;
use super::fixture::{World, at, name};

/// One of everything for `client`, planned for the clock's day.
async fn fill(world: &World, client: &Client) {
    let session = world.system().await;
    let campaign = CampaignDraft::new(client.id, name("Launch"));
    let campaign = session.campaigns().create(campaign).await.unwrap();
    let brief = BriefDraft {
        campaign_id: campaign.id,
        title: name("Brief"),
        description: None,
        deliverables: Vec::new(),
    };
    session.briefs().create(brief).await.unwrap();
    let creator = CreatorDraft {
        client_id: client.id,
        name: name("Ann"),
        user_id: None,
        email: None,
        accounts: Vec::new(),
        tags: Vec::new(),
        notes: None,
    };
    session.creators().create(creator).await.unwrap();
    session.tasks().create(TaskDraft::new(client.id, name("Shoot"))).await.unwrap();
    session.assets().add(asset_draft(client, 1)).await.unwrap();
    let start = WallTime::from_instant(at("2026-12-03T09:00:00Z"), client.zone).unwrap();
    let series = SeriesDraft {
        client_id: client.id,
        name: name("Weekly"),
        rule: Recurrence::new(RecurrenceParts::new(Frequency::Weekly, start)).unwrap(),
        content: Default::default(),
        accounts: Vec::new(),
        tags: Vec::new(),
        category: None,
    };
    session.series().create(series).await.unwrap();
    let today = Schedule::at_instant(world.clock.now(), client.zone).unwrap();
    world.put(world.draft(client, Some(today))).await;
}

/// How many of each kind a session lists: campaigns, briefs, creators, tasks, assets, series, and
/// posts in the calendar. Narrowed to `client` if one is given.
async fn seen(session: &Session, client: Option<&Client>) -> [Result<usize, ErrorKind>; 7] {
    fn count<T>(page: Result<mcmp_core::store::Page<T>, Error>) -> Result<usize, ErrorKind> {
        page.map(|page| page.items.len()).map_err(|error| error.kind())
    }
    macro_rules! list {
        ($group:ident, $entity:ty) => {{
            let mut query = Query::<$entity>::new(Default::default());
            query.filter.client_id = client.map(|client| client.id);
            count(session.$group().list(&query).await)
        }};
    }
    let date = NaiveDate::from_ymd_opt(2026, 12, 1).unwrap();
    let calendar = match client {
        None => session.calendars().of_agency(CalendarView::Day, date, chrono_tz::UTC).await,
        Some(client) => session.calendars().of_client(client.id, CalendarView::Day, date).await,
    };
    let shown = calendar
        .map(|calendar| calendar.days.iter().map(|day| day.entries.len()).sum())
        .map_err(|error| error.kind());
    [
        list!(campaigns, Campaign),
        list!(briefs, Brief),
        list!(creators, Creator),
        list!(tasks, Task),
        list!(assets, Asset),
        list!(series, Series),
        shown,
    ]
}

#[tokio::test]
async fn members_list_the_clients_they_were_given_and_no_others() {
    let world = World::new().await;
    fill(&world, &world.a).await;
    fill(&world, &world.b).await;
    let (_, manager) = world.member(&[(Role::Manager, &[&world.a])]).await;
    assert_eq!(seen(&world.admin().await, None).await, [Ok(2); 7]);
    assert_eq!(seen(&manager, None).await, [Ok(1); 7]);
    assert_eq!(seen(&manager, Some(&world.a)).await, [Ok(1); 7]);
    assert_eq!(seen(&manager, Some(&world.b)).await, [Err(ErrorKind::NotFound); 7]);
}

#[tokio::test]
async fn a_clients_own_people_do_not_see_what_is_internal() {
    let world = World::new().await;
    fill(&world, &world.a).await;
    fill(&world, &world.b).await;
    let denied = Err(ErrorKind::Denied);
    let (_, viewer) = world.member(&[(Role::ClientViewer, &[&world.a])]).await;
    // Campaigns and assets, and a calendar without the draft.
    let expected = [Ok(1), denied, denied, denied, Ok(1), denied, Ok(0)];
    assert_eq!(seen(&viewer, Some(&world.a)).await, expected);
    assert_eq!(seen(&viewer, None).await, expected);
    // What is internal for one client does not show with what is not for another.
    let roles: &[(Role, &[&Client])] =
        &[(Role::ClientViewer, &[&world.a]), (Role::Manager, &[&world.b])];
    let (_, both) = world.member(roles).await;
    let expected = [Ok(2), denied, denied, denied, Ok(2), denied, Ok(1)];
    assert_eq!(seen(&both, None).await, expected);
    assert_eq!(seen(&both, Some(&world.b)).await, [Ok(1); 7]);
}

#[tokio::test]
async fn a_review_link_opens_none_of_this() {
    let world = World::new().await;
    fill(&world, &world.a).await;
    let link = ReviewLink {
        id: world.id(),
        version: Version::NEW,
        agency_id: world.agency.id,
        client_id: world.a.id,
        post_ids: vec![world.id()],
        token_hash: TokenHash::of(&SecretText::new("token")),
        reviewer: name("Reviewer"),
        may_decide: true,
        may_comment: true,
        expires_at: world.clock.now() + TimeDelta::days(1),
        revoked_at: None,
        created_by: None,
        created_at: world.clock.now(),
    };
    let guest = Actor::Guest(Box::new(link));
    let refused = world.portal.session(&guest, world.agency.id).await.unwrap_err();
    assert_eq!(refused.kind(), ErrorKind::Denied, "there is no session to ask with");
}

#[tokio::test]
async fn another_agencys_system_session_opens_nothing_of_this_one() {
    let world = World::new().await;
    let campaign = CampaignDraft::new(world.a.id, name("Launch"));
    let campaign = world.system().await.campaigns().create(campaign).await.unwrap();
    let other = mcmp_core::agency::Agency {
        id: world.id(),
        version: Version::NEW,
        subdomain: mcmp_core::value::Slug::new("subdomain", "other").unwrap(),
        ..world.agency.clone()
    };
    let other = world.put(other).await;
    let system = world.portal.session(&Actor::system("test"), other.id).await.unwrap();
    let refused = system.campaigns().get(campaign.id).await.unwrap_err();
    assert_eq!(refused.kind(), ErrorKind::NotFound);
}
