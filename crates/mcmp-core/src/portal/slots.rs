//! Queue slots: when a client's or an account's queue publishes.

use std::collections::BTreeSet;

use chrono::{DateTime, TimeDelta, Utc};

use super::Session;
use crate::account::SocialAccount;
use crate::client::Client;
use crate::error::Error;
use crate::id::{AccountId, ClientId};
use crate::lifecycle::PostStatus;
use crate::member::Permission;
use crate::post::Post;
use crate::store::{PostFilter, StoreExt};
use crate::time::{QueueSlots, Schedule, next_free_slot};

/// Queue slots, and the next one that is free. They are set with the settings of the client or the
/// account.
#[derive(Debug, Clone, Copy)]
pub struct Slots<'s> {
    pub(super) session: &'s Session,
}

impl Slots<'_> {
    /// How far ahead a free slot is looked for, in days.
    pub const HORIZON_DAYS: u32 = 366;

    /// The weekly slots of a client, in its zone.
    ///
    /// # Errors
    /// No permission, or no such client.
    pub async fn of_client(&self, client: ClientId) -> Result<QueueSlots, Error> {
        let client: Client = self.session.load_for(Permission::View, client).await?;
        Ok(client.queue_slots)
    }

    /// The weekly slots that an account's queue goes by, in its client's zone: its own, or its
    /// client's if it has none.
    ///
    /// # Errors
    /// No permission, or no such account.
    pub async fn of_account(&self, account: AccountId) -> Result<QueueSlots, Error> {
        let account: SocialAccount = self.session.load_for(Permission::View, account).await?;
        match account.queue_slots.is_empty() {
            true => self.of_client(account.client_id).await,
            false => Ok(account.queue_slots),
        }
    }

    /// The next free slot of an account, or of the client as a whole, after `after` and not in the
    /// past; `None` is after now. A slot is taken if a post that goes to the account, or any post
    /// of the client, is planned for it, drafts included.
    ///
    /// Two people who ask at the same time are told the same slot: it is taken once a post is
    /// planned for it.
    ///
    /// # Errors
    /// No permission, no such client, an account of another client, or [`Error::NoFreeSlot`].
    pub async fn next_free(
        &self,
        client: ClientId,
        account: Option<AccountId>,
        after: Option<DateTime<Utc>>,
    ) -> Result<Schedule, Error> {
        let client: Client = self.session.load_for(Permission::ViewInternal, client).await?;
        let slots = match account {
            None => client.queue_slots.clone(),
            Some(account) => {
                self.session.named::<SocialAccount>("account", account, client.id).await?;
                self.of_account(account).await?
            }
        };
        let now = self.session.now();
        let after = after.map_or(now, |after| after.max(now));
        let taken = self.taken(&client, account, after).await?;
        let windows = &client.posting_windows;
        let horizon = Self::HORIZON_DAYS;
        Ok(next_free_slot(&slots, client.zone, after, windows, &taken, horizon)?)
    }

    async fn taken(
        &self,
        client: &Client,
        account: Option<AccountId>,
        after: DateTime<Utc>,
    ) -> Result<BTreeSet<DateTime<Utc>>, Error> {
        // A day more than is looked through, so that no edge is left out.
        let span = TimeDelta::days(i64::from(Self::HORIZON_DAYS) + 1);
        let planned = PostFilter {
            client_id: Some(client.id),
            account_id: account,
            planned_from: Some(after),
            planned_until: after.checked_add_signed(span),
            statuses: PostStatus::ALL
                .iter()
                .copied()
                .filter(|s| !matches!(s, PostStatus::Cancelled | PostStatus::Archived))
                .collect(),
            ..Default::default()
        };
        let posts: Vec<Post> = self.session.store().all(self.session.scope(), planned).await?;
        Ok(posts.iter().filter_map(Post::planned_at).collect())
    }
}
