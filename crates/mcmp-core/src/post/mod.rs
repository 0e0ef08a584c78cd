//! Posts: what people write, what each account gets of it, what was approved, said and done.

mod comment;
mod content;
mod digest;
#[cfg(test)]
mod digest_tests;
mod entity;
mod history;
mod options;
mod outgoing;
mod revision;

pub use comment::{Comment, CommentVisibility, Resolution};
pub use content::{Content, MediaUse, PostKind, PostText, ThreadPart, Variant};
pub use digest::Digest;
pub use entity::{Post, SeriesOccurrence};
pub use history::HistoryEntry;
pub use options::{
    BusinessEvent, BusinessOffer, CallToAction, FacebookOptions, GoogleBusinessOptions,
    GoogleBusinessTopic, InstagramOptions, LinkedInOptions, LinkedInVisibility, PinterestOptions,
    PlatformOptions, Poll, ThreadsOptions, ThreadsReplyControl, TikTokOptions, TikTokPrivacy,
    WebflowOptions, WebsiteOptions, WordPressOptions, WordPressStatus, XOptions, XReplySettings,
    YouTubeOptions, YouTubePrivacy,
};
pub use outgoing::{Assets, Outgoing, OutgoingMedia, OutgoingPart};
pub use revision::{Revision, RevisionRef};
