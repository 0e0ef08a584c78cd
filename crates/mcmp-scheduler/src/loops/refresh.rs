//! Tokens that end soon.

use std::collections::BTreeMap;
use std::time::Duration;

use async_trait::async_trait;
use mcmp_core::access::Actor;
use mcmp_core::account::SocialAccount;
use mcmp_core::id::AccountId;
use mcmp_core::portal::Refreshed;
use mcmp_core::publishing::WorkerId;
use mcmp_core::store::Cursor;
use mcmp_core::{Error, ErrorKind, Portal};
use tokio::task::{JoinError, JoinSet};
use tokio::time::Instant;
use tracing::{Instrument, error, warn};

use super::{Again, Chore, ChoreError, Loop, Round};
use crate::engine::Shared;

/// Most accounts that are looked at in a round.
const BATCH: usize = 100;

/// Most accounts that are refreshed at once: a platform that does not answer keeps the others
/// waiting no longer than it must.
const AT_ONCE: usize = 16;

/// Most rounds that an account sits out which can't be refreshed.
const MAX_ROUNDS: u32 = 15;

/// How long an account that can't be refreshed is remembered once it is no longer met.
const REMEMBERED: Duration = Duration::from_secs(3_600);

/// Refreshes tokens ahead of their end, and tells people of grants that end. One at a time per
/// grant: the use case sees to that, over all processes.
#[derive(Debug, Default)]
pub(crate) struct Refresh {
    /// Where the next round goes on: all have their turn before the first comes again.
    after: Option<Cursor>,
    troubled: BTreeMap<AccountId, Trouble>,
}

/// An account whose tokens could not be refreshed.
#[derive(Debug)]
struct Trouble {
    failures: u32,
    until: Instant,
}

async fn refresh(portal: Portal, worker: WorkerId, account: SocialAccount) -> Ended {
    let id = account.id;
    let refreshed = async {
        let actor = Actor::system("scheduler");
        let session = portal.session(&actor, account.agency_id).await?;
        let tokens = session.grants().open_tokens(id).await?;
        session.grants().refresh(id, &tokens, &worker).await
    };
    (id, refreshed.await)
}

/// What came of asking for one account.
type Ended = (AccountId, Result<Refreshed, Error>);

/// What came of a round so far.
#[derive(Debug, Default)]
struct Tally {
    renewed: usize,
    /// That the store was gone; told once all that is under way has come to its end.
    gone: Option<Error>,
}

impl Refresh {
    /// One account that was disconnected meanwhile, or whose tokens can't be opened, stops no other.
    fn judge(&mut self, ended: Result<Ended, JoinError>, every: Duration, tally: &mut Tally) {
        let (account, refreshed) = match ended {
            Ok(ended) => ended,
            Err(error) => return error!(%error, "refreshing an account's tokens panicked"),
        };
        match refreshed {
            Ok(Refreshed::Renewed(_)) => {
                tally.renewed += 1;
                self.troubled.remove(&account);
            }
            Ok(Refreshed::Temporary(error)) => {
                warn!(%account, %error, "tokens were not refreshed this time");
                self.sit_out(account, every);
            }
            Ok(_) => {}
            Err(error) if error.kind() == ErrorKind::Unavailable => {
                tally.gone.get_or_insert(error);
            }
            Err(error) => {
                warn!(%account, %error, "tokens can't be refreshed");
                self.sit_out(account, every);
            }
        }
    }

    /// The more often it failed, the more rounds go by without it.
    fn sit_out(&mut self, account: AccountId, every: Duration) {
        let now = Instant::now();
        let trouble = self.troubled.entry(account).or_insert(Trouble { failures: 0, until: now });
        trouble.failures = trouble.failures.saturating_add(1);
        let rounds = (1 + trouble.failures / 3).min(MAX_ROUNDS);
        // Half a round less, as rounds are no exact time apart.
        trouble.until = now + every * rounds - every / 2;
    }

    fn sits_out(&self, account: AccountId) -> bool {
        self.troubled.get(&account).is_some_and(|trouble| trouble.until > Instant::now())
    }
}

#[async_trait]
impl Chore for Refresh {
    fn which(&self) -> Loop {
        Loop::Refresh
    }

    async fn round(&mut self, engine: &Shared) -> Result<Round, ChoreError> {
        let (upkeep, every) = (&engine.upkeep, engine.settings.refresh_every);
        let due = upkeep.due_for_refresh(engine.settings.refresh_ahead, BATCH, self.after).await?;
        let (mut tally, mut tasks) = (Tally::default(), JoinSet::new());
        for account in due.items {
            if self.sits_out(account.id) {
                continue;
            }
            if tasks.len() >= AT_ONCE
                && let Some(ended) = tasks.join_next().await
            {
                self.judge(ended, every, &mut tally);
            }
            let (portal, worker) = (engine.portal.clone(), engine.worker.id().clone());
            tasks.spawn(refresh(portal, worker, account).in_current_span());
        }
        while let Some(ended) = tasks.join_next().await {
            self.judge(ended, every, &mut tally);
        }
        if let Some(error) = tally.gone {
            return Err(error.into());
        }
        self.after = due.next;
        self.troubled.retain(|_, trouble| trouble.until.elapsed() < REMEMBERED);
        let expiring = upkeep.record_expiries(engine.settings.expiry_notice, BATCH).await?;
        let is_more = expiring.more || self.after.is_some();
        Ok(Round {
            done: tally.renewed + expiring.done,
            again: if is_more { Again::AtOnce } else { Again::After(every) },
        })
    }
}
