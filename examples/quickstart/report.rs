//! What happens, line by line, as the engine's subscriber hears of it.

use std::collections::BTreeMap;
use std::sync::{Mutex, PoisonError};

use async_trait::async_trait;
use chrono::NaiveDate;
use mcmp_core::access::{Actor, Scope};
use mcmp_core::client::Client;
use mcmp_core::event::{Event, EventKind};
use mcmp_core::id::{Id, JobId, PostId};
use mcmp_core::post::Post;
use mcmp_core::publishing::{JobState, PublishJob};
use mcmp_core::store::StoreExt;
use mcmp_core::{Error, Portal};
use mcmp_scheduler::{EventSubscriber, SubscriberError};

/// Prints what people would want to know.
#[derive(Debug)]
pub(crate) struct Report {
    portal: Portal,
    scope: Scope,
    day: Mutex<Option<NaiveDate>>,
}

impl Report {
    pub(crate) fn new(portal: Portal) -> Result<Self, Error> {
        let scope = Actor::system("report").own_scope()?;
        Ok(Self { portal, scope, day: Mutex::default() })
    }

    async fn tell(&self, event: &Event) -> Result<(), Error> {
        let store = self.portal.store();
        let Some(client) = event.client_id else { return Ok(()) };
        let Some(client) = store.find::<Client>(&self.scope, client).await? else { return Ok(()) };
        let id = event.subject.id;
        let (post, place, what) = match event.kind {
            EventKind::PostApproved | EventKind::PostApprovalExpired | EventKind::PostCancelled => {
                let said = match event.kind {
                    EventKind::PostApproved => "approved by the client",
                    EventKind::PostCancelled => "cancelled in time",
                    _ => "never approved: back to draft, nothing goes out",
                };
                (PostId::from_uuid(id), "", said.to_owned())
            }
            _ => {
                let found = store.find::<PublishJob>(&self.scope, JobId::from_uuid(id)).await?;
                let Some(job) = found else { return Ok(()) };
                let Some(what) = said_of(event.kind, &job) else { return Ok(()) };
                let place = job.platform.as_str().to_owned();
                return self.line(event, &client, &place, job.post_id, &what).await;
            }
        };
        self.line(event, &client, place, post, &what).await
    }

    async fn line(
        &self,
        event: &Event,
        client: &Client,
        place: &str,
        post: PostId,
        what: &str,
    ) -> Result<(), Error> {
        let found: Option<Post> = self.portal.store().find(&self.scope, post).await?;
        let text = found.map_or_else(String::new, |post| post.content.body.as_str().to_owned());
        let text: String = text.chars().take(34).collect();
        let local = event.at.with_timezone(&client.zone);
        let day = event.at.date_naive();
        if self.day.lock().unwrap_or_else(PoisonError::into_inner).replace(day) != Some(day) {
            println!("\n{}", day.format("%A, %-d %B"));
        }
        let time = format!("{} {}", local.format("%H:%M"), local.format("%Z"));
        println!("  {time:<10} {:<14} {place:<9} {text:<35} {what}", client.name.as_str());
        Ok(())
    }

    /// How it all ended, platform by platform.
    pub(crate) async fn summary(&self, live: &BTreeMap<String, usize>) -> Result<(), Error> {
        let jobs: Vec<PublishJob> =
            self.portal.store().all(&self.scope, Default::default()).await?;
        println!("\nThe week           planned  published  live on the platform  cancelled");
        for (platform, live) in live {
            let of = |states: &[JobState]| {
                let here = |job: &&PublishJob| job.platform.as_str() == platform;
                jobs.iter().filter(here).filter(|job| states.contains(&job.state)).count()
            };
            let (published, cancelled) = (of(&[JobState::Published]), of(&[JobState::Cancelled]));
            println!(
                "  {platform:<15} {:>8} {published:>10} {live:>21} {cancelled:>10}",
                of(JobState::ALL)
            );
        }
        Ok(())
    }
}

/// What is said of a job's event; most are of no interest to people.
fn said_of(event: EventKind, job: &PublishJob) -> Option<String> {
    let error = job.last_error.as_ref().map_or("", |error| error.message.as_str());
    Some(match event {
        EventKind::JobPublished => "live".to_owned(),
        EventKind::JobRetryScheduled => {
            format!("tried again at {} UTC: {error}", job.due_at.format("%H:%M:%S"))
        }
        EventKind::JobOutcomeUnknown => "no answer: looked for before it is sent again".to_owned(),
        EventKind::JobFailed => format!("failed: {error}"),
        EventKind::JobHeld => format!("waits for a person: {error}"),
        EventKind::JobMissed => "missed".to_owned(),
        _ => return None,
    })
}

#[async_trait]
impl EventSubscriber for Report {
    async fn take(&self, event: &Event) -> Result<(), SubscriberError> {
        self.tell(event).await.map_err(SubscriberError::new)
    }
}
