//! After an outage, what is late goes out one after another, as each client wants it.

use mcmp_core::client::Client;
use mcmp_core::fake::FakeCall;
use mcmp_core::portal::ClientEdit;
use mcmp_core::portal::PauseScope;
use mcmp_core::publishing::{
    BudgetKey, ErrorClass, JobState, LatenessPolicy, PublishError, PublishJob, RateBudget, WhenLate,
};
use mcmp_core::store::{PublishJobFilter, RateBudgetFilter};

use crate::world::{World, most_within, seconds, stop};

async fn client_with(world: &World, slug: &str, when_late: WhenLate) -> Client {
    let client = world.client(slug).await;
    let lateness = Some(LatenessPolicy::new(when_late, 120).unwrap());
    let edit = ClientEdit { lateness, ..ClientEdit::default() };
    world.session().await.clients().edit(client.id, client.version, edit).await.unwrap()
}

#[tokio::test(start_paused = true)]
async fn a_nights_posts_go_out_spread_held_or_skipped_as_each_client_wants() {
    let world = World::new().await;
    let policies = [WhenLate::Publish, WhenLate::Hold, WhenLate::Skip];
    for (which, policy) in policies.into_iter().enumerate() {
        let client = client_with(&world, &format!("c{which}"), policy).await;
        for n in 0..10 {
            let account = world.account(&client, &format!("{which}-{n}")).await;
            for i in 0..10 {
                let at = 60 + n * 60 + i * 48 * 60;
                world.post(&client, [account.id], &format!("{n} {i}"), at).await;
            }
        }
    }
    seconds(8 * 3_600).await;
    let engines = [0, 1].map(|_| world.engine().build().unwrap().start());
    let began = (world.portal.now() - crate::world::start()).num_milliseconds();
    seconds(3_600).await;
    let times = world.accepted_ms();
    assert!(times.iter().all(|at| *at >= began));
    // Five a second, after five at once.
    assert!(most_within(&times, 1_000) <= 11, "{}", most_within(&times, 1_000));
    let jobs: Vec<PublishJob> = world.all(PublishJobFilter::default()).await;
    let count = |client: &str, state: JobState| {
        let of = |job: &&PublishJob| {
            let account = world.platform.accepted().iter().any(|post| post.job_id == job.id);
            job.state == state && (client == "any" || account)
        };
        jobs.iter().filter(of).count()
    };
    let published = count("any", JobState::Published);
    assert_eq!(times.len(), published);
    let (held, missed) = (count("any", JobState::Held), count("any", JobState::Missed));
    assert_eq!(published + held + missed, 300, "none is left or lost");
    assert_eq!(held, missed, "the same posts");
    // All hundred of the one, and of the others what was planned in the last two hours.
    assert!((100 + 2 * 15..=100 + 2 * 30).contains(&published), "{published}");
    for job in jobs.iter().filter(|job| job.state == JobState::Published) {
        let late = job.late_by(job.finished_at.unwrap());
        let is_any_late_fine = job.lateness.when_late() == WhenLate::Publish;
        assert!(is_any_late_fine || late.num_minutes() <= 120);
    }
    stop(engines).await;
}

async fn has_caught_up(world: &World) -> bool {
    let budgets: Vec<RateBudget> = world.all(RateBudgetFilter::default()).await;
    budgets.iter().any(|budget| budget.key == BudgetKey::CatchUp)
}

#[tokio::test(start_paused = true)]
async fn retries_of_jobs_that_fail_are_no_catching_up() {
    let world = World::new().await;
    let client = world.client("acme").await;
    for n in 0..2 {
        let account = world.account(&client, &n.to_string()).await;
        world.post(&client, [account.id], &n.to_string(), 60).await;
    }
    let down = PublishError::new(ErrorClass::Transient, "no connection");
    world.platform.fail_next(FakeCall::Prepare, 14, &down);
    let running = world.engine().build().unwrap().start();
    seconds(3_600).await;
    assert_eq!(world.platform.accepted().len(), 2);
    assert!(!has_caught_up(&world).await);
    running.shutdown().await;
}

#[tokio::test(start_paused = true)]
async fn what_a_long_pause_left_is_caught_up_with() {
    let world = World::new().await;
    let client = world.client("acme").await;
    for n in 0..60 {
        let account = world.account(&client, &n.to_string()).await;
        world.post(&client, [account.id], &n.to_string(), 60 + n).await;
    }
    let what = PauseScope::Platform(mcmp_core::account::Platform::THREADS);
    world.portal.pause(what.clone()).await.unwrap();
    let running = world.engine().build().unwrap().start();
    seconds(600).await;
    assert_eq!(world.platform.accepted(), []);
    world.portal.resume(what).await.unwrap();
    seconds(180).await;
    assert_eq!(world.platform.accepted().len(), 60);
    assert!(has_caught_up(&world).await);
    assert!(most_within(&world.accepted_ms(), 1_000) <= 11);
    running.shutdown().await;
}
