//! Values that differ from row to row and are the same in every run.

use chrono::{DateTime, TimeDelta, Utc};
use serde_json::{Value, json};

use crate::id::Id;
use crate::post::PostText;
use crate::value::{Label, Markdown, Name, Note};

/// Texts that stores get wrong: other scripts, marks, emoji sequences, what SQL, LIKE, JSON and
/// document databases give a meaning to.
pub const AWKWARD_TEXTS: &[&str] = &[
    "plain",
    "Grüße aus Österreich, STRASSE und Straße",
    "日本語のテキスト",
    "👩‍👩‍👧‍👦 🇦🇹 👍🏽",
    "مرحبا بالعالم",
    "İstanbul ǅ ﬃ",
    "100% _under_ \\back\\ *star* ?",
    "it's \"quoted\" `so` ; DROP TABLE post; --",
    "$where.key {\"a\": [1]} ${x} {{y}} $1 :name @p",
    "e\u{301} and é, \u{FEFF}bom\u{200B}zero\u{10FFFF}",
    "line one\nline two\r\n\tand a tab",
];

const WORDS: &[&str] = &["Alpha", "bravo", "Çelik", "DELTA", "echo 🚀", "50%_off", "o'neil\\"];

/// A source of values: the same seed gives the same values.
#[derive(Debug, Clone)]
pub struct Vary(u64);

impl Vary {
    /// The values of `seed`.
    #[must_use]
    pub fn new(seed: u64) -> Self {
        Self(seed.wrapping_mul(0x2545_F491_4F6C_DD1D) ^ 0x9E37_79B9)
    }

    /// Any number (SplitMix64, <https://prng.di.unimi.it/splitmix64.c>).
    pub fn number(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9E37_79B9_7F4A_7C15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
        z ^ (z >> 31)
    }

    /// A number below `n`.
    pub fn below(&mut self, n: usize) -> usize {
        usize::try_from(self.number() % (n.max(1) as u64)).unwrap_or(0)
    }

    /// Yes or no.
    pub fn flag(&mut self) -> bool {
        self.number() & 1 == 1
    }

    /// One of `items`.
    pub fn pick<T: Clone>(&mut self, items: &[T]) -> T {
        items[self.below(items.len())].clone()
    }

    /// Some of `items`, never none.
    pub fn some<T: Clone>(&mut self, items: &[T]) -> Vec<T> {
        let mut some: Vec<T> = items.iter().filter(|_| self.flag()).cloned().collect();
        if some.is_empty() {
            some.push(self.pick(items));
        }
        some
    }

    /// A value, or none.
    pub fn maybe<T>(&mut self, value: impl FnOnce(&mut Self) -> T) -> Option<T> {
        self.flag().then(|| value(self))
    }

    /// An id that stands for nothing.
    pub fn id<I: Id>(&mut self) -> I {
        let bits = u128::from(self.number()) << 64 | u128::from(self.number());
        I::from_uuid(uuid::Builder::from_custom_bytes(bits.to_be_bytes()).into_uuid())
    }

    /// One of a few ids that stand for nothing, the same in every row.
    pub fn shared_id<I: Id>(&mut self) -> I {
        let which = self.below(3) as u64;
        Vary::new(0xA11_C0DE + which).id()
    }

    /// A time up to ten hours around `base`, to the millisecond; some rows share theirs.
    pub fn time(&mut self, base: DateTime<Utc>) -> DateTime<Utc> {
        let step = i64::try_from(self.below(13)).unwrap_or(0) - 6;
        base + TimeDelta::milliseconds(step * 5_999_999)
    }

    /// A text that stores get wrong.
    pub fn text(&mut self) -> &'static str {
        self.pick(AWKWARD_TEXTS)
    }

    /// A name.
    pub fn name(&mut self) -> Name {
        Name::new("name", self.text()).unwrap()
    }

    /// A remark.
    pub fn note(&mut self) -> Note {
        Note::new("note", self.text()).unwrap()
    }

    /// A long text, or an empty one.
    pub fn markdown(&mut self) -> Markdown {
        let text = if self.flag() { self.text() } else { "" };
        Markdown::new("markdown", text).unwrap()
    }

    /// A text as it goes out, kept as written.
    pub fn post_text(&mut self) -> PostText {
        let text = match self.below(4) {
            0 => String::new(),
            1 => format!("  {}\n\n", self.text()),
            _ => format!("{} {}", self.pick(WORDS), self.text()),
        };
        PostText::new("text", text).unwrap()
    }

    /// One of a few labels.
    pub fn label(&mut self) -> Label {
        Label::new("label", self.pick(WORDS)).unwrap()
    }

    /// A few labels, or none.
    pub fn labels(&mut self) -> Vec<Label> {
        (0..self.below(4)).map(|_| self.label()).collect()
    }

    /// Nested JSON with keys and numbers that stores get wrong.
    pub fn json(&mut self) -> Value {
        let number = self.number() % 1_000;
        self.pick(&[
            Value::Null,
            json!({}),
            json!([]),
            json!(""),
            json!({"a.b": {"$c": [1, null, {"": "x"}]}, "ключ": "значение 🚀"}),
            json!([i64::MAX, i64::MIN, 0, -1, 2.5, true, "2026-01-01T00:00:00Z"]),
            json!({"n": number, "deep": [[[[{"er": "\"\\\n"}]]]]}),
        ])
    }
}
