//! Where a card is put, and the room that others make for it.

use serde::{Deserialize, Serialize};

use super::Tasks;
use crate::board::{Task, places};
use crate::error::Error;
use crate::id::TaskId;
use crate::portal::Work;
use crate::store::{Cursor, Direction, Query, Read, Sort, TaskFilter};
use crate::value::InvalidValue;

/// Where a card is put among the cards of its client.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case", tag = "place", content = "task")]
#[non_exhaustive]
pub enum Place {
    /// Above all others.
    First,
    /// Below all others.
    Last,
    /// Right below this one.
    After(TaskId),
    /// Right above this one.
    Before(TaskId),
}

impl Place {
    fn neighbour(self) -> Option<TaskId> {
        match self {
            Self::First | Self::Last => None,
            Self::After(task) | Self::Before(task) => Some(task),
        }
    }
}

/// A free place, and the cards that were moved on to make it.
pub(super) struct Room {
    pub(super) order: i64,
    moved_on: Vec<Task>,
}

impl Room {
    /// Moves the others on. They keep their order among themselves, so nobody is told.
    pub(super) fn write(self, work: &mut Work<'_>) {
        for mut task in self.moved_on {
            work.changes().update(&mut task);
        }
    }
}

impl Tasks<'_> {
    /// Cards that are looked at at once for room.
    const STRETCH: usize = 64;
    /// Most cards that one move moves on.
    const MAX_MOVED_ON: usize = 1_000;

    /// Refuses a place next to a card that is not there, or next to the card itself.
    pub(super) async fn check_place(&self, task: &Task, place: Place) -> Result<(), Error> {
        match place.neighbour() {
            None => Ok(()),
            Some(neighbour) if neighbour == task.id => {
                let message = "a card has no place next to itself";
                Err(InvalidValue::inconsistent("place", message).into())
            }
            Some(neighbour) => {
                self.session.named::<Task>("place", neighbour, task.client_id).await?;
                Ok(())
            }
        }
    }

    /// Finds room for `task`. Where its neighbours leave none, as many of the next cards as needed
    /// are moved on.
    pub(super) async fn make_room(&self, task: &Task, place: Place) -> Result<Room, Error> {
        let above = self.card_above(task, place).await?;
        let mut query = self.cards(task, Direction::Ascending);
        query.after = above.as_ref().map(|above| query.cursor_at(above));
        let above = above.map(|above| above.order);
        let mut followers: Vec<Task> = Vec::new();
        loop {
            let next = match place {
                Place::Last => None,
                _ => self.extend(task, &mut query, &mut followers).await?,
            };
            for moved_on in 0..=followers.len() {
                let below = followers.get(moved_on).map(|card| card.order);
                if below.is_none() && next.is_some() {
                    break;
                }
                let Some(orders) = places(above, moved_on + 1, below) else { continue };
                followers.truncate(moved_on);
                return Ok(room(orders, followers));
            }
            if next.is_none() || followers.len() > Self::MAX_MOVED_ON {
                return Err(InvalidValue::inconsistent("place", "has no room left").into());
            }
            query.after = next;
        }
    }

    /// The next stretch of cards, without the one that is placed; says where it goes on.
    async fn extend(
        &self,
        task: &Task,
        query: &mut Query<Task>,
        followers: &mut Vec<Task>,
    ) -> Result<Option<Cursor>, Error> {
        let (store, scope) = (self.session.store(), self.session.scope());
        let page = Read::<Task>::list(store, scope, query).await?;
        followers.extend(page.items.into_iter().filter(|card| card.id != task.id));
        Ok(page.next)
    }

    /// The card below which `task` comes to stand.
    async fn card_above(&self, task: &Task, place: Place) -> Result<Option<Task>, Error> {
        let mut upwards = self.cards(task, Direction::Descending).limit(2);
        match place {
            Place::First => return Ok(None),
            Place::After(neighbour) => {
                return Ok(Some(
                    self.session.named::<Task>("place", neighbour, task.client_id).await?,
                ));
            }
            Place::Before(neighbour) => {
                let below = self.session.named::<Task>("place", neighbour, task.client_id).await?;
                upwards.after = Some(upwards.cursor_at(&below));
            }
            Place::Last => {}
        }
        let (store, scope) = (self.session.store(), self.session.scope());
        let page = Read::<Task>::list(store, scope, &upwards).await?;
        Ok(page.items.into_iter().find(|card| card.id != task.id))
    }

    fn cards(&self, task: &Task, direction: Direction) -> Query<Task> {
        let client = TaskFilter { client_id: Some(task.client_id), ..Default::default() };
        Query::new(client).sorted(Sort::Position, direction).limit(Self::STRETCH)
    }
}

fn room(orders: Vec<i64>, followers: Vec<Task>) -> Room {
    let mut orders = orders.into_iter();
    let order = orders.next().unwrap_or_default();
    let moved_on =
        followers.into_iter().zip(orders).map(|(card, order)| Task { order, ..card }).collect();
    Room { order, moved_on }
}
