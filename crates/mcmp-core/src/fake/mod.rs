//! Stand-ins for what lies outside, for your own tests: platforms and services that do as they are
//! told and keep a record of what they were asked.
//!
//! Together with a [`ManualClock`] and [`SeededEntropy`] weeks of publishing run in a test in
//! seconds, the same in every run.
//!
//! ```
//! use mcmp_core::account::Platform;
//! use mcmp_core::fake::{FakePublisher, OnGoLive};
//!
//! let platform = FakePublisher::new(Platform::THREADS);
//! // The first call is accepted and its answer lost; from then on all is well.
//! platform.on_go_live([OnGoLive::LoseAnswer]);
//! ```

mod notifier;
mod publisher;
mod text_model;
mod webhook_sender;

pub use crate::entropy::SeededEntropy;
pub use crate::service::MemoryMedia;
pub use crate::time::ManualClock;
pub use notifier::FakeNotifier;
pub use publisher::{FakeCall, FakeFile, FakePost, FakePublisher, OnGoLive};
pub use text_model::FakeTextModel;
pub use webhook_sender::{FakeWebhookSender, SentWebhook};

use std::sync::{Mutex, MutexGuard, PoisonError};

/// A fake's record stays readable after a test's panic.
fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
