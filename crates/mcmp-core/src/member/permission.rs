//! What a person may do, and what each role comes with: one table.

use std::fmt;

use serde::{Deserialize, Deserializer, Serialize, Serializer};

macro_rules! permissions {
    ($($(#[$doc:meta])* $name:ident = $wire:literal: [$($role:ident)*]),+ $(,)?) => {
        /// One thing that a person may do. `manage_agency`, `manage_plan` and `manage_clients`
        /// take a membership for the whole agency; all others are held per client.
        #[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
        #[serde(rename_all = "snake_case")]
        #[non_exhaustive]
        pub enum Permission {
            $($(#[$doc])* $name,)+
        }

        impl Permission {
            /// All of them, in the order of the table.
            pub const ALL: &'static [Permission] = &[$(Permission::$name),+];

            /// The wire name.
            #[must_use]
            pub fn as_str(self) -> &'static str {
                match self {
                    $(Permission::$name => $wire,)+
                }
            }

            /// The roles that come with it; owners come with all.
            #[must_use]
            pub fn roles(self) -> &'static [Role] {
                match self {
                    $(Permission::$name => &[Role::Owner, $(Role::$role),*],)+
                }
            }
        }
    };
}

permissions! {
    /// Change the agency's name, branding and identity providers.
    ManageAgency = "manage_agency": [Admin],
    /// Change the plan, suspend and close the agency.
    ManagePlan = "manage_plan": [],
    /// Add and archive clients.
    ManageClients = "manage_clients": [Admin],
    /// Invite, change and remove members, never beyond one's own permissions.
    ManageMembers = "manage_members": [Admin Manager],
    /// Make and revoke API keys.
    ManageApiKeys = "manage_api_keys": [Admin Developer],
    /// Make and change webhook endpoints.
    ManageWebhooks = "manage_webhooks": [Admin Developer],
    /// Read the audit log.
    ViewAudit = "view_audit": [Admin],
    /// See a client's posts, assets, campaigns and calendar.
    View = "view": [Admin Manager Creator Analyst Developer Viewer ClientOwner ClientViewer],
    /// See what is not for the client's own people: drafts, internal comments, the board.
    ViewInternal = "view_internal": [Admin Manager Creator Analyst Developer Viewer],
    /// Change a client's settings, rules and policies.
    EditClient = "edit_client": [Admin Manager],
    /// Connect and disconnect social accounts.
    ManageAccounts = "manage_accounts": [Admin Manager],
    /// Write and change posts, submit them for approval and take them back.
    WritePosts = "write_posts": [Admin Manager Creator],
    /// Decide on posts that wait for approval, as far as the policy's stages allow.
    ApprovePosts = "approve_posts": [Admin Manager ClientOwner],
    /// Schedule, move, publish, retry and cancel posts.
    SchedulePosts = "schedule_posts": [Admin Manager],
    /// Archive and delete posts.
    ArchivePosts = "archive_posts": [Admin Manager],
    /// Comment where the client's people can read it.
    Comment = "comment": [Admin Manager Creator Analyst ClientOwner ClientViewer],
    /// Make and revoke review links.
    ManageReviewLinks = "manage_review_links": [Admin Manager],
    /// Plan campaigns, briefs and creators.
    ManageCampaigns = "manage_campaigns": [Admin Manager],
    /// Make, change and move tasks on the board.
    ManageTasks = "manage_tasks": [Admin Manager Creator],
    /// Add, change and delete assets.
    ManageAssets = "manage_assets": [Admin Manager Creator],
    /// Read metrics.
    ViewAnalytics = "view_analytics": [Admin Manager Analyst Viewer ClientOwner ClientViewer],
    /// Use text models.
    UseAi = "use_ai": [Admin Manager Creator],
}

/// What a person is to an agency or a client: a named set of permissions.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum Role {
    /// Owns the agency; may do everything.
    Owner,
    /// Runs the agency; all but the plan.
    Admin,
    /// Runs clients.
    Manager,
    /// Writes posts and makes media.
    Creator,
    /// Reads metrics.
    Analyst,
    /// Builds on the API.
    Developer,
    /// Looks on, on the agency's side.
    Viewer,
    /// Decides, on the client's side.
    ClientOwner,
    /// Looks on, on the client's side.
    ClientViewer,
}

impl Role {
    /// All roles, in the order of the table.
    pub const ALL: &'static [Role] = &[
        Self::Owner,
        Self::Admin,
        Self::Manager,
        Self::Creator,
        Self::Analyst,
        Self::Developer,
        Self::Viewer,
        Self::ClientOwner,
        Self::ClientViewer,
    ];

    /// The wire name.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Owner => "owner",
            Self::Admin => "admin",
            Self::Manager => "manager",
            Self::Creator => "creator",
            Self::Analyst => "analyst",
            Self::Developer => "developer",
            Self::Viewer => "viewer",
            Self::ClientOwner => "client_owner",
            Self::ClientViewer => "client_viewer",
        }
    }

    /// Whether it is for the client's own people; such a membership always names its clients.
    #[must_use]
    pub fn is_client_side(self) -> bool {
        matches!(self, Self::ClientOwner | Self::ClientViewer)
    }

    /// What it comes with.
    #[must_use]
    pub fn permissions(self) -> PermissionSet {
        Permission::ALL.iter().copied().filter(|p| p.roles().contains(&self)).collect()
    }
}

impl fmt::Display for Role {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

impl fmt::Display for Permission {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

/// A set of permissions, as small and quick as a number; on the wire a list of names.
#[derive(Clone, Copy, Default, PartialEq, Eq, Hash)]
pub struct PermissionSet(u64);

impl PermissionSet {
    /// No permission.
    pub const NONE: Self = Self(0);

    /// Every permission.
    #[must_use]
    pub fn all() -> Self {
        Permission::ALL.iter().copied().collect()
    }

    const fn bit(permission: Permission) -> u64 {
        1 << (permission as u32)
    }

    /// Whether `permission` is in it.
    #[must_use]
    pub fn contains(self, permission: Permission) -> bool {
        self.0 & Self::bit(permission) != 0
    }

    /// Whether nothing is in it.
    #[must_use]
    pub fn is_empty(self) -> bool {
        self.0 == 0
    }

    /// What is in one or the other.
    #[must_use]
    pub fn union(self, other: Self) -> Self {
        Self(self.0 | other.0)
    }

    /// What is in both.
    #[must_use]
    pub fn intersection(self, other: Self) -> Self {
        Self(self.0 & other.0)
    }

    /// What is in this one alone.
    #[must_use]
    pub fn difference(self, other: Self) -> Self {
        Self(self.0 & !other.0)
    }

    /// What is in it, in the order of the table.
    pub fn iter(self) -> impl Iterator<Item = Permission> {
        Permission::ALL.iter().copied().filter(move |p| self.contains(*p))
    }
}

impl FromIterator<Permission> for PermissionSet {
    fn from_iter<I: IntoIterator<Item = Permission>>(permissions: I) -> Self {
        Self(permissions.into_iter().fold(0, |set, permission| set | Self::bit(permission)))
    }
}

impl fmt::Debug for PermissionSet {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_set().entries(self.iter()).finish()
    }
}

impl Serialize for PermissionSet {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_seq(self.iter())
    }
}

impl<'de> Deserialize<'de> for PermissionSet {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        Ok(Vec::<Permission>::deserialize(deserializer)?.into_iter().collect())
    }
}
