//! Recurring posts are made ahead of time, and what was missed is told.

use chrono::{NaiveDate, TimeDelta};
use mcmp_core::notification::NotificationTopic;
use mcmp_core::portal::{SeriesDraft, SeriesRound};
use mcmp_core::post::Post;
use mcmp_core::store::StoreExt;
use mcmp_core::time::{Frequency, Recurrence, RecurrenceParts, WallTime};

use super::super::desk::Desk;
use super::super::fixture::name;

async fn daily(desk: &Desk, label: &str) {
    let start = NaiveDate::from_ymd_opt(2027, 1, 20).unwrap().and_hms_opt(9, 0, 0).unwrap();
    let start = WallTime::new(start, chrono_tz::UTC).unwrap();
    let draft = SeriesDraft {
        client_id: desk.client.id,
        name: name(label),
        rule: Recurrence::new(RecurrenceParts::new(Frequency::Daily, start)).unwrap(),
        content: Default::default(),
        accounts: vec![desk.page.id],
        tags: Vec::new(),
        category: None,
    };
    desk.owners().await.series().create(draft).await.unwrap();
}

#[tokio::test]
async fn all_series_have_their_turn_and_each_occurrence_is_made_once() {
    let desk = Desk::new().await;
    for label in ["one", "two", "three"] {
        daily(&desk, label).await;
    }
    let upkeep = desk.portal.upkeep().unwrap();
    let horizon = TimeDelta::days(10);
    let through = async |limit| {
        let (mut all, mut after) = (SeriesRound::default(), None);
        loop {
            let round = upkeep.materialize_series(horizon, after, limit).await.unwrap();
            all.posts += round.posts;
            all.missed += round.missed;
            after = round.next;
            if after.is_none() {
                return (all.posts, all.missed);
            }
        }
    };
    let (made, missed) = through(2).await;
    assert!(made > 0 && made % 3 == 0 && missed == 0, "{made}");
    assert_eq!(through(50).await, (0, 0));
    desk.clock.advance(TimeDelta::days(1));
    assert_eq!(through(1).await, (3, 0));

    // Nobody looked after it for weeks: one is made up for at most, people hear of the rest once.
    desk.clock.advance(TimeDelta::days(25));
    let (_, missed) = through(1).await;
    assert!(missed > 3 * 10);
    through(1).await;
    let told = desk.told(desk.owner, NotificationTopic::OccurrencesMissed).await;
    assert_eq!(told.len(), 3);
    assert!(told[0].message.as_str().contains("missed in the series"));

    let system = desk.systems().await;
    let posts: Vec<Post> = desk.store.all(system.scope(), Default::default()).await.unwrap();
    let mut keys: Vec<_> =
        posts.iter().map(|post| post.series.as_ref().map(|s| (s.series_id, s.key))).collect();
    let count = keys.len();
    keys.sort_unstable();
    keys.dedup();
    assert_eq!(keys.len(), count);
}
