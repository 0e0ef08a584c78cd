//! How a client looks and speaks.

use serde::{Deserialize, Serialize};

use crate::id::AssetId;
use crate::post::PostText;
use crate::value::text::bounded_text;
use crate::value::{Color, Name, WebUrl};

bounded_text! {
    /// One hashtag without its `#`. 1 to 140 characters.
    Hashtag, "hashtag", 1..=140
}

/// How a client looks.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct Brand {
    /// Its logo in the asset library.
    pub logo: Option<AssetId>,
    /// Its colours, the main one first.
    pub colors: Vec<Color>,
    /// Its typefaces by name, the main one first.
    pub fonts: Vec<Name>,
}

/// Hashtags that belong together.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct HashtagSet {
    /// What people call it.
    pub name: Name,
    /// The hashtags, in the order they are inserted.
    pub hashtags: Vec<Hashtag>,
}

/// A call to action to insert.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct CtaTemplate {
    /// What people call it.
    pub name: Name,
    /// The text.
    pub text: PostText,
    /// Where it leads.
    #[serde(default)]
    pub link: Option<WebUrl>,
}
