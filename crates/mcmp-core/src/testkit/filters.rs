//! `Filter::matches` is what a filter means, and every store answers the same.

use super::harness::Kit;
use super::samples::{Sample, every_kind};
use super::vary::{AWKWARD_TEXTS, Vary};
use super::world::{World, ids};
use crate::asset::Asset;
use crate::post::Post;
use crate::store::{AssetFilter, Entity, Filter, PostFilter, Query, for_each_entity};

/// A part of a text, at times in other case, to search for.
pub(super) fn part_of(text: &str, vary: &mut Vary) -> String {
    let chars: Vec<char> = text.chars().collect();
    let from = vary.below(chars.len());
    let length = 1 + vary.below(6);
    let part: String = chars.iter().skip(from).take(length).collect();
    if vary.flag() { part.to_uppercase() } else { part }
}

async fn varied_world(kit: &Kit) -> World {
    let mut world = kit.world().await;
    macro_rules! populate {
        ($($name:ident($type:ty) = $wire:literal),+ $(,)?) => {
            $(world.populate::<$type>(5).await;)+
        };
    }
    for_each_entity!(populate);
    world
}

async fn agrees<E: Sample>(world: &World, rows: &[E], filter: E::Filter) -> usize {
    let expected: Vec<_> = rows.iter().filter(|row| filter.matches(row)).cloned().collect();
    let what = format!("{} by {filter:?}", E::KIND);
    let count = E::read(world.store()).count(&world.system, &filter).await.unwrap();
    assert_eq!(count, expected.len() as u64, "count of {what}");
    let mut found = world.walk::<E>(&world.system, Query::new(filter).limit(11)).await;
    found.sort_by_key(Entity::id);
    assert_eq!(ids(&found), ids(&expected), "list of {what}");
    expected.len()
}

/// A filter that asks for nothing lets everything through.
pub(super) async fn an_empty_filter_matches_everything(kit: Kit) {
    async fn check<E: Sample>(world: &World) {
        let rows = world.all::<E>();
        let matched = agrees(world, &rows, E::Filter::default()).await;
        assert_eq!(matched, rows.len());
    }
    every_kind!(check, &varied_world(&kit).await);
}

/// Every field of every filter alone, asked for with the values of many rows.
pub(super) async fn every_field_of_every_filter(kit: Kit) {
    async fn check<E: Sample>(world: &World) {
        let rows = world.all::<E>();
        for field in E::fields() {
            let (mut vary, mut matched, mut tried) = (Vary::new(5), 0, 0);
            for row in rows.iter().step_by(2) {
                let mut filter = E::Filter::default();
                (field.ask)(&mut filter, row, &mut vary);
                matched += agrees(world, &rows, filter).await;
                tried += 1;
            }
            assert!(matched > 0 && tried > 0, "{} by {field:?} finds something", E::KIND);
        }
    }
    every_kind!(check, &varied_world(&kit).await);
}

/// Several fields of a filter at once, from one row or from two.
pub(super) async fn fields_of_a_filter_narrow_together(kit: Kit) {
    async fn check<E: Sample>(world: &World) {
        let rows = world.all::<E>();
        let mut vary = Vary::new(23);
        for _ in 0..40 {
            let mut filter = E::Filter::default();
            let (one, other) = (vary.pick(&rows), vary.pick(&rows));
            for field in E::fields() {
                if vary.below(3) == 0 {
                    let row = if vary.below(4) == 0 { &other } else { &one };
                    (field.ask)(&mut filter, row, &mut vary);
                }
            }
            agrees(world, &rows, filter).await;
        }
    }
    every_kind!(check, &varied_world(&kit).await);
}

/// Text search finds parts of words in any script, upper and lower case alike, and takes `%`, `_`,
/// quotes and backslashes for what they are.
pub(super) async fn text_search_takes_text_as_it_is(kit: Kit) {
    let mut world = kit.world().await;
    for seq in 0..40 {
        let (post, asset): (Post, Asset) = (world.make(0, seq), world.make(0, seq));
        world.insert(post).await;
        world.insert(asset).await;
    }
    let (posts, assets) = (world.all::<Post>(), world.all::<Asset>());
    let mut vary = Vary::new(31);
    let mut needles: Vec<String> =
        ["%", "_", "\\", "'", "\"", "--", "*", ".*", "$", "{", "\n", "", " ", "not there at all"]
            .map(str::to_owned)
            .into();
    for text in AWKWARD_TEXTS {
        needles.extend([(*text).to_owned(), text.to_uppercase(), text.to_lowercase()]);
        needles.extend((0..6).map(|_| part_of(text, &mut vary)));
    }
    let mut matched = 0;
    for needle in needles {
        let text = Some(needle);
        let filter = PostFilter { text: text.clone(), ..Default::default() };
        matched += agrees(&world, &posts, filter).await;
        matched += agrees(&world, &assets, AssetFilter { text, ..Default::default() }).await;
    }
    assert!(matched > 100, "the search finds something");
}
