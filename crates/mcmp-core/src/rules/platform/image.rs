//! How large and of what shape a picture or video is.

use super::field::Place;
use super::media::is_gif;
use super::{Check, Finding};
use crate::asset::AssetKind;
use crate::post::OutgoingMedia;
use crate::rules::FindingCode;
use crate::rules::limits::{FileLimits, Limit};

pub(super) fn check(
    check: &mut Check<'_, '_>,
    place: Place,
    media: &OutgoingMedia,
    file: &FileLimits,
) {
    sides(check, place, media, file);
    if is_gif(media) {
        frames(check, place, media, file);
    }
    if media.kind == AssetKind::Document {
        pages(check, place, media, file);
    }
}

fn sides(check: &mut Check<'_, '_>, place: Place, media: &OutgoingMedia, file: &FileLimits) {
    let (width, height) = (media.facts.width, media.facts.height);
    let both = file.max_short_side.is_some()
        || file.max_long_side.is_some()
        || file.max_pixels.is_some()
        || file.min_aspect.is_some()
        || file.max_aspect.is_some()
        || file.advised_aspect.is_some();
    if width.is_none() && (both || file.min_width.is_some() || file.max_width.is_some()) {
        check.fact_unknown(place, "facts.width");
    }
    if height.is_none() && (both || file.min_height.is_some() || file.max_height.is_some()) {
        check.fact_unknown(place, "facts.height");
    }
    if let Some(width) = width {
        range(
            check,
            place,
            "width",
            width.into(),
            file.min_width.as_ref(),
            file.max_width.as_ref(),
        );
    }
    if let Some(height) = height {
        let (min, max) = (file.min_height.as_ref(), file.max_height.as_ref());
        range(check, place, "height", height.into(), min, max);
    }
    let (Some(width), Some(height)) = (width, height) else { return };
    let (short, long) = (width.min(height), width.max(height));
    range(check, place, "shorter side", short.into(), None, file.max_short_side.as_ref());
    range(check, place, "longer side", long.into(), None, file.max_long_side.as_ref());
    let pixels = u64::from(width) * u64::from(height);
    if let Some(max) = file.max_pixels.as_ref().filter(|max| pixels > max.value) {
        let message = format!(
            "{} takes at most {} pixels in all; this has {pixels} ({width}x{height})",
            check.limits.name, max.value
        );
        let finding =
            Finding::error(FindingCode::DimensionsTooLarge, place.field("facts"), message)
                .limit(max.value)
                .actual(pixels)
                .hint("Scale it down.");
        check.passed(max, finding);
    }
    shape(check, place, width, height, file);
}

fn range(
    check: &mut Check<'_, '_>,
    place: Place,
    what: &str,
    actual: u64,
    min: Option<&Limit<u64>>,
    max: Option<&Limit<u64>>,
) {
    let field = || match what {
        "width" => place.field("facts.width"),
        "height" => place.field("facts.height"),
        _ => place.field("facts"),
    };
    if let Some(min) = min.filter(|min| actual < min.value) {
        let message = format!(
            "{} needs a {what} of at least {} pixels; this has {actual}",
            check.limits.name, min.value
        );
        let finding = Finding::error(FindingCode::DimensionsTooSmall, field(), message)
            .limit(min.value)
            .actual(actual);
        check.passed(min, finding);
    }
    if let Some(max) = max.filter(|max| actual > max.value) {
        let message = format!(
            "{} takes a {what} of at most {} pixels; this has {actual}",
            check.limits.name, max.value
        );
        let finding = Finding::error(FindingCode::DimensionsTooLarge, field(), message)
            .limit(max.value)
            .actual(actual)
            .hint("Scale it down.");
        check.passed(max, finding);
    }
}

fn shape(check: &mut Check<'_, '_>, place: Place, width: u32, height: u32, file: &FileLimits) {
    let finding = |check: &Check<'_, '_>, rest: String, limit: String| {
        let message = format!("{} {rest}; this is {width}x{height}", check.limits.name);
        Finding::error(FindingCode::AspectRatio, place.field("facts"), message)
            .limit(limit)
            .actual(format_args!("{width}:{height}"))
            .hint("Crop it.")
    };
    let mut refused = false;
    if let Some(min) = &file.min_aspect
        && !min.value.admits_as_tallest(width, height)
    {
        let rest = format!("takes nothing taller than {}", min.value);
        let finding = finding(check, rest, min.value.to_string());
        check.passed(min, finding);
        refused = true;
    }
    if let Some(max) = &file.max_aspect
        && !max.value.admits_as_widest(width, height)
    {
        let rest = format!("takes nothing wider than {}", max.value);
        let finding = finding(check, rest, max.value.to_string());
        check.passed(max, finding);
        refused = true;
    }
    if let Some(best) = &file.advised_aspect
        && !refused
        && !best.value.is_met_by(width, height)
    {
        let rest = format!("shows this best in {}", best.value);
        let finding = finding(check, rest, best.value.to_string());
        check.advise(best, finding);
    }
}

fn frames(check: &mut Check<'_, '_>, place: Place, media: &OutgoingMedia, file: &FileLimits) {
    if file.max_frames.is_none() && file.max_frame_pixels.is_none() {
        return;
    }
    let Some(frames) = media.facts.frames else {
        check.fact_unknown(place, "facts.frames");
        return;
    };
    if let Some(max) = file.max_frames.as_ref().filter(|max| u64::from(frames) > max.value) {
        let message = format!(
            "{} takes animations of at most {} frames; this one has {frames}",
            check.limits.name, max.value
        );
        let finding =
            Finding::error(FindingCode::TooManyFrames, place.field("facts.frames"), message)
                .limit(max.value)
                .actual(frames);
        check.passed(max, finding);
    }
    let (Some(max), Some(width), Some(height)) =
        (&file.max_frame_pixels, media.facts.width, media.facts.height)
    else {
        return;
    };
    let pixels = u128::from(frames) * u128::from(width) * u128::from(height);
    if pixels > u128::from(max.value) {
        let message = format!(
            "{} takes animations of at most {} pixels over all frames; this one has {pixels}",
            check.limits.name, max.value
        );
        let finding =
            Finding::error(FindingCode::DimensionsTooLarge, place.field("facts.frames"), message)
                .limit(max.value)
                .actual(pixels)
                .hint("Scale it down or take frames out.");
        check.passed(max, finding);
    }
}

fn pages(check: &mut Check<'_, '_>, place: Place, media: &OutgoingMedia, file: &FileLimits) {
    let Some(max) = &file.max_pages else { return };
    let Some(pages) = media.facts.frames else {
        check.fact_unknown(place, "facts.frames");
        return;
    };
    if u64::from(pages) > max.value {
        let message = format!(
            "{} takes documents of at most {} pages; this one has {pages}",
            check.limits.name, max.value
        );
        let finding =
            Finding::error(FindingCode::TooManyPages, place.field("facts.frames"), message)
                .limit(max.value)
                .actual(pages);
        check.passed(max, finding);
    }
}
