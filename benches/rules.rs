//! What the rules cost: per platform, for all twelve, and a client's own.

use std::sync::OnceLock;

use divan::{Bencher, black_box};
use mcmp_benches::content::{POST, for_all, for_some, long_text, outgoing};
use mcmp_benches::house::rules;
use mcmp_benches::{Ids, minutes};
use mcmp_core::account::Platform;
use mcmp_core::post::Assets;
use mcmp_core::rules::client::{self, ClientCheck, Planned};
use mcmp_core::rules::limits::LimitsBook;
use mcmp_core::rules::{Report, platform};
use mcmp_core::time::PostingWindows;

fn main() {
    divan::main();
}

fn book() -> &'static LimitsBook {
    static BOOK: OnceLock<LimitsBook> = OnceLock::new();
    BOOK.get_or_init(|| LimitsBook::bundled().unwrap_or_default())
}

/// A usual post.
#[divan::bench(args = Platform::BUNDLED)]
fn one_platform(bencher: Bencher<'_, '_>, platform: &Platform) {
    let post = [outgoing(platform, POST, &Ids::default())];
    bencher.bench(|| platform::check_all(black_box(&post), book()));
}

/// The same usual post for all twelve.
#[divan::bench]
fn all_platforms(bencher: Bencher<'_, '_>) {
    let post = for_all(POST, &Ids::default());
    bencher.bench(|| platform::check_all(black_box(&post), book()));
}

/// 2,000 characters of emoji and CJK: too long for many, so there are findings to write too.
#[divan::bench(args = Platform::BUNDLED)]
fn one_platform_worst(bencher: Bencher<'_, '_>, platform: &Platform) {
    let post = [outgoing(platform, &long_text(), &Ids::default())];
    bencher.bench(|| platform::check_all(black_box(&post), book()));
}

/// The same for all twelve.
#[divan::bench]
fn all_platforms_worst(bencher: Bencher<'_, '_>) {
    let post = for_all(&long_text(), &Ids::default());
    bencher.bench(|| platform::check_all(black_box(&post), book()));
}

/// Ten banned words, a required hashtag, a disclosure, links, caps and a gap over fifty planned
/// posts; for so many variants.
#[divan::bench(args = [1, 5, 12])]
fn client_rules(bencher: Bencher<'_, '_>, variants: usize) {
    let ids = Ids::default();
    let post = for_some(variants, POST, &ids);
    let accounts = post.iter().map(|item| item.account_id).cycle();
    let calendar: Vec<Planned> = (0..50)
        .zip(accounts)
        .map(|(n, account_id)| Planned {
            post_id: ids.next(),
            account_id,
            at: minutes(60 + 200 * n),
        })
        .collect();
    let (rules, windows, assets) = (rules(), PostingWindows::always(), Assets::new());
    let check = |against: &ClientCheck<'_>| -> Report { client::check(black_box(&post), against) };
    let against = ClientCheck {
        rules: &rules,
        windows: &windows,
        zone: chrono_tz::Europe::Berlin,
        post_id: ids.next(),
        planned_at: Some(minutes(30)),
        assets: &assets,
        calendar: &calendar,
    };
    bencher.bench_local(|| check(black_box(&against)));
}
