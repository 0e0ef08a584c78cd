use std::collections::HashSet;
use std::thread;

use chrono::TimeDelta;
use proptest::prelude::*;
use uuid::{Uuid, Variant, Version};

use super::*;
use crate::id::PostId;

/// Fails from the start: what a machine without a generator looks like.
#[derive(Debug)]
struct NoEntropy;

impl Entropy for NoEntropy {
    fn fill(&self, _: &mut [u8]) -> Result<(), EntropyError> {
        Err(EntropyError::new("none here"))
    }
}

/// Only ones: the highest counter seed there is.
#[derive(Debug)]
struct Ones;

impl Entropy for Ones {
    fn fill(&self, bytes: &mut [u8]) -> Result<(), EntropyError> {
        bytes.fill(0xff);
        Ok(())
    }
}

fn at(millis: i64) -> DateTime<Utc> {
    DateTime::from_timestamp_millis(millis).unwrap()
}

fn seeded(seed: u64) -> IdSource {
    IdSource::new(Arc::new(SeededEntropy::new(seed)))
}

fn millis_of(uuid: Uuid) -> u64 {
    let (seconds, nanos) = uuid.get_timestamp().unwrap().to_unix();
    seconds * 1000 + u64::from(nanos / 1_000_000)
}

/// Instants from 1970 to far past the format's half, in millisecond steps that repeat, jump and
/// go back.
fn clocks() -> impl Strategy<Value = Vec<DateTime<Utc>>> {
    let step = prop_oneof![4 => Just(0_i64), 3 => 1..5_i64, 2 => -3000..3000_i64, 1 => any::<i32>().prop_map(i64::from)];
    (0..250_000_000_000_000_i64, prop::collection::vec(step, 1..200)).prop_map(|(start, steps)| {
        let mut now = start;
        steps
            .into_iter()
            .map(|step| {
                now += step;
                at(now)
            })
            .collect()
    })
}

proptest! {
    #[test]
    fn ids_only_grow_whatever_the_clock_does(seed: u64, clock in clocks()) {
        let ids = seeded(seed);
        let made: Vec<PostId> = clock.iter().map(|now| ids.next(*now).unwrap()).collect();
        prop_assert!(made.is_sorted_by(|a, b| a < b));
        for id in made {
            prop_assert_eq!(id.uuid().get_version(), Some(Version::SortRand));
            prop_assert_eq!(id.uuid().get_variant(), Variant::RFC4122);
        }
    }

    #[test]
    fn the_time_reads_back(seed: u64, start in 1..100_000_000_000_000_i64, steps in prop::collection::vec(1..9_i64, 1..50)) {
        let ids = seeded(seed);
        let mut millis = start;
        for step in steps {
            millis += step;
            for _ in 0..3 {
                let id: PostId = ids.next(at(millis)).unwrap();
                prop_assert_eq!(i64::try_from(millis_of(id.uuid())), Ok(millis));
            }
        }
    }

    #[test]
    fn a_seed_decides_every_id(seed: u64, other: u64, clock in clocks()) {
        let run = |seed| {
            let ids = seeded(seed);
            clock.iter().map(|now| ids.next(*now).unwrap()).collect::<Vec<PostId>>()
        };
        prop_assert_eq!(run(seed), run(seed));
        prop_assert_eq!(run(seed) == run(other), seed == other);
    }

    #[test]
    fn every_byte_is_filled_and_lengths_agree(seed: u64, length in 0..100_usize) {
        let mut short = vec![0; length];
        let mut long = vec![0; length + 8];
        SeededEntropy::new(seed).fill(&mut short).unwrap();
        SeededEntropy::new(seed).fill(&mut long).unwrap();
        prop_assert_eq!(&short, &long[..length]);
    }
}

#[test]
fn splitmix64_gives_its_published_numbers() {
    // The first outputs for the seed 1234567, as the reference implementation prints them.
    let entropy = SeededEntropy::new(1_234_567);
    assert_eq!(
        [entropy.word(), entropy.word(), entropy.word()],
        [6_457_827_717_110_365_317, 3_203_168_211_198_807_973, 9_817_491_932_198_370_423]
    );
}

#[test]
fn a_full_counter_runs_into_the_next_millisecond() {
    let ids = IdSource::new(Arc::new(Ones));
    let made: Vec<PostId> = (0..5000).map(|_| ids.next(at(1000)).unwrap()).collect();
    assert!(made.is_sorted_by(|a, b| a < b));
    assert_eq!(millis_of(made[0].uuid()), 1000);
    assert_eq!(millis_of(made[2048].uuid()), 1000);
    assert_eq!(millis_of(made[2049].uuid()), 1001);
    // The clock catches up with what was borrowed, then leads again.
    let caught_up: PostId = ids.next(at(1001)).unwrap();
    assert!(caught_up > made[4999]);
    let ahead: PostId = ids.next(at(2000)).unwrap();
    assert_eq!(millis_of(ahead.uuid()), 2000);
}

#[test]
fn times_outside_the_format_still_give_ordered_ids() {
    let ids = IdSource::new(Arc::new(Ones));
    let mut last: PostId = ids.next(DateTime::<Utc>::MIN_UTC).unwrap();
    assert_eq!(millis_of(last.uuid()), 0);
    for _ in 0..5000 {
        let next: PostId = ids.next(DateTime::<Utc>::MAX_UTC).unwrap();
        assert!(next > last);
        last = next;
    }
}

#[test]
fn threads_share_a_source_without_a_repeated_or_unordered_id() {
    let ids = seeded(1);
    let made: Vec<Vec<PostId>> = thread::scope(|scope| {
        let threads: Vec<_> = (0..8)
            .map(|number| {
                let ids = &ids;
                scope.spawn(move || {
                    (0..2000_i64)
                        .map(|i| {
                            ids.next(at(1000) + TimeDelta::milliseconds(i % 7 + number)).unwrap()
                        })
                        .collect()
                })
            })
            .collect();
        threads.into_iter().map(|thread| thread.join().unwrap()).collect()
    });
    assert!(made.iter().all(|ids| ids.is_sorted_by(|a, b| a < b)));
    let distinct: HashSet<u64> =
        made.iter().flatten().map(|id| id.uuid().as_u64_pair().0).collect();
    assert_eq!(distinct.len(), 16_000, "time and counter alone tell the ids apart");
}

#[test]
fn a_source_without_randomness_makes_nothing() {
    let ids = IdSource::new(Arc::new(NoEntropy));
    let refused = ids.next::<PostId>(at(1000)).unwrap_err();
    assert_eq!(refused.to_string(), "the random source failed: none here");
}

#[test]
fn the_system_gives_bytes_that_differ() {
    let (mut one, mut two) = ([0; 32], [0; 32]);
    SystemEntropy.fill(&mut one).unwrap();
    SystemEntropy.fill(&mut two).unwrap();
    assert_ne!(one, two);
}
