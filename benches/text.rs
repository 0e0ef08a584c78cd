//! What counting and reading 300 characters costs, by unit and script.

use std::fmt;

use divan::{Bencher, black_box};
use mcmp_benches::content::{POST, Script, long_text};
use mcmp_benches::house::rules;
use mcmp_core::rules::text::{CountUnit, WordMatcher, count, extract, fold};

fn main() {
    divan::main();
}

const UNITS: [CountUnit; 7] = [
    CountUnit::WeightedX,
    CountUnit::Utf16,
    CountUnit::Grapheme,
    CountUnit::CodePoint,
    CountUnit::Byte,
    CountUnit::LinkedinEscaped,
    CountUnit::EmojiAsBytes,
];

struct Case {
    unit: CountUnit,
    script: Script,
}

impl fmt::Display for Case {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:?}, {}", self.unit, self.script)
    }
}

fn cases() -> impl Iterator<Item = Case> {
    UNITS
        .into_iter()
        .flat_map(|unit| Script::ALL.into_iter().map(move |script| Case { unit, script }))
}

#[divan::bench(args = cases())]
fn length(bencher: Bencher<'_, '_>, case: &Case) {
    let text = case.script.text();
    bencher.bench(|| count(black_box(&text), case.unit));
}

#[divan::bench(args = Script::ALL)]
fn entities(bencher: Bencher<'_, '_>, script: Script) {
    let text = script.text();
    bencher.bench(|| extract(black_box(&text)).urls.len());
}

#[divan::bench]
fn entities_of_a_post() -> usize {
    extract(black_box(POST)).urls.len()
}

#[divan::bench]
fn entities_worst(bencher: Bencher<'_, '_>) {
    let text = long_text();
    bencher.bench(|| extract(black_box(&text)).urls.len());
}

#[divan::bench(args = Script::ALL)]
fn folding(bencher: Bencher<'_, '_>, script: Script) {
    let text = script.text();
    bencher.bench(|| fold(black_box(&text)));
}

/// Ten words, prepared once.
#[divan::bench(args = Script::ALL)]
fn banned_words(bencher: Bencher<'_, '_>, script: Script) {
    let text = script.text();
    let words = WordMatcher::new(&rules().fields().banned_words).unwrap_or_default();
    bencher.bench(|| words.matches(black_box(&text)));
}
