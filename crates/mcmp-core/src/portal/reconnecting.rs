//! What goes on once a channel is connected again.

use std::collections::BTreeMap;

use super::posts::follow_jobs;
use super::{Session, Work};
use crate::account::SocialAccount;
use crate::error::Error;
use crate::event::Subject;
use crate::id::PostId;
use crate::post::Post;
use crate::publishing::{HoldReason, JobState, JobStep, PublishJob, advance};
use crate::store::{PublishJobFilter, StoreExt};

/// Lets the jobs go on that were held because their channel had to be connected again, in the same
/// change. What has become too late by then is judged as they are claimed.
pub(super) async fn resume_held(
    session: &Session,
    work: &mut Work<'_>,
    account: &SocialAccount,
) -> Result<(), Error> {
    let (store, scope) = (session.store(), session.scope());
    let filter = PublishJobFilter {
        client_id: Some(account.client_id),
        account_id: Some(account.id),
        states: vec![JobState::Held],
        ..Default::default()
    };
    let held: Vec<PublishJob> = store.all(scope, filter).await?;
    let mut resumed = BTreeMap::<PostId, Vec<PublishJob>>::new();
    for job in held.iter().filter(|job| job.hold_reason == Some(HoldReason::Reconnect)) {
        let advanced = advance(job, &JobStep::Reconnected, work.now())?;
        let mut next = advanced.job;
        work.changes().update(&mut next);
        if let Some(kind) = advanced.event {
            work.tell(kind, Some(next.client_id), Subject::of(&next), Vec::new(), None)?;
        }
        resumed.entry(next.post_id).or_default().push(next);
    }
    for (post_id, resumed) in resumed {
        let found: Option<Post> = store.find(scope, post_id).await?;
        let Some(mut post) = found else { continue };
        let filter = PublishJobFilter { post_id: Some(post_id), ..Default::default() };
        let mut jobs: Vec<PublishJob> = store.all(scope, filter).await?;
        for job in &mut jobs {
            if let Some(next) = resumed.iter().find(|next| next.id == job.id) {
                job.clone_from(next);
            }
        }
        follow_jobs(session, work, &mut post, &jobs).await?;
        // Written in any case: whoever looks at the same jobs at this moment looks again.
        work.changes().update(&mut post);
    }
    Ok(())
}
