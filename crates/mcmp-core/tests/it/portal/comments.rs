//! What is said about posts, and who hears of it.

use mcmp_core::Error;
use mcmp_core::access::Denied;
use mcmp_core::id::{PostId, UserId};
use mcmp_core::lifecycle::PostStatus;
use mcmp_core::member::Role;
use mcmp_core::notification::{Notification, NotificationTopic};
use mcmp_core::portal::{CommentDraft, Session};
use mcmp_core::post::CommentVisibility;
use mcmp_core::store::{NotificationFilter, StoreExt};

use super::desk::{Desk, clients_word, note};
use super::fixture::only_for;

/// What somebody was told of, by topic.
async fn told(desk: &Desk, user: UserId) -> Vec<NotificationTopic> {
    let system = desk.systems().await;
    let all: Vec<Notification> =
        desk.store.all(system.scope(), NotificationFilter::default()).await.unwrap();
    all.into_iter().filter(|told| told.user_id == user).map(|told| told.topic).collect()
}

async fn bodies(session: &Session, post: PostId) -> Vec<String> {
    let comments = session.comments().list(post).await.unwrap();
    comments.into_iter().map(|comment| comment.body.to_string()).collect()
}

fn to(draft: CommentDraft, mentions: &[UserId]) -> CommentDraft {
    CommentDraft { mentions: mentions.to_vec(), ..draft }
}

#[tokio::test]
async fn the_client_reads_what_is_for_the_client() {
    let desk = Desk::new().await;
    desk.ask_for(clients_word()).await;
    let owner = desk.owners().await;
    let (_, client) = desk.person("ben", Role::ClientOwner).await;
    let post = desk.draft("Said about").await;
    owner.posts().submit(post.id, None).await.unwrap();
    let inner = CommentDraft::internal(note("Between us"));
    let inner = owner.comments().add(post.id, inner).await.unwrap();
    owner.comments().add(post.id, CommentDraft::for_client(note("Dear client"))).await.unwrap();
    // Whoever is on the client's side writes for all, whatever the draft says.
    let theirs = CommentDraft::internal(note("Dear agency"));
    let theirs = client.comments().add(post.id, theirs).await.unwrap();
    assert_eq!(theirs.visibility, CommentVisibility::Client);
    assert_eq!(theirs.author_name.to_string(), "ben");
    assert_eq!(bodies(&owner, post.id).await, ["Between us", "Dear client", "Dear agency"]);
    assert_eq!(bodies(&client, post.id).await, ["Dear client", "Dear agency"]);

    // What can't be read can't be answered, edited, settled or deleted either.
    let answer =
        CommentDraft { reply_to: Some(inner.id), ..CommentDraft::for_client(note("I heard that")) };
    assert!(is_missing(client.comments().add(post.id, answer).await));
    assert!(is_missing(client.comments().edit(inner.id, inner.version, note("x")).await));
    assert!(is_missing(client.comments().resolve(inner.id, true).await));
    assert!(is_missing(client.comments().delete(inner.id).await));
    let not_own = owner.comments().edit(theirs.id, theirs.version, note("x")).await;
    assert!(matches!(not_own, Err(Error::Denied(Denied::NotYours))));
}

fn is_missing<T>(result: Result<T, Error>) -> bool {
    matches!(result, Err(Error::NotFound { .. }))
}

#[tokio::test]
async fn threads_are_one_level_deep_and_never_for_more_people() {
    let desk = Desk::new().await;
    let owner = desk.owners().await;
    let post = desk.draft("Discussed").await;
    let other = desk.draft("Another").await;
    let first = CommentDraft::internal(note("First"));
    let first = owner.comments().add(post.id, first).await.unwrap();
    let answer =
        |to| CommentDraft { reply_to: Some(to), ..CommentDraft::for_client(note("Answer")) };
    let second = owner.comments().add(post.id, answer(first.id)).await.unwrap();
    assert_eq!(second.visibility, CommentVisibility::Internal);
    let third = owner.comments().add(post.id, answer(second.id)).await.unwrap();
    assert_eq!(third.reply_to, Some(first.id));
    let Err(Error::Invalid(refused)) = owner.comments().add(other.id, answer(first.id)).await
    else {
        panic!("an answer on another post")
    };
    assert_eq!(refused.field, "reply_to");

    let settled = owner.comments().resolve(first.id, true).await.unwrap();
    assert_eq!(settled.resolved.as_ref().map(|r| r.by.user()), Some(Some(desk.owner)));
    assert_eq!(owner.comments().resolve(first.id, true).await.unwrap(), settled);
    assert_eq!(owner.comments().resolve(first.id, false).await.unwrap().resolved, None);
    let stale = owner.comments().edit(first.id, first.version, note("Late")).await;
    assert!(matches!(stale, Err(Error::Conflict { .. })));
    owner.comments().delete(first.id).await.unwrap();
    assert_eq!(owner.comments().list(post.id).await.unwrap().len(), 2, "answers stay");
}

#[tokio::test]
async fn only_those_hear_of_it_who_may_read_it() {
    let desk = Desk::new().await;
    desk.ask_for(clients_word()).await;
    let owner = desk.owners().await;
    let (mia, _) = desk.person("mia", Role::Manager).await;
    let (ben, _) = desk.person("ben", Role::ClientOwner).await;
    let other = desk.world.client("other").await;
    let sam = desk.member("sam", only_for(Role::Manager, &[&other])).await;
    let stranger = desk.user("eve").await.id;
    let all = [mia, ben, sam, stranger, desk.owner];
    let post = desk.draft("Quiet").await;

    let inner = to(CommentDraft::internal(note("Inner")), &all);
    let inner = owner.comments().add(post.id, inner).await.unwrap();
    assert_eq!(inner.mentions, sorted(&[mia, desk.owner]));
    let early = to(CommentDraft::for_client(note("Early")), &all);
    let early = owner.comments().add(post.id, early).await.unwrap();
    assert_eq!(early.mentions, sorted(&[mia, desk.owner]), "the client can't see drafts");
    assert_eq!(told(&desk, ben).await, []);

    owner.posts().submit(post.id, None).await.unwrap();
    let later = to(CommentDraft::for_client(note("Later")), &all);
    let later = owner.comments().add(post.id, later).await.unwrap();
    assert_eq!(later.mentions, sorted(&[mia, ben, desk.owner]));
    use NotificationTopic::{ApprovalRequested, Mention};
    assert_eq!(told(&desk, ben).await, [ApprovalRequested, Mention]);
    assert_eq!(told(&desk, mia).await, [Mention, Mention, Mention]);
    assert_eq!(told(&desk, sam).await, []);
    assert_eq!(told(&desk, stranger).await, []);
    assert_eq!(told(&desk, desk.owner).await, [], "nobody is told of their own words");

    let many = vec![mia; CommentDraft::MAX_MENTIONS + 1];
    let many = to(CommentDraft::internal(note("Hey")), &many);
    assert!(matches!(owner.comments().add(post.id, many).await, Err(Error::Invalid(_))));
    assert_eq!(desk.status(post.id).await, PostStatus::PendingApproval);
}

fn sorted(users: &[UserId]) -> Vec<UserId> {
    let mut users = users.to_vec();
    users.sort_unstable();
    users
}
