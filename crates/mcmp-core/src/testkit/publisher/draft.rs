//! What the rules publish.

use crate::asset::{Checksum, MediaFacts};
use crate::post::PostKind;
use crate::value::WebUrl;
use sha2::{Digest as _, Sha256};

/// A form that a post can take. A platform has one or it has not.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[non_exhaustive]
pub enum Form {
    /// Words alone.
    Text,
    /// Words and one image.
    Image,
    /// Words and several images, in order.
    Images,
    /// Words and a video.
    Video,
    /// Words and one file of more than twice [`BIG`](super::BIG) bytes.
    BigFile,
    /// Several posts that answer one another.
    Thread,
    /// Words with a comment under them.
    FirstComment,
}

impl Form {
    /// All of them.
    pub const ALL: &'static [Form] = &[
        Self::Text,
        Self::Image,
        Self::Images,
        Self::Video,
        Self::BigFile,
        Self::Thread,
        Self::FirstComment,
    ];
}

/// A media file to publish.
#[derive(Debug, Clone)]
pub struct SampleFile {
    /// Its name, with an ending that fits its type.
    pub name: String,
    /// Its type, such as `image/png`.
    pub mime: String,
    /// Its bytes.
    pub bytes: Vec<u8>,
    /// The description that goes out with it.
    pub alt_text: Option<String>,
    /// What a probe would find; the rules go by it, nobody looks into the bytes.
    pub facts: MediaFacts,
}

/// What one rule publishes.
#[derive(Debug, Clone)]
pub struct Draft {
    /// The form that the platform calls it.
    pub kind: PostKind,
    /// The title; empty is none.
    pub title: String,
    /// The text.
    pub text: String,
    /// The files, in order.
    pub media: Vec<SampleFile>,
    /// The texts of a thread's further parts.
    pub thread: Vec<String>,
    /// A comment to put under it.
    pub first_comment: Option<String>,
    /// A link.
    pub link: Option<WebUrl>,
}

/// A text with what platforms escape, count or cut wrongly: quotes, angle brackets, ampersands,
/// percent signs, backslashes, accents, an emoji of several code points, a blank line.
pub const AWKWARD_TEXT: &str = "Fish & chips <today> \"fresh\", 'hot' at 100% c:\\new &amp; \
    naïve café 👩‍🍳 – {x} [y] `z`\n\nSecond paragraph";

impl Draft {
    /// An ordinary draft of `form`: [`AWKWARD_TEXT`], real PNG images of 1,080 by 1,080 pixels with
    /// descriptions, bytes that look like a vertical MP4 of ten seconds. What the platform has
    /// otherwise (its kind of a carousel, a title that it demands) the author changes.
    #[must_use]
    pub fn of(form: Form) -> Self {
        let mut draft = Self {
            kind: PostKind::Feed,
            title: String::new(),
            text: AWKWARD_TEXT.to_owned(),
            media: Vec::new(),
            thread: Vec::new(),
            first_comment: None,
            link: None,
        };
        match form {
            Form::Text => {}
            Form::Image => draft.media.push(SampleFile::image(1)),
            Form::Images => draft.media.extend((1..=3).map(SampleFile::image)),
            Form::Video => draft.media.push(SampleFile::video(300_000)),
            Form::BigFile => draft.media.push(SampleFile::video(4 * super::BIG)),
            Form::Thread => {
                draft.kind = PostKind::Thread;
                draft.thread = vec!["Part two & more".to_owned(), "Part three: \"the end\"".into()];
            }
            Form::FirstComment => draft.first_comment = Some("Where to find us <3".to_owned()),
        }
        draft
    }

    /// Of this kind.
    #[must_use]
    pub fn kind(mut self, kind: PostKind) -> Self {
        self.kind = kind;
        self
    }

    /// With this title.
    #[must_use]
    pub fn title(mut self, title: impl Into<String>) -> Self {
        self.title = title.into();
        self
    }

    /// The texts of all its parts, in the order in which they go live.
    #[must_use]
    pub fn texts(&self) -> Vec<&str> {
        let further = self.thread.iter().chain(&self.first_comment).map(String::as_str);
        std::iter::once(self.text.as_str()).chain(further).collect()
    }
}

impl SampleFile {
    /// A black and white PNG of 1,080 by 1,080 pixels, another one for each `seed`, about 150 kB.
    #[must_use]
    pub fn image(seed: u8) -> Self {
        const SIDE: u32 = 1_080;
        Self {
            name: format!("image-{seed}.png"),
            mime: "image/png".to_owned(),
            bytes: png(SIDE, seed),
            alt_text: Some(format!("Image {seed}: \"bread\" & <butter>, naïve")),
            facts: MediaFacts {
                width: Some(SIDE),
                height: Some(SIDE),
                frames: Some(1),
                ..MediaFacts::default()
            },
        }
    }

    /// `size` bytes that begin as an MP4 does and don't repeat themselves; no player plays them.
    #[must_use]
    pub fn video(size: usize) -> Self {
        let mut bytes = b"\0\0\0\x18ftypmp42\0\0\0\0mp42isom".to_vec();
        fill_with_noise(&mut bytes, size);
        Self {
            name: "video.mp4".to_owned(),
            mime: "video/mp4".to_owned(),
            bytes,
            alt_text: Some("Bread is baked".to_owned()),
            facts: MediaFacts {
                width: Some(1_080),
                height: Some(1_920),
                duration_ms: Some(10_000),
                video_codec: Some("h264".to_owned()),
                audio_codec: Some("aac".to_owned()),
                frame_rate_millis: Some(30_000),
                has_audio: Some(true),
                bit_rate: Some(4_000_000),
                frames: None,
            },
        }
    }

    /// The SHA-256 of its bytes.
    #[must_use]
    pub fn checksum(&self) -> Checksum {
        checksum_of(&self.bytes)
    }
}

/// The SHA-256 of `bytes`.
#[must_use]
pub fn checksum_of(bytes: &[u8]) -> Checksum {
    let hash = Sha256::digest(bytes);
    let digits: String = hash.iter().map(|byte| format!("{byte:02x}")).collect();
    Checksum::new("checksum", digits).unwrap()
}

/// Bytes that look random, the same every time, until there are `size`.
fn fill_with_noise(bytes: &mut Vec<u8>, size: usize) {
    let mut state = 0x9E37_79B9_7F4A_7C15_u64;
    while bytes.len() < size {
        state ^= state << 13;
        state ^= state >> 7;
        state ^= state << 17;
        bytes.extend_from_slice(&state.to_le_bytes());
    }
    bytes.truncate(size);
}

/// A square PNG with one bit for each pixel, stored without compression.
/// <https://www.w3.org/TR/png-3/>
fn png(side: u32, seed: u8) -> Vec<u8> {
    let row = usize::try_from(side.div_ceil(8)).unwrap();
    let mut pixels = Vec::new();
    for _ in 0..side {
        pixels.push(0);
        pixels.extend(std::iter::repeat_n(0b1010_0101 ^ seed, row));
    }
    let mut packed = vec![0x78, 0x01];
    let mut blocks = pixels.chunks(65_535).peekable();
    while let Some(block) = blocks.next() {
        let length = u16::try_from(block.len()).unwrap();
        packed.push(u8::from(blocks.peek().is_none()));
        packed.extend(length.to_le_bytes());
        packed.extend((!length).to_le_bytes());
        packed.extend_from_slice(block);
    }
    let (mut low, mut high) = (1_u32, 0_u32);
    for byte in &pixels {
        low = (low + u32::from(*byte)) % 65_521;
        high = (high + low) % 65_521;
    }
    packed.extend((high << 16 | low).to_be_bytes());

    let mut header = Vec::new();
    header.extend(side.to_be_bytes());
    header.extend(side.to_be_bytes());
    header.extend([1, 0, 0, 0, 0]);
    let mut file = b"\x89PNG\r\n\x1a\n".to_vec();
    for (name, data) in [(b"IHDR", &header), (b"IDAT", &packed), (b"IEND", &Vec::new())] {
        file.extend(u32::try_from(data.len()).unwrap().to_be_bytes());
        let start = file.len();
        file.extend_from_slice(name);
        file.extend_from_slice(data);
        let sum = crc(file.get(start..).unwrap_or_default());
        file.extend(sum.to_be_bytes());
    }
    file
}

fn crc(bytes: &[u8]) -> u32 {
    let mut sum = u32::MAX;
    for byte in bytes {
        sum ^= u32::from(*byte);
        for _ in 0..8 {
            sum = sum >> 1 ^ (0xEDB8_8320 * (sum & 1));
        }
    }
    !sum
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn checksums_are_those_of_the_standards() {
        assert_eq!(crc(b"123456789"), 0xCBF4_3926);
        let empty = "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855";
        assert_eq!(checksum_of(b"").as_str(), empty);
    }

    #[test]
    fn no_two_files_of_a_draft_are_the_same() {
        let draft = Draft::of(Form::Images);
        let sums: std::collections::BTreeSet<_> =
            draft.media.iter().map(SampleFile::checksum).collect();
        assert_eq!(sums.len(), draft.media.len());
    }
}
