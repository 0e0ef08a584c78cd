//! The numbers of what was published in a year: readings as the usual schedule takes them, and what
//! each day gained, by client, account, platform, post and campaign.
#![allow(clippy::indexing_slicing, reason = "set-up of benchmarks: all indexes are made here")]

use std::collections::BTreeMap;

use chrono::{DateTime, NaiveDate, TimeDelta, Utc};
use mcmp_core::account::Platform;
use mcmp_core::analytics::{Metrics, Rollup, RollupSubject, Snapshot};
use mcmp_core::id::{AccountId, ClientId, JobId, PostId};
use mcmp_core::portal::MetricsSchedule;
use mcmp_core::store::{Direction, Query, RollupFilter, Sort, Version};

use crate::archive::{Archive, Holder, spread};
use crate::start;

/// What was published, and when its numbers were read.
#[derive(Debug)]
pub struct Numbers<'a> {
    archive: &'a Archive,
    items: Vec<Item>,
    /// After how long they are read, for the first time, for the second, and so on.
    ages: Vec<TimeDelta>,
    /// All readings, by time.
    readings: Vec<Reading>,
}

#[derive(Debug)]
struct Item {
    post: PostId,
    job: JobId,
    published_at: DateTime<Utc>,
}

/// A reading, small, as there are ten million.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
struct Reading {
    second: u32,
    item: u32,
    number: u16,
}

impl<'a> Numbers<'a> {
    /// So many readings and a few more, of as many published posts as it takes.
    #[must_use]
    pub fn new(archive: &'a Archive, snapshots: usize) -> Self {
        let schedule = MetricsSchedule::default();
        let next = |at: DateTime<Utc>| schedule.next(start(), at);
        let ages = std::iter::successors(next(start()), |at| next(*at));
        let ages: Vec<TimeDelta> = ages.map(|at| at - start()).collect();
        let count = snapshots.div_ceil(ages.len());
        let items = (0..count).map(|n| {
            let published_at = spread(n, count);
            let ids = &archive.cast.ids;
            Item { post: ids.at(published_at), job: ids.at(published_at), published_at }
        });
        let items: Vec<Item> = items.collect();
        let mut readings = Vec::with_capacity(items.len() * ages.len());
        for (item, number) in (0..items.len()).flat_map(|i| (0..ages.len()).map(move |n| (i, n))) {
            let after = items[item].published_at + ages[number] - start();
            readings.push(Reading {
                second: u32::try_from(after.num_seconds()).unwrap(),
                item: u32::try_from(item).unwrap(),
                number: u16::try_from(number).unwrap(),
            });
        }
        readings.sort_unstable();
        Self { archive, items, ages, readings }
    }

    /// How many readings there are.
    #[must_use]
    pub fn count(&self) -> usize {
        self.readings.len()
    }

    /// All readings as they were written down.
    pub fn snapshots(&self) -> impl Iterator<Item = Snapshot> {
        self.readings.iter().map(|reading| {
            let (item, number) = (reading.item as usize, usize::from(reading.number));
            let Item { post, job, .. } = self.items[item];
            let (holder, (account_id, platform)) = self.whose(item);
            let taken_at = reading.at();
            Snapshot {
                id: self.archive.cast.ids.at(taken_at),
                version: Version::NEW,
                agency_id: self.archive.cast.agency,
                client_id: holder.client,
                account_id,
                platform,
                job_id: Some(job),
                post_id: Some(post),
                campaign_id: Some(holder.campaign),
                metrics: self.totals(item, number),
                taken_at,
            }
        })
    }

    /// What each day gained, by the day and as the product adds it up.
    pub fn rollups(&self) -> impl Iterator<Item = Rollup> {
        let days = self.readings.chunk_by(|a, b| a.at().date_naive() == b.at().date_naive());
        days.flat_map(move |readings| {
            let mut sums: BTreeMap<(ClientId, RollupSubject), (u64, Metrics)> = BTreeMap::new();
            for reading in readings {
                let (item, number) = (reading.item as usize, usize::from(reading.number));
                let (holder, (account, platform)) = self.whose(item);
                let totals = self.totals(item, number);
                let gained = match number.checked_sub(1) {
                    Some(before) => totals.since(&self.totals(item, before)),
                    None => totals,
                };
                for subject in [
                    RollupSubject::Client,
                    RollupSubject::Account(account),
                    RollupSubject::Platform(platform),
                    RollupSubject::Post(self.items[item].post),
                    RollupSubject::Campaign(holder.campaign),
                ] {
                    let (version, sum) = sums.entry((holder.client, subject)).or_default();
                    *version += 1;
                    *sum = sum.plus(&gained);
                }
            }
            let at = readings[0].at();
            let day = at.date_naive();
            sums.into_iter().map(move |((client, subject), (version, metrics))| Rollup {
                id: Rollup::id_of(client, &subject, day),
                version: Version(version),
                agency_id: self.archive.cast.agency,
                client_id: client,
                subject,
                day,
                metrics,
                updated_at: at,
            })
        })
    }

    fn whose(&self, item: usize) -> (&Holder, (AccountId, Platform)) {
        let holder = self.archive.holder(item);
        let account = item / self.archive.holders.len() % holder.accounts.len();
        (holder, holder.accounts[account].clone())
    }

    /// What the platform told at a reading: much at first, then less and less more.
    fn totals(&self, item: usize, number: usize) -> Metrics {
        let hours = u64::try_from(self.ages[number].num_hours()).unwrap();
        let shown = (500 + u64::try_from(item % 977).unwrap() * 13) * hours / (hours + 20);
        Metrics {
            impressions: Some(shown),
            reach: Some(shown * 4 / 5),
            clicks: Some(shown / 50),
            likes: Some(shown / 20),
            comments: Some(shown / 200),
            ..Metrics::default()
        }
    }
}

impl Reading {
    fn at(self) -> DateTime<Utc> {
        start() + TimeDelta::seconds(self.second.into())
    }
}

/// What the report of a client's campaign asks for: each of so many days.
#[must_use]
pub fn report(holder: &Holder, days: i64) -> Query<Rollup> {
    daily(holder, RollupSubject::Campaign(holder.campaign), days)
}

/// The same of all that a client published.
#[must_use]
pub fn overview(holder: &Holder, days: i64) -> Query<Rollup> {
    daily(holder, RollupSubject::Client, days)
}

fn daily(holder: &Holder, subject: RollupSubject, days: i64) -> Query<Rollup> {
    let from: NaiveDate = start().date_naive();
    let mut filter = RollupFilter::default();
    filter.client_id = Some(holder.client);
    filter.subject = Some(subject);
    (filter.from, filter.until) = (Some(from), Some(from + TimeDelta::days(days)));
    Query::new(filter).sorted(Sort::Planned, Direction::Ascending).limit(500)
}
