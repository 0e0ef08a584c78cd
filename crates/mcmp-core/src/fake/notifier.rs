//! A channel in memory.

use std::collections::VecDeque;
use std::sync::Mutex;

use async_trait::async_trait;

use super::lock;
use crate::notification::NotificationChannel;
use crate::service::{Address, Message, Notifier, ServiceError, ServiceErrorKind};

/// A channel in memory: keeps what it delivered. Like a service with idempotency keys, it delivers
/// one message to one address once, however often it is asked.
#[derive(Debug)]
pub struct FakeNotifier {
    channel: NotificationChannel,
    state: Mutex<State>,
}

#[derive(Debug, Default)]
struct State {
    delivered: Vec<(Address, Message)>,
    faults: VecDeque<Fault>,
    calls: u64,
}

#[derive(Debug)]
enum Fault {
    Fails(ServiceErrorKind),
    LosesAnswer,
}

impl FakeNotifier {
    /// A channel with nothing delivered.
    #[must_use]
    pub fn new(channel: NotificationChannel) -> Self {
        Self { channel, state: Mutex::default() }
    }

    /// Fails the next `times` deliveries.
    pub fn fail_next(&self, times: usize, kind: ServiceErrorKind) {
        lock(&self.state).faults.extend((0..times).map(|_| Fault::Fails(kind)));
    }

    /// Makes the next delivery, and loses the answer.
    pub fn lose_next_answer(&self) {
        lock(&self.state).faults.push_back(Fault::LosesAnswer);
    }

    /// What was delivered, first to last.
    #[must_use]
    pub fn delivered(&self) -> Vec<(Address, Message)> {
        lock(&self.state).delivered.clone()
    }

    /// How often it was asked.
    #[must_use]
    pub fn calls(&self) -> u64 {
        lock(&self.state).calls
    }
}

#[async_trait]
impl Notifier for FakeNotifier {
    fn channel(&self) -> NotificationChannel {
        self.channel
    }

    async fn deliver(&self, to: &Address, message: &Message) -> Result<(), ServiceError> {
        let error = |kind, text| ServiceError::new(kind, "fake_notifier", text);
        let mut state = lock(&self.state);
        state.calls += 1;
        let fault = state.faults.pop_front();
        if let Some(Fault::Fails(kind)) = fault {
            return Err(error(kind, "told to fail"));
        }
        if to.channel() != self.channel {
            return Err(error(ServiceErrorKind::Invalid, "an address of another channel"));
        }
        let is_new = !state.delivered.iter().any(|(at, known)| at == to && known.id == message.id);
        if is_new {
            state.delivered.push((to.clone(), message.clone()));
        }
        match fault {
            Some(_) => Err(error(ServiceErrorKind::Transient, "the answer was lost")),
            None => Ok(()),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::id::Id;
    use crate::value::Email;

    #[tokio::test]
    async fn a_lost_answer_and_a_repetition_deliver_once() {
        let notifier = FakeNotifier::new(NotificationChannel::Email);
        let to = Address::Email(Email::new("email", "ann@example.org").unwrap());
        let message = Message {
            id: Id::from_uuid(uuid::Uuid::from_u128(1)),
            title: "Held".to_owned(),
            text: "A post waits for you".to_owned(),
            link: None,
        };
        notifier.fail_next(1, ServiceErrorKind::Refused);
        notifier.lose_next_answer();
        assert!(!notifier.deliver(&to, &message).await.unwrap_err().is_temporary());
        assert!(notifier.delivered().is_empty());
        assert!(notifier.deliver(&to, &message).await.unwrap_err().is_temporary());
        notifier.deliver(&to, &message).await.unwrap();
        assert_eq!(notifier.delivered(), [(to, message.clone())]);
        let elsewhere = Address::Sms("+4312345".to_owned());
        let refused = notifier.deliver(&elsewhere, &message).await.unwrap_err();
        assert_eq!((refused.kind, notifier.calls()), (ServiceErrorKind::Invalid, 4));
    }
}
