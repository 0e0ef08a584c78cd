//! Tokens that end soon.

use async_trait::async_trait;
use mcmp_core::access::Actor;
use mcmp_core::account::SocialAccount;
use mcmp_core::id::AccountId;
use mcmp_core::portal::Refreshed;
use mcmp_core::publishing::WorkerId;
use mcmp_core::{Error, ErrorKind, Portal};
use tokio::task::{JoinError, JoinSet};
use tracing::{Instrument, error, warn};

use super::{Again, Chore, ChoreError, Loop, Round};
use crate::engine::Shared;

/// Most accounts that are looked at in a round.
const BATCH: usize = 100;

/// Most accounts that are refreshed at once: a platform that does not answer keeps the others
/// waiting no longer than it must.
const AT_ONCE: usize = 16;

/// Refreshes tokens ahead of their end, and tells people of grants that end. One at a time per
/// grant: the use case sees to that, over all processes.
#[derive(Debug)]
pub(crate) struct Refresh;

async fn refresh(
    portal: Portal,
    worker: WorkerId,
    account: SocialAccount,
) -> Result<bool, (AccountId, Error)> {
    let id = account.id;
    let refreshed = async {
        let actor = Actor::system("scheduler");
        let session = portal.session(&actor, account.agency_id).await?;
        let tokens = session.grants().open_tokens(id).await?;
        session.grants().refresh(id, &tokens, &worker).await
    };
    let refreshed = refreshed.await.map_err(|error| (id, error))?;
    if let Refreshed::Temporary(error) = &refreshed {
        warn!(account = %id, %error, "tokens were not refreshed this time");
    }
    Ok(matches!(refreshed, Refreshed::Renewed(_)))
}

/// Whether new tokens are there; one account that was disconnected meanwhile, or whose tokens can't
/// be opened, stops no other.
fn judge(ended: Result<Result<bool, (AccountId, Error)>, JoinError>) -> Result<bool, Error> {
    match ended {
        Ok(Ok(is_renewed)) => Ok(is_renewed),
        Ok(Err((_, error))) if error.kind() == ErrorKind::Unavailable => Err(error),
        Ok(Err((account, error))) => {
            warn!(%account, %error, "tokens can't be refreshed");
            Ok(false)
        }
        Err(error) => {
            error!(%error, "refreshing an account's tokens panicked");
            Ok(false)
        }
    }
}

#[async_trait]
impl Chore for Refresh {
    fn which(&self) -> Loop {
        Loop::Refresh
    }

    async fn round(&mut self, engine: &Shared) -> Result<Round, ChoreError> {
        let upkeep = &engine.upkeep;
        let due = upkeep.due_for_refresh(engine.settings.refresh_ahead, BATCH).await?;
        let (mut done, found, mut tasks) = (0, due.len(), JoinSet::new());
        for account in due {
            if tasks.len() >= AT_ONCE
                && let Some(ended) = tasks.join_next().await
            {
                done += usize::from(judge(ended)?);
            }
            let (portal, worker) = (engine.portal.clone(), engine.worker.id().clone());
            tasks.spawn(refresh(portal, worker, account).in_current_span());
        }
        while let Some(ended) = tasks.join_next().await {
            done += usize::from(judge(ended)?);
        }
        let expiring = upkeep.record_expiries(engine.settings.expiry_notice, BATCH).await?;
        let is_more = expiring.more || (found == BATCH && done > 0);
        let every = Again::After(engine.settings.refresh_every);
        Ok(Round { done: done + expiring.done, again: if is_more { Again::AtOnce } else { every } })
    }
}
