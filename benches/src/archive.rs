//! A year of an agency: posts in the calendars of its clients, files in their libraries, and who
//! looks at them. The entities are real ones, made in the order in which people would have made them,
//! so that what belongs to one client lies as far apart in a database as it would.
#![allow(clippy::indexing_slicing, reason = "set-up of benchmarks: all indexes are made here")]

use std::sync::Arc;

use chrono::{DateTime, TimeDelta, Utc};
use mcmp_core::access::{Actor, ActorRef, Scope};
use mcmp_core::account::Platform;
use mcmp_core::asset::{AltText, Asset, Checksum, FileName, MediaFacts, Mime, StorageKey};
use mcmp_core::entropy::{Entropy, SeededEntropy};
use mcmp_core::id::{AccountId, CampaignId, ClientId};
use mcmp_core::lifecycle::PostStatus;
use mcmp_core::member::{Coverage, Grant, Membership, Role};
use mcmp_core::post::{Content, Post, Variant};
use mcmp_core::store::{AssetFilter, Direction, PostFilter, Query, Sort, Version};
use mcmp_core::time::Schedule;
use mcmp_core::value::{Email, Label, Name};

use crate::cast::Cast;
use crate::content::POST;
use crate::start;

/// How many clients one person works for.
const CLIENTS_OF_A_PERSON: usize = 20;
/// How many tags a client has for its files, and how many folders.
const TAGS: usize = 40;
const FOLDERS: usize = 20;
/// How long before it goes out a post is made.
const LEAD: TimeDelta = TimeDelta::days(7);

/// What there is of one client.
#[derive(Debug, Clone)]
pub struct Holder {
    /// The client.
    pub client: ClientId,
    /// Its campaign, which lasts all year.
    pub campaign: CampaignId,
    /// Its accounts.
    pub accounts: Vec<(AccountId, Platform)>,
}

/// An agency with many clients and a year behind it. The same in every run.
#[derive(Debug)]
pub struct Archive {
    /// Where ids come from, and the agency.
    pub cast: Cast,
    /// Its clients.
    pub holders: Vec<Holder>,
    /// Where checksums come from.
    entropy: Arc<SeededEntropy>,
}

impl Archive {
    /// With so many clients.
    #[must_use]
    pub fn new(clients: usize) -> Self {
        let cast = Cast::default();
        let holders = (0..clients).map(|_| Holder {
            client: cast.ids.next(),
            campaign: cast.ids.next(),
            accounts: [Platform::FACEBOOK, Platform::INSTAGRAM]
                .map(|platform| (cast.ids.next(), platform))
                .to_vec(),
        });
        let holders = holders.collect();
        Self { cast, holders, entropy: Arc::new(SeededEntropy::new(2)) }
    }

    /// Whose the `n`th thing of a kind is.
    #[must_use]
    pub fn holder(&self, n: usize) -> &Holder {
        &self.holders[n % self.holders.len()]
    }

    /// Somebody who runs this client and some others, and sees nothing else.
    #[must_use]
    pub fn manager(&self, n: usize) -> Scope {
        let others = 1..CLIENTS_OF_A_PERSON.min(self.holders.len());
        let clients = std::iter::once(n).chain(others.map(|other| n + other * 37));
        let clients = clients.map(|n| self.holder(n).client);
        let membership = Membership {
            id: self.cast.ids.next(),
            version: Version::NEW,
            agency_id: self.cast.agency,
            user_id: self.cast.ids.next(),
            display_name: Name::new("display_name", "Anna").unwrap(),
            email: Email::new("email", "anna@studio.example").unwrap(),
            grant: Grant::new(Role::Manager, Coverage::clients(clients).unwrap()).unwrap(),
            created_at: start(),
            updated_at: start(),
        };
        let actor = Actor::user(membership.user_id, vec![membership]);
        actor.scope(self.cast.agency, start()).unwrap()
    }

    /// So many posts over a year, by the time they were made at; the clients take turns.
    pub fn posts(&self, count: usize) -> impl Iterator<Item = Post> {
        (0..count).map(move |n| {
            let at = spread(n, count);
            let holder = self.holder(n);
            let (account, platform) = holder.accounts[n / self.holders.len() % 2].clone();
            let variant = Variant::new(self.cast.ids.next(), account, platform);
            Post {
                id: self.cast.ids.at(at - LEAD),
                version: Version::NEW,
                agency_id: self.cast.agency,
                client_id: holder.client,
                author: ActorRef::System("bench".to_owned()),
                editors: Vec::new(),
                content: Content { body: POST.parse().unwrap(), ..Content::default() },
                variants: vec![variant],
                tags: vec![tag(n)],
                category: None,
                campaign_id: n.is_multiple_of(3).then_some(holder.campaign),
                status: PostStatus::Draft,
                schedule: Schedule::at_instant(at, chrono_tz::UTC).ok(),
                revision: None,
                approval: None,
                series: None,
                created_at: at - LEAD,
                updated_at: at - LEAD,
            }
        })
    }

    /// A client's month, as its calendar asks for it.
    #[must_use]
    pub fn month(&self, n: usize) -> Query<Post> {
        let from = start() + TimeDelta::days(i64::try_from(n % 11).unwrap() * 30);
        let mut filter = PostFilter::default();
        filter.client_id = Some(self.holder(n).client);
        (filter.planned_from, filter.planned_until) =
            (Some(from), Some(from + TimeDelta::days(30)));
        Query::new(filter).sorted(Sort::Planned, Direction::Ascending).limit(500)
    }

    /// So many files, added over a year; the clients take turns.
    pub fn assets(&self, count: usize) -> impl Iterator<Item = Asset> {
        (0..count).map(move |n| {
            let at = spread(n, count);
            let own = n / self.holders.len();
            let (mime, name) = match own % 10 {
                0 | 1 => ("video/mp4", format!("clip-{own:06}.mp4")),
                2 => ("application/pdf", format!("menu-{own:06}.pdf")),
                _ => ("image/jpeg", format!("IMG_{own:06}.jpg")),
            };
            let mime = Mime::new("mime", mime).unwrap();
            let mut bytes = [0; 32];
            self.entropy.fill(&mut bytes).unwrap();
            let digits: String = bytes.iter().map(|byte| format!("{byte:02x}")).collect();
            Asset {
                id: self.cast.ids.at(at),
                version: Version::NEW,
                agency_id: self.cast.agency,
                client_id: self.holder(n).client,
                kind: mime.kind(),
                storage_key: StorageKey::new("storage_key", format!("{}/{digits}", n % 97))
                    .unwrap(),
                file_name: FileName::new("file_name", name).unwrap(),
                mime,
                size_bytes: 40_000 + u64::try_from(n % 4_000_000).unwrap(),
                checksum: Checksum::new("checksum", digits).unwrap(),
                alt_text: own.is_multiple_of(2).then(|| {
                    let text = "Rye bread with caraway on the counter, in the morning light";
                    AltText::new("alt_text", text).unwrap()
                }),
                tags: vec![tag(own), tag(own * 7 + 1)],
                folder: (!own.is_multiple_of(4)).then(|| folder(own)),
                facts: MediaFacts {
                    width: Some(1080),
                    height: Some(1350),
                    ..MediaFacts::default()
                },
                rights_until: None,
                uploaded_by: None,
                created_at: at,
                updated_at: at,
            }
        })
    }

    /// What is asked of a client's library, the latest first, each with a name.
    #[must_use]
    pub fn library(&self, n: usize, count: usize) -> Vec<(&'static str, Query<Asset>)> {
        let own = count / self.holders.len();
        let any = || {
            let mut filter = AssetFilter::default();
            filter.client_id = Some(self.holder(n).client);
            filter
        };
        let (mut video, mut in_folder, mut tagged, mut named, mut missing) =
            (any(), any(), any(), any(), any());
        video.kinds = vec![mcmp_core::asset::AssetKind::Video];
        // The first of every four is at the top.
        in_folder.folder = Some(folder(n % (FOLDERS / 4) * 4 + 1));
        tagged.tag = Some(tag(n));
        // Video or not, in every ten of them there is one with this number.
        named.text = Some(format!("{:05}", n % own.max(1) / 10));
        missing.text = Some("no file says this".to_owned());
        let page =
            |filter| Query::new(filter).sorted(Sort::Updated, Direction::Descending).limit(50);
        vec![
            ("library, first page", page(any())),
            ("library, videos", page(video)),
            ("library, a folder", page(in_folder)),
            ("library, a tag", page(tagged)),
            ("library, a file's number", page(named)),
            ("library, a text that is nowhere", page(missing)),
        ]
    }
}

/// When the `n`th of so many things of a year is.
#[must_use]
pub fn spread(n: usize, count: usize) -> DateTime<Utc> {
    let year = usize::try_from(TimeDelta::days(365).num_seconds()).unwrap();
    start() + TimeDelta::seconds(i64::try_from(n * year / count.max(1)).unwrap())
}

fn tag(n: usize) -> Label {
    Label::new("tag", format!("tag {}", n % TAGS)).unwrap()
}

fn folder(n: usize) -> Label {
    Label::new("folder", format!("folder {}", n % FOLDERS)).unwrap()
}
