//! The engine of MCMP: publishes what is due, never loses a post and never doubles one, and keeps
//! accounts, events and numbers up to date.
//!
//! # Start here
//! Build an [`Engine`] from a [`Portal`](mcmp_core::Portal) and start it beside your application.
//! Several processes may each run one over the same store: they share the work, and what one leaves
//! undone as it dies another takes up.
//!
//! # The map
//! | part | holds |
//! |---|---|
//! | [`Engine`], [`EngineSettings`] | what runs, and how |
//! | `publish` | the loop that claims and publishes, its heartbeat, its rescue of dead workers' jobs |
//! | `supervise` | what goes beyond one job: [`RatePlan`]s, circuit breakers, pauses, catching up |
//! | `loops` | everything else, one [`Loop`] each |
//! | [`EventSubscriber`] | events to your own code |
//! | [`Health`], [`metric_names`] | what to watch |
//! | [`TokioClock`] | weeks of publishing in a test in seconds |
//!
//! # What it keeps to
//! - The store is the only truth: every step is there before and after it is taken.
//! - A call that makes something visible is never repeated blindly; see
//!   [`publishing::advance`](mcmp_core::publishing::advance).
//! - Nothing waits inside a job: a platform that needs time is asked again later.

mod clock;
mod engine;
mod forecast;
mod health;
mod loops;
mod outbox;
mod pace;
mod publish;
mod settings;
mod supervise;
mod telemetry;

pub use clock::TokioClock;
pub use engine::{Engine, EngineBuilder, Running};
pub use health::{Health, LoopHealth};
pub use loops::Loop;
pub use outbox::{EventSubscriber, SubscriberError};
pub use settings::EngineSettings;
pub use supervise::RatePlan;
pub use telemetry::names as metric_names;

#[cfg(doctest)]
#[doc = include_str!("../README.md")]
struct ReadmeExamples;
