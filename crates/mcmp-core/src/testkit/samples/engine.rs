//! What the engine keeps for itself.

use super::{Maker, Place, Sample, fields};
use crate::account::{AppCredentialsRef, Platform};
use crate::duty::{Duty, DutyName};
use crate::publishing::{BudgetKey, Rate, RateBudget, WorkerId};
use crate::store::{ChangeSet, Version};
use crate::testkit::vary::Vary;

impl Sample for Duty {
    fn sample(maker: &Maker, _place: &Place, seq: u64) -> Self {
        let (mut v, id) = (Vary::new(seq), maker.id());
        let name: String = format!("{id}/{}", v.text()).chars().take(DutyName::MAX).collect();
        Self {
            id,
            version: Version::NEW,
            name: DutyName::new("name", name).unwrap(),
            holder: v.maybe(|v| WorkerId(v.text().to_owned())),
            held_until: v.maybe(|v| v.time(maker.base())),
            progress: v.json(),
        }
    }

    fn amend(&mut self, changes: &mut ChangeSet, vary: &mut Vary) -> bool {
        self.progress = vary.json();
        changes.update(self);
        true
    }

    fields! {
        name = |row, v| Some(row.name.clone()),
    }
}

impl Sample for RateBudget {
    fn sample(maker: &Maker, place: &Place, seq: u64) -> Self {
        let (mut v, id) = (Vary::new(seq), maker.id());
        let app = BudgetKey::App {
            platform: v.pick(&[Platform::X, Platform::new("mastodon").unwrap()]),
            credentials: v
                .maybe(|v| AppCredentialsRef::Own(v.id()))
                .unwrap_or(AppCredentialsRef::Instance),
            calls: v.text().to_owned(),
        };
        Self {
            id,
            version: Version::NEW,
            key: v.pick(&[
                app,
                BudgetKey::CatchUp,
                BudgetKey::Account { account_id: place.account_id, calls: String::new() },
            ]),
            rate: v.pick(&[
                Rate::new(1, Rate::MAX_PERIOD).unwrap(),
                Rate::new(u32::MAX, chrono::TimeDelta::milliseconds(1)).unwrap(),
            ]),
            learnt: v.below(2) == 0,
            full_at: v.time(maker.base()),
            blocked_until: v.maybe(|v| v.time(maker.base())),
        }
    }

    fn amend(&mut self, changes: &mut ChangeSet, vary: &mut Vary) -> bool {
        self.full_at = vary.time(self.full_at);
        changes.update(self);
        true
    }

    fields! {
        key = |row, v| Some(row.key.clone()),
    }
}
