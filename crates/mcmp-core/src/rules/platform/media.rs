//! Media: how many, which together, and what every file must fit.

use super::field::Place;
use super::kind::{counted, exceeds, falls_short, name};
use super::{Check, Finding, Severity, image, text, video};
use crate::asset::AssetKind;
use crate::post::OutgoingMedia;
use crate::rules::FindingCode;
use crate::rules::limits::{FileLimits, Limit, MediaLimits, Mixing, Uniform};

/// What a file is for the limits: a GIF counts apart where the platform treats it so.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Class {
    Image,
    Gif,
    Video,
    Audio,
    Document,
}

impl Class {
    const ALL: [Self; 5] = [Self::Image, Self::Gif, Self::Video, Self::Audio, Self::Document];

    fn of(media: &OutgoingMedia, limits: &MediaLimits) -> Self {
        match media.kind {
            AssetKind::Image if limits.gif.is_some() && is_gif(media) => Self::Gif,
            AssetKind::Image => Self::Image,
            AssetKind::Video => Self::Video,
            AssetKind::Audio => Self::Audio,
            AssetKind::Document => Self::Document,
        }
    }

    fn limits(self, limits: &MediaLimits) -> Option<&FileLimits> {
        match self {
            Self::Image => limits.image.as_ref(),
            Self::Gif => limits.gif.as_ref(),
            Self::Video => limits.video.as_ref(),
            Self::Audio => limits.audio.as_ref(),
            Self::Document => limits.document.as_ref(),
        }
    }

    fn plural(self) -> &'static str {
        match self {
            Self::Image => "pictures",
            Self::Gif => "GIFs",
            Self::Video => "videos",
            Self::Audio => "sound files",
            Self::Document => "documents",
        }
    }
}

pub(super) fn is_gif(media: &OutgoingMedia) -> bool {
    media.mime.as_str() == "image/gif"
}

pub(super) fn check(check: &mut Check<'_, '_>) {
    let outgoing = check.outgoing;
    group(check, Place::default(), &outgoing.media);
    if check.kind.thread.is_some() {
        for (i, part) in outgoing.thread.iter().enumerate() {
            group(check, Place::part(i), &part.media);
        }
    }
}

/// The media of a post, or of one part of a thread.
fn group<'a>(check: &mut Check<'a, '_>, place: Place, media: &'a [OutgoingMedia]) {
    let limits = &check.kind.media;
    numbers(check, place, media, limits);
    if limits.mixing == Mixing::OneKind {
        mixing(check, place, media, limits);
    }
    if let Some(uniform) = limits.uniform {
        alike(check, place, media, uniform);
    }
    for (i, media) in media.iter().enumerate() {
        one(check, place.media(i), media, limits);
    }
}

fn numbers(check: &mut Check<'_, '_>, place: Place, media: &[OutgoingMedia], limits: &MediaLimits) {
    let count = media.len();
    let (brand, kind) = (check.limits.name.as_str(), name(check.outgoing.kind));
    if let Some(min) = limits.min.as_ref().filter(|min| falls_short(count, min.value)) {
        let code =
            if media.is_empty() { FindingCode::MediaRequired } else { FindingCode::MediaTooFew };
        let message = format!(
            "a {kind} post on {brand} needs at least {}",
            counted(min.value, "media files")
        );
        let finding =
            Finding::error(code, place.field("media"), message).limit(min.value).actual(count);
        check.passed(min, finding);
    }
    if let Some(max) = limits.max.as_ref().filter(|max| exceeds(count, max.value)) {
        let message = format!(
            "a {kind} post on {brand} takes at most {}; this has {count}",
            counted(max.value, "media files")
        );
        let mut finding = Finding::error(FindingCode::MediaTooMany, place.field("media"), message)
            .limit(max.value)
            .actual(count);
        // Another kind of post may be what the person wants.
        let wider = check.limits.kinds.iter().find_map(|(other, limits)| {
            let max = limits.media.max.as_ref()?;
            let takes_all =
                media.iter().all(|m| Class::of(m, &limits.media).limits(&limits.media).is_some());
            (takes_all && !exceeds(count, max.value)).then_some((*other, max.value))
        });
        if let Some((other, max)) = wider {
            finding = finding.hint(format!("A {} post takes up to {max}.", name(other)));
        }
        check.passed(max, finding);
    }
    for class in Class::ALL {
        let Some(max) = class.limits(limits).and_then(|limits| limits.max_count.as_ref()) else {
            continue;
        };
        let count = media.iter().filter(|media| Class::of(media, limits) == class).count();
        if exceeds(count, max.value) {
            let message = format!(
                "{} takes at most {} in a post; this has {count}",
                check.limits.name,
                counted(max.value, class.plural())
            );
            let finding = Finding::error(FindingCode::MediaTooMany, place.field("media"), message)
                .limit(max.value)
                .actual(count);
            check.passed(max, finding);
        }
    }
}

fn mixing(check: &mut Check<'_, '_>, place: Place, media: &[OutgoingMedia], limits: &MediaLimits) {
    let Some(first) = media.first().map(|media| Class::of(media, limits)) else { return };
    let other = media.iter().map(|media| Class::of(media, limits)).find(|class| *class != first);
    if let Some(other) = other {
        let message = format!(
            "{} takes no {} beside {} in a post",
            check.limits.name,
            other.plural(),
            first.plural()
        );
        check.push(
            Finding::error(FindingCode::MediaMixed, place.field("media"), message)
                .hint("Keep one kind of media."),
        );
    }
}

/// All files of the same size or shape as the first one.
fn alike(check: &mut Check<'_, '_>, place: Place, media: &[OutgoingMedia], uniform: Uniform) {
    let size = |media: &OutgoingMedia| media.facts.width.zip(media.facts.height);
    let Some((width, height)) = media.first().and_then(size) else { return };
    for (i, other) in media.iter().enumerate().skip(1) {
        let Some((w, h)) = size(other) else { continue };
        let differs = match uniform {
            Uniform::Size => (w, h) != (width, height),
            Uniform::Shape => u64::from(w) * u64::from(height) != u64::from(h) * u64::from(width),
        };
        if differs {
            let name = &check.limits.name;
            let (severity, message) = match uniform {
                Uniform::Size => (
                    Severity::Error,
                    format!("{name} needs all media in the size of the first one"),
                ),
                Uniform::Shape => (
                    Severity::Warning,
                    format!("{name} crops all media to the shape of the first one"),
                ),
            };
            let field = place.media(i).field("");
            check.push(
                Finding::new(FindingCode::MediaNotUniform, severity, field, message)
                    .limit(format_args!("{width}x{height}"))
                    .actual(format_args!("{w}x{h}")),
            );
        }
    }
}

fn one<'a>(
    check: &mut Check<'a, '_>,
    place: Place,
    media: &'a OutgoingMedia,
    limits: &MediaLimits,
) {
    let class = Class::of(media, limits);
    let Some(file) = class.limits(limits) else {
        let message = format!(
            "a {} post on {} takes no {}",
            name(check.outgoing.kind),
            check.limits.name,
            class.plural()
        );
        let finding = Finding::error(FindingCode::MediaKindUnsupported, place.field(""), message)
            .actual(media.mime.as_str());
        check.push(finding);
        return;
    };
    format(check, place, media, file);
    size(check, place, media, file);
    if let (Some(limits), Some(alt_text)) = (&file.alt_text, &media.alt_text) {
        text::alt_text(check, place, alt_text, limits);
    }
    image::check(check, place, media, file);
    video::check(check, place, media, file);
}

fn format(check: &mut Check<'_, '_>, place: Place, media: &OutgoingMedia, file: &FileLimits) {
    if let Some(formats) = file.formats.as_ref().filter(|f| !lists(f, media.mime.as_str())) {
        let listed = formats.value.join(", ");
        let message =
            format!("{} takes no {} here, but {listed}", check.limits.name, media.mime.as_str());
        let finding = Finding::error(FindingCode::FormatUnsupported, place.field("mime"), message)
            .limit(listed)
            .actual(media.mime.as_str())
            .hint("Convert the file.");
        check.passed(formats, finding);
    }
    if let Some(max) = &file.max_file_name {
        let length = media.file_name.as_str().chars().count();
        if exceeds(length, max.value) {
            let message = format!(
                "{} takes file names of at most {} characters; this one has {length}",
                check.limits.name, max.value
            );
            let finding =
                Finding::error(FindingCode::FileNameTooLong, place.field("file_name"), message)
                    .limit(max.value)
                    .actual(length);
            check.passed(max, finding);
        }
    }
}

pub(super) fn lists(limit: &Limit<Vec<String>>, wanted: &str) -> bool {
    limit.value.iter().any(|listed| listed == wanted)
}

fn size(check: &mut Check<'_, '_>, place: Place, media: &OutgoingMedia, file: &FileLimits) {
    let bytes = media.size_bytes;
    let mut outside = |code, limit: &Limit<u64>, verb: &str| {
        let message = format!(
            "{} takes files of at {verb} {} here; this one has {}",
            check.limits.name,
            megabytes(limit.value),
            megabytes(bytes)
        );
        let finding = Finding::error(code, place.field("size_bytes"), message)
            .limit(limit.value)
            .actual(bytes);
        check.passed(limit, finding);
    };
    if let Some(max) = file.max_bytes.as_ref().filter(|max| bytes > max.value) {
        outside(FindingCode::FileTooLarge, max, "most");
    }
    if let Some(min) = file.min_bytes.as_ref().filter(|min| bytes < min.value) {
        outside(FindingCode::FileTooSmall, min, "least");
    }
}

/// A size as people read it, rounded so that a size just above a limit does not look equal to it.
fn megabytes(bytes: u64) -> String {
    match bytes {
        0..1_000 => format!("{bytes} bytes"),
        1_000..1_000_000 => thousandths(bytes, "kB"),
        _ => thousandths(bytes.div_ceil(1_000), "MB"),
    }
}

/// `12345` as `12.345 kB`, without trailing zeros.
pub(super) fn thousandths(value: u64, unit: &str) -> String {
    let text = format!("{}.{:03}", value / 1_000, value % 1_000);
    format!("{} {unit}", text.trim_end_matches('0').trim_end_matches('.'))
}
