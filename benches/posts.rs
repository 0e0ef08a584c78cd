//! What a post's digest and its lifecycle cost.
#![allow(clippy::expect_used, reason = "set-up of benchmarks: all values are written here")]

use chrono::{DateTime, Utc};
use divan::{Bencher, black_box};
use mcmp_benches::cast::Cast;
use mcmp_benches::content::{POST, for_some, long_text};
use mcmp_benches::{minutes, start};
use mcmp_core::access::{ActorRef, Scope};
use mcmp_core::approval::{Approval, ApprovalPolicy, Deciders, Stage};
use mcmp_core::lifecycle::{Action, Facts, PostStatus, Who, allowed_actions, decide};
use mcmp_core::member::Role;
use mcmp_core::post::{Digest, RevisionRef};
use mcmp_core::publishing::PublishJob;

fn main() {
    divan::main();
}

#[divan::bench(args = [1, 5, 12])]
fn digest(bencher: Bencher<'_, '_>, variants: usize) {
    let post = for_some(variants, POST, &Cast::default().ids);
    bencher.bench(|| Digest::of(black_box(&post)));
}

#[divan::bench]
fn digest_worst(bencher: Bencher<'_, '_>) {
    let post = for_some(5, &long_text(), &Cast::default().ids);
    bencher.bench(|| Digest::of(black_box(&post)));
}

/// A post with five jobs under a policy of two stages.
struct Scene {
    cast: Cast,
    author: ActorRef,
    owner: Scope,
    manager: Scope,
    revision: RevisionRef,
    approval: Approval,
    jobs: Vec<PublishJob>,
}

impl Scene {
    fn new() -> Self {
        let cast = Cast::default();
        let stage = |name: &str, role| {
            let deciders = Deciders { roles: [role].into(), ..Deciders::default() };
            Stage::new(name.parse().expect("a name"), deciders)
        };
        let stages = vec![stage("Studio", Role::Manager), stage("Acme", Role::ClientOwner)];
        let policy = ApprovalPolicy::stages(stages).expect("two stages");
        let outgoing = for_some(5, POST, &cast.ids);
        let digest = Digest::of(&outgoing);
        let revision = RevisionRef { id: cast.ids.next(), number: 3, digest: digest.clone() };
        let author = ActorRef::User(cast.ids.next());
        let approval = Approval {
            revision_id: revision.id,
            digest,
            planned_at: Some(minutes(600)),
            policy,
            requested_by: author.clone(),
            requested_at: start(),
            stage_started_at: start(),
            decisions: Vec::new(),
            overdue_told: None,
        };
        let jobs = outgoing
            .iter()
            .map(|item| cast.job(&cast.account(item.account_id), item, minutes(600)))
            .collect();
        let (owner, manager) = (cast.person(Role::ClientOwner), cast.person(Role::Manager));
        Self { cast, author, owner, manager, revision, approval, jobs }
    }

    fn facts(&self, status: PostStatus) -> Facts<'_> {
        let has_jobs = status == PostStatus::Scheduled;
        Facts {
            status,
            editors: &[],
            author: &self.author,
            revision: Some(&self.revision),
            planned_at: Some(minutes(600)),
            approval: Some(&self.approval),
            policy: &self.approval.policy,
            jobs: if has_jobs { &self.jobs } else { &[] },
            has_variants: true,
        }
    }

    fn now() -> DateTime<Utc> {
        minutes(5)
    }
}

#[divan::bench]
fn decide_approve(bencher: Bencher<'_, '_>) {
    let scene = Scene::new();
    let facts = scene.facts(PostStatus::PendingApproval);
    let who = Who::of(&scene.manager, scene.cast.client);
    let action = Action::Approve { note: None };
    assert!(decide(&facts, &who, &action, Scene::now()).is_ok(), "a manager may");
    bencher.bench(|| decide(black_box(&facts), &who, &action, Scene::now()));
}

#[divan::bench]
fn decide_unschedule(bencher: Bencher<'_, '_>) {
    let scene = Scene::new();
    let facts = scene.facts(PostStatus::Scheduled);
    let who = Who::of(&scene.manager, scene.cast.client);
    let action = Action::Unschedule;
    assert!(decide(&facts, &who, &action, Scene::now()).is_ok(), "a manager may");
    bencher.bench(|| decide(black_box(&facts), &who, &action, Scene::now()));
}

/// It is not the client's turn yet: a refusal that says whose it is.
#[divan::bench]
fn decide_refused(bencher: Bencher<'_, '_>) {
    let scene = Scene::new();
    let facts = scene.facts(PostStatus::PendingApproval);
    let who = Who::of(&scene.owner, scene.cast.client);
    let action = Action::Approve { note: None };
    assert!(decide(&facts, &who, &action, Scene::now()).is_err(), "the owner comes second");
    bencher.bench(|| decide(black_box(&facts), &who, &action, Scene::now()));
}

#[divan::bench(args = [
    PostStatus::Draft,
    PostStatus::PendingApproval,
    PostStatus::Scheduled,
    PostStatus::Published,
])]
fn allowed(bencher: Bencher<'_, '_>, status: PostStatus) {
    let scene = Scene::new();
    let facts = scene.facts(status);
    let who = Who::of(&scene.manager, scene.cast.client);
    bencher.bench(|| allowed_actions(black_box(&facts), &who, Scene::now()));
}
