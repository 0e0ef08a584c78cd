//! What a rule looks at in the end: what the public sees, and whether a secret got out.

use serde::Serialize;

use super::draft::SampleFile;
use super::leaks;
use super::platform::LivePost;
use super::stage::{Planned, Stage};
use crate::event::Event;
use crate::post::Post;
use crate::publishing::{Attempt, FollowUpOutcome, JobState, PublishJob, RemoteRef};
use crate::store::{AttemptFilter, EventFilter, PublishJobFilter, StoreExt};

impl Stage {
    /// The post is live, once and as it was written, and its job knows where.
    pub(super) async fn assert_published(&self, planned: &Planned) -> Vec<LivePost> {
        let job = self.job(planned).await;
        assert_eq!(job.state, JobState::Published, "{job:#?}");
        let live = self.assert_live_once(planned).await;
        let follow_ups = job.follow_ups.iter().map(|follow_up| match &follow_up.outcome {
            FollowUpOutcome::Live { remote } => remote,
            other => panic!("{:?} is not live: {other:?}", follow_up.part),
        });
        let remotes: Vec<&RemoteRef> = job.remote.iter().chain(follow_ups).collect();
        let ids: Vec<&str> = remotes.iter().map(|remote| remote.id.as_str()).collect();
        let expected: Vec<&str> = live.iter().map(|live| live.id.as_str()).collect();
        assert_eq!(ids, expected, "the ids that came back");
        for (remote, live) in remotes.iter().zip(&live) {
            if live.url.is_some() {
                assert_eq!(remote.url, live.url, "the address that came back");
            }
        }
        live
    }

    /// Each part of the post is live once, as it was written, and nothing else is.
    pub(super) async fn assert_live_once(&self, planned: &Planned) -> Vec<LivePost> {
        let live = self.platform.live().await;
        let texts: Vec<&str> = live.iter().map(|live| live.text.as_str()).collect();
        assert_eq!(texts, planned.draft.texts(), "what a reader sees");
        if let Some(title) = live.first().and_then(|live| live.title.as_ref()) {
            assert_eq!(*title, planned.draft.title, "the title that a reader sees");
        }
        let first = live.first().expect("the first part is there");
        let expected: Vec<_> = planned.draft.media.iter().map(SampleFile::checksum).collect();
        let arrived: Vec<_> = first.media.iter().map(|media| media.checksum.clone()).collect();
        assert_eq!(arrived, expected, "the files that arrived, in order, by their SHA-256");
        if self.platform.takes_alt_text() {
            let expected: Vec<_> = planned.draft.media.iter().map(|file| &file.alt_text).collect();
            let arrived: Vec<_> = first.media.iter().map(|media| &media.alt_text).collect();
            assert_eq!(arrived, expected, "the descriptions that arrived");
        }
        assert_eq!(first.parent, None, "the first part stands under nothing");
        for (place, pair) in live.windows(2).enumerate() {
            let above = if place < planned.draft.thread.len() { &pair[0] } else { first };
            assert_eq!(pair[1].parent.as_ref(), Some(&above.id), "what a part stands under");
        }
        live
    }

    /// Nothing of what the publisher was given in confidence stands in anything that is kept, shown
    /// or logged.
    pub(super) async fn check_secrets(&self) {
        let mut secrets: Vec<String> = self.watched.secrets().into_iter().collect();
        secrets.extend(self.platform.secrets());
        for secret in &secrets {
            assert!(secret.len() >= 8, "secrets of eight characters at least, to tell them apart");
        }
        let mut texts = self.watched.texts();
        let scope = Self::scope();
        let session = self.systems().await;
        let account = session.accounts().get(self.account.id).await.unwrap();
        write(&mut texts, "the account", &[account]);
        let jobs: Vec<PublishJob> =
            self.store.all(&scope, PublishJobFilter::default()).await.unwrap();
        for job in &jobs {
            let filter = AttemptFilter { job_id: Some(job.id) };
            let attempts: Vec<Attempt> = self.store.all(&scope, filter).await.unwrap();
            write(&mut texts, "an attempt", &attempts);
            let post: Option<Post> = self.store.find(&scope, job.post_id).await.unwrap();
            write(&mut texts, "the post", &post.into_iter().collect::<Vec<_>>());
        }
        write(&mut texts, "a job", &jobs);
        let events: Vec<Event> = self.store.all(&scope, EventFilter::default()).await.unwrap();
        write(&mut texts, "an event", &events);
        texts.push(("the portal's Debug".to_owned(), format!("{:?}", self.portal.publishers())));
        if let Some(leak) = leaks::find(&secrets, &texts) {
            panic!("a secret was shown: {leak}");
        }
    }
}

fn write<T: Serialize + std::fmt::Debug>(
    texts: &mut Vec<(String, String)>,
    what: &str,
    items: &[T],
) {
    for item in items {
        texts.push((what.to_owned(), serde_json::to_string(item).unwrap()));
        texts.push((what.to_owned(), format!("{item:?}")));
    }
}
