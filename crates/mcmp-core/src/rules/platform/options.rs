//! Platform options: the ones that data describes, and what only their own types can say.

use super::field::Place;
use super::kind::{exceeds, falls_short};
use super::text::unit_name;
use super::{Check, Finding};
use crate::asset::AssetKind;
use crate::id::AssetId;
use crate::post::{
    CallToAction, GoogleBusinessOptions, GoogleBusinessTopic, Outgoing, PlatformOptions,
    TikTokOptions, TikTokPrivacy,
};
use crate::rules::FindingCode;
use crate::rules::limits::{OptionLimits, PlatformLimits};
use crate::rules::text::{count, youtube_tags_length};

mod value;

pub(super) use value::{OptionValue, option};

pub(super) fn check(check: &mut Check<'_, '_>) {
    let mut options = &check.outgoing.options;
    if is_foreign(check.outgoing) {
        // They will not be sent, so what is required is missing.
        options = &PlatformOptions::None;
    }
    for (name, limits) in &check.kind.options {
        one(check, name, &option(options, name), limits, options);
    }
    match options {
        PlatformOptions::Tiktok(options) => tiktok(check, options),
        PlatformOptions::GoogleBusiness(options) => google_business(check, options),
        PlatformOptions::Instagram(options) => cover(check, options.cover_at_ms),
        PlatformOptions::Pinterest(options) => cover(check, options.cover_at_ms),
        PlatformOptions::Wordpress(options) => featured(check, options.featured),
        _ => {}
    }
    if matches!(options, PlatformOptions::None) && check.kind.link.needs_button {
        link_without_button(check);
    }
}

/// Whether the options are for another platform than the post.
fn is_foreign(outgoing: &Outgoing) -> bool {
    outgoing.options.platform().is_some_and(|platform| *platform != outgoing.platform)
}

/// What to say of options for another platform.
pub(super) fn foreign(outgoing: &Outgoing, limits: &PlatformLimits) -> Option<Finding> {
    let other = outgoing.options.platform().filter(|_| is_foreign(outgoing))?;
    let message = format!("these options are for {other}; this variant goes to {}", limits.name);
    let finding = Finding::error(FindingCode::OptionForOtherPlatform, "options", message);
    Some(finding.limit(&outgoing.platform).actual(other))
}

fn field(name: &str) -> String {
    format!("options.{name}")
}

/// What people call an option.
fn label<'a>(name: &'a str, limits: &'a OptionLimits) -> &'a str {
    limits.label.as_deref().unwrap_or(name)
}

/// The path of an option, or of one item of a list.
fn item(name: &str, index: Option<usize>) -> String {
    index.map_or_else(|| field(name), |index| format!("options.{name}[{index}]"))
}

fn one(
    check: &mut Check<'_, '_>,
    name: &str,
    value: &OptionValue<'_>,
    limits: &OptionLimits,
    options: &PlatformOptions,
) {
    let media = &check.outgoing.media;
    match value {
        OptionValue::Missing | OptionValue::Unknown => {
            let wanted = limits.required
                || limits.required_with.is_some_and(|kind| media.iter().any(|m| m.kind == kind));
            let replaced = limits.or.as_deref().is_some_and(|or| option(options, or).is_set());
            if wanted && !replaced {
                let message = format!("{} needs {}", check.limits.name, label(name, limits));
                check.push(Finding::error(FindingCode::OptionRequired, field(name), message));
            }
            return;
        }
        OptionValue::Set => {}
        OptionValue::Number(number) => range(check, name, *number, limits),
        OptionValue::Text(text) => length(check, name, None, text, limits),
        OptionValue::Texts(texts) => list(check, name, texts, limits),
    }
    if !limits.with_media && !media.is_empty() {
        let message =
            format!("{} takes no {} beside media", check.limits.name, label(name, limits));
        check.push(
            Finding::error(FindingCode::OptionConflict, field(name), message)
                .hint("Remove one of the two."),
        );
    }
}

fn range(check: &mut Check<'_, '_>, name: &str, number: u64, limits: &OptionLimits) {
    let below = limits.min.as_ref().filter(|min| number < min.value).map(|min| (min, "least"));
    let above = limits.max.as_ref().filter(|max| number > max.value).map(|max| (max, "most"));
    if let Some((limit, verb)) = below.or(above) {
        let message = format!(
            "{} takes at {verb} {} for {}; this is {number}",
            check.limits.name,
            limit.value,
            label(name, limits)
        );
        let finding = Finding::error(FindingCode::OptionOutOfRange, field(name), message)
            .limit(limit.value)
            .actual(number);
        check.passed(limit, finding);
    }
}

fn list(check: &mut Check<'_, '_>, name: &str, texts: &value::Texts<'_>, limits: &OptionLimits) {
    let items = texts.iter().count();
    let below = limits.min_items.as_ref().filter(|min| falls_short(items, min.value));
    let above = limits.max_items.as_ref().filter(|max| exceeds(items, max.value));
    let outside = below
        .map(|min| (min, "least", FindingCode::OptionTooFew))
        .or(above.map(|max| (max, "most", FindingCode::OptionTooMany)));
    if let Some((limit, verb, code)) = outside {
        let message = format!(
            "{} takes at {verb} {} {}; this has {items}",
            check.limits.name,
            limit.value,
            label(name, limits)
        );
        let finding = Finding::error(code, field(name), message).limit(limit.value).actual(items);
        check.passed(limit, finding);
    }
    if let Some(max) = &limits.max_joined {
        let length = youtube_tags_length(texts.iter());
        if exceeds(length, max.value) {
            let message = format!(
                "{} takes {} of at most {} characters together; these have {length}",
                check.limits.name,
                label(name, limits),
                max.value
            );
            let finding = Finding::error(FindingCode::OptionTooLong, field(name), message)
                .limit(max.value)
                .actual(length);
            check.passed(max, finding);
        }
    }
    let checks_items = limits.min_length.is_some()
        || limits.max_length.is_some()
        || limits.digits
        || !limits.forbidden.is_empty();
    if checks_items {
        for (i, text) in texts.iter().enumerate() {
            length(check, name, Some(i), text, limits);
        }
    }
}

fn length(
    check: &mut Check<'_, '_>,
    name: &str,
    index: Option<usize>,
    text: &str,
    limits: &OptionLimits,
) {
    let counted = count(text, limits.unit);
    let below = limits.min_length.as_ref().filter(|min| falls_short(counted, min.value));
    let above = limits.max_length.as_ref().filter(|max| exceeds(counted, max.value));
    let outside = below
        .map(|min| (min, "least", FindingCode::OptionTooShort))
        .or(above.map(|max| (max, "most", FindingCode::OptionTooLong)));
    if let Some((limit, verb, code)) = outside {
        let message = format!(
            "{} takes at {verb} {} {} in {}; this has {counted}",
            check.limits.name,
            limit.value,
            unit_name(limits.unit),
            label(name, limits)
        );
        let finding =
            Finding::error(code, item(name, index), message).limit(limit.value).actual(counted);
        check.passed(limit, finding);
    }
    if limits.digits && (text.is_empty() || !text.bytes().all(|b| b.is_ascii_digit())) {
        let message =
            format!("{} takes digits only for {}", check.limits.name, label(name, limits));
        check.push(
            Finding::error(FindingCode::OptionInvalid, item(name, index), message)
                .limit("digits")
                .actual(text),
        );
    }
    if let Some(found) = text.chars().find(|c| limits.forbidden.contains(*c)) {
        let message =
            format!("{} takes no {found:?} in {}", check.limits.name, label(name, limits));
        check.push(
            Finding::error(FindingCode::OptionInvalid, item(name, index), message)
                .limit(format_args!("none of {}", limits.forbidden.escape_debug()))
                .actual(found.escape_debug()),
        );
    }
}

/// A cover is a frame of the video, so it lies within it.
fn cover(check: &mut Check<'_, '_>, at_ms: Option<u64>) {
    let Some(at) = at_ms else { return };
    let video = check.outgoing.media.iter().find(|media| media.kind == AssetKind::Video);
    let Some(length) = video.and_then(|video| video.facts.duration_ms) else { return };
    if at > length {
        check.push(
            Finding::error(
                FindingCode::OptionOutOfRange,
                field("cover_at_ms"),
                format!("the cover is taken at {at} ms, and the video ends at {length} ms"),
            )
            .limit(length)
            .actual(at),
        );
    }
}

/// The picture above a post is one of those that go out with it.
fn featured(check: &mut Check<'_, '_>, chosen: Option<AssetId>) {
    let Some(chosen) = chosen else { return };
    let mut pictures = check.outgoing.media.iter().filter(|file| file.kind == AssetKind::Image);
    if pictures.any(|picture| picture.asset_id == chosen) {
        return;
    }
    let message = "the featured picture is not among the post's pictures";
    check.push(
        Finding::error(FindingCode::OptionInvalid, field("featured"), message)
            .actual(chosen)
            .hint("Add it to the post, or choose one that is there."),
    );
}

/// <https://developers.tiktok.com/doc/content-sharing-guidelines>
fn tiktok(check: &mut Check<'_, '_>, options: &TikTokOptions) {
    cover(check, options.cover_at_ms);
    if options.branded_content && options.privacy == Some(TikTokPrivacy::SelfOnly) {
        let message = format!("branded content on {} can't be private", check.limits.name);
        check.push(
            Finding::error(FindingCode::OptionConflict, field("privacy"), message)
                .hint("Let more people see it, or take the mark of branded content off."),
        );
    }
}

/// <https://developers.google.com/my-business/reference/rest/v4/accounts.locations.localPosts>
fn google_business(check: &mut Check<'_, '_>, options: &GoogleBusinessOptions) {
    let topic = options.topic;
    let name = check.limits.name.as_str();
    if topic != GoogleBusinessTopic::Standard && options.event.is_none() {
        let message = format!("{name} needs an event, with title, start and end, for this topic");
        check.push(Finding::error(FindingCode::OptionRequired, field("event"), message));
    }
    if topic == GoogleBusinessTopic::Offer && options.offer.is_none() {
        let message = format!("{name} needs the offer for this topic");
        check.push(Finding::error(FindingCode::OptionRequired, field("offer"), message));
    }
    if let Some(event) = options.event.as_ref().filter(|event| event.ends < event.starts) {
        check.push(
            Finding::error(
                FindingCode::OptionOutOfRange,
                field("event.ends"),
                "the event ends before it starts",
            )
            .limit(event.starts)
            .actual(event.ends),
        );
    }
    match options.call_to_action {
        Some(_) if topic == GoogleBusinessTopic::Offer => {
            let message = format!("{name} shows its own button on an offer");
            check.push(
                Finding::error(FindingCode::OptionConflict, field("call_to_action"), message)
                    .hint("Remove the button; the offer has a link of its own."),
            );
        }
        Some(CallToAction::Call) => link_without_button(check),
        Some(_) if check.outgoing.link.is_none() => {
            let message = format!("a button on {name} needs the post's link");
            check.push(Finding::error(FindingCode::LinkRequired, "link", message));
        }
        Some(_) => {}
        None => link_without_button(check),
    }
}

/// The link is the button's; without a button that takes one it is not sent.
fn link_without_button(check: &mut Check<'_, '_>) {
    let Some(link) = &check.outgoing.link else { return };
    if check.outgoing.text.contains(link.as_str()) {
        return;
    }
    let message = format!(
        "{} shows a link only behind a button; without one it is left out",
        check.limits.name
    );
    check.push(
        Finding::warning(FindingCode::LinkUnsupported, Place::default().field("link"), message)
            .actual(link)
            .hint("Choose a button that takes a link."),
    );
}
