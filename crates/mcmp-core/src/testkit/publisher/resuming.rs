//! Processes die and connections break at every place there is; the post goes out once all the
//! same.

use super::draft::Form;
use super::fault::{At, Fault};
use super::harness::{Applied, Kit, NotHere};
use super::posts::{ANY, RICH};
use super::stage::{Planned, Stage};
use crate::account::UnknownOutcomePolicy;
use crate::publishing::JobState;

/// More places to die at than any post has.
const MOST_PLACES: usize = 500;

pub(super) async fn each_step_may_be_another_process(kit: &Kit) -> Applied {
    let mut tried = false;
    for form in Form::ALL.iter().filter(|form| **form != Form::BigFile) {
        let stage = kit.stage().await;
        let Ok(planned) = stage.planned(&[*form]).await else { continue };
        tried = true;
        stage.the_time_comes();
        stage.run(&planned).await;
        stage.assert_published(&planned).await;
        let orphans = stage.platform.orphans().await;
        assert_eq!(orphans, 0, "things left behind where nothing went wrong");
    }
    if tried { Ok(()) } else { Err(NotHere(format!("post of the form {ANY:?}"))) }
}

/// What goes wrong at a place.
#[derive(Debug, Clone, Copy)]
enum Mishap {
    /// The process dies before (even) or after (odd) a call of the publisher.
    DiesAtEdge,
    /// The process dies as the call has done its work on the platform.
    DiesInCall,
    /// The process dies before the call has done anything.
    DiesBeforeArrival,
    /// The connection breaks, and the call has done its work.
    AnswerLost,
    /// The platform is down for three calls.
    DownForAWhile,
}

pub(super) async fn a_process_may_die_before_and_after_every_step(kit: &Kit) -> Applied {
    everywhere(kit, Mishap::DiesAtEdge).await
}

pub(super) async fn a_process_may_die_at_every_call(kit: &Kit) -> Applied {
    everywhere(kit, Mishap::DiesInCall).await
}

pub(super) async fn a_process_may_die_before_a_call_arrives(kit: &Kit) -> Applied {
    everywhere(kit, Mishap::DiesBeforeArrival).await
}

pub(super) async fn every_call_may_lose_its_answer(kit: &Kit) -> Applied {
    everywhere(kit, Mishap::AnswerLost).await
}

pub(super) async fn every_call_may_fail_for_a_while(kit: &Kit) -> Applied {
    everywhere(kit, Mishap::DownForAWhile).await
}

/// Lets the mishap happen at the first place, then in another world at the second, and so on until
/// it comes too late to matter: for a post of one part, and for one of several.
async fn everywhere(kit: &Kit, mishap: Mishap) -> Applied {
    let several = Form::ALL.iter().filter(|form| matches!(form, Form::Thread | Form::FirstComment));
    let mut tried = false;
    let single: &[Form] = RICH;
    for forms in std::iter::once(single).chain(several.map(std::slice::from_ref)) {
        for place in 0.. {
            assert!(place < MOST_PLACES, "one post takes more than {MOST_PLACES} calls");
            let stage = kit.stage().await;
            repeat_where_it_is_safe(&stage).await;
            let Ok(planned) = stage.planned(forms).await else { break };
            tried = true;
            if !once(&stage, &planned, mishap, place).await? {
                break;
            }
        }
    }
    if tried { Ok(()) } else { Err(NotHere(format!("post of the form {RICH:?}"))) }
}

/// Whether a repetition can do no harm.
fn is_safe(stage: &Stage) -> bool {
    let can = stage.capabilities();
    can.can_look_up || can.takes_dedupe_key
}

/// Nobody needs to be asked there.
async fn repeat_where_it_is_safe(stage: &Stage) {
    if is_safe(stage) {
        stage.when_unknown(UnknownOutcomePolicy::Retry).await;
    }
}

/// One life of one post; whether the mishap came to pass.
async fn once(
    stage: &Stage,
    planned: &Planned,
    mishap: Mishap,
    place: usize,
) -> Result<bool, NotHere> {
    let at = At::Call(place);
    match mishap {
        Mishap::DiesAtEdge => stage.watched.die_at(place),
        Mishap::DiesInCall => drop(stage.script(at, Fault::AcceptAndHang).await?),
        Mishap::DiesBeforeArrival => drop(stage.script(at, Fault::Hang).await?),
        Mishap::AnswerLost => drop(stage.script(at, Fault::LoseAnswer).await?),
        Mishap::DownForAWhile => {
            for call in place..place + 3 {
                stage.script(At::Call(call), Fault::Unavailable).await?;
            }
        }
    }
    stage.the_time_comes();
    let happened = match mishap {
        Mishap::DiesAtEdge | Mishap::DiesInCall | Mishap::DiesBeforeArrival => {
            dies(stage, planned, mishap, place).await
        }
        Mishap::AnswerLost | Mishap::DownForAWhile => {
            stage.run(planned).await;
            stage.platform.calls().total > place
        }
    };
    let job = stage.run(planned).await;
    if is_safe(stage) {
        assert_eq!(job.state, JobState::Published, "{mishap:?} at {place}: {job:#?}");
    }
    stage.settle_by_person(planned).await;
    stage.assert_published(planned).await;
    let (orphans, allowed) = (stage.platform.orphans().await, stage.platform.orphans_allowed());
    assert!(orphans <= allowed, "{mishap:?} at {place} left {orphans} things behind");
    Ok(happened)
}

/// A process works until it dies, or until the post is at its end. Whether it died.
async fn dies(stage: &Stage, planned: &Planned, mishap: Mishap, place: usize) -> bool {
    for _ in 0..MOST_PLACES {
        let died = match mishap {
            Mishap::DiesAtEdge => stage.run_until_death().await,
            _ => stage.run_until_call(place + 1).await,
        };
        if died {
            return true;
        }
        let job = stage.job(planned).await;
        if job.state.is_final() || job.state == JobState::Held {
            return false;
        }
        stage.clock.set(job.due_at.max(stage.now() + chrono::TimeDelta::milliseconds(1)));
    }
    panic!("it went on and on: {:#?}", stage.job(planned).await);
}

pub(super) async fn a_step_that_hangs_is_given_up(kit: &Kit) -> Applied {
    let stage = kit.stage().await;
    repeat_where_it_is_safe(&stage).await;
    let planned = stage.planned(RICH).await?;
    stage.script(At::Call(0), Fault::Hang).await?;
    stage.the_time_comes();
    stage.run(&planned).await;
    stage.settle_by_person(&planned).await;
    stage.assert_published(&planned).await;
    Ok(())
}
