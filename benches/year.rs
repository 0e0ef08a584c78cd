//! A year of publishing: one thousand clients, a million jobs, an engine a core, and time that stands still
//! until somebody waits. Run twice: both years must be the same to the millisecond.
//!
//!     cargo bench -p mcmp-benches --bench year                  # the year, twice
//!     cargo bench -p mcmp-benches --bench year -- --clients 50  # a smaller one
#![allow(
    clippy::expect_used,
    clippy::unwrap_used,
    clippy::print_stdout,
    clippy::cast_precision_loss,
    clippy::indexing_slicing,
    reason = "a program that measures and tells"
)]

use std::sync::Arc;
use std::time::{Duration, Instant};

use chrono::{DateTime, TimeDelta, Utc};
use mcmp_benches::agency::{self, Clients};
use mcmp_benches::memory::resident_mib;
use mcmp_benches::start;
use mcmp_benches::tally::Tally;
use mcmp_core::Portal;
use mcmp_core::account::Platform;
use mcmp_core::entropy::SeededEntropy;
use mcmp_core::portal::{PostDraft, Retention, Session, When};
use mcmp_core::secret::{KeyRing, SealKey};
use mcmp_core::store::MemoryStore;
use mcmp_scheduler::{Engine, EngineSettings, Loop, TokioClock};

const CHANNELS: [Platform; 4] =
    [Platform::FACEBOOK, Platform::LINKEDIN, Platform::THREADS, Platform::X];
const WEEKS: i64 = 50;
const POSTS_A_WEEK: i64 = 5;

/// How large the year is.
struct Size {
    clients: usize,
    weeks: i64,
}

impl Size {
    fn from_arguments() -> Self {
        let given: Vec<String> = std::env::args().collect();
        // As cargo bench runs it; cargo test only sees whether it runs at all.
        let is_test = !given.iter().any(|word| word == "--bench");
        let clients = given.iter().position(|word| word == "--clients");
        let clients =
            clients.and_then(|at| given.get(at + 1)).map(|n| n.parse().expect("a number"));
        match (is_test, clients) {
            (true, _) => Self { clients: 3, weeks: 2 },
            (false, Some(clients)) => Self { clients, weeks: WEEKS },
            (false, None) => Self { clients: 1_000, weeks: WEEKS },
        }
    }

    fn jobs(&self) -> usize {
        let posts = usize::try_from(self.weeks * POSTS_A_WEEK).unwrap();
        self.clients * posts * CHANNELS.len()
    }
}

/// What a year came to.
#[derive(PartialEq, Eq)]
struct Outcome {
    live: u64,
    fingerprint: u64,
    latest_ms: i64,
}

fn main() {
    let size = Size::from_arguments();
    println!("{} clients, {} jobs", size.clients, size.jobs());
    let mut outcomes = Vec::new();
    for round in 1..=2 {
        let began = Instant::now();
        let outcome = on_two_cores(&size);
        let took = began.elapsed();
        println!(
            "year {round}: {} live in {:.1} s, {:.1} µs of wall time a job with its share of planning \
             and clean-up, latest start {} ms, fingerprint {:016x}",
            outcome.live,
            took.as_secs_f64(),
            took.as_secs_f64() * 1e6 / size.jobs() as f64,
            outcome.latest_ms,
            outcome.fingerprint,
        );
        outcomes.push(outcome);
    }
    assert!(outcomes.windows(2).all(|pair| pair[0] == pair[1]), "two years differ");
    assert!(outcomes.iter().all(|outcome| outcome.live == size.jobs() as u64), "not all are live");
}

/// One half of the clients on each core, as two installations would have them: paused time is a
/// thread's own.
fn on_two_cores(size: &Size) -> Outcome {
    let first = size.clients / 2;
    let halves = [(1, first), (2, size.clients - first)];
    let threads = halves.map(|(seed, clients)| {
        let half = Size { clients, weeks: size.weeks };
        std::thread::spawn(move || {
            let mut runtime = tokio::runtime::Builder::new_current_thread();
            let runtime = runtime.enable_time().start_paused(true).build().unwrap();
            runtime.block_on(year(&half, seed))
        })
    });
    let outcomes = threads.map(|thread| thread.join().expect("a year ends"));
    Outcome {
        live: outcomes.iter().map(|outcome| outcome.live).sum(),
        fingerprint: outcomes.iter().fold(0, |sum, outcome| sum ^ outcome.fingerprint),
        latest_ms: outcomes.iter().map(|outcome| outcome.latest_ms).max().unwrap_or(0),
    }
}

async fn year(size: &Size, seed: u64) -> Outcome {
    let clock = TokioClock::starting_at(start());
    let entropy = Arc::new(SeededEntropy::new(seed));
    let key = SealKey::from_bytes(&[7; 32]).unwrap();
    let sealer = KeyRing::builder().active("k", key).build(entropy.clone()).unwrap();
    let tallies = CHANNELS.map(|platform| Arc::new(Tally::new(platform)));
    let mut portal = Portal::builder(Arc::new(MemoryStore::new(Arc::new(clock.clone()))))
        .clock(Arc::new(clock))
        .entropy(entropy)
        .sealer(Arc::new(sealer));
    for tally in &tallies {
        portal = portal.publisher(tally.clone());
    }
    let portal = portal.build().unwrap();
    let (session, clients) = agency::found(&portal, size.clients, &CHANNELS).await;

    let mut settings = EngineSettings::default();
    settings.claim_spacing = Duration::ZERO;
    // Commits wake the loop; polling is for stores that several processes share.
    settings.poll = Duration::from_secs(3_600);
    settings.rescue_every = Duration::from_secs(3_600);
    settings.retention_every = Duration::from_secs(24 * 3_600);
    settings.retention = short_memory();
    let engine = Engine::builder(portal.clone()).settings(settings);
    let running = engine.only([Loop::Publish, Loop::Retention]).build().unwrap().start();
    for week in 0..size.weeks {
        plan(&session, &clients, week, portal.now()).await;
        tokio::time::sleep(Duration::from_secs(7 * 24 * 3_600)).await;
        if week % 10 == 9 && seed == 1 {
            println!("  week {:>2}: {:>5.0} MiB", week + 1, resident_mib());
        }
    }
    running.shutdown().await;
    Outcome {
        live: tallies.iter().map(|tally| tally.live()).sum(),
        fingerprint: tallies.iter().fold(0, |sum, tally| sum ^ tally.fingerprint()),
        latest_ms: tallies.iter().map(|tally| tally.latest_ms()).max().unwrap_or(0),
    }
}

/// What is over is forgotten soon, as nobody looks back here.
fn short_memory() -> Retention {
    let days = |days| Some(TimeDelta::days(days));
    Retention {
        events: days(2),
        event_readers: Vec::new(),
        read_notifications: days(2),
        unread_notifications: days(2),
        deliveries: days(2),
        jobs: days(2),
        thin_snapshots: days(2),
        post_rollups: days(2),
        posts: days(2),
    }
}

/// Writes and schedules a week of every client.
async fn plan(session: &Session, clients: &Clients, week: i64, now: DateTime<Utc>) {
    for (n, (client, accounts)) in clients.iter().enumerate() {
        for post in 0..POSTS_A_WEEK {
            let text =
                format!("Week {week}, post {post}: fresh rye bread from seven o'clock #bakery");
            let draft = PostDraft::new(*client, text.parse().unwrap()).to(accounts.iter().copied());
            // Spread over the week; many fall on the same minute.
            let minute = (i64::try_from(n).unwrap() * 7 + post * 1_733 + week * 31) % (6 * 1_440);
            let at = When::At(now + TimeDelta::minutes(60 + minute));
            let made = session.posts().create(draft).await.unwrap();
            session.posts().schedule(made.id, at).await.unwrap();
        }
    }
}
