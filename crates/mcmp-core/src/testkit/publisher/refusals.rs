//! What the platform refuses: its class decides, its words are kept.

use chrono::{DateTime, TimeDelta, Utc};

use super::fault::{At, Fault, Refusal};
use super::harness::{Applied, Kit, NotHere};
use super::posts::{ANY, RICH};
use super::stage::{Planned, Stage};
use crate::publishing::{ErrorClass, HoldReason, JobState, PublishError, PublishJob};

const FIRST_VISIBLE: At = At::Visible(0);

pub(super) async fn refused_content_fails_with_the_platforms_words(kit: &Kit) -> Applied {
    fails(kit, FIRST_VISIBLE, Refusal::Content, ErrorClass::InvalidContent).await
}

pub(super) async fn a_missing_permission_fails_with_the_platforms_words(kit: &Kit) -> Applied {
    fails(kit, FIRST_VISIBLE, Refusal::Permission, ErrorClass::Permission).await
}

pub(super) async fn a_refused_token_stops_the_account(kit: &Kit) -> Applied {
    asks_for_a_person(kit, FIRST_VISIBLE).await
}

pub(super) async fn refusals_of_the_first_step_have_their_class_too(kit: &Kit) -> Applied {
    let first = At::Call(0);
    let tried = [
        fails(kit, first, Refusal::Content, ErrorClass::InvalidContent).await,
        fails(kit, first, Refusal::Permission, ErrorClass::Permission).await,
        asks_for_a_person(kit, first).await,
        waits_until(kit, first).await,
        waits_a_while(kit, first).await,
    ];
    if tried.iter().all(Result::is_err) {
        return Err(NotHere("refusal at its first call".to_owned()));
    }
    Ok(())
}

/// A post whose call `at` meets `fault`, and what the publisher made of it.
async fn refused(
    kit: &Kit,
    at: At,
    fault: Fault,
) -> Result<(Stage, Planned, PublishError), NotHere> {
    let stage = kit.stage().await;
    let planned = stage.planned(if at == FIRST_VISIBLE { ANY } else { RICH }).await?;
    let words = stage.script(at, fault).await?;
    stage.the_time_comes();
    let mut rounds = 0;
    while stage.watched.errors().is_empty() {
        stage.the_next_step_comes(&planned).await;
        stage.one_step().await;
        let job = stage.job(&planned).await;
        rounds += 1;
        let end = job.state.is_final() || job.state == JobState::Held || rounds > 200;
        assert!(!end || !stage.watched.errors().is_empty(), "{fault:?} at {at:?} went unnoticed");
    }
    let error = stage.watched.errors().remove(0);
    assert!(error.code.is_some(), "the platform's own code is kept: {error:#?}");
    let raw = error.raw.as_deref().unwrap_or_default();
    assert!(!raw.is_empty(), "the platform's own text is kept: {error:#?}");
    assert!(!error.message.is_empty(), "there are plain words for people: {error:#?}");
    if let Some(words) = words {
        assert!(raw.contains(&words), "the platform said “{words}”: {error:#?}");
    }
    Ok((stage, planned, error))
}

async fn fails(kit: &Kit, at: At, refusal: Refusal, class: ErrorClass) -> Applied {
    let (stage, planned, error) = refused(kit, at, Fault::Refuse(refusal)).await?;
    assert_eq!(error.class, class, "the class of {refusal:?} at {at:?}: {error:#?}");
    let job = stage.run(&planned).await;
    assert_eq!(job.state, JobState::Failed, "{job:#?}");
    assert_eq!(job.last_error.as_ref(), Some(&error), "the job tells why");
    assert!(stage.platform.live().await.is_empty(), "nothing is live");
    let calls = stage.platform.calls();
    stage.clock.advance(TimeDelta::days(2));
    stage.one_step().await;
    assert_eq!(stage.platform.calls(), calls, "nothing is sent again by itself");
    goes_out_after_all(&stage, &planned).await;
    Ok(())
}

/// A person has put right what was wrong, and sends it anew.
async fn goes_out_after_all(stage: &Stage, planned: &Planned) {
    stage.owners().await.posts().retry(planned.post, Vec::new()).await.unwrap();
    stage.run(planned).await;
    stage.assert_published(planned).await;
}

async fn asks_for_a_person(kit: &Kit, at: At) -> Applied {
    let (stage, planned, error) = refused(kit, at, Fault::Refuse(Refusal::Token)).await?;
    assert_eq!(error.class, ErrorClass::Reconnect, "the class of a refused token: {error:#?}");
    let job = stage.run(&planned).await;
    settle_reconnect(&stage, &planned, &job).await;
    Ok(())
}

/// It was published with refreshed tokens, or waits until somebody connects the account again.
pub(super) async fn settle_reconnect(stage: &Stage, planned: &Planned, job: &PublishJob) {
    if job.state != JobState::Published {
        let end = (job.state, job.hold_reason);
        assert_eq!(end, (JobState::Held, Some(HoldReason::Reconnect)), "{job:#?}");
        let calls = stage.platform.calls();
        stage.clock.advance(TimeDelta::hours(2));
        stage.one_step().await;
        assert_eq!(stage.platform.calls(), calls, "the platform is left in peace");
        stage.reconnect().await;
        // It goes on by itself, or a person lets it.
        if stage.job(planned).await.state == JobState::Held {
            stage.owners().await.posts().retry(planned.post, Vec::new()).await.unwrap();
        }
        stage.run(planned).await;
    }
    stage.assert_published(planned).await;
}

pub(super) async fn a_duplicate_is_no_success_and_no_failure(kit: &Kit) -> Applied {
    let fault = Fault::Refuse(Refusal::Duplicate);
    let (stage, planned, error) = refused(kit, FIRST_VISIBLE, fault).await?;
    assert_eq!(error.class, ErrorClass::Duplicate, "the class of a duplicate: {error:#?}");
    let job = stage.run(&planned).await;
    if job.state == JobState::Held {
        assert_eq!(job.hold_reason, Some(HoldReason::UnknownOutcome), "{job:#?}");
        assert_eq!(stage.visible_calls(), 1, "nothing is sent again blindly");
        stage.settle_by_person(&planned).await;
    } else {
        // One answer says that the platform has it, the look-up says that it has not.
        let may_repeat = stage.capabilities().takes_dedupe_key;
        assert!(may_repeat, "it was not held for a person: {job:#?}");
    }
    stage.assert_published(&planned).await;
    Ok(())
}

pub(super) async fn a_rate_limit_is_obeyed_to_its_end(kit: &Kit) -> Applied {
    waits_until(kit, FIRST_VISIBLE).await
}

pub(super) async fn a_rate_limit_without_an_end_is_not_hammered(kit: &Kit) -> Applied {
    waits_a_while(kit, FIRST_VISIBLE).await
}

async fn waits_until(kit: &Kit, at: At) -> Applied {
    let wait = TimeDelta::minutes(7);
    let fault = Fault::RateLimit { retry_after: Some(wait) };
    let (stage, planned, error) = refused(kit, at, fault).await?;
    let ErrorClass::RateLimited { until: Some(until) } = error.class else {
        panic!("the class of a limit that ends in {wait}: {error:#?}");
    };
    let off = until - (stage.now() + wait);
    assert!(off.abs() <= TimeDelta::seconds(2), "until when: {until}, {off} off");
    nothing_is_sent_before(&stage, until).await;
    stage.run(&planned).await;
    stage.assert_published(&planned).await;
    Ok(())
}

async fn waits_a_while(kit: &Kit, at: At) -> Applied {
    let fault = Fault::RateLimit { retry_after: None };
    let (stage, planned, error) = refused(kit, at, fault).await?;
    let expected = ErrorClass::RateLimited { until: None };
    assert_eq!(error.class, expected, "the class of a limit without an end: {error:#?}");
    let due_at = stage.job(&planned).await.due_at;
    assert!(due_at > stage.now(), "it is not tried again at once");
    nothing_is_sent_before(&stage, due_at).await;
    stage.run(&planned).await;
    stage.assert_published(&planned).await;
    Ok(())
}

async fn nothing_is_sent_before(stage: &Stage, until: DateTime<Utc>) {
    let calls = stage.platform.calls();
    while stage.now() < until - TimeDelta::minutes(1) {
        stage.clock.advance(TimeDelta::minutes(1));
        stage.one_step().await;
    }
    stage.clock.set(until - TimeDelta::milliseconds(1));
    stage.one_step().await;
    assert_eq!(stage.platform.calls(), calls, "calls before {until}");
}
