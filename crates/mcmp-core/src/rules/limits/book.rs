//! All limits in force: the bundled ones, an operator's patches, and outside platforms.

use std::collections::BTreeMap;
use std::sync::{Arc, LazyLock};

use serde::Deserialize;
use toml::{Table, Value};

use super::layer::{
    Removals, idle_removal, lay, resolve_kinds, section, section_of, unknown_source,
};
use super::schema::{KindLimits, PlatformLimits};
use crate::account::Platform;
use crate::post::PostKind;
use crate::value::{InvalidValue, WebUrl};

/// The source of a limit that an operator's patch sets without naming one.
pub const OPERATOR_SOURCE: &str = "operator";

pub(super) const FILES: [&str; 12] = [
    include_str!("data/facebook.toml"),
    include_str!("data/instagram.toml"),
    include_str!("data/threads.toml"),
    include_str!("data/x.toml"),
    include_str!("data/linkedin.toml"),
    include_str!("data/tiktok.toml"),
    include_str!("data/pinterest.toml"),
    include_str!("data/youtube.toml"),
    include_str!("data/google_business.toml"),
    include_str!("data/wordpress.toml"),
    include_str!("data/webflow.toml"),
    include_str!("data/website.toml"),
];

static BUNDLED: LazyLock<Result<LimitsBook, LimitsError>> = LazyLock::new(|| {
    let mut book = LimitsBook::default();
    for file in FILES {
        book.insert_toml(file)?;
    }
    Ok(book)
});

/// Why limits were refused.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum LimitsError {
    /// Not TOML.
    #[error("not TOML: {0}")]
    Syntax(String),
    /// A key that does not exist, or a value of the wrong form; the text names the path.
    #[error("limits of {platform}: {message}")]
    Shape {
        /// Whose limits.
        platform: String,
        /// What is wrong and where.
        message: String,
    },
    /// A limit whose source is not listed.
    #[error(
        "limits of {platform}: {path} names the source `{source_key}`, which is not in [sources]"
    )]
    UnknownSource {
        /// Whose limits.
        platform: String,
        /// The limit.
        path: String,
        /// What it names.
        source_key: String,
    },
    /// A source that is no `https` link, or that takes the operator's name.
    #[error("limits of {platform}: the source `{key}` must be an https link")]
    SourceNotHttps {
        /// Whose limits.
        platform: String,
        /// The source's key.
        key: String,
    },
    /// `{ remove = true }` where nothing stands.
    #[error("limits of {platform}: nothing to remove at {path}")]
    NothingToRemove {
        /// Whose limits.
        platform: String,
        /// The place.
        path: String,
    },
    /// A patch for a platform that has no limits.
    #[error("no limits are known for {0}")]
    UnknownPlatform(Platform),
    /// A patch that names another platform than the one it is for.
    #[error("the patch is for {found}, not for {wanted}")]
    OtherPlatform {
        /// The platform that was to be patched.
        wanted: Platform,
        /// The one in the patch.
        found: String,
    },
    /// A platform without a name, or with one that no platform can have.
    #[error(transparent)]
    Platform(#[from] InvalidValue),
}

/// The limits of every platform. Cheap to clone.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct LimitsBook {
    entries: BTreeMap<Platform, Arc<Entry>>,
}

#[derive(Debug, PartialEq)]
struct Entry {
    /// The file as written, with its layers apart, for later patches.
    file: Table,
    limits: PlatformLimits,
    profiles: BTreeMap<String, PlatformLimits>,
}

impl LimitsBook {
    /// The limits that come with this crate, for [`Platform::BUNDLED`]. They are read once.
    ///
    /// # Errors
    /// Never for a released crate: a test reads the same files.
    pub fn bundled() -> Result<Self, LimitsError> {
        BUNDLED.clone()
    }

    /// The limits of `platform`, for accounts with this profile. An account whose profile the
    /// platform does not have gets the limits that hold for everyone.
    #[must_use]
    pub fn limits_for(
        &self,
        platform: &Platform,
        profile: Option<&str>,
    ) -> Option<&PlatformLimits> {
        let entry = self.entries.get(platform)?;
        Some(profile.and_then(|name| entry.profiles.get(name)).unwrap_or(&entry.limits))
    }

    /// The platforms with limits.
    pub fn platforms(&self) -> impl Iterator<Item = &Platform> {
        self.entries.keys()
    }

    /// The names of the profiles that `platform` has, such as `premium` on X.
    pub fn profiles(&self, platform: &Platform) -> impl Iterator<Item = &str> {
        self.entries
            .get(platform)
            .into_iter()
            .flat_map(|entry| entry.profiles.keys().map(String::as_str))
    }

    /// The same book with a patch laid over the limits of `platform`: a partial file of the same
    /// shape. A limit is replaced as a whole, its severity and remarks included; one without a
    /// `source` is the operator's own. `{ remove = true }` in place of a limit or section takes it
    /// away. What a kind or profile says for itself still goes before what the patch says for all.
    ///
    /// ```
    /// use mcmp_core::account::Platform;
    /// use mcmp_core::rules::limits::LimitsBook;
    ///
    /// let patch = r#"
    /// [sources]
    /// trial = "https://example.com/how-we-measured-it"
    /// [kinds.feed.media.image]
    /// max_bytes = { value = 8_000_000, source = "trial" }
    /// max_count = { remove = true }
    /// "#;
    /// let book = LimitsBook::bundled()?.with_override(&Platform::FACEBOOK, patch)?;
    /// # assert!(LimitsBook::bundled()?.with_override(&Platform::X, "[common.txt]\nmax = { value = 1 }").is_err());
    /// # Ok::<(), mcmp_core::rules::limits::LimitsError>(())
    /// ```
    ///
    /// # Errors
    /// Not TOML, an unknown key or source, a removal of nothing, or a platform without limits.
    pub fn with_override(
        mut self,
        platform: &Platform,
        patch_toml: &str,
    ) -> Result<Self, LimitsError> {
        let entry = self
            .entries
            .get(platform)
            .ok_or_else(|| LimitsError::UnknownPlatform(platform.clone()))?;
        let patch = parse(patch_toml)?;
        if let Some(found) = patch.get("platform").filter(|v| v.as_str() != Some(platform.as_str()))
        {
            return Err(LimitsError::OtherPlatform {
                wanted: platform.clone(),
                found: found.as_str().unwrap_or_default().to_owned(),
            });
        }
        if let Some(path) = idle_removal(&entry.file, &patch) {
            return Err(LimitsError::NothingToRemove { platform: platform.to_string(), path });
        }
        let mut file = entry.file.clone();
        lay(&mut file, &patch, Removals::Keep);
        let entry = Entry::read(platform, file)?;
        self.entries.insert(platform.clone(), Arc::new(entry));
        Ok(self)
    }

    /// Adds the limits of a platform, or replaces them, profiles included.
    ///
    /// # Errors
    /// A limit whose source is not listed, or a source that is no `https` link.
    pub fn insert(&mut self, limits: PlatformLimits) -> Result<(), LimitsError> {
        let file = Table::try_from(&limits).map_err(|error| LimitsError::Shape {
            platform: limits.platform.to_string(),
            message: error.to_string(),
        })?;
        let platform = limits.platform;
        let entry = Entry::read(&platform, file)?;
        self.entries.insert(platform, Arc::new(entry));
        Ok(())
    }

    /// Adds the limits in a file, or replaces those of its platform; answers which platform.
    ///
    /// # Errors
    /// Not TOML, an unknown key or source, or no proper platform name.
    pub fn insert_toml(&mut self, file: &str) -> Result<Platform, LimitsError> {
        let parsed = parse(file)?;
        let platform =
            Platform::new(parsed.get("platform").and_then(Value::as_str).unwrap_or_default())?;
        let mut file = Table::new();
        lay(&mut file, &parsed, Removals::Keep);
        let entry = Entry::read(&platform, file)?;
        self.entries.insert(platform.clone(), Arc::new(entry));
        Ok(platform)
    }
}

/// A file with its layers apart, to find unknown keys where they were written.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
#[allow(dead_code, reason = "read for its shape alone")]
struct FileShape {
    platform: Platform,
    name: String,
    #[serde(default)]
    sources: BTreeMap<String, String>,
    #[serde(default)]
    common: KindLimits,
    kinds: BTreeMap<PostKind, KindLimits>,
    #[serde(default)]
    profiles: BTreeMap<String, ProfileShape>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
#[allow(dead_code, reason = "read for its shape alone")]
struct ProfileShape {
    #[serde(default)]
    common: KindLimits,
    #[serde(default)]
    kinds: BTreeMap<PostKind, KindLimits>,
}

impl Entry {
    fn read(platform: &Platform, file: Table) -> Result<Self, LimitsError> {
        let shape_error = |error: toml::de::Error| LimitsError::Shape {
            platform: platform.to_string(),
            message: error.to_string().trim_end().replace('\n', " "),
        };
        let mut without_removals = Table::new();
        lay(&mut without_removals, &file, Removals::Apply);
        without_removals.clone().try_into::<FileShape>().map_err(shape_error)?;

        let no_sources = Table::new();
        let sources = section_of(&file, "sources").unwrap_or(&no_sources);
        for (key, link) in sources {
            let link = link.as_str().unwrap_or_default();
            let https = link.starts_with("https://") && WebUrl::new("source", link).is_ok();
            if !https || key == OPERATOR_SOURCE {
                return Err(LimitsError::SourceNotHttps {
                    platform: platform.to_string(),
                    key: key.clone(),
                });
            }
        }
        if let Some((path, source_key)) = unknown_source(&without_removals, sources) {
            let platform = platform.to_string();
            return Err(LimitsError::UnknownSource { platform, path, source_key });
        }

        let limits = resolve(&file).map_err(shape_error)?;
        let mut profiles = BTreeMap::new();
        for (name, patch) in section(&file, "profiles") {
            let mut patched = file.clone();
            if let Value::Table(patch) = patch {
                lay(&mut patched, patch, Removals::Keep);
            }
            profiles.insert(name.clone(), resolve(&patched).map_err(shape_error)?);
        }
        Ok(Self { file, limits, profiles })
    }
}

fn parse(text: &str) -> Result<Table, LimitsError> {
    text.parse::<Table>()
        .map_err(|error| LimitsError::Syntax(error.to_string().trim_end().to_owned()))
}

fn resolve(file: &Table) -> Result<PlatformLimits, toml::de::Error> {
    let mut resolved = Table::new();
    for key in ["platform", "name", "sources"] {
        if let Some(value) = file.get(key) {
            resolved.insert(key.to_owned(), value.clone());
        }
    }
    resolved.insert("kinds".to_owned(), Value::Table(resolve_kinds(file)));
    resolved.try_into()
}
