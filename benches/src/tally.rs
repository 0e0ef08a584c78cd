//! A platform that takes everything and remembers only what it came to.

use std::sync::Mutex;
use std::sync::atomic::{AtomicI64, AtomicU64, Ordering};

use async_trait::async_trait;
use mcmp_core::account::Platform;
use mcmp_core::publishing::{
    Intent, LookUp, Progress, PublishContext, PublishError, Publisher, PublisherCapabilities,
    RemoteRef, WentLive,
};

/// A platform that takes everything at once and keeps nothing of it but a count, a fingerprint of
/// what came when, and how late the latest one was.
#[derive(Debug)]
pub struct Tally {
    platform: Platform,
    live: AtomicU64,
    fingerprint: Mutex<u64>,
    latest_ms: AtomicI64,
}

impl Tally {
    /// An empty one.
    #[must_use]
    pub fn new(platform: Platform) -> Self {
        Self {
            platform,
            live: AtomicU64::new(0),
            fingerprint: Mutex::new(0xcbf2_9ce4_8422_2325),
            latest_ms: AtomicI64::new(0),
        }
    }

    /// How much went live.
    pub fn live(&self) -> u64 {
        self.live.load(Ordering::Relaxed)
    }

    /// What went live, where, when, and in which order, as one number.
    pub fn fingerprint(&self) -> u64 {
        *self.fingerprint.lock().expect("nothing panics in between")
    }

    /// How late the latest one was, in milliseconds.
    pub fn latest_ms(&self) -> i64 {
        self.latest_ms.load(Ordering::Relaxed)
    }
}

#[async_trait]
impl Publisher for Tally {
    fn platform(&self) -> &Platform {
        &self.platform
    }

    fn capabilities(&self) -> PublisherCapabilities {
        PublisherCapabilities { can_look_up: true, ..PublisherCapabilities::default() }
    }

    async fn prepare(&self, _cx: &PublishContext<'_>) -> Result<Progress, PublishError> {
        Ok(Progress::Ready { checkpoint: None })
    }

    async fn go_live(&self, cx: &PublishContext<'_>) -> Result<WentLive, PublishError> {
        let count = self.live.fetch_add(1, Ordering::Relaxed);
        let late_by = cx.job.late_by(cx.now).num_milliseconds();
        self.latest_ms.fetch_max(late_by, Ordering::Relaxed);
        let mut fingerprint = self.fingerprint.lock().expect("nothing panics in between");
        let what = (cx.account.id, cx.now.timestamp_millis());
        for byte in format!("{what:?} {}", cx.text()).bytes() {
            *fingerprint = (*fingerprint ^ u64::from(byte)).wrapping_mul(0x0000_0100_0000_01b3);
        }
        Ok(WentLive::Live(RemoteRef { id: count.to_string(), url: None }))
    }

    async fn look_up(
        &self,
        _cx: &PublishContext<'_>,
        _intent: &Intent,
    ) -> Result<LookUp, PublishError> {
        Ok(LookUp::Impossible)
    }
}
