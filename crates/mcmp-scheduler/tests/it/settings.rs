//! What an engine can't work with is refused as it is built.

use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use chrono::TimeDelta;
use mcmp_core::Error;
use mcmp_core::event::Event;
use mcmp_core::value::{InvalidCode, InvalidValue};
use mcmp_scheduler::{EngineBuilder, EngineSettings, EventSubscriber, SubscriberError};

use super::world::World;

#[derive(Debug)]
struct Takes;

#[async_trait]
impl EventSubscriber for Takes {
    async fn take(&self, _event: &Event) -> Result<(), SubscriberError> {
        Ok(())
    }
}

fn refused(builder: EngineBuilder) -> InvalidValue {
    match builder.build() {
        Err(Error::Invalid(invalid)) => invalid,
        other => panic!("not refused: {other:?}"),
    }
}

#[tokio::test(start_paused = true)]
async fn subscribers_whose_places_can_not_be_kept_are_refused() {
    let world = World::new().await;
    let with = |names: &[&str]| {
        names.iter().fold(world.engine(), |builder, name| builder.subscribe(*name, Arc::new(Takes)))
    };
    with(&["index", "search", &"x".repeat(193)]).build().unwrap();
    let long = "x".repeat(194);
    let cases: [(&[&str], &str, InvalidCode); 5] = [
        (&["index", "search", "index"], "subscribers[2].name", InvalidCode::Duplicate),
        (&["index", "index "], "subscribers[1].name", InvalidCode::Duplicate),
        (&[&long], "subscribers[0].name", InvalidCode::TooLong),
        (&[" "], "subscribers[0].name", InvalidCode::Required),
        (&["a\u{0}b"], "subscribers[0].name", InvalidCode::Malformed),
    ];
    for (names, field, code) in cases {
        let invalid = refused(with(names));
        assert_eq!((invalid.field.as_str(), invalid.code), (field, code));
    }
}

#[tokio::test(start_paused = true)]
async fn settings_that_can_do_nothing_are_refused() {
    let world = World::new().await;
    let with = |change: fn(&mut EngineSettings)| {
        let mut settings = EngineSettings::default();
        change(&mut settings);
        world.engine().settings(settings)
    };
    type Change = fn(&mut EngineSettings);
    let cases: [(&str, Change); 12] = [
        ("slots", |s| s.slots = 0),
        ("claim_batch", |s| s.claim_batch = 0),
        ("sends_at_once", |s| s.sends_at_once = 0),
        ("catch_up_per_second", |s| s.catch_up_per_second = 0),
        ("lease", |s| s.lease = TimeDelta::zero()),
        ("lease", |s| s.lease = TimeDelta::seconds(-1)),
        ("claim_ahead", |s| s.claim_ahead = TimeDelta::milliseconds(-1)),
        ("claim_ahead", |s| s.claim_ahead = TimeDelta::milliseconds(10_001)),
        ("poll", |s| s.poll = Duration::ZERO),
        ("rescue_every", |s| s.rescue_every = Duration::ZERO),
        ("retention_every", |s| s.retention_every = Duration::MAX),
        ("refresh_ahead", |s| s.refresh_ahead = TimeDelta::minutes(-1)),
    ];
    for (field, change) in cases {
        assert_eq!(refused(with(change)).field, field);
    }
    with(|s| s.claim_spacing = Duration::ZERO).build().unwrap();
    with(|s| s.claim_ahead = TimeDelta::zero()).build().unwrap();
    with(|s| s.claim_ahead = EngineSettings::FARTHEST_AHEAD).build().unwrap();
    with(|s| (s.grace, s.catch_up_gap) = (Duration::ZERO, TimeDelta::zero())).build().unwrap();
}
