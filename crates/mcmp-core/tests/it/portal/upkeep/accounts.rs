//! Channels whose tokens or grants end soon.

use chrono::TimeDelta;
use mcmp_core::account::{AccountStatus, Platform, SocialAccount, Tokens};
use mcmp_core::notification::NotificationTopic;
use mcmp_core::portal::RefreshOutcome;
use mcmp_core::secret::SecretText;

use super::super::desk::{Desk, channel};

impl Desk {
    /// A channel whose access token ends in so many hours.
    async fn ending(&self, label: &str, hours: i64, refresh: bool) -> SocialAccount {
        let mut connection = channel(Platform::FACEBOOK, label);
        connection.tokens = tokens(self, hours, refresh);
        self.owners().await.accounts().connect(self.client.id, connection).await.unwrap()
    }
}

fn tokens(desk: &Desk, hours: i64, refresh: bool) -> Tokens {
    Tokens {
        refresh: refresh.then(|| SecretText::new("REFRESH")),
        access_expires_at: Some(desk.hours(hours)),
        ..Tokens::new(SecretText::new("ACCESS"))
    }
}

#[tokio::test]
async fn tokens_are_refreshed_soonest_first_until_they_are_fresh() {
    let desk = Desk::new().await;
    let third = desk.ending("third", 5, true).await;
    let first = desk.ending("first", 1, true).await;
    let second = desk.ending("second", 2, true).await;
    desk.ending("much later", 100, true).await;
    desk.ending("not to be refreshed", 1, false).await;
    let off = desk.ending("off", 1, true).await;
    desk.owners().await.accounts().disconnect(off.id).await.unwrap();

    let upkeep = desk.portal.upkeep().unwrap();
    let due = async |limit| {
        let (mut found, mut after) = (Vec::new(), None);
        loop {
            let page = upkeep.due_for_refresh(TimeDelta::hours(6), limit, after).await.unwrap();
            assert!(page.items.len() <= limit);
            found.extend(page.items.into_iter().map(|account| account.id));
            after = page.next;
            if after.is_none() {
                return found;
            }
        }
    };
    assert_eq!(due(10).await, [first.id, second.id, third.id]);
    assert_eq!(due(2).await, [first.id, second.id, third.id], "piece by piece");
    let system = desk.systems().await;
    let old = system.grants().open_tokens(first.id).await.unwrap();
    let tokens = tokens(&desk, 60, true);
    let fresh = RefreshOutcome::Refreshed { tokens, granted_scopes: None };
    system.grants().record_refresh(first.id, &old, fresh).await.unwrap();
    assert_eq!(due(10).await, [second.id, third.id]);
}

#[tokio::test]
async fn a_grant_that_ends_is_told_once() {
    let desk = Desk::new().await;
    let ends = desk.ending("ends", 24 * 10, false).await;
    let goes_on = desk.ending("goes on", 24 * 10, true).await;
    let upkeep = desk.portal.upkeep().unwrap();
    let notice = TimeDelta::days(7);
    let note = async || upkeep.record_expiries(notice, 10).await.unwrap().done;
    let status = async |id| desk.owners().await.accounts().get(id).await.unwrap().status;
    assert_eq!(note().await, 0);
    desk.clock.advance(TimeDelta::days(4));
    let (one, two) =
        tokio::join!(upkeep.record_expiries(notice, 10), upkeep.record_expiries(notice, 10));
    assert!(one.unwrap().done + two.unwrap().done >= 1);
    assert_eq!(note().await, 0);
    assert_eq!(status(ends.id).await, AccountStatus::Expiring);
    assert_eq!(desk.told(desk.owner, NotificationTopic::AccountNeedsReconnect).await.len(), 1);
    desk.clock.advance(TimeDelta::days(7));
    assert_eq!(note().await, 1);
    assert_eq!(note().await, 0);
    assert_eq!(status(ends.id).await, AccountStatus::Expired);
    assert_eq!(status(goes_on.id).await, AccountStatus::Connected);
    assert_eq!(desk.told(desk.owner, NotificationTopic::AccountNeedsReconnect).await.len(), 2);
}
