//! Texts: how long, with which characters, and how many hashtags, mentions and links.

use super::field::Place;
use super::kind::{counted, exceeds};
use super::{Check, Finding};
use crate::asset::AssetKind;
use crate::post::OutgoingMedia;
use crate::rules::FindingCode;
use crate::rules::limits::{CountLimits, Limit, TextLimits};
use crate::rules::per_text::PerText;
use crate::rules::text::{CountUnit, Measured, count};

/// What was read from the texts so far.
pub(super) struct Texts<'a>(PerText<'a, Measured<'a>>);

impl Default for Texts<'_> {
    fn default() -> Self {
        Self(PerText::new())
    }
}

impl<'a> Texts<'a> {
    fn measure<R>(&mut self, text: &'a str, ask: impl FnOnce(&Measured<'a>) -> R) -> R {
        self.0.ask(text, Measured::new, ask)
    }
}

/// The codes for one of a post's texts.
#[derive(Clone, Copy)]
struct Codes {
    required: FindingCode,
    too_long: FindingCode,
}

const TEXT: Codes =
    Codes { required: FindingCode::TextRequired, too_long: FindingCode::TextTooLong };
const TITLE: Codes =
    Codes { required: FindingCode::TitleRequired, too_long: FindingCode::TitleTooLong };

pub(super) fn check(check: &mut Check<'_, '_>) {
    let (outgoing, kind) = (check.outgoing, check.kind);
    let media = outgoing.media.as_slice();
    one(check, Place::default(), "title", &outgoing.title, &kind.title, media, TITLE);
    one(check, Place::default(), "text", &outgoing.text, &kind.text, media, TEXT);
    link(check);
    entities(check, Place::default(), &outgoing.text);
    if let (Some(comment), Some(limits)) = (&outgoing.first_comment, &kind.first_comment) {
        one(check, Place::default(), "first_comment", comment, limits, &[], TEXT);
    }
    if kind.thread.is_some() {
        for (i, part) in outgoing.thread.iter().enumerate() {
            let place = Place::part(i);
            one(check, place, "text", &part.text, &kind.text, &part.media, TEXT);
            entities(check, place, &part.text);
        }
    }
}

fn one<'a>(
    check: &mut Check<'a, '_>,
    place: Place,
    name: &str,
    text: &'a str,
    limits: &TextLimits,
    media: &[OutgoingMedia],
    codes: Codes,
) {
    let beside = |kind: AssetKind| media.iter().any(|media| media.kind == kind);
    if limits.only_with.is_some_and(|kind| !beside(kind)) {
        return;
    }
    if text.trim().is_empty() {
        let required = limits.required || limits.required_with.is_some_and(beside);
        if required {
            let message = format!("{} needs a {}", check.limits.name, spoken(name));
            check.push(Finding::error(codes.required, place.field(name), message));
        }
    } else if !limits.supported {
        let message = format!(
            "{} sends no {} with a {} post; it is left out",
            check.limits.name,
            spoken(name),
            super::kind::name(check.outgoing.kind)
        );
        check.push(Finding::warning(FindingCode::TextUnsupported, place.field(name), message));
    }
    if !limits.supported {
        return;
    }
    // Blank texts are measured too: they go out as written.
    let found = match limits.forbidden.as_str() {
        "" => None,
        forbidden => text.chars().find(|c| forbidden.contains(*c)),
    };
    if let Some(found) = found {
        let message = format!("{} takes no {found:?} in the {}", check.limits.name, spoken(name));
        check.push(
            Finding::error(FindingCode::CharacterForbidden, place.field(name), message)
                .limit(format_args!("none of {}", limits.forbidden.escape_debug()))
                .actual(found.escape_debug())
                .hint("Remove the character or write it in words."),
        );
    }
    let max = limits.max_with_images.as_ref().filter(|_| beside(AssetKind::Image));
    let max = max.or(limits.max.as_ref());
    let highest = |limit: Option<&Limit<u64>>| limit.map_or(u64::MAX, |limit| limit.value);
    let least = highest(max).min(highest(limits.advised.as_ref()));
    if fits_by_bytes(text, limits.unit, least) {
        return;
    }
    let length = check.texts.measure(text, |measured| measured.count(limits.unit));
    let too_long = |check: &Check<'_, '_>, verb: &str, max: u64| {
        Finding::error(
            codes.too_long,
            place.field(name),
            format!(
                "{} {verb} at most {max} {}; this {} has {length}",
                check.limits.name,
                unit_name(limits.unit),
                spoken(name)
            ),
        )
        .limit(max)
        .actual(length)
    };
    if let Some(max) = max.filter(|max| exceeds(length, max.value)) {
        let finding = too_long(check, "takes", max.value);
        check.passed(max, finding);
    } else if let Some(max) = limits.advised.as_ref().filter(|max| exceeds(length, max.value)) {
        let finding = too_long(check, "advises", max.value);
        check.advise(max, finding);
    }
}

/// Whether a text is short enough without counting: in most units no text counts more than it
/// has bytes.
pub(super) fn fits_by_bytes(text: &str, unit: CountUnit, max: u64) -> bool {
    let bounded = matches!(
        unit,
        CountUnit::Utf16
            | CountUnit::Grapheme
            | CountUnit::CodePoint
            | CountUnit::Byte
            | CountUnit::EmojiAsBytes
    );
    max == u64::MAX || (bounded && !exceeds(text.len(), max))
}

pub(super) fn unit_name(unit: CountUnit) -> &'static str {
    match unit {
        CountUnit::Byte => "bytes",
        _ => "characters",
    }
}

fn spoken(name: &str) -> &str {
    match name {
        "first_comment" => "first comment",
        "alt_text" => "description",
        other => other,
    }
}

/// The description of a media file.
pub(super) fn alt_text<'a>(
    check: &mut Check<'a, '_>,
    place: Place,
    text: &'a str,
    limits: &TextLimits,
) {
    let codes =
        Codes { required: FindingCode::TextRequired, too_long: FindingCode::AltTextTooLong };
    one(check, place, "alt_text", text, limits, &[], codes);
}

/// The link field.
fn link(check: &mut Check<'_, '_>) {
    let (outgoing, limits) = (check.outgoing, &check.kind.link);
    let Some(link) = &outgoing.link else { return };
    let in_text = outgoing.text.contains(link.as_str());
    if !limits.supported {
        if !in_text {
            let message = format!(
                "{} has no place for a link beside the text; it is left out",
                check.limits.name
            );
            check.push(
                Finding::warning(FindingCode::LinkUnsupported, "link", message)
                    .actual(link)
                    .hint("Put the link into the text."),
            );
        }
        return;
    }
    if !limits.with_media && !outgoing.media.is_empty() && !in_text {
        let message =
            format!("{} shows media or a link, not both; the link is left out", check.limits.name);
        check.push(
            Finding::warning(FindingCode::LinkWithMedia, "link", message)
                .actual(link)
                .hint("Put the link into the text, or remove the media."),
        );
    }
    if let Some(max) = &limits.max
        && !fits_by_bytes(link.as_str(), CountUnit::Utf16, max.value)
    {
        let length = count(link.as_str(), CountUnit::Utf16);
        if exceeds(length, max.value) {
            let message = format!(
                "a link on {} has at most {} characters; this one has {length}",
                check.limits.name, max.value
            );
            let finding = Finding::error(FindingCode::LinkTooLong, "link", message)
                .limit(max.value)
                .actual(length);
            check.passed(max, finding);
        }
    }
}

/// Hashtags, mentions and links inside a text.
fn entities<'a>(check: &mut Check<'a, '_>, place: Place, text: &'a str) {
    let kind = check.kind;
    let limited = |limits: &CountLimits| limits.max.is_some() || limits.advised.is_some();
    let wanted = [&kind.hashtags, &kind.mentions, &kind.cashtags, &kind.links];
    let clickable = kind.link.clickable_in_text;
    if text.is_empty() || !kind.text.supported || (clickable && !wanted.into_iter().any(limited)) {
        return;
    }
    let (hashtags, mentions, cashtags, urls) = check.texts.measure(text, |measured| {
        let found = measured.entities();
        (found.hashtags.len(), found.mentions.len(), found.cashtags.len(), found.urls.len())
    });
    // The link field is one more, unless the text has it or nothing is sent of it.
    let shown = place.part.is_none()
        && kind.link.supported
        && (kind.link.with_media || check.outgoing.media.is_empty());
    let extra = check.outgoing.link.as_ref().filter(|link| shown && !text.contains(link.as_str()));
    let links = urls + usize::from(extra.is_some());

    number(check, place, hashtags, &kind.hashtags, "hashtags", FindingCode::TooManyHashtags);
    number(check, place, mentions, &kind.mentions, "mentions", FindingCode::TooManyMentions);
    number(check, place, cashtags, &kind.cashtags, "cashtags", FindingCode::TooManyCashtags);
    number(check, place, links, &kind.links, "links", FindingCode::TooManyLinks);
    if !clickable && urls > 0 {
        let message = format!("links in a text on {} can't be clicked", check.limits.name);
        check.push(
            Finding::warning(FindingCode::LinkNotClickable, place.field("text"), message)
                .actual(urls),
        );
    }
}

fn number(
    check: &mut Check<'_, '_>,
    place: Place,
    count: usize,
    limits: &CountLimits,
    what: &str,
    code: FindingCode,
) {
    let finding = |check: &Check<'_, '_>, verb: &str, max: u64| {
        let name = &check.limits.name;
        let most = counted(max, what);
        let message = format!("{name} {verb} at most {most} in a post; this has {count}");
        Finding::error(code, place.field("text"), message).limit(max).actual(count)
    };
    if let Some(max) = limits.max.as_ref().filter(|max| exceeds(count, max.value)) {
        let finding = finding(check, "takes", max.value);
        check.passed(max, finding);
    } else if let Some(max) = limits.advised.as_ref().filter(|max| exceeds(count, max.value)) {
        let finding = finding(check, "advises", max.value);
        check.advise(max, finding);
    }
}
