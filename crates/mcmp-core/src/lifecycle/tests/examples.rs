//! Single stories, told step by step.

use chrono::TimeDelta;

use super::cast::{guest, id, member, name, person, start, system};
use super::things::{digest, job};
use super::world::World;
use crate::approval::{ApprovalPolicy, Deciders, Stage};
use crate::event::EventKind;
use crate::lifecycle::{
    Action, ApprovalChange, JobsEffect, PostStatus, RefusalReason, ScheduleChange, decide,
    status_of_jobs,
};
use crate::member::{PermissionSet, Role};
use crate::notification::NotificationTopic;
use crate::post::RevisionRef;
use crate::publishing::{HoldReason, JobState, PublishJob};

const SYSTEM: usize = 0;
const AUTHOR: usize = 1;
const MANAGER: usize = 2;
const SECOND_MANAGER: usize = 3;
const CLIENT_OWNER: usize = 4;
const GUEST: usize = 5;
const MUTE_GUEST: usize = 6;

fn stage(roles: &[Role], guests: bool, quorum: u32) -> Stage {
    Stage {
        name: name("Review"),
        deciders: Deciders {
            roles: roles.iter().copied().collect(),
            users: [person(9)].into(),
            guests,
        },
        quorum,
        author_may_approve: false,
        due_within_hours: None,
    }
}

fn world(stages: Vec<Stage>, time_change_voids: bool) -> World {
    let with = |n, role| member(n, role, PermissionSet::NONE, PermissionSet::NONE);
    let cast = vec![
        system(),
        with(0, Role::Manager),
        with(1, Role::Manager),
        with(2, Role::Manager),
        with(3, Role::ClientOwner),
        guest(0, true),
        guest(1, false),
    ];
    World::new(cast, ApprovalPolicy { stages, time_change_voids }, AUTHOR)
}

fn revision() -> RevisionRef {
    RevisionRef { id: id(501), number: 1, digest: digest(1) }
}

fn submit() -> Action {
    Action::Submit { revision: revision(), at: Some(start() + TimeDelta::hours(5)) }
}

fn schedule() -> Action {
    Action::Schedule { revision: revision(), at: start() + TimeDelta::hours(5) }
}

const YES: Action = Action::Approve { note: None };

fn refused(world: &mut World, who: usize, action: &Action) -> RefusalReason {
    world.act(who, action, 1).unwrap_err().reason
}

#[test]
fn two_stages_with_a_quorum_then_the_time() {
    let policy = vec![stage(&[Role::Manager], false, 2), stage(&[Role::ClientOwner], true, 1)];
    let mut world = world(policy, false);
    assert_eq!(refused(&mut world, MANAGER, &schedule()), RefusalReason::ApprovalRequired);
    world.act(AUTHOR, &submit(), 1).unwrap();

    assert!(matches!(refused(&mut world, AUTHOR, &YES), RefusalReason::OwnPost { .. }));
    assert!(matches!(refused(&mut world, CLIENT_OWNER, &YES), RefusalReason::NotADecider { .. }));
    assert!(matches!(refused(&mut world, SYSTEM, &YES), RefusalReason::Denied { .. }));
    let first = world.act(MANAGER, &YES, 1).unwrap();
    assert_eq!(first.to, PostStatus::PendingApproval);
    assert_eq!(first.events, [EventKind::PostApprovalGiven]);
    assert!(matches!(refused(&mut world, MANAGER, &YES), RefusalReason::AlreadyDecided { .. }));

    world.now += TimeDelta::hours(1);
    let second = world.act(SECOND_MANAGER, &YES, 1).unwrap();
    assert_eq!(second.notify, [NotificationTopic::ApprovalRequested]);
    assert_eq!(world.approval.as_ref().unwrap().stage_started_at, world.now);

    assert!(matches!(refused(&mut world, MUTE_GUEST, &YES), RefusalReason::Denied { .. }));
    let last = world.act(GUEST, &YES, 1).unwrap();
    assert_eq!(last.to, PostStatus::Approved);
    assert!(last.events.contains(&EventKind::PostApproved));

    let other = RevisionRef { digest: digest(2), ..revision() };
    let at = start() + TimeDelta::hours(9);
    assert_eq!(
        refused(&mut world, MANAGER, &Action::Schedule { revision: other, at }),
        RefusalReason::NotWhatWasApproved
    );
    world.act(MANAGER, &schedule(), 1).unwrap();
    assert_eq!(world.jobs.len(), 1);
}

#[test]
fn an_edit_after_approval_voids_it_and_calls_the_jobs_off() {
    let mut world = world(vec![stage(&[Role::Manager], false, 1)], false);
    world.act(AUTHOR, &submit(), 1).unwrap();
    world.act(MANAGER, &YES, 1).unwrap();
    world.act(MANAGER, &schedule(), 1).unwrap();

    let tags = world.act(AUTHOR, &Action::Edit { digest_changes: false }, 1).unwrap();
    assert_eq!((tags.to, tags.jobs), (PostStatus::Scheduled, JobsEffect::None));

    let edit = world.act(AUTHOR, &Action::Edit { digest_changes: true }, 2).unwrap();
    assert_eq!(edit.to, PostStatus::Draft);
    assert_eq!(edit.approval, ApprovalChange::Clear);
    assert_eq!(edit.schedule, ScheduleChange::Keep);
    assert!(edit.events.contains(&EventKind::PostApprovalVoided));
    assert!(world.jobs.iter().all(|job| job.state == JobState::Cancelled));
    assert_eq!(world.planned_at, Some(start() + TimeDelta::hours(5)));
}

#[test]
fn a_change_of_time_voids_only_where_the_policy_says_so() {
    let at = start() + TimeDelta::hours(7);
    for voids in [false, true] {
        let mut world = world(vec![stage(&[Role::Manager], false, 1)], voids);
        world.act(AUTHOR, &submit(), 1).unwrap();
        world.act(MANAGER, &YES, 1).unwrap();
        let other_time = Action::Schedule { revision: revision(), at };
        if voids {
            let approved_for = start() + TimeDelta::hours(5);
            let reason = RefusalReason::NotWhenApproved { approved_for };
            assert_eq!(refused(&mut world, MANAGER, &other_time), reason);
            let now = Action::PublishNow { revision: revision() };
            assert_eq!(refused(&mut world, MANAGER, &now), reason);
        }
        world.act(MANAGER, &schedule(), 1).unwrap();
        world.act(MANAGER, &Action::Reschedule { at }, 1).unwrap();
        let expected = if voids { PostStatus::Draft } else { PostStatus::Scheduled };
        assert_eq!(world.status, expected);
        assert_eq!(world.approval.is_none(), voids);
        assert_eq!(world.planned_at, Some(at));
    }
}

#[test]
fn a_request_that_nobody_answered_in_time_expires() {
    let mut world = world(vec![stage(&[Role::Manager], false, 1)], false);
    world.act(AUTHOR, &submit(), 1).unwrap();
    let early = refused(&mut world, SYSTEM, &Action::ExpireApproval);
    assert!(matches!(early, RefusalReason::TimeNotCome { .. }));
    world.now = start() + TimeDelta::hours(5);
    assert!(matches!(refused(&mut world, MANAGER, &YES), RefusalReason::PlannedInThePast { .. }));
    assert!(matches!(
        refused(&mut world, MANAGER, &Action::ExpireApproval),
        RefusalReason::Denied { .. }
    ));
    world.act(SYSTEM, &Action::ExpireApproval, 1).unwrap();
    assert_eq!((world.status, &world.approval), (PostStatus::Draft, &None));
}

#[test]
fn what_is_being_published_is_not_changed_or_moved() {
    let mut world = world(Vec::new(), false);
    world.act(MANAGER, &schedule(), 1).unwrap();
    for state in [JobState::Committing, JobState::Unknown, JobState::Published] {
        world.jobs[0].state = state;
        let at = start() + TimeDelta::hours(7);
        for action in
            [Action::Edit { digest_changes: true }, Action::Reschedule { at }, Action::Unschedule]
        {
            assert_eq!(refused(&mut world, MANAGER, &action), RefusalReason::BeingPublished);
        }
    }
    world.jobs[0].state = JobState::Committing;
    let cancel = Action::Cancel { note: None };
    assert_eq!(refused(&mut world, MANAGER, &cancel), RefusalReason::BeingPublished);
    world.jobs.push(job(2_000, JobState::Scheduled));
    let half = world.act(MANAGER, &cancel, 1).unwrap();
    assert_eq!(half.to, PostStatus::Publishing);
    assert_eq!(world.jobs[1].state, JobState::Cancelled);
}

#[test]
fn what_is_only_made_ready_is_changed_moved_and_called_off() {
    let mut world = world(Vec::new(), false);
    world.act(MANAGER, &schedule(), 1).unwrap();
    world.jobs[0].checkpoint = Some(serde_json::json!({ "upload": 1 }));
    let at = start() + TimeDelta::hours(7);
    for action in [
        Action::Edit { digest_changes: true },
        Action::Reschedule { at },
        Action::Unschedule,
        Action::Cancel { note: None },
    ] {
        assert!(decide(&world.facts(), &world.who(MANAGER), &action, world.now).is_ok());
    }
    let off = world.act(MANAGER, &Action::Cancel { note: None }, 1).unwrap();
    assert_eq!((off.to, world.jobs[0].state), (PostStatus::Cancelled, JobState::Cancelled));
}

#[test]
fn failed_jobs_are_retried_one_by_one_and_live_ones_never() {
    let mut world = world(Vec::new(), false);
    world.act(MANAGER, &schedule(), 1).unwrap();
    world.jobs = vec![
        job(2_000, JobState::Published),
        job(2_001, JobState::Failed),
        job(2_002, JobState::Missed),
    ];
    world.act(SYSTEM, &Action::FollowJobs, 1).unwrap();
    assert_eq!(world.status, PostStatus::PartiallyPublished);
    let live = world.jobs[0].id;
    assert_eq!(
        refused(&mut world, MANAGER, &Action::Retry { jobs: vec![live] }),
        RefusalReason::NotRetryable { job: live }
    );
    let missed = vec![world.jobs[2].id];
    let retry = world.act(MANAGER, &Action::Retry { jobs: missed.clone() }, 1).unwrap();
    assert_eq!(retry.jobs, JobsEffect::Retry { jobs: missed });
    assert_eq!(retry.to, PostStatus::Publishing);
    world.jobs[3].state = JobState::Published;
    world.act(SYSTEM, &Action::FollowJobs, 1).unwrap();
    assert_eq!(world.status, PostStatus::PartiallyPublished, "one is still failed");
}

#[test]
fn a_failed_post_is_corrected_and_goes_out_again() {
    let mut world = world(Vec::new(), false);
    world.act(MANAGER, &schedule(), 1).unwrap();
    world.jobs[0].state = JobState::Failed;
    world.act(SYSTEM, &Action::FollowJobs, 1).unwrap();
    assert_eq!(world.status, PostStatus::Failed);
    world.act(AUTHOR, &Action::Edit { digest_changes: true }, 5).unwrap();
    assert_eq!(world.status, PostStatus::Draft);
    let corrected = RevisionRef { id: id(502), number: 2, digest: digest(5) };
    world.act(MANAGER, &Action::PublishNow { revision: corrected }, 5).unwrap();
    assert_eq!(world.jobs[1].retry_of, Some(world.jobs[0].id));
    world.jobs[1].state = JobState::Published;
    world.act(SYSTEM, &Action::FollowJobs, 5).unwrap();
    assert_eq!(world.status, PostStatus::Published);
}

#[test]
fn the_jobs_say_the_status() {
    use JobState::{
        Cancelled, Committing, Failed, Held, Missed, Published, Running, Scheduled, Unknown,
    };
    let of = |states: &[JobState]| {
        let jobs: Vec<_> = (0..).zip(states).map(|(n, state)| job(n, *state)).collect();
        status_of_jobs(&jobs)
    };
    assert_eq!(of(&[]), None);
    for (states, status) in [
        (&[Scheduled, Scheduled][..], PostStatus::Scheduled),
        (&[Running, Scheduled], PostStatus::Scheduled),
        (&[Failed, Scheduled], PostStatus::Scheduled),
        (&[Committing, Scheduled], PostStatus::Publishing),
        (&[Unknown, Held], PostStatus::Publishing),
        (&[Published, Scheduled], PostStatus::Publishing),
        (&[Published, Running], PostStatus::Publishing),
        (&[Held, Scheduled, Published], PostStatus::Held),
        (&[Held, Running], PostStatus::Scheduled),
        (&[Held, Running, Published], PostStatus::Publishing),
        (&[Published, Cancelled], PostStatus::Published),
        (&[Published, Missed], PostStatus::PartiallyPublished),
        (&[Missed, Failed], PostStatus::Failed),
        (&[Failed, Cancelled], PostStatus::Failed),
        (&[Cancelled, Cancelled], PostStatus::Cancelled),
    ] {
        assert_eq!(of(states), Some(status), "{states:?}");
    }

    let made_ready = PublishJob { checkpoint: Some(serde_json::json!({})), ..job(1, Scheduled) };
    assert_eq!(status_of_jobs(&[made_ready]), Some(PostStatus::Scheduled));
    let waits = PublishJob { hold_reason: Some(HoldReason::UnknownOutcome), ..job(1, Held) };
    assert_eq!(status_of_jobs(&[waits]), Some(PostStatus::Held));
    let called_off = PublishJob { cancel_requested_at: Some(start()), ..job(1, Running) };
    assert_eq!(status_of_jobs(&[called_off]), Some(PostStatus::Cancelled));
    let again = PublishJob { retry_of: Some(job(1, Failed).id), ..job(2, Published) };
    assert_eq!(status_of_jobs(&[job(1, Failed), again]), Some(PostStatus::Published));

    // An account that failed, and that the corrected post no longer goes to.
    let given_up = PublishJob { revision_id: id(501), ..job(1, Failed) };
    let corrected = PublishJob { revision_id: id(502), ..job(2, Published) };
    assert_eq!(status_of_jobs(&[given_up, corrected]), Some(PostStatus::Published));
    let failed_now = PublishJob { revision_id: id(502), ..job(1, Failed) };
    let live_before = PublishJob { revision_id: id(501), ..job(2, Published) };
    assert_eq!(status_of_jobs(&[failed_now, live_before]), Some(PostStatus::PartiallyPublished));
}
