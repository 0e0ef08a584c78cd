//! Channels whose tokens or grants end soon.

use chrono::TimeDelta;

use super::{Round, Upkeep, due_by, later, pass_over};
use crate::account::{AccountStatus, SocialAccount};
use crate::error::Error;
use crate::store::{Cursor, Direction, Page, Query, Read, SocialAccountFilter, Sort};

impl Upkeep {
    /// Up to `limit` channels whose access token ends within `lead` and can be refreshed, soonest
    /// first, from `after` on. Those that were refreshed are no longer on it. Follow
    /// [`Page::next`] to its end before beginning anew: those in front may be refused each time, and
    /// must not keep the others from their turn.
    ///
    /// # Errors
    /// The store can't be reached or fails.
    pub async fn due_for_refresh(
        &self,
        lead: TimeDelta,
        limit: usize,
        after: Option<Cursor>,
    ) -> Result<Page<SocialAccount>, Error> {
        let (mut due, mut next) = (Vec::new(), after);
        loop {
            let page = self.ending(lead, limit, next).await?;
            next = page.next;
            due.extend(page.items.into_iter().filter(|account| self.can_refresh(account)));
            if !due.is_empty() || next.is_none() {
                return Ok(Page { items: due, next });
            }
        }
    }

    /// Notes of up to `limit` channels whose access token ends within `notice` that their grant ends:
    /// from then on they are expiring, or expired, and those who can connect them again are told
    /// once. A refresh token's own end is looked at too, with the access token's.
    /// [`Round::done`] counts channels whose status changed.
    ///
    /// # Errors
    /// The store can't be reached or fails.
    pub async fn record_expiries(&self, notice: TimeDelta, limit: usize) -> Result<Round, Error> {
        let (mut done, mut after) = (0, None);
        let now = self.now().await?;
        loop {
            let page = self.ending(notice, Query::<SocialAccount>::MAX_LIMIT, after).await?;
            for account in page.items {
                if account.status_at(now, notice) == account.status {
                    continue;
                }
                if done >= limit {
                    return Ok(Round { done, more: true });
                }
                let session = self.session(account.agency_id).await?;
                let noted = session.grants().record_expiry(account.id, notice).await;
                done += usize::from(pass_over(noted)?.is_some());
            }
            after = page.next;
            if after.is_none() {
                return Ok(Round { done, more: false });
            }
        }
    }

    /// A page of usable channels whose access token ends within `lead`, soonest first.
    async fn ending(
        &self,
        lead: TimeDelta,
        limit: usize,
        after: Option<Cursor>,
    ) -> Result<Page<SocialAccount>, Error> {
        let before = due_by(later(self.now().await?, lead));
        let filter = SocialAccountFilter {
            statuses: vec![AccountStatus::Connected, AccountStatus::Expiring],
            access_expires_before: Some(before),
            ..Default::default()
        };
        let query = Query::<SocialAccount>::new(filter)
            .sorted(Sort::Planned, Direction::Ascending)
            .limit(limit.clamp(1, Query::<SocialAccount>::MAX_LIMIT))
            .after(after);
        Ok(Read::<SocialAccount>::list(self.store(), &self.scope, &query).await?)
    }

    fn can_refresh(&self, account: &SocialAccount) -> bool {
        let publisher = self.portal.publishers().get(&account.platform);
        let has_token = account.tokens.as_ref().is_some_and(|tokens| tokens.refresh.is_some());
        has_token && publisher.is_some_and(|publisher| publisher.capabilities().refresh)
    }
}
