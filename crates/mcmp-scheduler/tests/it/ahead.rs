//! Claims ahead of time: what is due soon is taken together, and each post goes out at its time.

use std::time::Duration;

use chrono::TimeDelta;
use mcmp_core::fake::OnGoLive;
use mcmp_core::publishing::JobState;
use mcmp_scheduler::EngineSettings;

use super::troubled_store::{Trouble, Troubles};
use super::world::{World, seconds, start};

/// The first post's time.
const FIRST: TimeDelta = TimeDelta::seconds(60);
/// How long after the one the next post is due.
const STEP: TimeDelta = TimeDelta::milliseconds(10);
const POSTS: i32 = 100;

/// A second full of posts, one every ten milliseconds, each for a channel of its own.
async fn a_busy_second(world: &World) {
    let client = world.client("acme").await;
    for n in 0..POSTS {
        let account = world.account(&client, &format!("a{n}")).await;
        let at = start() + FIRST + STEP * n;
        world.post_at(&client, [account.id], &n.to_string(), at).await;
    }
}

/// How late each post was accepted.
fn lags(world: &World) -> Vec<TimeDelta> {
    let accepted = world.platform.accepted();
    assert_eq!(accepted.len(), usize::try_from(POSTS).unwrap());
    let due = |text: &str| start() + FIRST + STEP * text.parse::<i32>().unwrap();
    accepted.iter().map(|live| live.accepted_at - due(&live.text)).collect()
}

fn ahead(settings: &mut EngineSettings, ms: i64) {
    settings.claim_ahead = TimeDelta::milliseconds(ms);
}

/// Runs an engine over a busy second, in a store whose claims and reads take 20 ms; how often it
/// claimed from shortly before the first post until the last one, and how late posts were.
async fn through_a_busy_second(
    change: impl FnOnce(&mut EngineSettings),
) -> (usize, Vec<TimeDelta>) {
    let (world, troubles): (World, Troubles) = World::troubled().await;
    a_busy_second(&world).await;
    let slow = Trouble::Takes(Duration::from_millis(20));
    for call in ["claim", "get Post", "list PublishJob", "get Revision", "get RateBudget"] {
        troubles.set(call, slow);
    }
    let mut settings = EngineSettings::default();
    change(&mut settings);
    let running = world.engine().settings(settings).build().unwrap().start();
    seconds(59).await;
    let before = troubles.calls("claim");
    seconds(5).await;
    let claims = troubles.calls("claim") - before;
    running.shutdown().await;
    (claims, lags(&world))
}

#[tokio::test(start_paused = true)]
async fn posts_go_out_at_the_very_time_however_long_claims_and_reads_take() {
    let (claims, lags) = through_a_busy_second(|_| {}).await;
    assert_eq!(lags, vec![TimeDelta::zero(); lags.len()]);
    assert!(claims < 100, "what is due in a row is claimed together: {claims}");
}

#[tokio::test(start_paused = true)]
async fn where_slots_are_few_posts_are_claimed_less_far_ahead_and_still_in_time() {
    // Ten are due within the 100 ms that one takes from its claim on; calls themselves take no time.
    let (_, lags) = through_a_busy_second(|settings| settings.slots = 20).await;
    assert_eq!(lags, vec![TimeDelta::zero(); lags.len()]);
}

#[tokio::test(start_paused = true)]
async fn without_looking_ahead_posts_are_as_late_as_claims_and_reads_take() {
    let (_, lags) = through_a_busy_second(|settings| ahead(settings, 0)).await;
    assert!(lags.iter().all(|lag| *lag >= TimeDelta::milliseconds(40)), "{lags:?}");
}

/// What can't be taken ahead, as a look-up can't, is waited for: nobody asks all the time until then.
#[tokio::test(start_paused = true)]
async fn nobody_is_kept_busy_by_what_comes_soon() {
    let (world, troubles) = World::troubled().await;
    let client = world.client("acme").await;
    let account = world.account(&client, "a").await;
    world.platform.on_go_live([OnGoLive::LoseAnswer]);
    let post = world.post(&client, [account.id], "Lost", 60).await;
    let mut settings = EngineSettings::default();
    ahead(&mut settings, 10_000);
    settings.claim_spacing = Duration::ZERO;
    settings.poll = Duration::from_secs(3_600);
    let running = world.engine().settings(settings).build().unwrap().start();
    seconds(61).await;
    let job = world.jobs(post.id).await.remove(0);
    assert_eq!(job.state, JobState::Unknown);
    let left = (job.due_at - world.now().await).to_std().unwrap();
    let before = troubles.calls("claim");
    tokio::time::sleep(left - Duration::from_millis(1)).await;
    let claims = troubles.calls("claim") - before;
    assert!(claims <= 3, "{claims} claims in {left:?}");
    tokio::time::sleep(Duration::from_millis(2)).await;
    assert_eq!(world.jobs(post.id).await[0].state, JobState::Published, "asked at its time");
    running.shutdown().await;
}
