//! What must stand still before it is exported.

use chrono::{DateTime, Utc};
use serde::Deserialize;

use super::{Selection, TransferError};
use crate::access::Scope;
use crate::client::{Client, ClientStatus};
use crate::duty::Duty;
use crate::id::{ClientId, DutyId};
use crate::portal::{PAUSES_DUTY, Pauses};
use crate::publishing::{JobState, PublishJob};
use crate::store::{PublishJobFilter, Query, Read, Store, StoreExt};

/// Refuses what could be published by two installations.
pub(super) async fn check(
    store: &dyn Store,
    scope: &Scope,
    selection: Selection,
) -> Result<(), TransferError> {
    let is_paused = match selection {
        Selection::Client(id) => client(store, scope, id).await?.status != ClientStatus::Active,
        Selection::Everything => {
            let duty: Option<Duty> = store.find(scope, DutyId::of(PAUSES_DUTY)).await?;
            let pauses = duty.and_then(|duty| Pauses::deserialize(&duty.progress).ok());
            pauses.is_some_and(|pauses| pauses.everything)
        }
    };
    if is_paused { Ok(()) } else { Err(TransferError::NotPaused { selection }) }
}

/// The client to export.
pub(super) async fn client(
    store: &dyn Store,
    scope: &Scope,
    id: ClientId,
) -> Result<Client, TransferError> {
    let found: Option<Client> = store.find(scope, id).await?;
    found.ok_or(TransferError::NoClient(id))
}

/// Refuses jobs that a worker holds: what it does with them would not be in the file.
pub(super) async fn check_nobody_works(
    store: &dyn Store,
    scope: &Scope,
    now: DateTime<Utc>,
) -> Result<(), TransferError> {
    let states = vec![JobState::Running, JobState::Committing, JobState::Unknown];
    let filter = PublishJobFilter { states, ..PublishJobFilter::default() };
    let mut query = Query::<PublishJob>::new(filter).limit(Query::<PublishJob>::MAX_LIMIT);
    let mut held: Option<(u64, DateTime<Utc>)> = None;
    loop {
        let page = Read::<PublishJob>::list(store, scope, &query).await?;
        let ends = page.items.iter().filter_map(|job| Some(job.lease.as_ref()?.until));
        for until in ends.filter(|until| *until > now) {
            let (count, last) = held.unwrap_or((0, until));
            held = Some((count.saturating_add(1), last.max(until)));
        }
        match page.next {
            Some(next) => query.after = Some(next),
            None => break,
        }
    }
    match held {
        Some((count, until)) => Err(TransferError::JobsHeld { count, until }),
        None => Ok(()),
    }
}
