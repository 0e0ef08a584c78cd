//! What goes on by itself between what people do.

mod accounts;
mod approvals;
mod metrics;
mod notifications;
mod retention;
mod series;
mod trouble;
mod webhook_fan_out;
mod webhook_sending;

use mcmp_core::id::UserId;
use mcmp_core::notification::{Notification, NotificationTopic};
use mcmp_core::store::{NotificationFilter, Query, Read};

use super::fixture::World;

impl World {
    /// What a person was told about `topic`.
    async fn told(&self, user: UserId, topic: NotificationTopic) -> Vec<Notification> {
        let mut filter = NotificationFilter::default();
        filter.user_id = Some(user);
        filter.topics = vec![topic];
        let system = self.systems().await;
        let query = Query::new(filter).limit(Query::<Notification>::MAX_LIMIT);
        Read::<Notification>::list(&self.store, system.scope(), &query).await.unwrap().items
    }
}
