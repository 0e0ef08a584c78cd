//! How long a video or sound is, how fast its frames come, and what it is coded with.

use super::field::Place;
use super::media::{lists, thousandths};
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
    if !matches!(media.kind, AssetKind::Video | AssetKind::Audio) {
        return;
    }
    duration(check, place, media, file);
    frame_rate(check, place, media, file);
    bit_rate(check, place, media, file);
    let facts = &media.facts;
    codec(check, place, "facts.video_codec", facts.video_codec.as_deref(), &file.video_codecs);
    // A silent video has no audio codec, and none is wrong.
    if facts.has_audio != Some(false) {
        codec(check, place, "facts.audio_codec", facts.audio_codec.as_deref(), &file.audio_codecs);
    }
}

fn duration(check: &mut Check<'_, '_>, place: Place, media: &OutgoingMedia, file: &FileLimits) {
    if file.min_duration_ms.is_none() && file.max_duration_ms.is_none() {
        return;
    }
    let Some(length) = media.facts.duration_ms else {
        check.fact_unknown(place, "facts.duration_ms");
        return;
    };
    let mut outside = |code, limit: &Limit<u64>, verb: &str| {
        let message = format!(
            "{} takes at {verb} {} here; this runs for {}",
            check.limits.name,
            thousandths(limit.value, "seconds"),
            thousandths(length, "seconds")
        );
        let finding = Finding::error(code, place.field("facts.duration_ms"), message)
            .limit(limit.value)
            .actual(length);
        check.passed(limit, finding);
    };
    if let Some(min) = file.min_duration_ms.as_ref().filter(|min| length < min.value) {
        outside(FindingCode::VideoTooShort, min, "least");
    }
    if let Some(max) = file.max_duration_ms.as_ref().filter(|max| length > max.value) {
        outside(FindingCode::VideoTooLong, max, "most");
    }
}

fn frame_rate(check: &mut Check<'_, '_>, place: Place, media: &OutgoingMedia, file: &FileLimits) {
    let (min, max) = (&file.min_frame_rate, &file.max_frame_rate);
    if min.is_none() && max.is_none() {
        return;
    }
    let Some(rate) = media.facts.frame_rate_millis else {
        check.fact_unknown(place, "facts.frame_rate_millis");
        return;
    };
    let millis = |limit: &Limit<u64>| limit.value.saturating_mul(1_000);
    let rate = u64::from(rate);
    let too_slow = min.as_ref().filter(|min| rate < millis(min)).map(|min| (min, "least"));
    let too_fast = max.as_ref().filter(|max| rate > millis(max)).map(|max| (max, "most"));
    if let Some((limit, verb)) = too_slow.or(too_fast) {
        let message = format!(
            "{} takes at {verb} {} frames in a second; this has {}",
            check.limits.name,
            limit.value,
            thousandths(rate, "").trim_end()
        );
        let finding =
            Finding::error(FindingCode::FrameRate, place.field("facts.frame_rate_millis"), message)
                .limit(millis(limit))
                .actual(rate);
        check.passed(limit, finding);
    }
}

fn bit_rate(check: &mut Check<'_, '_>, place: Place, media: &OutgoingMedia, file: &FileLimits) {
    let Some(max) = &file.max_bit_rate else { return };
    let Some(rate) = media.facts.bit_rate else {
        check.fact_unknown(place, "facts.bit_rate");
        return;
    };
    if rate > max.value {
        let message = format!(
            "{} takes at most {} in a second; this has {}",
            check.limits.name,
            thousandths(max.value / 1_000, "Mbit"),
            thousandths(rate / 1_000, "Mbit")
        );
        let finding =
            Finding::error(FindingCode::BitRateTooHigh, place.field("facts.bit_rate"), message)
                .limit(max.value)
                .actual(rate);
        check.passed(max, finding);
    }
}

fn codec(
    check: &mut Check<'_, '_>,
    place: Place,
    field: &str,
    codec: Option<&str>,
    limit: &Option<Limit<Vec<String>>>,
) {
    let Some(limit) = limit else { return };
    let Some(codec) = codec else {
        check.fact_unknown(place, field);
        return;
    };
    if !lists(limit, codec) {
        let listed = limit.value.join(", ");
        let message = format!("{} takes no {codec} here, but {listed}", check.limits.name);
        let finding = Finding::error(FindingCode::CodecUnsupported, place.field(field), message)
            .limit(listed)
            .actual(codec)
            .hint("Convert the file.");
        check.passed(limit, finding);
    }
}
