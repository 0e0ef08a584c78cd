//! What a rule found.

use std::fmt::{self, Display};

use serde::{Deserialize, Serialize};

use crate::account::Platform;
use crate::id::{AccountId, VariantId};

/// Whether a finding blocks.
#[derive(
    Debug, Clone, Copy, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize,
)]
#[serde(rename_all = "snake_case")]
pub enum Severity {
    /// Blocks: it would be refused, or would not go out as written.
    #[default]
    Error,
    /// Informs.
    Warning,
}

/// What kind of finding it is. The wire names are stable: programs branch on them, messages are
/// for people and may change.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum FindingCode {
    /// No limits are known for the platform, so nothing was checked.
    LimitsUnknown,
    /// The platform has no post of this kind.
    KindUnsupported,
    /// Nothing that could go out: no text, no media, whatever the platform asks for.
    ContentRequired,
    /// A text is missing.
    TextRequired,
    /// A text counts more than the platform takes, or than is advised.
    TextTooLong,
    /// There is a text, and it would not be sent.
    TextUnsupported,
    /// A text holds a character that the platform refuses.
    CharacterForbidden,
    /// The title is missing.
    TitleRequired,
    /// The title counts more than the platform takes.
    TitleTooLong,
    /// More hashtags than the platform takes, or than is advised.
    TooManyHashtags,
    /// More mentions than the platform takes.
    TooManyMentions,
    /// More cashtags than the platform takes.
    TooManyCashtags,
    /// More links than the platform takes.
    TooManyLinks,
    /// There is a link, and the platform has no place for it.
    LinkUnsupported,
    /// The link would not be shown beside media.
    LinkWithMedia,
    /// The link is longer than the platform takes.
    LinkTooLong,
    /// A link is needed.
    LinkRequired,
    /// Links in the text are plain text that nobody can click.
    LinkNotClickable,
    /// The platform takes no first comment.
    FirstCommentUnsupported,
    /// The platform, or this kind of post, has no further parts.
    ThreadUnsupported,
    /// More parts than the platform takes.
    ThreadTooLong,
    /// Media are needed.
    MediaRequired,
    /// Fewer media than this kind of post needs.
    MediaTooFew,
    /// More media than the platform takes.
    MediaTooMany,
    /// Kinds of media that can't go out together.
    MediaMixed,
    /// Media of different size or shape where all must agree.
    MediaNotUniform,
    /// The platform takes no media of this kind.
    MediaKindUnsupported,
    /// The file's format is not taken.
    FormatUnsupported,
    /// The codec inside the file is not taken.
    CodecUnsupported,
    /// The file has more bytes than the platform takes.
    FileTooLarge,
    /// The file has fewer bytes than the platform takes.
    FileTooSmall,
    /// The file's name has more characters than the platform takes.
    FileNameTooLong,
    /// More pixels, in one direction or in all, than the platform takes.
    DimensionsTooLarge,
    /// Fewer pixels than the platform takes.
    DimensionsTooSmall,
    /// Too wide or too tall for the platform, or not of the advised shape.
    AspectRatio,
    /// Longer than the platform takes.
    VideoTooLong,
    /// Shorter than the platform takes.
    VideoTooShort,
    /// Frames come faster or slower than the platform takes.
    FrameRate,
    /// More bits in a second than the platform takes.
    BitRateTooHigh,
    /// An animation with more frames than the platform takes.
    TooManyFrames,
    /// A document with more pages than the platform takes.
    TooManyPages,
    /// The description of a media file counts more than the platform takes.
    AltTextTooLong,
    /// A limit could not be checked, because the probe found no such fact.
    FactUnknown,
    /// The options are for another platform than the variant's.
    OptionForOtherPlatform,
    /// A platform option that must be set is not.
    OptionRequired,
    /// An option is not of the form that the platform takes.
    OptionInvalid,
    /// An option's text counts more than the platform takes.
    OptionTooLong,
    /// An option's text counts less than the platform takes.
    OptionTooShort,
    /// An option lists more than the platform takes.
    OptionTooMany,
    /// An option lists fewer than the platform takes.
    OptionTooFew,
    /// An option's number lies outside what the platform takes.
    OptionOutOfRange,
    /// Options that contradict one another, or the content.
    OptionConflict,
    /// The account must be connected again.
    AccountNotConnected,
    /// Planned outside the client's posting windows.
    OutsidePostingWindows,
    /// Planned too close to another post of the same account.
    TooCloseToAnother,
    /// More posts of one account on a day than the client wants.
    TooManyPerDay,
    /// More posts of one account in a week than the client wants.
    TooManyPerWeek,
    /// Planned for a day on which nothing may go out.
    BlackoutDate,
    /// A word that the client does not want.
    BannedWord,
    /// A hashtag that the client wants is missing.
    HashtagRequired,
    /// None of the disclosures that the client wants is there.
    DisclosureRequired,
    /// A link to a place that the client does not want.
    LinkNotAllowed,
    /// A picture or video without a description, where the client wants one.
    AltTextRequired,
    /// A file may no longer be used by the time it would go out.
    RightsExpired,
}

/// One thing that a rule found.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Finding {
    /// What kind of finding, for programs.
    pub code: FindingCode,
    /// Whether it blocks.
    pub severity: Severity,
    /// Path of the field, such as `text`, `media[2].alt_text`, `thread[0].text` (the first
    /// further part), `options.board_id`.
    pub field: String,
    /// The platform whose limit it is; `None` for a rule of the client.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub platform: Option<Platform>,
    /// The account that the content would go to.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub account_id: Option<AccountId>,
    /// The variant it was found in.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub variant_id: Option<VariantId>,
    /// The limit that was passed over, where there is one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub limit: Option<String>,
    /// What was found instead, in the limit's unit.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub actual: Option<String>,
    /// What is wrong, in words that a person can act on.
    pub message: String,
    /// What else helps, such as how to get round the limit.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub hint: Option<String>,
}

impl Finding {
    /// A finding that blocks.
    pub fn error(code: FindingCode, field: impl Into<String>, message: impl Into<String>) -> Self {
        Self::new(code, Severity::Error, field, message)
    }

    /// A finding that informs.
    pub fn warning(
        code: FindingCode,
        field: impl Into<String>,
        message: impl Into<String>,
    ) -> Self {
        Self::new(code, Severity::Warning, field, message)
    }

    /// A finding of either severity.
    pub fn new(
        code: FindingCode,
        severity: Severity,
        field: impl Into<String>,
        message: impl Into<String>,
    ) -> Self {
        Self {
            code,
            severity,
            field: field.into(),
            platform: None,
            account_id: None,
            variant_id: None,
            limit: None,
            actual: None,
            message: message.into(),
            hint: None,
        }
    }

    /// With the limit that was passed over.
    #[must_use]
    pub fn limit(mut self, limit: impl Display) -> Self {
        self.limit = Some(limit.to_string());
        self
    }

    /// With what was found instead.
    #[must_use]
    pub fn actual(mut self, actual: impl Display) -> Self {
        self.actual = Some(actual.to_string());
        self
    }

    /// With what else helps.
    #[must_use]
    pub fn hint(mut self, hint: impl Into<String>) -> Self {
        self.hint = Some(hint.into());
        self
    }

    /// Whether it blocks.
    #[must_use]
    pub fn is_error(&self) -> bool {
        self.severity == Severity::Error
    }
}

impl Display for Finding {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if let Some(platform) = &self.platform {
            write!(f, "{platform} ")?;
        }
        write!(f, "{}: {}", self.field, self.message)
    }
}

/// Everything that the rules found, in the order they looked.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct Report {
    /// The findings.
    pub findings: Vec<Finding>,
}

impl Report {
    /// Whether something blocks.
    #[must_use]
    pub fn has_errors(&self) -> bool {
        self.errors().next().is_some()
    }

    /// What blocks.
    pub fn errors(&self) -> impl Iterator<Item = &Finding> {
        self.findings.iter().filter(|finding| finding.is_error())
    }

    /// What only informs.
    pub fn warnings(&self) -> impl Iterator<Item = &Finding> {
        self.findings.iter().filter(|finding| !finding.is_error())
    }

    /// Whether nothing at all was found.
    #[must_use]
    pub fn is_clean(&self) -> bool {
        self.findings.is_empty()
    }
}

impl Extend<Finding> for Report {
    fn extend<I: IntoIterator<Item = Finding>>(&mut self, findings: I) {
        self.findings.extend(findings);
    }
}

impl From<Vec<Finding>> for Report {
    fn from(findings: Vec<Finding>) -> Self {
        Self { findings }
    }
}

impl FromIterator<Finding> for Report {
    fn from_iter<I: IntoIterator<Item = Finding>>(findings: I) -> Self {
        Self { findings: findings.into_iter().collect() }
    }
}

impl IntoIterator for Report {
    type Item = Finding;
    type IntoIter = std::vec::IntoIter<Finding>;

    fn into_iter(self) -> Self::IntoIter {
        self.findings.into_iter()
    }
}
