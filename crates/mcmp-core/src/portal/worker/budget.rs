//! How long a call may take.

use std::future::{Future, poll_fn};
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::pin::pin;
use std::task::{Context, Poll};

use chrono::TimeDelta;
use tokio::runtime::Handle;
use tokio::time::Instant;

use crate::publishing::{ErrorClass, PublishError};

/// How long a look-up may take.
pub(super) const LOOK_UP: TimeDelta = TimeDelta::minutes(1);

/// How long getting new tokens may take.
pub(in crate::portal) const REFRESH: TimeDelta = TimeDelta::minutes(1);

/// How long a call may take, counted from before it was announced: announcing it may take long, and
/// whoever reads of it counts from then on.
#[derive(Debug)]
pub(super) struct Announced {
    at: Instant,
    budget: TimeDelta,
}

impl Announced {
    /// It is about to be announced.
    pub(super) fn now(budget: TimeDelta) -> Self {
        Self { at: Instant::now(), budget }
    }

    /// What is left of the time; `None` if it is over.
    pub(super) fn left(&self) -> Option<TimeDelta> {
        let passed = TimeDelta::from_std(self.at.elapsed()).unwrap_or(TimeDelta::MAX);
        self.budget.checked_sub(&passed).filter(|left| *left > TimeDelta::zero())
    }
}

/// What a call comes to that was not made because its time was over.
pub(super) fn not_made() -> PublishError {
    let message = "announcing the call took longer than the call may take; nothing was sent";
    PublishError::new(ErrorClass::Transient, message).code(PublishError::NOT_MADE)
}

/// The call's answer. One that takes longer than `budget` is given up and dropped, and one that
/// panics is never polled again: both come to an error of `class`. Time is measured without a wall
/// clock. A call that answers at once needs no timer, and without Tokio there is none: then only the
/// call itself can end.
pub(in crate::portal) async fn within<T>(
    budget: TimeDelta,
    class: ErrorClass,
    call: impl Future<Output = Result<T, PublishError>>,
) -> Result<T, PublishError> {
    let mut call = pin!(call);
    let mut poll = move |cx: &mut Context<'_>| {
        catch_unwind(AssertUnwindSafe(|| call.as_mut().poll(cx)))
            .unwrap_or_else(|_| Poll::Ready(Err(panicked(class))))
    };
    let at_once = poll_fn(|cx| {
        Poll::Ready(match poll(cx) {
            Poll::Ready(answer) => Some(answer),
            Poll::Pending => None,
        })
    });
    if let Some(answer) = at_once.await {
        return answer;
    }
    let call = poll_fn(poll);
    if Handle::try_current().is_err() {
        return call.await;
    }
    let answer = tokio::time::timeout(budget.to_std().unwrap_or_default(), call).await;
    answer.unwrap_or_else(|_| Err(given_up(class, budget)))
}

/// What a call that was given up answers.
fn given_up(class: ErrorClass, budget: TimeDelta) -> PublishError {
    let message = format!("no answer came within {} s", budget.num_seconds());
    PublishError::new(class, message).code(PublishError::TIMED_OUT)
}

/// What a call that panicked comes to.
fn panicked(class: ErrorClass) -> PublishError {
    PublishError::new(class, "the publisher panicked").code(PublishError::PANICKED)
}

impl PublishError {
    /// The code of a call that was given up because it took too long.
    pub const TIMED_OUT: &str = "timed_out";
    /// The code of a call that was not made because its time was over before it began.
    pub const NOT_MADE: &str = "not_made";
    /// The code of a call whose publisher panicked.
    pub const PANICKED: &str = "panicked";
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;

    #[tokio::test(start_paused = true)]
    async fn the_time_to_announce_a_call_is_the_calls_own() {
        let announced = Announced::now(TimeDelta::seconds(60));
        assert_eq!(announced.left(), Some(TimeDelta::seconds(60)));
        tokio::time::sleep(Duration::from_secs(45)).await;
        assert_eq!(announced.left(), Some(TimeDelta::seconds(15)));
        tokio::time::sleep(Duration::from_secs(15)).await;
        assert_eq!(announced.left(), None);
    }

    #[tokio::test(start_paused = true)]
    async fn a_call_is_given_up_when_its_time_is_over() {
        async fn after(seconds: u64) -> Result<(), PublishError> {
            tokio::time::sleep(Duration::from_secs(seconds)).await;
            Ok(())
        }
        let class = ErrorClass::UnknownOutcome;
        let timed_out = |budget| Err(given_up(class, budget));
        let budget = TimeDelta::seconds(5);
        assert_eq!(within(budget, class, after(4)).await, Ok(()));
        assert_eq!(within(budget, class, after(6)).await, timed_out(budget));
        assert_eq!(within(TimeDelta::seconds(-5), class, async { Ok(1) }).await, Ok(1));
        assert_eq!(within(TimeDelta::zero(), class, after(1)).await, timed_out(TimeDelta::zero()));
    }

    #[tokio::test(start_paused = true)]
    async fn a_call_that_panics_comes_to_an_error() {
        async fn fall(after: u64) -> Result<(), PublishError> {
            if after > 0 {
                tokio::time::sleep(Duration::from_secs(after)).await;
            }
            panic!("told to")
        }
        for after in [0, 1] {
            let answer = within(TimeDelta::seconds(5), ErrorClass::Transient, fall(after)).await;
            assert_eq!(answer, Err(panicked(ErrorClass::Transient)));
        }
    }
}
