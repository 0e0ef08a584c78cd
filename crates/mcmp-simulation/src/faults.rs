//! What goes wrong: with single calls, with whole platforms, with processes and with the clock.

use std::sync::Arc;

use chrono::{DateTime, TimeDelta, Utc};
use mcmp_core::fake::{FakeCall, OnGoLive};
use mcmp_core::publishing::{ErrorClass, PublishError};
use mcmp_core::secret::SecretText;
use tokio::time::{Instant, sleep};

use super::dice::Dice;
use super::life::Life;
use super::run::Slots;
use super::world::{SECRET, World};

/// What a platform answers when it turns something down.
pub(crate) fn error(dice: &mut Dice, now: DateTime<Utc>) -> PublishError {
    let until = dice.one_in(2).then(|| now + dice.minutes(1, 90));
    let classes = [
        ErrorClass::Reconnect,
        ErrorClass::Permission,
        ErrorClass::RateLimited { until },
        ErrorClass::RateLimited { until },
        ErrorClass::Transient,
        ErrorClass::Transient,
        ErrorClass::Transient,
        ErrorClass::InvalidContent,
        ErrorClass::Duplicate,
    ];
    PublishError::new(*dice.pick(&classes), "told to fail")
}

/// What becomes of one visible call. Nothing shows later than a platform may take: that is the one
/// double that nobody can exclude.
pub(crate) fn on_go_live(dice: &mut Dice, chance: u32, now: DateTime<Utc>) -> Option<OnGoLive> {
    if !dice.permille(chance) {
        return None;
    }
    let (refusal, polls) = (error(dice, now), dice.below(4));
    Some(match dice.below(12) {
        0 | 1 => OnGoLive::Refuse(refusal),
        2 | 3 => OnGoLive::LoseAnswer,
        4 => OnGoLive::LoseRequest,
        5 => OnGoLive::FailAfterAccepting,
        6 => OnGoLive::AcceptLate(TimeDelta::seconds(i64::from(dice.below(100)))),
        7 => OnGoLive::AcceptAndHang,
        8 => OnGoLive::Hang,
        9 => OnGoLive::SayDuplicate,
        10 => OnGoLive::Process { polls },
        _ => OnGoLive::ProcessAndReject { polls, error: refusal },
    })
}

/// Something happens every few minutes, as long as the run is not calm.
pub(crate) async fn strike(world: Arc<World>, slots: Arc<Slots>) {
    let hub = Arc::clone(&world.hub);
    loop {
        let wait = hub.dice(|dice| dice.seconds(30, 1_800));
        sleep(wait).await;
        if hub.is_calm() {
            return;
        }
        match hub.dice(|dice| dice.below(8)) {
            0 | 1 => strike_platform(&world),
            2 => end_tokens(&world),
            3 | 4 if hub.plan.crashes => {
                if let Some(life) = some_life(&world, &slots) {
                    life.kill();
                }
            }
            5 | 6 if hub.plan.freezes => {
                let time = hub.dice(|dice| match dice.one_in(3) {
                    true => dice.seconds(60, 900),
                    false => dice.seconds(5, 60),
                });
                if let Some(life) = some_life(&world, &slots) {
                    life.freeze(time);
                }
            }
            7 if hub.plan.clock_jumps => jump(&world),
            _ => {}
        }
    }
}

fn some_life(world: &World, slots: &Slots) -> Option<Arc<Life>> {
    let lives = slots.lives();
    (!lives.is_empty()).then(|| Arc::clone(world.hub.dice(|dice| dice.pick(&lives))))
}

fn strike_platform(world: &World) {
    let hub = &world.hub;
    if hub.plan.channels.iter().all(|channel| channel.faults == 0) {
        return;
    }
    let channel = hub.dice(|dice| dice.pick(&world.channels));
    if hub.dice(|dice| dice.one_in(2)) {
        let until = hub.now() + hub.dice(|dice| dice.minutes(1, 120));
        hub.note("net", format!("{} is limited until {}", channel.name, hub.show(until)));
        channel.platform.limit_until(until);
    } else {
        let times = hub.dice(|dice| dice.within(2, 25));
        hub.note("net", format!("{} fails {times} times", channel.name));
        let error = PublishError::new(ErrorClass::Transient, "the platform is down");
        for call in [FakeCall::Prepare, FakeCall::LookUp, FakeCall::Refresh] {
            channel.platform.fail_next(call, usize::try_from(times).unwrap(), &error);
        }
    }
}

/// The platform takes other tokens from now on; whoever can refresh gets new ones.
fn end_tokens(world: &World) {
    let hub = &world.hub;
    let channel = hub.dice(|dice| dice.pick(&world.channels));
    if hub.plan.channels.iter().all(|channel| channel.faults == 0) {
        return;
    }
    hub.note("net", format!("the tokens of {} end", channel.name));
    channel.platform.accept_only(&SecretText::new(format!("{SECRET}nobody")));
}

fn jump(world: &World) {
    let hub = &world.hub;
    let by = hub.dice(|dice| match dice.below(4) {
        0 => dice.minutes(1, 90),
        1 => -dice.minutes(1, 90),
        2 => TimeDelta::seconds(i64::from(dice.below(30))),
        _ => -TimeDelta::seconds(i64::from(dice.below(30))),
    });
    hub.note("clock", format!("jumps by {} s", by.num_seconds()));
    hub.clock.jump(by);
    hub.ledger().jumped_at = Some(Instant::now());
}
