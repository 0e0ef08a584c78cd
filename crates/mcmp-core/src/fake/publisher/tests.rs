use crate::account::Tokens;
use crate::fake::MemoryMedia;
use crate::publishing::sample::{account, at, id, job, outgoing, tokens};
use crate::publishing::{PublishJob, RateLog, RateScope};

use super::*;

/// Everything that a context borrows from.
struct World {
    job: PublishJob,
    outgoing: crate::post::Outgoing,
    account: crate::account::SocialAccount,
    tokens: Tokens,
    media: MemoryMedia,
    rates: RateLog,
}

impl World {
    fn new() -> Self {
        let outgoing = outgoing(1, true);
        Self {
            job: job(&outgoing),
            outgoing,
            account: account(),
            tokens: Tokens { refresh: Some(SecretText::new("first")), ..tokens() },
            media: MemoryMedia::new(),
            rates: RateLog::default(),
        }
    }

    fn part(&self, part: Part, seconds: i64) -> PublishContext<'_> {
        PublishContext {
            job: &self.job,
            part,
            outgoing: &self.outgoing,
            account: &self.account,
            tokens: &self.tokens,
            media: &self.media,
            rates: &self.rates,
            now: at(seconds),
        }
    }

    fn main(&self, seconds: i64) -> PublishContext<'_> {
        self.part(Part::Main, seconds)
    }

    fn account(&self, seconds: i64) -> AccountContext<'_> {
        AccountContext {
            account: &self.account,
            tokens: &self.tokens,
            rates: &self.rates,
            now: at(seconds),
        }
    }
}

fn intent() -> Intent {
    Intent { at: at(0), deadline: at(60), attempt_id: id(9), accepted: false, repeats: false }
}

fn class<T>(answer: Result<T, PublishError>) -> Option<ErrorClass> {
    answer.err().map(|error| error.class)
}

#[tokio::test]
async fn look_ups_tell_the_truth_about_every_lost_answer() {
    let minute = TimeDelta::minutes(1);
    for (what, first, later) in [
        (OnGoLive::LoseAnswer, true, true),
        (OnGoLive::FailAfterAccepting, true, true),
        (OnGoLive::LoseRequest, false, false),
        (OnGoLive::AcceptLate(minute), false, true),
    ] {
        let (fake, world) = (FakePublisher::new(Platform::THREADS), World::new());
        fake.on_go_live([what.clone()]);
        let answer = fake.go_live(&world.main(0)).await;
        assert_eq!(class(answer), Some(ErrorClass::UnknownOutcome), "{what:?}");
        for (seconds, there) in [(1, first), (60, later)] {
            let found = fake.look_up(&world.main(seconds), &intent()).await.unwrap();
            assert_eq!(matches!(found, LookUp::Found(_)), there, "{what:?} after {seconds} s");
            let times = fake.times_live(world.job.id, Part::Main, at(seconds));
            assert_eq!(times, usize::from(there));
        }
    }
}

#[tokio::test]
async fn doubles_are_counted_unless_the_platform_knows_keys() {
    let world = World::new();
    for knows_keys in [false, true] {
        let capabilities = PublisherCapabilities {
            takes_dedupe_key: knows_keys,
            ..PublisherCapabilities::default()
        };
        let fake = FakePublisher::with_capabilities(Platform::THREADS, capabilities);
        fake.go_live(&world.main(0)).await.unwrap();
        fake.go_live(&world.main(1)).await.unwrap();
        let expected = if knows_keys { 1 } else { 2 };
        assert_eq!(fake.times_live(world.job.id, Part::Main, at(1)), expected);
        assert_eq!(fake.live_on(world.account.id, at(1)).len(), expected);
        assert_eq!(fake.calls(FakeCall::GoLive), 2);
        let asked = fake.look_up(&world.main(2), &intent()).await.unwrap();
        assert_eq!(asked, LookUp::Impossible);
    }
}

#[tokio::test]
async fn what_is_refused_is_not_there() {
    let (fake, world) = (FakePublisher::new(Platform::THREADS), World::new());
    let no = PublishError::new(ErrorClass::InvalidContent, "too long");
    fake.on_go_live([OnGoLive::Refuse(no.clone()), OnGoLive::SayDuplicate]);
    fake.fail_next(FakeCall::Prepare, 2, &no);
    for _ in 0..2 {
        assert_eq!(fake.prepare(&world.main(0)).await, Err(no.clone()));
    }
    assert_eq!(fake.prepare(&world.main(0)).await, Ok(Progress::Ready { checkpoint: None }));
    assert_eq!(fake.go_live(&world.main(0)).await, Err(no));
    assert_eq!(class(fake.go_live(&world.main(0)).await), Some(ErrorClass::Duplicate));
    assert!(fake.accepted().is_empty());
}

#[tokio::test]
async fn preparing_and_processing_take_their_time() {
    let fake = FakePublisher::new(Platform::THREADS).steps_to_prepare(2);
    let mut world = World::new();
    for step in 1..=2 {
        match fake.prepare(&world.main(0)).await.unwrap() {
            Progress::Continue { checkpoint, .. } => {
                assert_eq!(checkpoint, json!({ "step": step }));
                world.job.checkpoint = Some(checkpoint);
            }
            other => panic!("{other:?}"),
        }
    }
    assert!(matches!(fake.prepare(&world.main(0)).await, Ok(Progress::Ready { .. })));

    let no = PublishError::new(ErrorClass::InvalidContent, "no sound");
    for rejection in [None, Some(no)] {
        fake.on_go_live([match &rejection {
            None => OnGoLive::Process { polls: 2 },
            Some(error) => OnGoLive::ProcessAndReject { polls: 2, error: error.clone() },
        }]);
        let Ok(WentLive::Accepted { checkpoint, .. }) = fake.go_live(&world.main(0)).await else {
            panic!("not accepted");
        };
        let live_before = fake.live_on(world.account.id, at(9)).len();
        world.job.checkpoint = Some(checkpoint);
        for _ in 0..2 {
            let pending = fake.look_up(&world.main(5), &intent()).await.unwrap();
            assert!(matches!(pending, LookUp::Pending { .. }));
        }
        let end = fake.look_up(&world.main(9), &intent()).await.unwrap();
        let gained = fake.live_on(world.account.id, at(9)).len() - live_before;
        match rejection {
            None => assert!(matches!(end, LookUp::Found(_)) && gained == 1),
            Some(error) => assert!(end == LookUp::Rejected(error) && gained == 0),
        }
    }
}

#[tokio::test]
async fn a_rate_limit_ends_when_it_said() {
    let (fake, world) = (FakePublisher::new(Platform::THREADS), World::new());
    fake.limit_until(at(10));
    let limited = class(fake.go_live(&world.main(9)).await);
    assert_eq!(limited, Some(ErrorClass::RateLimited { until: Some(at(10)) }));
    assert!(fake.go_live(&world.main(10)).await.is_ok());
    assert_eq!(fake.accepted().len(), 1);
}

#[tokio::test]
async fn tokens_end_and_each_refresh_token_works_once() {
    let (fake, mut world) = (FakePublisher::new(Platform::THREADS), World::new());
    fake.accept_only(&SecretText::new("another"));
    assert_eq!(class(fake.go_live(&world.main(0)).await), Some(ErrorClass::Reconnect));
    let fresh = fake.refresh_tokens(&world.account(1)).await.unwrap();
    let spent = Tokens { refresh: Some(SecretText::new("first")), ..tokens() };
    world.tokens = fresh;
    assert!(fake.go_live(&world.main(2)).await.is_ok());
    let parallel = AccountContext { tokens: &spent, ..world.account(2) };
    assert_eq!(class(fake.refresh_tokens(&parallel).await), Some(ErrorClass::Reconnect));
    assert!(fake.refresh_tokens(&world.account(3)).await.is_ok());
    // Trouble on the way is no refusal.
    fake.fail_next(FakeCall::Refresh, 1, &PublishError::new(ErrorClass::Transient, "down"));
    assert_eq!(class(fake.refresh_tokens(&world.account(4)).await), Some(ErrorClass::Transient));
    assert!(!format!("{fake:?}{:?}", world.main(0)).contains("access-"), "a token was shown");
}

#[tokio::test]
async fn parts_stand_under_what_they_belong_to() {
    let (fake, mut world) = (FakePublisher::new(Platform::THREADS), World::new());
    let Ok(WentLive::Live(first)) = fake.go_live(&world.main(0)).await else { panic!("not live") };
    world.job.remote = Some(first.clone());
    for part in [Part::Thread { index: 0 }, Part::FirstComment] {
        fake.go_live(&world.part(part, 1)).await.unwrap();
        let accepted = fake.accepted();
        let last = accepted.last().unwrap();
        assert_eq!((last.part, last.parent.as_ref()), (part, Some(&first)));
    }
    let texts: Vec<String> = fake.accepted().into_iter().map(|post| post.text).collect();
    assert_eq!(texts, ["Fresh bread", "Part 0", "Where to find us"]);
    fake.edit(&world.main(2), &first).await.unwrap();
    fake.show_metrics(&first, Metrics { likes: Some(3), ..Metrics::default() });
    let numbers = fake.metrics(&world.account(3), &first).await.unwrap();
    assert_eq!(numbers.likes, Some(3));
    fake.delete(&world.account(4), &first).await.unwrap();
    assert_eq!(fake.times_live(world.job.id, Part::Main, at(4)), 0);
}

#[tokio::test]
async fn a_call_that_hangs_can_be_given_up() {
    let (fake, world) = (FakePublisher::new(Platform::THREADS), World::new());
    fake.on_go_live([OnGoLive::Hang, OnGoLive::AcceptAndHang]);
    for expected in [0, 1] {
        let cx = world.main(0);
        let mut call = fake.go_live(&cx);
        let polled = std::future::poll_fn(|task| {
            std::task::Poll::Ready(call.as_mut().poll(task).is_pending())
        });
        assert!(polled.await, "the call ended");
        drop(call);
        assert_eq!(fake.accepted().len(), expected);
    }
}

#[tokio::test]
async fn what_was_turned_down_is_not_what_a_key_stands_for() {
    let capabilities = PublisherCapabilities { takes_dedupe_key: true, ..Default::default() };
    let fake = FakePublisher::with_capabilities(Platform::FACEBOOK, capabilities);
    let world = World::new();
    let no = PublishError::new(ErrorClass::InvalidContent, "no sound");
    fake.on_go_live([OnGoLive::ProcessAndReject { polls: 0, error: no }]);
    let Ok(WentLive::Accepted { .. }) = fake.go_live(&world.main(0)).await else {
        panic!("not accepted");
    };
    assert!(fake.live_on(world.account.id, at(9)).is_empty());
    let Ok(WentLive::Live(remote)) = fake.go_live(&world.main(5)).await else { panic!("not live") };
    let live = fake.live_on(world.account.id, at(9));
    assert_eq!(live.iter().map(|post| &post.remote).collect::<Vec<_>>(), [&remote]);
}

#[tokio::test]
async fn tells_of_limits_whether_a_call_failed_or_not() {
    let (fake, world) = (FakePublisher::new(Platform::X), World::new());
    fake.report_rates([RateReport::new(RateScope::App, "posts")]);
    fake.prepare(&world.main(0)).await.unwrap();
    assert_eq!(world.rates.take().len(), 1);
    let limited = ErrorClass::RateLimited { until: None };
    fake.fail_next(FakeCall::GoLive, 1, &PublishError::new(limited, "no"));
    assert!(fake.go_live(&world.main(0)).await.is_err());
    assert_eq!(world.rates.take().len(), 1);
}
