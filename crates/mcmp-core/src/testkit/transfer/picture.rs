//! Everything that a store holds, to be compared with another store's.

use std::collections::BTreeMap;

use super::system;
use crate::account::SocialAccount;
use crate::agency::{Agency, Meter};
use crate::client::{Client, ClientStatus};
use crate::id::EventId;
use crate::store::{
    EntityKind, EventPosition, Record, Store, StoreExt, TenancyKind, for_each_entity,
};
use crate::time::Month;
use crate::transfer::Selection;

/// What a store holds, or what it holds of a client.
pub(super) struct Picture {
    things: Vec<String>,
    /// Whether the client that it is of counts for its agency's plan.
    pub(super) counts_client: bool,
}

/// Fails and says what differs.
pub(super) fn assert_same(found: &Picture, expected: &Picture, what: &str) {
    let (found, expected) = (&found.things, &expected.things);
    for (found, expected) in found.iter().zip(expected) {
        assert_eq!(found, expected, "{what}");
    }
    assert_eq!(found.len(), expected.len(), "{what}: how many things there are");
}

/// What a store holds of a selection.
pub(super) async fn picture(store: &dyn Store, selection: Selection) -> Picture {
    let mut scope = system();
    let mut counts_client = false;
    if let Selection::Client(id) = selection {
        let client: Client = store.find(&scope, id).await.unwrap().expect("the client");
        counts_client = client.status != ClientStatus::Archived;
        scope = scope.within_client(client.agency_id, client.id);
    }
    let is_all = selection == Selection::Everything;
    let mut events: Vec<(EventPosition, EventId)> = Vec::new();
    loop {
        let after = events.last().map_or(EventPosition::START, |(position, _)| *position);
        let more = store.events_after(&scope, after, 400).await.unwrap();
        if more.is_empty() {
            break;
        }
        events.extend(more.iter().map(|(position, event)| (*position, event.id)));
    }
    let mut things: Vec<String> = Vec::new();
    macro_rules! every {
        ($($name:ident($type:ty) = $wire:literal),+ $(,)?) => {$(
            let kind = EntityKind::$name;
            let is_clients = matches!(kind.tenancy_kind(), TenancyKind::Client | TenancyKind::Log);
            if is_all || is_clients {
                for entity in store.all::<$type>(&scope, Default::default()).await.unwrap() {
                    things.push(as_text(entity.into(), &events));
                }
            }
        )+};
    }
    for_each_entity!(every);
    things.extend(events.iter().map(|(_, event)| format!("outbox {event}")));
    for account in store.all::<SocialAccount>(&scope, Default::default()).await.unwrap() {
        let mut lane = store.lane(&scope, account.id).await.unwrap();
        lane.iter_mut().for_each(|lane| lane.next_gap_at = None);
        things.push(format!("lane {lane:?}"));
    }
    if is_all {
        things.extend(meters(store).await);
    }
    Picture { things, counts_client }
}

/// An entity in full; of a reader of events, how many it has read.
fn as_text(record: Record, events: &[(EventPosition, EventId)]) -> String {
    let mut json: serde_json::Value = serde_json::from_str(&record.to_json().unwrap()).unwrap();
    if let Record::Duty(duty) = &record
        && duty.name.as_str().starts_with("readers/")
    {
        let position = duty.progress["position"].as_u64().unwrap();
        let read = events.iter().filter(|(place, _)| place.0 <= position).count();
        json["progress"] = format!("{read} events").into();
    }
    format!("{} {json}", record.kind())
}

async fn meters(store: &dyn Store) -> Vec<String> {
    let scope = system();
    let mut used = BTreeMap::new();
    for agency in store.all::<Agency>(&scope, Default::default()).await.unwrap() {
        // The months that samples are made in.
        let made = store.all::<crate::post::Post>(&scope, Default::default()).await.unwrap();
        let mut months: Vec<_> = made.iter().map(|post| Month::of(post.created_at)).collect();
        months.push(Month::of(agency.created_at));
        for meter in Meter::ALL {
            let months = months.iter().copied().map(Some);
            let months = if meter.is_monthly() { months.collect() } else { vec![None] };
            for month in months {
                let count = store.usage(&scope, agency.id, *meter, month).await.unwrap();
                used.insert((agency.id, *meter, month), count);
            }
        }
    }
    used.iter().map(|(meter, count)| format!("meter {meter:?} {count}")).collect()
}
