//! What the actor was told.

use super::Session;
use super::session::retrying;
use crate::access::Denied;
use crate::error::Error;
use crate::id::{NotificationId, UserId};
use crate::notification::Notification;
use crate::store::{ChangeSet, NotificationFilter, Page, Query, Read, StoreExt};

/// What the actor was told in this agency; for people only.
#[derive(Debug, Clone, Copy)]
pub struct Notifications<'s> {
    pub(super) session: &'s Session,
}

impl Notifications<'_> {
    /// The actor's own notifications.
    ///
    /// # Errors
    /// The actor is no person, or a query that can't be carried out.
    pub async fn list(&self, query: &Query<Notification>) -> Result<Page<Notification>, Error> {
        let mut query = query.clone();
        query.filter.user_id = Some(self.person()?);
        query.filter.agency_id = Some(self.session.agency_id());
        let (store, scope) = (self.session.store(), self.session.scope());
        Ok(Read::<Notification>::list(store, scope, &query).await?)
    }

    /// How many the actor has not read.
    ///
    /// # Errors
    /// The actor is no person, or the store fails.
    pub async fn unread(&self) -> Result<u64, Error> {
        let (store, scope) = (self.session.store(), self.session.scope());
        Ok(Read::<Notification>::count(store, scope, &self.all_unread()?).await?)
    }

    /// Notes that the actor has read one; a suspended agency does not hinder it.
    ///
    /// # Errors
    /// The actor is no person, or it is not there.
    pub async fn mark_read(&self, id: NotificationId) -> Result<Notification, Error> {
        self.person()?;
        retrying(async || {
            let mut notification: Notification = self.session.load(id).await?;
            if notification.read_at.is_none() {
                let mut changes = ChangeSet::new();
                notification.read_at = Some(self.session.now());
                changes.update(&mut notification);
                self.session.store().commit(self.session.scope(), changes).await?;
            }
            Ok(notification)
        })
        .await
    }

    /// Notes that the actor has read all there are now, and says how many had not been read.
    ///
    /// # Errors
    /// The actor is no person, or the store fails.
    pub async fn mark_all_read(&self) -> Result<usize, Error> {
        let filter = self.all_unread()?;
        retrying(async || {
            let (store, scope) = (self.session.store(), self.session.scope());
            let unread: Vec<Notification> = store.all(scope, filter.clone()).await?;
            let count = unread.len();
            let mut changes = ChangeSet::new();
            for mut notification in unread {
                notification.read_at = Some(self.session.now());
                changes.update(&mut notification);
            }
            if !changes.is_empty() {
                store.commit(scope, changes).await?;
            }
            Ok(count)
        })
        .await
    }

    fn all_unread(&self) -> Result<NotificationFilter, Error> {
        Ok(NotificationFilter {
            user_id: Some(self.person()?),
            agency_id: Some(self.session.agency_id()),
            read: Some(false),
            ..Default::default()
        })
    }

    fn person(&self) -> Result<UserId, Error> {
        Ok(self.session.scope().person().ok_or(Denied::NeedsPerson)?)
    }
}
