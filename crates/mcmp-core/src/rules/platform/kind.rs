//! Whether the platform has this kind of post, and whether anything would go out.

use super::field::Place;
use super::{Check, Finding};
use crate::post::{Outgoing, OutgoingMedia, PostKind};
use crate::rules::FindingCode;
use crate::rules::limits::{ContentPart, PlatformLimits};

pub(super) fn check(check: &mut Check<'_, '_>) {
    let outgoing = check.outgoing;
    content(check, Place::default(), &outgoing.text, &outgoing.media);
    first_comment(check);
    thread(check);
}

pub(super) fn unsupported(outgoing: &Outgoing, limits: &PlatformLimits) -> Finding {
    let mut known = String::new();
    for kind in limits.kinds.keys() {
        if !known.is_empty() {
            known.push_str(", ");
        }
        known.push_str(name(*kind));
    }
    let message = format!("{} has no {} posts", limits.name, name(outgoing.kind));
    Finding::error(FindingCode::KindUnsupported, "kind", message)
        .actual(name(outgoing.kind))
        .hint(format!("It takes: {known}."))
        .limit(known)
}

/// The wire name.
pub(super) fn name(kind: PostKind) -> &'static str {
    match kind {
        PostKind::Feed => "feed",
        PostKind::Reel => "reel",
        PostKind::Story => "story",
        PostKind::Short => "short",
        PostKind::Carousel => "carousel",
        PostKind::Thread => "thread",
        PostKind::Article => "article",
    }
}

/// Every post, and every part of a thread, must hold something.
fn content(check: &mut Check<'_, '_>, place: Place, text: &str, media: &[OutgoingMedia]) {
    let needs = &check.kind.needs_one_of;
    if needs.is_empty() {
        return;
    }
    let outgoing = check.outgoing;
    let first = place.part.is_none();
    let there = needs.iter().any(|part| match part {
        ContentPart::Title => first && !outgoing.title.trim().is_empty(),
        ContentPart::Text => !text.trim().is_empty(),
        ContentPart::Media => !media.is_empty(),
        ContentPart::Link => first && outgoing.link.is_some(),
    });
    if there {
        return;
    }
    let wanted = needs
        .iter()
        .map(|part| match part {
            ContentPart::Title => "a title",
            ContentPart::Text => "a text",
            ContentPart::Media => "media",
            ContentPart::Link => "a link",
        })
        .collect::<Vec<_>>()
        .join(" or ");
    check.push(Finding::error(
        FindingCode::ContentRequired,
        place.field("text"),
        format!("{} needs {wanted}", check.limits.name),
    ));
}

fn first_comment(check: &mut Check<'_, '_>) {
    if check.outgoing.first_comment.is_some() && check.kind.first_comment.is_none() {
        check.push(
            Finding::error(
                FindingCode::FirstCommentUnsupported,
                "first_comment",
                format!(
                    "{} takes no first comment under a {} post",
                    check.limits.name,
                    name(check.outgoing.kind)
                ),
            )
            .hint("Remove it here, or move it into the text."),
        );
    }
}

fn thread(check: &mut Check<'_, '_>) {
    let outgoing = check.outgoing;
    if outgoing.thread.is_empty() {
        return;
    }
    let Some(limits) = &check.kind.thread else {
        let takes = check.limits.kinds.values().any(|kind| kind.thread.is_some());
        let hint = if takes { "Make it a thread." } else { "Remove the further parts." };
        check.push(
            Finding::error(
                FindingCode::ThreadUnsupported,
                "thread",
                format!(
                    "{} has no further parts in a {} post",
                    check.limits.name,
                    name(outgoing.kind)
                ),
            )
            .actual(outgoing.thread.len())
            .hint(hint),
        );
        return;
    };
    let parts = outgoing.thread.len().saturating_add(1);
    if let Some(max) = limits.max_parts.as_ref().filter(|max| exceeds(parts, max.value)) {
        let message = format!(
            "a thread on {} has at most {} parts; this one has {parts}",
            check.limits.name, max.value
        );
        check.passed(
            max,
            Finding::error(FindingCode::ThreadTooLong, "thread", message)
                .limit(max.value)
                .actual(parts),
        );
    }
    for (i, part) in outgoing.thread.iter().enumerate() {
        content(check, Place::part(i), &part.text, &part.media);
    }
}

/// A number of things: `1 video`, `4 videos`.
pub(super) fn counted(number: u64, plural: &str) -> String {
    let one = number == 1;
    format!("{number} {}", if one { plural.trim_end_matches('s') } else { plural })
}

/// Whether a count is above a limit, whatever the widths of the two numbers.
pub(super) fn exceeds(count: usize, max: u64) -> bool {
    u64::try_from(count).map_or(true, |count| count > max)
}

/// Whether a count is below a limit, whatever the widths of the two numbers.
pub(super) fn falls_short(count: usize, min: u64) -> bool {
    u64::try_from(count).is_ok_and(|count| count < min)
}
