//! Custom post types.

use std::collections::BTreeMap;

use mcmp_core::post::WordPressOptions;
use mcmp_core::publishing::{ErrorClass, PublishError};
use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::site::Site;

/// A post type, as far as publishing needs to know it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct PostType {
    /// What its posts are reached under: `posts`.
    pub(super) rest_base: String,
    /// Whether its posts have a featured picture.
    pub(super) has_featured: bool,
    /// Whether its posts have categories.
    pub(super) has_categories: bool,
    /// Whether its posts have tags.
    pub(super) has_tags: bool,
}

impl Default for PostType {
    /// WordPress's own posts.
    fn default() -> Self {
        Self {
            rest_base: "posts".to_owned(),
            has_featured: true,
            has_categories: true,
            has_tags: true,
        }
    }
}

/// What the site says of a type. PHP writes an empty object as an empty list, so both are read as
/// they come. <https://developer.wordpress.org/rest-api/reference/post-types/>
#[derive(Debug, Deserialize)]
struct TypeAnswer {
    slug: String,
    rest_base: String,
    #[serde(default)]
    rest_namespace: Option<String>,
    #[serde(default)]
    supports: Value,
    #[serde(default)]
    taxonomies: Vec<String>,
}

impl TypeAnswer {
    /// Whether a person means this type by `name`: its own name, which may have `_` where slugs
    /// have `-`, or the one in its address.
    fn is_called(&self, name: &str) -> bool {
        self.slug == name || self.slug.replace('_', "-") == name || self.rest_base == name
    }

    fn has(&self, taxonomy: &str) -> bool {
        self.taxonomies.iter().any(|own| own == taxonomy)
    }
}

/// The site's post type that is called `name`.
///
/// # Errors
/// There is none that the site's API shows; or what the site answered instead.
pub(super) async fn find(site: &Site<'_>, name: &str) -> Result<PostType, PublishError> {
    let fields = [("context", "edit")];
    let types: BTreeMap<String, TypeAnswer> = site.get(&["types"], &fields).await?;
    let found = types.into_values().find(|answer| answer.is_called(name)).ok_or_else(|| {
        PublishError::new(
            ErrorClass::InvalidContent,
            format!("the site has no post type “{name}”, or its REST API does not show it"),
        )
        .code("unknown_post_type")
    })?;
    if found.rest_namespace.as_deref().is_some_and(|namespace| namespace != "wp/v2") {
        let message = format!("the post type “{name}” is not reached as posts are");
        return Err(
            PublishError::new(ErrorClass::InvalidContent, message).code("foreign_post_type")
        );
    }
    Ok(PostType {
        has_featured: found
            .supports
            .get("thumbnail")
            .is_some_and(|value| *value != Value::Bool(false)),
        has_categories: found.has("category"),
        has_tags: found.has("post_tag"),
        rest_base: found.rest_base,
    })
}

impl PostType {
    /// Refuses options that its posts don't have: the site would leave them out without a word.
    ///
    /// # Errors
    /// Which one.
    pub(super) fn check(&self, options: &WordPressOptions) -> Result<(), PublishError> {
        let lacks = [
            ("categories", !options.categories.is_empty() && !self.has_categories),
            ("tags", !options.tags.is_empty() && !self.has_tags),
            ("a featured picture", options.featured.is_some() && !self.has_featured),
        ];
        let Some((what, _)) = lacks.into_iter().find(|(_, lacking)| *lacking) else {
            return Ok(());
        };
        let message = format!("the site's “{}” don't have {what}", self.rest_base);
        Err(PublishError::new(ErrorClass::InvalidContent, message).code("option_unsupported"))
    }
}
