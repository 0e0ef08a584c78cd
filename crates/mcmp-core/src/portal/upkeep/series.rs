//! Recurring posts, made ahead of time.

use chrono::TimeDelta;

use super::{Upkeep, later, pass_over};
use crate::error::Error;
use crate::portal::RecurringPosts;
use crate::series::Series;
use crate::store::{Cursor, Query, Read, SeriesFilter};

/// What one call did about recurring posts.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct SeriesRound {
    /// How many posts were made.
    pub posts: usize,
    /// How many occurrences were missed.
    pub missed: usize,
    /// Where to go on; `None` once all series had their turn: begin anew after a while.
    pub next: Option<Cursor>,
}

impl Upkeep {
    /// Makes the posts of up to `limit` active series, as far ahead as `horizon`, going on after
    /// `after`. Those who write the client's posts are told of occurrences that were missed. What a
    /// plan does not allow any more is passed over.
    ///
    /// # Errors
    /// The store can't be reached or fails, or `after` is no cursor of this list.
    pub async fn materialize_series(
        &self,
        horizon: TimeDelta,
        after: Option<Cursor>,
        limit: usize,
    ) -> Result<SeriesRound, Error> {
        let until = later(self.now().await?, horizon);
        let filter = SeriesFilter { active: Some(true), ..Default::default() };
        let limit = limit.clamp(1, Query::<Series>::MAX_LIMIT);
        let query = Query::<Series>::new(filter).limit(limit).after(after);
        let page = Read::<Series>::list(self.store(), &self.scope, &query).await?;
        let mut round = SeriesRound { next: page.next, ..SeriesRound::default() };
        for series in page.items {
            let session = self.session(series.agency_id).await?;
            loop {
                let made = pass_over(session.series().materialize(series.id, until).await)?;
                let Some(made) = made else { break };
                round.posts += made.posts.len();
                round.missed += made.missed.len();
                if made.posts.len() < RecurringPosts::MAX_POSTS {
                    break;
                }
            }
        }
        Ok(round)
    }
}
