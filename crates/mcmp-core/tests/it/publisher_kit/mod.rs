//! The fake platform keeps every rule of the publishers' conformance kit, whatever it can do; and
//! the kit notices publishers that break one.

mod broken;
mod mutants;
mod platform;
mod sockets;

use mcmp_core::account::Platform;
use mcmp_core::fake::FakePublisher;
use mcmp_core::publishing::PublisherCapabilities;
use mcmp_core::testkit::Skip;
use mcmp_core::time::ManualClock;

use platform::FakePlatform;

mod with_everything_but_keys {
    use super::*;

    async fn fresh(clock: ManualClock) -> Result<FakePlatform, Skip> {
        Ok(FakePlatform::new(clock, FakePublisher::new(Platform::THREADS)))
    }

    mcmp_core::publisher_conformance!(fresh);
}

mod with_keys_and_no_look_up {
    use super::*;

    async fn fresh(clock: ManualClock) -> Result<FakePlatform, Skip> {
        let can = PublisherCapabilities { takes_dedupe_key: true, ..Default::default() };
        let fake = FakePublisher::with_capabilities(Platform::THREADS, can);
        Ok(FakePlatform::new(clock, fake))
    }

    mcmp_core::publisher_conformance!(fresh);
}

mod with_nothing {
    use super::*;

    async fn fresh(clock: ManualClock) -> Result<FakePlatform, Skip> {
        let can = PublisherCapabilities { threads: true, ..Default::default() };
        let fake = FakePublisher::with_capabilities(Platform::THREADS, can).steps_to_prepare(1);
        Ok(FakePlatform::new(clock, fake))
    }

    mcmp_core::publisher_conformance!(fresh);
}
