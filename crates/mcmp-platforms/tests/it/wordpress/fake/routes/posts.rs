//! Posts of any type. <https://developer.wordpress.org/rest-api/reference/posts/>

use serde_json::{Map, Value, json};

use super::{Call, Done, error, forbidden_status, invalid};
use crate::fake_server::Reply;
use crate::wordpress::fake::store::{FakePost, Store};

pub(super) fn answer(
    store: &mut Store,
    call: &Call<'_>,
    kind: &str,
    rest: &[&str],
    signed_in: bool,
    base: &str,
) -> Done {
    let refuse =
        |code: &str| Err(error(401, code, "Sorry, you are not allowed to do that as this user."));
    let find = |store: &Store, id: &str| {
        let id: Option<u64> = id.parse().ok();
        id.filter(|id| store.posts.get(id).is_some_and(|post| post.rest_base == kind))
            .ok_or_else(|| error(404, "rest_post_invalid_id", "Invalid post ID."))
    };
    match (call.method.as_str(), rest) {
        ("GET", []) => list(store, call, kind, signed_in, base),
        ("POST", []) => {
            call.only(&["_fields"])?;
            if !signed_in {
                return refuse("rest_cannot_create");
            }
            let mut post = FakePost {
                id: 0,
                rest_base: kind.to_owned(),
                slug: String::new(),
                status: "draft".to_owned(),
                title: String::new(),
                content: String::new(),
                excerpt: String::new(),
                featured_media: 0,
                categories: Vec::new(),
                tags: Vec::new(),
                comments: 0,
            };
            set(store, &mut post, &call.json()?)?;
            if post.title.is_empty() && post.content.is_empty() && post.excerpt.is_empty() {
                let message = "Content, title, and excerpt are empty.";
                return Err(error(400, "empty_content", message));
            }
            post.id = store.next_id();
            if post.slug.is_empty() {
                post.slug = post.title.to_lowercase().replace(' ', "-");
            }
            post.slug = store.free_slug(kind, &post.slug, post.id);
            let told = call.fields(post.json(base, true));
            store.posts.insert(post.id, post);
            Ok(Reply::json(201, &told))
        }
        ("POST", [id]) => {
            call.only(&["_fields"])?;
            let id = find(store, id)?;
            if !signed_in {
                return refuse("rest_cannot_edit");
            }
            let mut post = store.posts[&id].clone();
            set(store, &mut post, &call.json()?)?;
            post.slug = store.free_slug(kind, &post.slug, id);
            let told = call.fields(post.json(base, true));
            store.posts.insert(id, post);
            Ok(Reply::json(200, &told))
        }
        ("DELETE", [id]) => {
            call.only(&["force"])?;
            let id = find(store, id)?;
            if !signed_in {
                return refuse("rest_cannot_delete");
            }
            let previous = store.posts[&id].json(base, false);
            if call.query.get("force").is_some_and(|force| force == "true") {
                store.posts.remove(&id);
                return Ok(Reply::json(200, &json!({ "deleted": true, "previous": previous })));
            }
            if store.has_no_trash {
                let message = "The post does not support trashing. Set 'force=true' to delete.";
                return Err(error(501, "rest_trash_not_supported", message));
            }
            let post = store.posts.get_mut(&id).unwrap();
            if post.status == "trash" {
                let message = "The post has already been deleted.";
                return Err(error(410, "rest_already_trashed", message));
            }
            post.status = "trash".to_owned();
            post.slug.push_str("__trashed");
            Ok(Reply::json(200, &post.json(base, false)))
        }
        _ => Err(error(404, "rest_no_route", "No route was found.")),
    }
}

fn list(store: &Store, call: &Call<'_>, kind: &str, signed_in: bool, base: &str) -> Done {
    call.only(&["slug", "search", "status", "context", "per_page", "_fields"])?;
    let states = call.list("status").unwrap_or_else(|| vec!["publish"]);
    let known = [
        "any",
        "publish",
        "future",
        "draft",
        "pending",
        "private",
        "trash",
        "inherit",
        "auto-draft",
    ];
    if let Some(unknown) = states.iter().find(|state| !known.contains(state)) {
        return Err(invalid("status", &format!("{unknown} is not one of them")));
    }
    if states != ["publish"] && !signed_in {
        return Err(forbidden_status());
    }
    if call.is_edit() && !signed_in {
        let message = "Sorry, you are not allowed to edit posts in this post type.";
        return Err(error(401, "rest_forbidden_context", message));
    }
    let per_page = call.query.get("per_page").map_or(Some(10), |n| n.parse().ok());
    let per_page: usize = per_page
        .filter(|n| (1..=100).contains(n))
        .ok_or_else(|| invalid("per_page", "per_page must be between 1 and 100"))?;
    let slugs = call.list("slug");
    let search = call.query.get("search");
    let found: Vec<Value> = store
        .posts
        .values()
        .rev()
        .filter(|post| post.rest_base == kind)
        // "any" leaves out what lies in the trash, unless that is named too.
        .filter(|post| {
            states.contains(&post.status.as_str())
                || (states.contains(&"any") && post.status != "trash")
        })
        .filter(|post| slugs.as_ref().is_none_or(|slugs| slugs.contains(&post.slug.as_str())))
        .filter(|post| {
            search.is_none_or(|text| post.title.contains(text) || post.content.contains(text))
        })
        .take(per_page)
        .map(|post| call.fields(post.json(base, call.is_edit())))
        .collect();
    Ok(Reply::json(200, &Value::from(found)))
}

/// Takes the fields of a post, and refuses what it does not know or what has a wrong type.
fn set(store: &Store, post: &mut FakePost, fields: &Map<String, Value>) -> Result<(), Reply> {
    let ids = |name: &str, value: &Value, taxonomy: &str| {
        let ids: Option<Vec<u64>> =
            value.as_array().and_then(|ids| ids.iter().map(Value::as_u64).collect());
        let ids =
            ids.ok_or_else(|| invalid(name, &format!("{name}[0] is not of type integer.")))?;
        let is_there = |id: &u64| store.terms.iter().any(|t| t.id == *id && t.taxonomy == taxonomy);
        // The real one leaves unknown ones out without a word.
        if !ids.iter().all(is_there) {
            return Err(invalid(name, "no such term"));
        }
        Ok(ids)
    };
    let text = |name: &str, value: &Value| {
        value.as_str().map(str::to_owned).ok_or_else(|| invalid(name, "is not of type string."))
    };
    for (name, value) in fields {
        match name.as_str() {
            "title" => {
                post.title = text(name, value)?;
                markup(name, &post.title, &[])?;
            }
            "excerpt" => {
                post.excerpt = text(name, value)?;
                markup(name, &post.excerpt, &[])?;
            }
            "content" => {
                let content = text(name, value)?;
                markup(name, &content, &["p", "br", "a", "figure", "img", "video", "audio"])?;
                post.content = store.filtered(&content);
            }
            "slug" => {
                let slug = text(name, value)?;
                let formed = slug.bytes().all(|b| matches!(b, b'a'..=b'z' | b'0'..=b'9' | b'-'));
                if slug.len() > 200 || slug.is_empty() || !formed {
                    return Err(invalid(name, "would be changed"));
                }
                post.slug = slug;
            }
            "status" => {
                let status = text(name, value)?;
                if !["publish", "future", "draft", "pending", "private"].contains(&status.as_str())
                {
                    let why = "status is not one of publish, future, draft, pending, and private.";
                    return Err(invalid(name, why));
                }
                post.status = status;
            }
            "featured_media" if post.rest_base != "notices" => {
                let id = value.as_u64().filter(|id| *id == 0 || store.files.contains_key(id));
                post.featured_media = id.ok_or_else(|| {
                    error(400, "rest_invalid_featured_media", "Invalid featured media ID.")
                })?;
            }
            "categories" if post.rest_base != "notices" => {
                post.categories = ids(name, value, "categories")?;
            }
            "tags" if post.rest_base != "notices" => post.tags = ids(name, value, "tags")?,
            _ => return Err(invalid(name, "unknown here")),
        }
    }
    Ok(())
}

/// Refuses tags that the site would take out, entities that are none, and shortcodes, which it
/// would carry out.
fn markup(name: &str, html: &str, tags: &[&str]) -> Result<(), Reply> {
    let mut rest = html;
    while let Some((before, after)) = rest.split_once('<') {
        if before.contains('>') || (before.contains('[') && !tags.is_empty()) {
            return Err(invalid(name, "a sign that is not escaped"));
        }
        if let Some(comment) = after.strip_prefix("!--") {
            let Some((_, after)) = comment.split_once("-->") else {
                return Err(invalid(name, "a comment that does not end"));
            };
            rest = after;
            continue;
        }
        let Some((tag, after)) = after.split_once('>') else {
            return Err(invalid(name, "a tag that does not end"));
        };
        let tag_name = tag.trim_start_matches('/').split([' ', '/']).next().unwrap_or_default();
        if !tags.contains(&tag_name) {
            return Err(invalid(name, &format!("<{tag_name}> would be taken out")));
        }
        rest = after;
    }
    if rest.contains('>') {
        return Err(invalid(name, "a sign that is not escaped"));
    }
    let known = ["amp;", "lt;", "gt;", "quot;", "#"];
    match html.split('&').skip(1).all(|after| known.iter().any(|entity| after.starts_with(entity)))
    {
        true => Ok(()),
        false => Err(invalid(name, "an & that is not escaped")),
    }
}
