//! What can be done to a store, at random.

use proptest::prelude::*;

use crate::publishing::{LaneAction, PauseReason};

/// One step. Numbers that choose something are taken modulo what there is, so that a sequence
/// stays meaningful when it is shrunk.
#[derive(Debug, Clone)]
pub(super) enum Op {
    /// A new campaign.
    Insert { place: usize, seed: u64 },
    /// A campaign changes.
    Change { which: usize, seed: u64, stale: bool },
    /// A campaign is deleted.
    Delete { which: usize, stale: bool },
    /// A meter changes.
    Count { by: i64, limit: Option<u64> },
    /// A new job.
    NewJob { account: usize, minutes: i64, priority: i16 },
    /// A job is written by its worker or by a person.
    Write { which: usize, how: How, stale: bool },
    /// A lane changes.
    Lane { account: usize, action: LaneStep },
    /// A worker claims what is due within so many minutes.
    Claim { limit: usize, ahead: i64 },
    /// All leases are renewed.
    Renew,
    /// Expired jobs are rescued.
    Rescue,
    /// Time goes by.
    Advance { minutes: i64 },
}

/// What becomes of a job.
#[derive(Debug, Clone, Copy)]
pub(super) enum How {
    Publish,
    Commit,
    Lose { minutes: i64 },
    Return { minutes: i64 },
    Move { minutes: i64 },
    Hold,
    Cancel,
    Touch,
}

/// What becomes of a lane.
#[derive(Debug, Clone, Copy)]
pub(super) enum LaneStep {
    Do(LaneAction),
    Block { minutes: i64 },
}

fn how() -> impl Strategy<Value = How> {
    let minutes = -3_i64..20;
    prop_oneof![
        3 => Just(How::Publish),
        2 => Just(How::Commit),
        2 => minutes.clone().prop_map(|minutes| How::Lose { minutes }),
        3 => minutes.clone().prop_map(|minutes| How::Return { minutes }),
        2 => minutes.prop_map(|minutes| How::Move { minutes }),
        1 => Just(How::Hold),
        1 => Just(How::Cancel),
        1 => Just(How::Touch),
    ]
}

fn lane_step() -> impl Strategy<Value = LaneStep> {
    let reason = prop_oneof![
        Just(PauseReason::Account),
        Just(PauseReason::Client),
        Just(PauseReason::Agency),
        Just(PauseReason::Reconnect)
    ];
    prop_oneof![
        2 => reason.clone().prop_map(|reason| LaneStep::Do(LaneAction::Pause(reason))),
        4 => reason.prop_map(|reason| LaneStep::Do(LaneAction::Resume(reason))),
        2 => (0_u32..4).prop_map(|most| LaneStep::Do(LaneAction::SetMaxInFlight(most))),
        1 => prop_oneof![Just(0_u32), Just(90_000)]
            .prop_map(|ms| LaneStep::Do(LaneAction::SetMinGap(ms))),
        1 => (-5_i64..15).prop_map(|minutes| LaneStep::Block { minutes }),
    ]
}

fn rarely() -> impl Strategy<Value = bool> {
    prop::bool::weighted(0.15)
}

/// A sequence of steps.
pub(super) fn operations() -> impl Strategy<Value = Vec<Op>> {
    let which = 0_usize..64;
    let op = prop_oneof![
        4 => (0_usize..5, 0_u64..200).prop_map(|(place, seed)| Op::Insert { place, seed }),
        4 => (which.clone(), 0_u64..200, rarely())
            .prop_map(|(which, seed, stale)| Op::Change { which, seed, stale }),
        2 => (which.clone(), rarely()).prop_map(|(which, stale)| Op::Delete { which, stale }),
        2 => (-4_i64..6, prop::option::of(0_u64..8))
            .prop_map(|(by, limit)| Op::Count { by, limit }),
        8 => (0_usize..3, -5_i64..20, -1_i16..2)
            .prop_map(|(account, minutes, priority)| Op::NewJob { account, minutes, priority }),
        9 => (which, how(), rarely())
            .prop_map(|(which, how, stale)| Op::Write { which, how, stale }),
        4 => (0_usize..3, lane_step()).prop_map(|(account, action)| Op::Lane { account, action }),
        7 => (0_usize..6, prop_oneof![2 => Just(0_i64), 1 => 0_i64..12])
            .prop_map(|(limit, ahead)| Op::Claim { limit, ahead }),
        2 => Just(Op::Renew),
        3 => Just(Op::Rescue),
        5 => (1_i64..14).prop_map(|minutes| Op::Advance { minutes }),
    ];
    prop::collection::vec(op, 1..70)
}
