//! A person's own record: for hosts, which prove who asks.
//!
//! A person belongs to no agency, so these changes are in no agency's log; what colleagues see of
//! a person, in the memberships, is.

use serde::Deserialize;

use super::Portal;
use super::coverage::only_client;
use super::session::retrying;
use crate::access::ActorRef;
use crate::error::Error;
use crate::event::{Event, EventKind, FieldChange, Subject};
use crate::id::UserId;
use crate::member::{LinkedIdentity, NotificationPreferences, User};
use crate::store::{ChangeSet, Version};
use crate::value::{Email, InvalidValue, Name, Slug};

/// A new person.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct UserDraft {
    /// The address the person is known by, proven to be the person's.
    pub email: Email,
    /// What the person is called.
    pub name: Name,
}

/// A change of what a person is called and where the person is reached; what is `None` stays.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct ProfileEdit {
    /// What the person is called.
    pub name: Option<Name>,
    /// The address, proven to be the person's: invitations are matched by it.
    pub email: Option<Email>,
}

/// Most sign-ins elsewhere that one person can link.
const MAX_IDENTITIES: usize = 20;
/// Most bytes of a subject: OpenID Connect's limit,
/// <https://openid.net/specs/openid-connect-core-1_0.html#IDToken>.
const MAX_SUBJECT: usize = 255;

impl Portal {
    /// A new person, without any membership yet.
    ///
    /// # Errors
    /// [`Error::AlreadyExists`] if the address is taken, or the store fails.
    pub async fn register_user(&self, draft: UserDraft) -> Result<User, Error> {
        let now = self.now();
        let mut user = User {
            id: self.new_id()?,
            version: Version::NEW,
            email: draft.email,
            name: draft.name,
            identities: Vec::new(),
            notification_preferences: NotificationPreferences::default(),
            active: true,
            created_at: now,
            updated_at: now,
        };
        let mut changes = ChangeSet::new();
        changes.insert(&mut user);
        self.store().commit(&self.own_scope()?, changes).await?;
        Ok(user)
    }

    /// Changes what a person is called and where the person is reached, in the memberships too.
    ///
    /// # Errors
    /// There is no such person, or [`Error::AlreadyExists`] if the address is taken.
    pub async fn update_profile(&self, id: UserId, edit: ProfileEdit) -> Result<User, Error> {
        self.change_user(id, |user| {
            if let Some(name) = &edit.name {
                user.name = name.clone();
            }
            if let Some(email) = &edit.email {
                user.email = email.clone();
            }
            Ok(())
        })
        .await
    }

    /// Sets where a person wants to be told about what.
    ///
    /// # Errors
    /// There is no such person, or a channel stands twice for a topic.
    pub async fn set_notification_preferences(
        &self,
        id: UserId,
        preferences: NotificationPreferences,
    ) -> Result<User, Error> {
        for (topic, channels) in &preferences.0 {
            for (i, channel) in channels.iter().enumerate() {
                if channels.iter().take(i).any(|earlier| earlier == channel) {
                    let field = format!("notification_preferences.{topic:?}");
                    return Err(InvalidValue::duplicate(field, format_args!("{channel:?}")).into());
                }
            }
        }
        self.change_user(id, |user| {
            user.notification_preferences = preferences.clone();
            Ok(())
        })
        .await
    }

    /// Lets a person sign in with an account elsewhere; linking it again changes nothing. See
    /// [`actor_by_identity`](Self::actor_by_identity) for what `provider` must be.
    ///
    /// # Errors
    /// There is no such person, the subject is empty or too long, the person has too many, or
    /// [`Error::AlreadyExists`] if somebody else linked it.
    pub async fn link_identity(
        &self,
        id: UserId,
        provider: Slug,
        subject: &str,
    ) -> Result<User, Error> {
        if subject.trim().is_empty() {
            return Err(InvalidValue::required("subject").into());
        }
        if subject.len() > MAX_SUBJECT {
            return Err(InvalidValue::too_long("subject", MAX_SUBJECT, subject.len()).into());
        }
        let linked_at = self.now();
        self.change_user(id, |user| {
            let identities = &mut user.identities;
            if identities.iter().any(|i| i.provider == provider && i.subject == subject) {
                return Ok(());
            }
            if identities.len() >= MAX_IDENTITIES {
                let count = identities.len().saturating_add(1);
                return Err(InvalidValue::too_long("identities", MAX_IDENTITIES, count));
            }
            let (provider, subject) = (provider.clone(), subject.to_owned());
            identities.push(LinkedIdentity { provider, subject, linked_at });
            Ok(())
        })
        .await
    }

    /// Takes a sign-in elsewhere away; one that is not linked changes nothing.
    ///
    /// # Errors
    /// There is no such person, or the store fails.
    pub async fn unlink_identity(
        &self,
        id: UserId,
        provider: &Slug,
        subject: &str,
    ) -> Result<User, Error> {
        self.change_user(id, |user| {
            user.identities.retain(|i| i.provider != *provider || i.subject != subject);
            Ok(())
        })
        .await
    }

    /// Lets a person sign in, or no longer. Memberships stay as they are.
    ///
    /// # Errors
    /// There is no such person, or the store fails.
    pub async fn set_user_active(&self, id: UserId, active: bool) -> Result<User, Error> {
        self.change_user(id, |user| {
            user.active = active;
            Ok(())
        })
        .await
    }

    async fn change_user(
        &self,
        id: UserId,
        change: impl Fn(&mut User) -> Result<(), InvalidValue>,
    ) -> Result<User, Error> {
        retrying(async || {
            let before = self.user(id).await?;
            let mut user = before.clone();
            change(&mut user)?;
            if user == before {
                return Ok(before);
            }
            user.updated_at = self.now();
            let mut changes = ChangeSet::new();
            changes.update(&mut user);
            if (&user.name, &user.email) != (&before.name, &before.email) {
                self.rename_member(&user, &mut changes).await?;
            }
            self.store().commit(&self.own_scope()?, changes).await?;
            Ok(user)
        })
        .await
    }

    /// Carries a person's name and address into what colleagues see.
    async fn rename_member(&self, user: &User, changes: &mut ChangeSet) -> Result<(), Error> {
        for before in self.memberships_of(user.id).await? {
            let mut membership = before.clone();
            membership.display_name = user.name.clone();
            membership.email = user.email.clone();
            membership.updated_at = user.updated_at;
            let fields = FieldChange::between(Some(&before), Some(&membership));
            changes.update(&mut membership);
            changes.event(Event {
                id: self.new_id()?,
                version: Version::NEW,
                agency_id: membership.agency_id,
                client_id: only_client(&membership.grant.coverage),
                actor: ActorRef::User(user.id),
                kind: EventKind::MemberUpdated,
                subject: Subject::of(&membership),
                changes: fields.into(),
                note: None,
                at: user.updated_at,
            });
        }
        Ok(())
    }
}
