//! Nobody grants more than they hold, whatever is tried in whatever order; and an agency always
//! has an owner.

use std::collections::BTreeMap;

use mcmp_core::Error;
use mcmp_core::agency::Meter;
use mcmp_core::id::{ClientId, MembershipId, UserId};
use mcmp_core::member::{Coverage, Grant, Membership, Permission, PermissionSet, Role, User};
use mcmp_core::portal::InvitationDraft;
use mcmp_core::secret::SecretText;
use mcmp_core::store::Commit;
use proptest::prelude::*;
use proptest::sample::{Index, select, subsequence};

use super::fixture::{World, everywhere, only_for};

#[derive(Debug, Clone)]
enum Step {
    Invite { by: Index, whom: Index, grant: GrantPlan },
    Accept { which: Index, by_addressee: bool, thief: Index },
    Change { by: Index, which: Index, grant: GrantPlan },
    Remove { by: Index, which: Index },
    Leave { which: Index },
}

#[derive(Debug, Clone)]
struct GrantPlan {
    role: Role,
    clients: Vec<usize>,
    added: Vec<Permission>,
    removed: Vec<Permission>,
}

fn grant_plan() -> impl Strategy<Value = GrantPlan> {
    let permissions = || subsequence(Permission::ALL, 0..3);
    let clients = subsequence(vec![0_usize, 1], 0..=2);
    (select(Role::ALL), clients, permissions(), permissions())
        .prop_map(|(role, clients, added, removed)| GrantPlan { role, clients, added, removed })
}

fn step() -> impl Strategy<Value = Step> {
    prop_oneof![
        3 => (any::<Index>(), any::<Index>(), grant_plan())
            .prop_map(|(by, whom, grant)| Step::Invite { by, whom, grant }),
        3 => (any::<Index>(), prop::bool::weighted(0.9), any::<Index>())
            .prop_map(|(which, by_addressee, thief)| Step::Accept { which, by_addressee, thief }),
        3 => (any::<Index>(), any::<Index>(), grant_plan())
            .prop_map(|(by, which, grant)| Step::Change { by, which, grant }),
        2 => (any::<Index>(), any::<Index>()).prop_map(|(by, which)| Step::Remove { by, which }),
        1 => any::<Index>().prop_map(|which| Step::Leave { which }),
    ]
}

impl GrantPlan {
    fn make(self, clients: &[ClientId]) -> Grant {
        let named: Vec<_> = self.clients.iter().map(|i| clients[*i]).collect();
        Grant {
            role: self.role,
            coverage: Coverage::clients(named).unwrap_or(Coverage::WholeAgency),
            added: self.added.into_iter().collect(),
            removed: self.removed.into_iter().collect(),
        }
    }
}

/// What is known of the agency, kept as plainly as can be.
#[derive(Default)]
struct Model {
    members: BTreeMap<MembershipId, Membership>,
}

impl Model {
    /// What `user` holds at a place: a client, or the agency itself.
    fn holds(&self, user: UserId, place: Option<ClientId>) -> PermissionSet {
        self.members
            .values()
            .filter(|member| member.user_id == user)
            .filter(|member| match (&member.grant.coverage, place) {
                (Coverage::WholeAgency, _) => true,
                (Coverage::Clients(clients), Some(client)) => clients.contains(&client),
                (Coverage::Clients(_), None) => false,
            })
            .fold(PermissionSet::NONE, |all, member| all.union(member.grant.permissions()))
    }

    /// Whether `user` holds all of `wanted`, and what granting takes, wherever `coverage` reaches.
    fn commands(&self, user: UserId, wanted: PermissionSet, coverage: &Coverage) -> bool {
        let wanted = wanted.union([Permission::ManageMembers].into_iter().collect());
        let places = match coverage {
            Coverage::WholeAgency => vec![None],
            Coverage::Clients(clients) => clients.iter().copied().map(Some).collect(),
        };
        places.into_iter().all(|place| wanted.difference(self.holds(user, place)).is_empty())
    }

    fn may_give(&self, user: UserId, grant: &Grant) -> bool {
        let all = grant.role.permissions().union(grant.added);
        assert!(grant.permissions().difference(all).is_empty());
        self.commands(user, all, &grant.coverage)
    }

    fn may_take(&self, user: UserId, grant: &Grant) -> bool {
        self.commands(user, grant.permissions(), &grant.coverage)
    }

    fn owners(&self) -> usize {
        let owns = |grant: &Grant| {
            grant.role == Role::Owner
                && grant.coverage == Coverage::WholeAgency
                && grant.permissions() == PermissionSet::all()
        };
        self.members.values().filter(|member| owns(&member.grant)).count()
    }

    fn seats(&self) -> usize {
        self.members.values().filter(|member| !member.grant.role.is_client_side()).count()
    }

    fn is_member(&self, user: UserId) -> bool {
        self.members.values().any(|member| member.user_id == user)
    }

    fn pick(&self, which: Index) -> Membership {
        which.get(&self.members.values().collect::<Vec<_>>()).to_owned().to_owned()
    }
}

fn is_grant_error(error: &Error) -> bool {
    matches!(error, Error::GrantRefused(_) | Error::Denied(_) | Error::NotFound { .. })
}

async fn run(steps: Vec<Step>) {
    let world = World::new().await;
    let (a, b) = (world.client("a").await, world.client("b").await);
    let clients = [a.id, b.id];
    let mut people: Vec<User> = Vec::new();
    let mut model = Model::default();
    let owner = world.owners_membership.clone();
    people.push(world.portal.user(world.owner).await.unwrap());
    model.members.insert(owner.id, owner);
    let mut developer = only_for(Role::Developer, &[&b]);
    developer.added = [Permission::ManageMembers].into_iter().collect();
    for (who, grant) in [
        ("admin", everywhere(Role::Admin)),
        ("manager", only_for(Role::Manager, &[&a])),
        ("developer", developer),
    ] {
        let user = world.user(who).await;
        let member = world.join(&user, grant).await;
        model.members.insert(member.id, member);
        people.push(user);
    }
    people.push(world.user("stranger").await);
    let mut offers: Vec<(UserId, User, Grant, SecretText, bool)> = Vec::new();

    for step in steps {
        match step {
            Step::Invite { by, whom, grant } => {
                let (by, whom) = (by.get(&people).id, whom.get(&people).clone());
                if !model.is_member(by) {
                    continue;
                }
                let grant = grant.make(&clients);
                let session = world.session(by).await;
                let draft = InvitationDraft {
                    email: whom.email.clone(),
                    grant: grant.clone(),
                    valid_days: 7,
                };
                match session.members().invite(draft).await {
                    Ok((invitation, token)) => {
                        assert!(model.may_give(by, &grant), "{by} gave {grant:?}");
                        assert_eq!(invitation.grant, grant);
                        offers.push((by, whom, grant, token, false));
                    }
                    Err(Error::Invalid(_)) => {}
                    Err(error) => {
                        assert!(is_grant_error(&error), "{error}");
                        assert!(!model.may_give(by, &grant), "{error}");
                    }
                }
            }
            Step::Accept { which, by_addressee, thief } => {
                if offers.is_empty() {
                    continue;
                }
                let index = which.index(offers.len());
                let (inviter, whom, grant, token, taken) = offers[index].clone();
                let by = if by_addressee { whom.id } else { thief.get(&people).id };
                match world.portal.accept_invitation(&token, by).await {
                    Ok(member) => {
                        assert_eq!((by, taken), (whom.id, false));
                        assert_eq!(member.grant, grant);
                        assert!(model.may_give(inviter, &grant), "{inviter} gave {grant:?}");
                        model.members.insert(member.id, member);
                        offers[index].4 = true;
                    }
                    Err(Error::Invalid(_)) => assert_ne!(by, whom.id),
                    Err(error) => {
                        assert!(matches!(error, Error::InvalidToken), "{error}");
                        assert!(taken || !model.may_give(inviter, &grant));
                    }
                }
            }
            Step::Change { by, which, grant } => {
                let (by, before) = (by.get(&people).id, model.pick(which));
                if !model.is_member(by) {
                    continue;
                }
                let grant = grant.make(&clients);
                let session = world.session(by).await;
                let allowed = model.may_take(by, &before.grant) && model.may_give(by, &grant);
                let changed =
                    session.members().change_grant(before.id, before.version, grant.clone()).await;
                match changed {
                    Ok(member) => {
                        assert!(allowed, "{by} made {:?} {grant:?}", before.grant);
                        model.members.insert(member.id, member);
                    }
                    Err(Error::Invalid(_)) => {}
                    Err(error) => {
                        assert!(is_grant_error(&error), "{error}");
                        assert!(!allowed || by == before.user_id, "{error}");
                    }
                }
            }
            Step::Remove { by, which } => {
                let (by, before) = (by.get(&people).id, model.pick(which));
                if !model.is_member(by) {
                    continue;
                }
                let session = world.session(by).await;
                match session.members().remove(before.id).await {
                    Ok(_) => {
                        assert!(model.may_take(by, &before.grant));
                        model.members.remove(&before.id);
                    }
                    Err(Error::Invalid(_)) => assert_eq!(model.owners(), 1),
                    Err(error) => {
                        assert!(is_grant_error(&error), "{error}");
                        assert!(!model.may_take(by, &before.grant), "{error}");
                    }
                }
            }
            Step::Leave { which } => {
                let before = model.pick(which);
                let session = world.session(before.user_id).await;
                match session.members().leave(before.id).await {
                    Ok(_) => drop(model.members.remove(&before.id)),
                    Err(error) => {
                        assert!(matches!(error, Error::Invalid(_)), "{error}");
                        assert_eq!(model.owners(), 1);
                    }
                }
            }
        }
        assert!(model.owners() >= 1, "an agency keeps an owner");
    }

    let system = world.systems().await;
    let used = world.store.usage(system.scope(), world.agency.id, Meter::Members, None).await;
    assert_eq!(used.unwrap(), model.seats() as u64);
    for person in &people {
        // What the store holds is what the model holds: nothing was given on the side.
        let actor = world.portal.actor_for(person.id).await.unwrap();
        for client in &clients {
            let held = actor
                .scope(world.agency.id, world.portal.now())
                .map_or(PermissionSet::NONE, |scope| scope.permissions(*client));
            assert_eq!(held, model.holds(person.id, Some(*client)));
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(128))]

    #[test]
    fn nobody_ends_up_with_what_no_granter_held(steps in prop::collection::vec(step(), 1..30)) {
        tokio::runtime::Builder::new_current_thread().build().unwrap().block_on(run(steps));
    }
}
