//! What a decision looks at.

use std::collections::BTreeSet;

use chrono::{DateTime, Utc};

use crate::access::{ActorRef, Scope};
use crate::approval::{Approval, ApprovalPolicy};
use crate::id::ClientId;
use crate::member::{PermissionSet, Role};
use crate::post::{Post, RevisionRef};
use crate::publishing::PublishJob;

use super::PostStatus;

/// What the lifecycle looks at in a post.
#[derive(Debug, Clone, Copy)]
pub struct Facts<'a> {
    /// Where it stands.
    pub status: PostStatus,
    /// Who wrote it.
    pub author: &'a ActorRef,
    /// Who else changed what would go out.
    pub editors: &'a [ActorRef],
    /// The newest frozen revision.
    pub revision: Option<&'a RevisionRef>,
    /// When it goes out. A draft may have one too: then it is what somebody has in mind.
    pub planned_at: Option<DateTime<Utc>>,
    /// The request for approval that is under way or complete.
    pub approval: Option<&'a Approval>,
    /// The client's policy as it is now.
    pub policy: &'a ApprovalPolicy,
    /// All its jobs, old ones included, in any order.
    pub jobs: &'a [PublishJob],
    /// Whether it goes anywhere at all.
    pub has_variants: bool,
}

impl<'a> Facts<'a> {
    /// Those of `post`, whose client has `policy`; `jobs` are all jobs of the post.
    #[must_use]
    pub fn of(post: &'a Post, policy: &'a ApprovalPolicy, jobs: &'a [PublishJob]) -> Self {
        Self {
            status: post.status,
            author: &post.author,
            editors: &post.editors,
            revision: post.revision.as_ref(),
            planned_at: post.planned_at(),
            approval: post.approval.as_ref(),
            policy,
            jobs,
            has_variants: !post.variants.is_empty(),
        }
    }

    /// The time that the approval is bound to: a policy may say that another time voids it. A post
    /// that had no time when it was approved gets its first one freely.
    #[must_use]
    pub fn bound_time(&self) -> Option<DateTime<Utc>> {
        self.planned_at.filter(|_| self.approval.is_some_and(|a| a.policy.time_change_voids))
    }
}

/// Who asks, and what that one may do for the post's client.
#[derive(Debug, Clone)]
pub struct Who<'a> {
    /// Who.
    pub actor: &'a ActorRef,
    /// The post's client.
    pub client: ClientId,
    /// What the actor may do for the client.
    pub permissions: PermissionSet,
    /// What the actor is to the client.
    pub roles: BTreeSet<Role>,
}

impl<'a> Who<'a> {
    /// Whoever `scope` is of, towards `client`.
    #[must_use]
    pub fn of(scope: &'a Scope, client: ClientId) -> Self {
        Self {
            actor: scope.actor(),
            client,
            permissions: scope.permissions(client),
            roles: scope.roles(client).collect(),
        }
    }

    /// Whether it is the system itself.
    #[must_use]
    pub fn is_system(&self) -> bool {
        matches!(self.actor, ActorRef::System(_))
    }
}
