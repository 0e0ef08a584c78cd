//! Categories and tags by name: those that are there are used, others are made.
//! <https://developer.wordpress.org/rest-api/reference/tags/>

use mcmp_core::post::WordPressOptions;
use mcmp_core::publishing::{ErrorClass, PublishError};
use mcmp_core::rules::text::fold;
use mcmp_core::value::Label;
use serde::Deserialize;
use serde_json::json;

use super::prepared::Terms;
use super::refusal::{ApiError, refused};
use super::site::Site;
use crate::http::{CallKind, Method};

#[derive(Debug, Deserialize)]
struct Term {
    id: u64,
    #[serde(default)]
    name: String,
}

const FIELDS: (&str, &str) = ("_fields", "id,name");

/// The ids of all categories and tags that `options` name.
///
/// # Errors
/// What the site answered, such as that its user may not make categories.
pub(super) async fn resolve(
    site: &Site<'_>,
    options: &WordPressOptions,
) -> Result<Terms, PublishError> {
    Ok(Terms {
        categories: all(site, "categories", &options.categories).await?,
        tags: all(site, "tags", &options.tags).await?,
    })
}

async fn all(site: &Site<'_>, taxonomy: &str, names: &[Label]) -> Result<Vec<u64>, PublishError> {
    let mut ids = Vec::with_capacity(names.len());
    for name in names {
        let id = one(site, taxonomy, name.as_str()).await?;
        if !ids.contains(&id) {
            ids.push(id);
        }
    }
    Ok(ids)
}

async fn one(site: &Site<'_>, taxonomy: &str, name: &str) -> Result<u64, PublishError> {
    // Names are stored as HTML, and searched as they are stored.
    let stored = name.replace('&', "&amp;");
    let like_it = [("search", stored.as_str()), ("per_page", "100"), FIELDS];
    let found: Vec<Term> = site.get(&[taxonomy], &like_it).await?;
    if let Some(term) = found.iter().find(|term| fold(&plain(&term.name)) == fold(name)) {
        return Ok(term.id);
    }
    let request = site.request(Method::POST, &[taxonomy], &[FIELDS]).json(&json!({ "name": name }));
    let answer = site.http().send(request, CallKind::Repeatable).await?;
    if answer.is_success() {
        return answer.json::<Term>().map(|term| term.id);
    }
    // Somebody made it meanwhile, or it was made under another spelling.
    let there = ApiError::read(answer.body())
        .filter(|error| error.code == "term_exists")
        .and_then(|error| error.term_id);
    if let Some(id) = there {
        return Ok(id);
    }
    let error = refused(&answer, CallKind::Repeatable, site.now());
    Err(match error.class {
        ErrorClass::Permission => PublishError {
            message: format!(
                "the site's user may not add “{name}” to the {taxonomy}; ask for that right, or add it there"
            ),
            ..error
        },
        _ => error,
    })
}

/// A name without the entities that WordPress stores it with.
fn plain(name: &str) -> String {
    let pairs = [
        ("&lt;", "<"),
        ("&gt;", ">"),
        ("&quot;", "\""),
        ("&#039;", "'"),
        ("&#8217;", "’"),
        // The last one, so that what it sets free is not read again.
        ("&amp;", "&"),
    ];
    pairs.iter().fold(name.to_owned(), |name, (entity, sign)| name.replace(entity, sign))
}

#[cfg(test)]
mod tests {
    use super::plain;

    #[test]
    fn stored_names_read_as_they_were_written() {
        assert_eq!(plain("Bread &amp; Butter &lt;3"), "Bread & Butter <3");
        assert_eq!(plain("&amp;lt;"), "&lt;");
    }
}
