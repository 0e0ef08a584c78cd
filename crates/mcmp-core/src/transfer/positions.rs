//! Places in the outbox. An event has another place in another store, so whatever names a place must
//! be given the place that the same event has there.

use std::collections::{BTreeMap, BTreeSet, VecDeque};

use super::TransferError;
use crate::access::Scope;
use crate::duty::Duty;
use crate::event::Event;
use crate::id::EventId;
use crate::store::{EventPosition, Query, ReadUpTo, Store, StoreError};

/// How far a reader of events came, if that is what a duty keeps: a [`ReadUpTo`] and nothing else.
pub(super) fn read_up_to(duty: &Duty) -> Option<EventPosition> {
    let progress = duty.progress.as_object().filter(|progress| progress.len() == 1)?;
    progress.get("position")?.as_u64().map(EventPosition)
}

/// Puts a reader to another place.
pub(super) fn put(duty: &mut Duty, position: EventPosition) {
    // A number in a struct: it always has a JSON.
    if let Ok(progress) = serde_json::to_value(ReadUpTo { position }) {
        duty.progress = progress;
    }
}

/// Which event stands at or last before each place that a reader came to.
#[derive(Debug, Default)]
pub(super) struct Places {
    ahead: VecDeque<EventPosition>,
    behind: Vec<(EventPosition, Option<EventId>)>,
    last: Option<EventId>,
}

impl Places {
    pub(super) fn new(wanted: BTreeSet<EventPosition>) -> Self {
        Self { ahead: wanted.into_iter().collect(), ..Self::default() }
    }

    /// Goes by an event, in the order of their places.
    pub(super) fn pass(&mut self, position: EventPosition, event: EventId) {
        while let Some(place) = self.ahead.front().copied().filter(|place| *place < position) {
            self.ahead.pop_front();
            self.behind.push((place, self.last));
        }
        self.last = Some(event);
    }

    /// The places in this store, once all events were passed and are in it. Before the first event
    /// is the start.
    pub(super) async fn here(
        mut self,
        store: &dyn Store,
        scope: &Scope,
    ) -> Result<BTreeMap<EventPosition, EventPosition>, TransferError> {
        let last = self.last;
        self.behind.extend(self.ahead.into_iter().map(|place| (place, last)));
        let mut wanted: BTreeSet<EventId> =
            self.behind.iter().filter_map(|(_, event)| *event).collect();
        let mut found = BTreeMap::new();
        let mut after = EventPosition::START;
        while !wanted.is_empty() {
            let events = store.events_after(scope, after, Query::<Event>::MAX_LIMIT).await?;
            let Some((end, _)) = events.last() else { return Err(TransferError::NotSettled) };
            after = *end;
            for (position, event) in &events {
                if wanted.remove(&event.id) {
                    found.insert(event.id, *position);
                }
            }
        }
        let here = |event: Option<EventId>| event.and_then(|event| found.get(&event).copied());
        Ok(self
            .behind
            .iter()
            .map(|(place, event)| (*place, here(*event).unwrap_or_default()))
            .collect())
    }
}

/// The place of the last event that the scope sees.
pub(super) async fn end_of_log(
    store: &dyn Store,
    scope: &Scope,
) -> Result<EventPosition, StoreError> {
    // Nothing but the next event can be asked for, so the end is searched for: first in growing
    // steps, then by halves.
    let (mut low, mut step) = (EventPosition::START.0, 1_u64);
    let mut high = loop {
        let probe = low.saturating_add(step);
        match next_place(store, scope, probe).await? {
            Some(position) => (low, step) = (position, step.saturating_mul(2)),
            None => break probe,
        }
    };
    while low < high {
        let middle = low + (high - low) / 2;
        match next_place(store, scope, middle).await? {
            Some(position) => low = position,
            None => high = middle,
        }
    }
    Ok(EventPosition(high))
}

async fn next_place(
    store: &dyn Store,
    scope: &Scope,
    after: u64,
) -> Result<Option<u64>, StoreError> {
    let found = store.events_after(scope, EventPosition(after), 1).await?;
    Ok(found.first().map(|(position, _)| position.0))
}
