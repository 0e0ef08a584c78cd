//! Where things are published.

use std::borrow::Cow;
use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};

use crate::value::InvalidValue;

/// A publishing platform, by its wire name.
///
/// The bundled ones are constants. It is an open set: a crate outside the workspace makes its own
/// with [`Platform::new`] and registers a publisher and limits under that name.
///
/// ```
/// use mcmp_core::account::Platform;
///
/// let mastodon = Platform::new("mastodon")?;
/// assert!(!mastodon.is_bundled());
/// assert_eq!("x".parse::<Platform>()?, Platform::X);
/// # Ok::<(), mcmp_core::value::InvalidValue>(())
/// ```
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct Platform(Cow<'static, str>);

macro_rules! platforms {
    ($($(#[$doc:meta])* $name:ident = $wire:literal),+ $(,)?) => {
        impl Platform {
            $($(#[$doc])* pub const $name: Platform = Platform(Cow::Borrowed($wire));)+

            /// Every platform that MCMP brings limits for, in the order of its documentation.
            pub const BUNDLED: &'static [Platform] = &[$(Platform::$name),+];

            fn bundled(name: &str) -> Option<&'static str> {
                match name {
                    $($wire => Some($wire),)+
                    _ => None,
                }
            }
        }
    };
}

platforms! {
    /// Facebook pages.
    FACEBOOK = "facebook",
    /// Instagram professional accounts.
    INSTAGRAM = "instagram",
    /// Threads profiles.
    THREADS = "threads",
    /// X, once Twitter.
    X = "x",
    /// LinkedIn members and organizations.
    LINKEDIN = "linkedin",
    /// TikTok.
    TIKTOK = "tiktok",
    /// Pinterest boards.
    PINTEREST = "pinterest",
    /// YouTube channels.
    YOUTUBE = "youtube",
    /// Google Business Profile locations.
    GOOGLE_BUSINESS = "google_business",
    /// WordPress sites.
    WORDPRESS = "wordpress",
    /// Webflow collections.
    WEBFLOW = "webflow",
    /// Any website, over a signed webhook.
    WEBSITE = "website",
}

impl Platform {
    /// Most characters of a platform's name.
    pub const MAX: usize = 40;

    /// A platform by its wire name: `a-z`, `0-9` and `_`, starting with a letter.
    ///
    /// # Errors
    /// Empty, too long, or not of that form.
    pub fn new(name: impl AsRef<str>) -> Result<Self, InvalidValue> {
        let name = name.as_ref();
        if let Some(bundled) = Self::bundled(name) {
            return Ok(Self(Cow::Borrowed(bundled)));
        }
        if name.is_empty() {
            return Err(InvalidValue::required("platform"));
        }
        if name.len() > Self::MAX {
            return Err(InvalidValue::too_long("platform", Self::MAX, name.chars().count()));
        }
        let formed = name.starts_with(|c: char| c.is_ascii_lowercase())
            && name.bytes().all(|b| matches!(b, b'a'..=b'z' | b'0'..=b'9' | b'_'));
        if !formed {
            return Err(InvalidValue::malformed(
                "platform",
                "a name in snake_case such as google_business",
                name,
            ));
        }
        Ok(Self(Cow::Owned(name.to_owned())))
    }

    /// The wire name.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// Whether MCMP itself knows this platform's limits.
    #[must_use]
    pub fn is_bundled(&self) -> bool {
        Self::bundled(&self.0).is_some()
    }
}

impl TryFrom<String> for Platform {
    type Error = InvalidValue;

    fn try_from(value: String) -> Result<Self, Self::Error> {
        Self::new(value)
    }
}

impl FromStr for Platform {
    type Err = InvalidValue;

    fn from_str(value: &str) -> Result<Self, Self::Err> {
        Self::new(value)
    }
}

impl From<Platform> for String {
    fn from(value: Platform) -> Self {
        value.0.into_owned()
    }
}

impl fmt::Display for Platform {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}
