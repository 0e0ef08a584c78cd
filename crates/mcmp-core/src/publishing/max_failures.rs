//! How much trouble a part may have before it is given up.

use serde::{Deserialize, Serialize};

use crate::value::InvalidValue;

/// Most failures of one part before it is given up, whatever its account or its lateness policy
/// says: about eight hours of trying.
pub const MAX_FAILURES: u32 = 72;

/// How many calls for one part of a post may fail before the part is given up: 1 to
/// [`MAX_FAILURES`], which is also what holds where nobody set it.
///
/// What counts is calls that failed for now and certainly had no effect, to make ready as well as
/// visible ones, since the part last made progress (see
/// [`PublishJob::failures`](super::PublishJob::failures)). A rate limit is none, nor is a look-up
/// that fails, nor a call whose outcome is unknown; and what no repetition helps, such as content
/// that the platform refuses, is given up the first time anyway.
///
/// ```
/// use mcmp_core::publishing::{MAX_FAILURES, MaxFailures};
/// use mcmp_core::value::InvalidCode;
///
/// assert_eq!(MaxFailures::new(3)?.get(), 3);
/// assert_eq!(MaxFailures::default().get(), MAX_FAILURES);
/// let refused = MaxFailures::new(0).unwrap_err();
/// assert_eq!((refused.code, refused.limit.as_deref()), (InvalidCode::OutOfRange, Some("1..=72")));
/// # Ok::<(), mcmp_core::value::InvalidValue>(())
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(try_from = "u32", into = "u32")]
pub struct MaxFailures(u32);

impl MaxFailures {
    /// The part is given up with the failure of this number.
    ///
    /// # Errors
    /// Zero, or more than [`MAX_FAILURES`].
    pub fn new(max_failures: u32) -> Result<Self, InvalidValue> {
        if !(1..=MAX_FAILURES).contains(&max_failures) {
            return Err(InvalidValue::out_of_range("max_failures", 1, MAX_FAILURES, max_failures));
        }
        Ok(Self(max_failures))
    }

    /// The number.
    #[must_use]
    pub fn get(self) -> u32 {
        self.0
    }
}

impl Default for MaxFailures {
    /// [`MAX_FAILURES`].
    fn default() -> Self {
        Self(MAX_FAILURES)
    }
}

impl TryFrom<u32> for MaxFailures {
    type Error = InvalidValue;

    fn try_from(max_failures: u32) -> Result<Self, Self::Error> {
        Self::new(max_failures)
    }
}

impl From<MaxFailures> for u32 {
    fn from(max_failures: MaxFailures) -> Self {
        max_failures.get()
    }
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::*;
    use crate::account::SocialAccount;
    use crate::publishing::{PublishJob, sample};
    use crate::value::InvalidCode;

    #[test]
    fn it_lies_between_one_and_the_most() {
        for number in 1..=MAX_FAILURES {
            assert_eq!(MaxFailures::new(number).unwrap().get(), number);
        }
        for number in [0, MAX_FAILURES + 1, u32::MAX] {
            let refused = MaxFailures::new(number).unwrap_err();
            assert_eq!(refused.code, InvalidCode::OutOfRange);
            assert_eq!(
                (&*refused.field, refused.limit.as_deref()),
                ("max_failures", Some("1..=72"))
            );
            assert_eq!(refused.actual, Some(number.to_string()));
        }
    }

    #[test]
    fn it_is_a_number_in_json_and_a_bad_one_is_refused_with_its_limit() {
        let three = MaxFailures::new(3).unwrap();
        assert_eq!(serde_json::to_value(three).unwrap(), json!(3));
        assert_eq!(serde_json::from_value::<MaxFailures>(json!(3)).unwrap(), three);
        for number in [0, MAX_FAILURES + 1] {
            let refused = serde_json::from_value::<MaxFailures>(json!(number)).unwrap_err();
            assert_eq!(refused.to_string(), MaxFailures::new(number).unwrap_err().to_string());
        }
        for value in [json!(-1), json!(1.5), json!("3"), json!(null)] {
            assert!(serde_json::from_value::<MaxFailures>(value).is_err());
        }
    }

    #[test]
    fn what_was_written_before_there_was_one_has_the_most() {
        let without = |mut value: Value| {
            let fields = value.as_object_mut().unwrap();
            assert_eq!(fields.remove("max_failures"), Some(json!(2)));
            fields.remove("waits");
            value
        };
        let two = MaxFailures::new(2).unwrap();
        let account = SocialAccount { max_failures: two, ..sample::account() };
        let old = without(serde_json::to_value(&account).unwrap());
        let read: SocialAccount = serde_json::from_value(old).unwrap();
        assert_eq!(read, SocialAccount { max_failures: MaxFailures::default(), ..account });
        let job = PublishJob { max_failures: two, ..sample::job(&sample::outgoing(0, false)) };
        let old = without(serde_json::to_value(&job).unwrap());
        let read: PublishJob = serde_json::from_value(old).unwrap();
        assert_eq!(read, PublishJob { max_failures: MaxFailures::default(), ..job });
    }
}
