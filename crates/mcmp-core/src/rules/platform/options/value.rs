//! Reads a typed option by the name that data calls it.

use serde_json::Value;

use crate::post::PlatformOptions;
use crate::value::{Label, Slug};

/// What an option holds.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(in super::super) enum OptionValue<'a> {
    /// The platform has no such option; a test keeps bundled data free of these.
    Unknown,
    /// Not set.
    Missing,
    /// Set, and nothing to measure.
    Set,
    /// A number.
    Number(u64),
    /// A text.
    Text(&'a str),
    /// A list of texts.
    Texts(Texts<'a>),
}

impl OptionValue<'_> {
    pub(super) fn is_set(&self) -> bool {
        !matches!(self, Self::Unknown | Self::Missing)
    }
}

/// A list of texts, whichever type its items have.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(in super::super) enum Texts<'a> {
    Strings(&'a [String]),
    Labels(&'a [Label]),
    Json(&'a [Value]),
}

impl<'a> Texts<'a> {
    pub(super) fn iter(self) -> impl Iterator<Item = &'a str> {
        let (strings, labels, json): (&[String], &[Label], &[Value]) = match self {
            Self::Strings(items) => (items, &[], &[]),
            Self::Labels(items) => (&[], items, &[]),
            Self::Json(items) => (&[], &[], items),
        };
        let strings = strings.iter().map(String::as_str);
        let labels = labels.iter().map(Label::as_str);
        strings.chain(labels).chain(json.iter().map(|item| item.as_str().unwrap_or_default()))
    }
}

fn text(value: Option<&str>) -> OptionValue<'_> {
    value.filter(|text| !text.trim().is_empty()).map_or(OptionValue::Missing, OptionValue::Text)
}

fn set<T>(value: &Option<T>) -> OptionValue<'static> {
    if value.is_some() { OptionValue::Set } else { OptionValue::Missing }
}

fn number(value: Option<u64>) -> OptionValue<'static> {
    value.map_or(OptionValue::Missing, OptionValue::Number)
}

fn strings(items: &[String]) -> OptionValue<'_> {
    if items.is_empty() { OptionValue::Missing } else { OptionValue::Texts(Texts::Strings(items)) }
}

fn labels(items: &[Label]) -> OptionValue<'_> {
    if items.is_empty() { OptionValue::Missing } else { OptionValue::Texts(Texts::Labels(items)) }
}

fn json(value: Option<&Value>) -> OptionValue<'_> {
    match value {
        None | Some(Value::Null) => OptionValue::Missing,
        Some(Value::String(text)) if text.trim().is_empty() => OptionValue::Missing,
        Some(Value::String(text)) => OptionValue::Text(text),
        Some(Value::Array(items)) if items.is_empty() => OptionValue::Missing,
        Some(Value::Array(items)) => OptionValue::Texts(Texts::Json(items)),
        Some(Value::Number(n)) => n.as_u64().map_or(OptionValue::Set, OptionValue::Number),
        Some(Value::Bool(_) | Value::Object(_)) => OptionValue::Set,
    }
}

/// The option of that name.
pub(in super::super) fn option<'a>(options: &'a PlatformOptions, name: &str) -> OptionValue<'a> {
    match options {
        PlatformOptions::None => OptionValue::Missing,
        PlatformOptions::Facebook(o) => match name {
            "place_id" => text(o.place_id.as_deref()),
            _ => OptionValue::Unknown,
        },
        PlatformOptions::Instagram(o) => match name {
            "collaborators" => strings(&o.collaborators),
            "location_id" => text(o.location_id.as_deref()),
            "share_to_feed" => set(&o.share_to_feed),
            "cover" => set(&o.cover),
            "cover_at_ms" => number(o.cover_at_ms),
            _ => OptionValue::Unknown,
        },
        PlatformOptions::Threads(o) => match name {
            "topic_tag" => text(o.topic_tag.as_deref()),
            "reply_control" => set(&o.reply_control),
            _ => OptionValue::Unknown,
        },
        PlatformOptions::X(o) => match name {
            "poll" => set(&o.poll),
            "poll.options" => match &o.poll {
                Some(poll) => OptionValue::Texts(Texts::Strings(&poll.options)),
                None => OptionValue::Missing,
            },
            "poll.duration_minutes" => {
                number(o.poll.as_ref().map(|poll| poll.duration_minutes.into()))
            }
            "community_id" => text(o.community_id.as_deref()),
            "reply_settings" => set(&o.reply_settings),
            _ => OptionValue::Unknown,
        },
        PlatformOptions::Linkedin(_) => match name {
            "visibility" => OptionValue::Set,
            _ => OptionValue::Unknown,
        },
        PlatformOptions::Tiktok(o) => match name {
            "privacy" => set(&o.privacy),
            "cover_at_ms" => number(o.cover_at_ms),
            _ => OptionValue::Unknown,
        },
        PlatformOptions::Pinterest(o) => match name {
            "board_id" => text(o.board_id.as_deref()),
            "board_section_id" => text(o.board_section_id.as_deref()),
            "cover" => set(&o.cover),
            "cover_at_ms" => number(o.cover_at_ms),
            _ => OptionValue::Unknown,
        },
        PlatformOptions::Youtube(o) => match name {
            "privacy" => set(&o.privacy),
            "made_for_kids" => set(&o.made_for_kids),
            "category_id" => text(o.category_id.as_deref()),
            "tags" => strings(&o.tags),
            "thumbnail" => set(&o.thumbnail),
            "playlist_ids" => strings(&o.playlist_ids),
            _ => OptionValue::Unknown,
        },
        PlatformOptions::GoogleBusiness(o) => match name {
            "call_to_action" => set(&o.call_to_action),
            "event" => set(&o.event),
            "event.title" => text(o.event.as_ref().map(|event| event.title.as_str())),
            "offer" => set(&o.offer),
            "offer.coupon_code" => {
                text(o.offer.as_ref().and_then(|offer| offer.coupon_code.as_deref()))
            }
            "offer.terms" => text(o.offer.as_ref().and_then(|offer| offer.terms.as_deref())),
            _ => OptionValue::Unknown,
        },
        PlatformOptions::Wordpress(o) => match name {
            "categories" => labels(&o.categories),
            "tags" => labels(&o.tags),
            "slug" => text(o.slug.as_ref().map(Slug::as_str)),
            "excerpt" => text(o.excerpt.as_deref()),
            "post_type" => text(o.post_type.as_ref().map(Slug::as_str)),
            "featured" => set(&o.featured),
            _ => OptionValue::Unknown,
        },
        PlatformOptions::Webflow(o) => match name {
            "collection_id" => text(o.collection_id.as_deref()),
            "slug" => text(o.slug.as_ref().map(Slug::as_str)),
            _ => field(name, &o.fields),
        },
        PlatformOptions::Website(o) => match name {
            "slug" => text(o.slug.as_ref().map(Slug::as_str)),
            _ => field(name, &o.fields),
        },
        PlatformOptions::Other { fields, .. } => json(fields.get(name)),
    }
}

/// `fields.<key>`: a further field of a website or collection.
fn field<'a>(name: &str, fields: &'a std::collections::BTreeMap<String, Value>) -> OptionValue<'a> {
    match name.strip_prefix("fields.") {
        Some(key) => json(fields.get(key)),
        None => OptionValue::Unknown,
    }
}
