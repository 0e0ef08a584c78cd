//! Random people and policies.

use std::collections::BTreeSet;

use chrono::{DateTime, TimeDelta, Utc};
use proptest::collection::vec;
use proptest::prelude::*;
use proptest::sample::{select, subsequence};
use uuid::Uuid;

use crate::access::{Actor, Scope};
use crate::approval::{ApprovalPolicy, Deciders, ReviewLink, Stage};
use crate::id::{AgencyId, ClientId, Id, UserId};
use crate::member::{ApiKey, Coverage, Grant, Membership, Permission, PermissionSet, Role};
use crate::secret::{SecretText, TokenHash};
use crate::store::Version;
use crate::value::{Email, Name};

/// How many people there are.
pub(super) const PEOPLE: u128 = 4;

pub(super) fn id<I: Id>(n: u128) -> I {
    I::from_uuid(Uuid::from_u128(n))
}

pub(super) fn start() -> DateTime<Utc> {
    DateTime::from_timestamp(1_700_000_000, 0).unwrap()
}

pub(super) fn client() -> ClientId {
    id(2)
}

fn agency() -> AgencyId {
    id(1)
}

pub(super) fn person(n: u128) -> UserId {
    id(100 + n)
}

pub(super) fn name(text: &str) -> Name {
    Name::new("name", text).unwrap()
}

/// A member with `role` for the client, and permissions beyond the role's.
pub(super) fn member(n: u128, role: Role, added: PermissionSet, removed: PermissionSet) -> Scope {
    let membership = Membership {
        id: id(200 + n),
        version: Version::NEW,
        agency_id: agency(),
        user_id: person(n),
        display_name: name("Somebody"),
        email: Email::new("email", "somebody@example.com").unwrap(),
        grant: Grant { role, coverage: Coverage::Clients(vec![client()]), added, removed },
        created_at: start(),
        updated_at: start(),
    };
    Actor::user(person(n), vec![membership]).scope(agency(), start()).unwrap()
}

pub(super) fn system() -> Scope {
    Actor::system("scheduler").scope(agency(), start()).unwrap()
}

pub(super) fn guest(n: u128, may_decide: bool) -> Scope {
    let link = ReviewLink {
        id: id(300 + n),
        version: Version::NEW,
        agency_id: agency(),
        client_id: client(),
        post_ids: vec![id(3)],
        token_hash: TokenHash::of(&SecretText::new(format!("guest {n}"))),
        reviewer: name("Reviewer"),
        may_decide,
        may_comment: true,
        expires_at: start() + TimeDelta::days(3_650),
        revoked_at: None,
        created_by: None,
        created_at: start(),
    };
    Actor::Guest(Box::new(link)).scope(agency(), start()).unwrap()
}

fn program(permissions: PermissionSet) -> Scope {
    let key = ApiKey {
        id: id(400),
        version: Version::NEW,
        agency_id: agency(),
        name: name("Program"),
        token_hash: TokenHash::of(&SecretText::new("program".to_owned())),
        permissions,
        coverage: Coverage::WholeAgency,
        created_by: None,
        expires_at: None,
        revoked_at: None,
        created_at: start(),
    };
    Actor::ApiKey(Box::new(key)).scope(agency(), start()).unwrap()
}

fn permissions() -> impl Strategy<Value = PermissionSet> {
    let of_posts = vec![
        Permission::WritePosts,
        Permission::ApprovePosts,
        Permission::SchedulePosts,
        Permission::ArchivePosts,
    ];
    subsequence(of_posts, 0..=4).prop_map(|chosen| chosen.into_iter().collect())
}

/// The system, [`PEOPLE`] members of random roles, two guests and a program, in this order.
pub(super) fn cast() -> impl Strategy<Value = Vec<Scope>> {
    let removed = prop_oneof![3 => Just(PermissionSet::NONE), 1 => permissions()];
    let people = vec((select(Role::ALL), permissions(), removed), PEOPLE as usize);
    (people, any::<bool>(), permissions()).prop_map(|(people, decides, of_program)| {
        let members =
            (0..).zip(people).map(|(n, (role, added, removed))| member(n, role, added, removed));
        std::iter::once(system())
            .chain(members)
            .chain([guest(0, true), guest(1, decides), program(of_program)])
            .collect()
    })
}

fn stage() -> impl Strategy<Value = Stage> {
    (
        subsequence(Role::ALL.to_vec(), 0..=3),
        subsequence((0..PEOPLE).map(person).collect::<Vec<_>>(), 0..=3),
        any::<bool>(),
        1_u32..=2,
        any::<bool>(),
    )
        .prop_map(|(mut roles, users, guests, quorum, author_may_approve)| {
            if users.len() < 2 && !guests {
                roles.push(Role::Manager);
            }
            Stage {
                name: name("Review"),
                deciders: Deciders {
                    roles: roles.into_iter().collect(),
                    users: users.into_iter().collect::<BTreeSet<_>>(),
                    guests,
                },
                quorum,
                author_may_approve,
                due_within_hours: None,
            }
        })
}

/// A policy of up to two stages; a quarter has none.
pub(super) fn policy() -> impl Strategy<Value = ApprovalPolicy> {
    let stages = prop_oneof![1 => vec(stage(), 0..1), 3 => vec(stage(), 1..=2)];
    (stages, any::<bool>()).prop_map(|(stages, time_change_voids)| {
        let policy = ApprovalPolicy { stages, time_change_voids };
        policy.validate().unwrap();
        policy
    })
}
