//! A request for approval as an honest clerk writes it down: whoever says yes is looked at once
//! more, by other code than the lifecycle's.

use std::collections::BTreeSet;

use super::cast::client;
use crate::access::{ActorRef, Scope};
use crate::approval::ApprovalPolicy;
use crate::member::Permission;
use crate::post::{Digest, RevisionRef};

#[derive(Debug)]
pub(super) struct Ledger {
    digest: Digest,
    policy: ApprovalPolicy,
    submitter: ActorRef,
    yes: Vec<BTreeSet<ActorRef>>,
}

impl Ledger {
    pub(super) fn open(revision: &RevisionRef, policy: &ApprovalPolicy, by: ActorRef) -> Self {
        Self {
            digest: revision.digest.clone(),
            policy: policy.clone(),
            submitter: by,
            yes: vec![BTreeSet::new(); policy.stages.len()],
        }
    }

    pub(super) fn digest(&self) -> &Digest {
        &self.digest
    }

    pub(super) fn is_complete(&self) -> bool {
        self.open_stage().is_none()
    }

    fn open_stage(&self) -> Option<usize> {
        let mut stages = self.policy.stages.iter().zip(&self.yes);
        stages.position(|(stage, yes)| yes.len() < stage.quorum as usize)
    }

    /// Counts a yes, which must be one that counts.
    pub(super) fn yes_of(&mut self, scope: &Scope, author: &ActorRef, editors: &[ActorRef]) {
        let actor = scope.actor();
        let at = self.open_stage().expect("a stage is open");
        let stage = &self.policy.stages[at];
        assert!(scope.permissions(client()).contains(Permission::ApprovePosts));
        assert!(match actor {
            ActorRef::User(user) => {
                stage.deciders.users.contains(user)
                    || scope.roles(client()).any(|role| stage.deciders.roles.contains(&role))
            }
            ActorRef::Guest(_) => stage.deciders.guests,
            _ => false,
        });
        let own = actor == author || editors.contains(actor) || *actor == self.submitter;
        assert!(stage.author_may_approve || !own, "nobody approves their own");
        assert!(self.yes[at].insert(actor.clone()), "each counts once");
    }
}
