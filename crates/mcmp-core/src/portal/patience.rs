//! What exists nowhere else is written again and again until the store takes it.

use std::time::Duration;

use tokio::runtime::Handle;

use crate::error::{Error, ErrorKind};

/// The first wait.
const SHORTEST: Duration = Duration::from_millis(100);

/// What the waits grow to.
const LONGEST: Duration = Duration::from_secs(5);

/// Outlasts a store that can't be reached, for as long as whoever waits is not dropped: what a
/// platform answered is in memory alone until it is written.
#[derive(Debug)]
pub(super) struct Patience {
    wait: Duration,
}

impl Patience {
    pub(super) fn new() -> Self {
        Self { wait: SHORTEST }
    }

    /// Waits until it is time to try again: longer with each time, up to five seconds.
    ///
    /// # Errors
    /// It is another error, which trying again does not mend; or there is no Tokio to wait with.
    pub(super) async fn outlast(&mut self, error: Error) -> Result<(), Error> {
        if error.kind() != ErrorKind::Unavailable || Handle::try_current().is_err() {
            return Err(error);
        }
        tokio::time::sleep(self.wait).await;
        self.wait = (self.wait * 2).min(LONGEST);
        Ok(())
    }
}
