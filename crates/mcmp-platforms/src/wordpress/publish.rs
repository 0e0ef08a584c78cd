//! The visible call, and what is done to what it made: finding, changing, deleting, counting.

use mcmp_core::analytics::Metrics;
use mcmp_core::post::WordPressStatus;
use mcmp_core::publishing::{
    ErrorClass, LookUp, PublishContext, PublishError, RemoteRef, WentLive,
};
use mcmp_core::value::Slug;
use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::post_type::PostType;
use super::prepared::Prepared;
use super::refusal::{ApiError, refused};
use super::site::{Site, time_left};
use super::{content, naming, prepare};
use crate::http::{CallKind, HeaderName, HttpAnswer, Method};

/// What is sent. What is left out stays as it is, or becomes what the site makes of it.
/// <https://developer.wordpress.org/rest-api/reference/posts/#create-a-post>
#[derive(Debug, Serialize)]
struct PostBody {
    title: String,
    content: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    excerpt: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    slug: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    status: Option<WordPressStatus>,
    #[serde(skip_serializing_if = "Option::is_none")]
    featured_media: Option<u64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    categories: Option<Vec<u64>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    tags: Option<Vec<u64>>,
}

/// A post as the site tells of it.
#[derive(Debug, Clone, Deserialize)]
struct PostAnswer {
    id: u64,
    #[serde(default)]
    link: Option<String>,
    #[serde(default)]
    slug: String,
    #[serde(default)]
    status: String,
    #[serde(default)]
    content: Value,
}

const FIELDS: (&str, &str) = ("_fields", "id,link,status");
/// What a post in the trash has behind its slug.
const TRASHED: &str = "__trashed";

impl PostAnswer {
    /// The content as it was sent, which only people who may edit it are told.
    fn raw(&self) -> &str {
        self.content.get("raw").and_then(Value::as_str).unwrap_or_default()
    }

    fn remote(&self, post_type: &PostType) -> RemoteRef {
        let id = match post_type.rest_base.as_str() {
            "posts" => self.id.to_string(),
            base => format!("{base}/{}", self.id),
        };
        RemoteRef { id, url: self.link.clone().filter(|link| !link.is_empty()) }
    }
}

/// Where an item is reached: `["posts", "12"]`. A reference of another post type carries its path:
/// `stories/12`.
fn path(remote: &RemoteRef) -> Result<[&str; 2], PublishError> {
    let (base, id) = remote.id.rsplit_once('/').unwrap_or(("posts", &remote.id));
    if base.is_empty() || base.contains('/') || id.parse::<u64>().is_err() {
        let message = format!("“{}” is no id of a WordPress post", remote.id);
        return Err(PublishError::new(ErrorClass::InvalidContent, message).code("bad_remote_id"));
    }
    Ok([base, id])
}

/// The slug of a job's post: the one that a person set, or its own.
fn slug(cx: &PublishContext<'_>) -> (String, bool) {
    let set: Option<Slug> = prepare::options(cx.outgoing).slug;
    match set {
        Some(slug) => (slug.as_str().to_owned(), false),
        None => (naming::slug(cx.outgoing, cx.job.id), true),
    }
}

fn body(cx: &PublishContext<'_>, prepared: &Prepared) -> Result<PostBody, PublishError> {
    let options = prepare::options(cx.outgoing);
    let post_type = prepared.post_type();
    let files = prepare::files(cx, prepared)?;
    let featured = prepare::featured(cx.outgoing, &post_type)?;
    let is_featured = |place: usize| {
        featured
            .is_some_and(|one| cx.outgoing.media.get(place).is_some_and(|m| std::ptr::eq(m, one)))
    };
    let featured_media =
        (0..).zip(&files).find(|(place, _)| is_featured(*place)).map(|(_, (_, file))| file.id);
    let shown: Vec<_> =
        (0..).zip(&files).filter(|(place, _)| !is_featured(*place)).map(|(_, f)| *f).collect();
    let terms = prepared.terms.clone().unwrap_or_default();
    Ok(PostBody {
        title: content::escape_words(&cx.outgoing.title),
        content: content::content(cx.outgoing, &shown, &cx.dedupe_key()),
        excerpt: options.excerpt.as_deref().map(content::escape_words),
        slug: None,
        status: None,
        featured_media,
        // Without any, the site's default category is right.
        categories: (!terms.categories.is_empty()).then_some(terms.categories),
        tags: (!terms.tags.is_empty()).then_some(terms.tags),
    })
}

/// Creates the post, once.
///
/// # Errors
/// What the site answered; unknown where that proves nothing.
pub(super) async fn go_live(
    site: &Site<'_>,
    cx: &PublishContext<'_>,
) -> Result<WentLive, PublishError> {
    let prepared = Prepared::read(cx.checkpoint());
    let post_type = prepared.post_type();
    let body = PostBody {
        slug: Some(slug(cx).0),
        status: Some(prepare::options(cx.outgoing).status),
        ..body(cx, &prepared)?
    };
    let mut request = site.request(Method::POST, &[&post_type.rest_base], &[FIELDS]).json(&body);
    if let Some(intent) = &cx.job.intent {
        request = request.timeout(time_left(intent.at, intent.deadline));
    }
    let answer = site.send(request, CallKind::Visible).await?;
    let post: PostAnswer = answer.json()?;
    Ok(WentLive::Live(post.remote(&post_type)))
}

/// Looks for the post of the intent: by its slug, in the trash as well, then by its marker.
///
/// # Behavior
/// - A post with the marker of this very content is it, whatever became of its slug.
/// - A post under the job's own slug without any marker is it: something on the site took the
///   marker out. Under a slug that a person set, that is no proof.
/// - What lies in the trash did go live, and somebody took it down: it is found, and not sent
///   again.
///
/// # Errors
/// What the site answered.
pub(super) async fn look_up(
    site: &Site<'_>,
    cx: &PublishContext<'_>,
) -> Result<LookUp, PublishError> {
    let post_type = Prepared::read(cx.checkpoint()).post_type();
    let marker = naming::marker(&cx.dedupe_key());
    let (slug, is_own) = slug(cx);
    let slugs = format!("{slug},{slug}{TRASHED}");
    for means in [("slug", slugs.as_str()), ("search", marker.as_str())] {
        // `context=edit`, so that a login which is not accepted can't look like a post that is not
        // there.
        let query = [
            means,
            ("status", "any,trash"),
            ("context", "edit"),
            ("per_page", "10"),
            ("_fields", "id,link,slug,status,content"),
        ];
        let posts: Vec<PostAnswer> = site.get(&[&post_type.rest_base], &query).await?;
        let is_marked = |post: &&PostAnswer| post.raw().contains(&marker);
        let is_at_own_slug = |post: &&PostAnswer| {
            let same = post.slug == slug || post.slug.strip_suffix(TRASHED) == Some(&slug);
            is_own && same && !naming::has_a_marker(post.raw())
        };
        // The oldest one: a copy that somebody made on the site carries the marker too.
        let oldest =
            |posts: &mut dyn Iterator<Item = &PostAnswer>| posts.min_by_key(|p| p.id).cloned();
        let found = oldest(&mut posts.iter().filter(is_marked))
            .or_else(|| oldest(&mut posts.iter().filter(is_at_own_slug)));
        if let Some(post) = found {
            return Ok(LookUp::Found(post.remote(&post_type)));
        }
    }
    Ok(LookUp::Absent)
}

/// Changes a post: title, text, files, and what of the options says something. Its status stays, and
/// so do its address, excerpt and terms unless a person set them here: people of the site may have.
///
/// # Errors
/// It lies in the trash; or what the site answered.
pub(super) async fn edit(
    site: &Site<'_>,
    cx: &PublishContext<'_>,
    remote: &RemoteRef,
) -> Result<RemoteRef, PublishError> {
    let path = path(remote)?;
    let post_type = match prepare::options(cx.outgoing).post_type {
        Some(name) => super::post_type::find(site, name.as_str()).await?,
        None => PostType::default(),
    };
    let prepared = prepare::all(site, cx, post_type.clone()).await?;
    let options = prepare::options(cx.outgoing);
    let mut body = body(cx, &prepared)?;
    body.slug = options.slug.as_ref().map(|slug| slug.as_str().to_owned());
    if post_type.has_featured {
        // Zero takes the picture away that stood there before.
        body.featured_media = body.featured_media.or(Some(0));
    }
    let post: PostAnswer = site.post(&path, &[FIELDS], &body).await?;
    if post.status == "trash" {
        let message = "the post lies in the site's trash; restore it there, or publish it anew";
        return Err(PublishError::new(ErrorClass::Permission, message).code("in_trash"));
    }
    Ok(RemoteRef { id: remote.id.clone(), url: post.link.or_else(|| remote.url.clone()) })
}

/// Moves a post to the trash; where the site has none, erases it.
///
/// # Errors
/// What the site answered.
pub(super) async fn delete(site: &Site<'_>, remote: &RemoteRef) -> Result<(), PublishError> {
    let path = path(remote)?;
    let answer = delete_call(site, &path, &[]).await?;
    let code = ApiError::read(answer.body()).map(|error| error.code).unwrap_or_default();
    match code.as_str() {
        "rest_already_trashed" | "rest_post_invalid_id" => return Ok(()),
        "rest_trash_not_supported" => {
            let erased = delete_call(site, &path, &[("force", "true")]).await?;
            site.judge(erased, CallKind::Repeatable)?;
            return Ok(());
        }
        _ => {}
    }
    site.judge(answer, CallKind::Repeatable)?;
    Ok(())
}

/// Some hosts let only GET and POST through; WordPress takes the method from a header too.
/// <https://developer.wordpress.org/rest-api/using-the-rest-api/global-parameters/#_method-or-x-http-method-override-header>
async fn delete_call(
    site: &Site<'_>,
    path: &[&str],
    query: &[(&str, &str)],
) -> Result<HttpAnswer, PublishError> {
    let request = site.request(Method::DELETE, path, query);
    let answer = site.http().send(request, CallKind::Repeatable).await?;
    let is_blocked =
        matches!(answer.status(), 405 | 501) && ApiError::read(answer.body()).is_none();
    if !is_blocked {
        return Ok(answer);
    }
    let name = HeaderName::from_static("x-http-method-override");
    let request = site.request(Method::POST, path, query).header(name, "DELETE");
    site.http().send(request, CallKind::Repeatable).await
}

/// The numbers that WordPress itself has: how many comments there are.
///
/// # Errors
/// What the site answered.
pub(super) async fn metrics(site: &Site<'_>, remote: &RemoteRef) -> Result<Metrics, PublishError> {
    let [_, id] = path(remote)?;
    let query = [("post", id), ("per_page", "1"), ("_fields", "id")];
    let request = site.request(Method::GET, &["comments"], &query);
    let answer = site.http().send(request, CallKind::Repeatable).await?;
    if !answer.is_success() {
        return Err(refused(&answer, CallKind::Repeatable, site.now()));
    }
    let comments = answer.header("X-WP-Total").and_then(|total| total.trim().parse().ok());
    Ok(Metrics { comments, ..Metrics::default() })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn references_say_where_their_post_is_reached() {
        let remote = |id: &str| RemoteRef { id: id.to_owned(), url: None };
        assert_eq!(path(&remote("12")).unwrap(), ["posts", "12"]);
        assert_eq!(path(&remote("stories/12")).unwrap(), ["stories", "12"]);
        for bad in ["", "x", "12/x", "/12", "../posts/12", "a/b/12", "12?force=true", "-1"] {
            assert!(path(&remote(bad)).is_err(), "{bad}");
        }
        let post = |base: &str| {
            let answer = serde_json::json!({ "id": 7, "link": "https://a.example/?p=7" });
            let post: PostAnswer = serde_json::from_value(answer).unwrap();
            post.remote(&PostType { rest_base: base.to_owned(), ..PostType::default() })
        };
        assert_eq!(post("posts").id, "7");
        assert_eq!(path(&post("stories")).unwrap(), ["stories", "7"]);
    }
}
