//! What a client wants of its posts.

use std::collections::BTreeSet;
use std::fmt;
use std::sync::Arc;

use chrono::NaiveDate;
use serde::{Deserialize, Serialize};

use crate::client::Hashtag;
use crate::rules::text::WordMatcher;
use crate::value::{InvalidValue, Label};

/// Days on which nothing may go out, in the client's zone; both ends count.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Blackout {
    /// The first day.
    pub from: NaiveDate,
    /// The last day.
    pub until: NaiveDate,
    /// Why, such as "Stock-taking".
    #[serde(default)]
    pub reason: Option<Label>,
}

/// Where links may lead. A host stands for its subdomains too.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct LinkPolicy {
    /// Only to these hosts; empty is anywhere.
    pub allowed_hosts: BTreeSet<String>,
    /// Never to these.
    pub blocked_hosts: BTreeSet<String>,
    /// Only over https.
    pub https_only: bool,
}

/// What a client wants of its posts, beside what the platforms take.
#[derive(Clone, Default, Serialize, Deserialize)]
#[serde(try_from = "Fields", into = "Fields")]
pub struct ClientRules {
    fields: Fields,
    // Made of the fields, once for many checks.
    banned: Arc<WordMatcher>,
    disclosures: Arc<WordMatcher>,
}

impl fmt::Debug for ClientRules {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ClientRules").field("fields", &self.fields).finish_non_exhaustive()
    }
}

impl PartialEq for ClientRules {
    fn eq(&self, other: &Self) -> bool {
        self.fields == other.fields
    }
}

impl Eq for ClientRules {}

/// The rules as they are written down; [`ClientRules::new`] checks them.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Fields {
    /// Minutes to leave between two posts of one account.
    pub min_gap_minutes: Option<u32>,
    /// Most posts of one account on a day of the client's zone.
    pub max_per_day: Option<u32>,
    /// Most posts of one account in a week (from Monday) of the client's zone.
    pub max_per_week: Option<u32>,
    /// Days on which nothing may go out.
    pub blackouts: Vec<Blackout>,
    /// Words and phrases that must not stand in any text.
    pub banned_words: Vec<String>,
    /// Hashtags that must stand in the text or the first comment.
    pub required_hashtags: Vec<Hashtag>,
    /// Phrases of which at least one must stand in the text, such as "Ad" or "#sponsored".
    pub disclosures: Vec<String>,
    /// Where links may lead.
    pub links: LinkPolicy,
    /// Whether every picture and video needs a description.
    pub alt_text_required: bool,
}

impl ClientRules {
    /// Most entries of each list.
    pub const MAX_ENTRIES: usize = 1_000;
    /// Most minutes between two posts: 31 days.
    pub const MAX_GAP_MINUTES: u32 = 31 * 24 * 60;

    /// Checks the rules.
    ///
    /// # Errors
    /// A list that is too long, a blank or overlong word, a blackout that ends before it begins, a
    /// number of zero or out of range, or a host that is none.
    pub fn new(fields: Fields) -> Result<Self, InvalidValue> {
        let lengths = [
            ("blackouts", fields.blackouts.len()),
            ("banned_words", fields.banned_words.len()),
            ("required_hashtags", fields.required_hashtags.len()),
            ("disclosures", fields.disclosures.len()),
            ("links.allowed_hosts", fields.links.allowed_hosts.len()),
            ("links.blocked_hosts", fields.links.blocked_hosts.len()),
        ];
        for (field, length) in lengths {
            if length > Self::MAX_ENTRIES {
                return Err(InvalidValue::too_long(field, Self::MAX_ENTRIES, length));
            }
        }
        let numbers = [
            ("min_gap_minutes", fields.min_gap_minutes, Self::MAX_GAP_MINUTES),
            ("max_per_day", fields.max_per_day, 1_000),
            ("max_per_week", fields.max_per_week, 7_000),
        ];
        for (field, number, most) in numbers {
            if let Some(number) = number.filter(|number| !(1..=most).contains(number)) {
                return Err(InvalidValue::out_of_range(field, 1, most, number));
            }
        }
        for (i, blackout) in fields.blackouts.iter().enumerate() {
            if blackout.until < blackout.from {
                return Err(InvalidValue::inconsistent(
                    format!("blackouts[{i}].until"),
                    "lies before from",
                )
                .limit(blackout.from)
                .actual(blackout.until));
            }
        }
        let matcher = |field, words: &[String]| {
            WordMatcher::new(words).map(Arc::new).map_err(|invalid| renamed(invalid, field))
        };
        let banned = matcher("banned_words", &fields.banned_words)?;
        let disclosures = matcher("disclosures", &fields.disclosures)?;
        for (field, hosts) in [
            ("links.allowed_hosts", &fields.links.allowed_hosts),
            ("links.blocked_hosts", &fields.links.blocked_hosts),
        ] {
            for host in hosts {
                let formed = host.contains('.')
                    && !host.starts_with('.')
                    && !host.ends_with('.')
                    && !host.contains(|c: char| {
                        c.is_whitespace() || c.is_control() || "/:@?#".contains(c)
                    });
                if !formed {
                    return Err(InvalidValue::malformed(field, "a host such as example.com", host));
                }
            }
        }
        Ok(Self { fields, banned, disclosures })
    }

    /// The rules as they are written down.
    #[must_use]
    pub fn fields(&self) -> &Fields {
        &self.fields
    }

    /// Finds [`Fields::banned_words`].
    pub(super) fn banned(&self) -> &WordMatcher {
        &self.banned
    }

    /// Finds [`Fields::disclosures`].
    pub(super) fn disclosures(&self) -> &WordMatcher {
        &self.disclosures
    }
}

/// A matcher calls its own list `words`; here it has another name.
fn renamed(mut invalid: InvalidValue, field: &str) -> InvalidValue {
    invalid.field = invalid.field.replacen("words", field, 1);
    invalid
}

impl TryFrom<Fields> for ClientRules {
    type Error = InvalidValue;

    fn try_from(fields: Fields) -> Result<Self, Self::Error> {
        Self::new(fields)
    }
}

impl From<ClientRules> for Fields {
    fn from(rules: ClientRules) -> Self {
        rules.fields
    }
}
