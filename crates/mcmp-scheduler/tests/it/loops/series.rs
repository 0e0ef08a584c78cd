//! Recurring posts are made ahead, once, and go out when somebody has scheduled them.

use chrono::{NaiveDate, TimeDelta};
use mcmp_core::lifecycle::PostStatus;
use mcmp_core::portal::{SeriesDraft, When};
use mcmp_core::post::{Content, Post};
use mcmp_core::store::PostFilter;
use mcmp_core::time::{Frequency, Recurrence, RecurrenceParts, WallTime};

use crate::world::{World, seconds, stop, unhurried};

#[tokio::test(start_paused = true)]
async fn two_engines_make_each_occurrence_once_and_publish_what_is_scheduled() {
    let world = World::new().await;
    let client = world.client("acme").await;
    let account = world.account(&client, "a").await;
    let start = NaiveDate::from_ymd_opt(2027, 1, 16).unwrap().and_hms_opt(9, 0, 0).unwrap();
    let start = WallTime::new(start, chrono_tz::UTC).unwrap();
    let draft = SeriesDraft {
        client_id: client.id,
        name: "Daily".parse().unwrap(),
        rule: Recurrence::new(RecurrenceParts::new(Frequency::Daily, start)).unwrap(),
        content: Content { body: "Fresh bread".parse().unwrap(), ..Content::default() },
        accounts: vec![account.id],
        tags: Vec::new(),
        category: None,
    };
    let session = world.session().await;
    session.series().create(draft).await.unwrap();
    let mut settings = unhurried();
    settings.series_ahead = TimeDelta::days(5);
    let engines =
        [0, 1].map(|_| world.engine().settings(settings.clone()).build().unwrap().start());
    seconds(60).await;
    let made: Vec<Post> = world.all(PostFilter::default()).await;
    assert_eq!(made.len(), 4, "9 o'clock of the next days");
    let first = made.iter().min_by_key(|post| post.planned_at()).unwrap();
    let at = first.planned_at().unwrap();
    assert_eq!(first.status, PostStatus::Draft);
    session.posts().schedule(first.id, When::At(at)).await.unwrap();
    seconds(2 * 86_400).await;
    let all: Vec<Post> = world.all(PostFilter::default()).await;
    assert_eq!(all.len(), 6);
    let [live] = world.platform.accepted().try_into().unwrap();
    assert!(live.accepted_at >= at && live.accepted_at - at < TimeDelta::seconds(1));
    stop(engines).await;
}
