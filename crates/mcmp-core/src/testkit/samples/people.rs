//! Agencies, clients and people.

use chrono::{NaiveTime, TimeDelta, Weekday};

use super::{Maker, Place, Sample, fields, sealed, token_hash};
use crate::agency::{
    Agency, AgencyStatus, Branding, IdentityProtocol, IdentityProvider, Plan, PlanTier,
};
use crate::approval::{ApprovalPolicy, Deciders, Stage};
use crate::client::{Brand, Client, ClientStatus, CtaTemplate, Hashtag, HashtagSet};
use crate::id::Id;
use crate::member::{
    ApiKey, Coverage, Grant, Invitation, LinkedIdentity, Membership, NotificationPreferences,
    Permission, PermissionSet, Role, User,
};
use crate::notification::{NotificationChannel, NotificationTopic};
use crate::publishing::{LatenessPolicy, WhenLate};
use crate::rules::ClientRules;
use crate::store::{ChangeSet, Version};
use crate::testkit::vary::Vary;
use crate::time::{PostingWindows, QueueSlots, SlotTime, TimeWindow};
use crate::value::{Color, Email, Slug, WebUrl};

fn slug(id: impl Id) -> Slug {
    Slug::new("slug", format!("s-{}", id.uuid().simple())).unwrap()
}

fn email(id: impl Id) -> Email {
    Email::new("email", format!("someone+{}@example.com", id.uuid().simple())).unwrap()
}

fn coverage(place: &Place, vary: &mut Vary) -> Coverage {
    match vary.below(4) {
        0 => Coverage::WholeAgency,
        1 => Coverage::clients([place.client_id, place.sibling]).unwrap(),
        _ => Coverage::clients([place.client_id]).unwrap(),
    }
}

fn grant(place: &Place, vary: &mut Vary) -> Grant {
    let mut grant = Grant::new(
        vary.pick(&[Role::Owner, Role::Manager, Role::Viewer, Role::Creator]),
        coverage(place, vary),
    )
    .unwrap();
    grant.added = vary.some(Permission::ALL).into_iter().collect();
    grant.removed = vary.maybe(|v| v.pick(Permission::ALL)).into_iter().collect();
    grant
}

impl Sample for Agency {
    fn sample(maker: &Maker, _place: &Place, seq: u64) -> Self {
        let (mut v, id) = (Vary::new(seq), maker.id());
        let base = maker.base();
        Self {
            id,
            version: Version::NEW,
            name: v.name(),
            subdomain: slug(id),
            branding: Branding {
                product_name: v.maybe(Vary::name),
                logo_url: v.maybe(|_| WebUrl::new("url", "https://exämple.com/ä?q=1#f").unwrap()),
                primary_color: v.maybe(|_| Color::new("color", "#00ff7f").unwrap()),
                accent_color: None,
                support_email: v.maybe(|_| email(id)),
            },
            status: v.pick(&[AgencyStatus::Active, AgencyStatus::Suspended, AgencyStatus::Deleted]),
            plan: Plan::of(v.pick(PlanTier::ALL)),
            identity_providers: v
                .maybe(|v| IdentityProvider {
                    key: Slug::new("key", "okta").unwrap(),
                    name: v.name(),
                    protocol: IdentityProtocol::Oidc,
                    issuer: WebUrl::new("issuer", "https://id.example.com").unwrap(),
                    oauth_client_id: v.text().to_owned(),
                    oauth_client_secret: v.maybe(sealed),
                    enabled: v.flag(),
                })
                .into_iter()
                .collect(),
            created_at: v.time(base),
            updated_at: v.time(base),
        }
    }

    fn amend(&mut self, changes: &mut ChangeSet, vary: &mut Vary) -> bool {
        self.name = vary.name();
        self.subdomain = slug(vary.id::<crate::id::AgencyId>());
        changes.update(self);
        true
    }

    fields! {
        subdomain = |row, v| Some(row.subdomain.clone()),
        statuses = |row, v| vec![row.status],
    }
}

impl Sample for Client {
    fn sample(maker: &Maker, place: &Place, seq: u64) -> Self {
        let (mut v, id) = (Vary::new(seq), maker.id());
        let base = maker.base();
        let nine = NaiveTime::from_hms_opt(9, 0, 0).unwrap();
        let stage = Stage {
            name: v.name(),
            deciders: Deciders {
                roles: [Role::Manager].into(),
                users: [v.shared_id()].into(),
                guests: v.flag(),
            },
            quorum: 2,
            author_may_approve: v.flag(),
            due_within_hours: v.maybe(|_| 48),
        };
        Self {
            id,
            version: Version::NEW,
            agency_id: place.agency_id,
            name: v.name(),
            slug: slug(id),
            status: v.pick(&[ClientStatus::Active, ClientStatus::Paused, ClientStatus::Archived]),
            zone: v.pick(&[chrono_tz::Europe::Vienna, chrono_tz::Asia::Kathmandu, chrono_tz::UTC]),
            brand: Brand {
                logo: v.maybe(Vary::id),
                colors: vec![Color::new("color", "#123").unwrap()],
                fonts: vec![v.name()],
            },
            guidelines: v.markdown(),
            hashtag_bank: vec![HashtagSet {
                name: v.name(),
                hashtags: vec![Hashtag::new("hashtag", "größe").unwrap()],
            }],
            cta_templates: vec![CtaTemplate { name: v.name(), text: v.post_text(), link: None }],
            posting_windows: PostingWindows::new(
                "windows",
                vec![TimeWindow::whole_day(Weekday::Mon)],
            )
            .unwrap(),
            queue_slots: QueueSlots::new("slots", vec![SlotTime::new(Weekday::Tue, nine)]).unwrap(),
            rules: ClientRules::default(),
            approval_policy: if v.flag() {
                ApprovalPolicy::stages(vec![stage]).unwrap()
            } else {
                ApprovalPolicy::none()
            },
            lateness: LatenessPolicy::new(WhenLate::Skip, 90).unwrap(),
            default_accounts: vec![v.id(), v.id()],
            created_at: v.time(base),
            updated_at: v.time(base),
        }
    }

    fn amend(&mut self, changes: &mut ChangeSet, vary: &mut Vary) -> bool {
        self.name = vary.name();
        self.slug = slug(vary.id::<crate::id::ClientId>());
        changes.update(self);
        true
    }

    fields! {
        agency_id = |row, v| Some(row.agency_id),
        slug = |row, v| Some(row.slug.clone()),
        statuses = |row, v| vec![row.status, ClientStatus::Archived],
    }
}

impl Sample for User {
    fn sample(maker: &Maker, _place: &Place, seq: u64) -> Self {
        let (mut v, id) = (Vary::new(seq), maker.id());
        let base = maker.base();
        let identity = |v: &mut Vary, provider: &str| LinkedIdentity {
            provider: Slug::new("provider", provider).unwrap(),
            subject: format!("{}|{id}", v.text()),
            linked_at: base,
        };
        Self {
            id,
            version: Version::NEW,
            email: email(id),
            name: v.name(),
            identities: match v.below(3) {
                0 => Vec::new(),
                1 => vec![identity(&mut v, "google")],
                _ => vec![identity(&mut v, "google"), identity(&mut v, "okta")],
            },
            notification_preferences: NotificationPreferences(
                [(NotificationTopic::Mention, vec![NotificationChannel::Email])].into(),
            ),
            active: v.flag(),
            created_at: v.time(base),
            updated_at: v.time(base),
        }
    }

    fn amend(&mut self, changes: &mut ChangeSet, vary: &mut Vary) -> bool {
        self.name = vary.name();
        self.email = email(vary.id::<crate::id::UserId>());
        self.identities.clear();
        changes.update(self);
        true
    }

    fields! {
        email = |row, v| Some(row.email.clone()),
        identity = |row, v| Some(row.identities.last().map_or_else(
            || (Slug::new("provider", "google").unwrap(), "nobody".to_owned()),
            |identity| (identity.provider.clone(), identity.subject.clone()),
        )),
    }
}

impl Sample for Membership {
    fn sample(maker: &Maker, place: &Place, seq: u64) -> Self {
        let (mut v, id) = (Vary::new(seq), maker.id());
        let base = maker.base();
        Self {
            id,
            version: Version::NEW,
            agency_id: place.agency_id,
            user_id: place.user_id,
            display_name: v.name(),
            email: email(id),
            grant: grant(place, &mut v),
            created_at: v.time(base),
            updated_at: v.time(base),
        }
    }

    fn amend(&mut self, changes: &mut ChangeSet, vary: &mut Vary) -> bool {
        self.display_name = vary.name();
        changes.update(self);
        true
    }

    fields! {
        agency_id = |row, v| Some(row.agency_id),
        user_id = |row, v| Some(row.user_id),
        covers = |row, v| Some(match &row.grant.coverage {
            Coverage::Clients(clients) => v.pick(clients),
            Coverage::WholeAgency => v.shared_id(),
        }),
    }
}

impl Sample for Invitation {
    fn sample(maker: &Maker, place: &Place, seq: u64) -> Self {
        let (mut v, id) = (Vary::new(seq), maker.id());
        let base = maker.base();
        Self {
            id,
            version: Version::NEW,
            agency_id: place.agency_id,
            email: email(id),
            grant: grant(place, &mut v),
            token_hash: token_hash(&mut v, id),
            invited_by: v.maybe(Vary::shared_id),
            expires_at: v.time(base),
            accepted_at: v.maybe(|v| v.time(base)),
            revoked_at: (v.below(4) == 0).then(|| v.time(base)),
            created_at: v.time(base),
        }
    }

    fn amend(&mut self, changes: &mut ChangeSet, vary: &mut Vary) -> bool {
        self.accepted_at = vary.maybe(|v| v.time(self.created_at));
        self.token_hash = token_hash(vary, self.id);
        changes.update(self);
        true
    }

    fields! {
        agency_id = |row, v| Some(row.agency_id),
        token_hash = |row, v| Some(row.token_hash),
        open_at = |row, v| Some(row.expires_at - TimeDelta::milliseconds(v.below(2) as i64)),
    }
}

impl Sample for ApiKey {
    fn sample(maker: &Maker, place: &Place, seq: u64) -> Self {
        let (mut v, id) = (Vary::new(seq), maker.id());
        let base = maker.base();
        Self {
            id,
            version: Version::NEW,
            agency_id: place.agency_id,
            name: v.name(),
            token_hash: token_hash(&mut v, id),
            permissions: v.maybe(|_| PermissionSet::all()).unwrap_or_default(),
            coverage: coverage(place, &mut v),
            created_by: v.maybe(Vary::shared_id),
            expires_at: v.maybe(|v| v.time(base)),
            revoked_at: (v.below(3) == 0).then(|| v.time(base)),
            created_at: v.time(base),
        }
    }

    fn amend(&mut self, changes: &mut ChangeSet, vary: &mut Vary) -> bool {
        self.name = vary.name();
        self.token_hash = token_hash(vary, self.id);
        changes.update(self);
        true
    }

    fields! {
        agency_id = |row, v| Some(row.agency_id),
        token_hash = |row, v| Some(row.token_hash),
        valid_at = |row, v| Some(
            row.expires_at.unwrap_or(row.created_at) - TimeDelta::milliseconds(v.below(2) as i64)
        ),
    }
}
