//! What a receiver does.

use base64::Engine as _;
use base64::prelude::BASE64_STANDARD;
use chrono::{DateTime, TimeDelta, Utc};
use hmac::Mac;

use super::key::SigningKeys;

/// How far the clocks of sender and receiver may be apart, into either direction.
pub const TOLERANCE: TimeDelta = TimeDelta::minutes(5);

/// The three headers of a message.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Headers<'a> {
    /// [`ID`](super::ID).
    pub id: &'a str,
    /// [`TIMESTAMP`](super::TIMESTAMP).
    pub timestamp: &'a str,
    /// [`SIGNATURE`](super::SIGNATURE).
    pub signature: &'a str,
}

/// Why a message is not believed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum NotVerified {
    /// The time is no number of seconds.
    #[error("the message's time can't be read")]
    Timestamp,
    /// The message was sent too long ago, or our clocks are apart.
    #[error("the message is older than {} minutes, or from the future", TOLERANCE.num_minutes())]
    Stale,
    /// No signature fits.
    #[error("no signature of the message fits")]
    Signature,
}

/// Checks that a message was made with one of `keys`, not long before `now`, and not changed since.
/// Compares in constant time. Whether `headers.id` came before is for the receiver to look up.
///
/// # Errors
/// Why it is not believed.
pub fn verify(
    keys: &SigningKeys,
    headers: &Headers<'_>,
    body: &[u8],
    now: DateTime<Utc>,
) -> Result<(), NotVerified> {
    let digits = headers.timestamp;
    let is_number = digits.bytes().all(|b| b.is_ascii_digit());
    let seconds: i64 = digits.parse().ok().filter(|_| is_number).ok_or(NotVerified::Timestamp)?;
    let sent_at = DateTime::from_timestamp(seconds, 0).ok_or(NotVerified::Timestamp)?;
    if (now - sent_at).abs() > TOLERANCE {
        return Err(NotVerified::Stale);
    }
    let fits = |signature: &str| {
        let Some(code) = signature.strip_prefix("v1,") else { return false };
        let Ok(code) = BASE64_STANDARD.decode(code) else { return false };
        keys.codes(headers.id, seconds, body).any(|expected| expected.verify_slice(&code).is_ok())
    };
    if headers.signature.split(' ').any(fits) { Ok(()) } else { Err(NotVerified::Signature) }
}

#[cfg(test)]
mod tests {
    use mcmp_core::secret::SecretText;
    use proptest::prelude::*;

    use super::*;

    const SECRET: &str = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw";
    const OTHER: &str = "whsec_C2FVsBQIhrscChlQIMV+b5sSYspob7oD";
    const ID: &str = "msg_p5jXN8AQM9LWM0D4loKWxJek";
    const BODY: &[u8] = b"{\"test\": 2432232314}";
    const SIGNATURE: &str = "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE=";

    fn keys(text: &str) -> SigningKeys {
        SigningKeys::parse(&SecretText::new(text)).unwrap()
    }

    fn at(seconds: i64) -> DateTime<Utc> {
        DateTime::from_timestamp(seconds, 0).unwrap()
    }

    fn check(keys: &SigningKeys, signature: &str, seconds: i64) -> Result<(), NotVerified> {
        let headers = Headers { id: ID, timestamp: "1614265330", signature };
        verify(keys, &headers, BODY, at(seconds))
    }

    /// <https://github.com/standard-webhooks/standard-webhooks/tree/main/libraries>
    #[test]
    fn the_vector_of_the_reference_libraries() {
        for text in [SECRET, SECRET.strip_prefix("whsec_").unwrap()] {
            assert_eq!(keys(text).sign(ID, at(1_614_265_330), BODY).unwrap(), SIGNATURE);
            assert_eq!(check(&keys(text), SIGNATURE, 1_614_265_330), Ok(()));
        }
    }

    #[test]
    fn any_signature_of_a_list_may_fit_and_unknown_ones_are_passed_over() {
        let list = format!("v1a,AAAA v2,x v1 , v1,AAAA {SIGNATURE} v1,");
        assert_eq!(check(&keys(SECRET), &list, 1_614_265_330), Ok(()));
        let refused = Err(NotVerified::Signature);
        let bare = SIGNATURE.strip_prefix("v1,").unwrap();
        for list in ["", "v1,", bare, &format!("v2,{bare}"), &format!("v1, {bare}")] {
            assert_eq!(check(&keys(SECRET), list, 1_614_265_330), refused, "{list}");
        }
        assert_eq!(check(&keys(OTHER), SIGNATURE, 1_614_265_330), refused);
    }

    #[test]
    fn the_clocks_may_be_five_minutes_apart() {
        let keys = keys(SECRET);
        for (seconds, expected) in [
            (1_614_265_330 - 300, Ok(())),
            (1_614_265_330 + 300, Ok(())),
            (1_614_265_330 - 301, Err(NotVerified::Stale)),
            (1_614_265_330 + 301, Err(NotVerified::Stale)),
        ] {
            assert_eq!(check(&keys, SIGNATURE, seconds), expected);
        }
        for timestamp in ["", "soon", "+1614265330", "1614265330.0", "99999999999999999999"] {
            let headers = Headers { id: ID, timestamp, signature: SIGNATURE };
            let verified = verify(&keys, &headers, BODY, at(1_614_265_330));
            assert_eq!(verified, Err(NotVerified::Timestamp), "{timestamp}");
        }
    }

    #[test]
    fn secrets_are_taken_as_people_paste_them_and_never_shown() {
        assert!(SigningKeys::parse(&SecretText::new(format!(" {SECRET}\n"))).is_ok());
        for odd in ["", "whsec_", "whsec_c2hvcnQ=", "whsec_not base64!", &"QUFB".repeat(22)] {
            let refused = SigningKeys::parse(&SecretText::new(odd)).unwrap_err();
            assert_eq!(refused.actual.filter(|actual| !actual.is_empty()), None, "{odd}");
        }
        let five = [SECRET; 5].join(" ");
        assert!(SigningKeys::parse(&SecretText::new(five)).is_err());
        assert_eq!(format!("{:?}", keys(SECRET)), "SigningKeys { keys: 1 }");
        for id in ["", "a.b", "a b", "ä", "a\n"] {
            assert!(keys(SECRET).sign(id, at(0), b"").is_err(), "{id}");
        }
    }

    proptest! {
        #[test]
        fn while_a_secret_is_replaced_either_verifies(
            body in prop::collection::vec(any::<u8>(), 0..60),
            id in "[a-zA-Z0-9_-]{1,40}",
            seconds in 0..4_000_000_000_i64,
        ) {
            let both = keys(&format!("{SECRET} {OTHER}"));
            let signature = both.sign(&id, at(seconds), &body).unwrap();
            prop_assert_eq!(signature.split(' ').count(), 2);
            let timestamp = seconds.to_string();
            let headers = Headers { id: &id, timestamp: &timestamp, signature: &signature };
            for one in [SECRET, OTHER] {
                prop_assert_eq!(verify(&keys(one), &headers, &body, at(seconds)), Ok(()));
            }
            // Whatever is changed, it shows.
            let mut changed = body.clone();
            changed.push(b' ');
            let refused = Err(NotVerified::Signature);
            prop_assert_eq!(verify(&both, &headers, &changed, at(seconds)), refused);
            let later = (seconds + 1).to_string();
            let moved = Headers { timestamp: &later, ..headers };
            prop_assert_eq!(verify(&both, &moved, &body, at(seconds)), refused);
            let renamed = format!("{id}x");
            let renamed = Headers { id: &renamed, ..headers };
            prop_assert_eq!(verify(&both, &renamed, &body, at(seconds)), refused);
        }
    }
}
