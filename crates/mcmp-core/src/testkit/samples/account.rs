//! Social accounts.

use chrono::TimeDelta;

use super::{Maker, Place, Sample, fields, sealed};
use crate::account::{
    AccountKind, AccountStatus, AppCredentialsRef, ExternalId, Platform, SealedTokens,
    SocialAccount, UnknownOutcomePolicy,
};
use crate::publishing::MaxFailures;
use crate::store::{ChangeSet, Version};
use crate::testkit::vary::Vary;
use crate::time::QueueSlots;
use crate::value::WebUrl;

impl Sample for SocialAccount {
    fn sample(maker: &Maker, place: &Place, seq: u64) -> Self {
        let (mut v, id) = (Vary::new(seq), maker.id());
        let base = maker.base();
        Self {
            id,
            version: Version::NEW,
            agency_id: place.agency_id,
            client_id: place.client_id,
            platform: v.pick(&[
                Platform::INSTAGRAM,
                Platform::X,
                Platform::new("mastodon").unwrap(),
            ]),
            kind: v.pick(&[AccountKind::Page, AccountKind::Profile, AccountKind::Site]),
            external_id: ExternalId::new("external_id", format!("{id}/ü%")).unwrap(),
            handle: v.maybe(|v| v.text().to_owned()),
            display_name: v.name(),
            avatar_url: v.maybe(|_| WebUrl::new("url", "https://example.com/a.png?b=ü").unwrap()),
            status: v.pick(&[
                AccountStatus::Connected,
                AccountStatus::Expiring,
                AccountStatus::Disconnected,
            ]),
            status_detail: v.maybe(|v| v.text().to_owned()),
            tokens: v.maybe(|v| SealedTokens {
                access: sealed(v),
                refresh: v.maybe(sealed),
                access_expires_at: v.maybe(|v| v.time(base)),
                refresh_expires_at: v.maybe(|v| v.time(base)),
            }),
            granted_scopes: ["a.b".to_owned(), v.text().to_owned()].into(),
            app_credentials: v
                .maybe(|v| AppCredentialsRef::Own(v.id()))
                .unwrap_or(AppCredentialsRef::Instance),
            metadata: [("page.category".to_owned(), v.json()), ("$x".to_owned(), v.json())].into(),
            limits_profile: v.maybe(|_| "premium".to_owned()),
            queue_slots: QueueSlots::default(),
            unknown_outcome: UnknownOutcomePolicy::Hold,
            max_failures: MaxFailures::new(3).unwrap(),
            created_at: v.time(base),
            updated_at: v.time(base),
        }
    }

    fn amend(&mut self, changes: &mut ChangeSet, vary: &mut Vary) -> bool {
        self.display_name = vary.name();
        self.external_id =
            ExternalId::new("external_id", vary.id::<crate::id::AccountId>().to_string()).unwrap();
        changes.update(self);
        true
    }

    fields! {
        client_id = |row, v| Some(row.client_id),
        platforms = |row, v| vec![row.platform.clone()],
        statuses = |row, v| vec![row.status, AccountStatus::Revoked],
        access_expires_before = |row, v| Some(
            row.tokens.as_ref().and_then(|t| t.access_expires_at).unwrap_or(row.created_at)
                + TimeDelta::milliseconds(v.below(2) as i64)
        ),
    }
}
