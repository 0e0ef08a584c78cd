//! Whether two stores make the same of one seed.

use std::sync::Arc;

use mcmp_core::access::Actor;
use mcmp_core::account::SocialAccount;
use mcmp_core::agency::Agency;
use mcmp_core::client::Client;
use mcmp_core::duty::Duty;
use mcmp_core::event::Event;
use mcmp_core::id::AccountId;
use mcmp_core::member::{Invitation, Membership, User};
use mcmp_core::notification::Notification;
use mcmp_core::post::{HistoryEntry, Post, Revision};
use mcmp_core::publishing::{Attempt, PublishJob, RateBudget};
use mcmp_core::store::{Entity, EventPosition, Store, StoreExt};
use mcmp_scheduler::TokioClock;

use super::run::{Outcome, in_memory, run_over};
use super::seeds::Named;

/// Runs a seed over the store in memory and over the one that `new_store` makes, and fails unless
/// both tell the same story and hold the same in the end.
pub fn tells_the_same(seed: u64, new_store: impl FnOnce(TokioClock) -> Arc<dyn Store>) -> Outcome {
    let _named = Named(seed);
    let (expected, expected_contents) = told(seed, in_memory);
    let (outcome, contents) = told(seed, new_store);
    assert_same("story", seed, &expected.notes, &outcome.notes);
    assert_same("contents", seed, &expected_contents, &contents);
    outcome
}

fn told(seed: u64, new_store: impl FnOnce(TokioClock) -> Arc<dyn Store>) -> (Outcome, Vec<String>) {
    let mut kept = None;
    let outcome = run_over(|clock| Arc::clone(kept.insert(new_store(clock))), seed, None);
    let contents = tokio::runtime::Builder::new_current_thread().build().unwrap();
    (outcome, contents.block_on(contents_of(&*kept.unwrap())))
}

fn assert_same(what: &str, seed: u64, expected: &[String], there: &[String]) {
    let differs =
        (0..expected.len().max(there.len())).find(|at| expected.get(*at) != there.get(*at));
    if let Some(at) = differs {
        let before = expected[at.saturating_sub(20)..at].join("\n");
        panic!(
            "{what} of seed {seed}, line {at}:\n{before}\n\nin memory: {:?}\nhere:      {:?}",
            expected.get(at),
            there.get(at),
        );
    }
}

/// What a run leaves behind, in the order in which the store has it.
async fn contents_of(store: &dyn Store) -> Vec<String> {
    let system = Actor::system("simulation").own_scope().unwrap();
    let mut contents = Vec::new();
    macro_rules! kinds {
        ($($kind:ty),+) => {$(
            let all: Vec<$kind> =
                store.all(&system, <$kind as Entity>::Filter::default()).await.unwrap();
            contents.extend(all.iter().map(|entity| format!("{entity:?}")));
        )+};
    }
    kinds!(Agency, Client, User, Membership, Invitation, SocialAccount, Post, Revision);
    kinds!(HistoryEntry, PublishJob, Attempt, Event, Notification, RateBudget);
    let mut duties: Vec<Duty> = store.all(&system, Default::default()).await.unwrap();
    for duty in &mut duties {
        // How far somebody has read is a position in the log, which is each store's own.
        if duty.progress.get("position").is_some() {
            duty.progress = Default::default();
        }
        contents.push(format!("{duty:?}"));
    }
    let accounts: Vec<SocialAccount> = store.all(&system, Default::default()).await.unwrap();
    let accounts: Vec<AccountId> = accounts.iter().map(|account| account.id).collect();
    for account in accounts {
        contents.push(format!("{:?}", store.lane(&system, account).await.unwrap()));
    }
    // In the order in which readers are told of them.
    let events = store.events_after(&system, EventPosition::START, usize::MAX).await.unwrap();
    contents.extend(events.into_iter().map(|(_, event)| event.id.to_string()));
    contents
}
