//! What a probe found in a media file.

use serde::{Deserialize, Serialize};

/// Facts read from a media file's bytes. `None` means that the probe could not tell, which is
/// not the same as "within every limit": the rules warn about it.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct MediaFacts {
    /// Width in pixels, as displayed (after rotation).
    pub width: Option<u32>,
    /// Height in pixels, as displayed (after rotation).
    pub height: Option<u32>,
    /// Length in milliseconds.
    pub duration_ms: Option<u64>,
    /// Video codec in lower case, such as `h264`, `hevc`, `vp9`.
    pub video_codec: Option<String>,
    /// Audio codec in lower case, such as `aac`.
    pub audio_codec: Option<String>,
    /// Frames in a thousand seconds, so that 29.97 fps is exactly 29970.
    pub frame_rate_millis: Option<u32>,
    /// Whether there is sound.
    pub has_audio: Option<bool>,
    /// Bits in a second, over all tracks.
    pub bit_rate: Option<u64>,
    /// Number of frames of an animation, or of pages of a document.
    pub frames: Option<u32>,
}
