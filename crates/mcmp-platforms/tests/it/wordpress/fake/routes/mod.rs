//! The calls. <https://developer.wordpress.org/rest-api/reference/>

mod media;
mod posts;
mod terms;

use serde_json::{Map, Value, json};

use super::store::Store;
use super::{Query, empty, html};
use crate::fake_server::{Received, Reply};

/// A call, taken apart.
#[derive(Debug)]
pub(crate) struct Call<'a> {
    request: &'a Received,
    method: String,
    /// The parts of the route below the API's root; `None` for what is no call of the API.
    route: Option<Vec<String>>,
    path: String,
    query: Query,
    was_plain: bool,
}

/// What WordPress says instead of doing something.
pub(crate) fn error(status: u16, code: &str, message: &str) -> Reply {
    Reply::json(status, &json!({ "code": code, "message": message, "data": { "status": status } }))
}

fn invalid(param: &str, why: &str) -> Reply {
    let data = json!({ "status": 400, "params": { param: why }, "details": {} });
    let message = format!("Invalid parameter(s): {param}");
    Reply::json(400, &json!({ "code": "rest_invalid_param", "message": message, "data": data }))
}

/// A state that only people who may edit can ask for; the status of the call is 400 all the same.
fn forbidden_status() -> Reply {
    let detail = json!({
        "code": "rest_forbidden_status", "message": "Status is forbidden.", "data": { "status": 401 },
    });
    let data = json!({
        "status": 400,
        "params": { "status": "Status is forbidden." },
        "details": { "status": detail },
    });
    let message = "Invalid parameter(s): status";
    Reply::json(400, &json!({ "code": "rest_invalid_param", "message": message, "data": data }))
}

impl<'a> Call<'a> {
    pub(crate) fn read(request: &'a Received) -> Self {
        let url = url::Url::parse(&format!("http://site.example{}", request.target)).unwrap();
        let mut query: Query = url.query_pairs().into_owned().collect();
        assert_eq!(query.len(), url.query_pairs().count(), "a parameter stands twice");
        let plain = query.remove("rest_route");
        let was_plain = plain.is_some();
        let route = plain.or_else(|| {
            let path = percent_encoding::percent_decode_str(url.path()).decode_utf8().unwrap();
            path.strip_prefix("/wp-json").map(str::to_owned)
        });
        let route = route.map(|route| {
            route.split('/').filter(|part| !part.is_empty()).map(str::to_owned).collect()
        });
        let overridden =
            request.header("x-http-method-override").filter(|_| request.method == "POST");
        let method = overridden.unwrap_or(&request.method).to_owned();
        Self { request, method, route, path: url.path().to_owned(), query, was_plain }
    }

    /// Whether it makes a post.
    pub(crate) fn is_visible(&self) -> bool {
        let route = self.route.as_deref().unwrap_or_default();
        let parts: Vec<&str> = route.iter().map(String::as_str).collect();
        self.method == "POST" && matches!(parts[..], ["wp", "v2", "posts" | "stories" | "notices"])
    }

    fn json(&self) -> Result<Map<String, Value>, Reply> {
        let is_json = self
            .request
            .header("content-type")
            .is_some_and(|kind| kind.split(';').next() == Some("application/json"));
        if !is_json {
            return Err(invalid("body", "the body is not JSON"));
        }
        match serde_json::from_slice(&self.request.body) {
            Ok(Value::Object(fields)) => Ok(fields),
            _ => Err(error(400, "rest_invalid_json", "Invalid JSON body passed.")),
        }
    }

    /// Refuses parameters of the address that the call does not have: the real one ignores them,
    /// and with them what the caller meant.
    fn only(&self, known: &[&str]) -> Result<(), Reply> {
        match self.query.keys().find(|name| !known.contains(&name.as_str())) {
            Some(unknown) => Err(invalid(unknown, "unknown here")),
            None => Ok(()),
        }
    }

    fn list(&self, name: &str) -> Option<Vec<&str>> {
        self.query.get(name).map(|values| values.split(',').collect())
    }

    fn is_edit(&self) -> bool {
        self.query.get("context").is_some_and(|context| context == "edit")
    }

    /// Only the fields that were asked for.
    fn fields(&self, mut value: Value) -> Value {
        let Some(fields) = self.list("_fields") else { return value };
        if let Some(object) = value.as_object_mut() {
            object.retain(|name, _| fields.contains(&name.as_str()));
        }
        value
    }
}

/// Carries a call out.
pub(crate) fn answer(store: &mut Store, call: &Call<'_>, signed_in: bool, base: &str) -> Reply {
    let Some(route) = &call.route else { return page(store, call, base) };
    if store.is_plain && !call.was_plain {
        return html(404, "Not Found");
    }
    if store.blocks_delete && call.request.method == "DELETE" {
        return html(405, "Method Not Allowed");
    }
    let parts: Vec<&str> = route.iter().map(String::as_str).collect();
    let done = match (call.method.as_str(), &parts[..]) {
        ("GET", []) => index(call, base),
        ("GET", ["wp", "v2", "users", "me"]) => me(call, signed_in),
        ("GET", ["wp", "v2", "types"]) => types(call, signed_in),
        ("GET", ["wp", "v2", "comments"]) => comments(store, call),
        (_, ["wp", "v2", "media", rest @ ..]) => media::answer(store, call, rest, signed_in, base),
        (method, ["wp", "v2", taxonomy @ ("categories" | "tags")]) => {
            terms::answer(store, call, method, taxonomy, signed_in)
        }
        (_, ["wp", "v2", kind @ ("posts" | "stories" | "notices"), rest @ ..]) => {
            posts::answer(store, call, kind, rest, signed_in, base)
        }
        _ => Err(error(
            404,
            "rest_no_route",
            "No route was found matching the URL and request method.",
        )),
    };
    done.unwrap_or_else(|refusal| refusal)
}

fn page(store: &Store, call: &Call<'_>, base: &str) -> Reply {
    if call.path != "/" {
        return html(404, "Page not found");
    }
    let page = html(200, "A site");
    if store.hides_its_link {
        return page;
    }
    let api = if store.is_plain { "/index.php?rest_route=/" } else { "/wp-json/" };
    page.header("link", format!("<{base}{api}>; rel=\"https://api.w.org/\""))
}

type Done = Result<Reply, Reply>;

fn index(call: &Call<'_>, base: &str) -> Done {
    call.only(&["_fields"])?;
    let page = format!("{base}/wp-admin/authorize-application.php");
    let passwords = json!({ "endpoints": { "authorization": page } });
    Ok(Reply::json(
        200,
        &call.fields(json!({
            "name": "A fake site",
            "description": "",
            "url": base,
            "home": base,
            "namespaces": ["oembed/1.0", "wp/v2"],
            "authentication": { "application-passwords": passwords },
            "routes": {},
        })),
    ))
}

fn me(call: &Call<'_>, signed_in: bool) -> Done {
    call.only(&["context", "_fields"])?;
    if !signed_in {
        return Err(error(401, "rest_not_logged_in", "You are not currently logged in."));
    }
    let rights = [
        "edit_posts",
        "publish_posts",
        "upload_files",
        "edit_published_posts",
        "manage_categories",
    ];
    let mut user = json!({ "id": 2, "name": "Editor" });
    if call.is_edit() {
        user["username"] = super::USER.into();
        user["capabilities"] = rights.into_iter().map(|right| (right, true)).collect();
    }
    Ok(Reply::json(200, &call.fields(user)))
}

fn types(call: &Call<'_>, signed_in: bool) -> Done {
    call.only(&["context", "_fields"])?;
    if call.is_edit() && !signed_in {
        let message = "Sorry, you are not allowed to edit posts in this post type.";
        return Err(error(401, "rest_cannot_view", message));
    }
    let kind = |slug: &str, base: &str, supports: Value, taxonomies: &[&str]| {
        let mut kind = json!({
            "slug": slug, "rest_base": base, "rest_namespace": "wp/v2", "taxonomies": taxonomies,
        });
        if call.is_edit() {
            kind["supports"] = supports;
        }
        kind
    };
    let all = json!({ "title": true, "editor": true, "thumbnail": true });
    Ok(Reply::json(
        200,
        &json!({
            "post": kind("post", "posts", all.clone(), &["category", "post_tag"]),
            "mcmp_story": kind("mcmp_story", "stories", all, &["category", "post_tag"]),
            // An empty object of PHP.
            "mcmp_notice": kind("mcmp_notice", "notices", empty(), &[]),
        }),
    ))
}

fn comments(store: &Store, call: &Call<'_>) -> Done {
    call.only(&["post", "per_page", "_fields"])?;
    let id: u64 = call
        .query
        .get("post")
        .and_then(|id| id.parse().ok())
        .ok_or_else(|| invalid("post", "post[0] is not of type integer."))?;
    let count = store.posts.get(&id).map_or(0, |post| post.comments);
    let listed: Vec<Value> = (0..count.min(1)).map(|n| json!({ "id": n })).collect();
    Ok(Reply::json(200, &Value::from(listed)).header("X-WP-Total", count.to_string()))
}
