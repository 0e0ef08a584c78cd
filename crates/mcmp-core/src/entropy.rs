//! Where random bytes and new ids come from.
//!
//! Randomness is injected like time: whatever needs it takes an [`Entropy`], so that a test under
//! [`SeededEntropy`] makes the same ids, nonces and tokens in every run.

use std::fmt::{Debug, Display};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use chrono::{DateTime, Utc};
use uuid::Builder;

use crate::id::Id;

/// The random source gave nothing.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("the random source failed: {reason}")]
pub struct EntropyError {
    reason: String,
}

impl EntropyError {
    /// For implementors of [`Entropy`]; `reason` is shown to operators and must hold no secret.
    pub fn new(reason: impl Display) -> Self {
        Self { reason: reason.to_string() }
    }
}

/// A source of random bytes.
pub trait Entropy: Debug + Send + Sync + 'static {
    /// Overwrites all of `bytes` with random ones.
    ///
    /// # Errors
    /// The source has nothing to give. What `bytes` then holds must not be used.
    fn fill(&self, bytes: &mut [u8]) -> Result<(), EntropyError>;
}

/// The operating system's generator, fit for keys, nonces and tokens.
#[derive(Debug, Clone, Copy, Default)]
pub struct SystemEntropy;

impl Entropy for SystemEntropy {
    fn fill(&self, bytes: &mut [u8]) -> Result<(), EntropyError> {
        getrandom::fill(bytes).map_err(EntropyError::new)
    }
}

/// The same bytes for the same seed, in every run: for tests and demonstrations.
///
/// Nothing made from it is secret: one output is enough to compute all others. The generator is
/// splitmix64, <https://prng.di.unimi.it/splitmix64.c>.
#[derive(Debug)]
pub struct SeededEntropy {
    state: AtomicU64,
}

impl SeededEntropy {
    const STEP: u64 = 0x9e37_79b9_7f4a_7c15;

    /// The stream of bytes that belongs to `seed`.
    #[must_use]
    pub const fn new(seed: u64) -> Self {
        Self { state: AtomicU64::new(seed) }
    }

    fn word(&self) -> u64 {
        // fetch_add wraps around, as the generator wants.
        let mut z = self.state.fetch_add(Self::STEP, Ordering::Relaxed).wrapping_add(Self::STEP);
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        z ^ (z >> 31)
    }
}

impl Entropy for SeededEntropy {
    fn fill(&self, bytes: &mut [u8]) -> Result<(), EntropyError> {
        for chunk in bytes.chunks_mut(8) {
            for (to, from) in chunk.iter_mut().zip(self.word().to_le_bytes()) {
                *to = from;
            }
        }
        Ok(())
    }
}

/// Makes ids: UUIDv7, each greater than every one made before it by the same source.
///
/// Order inside one millisecond comes from a counter in `rand_a`, seeded at random below half its
/// range whenever the time moves on and carried into the milliseconds when it is full (RFC 9562,
/// section 6.2, method 1, <https://www.rfc-editor.org/rfc/rfc9562#section-6.2>). So an id's time is
/// the given one unless the clock stepped back, or more than 2048 ids were made in one
/// millisecond; then it runs ahead. A process has one source and shares it: two sources give
/// distinct ids, but no common order.
///
/// ```
/// use std::sync::Arc;
/// use mcmp_core::entropy::{IdSource, SeededEntropy};
/// use mcmp_core::id::PostId;
///
/// let ids = IdSource::new(Arc::new(SeededEntropy::new(7)));
/// let now = chrono::DateTime::UNIX_EPOCH;
/// let first: PostId = ids.next(now)?;
/// let second: PostId = ids.next(now)?;
/// assert!(first < second);
/// # Ok::<(), mcmp_core::entropy::EntropyError>(())
/// ```
#[derive(Debug)]
pub struct IdSource {
    entropy: Arc<dyn Entropy>,
    /// Milliseconds and counter of the last id as one number: an increment carries by itself.
    last: AtomicU64,
}

impl IdSource {
    const COUNTER_BITS: u32 = 12;
    const COUNTER_MASK: u64 = (1 << Self::COUNTER_BITS) - 1;
    const COUNTER_SEED_MASK: u64 = Self::COUNTER_MASK >> 1;
    /// Half of what the format holds, so that no clock value leaves the counter without room.
    const LATEST_MILLIS: u64 = (1 << 47) - 1;

    /// A source over `entropy`.
    #[must_use]
    pub fn new(entropy: Arc<dyn Entropy>) -> Self {
        Self { entropy, last: AtomicU64::new(0) }
    }

    /// The next id, made at `now`. Times before 1970 count as 1970, times after the year 6429 as
    /// that year.
    ///
    /// # Errors
    /// The random source failed.
    pub fn next<I: Id>(&self, now: DateTime<Utc>) -> Result<I, EntropyError> {
        let mut random = [0_u8; 10];
        self.entropy.fill(&mut random)?;
        let [seed_high, seed_low, ..] = random;
        let seed = u64::from(u16::from_be_bytes([seed_high, seed_low])) & Self::COUNTER_SEED_MASK;
        let millis = u64::try_from(now.timestamp_millis()).unwrap_or(0).min(Self::LATEST_MILLIS);

        let tick = self.advance(millis, seed);
        let counter = (tick & Self::COUNTER_MASK).to_be_bytes();
        let [.., counter_high, counter_low] = counter;
        let [to_high, to_low, ..] = &mut random;
        (*to_high, *to_low) = (counter_high, counter_low);
        let uuid = Builder::from_unix_timestamp_millis(tick >> Self::COUNTER_BITS, &random);
        Ok(I::from_uuid(uuid.into_uuid()))
    }

    /// Claims a tick no one else has: a fresh one when the time moved on, otherwise the successor.
    fn advance(&self, millis: u64, seed: u64) -> u64 {
        let after = |last: u64| {
            if millis > last >> Self::COUNTER_BITS {
                millis << Self::COUNTER_BITS | seed
            } else {
                last + 1
            }
        };
        let mut last = self.last.load(Ordering::Relaxed);
        loop {
            let tick = after(last);
            match self.last.compare_exchange_weak(last, tick, Ordering::Relaxed, Ordering::Relaxed)
            {
                Ok(_) => return tick,
                Err(changed) => last = changed,
            }
        }
    }
}

#[cfg(test)]
mod tests;
