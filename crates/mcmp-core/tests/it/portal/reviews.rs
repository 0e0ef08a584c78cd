//! Review links: what their holders see and do, and when they stop.

use chrono::TimeDelta;
use mcmp_core::Error;
use mcmp_core::access::{Actor, ActorRef, Denied};
use mcmp_core::agency::PlanTier;
use mcmp_core::approval::{Deciders, Stage};
use mcmp_core::id::PostId;
use mcmp_core::lifecycle::{PostStatus, RefusalReason};
use mcmp_core::member::Role;
use mcmp_core::portal::{CommentDraft, ReviewLinkDraft};
use mcmp_core::post::{CommentVisibility, Post};
use mcmp_core::secret::SecretText;

use super::desk::{Desk, note, stage, stages};
use super::fixture::{World, name};

fn guests() -> Stage {
    Stage::new(name("Guests"), Deciders { guests: true, ..Deciders::default() })
}

fn link(desk: &Desk, posts: &[PostId]) -> ReviewLinkDraft {
    ReviewLinkDraft {
        client_id: desk.client.id,
        post_ids: posts.to_vec(),
        reviewer: name("Frau Huber"),
        may_decide: true,
        may_comment: true,
        valid_days: 7,
    }
}

async fn submitted(desk: &Desk, text: &str) -> Post {
    let post = desk.draft(text).await;
    desk.owners().await.posts().submit(post.id, None).await.unwrap()
}

#[tokio::test]
async fn a_reviewer_decides_without_an_account() {
    let desk = Desk::new().await;
    desk.ask_for(stages(vec![guests()])).await;
    let owner = desk.owners().await;
    let [first, second, third] = [
        submitted(&desk, "First").await.id,
        submitted(&desk, "Second").await.id,
        submitted(&desk, "Third").await.id,
    ];
    let draft = desk.draft("Not yet").await.id;
    let other = submitted(&desk, "Not of the link").await.id;
    let (made, token) =
        owner.reviews().create_link(link(&desk, &[first, second, third, draft])).await.unwrap();
    let review = desk.portal.review(&token).await.unwrap();
    let seen: Vec<PostId> = review.posts().await.unwrap().iter().map(|post| post.id).collect();
    assert_eq!(seen, [first, second, third], "no draft");
    let revision = review.revision(first).await.unwrap().unwrap();
    assert_eq!(revision.outgoing[0].text, "First");

    assert_eq!(
        review.approve(first, desk.seen(first).await, None).await.unwrap().status,
        PostStatus::Approved
    );
    let changed =
        review.request_changes(second, desk.seen(second).await, note("Our name")).await.unwrap();
    assert_eq!(changed.status, PostStatus::ChangesRequested);
    let rejected = review.reject(third, desk.seen(third).await, Some(note("No"))).await.unwrap();
    assert_eq!(rejected.status, PostStatus::Cancelled);
    let history = desk.history(first).await;
    assert_eq!(history.last().unwrap().actor, ActorRef::Guest(made.id));
    let approved = desk.schedule(first).await;
    assert_eq!(approved.status, PostStatus::Scheduled);

    for unreachable in [draft, other] {
        assert!(is_missing(review.approve(unreachable, desk.seen(unreachable).await, None).await));
        assert!(is_missing(review.revision(unreachable).await));
        assert!(is_missing(review.comments(unreachable).await));
        let comment = CommentDraft::for_client(note("Hello"));
        assert!(is_missing(review.comment(unreachable, comment).await));
    }
    for post in [first, second, third] {
        desk.explained(post).await;
    }
}

fn is_missing<T>(result: Result<T, Error>) -> bool {
    matches!(result, Err(Error::NotFound { .. }))
}

#[tokio::test]
async fn a_reviewer_reads_and_writes_what_is_for_the_client() {
    let desk = Desk::new().await;
    desk.ask_for(stages(vec![guests()])).await;
    let owner = desk.owners().await;
    let post = submitted(&desk, "Talked about").await.id;
    owner.comments().add(post, CommentDraft::internal(note("Inner"))).await.unwrap();
    owner.comments().add(post, CommentDraft::for_client(note("Outer"))).await.unwrap();
    let (_, token) = owner.reviews().create_link(link(&desk, &[post])).await.unwrap();
    let review = desk.portal.review(&token).await.unwrap();
    let said = review.comment(post, CommentDraft::internal(note("Nice"))).await.unwrap();
    assert_eq!(said.visibility, CommentVisibility::Client);
    assert_eq!(said.author_name, name("Frau Huber"));
    let read: Vec<_> = review.comments(post).await.unwrap();
    let read: Vec<_> = read.iter().map(|comment| comment.body.to_string()).collect();
    assert_eq!(read, ["Outer", "Nice"]);

    let mute = ReviewLinkDraft { may_comment: false, may_decide: false, ..link(&desk, &[post]) };
    let (_, token) = owner.reviews().create_link(mute).await.unwrap();
    let review = desk.portal.review(&token).await.unwrap();
    assert_eq!(review.posts().await.unwrap().len(), 1);
    let said = review.comment(post, CommentDraft::for_client(note("Hm"))).await;
    assert!(matches!(said, Err(Error::Denied(_))));
    let Err(Error::Refused(refused)) = review.approve(post, desk.seen(post).await, None).await
    else {
        panic!("a link that lets nobody decide")
    };
    assert!(matches!(refused.reason, RefusalReason::Denied { .. }));
}

#[tokio::test]
async fn guests_decide_where_a_stage_lets_them_in() {
    let desk = Desk::new().await;
    let owner = desk.owners().await;
    let (_, manager) = desk.person("mia", Role::Manager).await;
    desk.ask_for(stages(vec![stage("Inner", &[Role::Manager]), guests()])).await;
    let post = submitted(&desk, "Two stages").await.id;
    let (_, token) = owner.reviews().create_link(link(&desk, &[post])).await.unwrap();
    let review = desk.portal.review(&token).await.unwrap();
    assert!(review.posts().await.unwrap().is_empty(), "the agency is not done with it");
    assert!(is_missing(review.approve(post, desk.seen(post).await, None).await));
    manager.posts().approve(post, desk.seen(post).await, None).await.unwrap();
    assert_eq!(
        review.approve(post, desk.seen(post).await, None).await.unwrap().status,
        PostStatus::Approved
    );
    let Err(Error::Refused(_)) = review.approve(post, desk.seen(post).await, None).await else {
        panic!("twice")
    };

    desk.ask_for(stages(vec![stage("Client", &[Role::ClientOwner])])).await;
    let post = submitted(&desk, "No guests").await.id;
    let (_, token) = owner.reviews().create_link(link(&desk, &[post])).await.unwrap();
    let review = desk.portal.review(&token).await.unwrap();
    let Err(Error::Refused(refused)) = review.approve(post, desk.seen(post).await, None).await
    else {
        panic!("a guest")
    };
    assert!(matches!(refused.reason, RefusalReason::NotADecider { .. }));
}

#[tokio::test]
async fn a_link_ends_by_time_and_by_hand_and_says_nothing_of_why() {
    let desk = Desk::new().await;
    let owner = desk.owners().await;
    let post = desk.draft("Soon over").await.id;
    let (made, token) = owner.reviews().create_link(link(&desk, &[post])).await.unwrap();
    let (_, other) = owner.reviews().create_link(link(&desk, &[post])).await.unwrap();
    let open = desk.portal.review(&token).await.unwrap();
    owner.reviews().revoke_link(made.id).await.unwrap();
    let ended = async |token: &SecretText| {
        matches!(desk.portal.review(token).await, Err(Error::InvalidToken))
    };
    assert!(ended(&token).await);
    assert!(!ended(&other).await, "each on its own");
    let again = owner.reviews().revoke_link(made.id).await.unwrap();
    assert!(again.revoked_at.is_some());
    desk.clock.advance(TimeDelta::days(7) - TimeDelta::milliseconds(1));
    assert!(!ended(&other).await);
    desk.clock.advance(TimeDelta::milliseconds(1));
    assert!(ended(&other).await);
    assert!(ended(&SecretText::new("mcmprev_unknown")).await);
    assert!(ended(&SecretText::new("")).await);
    // The token's text is nowhere in what is kept.
    let kept = serde_json::to_string(&made).unwrap();
    assert!(!kept.contains(token.expose()));
    drop(open);
}

#[tokio::test]
async fn a_link_is_no_way_around_the_review() {
    let desk = Desk::new().await;
    let owner = desk.owners().await;
    let post = desk.draft("Mine").await.id;
    let (made, _) = owner.reviews().create_link(link(&desk, &[post])).await.unwrap();
    let guest = Actor::Guest(Box::new(made));
    let refused = desk.portal.session(&guest, desk.agency.id).await;
    assert!(matches!(refused, Err(Error::Denied(Denied::ReviewOnly))));
}

#[tokio::test]
async fn a_link_names_posts_of_its_client_and_who_may_make_it() {
    let desk = Desk::new().await;
    let owner = desk.owners().await;
    let post = desk.draft("Mine").await.id;
    let other = desk.world.client("other").await;
    let theirs = ReviewLinkDraft { client_id: other.id, ..link(&desk, &[post]) };
    let invalid = [
        theirs,
        link(&desk, &[]),
        ReviewLinkDraft { valid_days: 0, ..link(&desk, &[post]) },
        ReviewLinkDraft { valid_days: ReviewLinkDraft::MAX_DAYS + 1, ..link(&desk, &[post]) },
    ];
    for draft in invalid {
        let refused = owner.reviews().create_link(draft).await;
        assert!(matches!(refused, Err(Error::Invalid(_))), "{refused:?}");
    }
    let (_, creator) = desk.person("cat", Role::Creator).await;
    let refused = creator.reviews().create_link(link(&desk, &[post])).await;
    assert!(matches!(refused, Err(Error::Denied(_))));

    let small = World::with_plan(PlanTier::Professional).await;
    let client = small.client("acme").await;
    let draft = ReviewLinkDraft { client_id: client.id, ..link(&desk, &[post]) };
    let refused = small.owners().await.reviews().create_link(draft).await;
    assert!(matches!(refused, Err(Error::FeatureMissing(_))));
}
