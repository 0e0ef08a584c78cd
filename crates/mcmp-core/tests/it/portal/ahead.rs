//! Jobs that are claimed ahead of their time: all is read and checked by then, and their call is made
//! at the very time.

use std::pin::pin;
use std::task::{Context, Poll, Waker};

use chrono::TimeDelta;
use mcmp_core::approval::ApprovalPolicy;
use mcmp_core::fake::FakeCall;
use mcmp_core::lifecycle::PostStatus;
use mcmp_core::portal::Worker;
use mcmp_core::post::Post;
use mcmp_core::publishing::{JobState, PublishJob};
use tokio::time::{Duration, Instant, sleep};

use super::desk::{Desk, clients_word};

const AHEAD: TimeDelta = TimeDelta::milliseconds(200);

impl Desk {
    /// A post that is due in [`AHEAD`], and its job, claimed by a worker.
    async fn claimed_ahead(&self) -> (Post, Worker, PublishJob) {
        let post = self.scheduled("On time").await;
        self.clock.advance(TimeDelta::hours(1) - AHEAD);
        let too_early = self.worker().ahead(AHEAD - TimeDelta::milliseconds(1));
        assert_eq!(too_early.claim(10).await.unwrap().jobs, []);
        let worker = self.worker().ahead(AHEAD);
        let claimed = worker.claim(10).await.unwrap();
        let [job] = <[PublishJob; 1]>::try_from(claimed.jobs).unwrap();
        assert_eq!((job.state, job.due_at), (JobState::Running, self.now() + AHEAD));
        (post, worker, job)
    }
}

#[tokio::test(start_paused = true)]
async fn the_call_is_made_at_the_very_time() {
    let desk = Desk::new().await;
    let (post, worker, job) = desk.claimed_ahead().await;
    let due_at = job.due_at;
    let due = Instant::now() + AHEAD.to_std().unwrap();
    let clock = desk.clock.clone();
    desk.facebook.before_prepare(async move { assert_eq!(Instant::now(), due) });
    let carrying = tokio::spawn(worker.carry_out(job));
    sleep(AHEAD.to_std().unwrap() - Duration::from_millis(1)).await;
    assert_eq!(desk.facebook.platform.calls(FakeCall::Prepare), 0);
    clock.advance(AHEAD);
    let done = carrying.await.unwrap().unwrap();
    assert_eq!((done.job.state, done.started_at), (JobState::Published, Some(due_at)));
    assert_eq!(desk.status(post.id).await, PostStatus::Published);
    assert_eq!(desk.live(desk.page.id), ["On time"]);
}

#[tokio::test(start_paused = true)]
async fn what_is_called_off_while_it_waits_does_not_go_out() {
    let desk = Desk::new().await;
    let (post, worker, job) = desk.claimed_ahead().await;
    let carrying = tokio::spawn(worker.carry_out(job));
    sleep(Duration::from_millis(100)).await;
    desk.owners().await.posts().cancel(post.id, None).await.unwrap();
    desk.clock.advance(AHEAD);
    carrying.await.unwrap().unwrap();
    desk.run_for(1).await;
    assert_eq!(desk.live(desk.page.id), [""; 0]);
    assert_eq!(desk.job(post.id).await.state, JobState::Cancelled);
}

#[tokio::test(start_paused = true)]
async fn a_pause_while_it_waits_keeps_it_until_it_is_over() {
    let desk = Desk::new().await;
    let (post, worker, job) = desk.claimed_ahead().await;
    let carrying = tokio::spawn(worker.carry_out(job));
    sleep(Duration::from_millis(100)).await;
    let owner = desk.owners().await;
    owner.accounts().pause(desk.page.id).await.unwrap();
    desk.clock.advance(AHEAD);
    carrying.await.unwrap().unwrap();
    desk.run_for(1).await;
    assert_eq!(desk.live(desk.page.id), [""; 0]);
    owner.accounts().resume(desk.page.id).await.unwrap();
    desk.run().await;
    assert_eq!(desk.live(desk.page.id), ["On time"]);
    assert_eq!(desk.status(post.id).await, PostStatus::Published);
}

#[tokio::test(start_paused = true)]
async fn what_may_not_go_out_yet_may_at_its_time() {
    for is_mended in [true, false] {
        let desk = Desk::new().await;
        let (post, worker, job) = desk.claimed_ahead().await;
        desk.ask_for(clients_word()).await;
        let carrying = tokio::spawn(worker.carry_out(job));
        sleep(Duration::from_millis(100)).await;
        assert_eq!(desk.job(post.id).await.state, JobState::Running, "nothing is decided yet");
        if is_mended {
            desk.ask_for(ApprovalPolicy::none()).await;
        }
        desk.clock.advance(AHEAD);
        let done = carrying.await.unwrap().unwrap();
        let expected = if is_mended { JobState::Published } else { JobState::Held };
        assert_eq!(done.job.state, expected);
    }
}

#[tokio::test(start_paused = true)]
async fn where_the_clock_is_set_back_it_is_given_back() {
    let desk = Desk::new().await;
    let (post, worker, job) = desk.claimed_ahead().await;
    desk.clock.advance(TimeDelta::minutes(-5));
    let began = Instant::now();
    let done = worker.carry_out(job).await.unwrap();
    assert_eq!((done.job.state, done.calls), (JobState::Scheduled, 0));
    assert_eq!(Instant::now(), began, "nothing holds it for minutes");
    desk.clock.advance(TimeDelta::minutes(5) + AHEAD);
    desk.run().await;
    assert_eq!(desk.status(post.id).await, PostStatus::Published);
}

#[tokio::test]
async fn what_runs_due_jobs_takes_none_ahead() {
    let desk = Desk::new().await;
    desk.scheduled("On time").await;
    desk.clock.advance(TimeDelta::hours(1) - AHEAD);
    assert_eq!(desk.worker().ahead(AHEAD).run_due().await.unwrap(), 0);
    desk.clock.advance(AHEAD);
    assert_eq!(desk.worker().ahead(AHEAD).run_due().await.unwrap(), 1);
}

#[test]
fn without_a_timer_it_is_given_back_until_its_time() {
    let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
    let (desk, post, worker, job) = runtime.block_on(async {
        let desk = Desk::new().await;
        let (post, worker, job) = desk.claimed_ahead().await;
        (desk, post, worker, job)
    });
    let mut carrying = pin!(worker.carry_out(job));
    let Poll::Ready(done) = carrying.as_mut().poll(&mut Context::from_waker(Waker::noop())) else {
        panic!("nothing is waited for")
    };
    assert_eq!((done.as_ref().unwrap().job.state, done.unwrap().calls), (JobState::Scheduled, 0));
    runtime.block_on(async {
        desk.clock.advance(AHEAD);
        desk.run().await;
        assert_eq!(desk.status(post.id).await, PostStatus::Published);
    });
}
