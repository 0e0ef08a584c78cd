//! The media library. <https://developer.wordpress.org/rest-api/reference/media/>

use serde_json::Value;

use super::{Call, Done, error, invalid};
use crate::fake_server::Reply;
use crate::wordpress::fake::html;
use crate::wordpress::fake::store::{FakeFile, Store, sanitized};

pub(super) fn answer(
    store: &mut Store,
    call: &Call<'_>,
    rest: &[&str],
    signed_in: bool,
    base: &str,
) -> Done {
    if !signed_in {
        let (code, message) = match call.method.as_str() {
            "GET" => (
                "rest_forbidden_context",
                "Sorry, you are not allowed to edit posts in this post type.",
            ),
            _ => ("rest_cannot_create", "Sorry, you are not allowed to create posts as this user."),
        };
        return Err(error(401, code, message));
    }
    match (call.method.as_str(), rest) {
        ("GET", []) => {
            call.only(&["slug", "context", "_fields"])?;
            let slugs =
                call.list("slug").ok_or_else(|| invalid("slug", "required by this fake"))?;
            let found: Vec<Value> = store
                .files
                .values()
                .filter(|file| slugs.contains(&file.slug.as_str()))
                .map(|file| call.fields(file.json(base)))
                .collect();
            Ok(Reply::json(200, &Value::from(found)))
        }
        ("POST", []) => upload(store, call, base),
        ("POST", [id, tail @ ..]) => {
            call.only(&["_fields"])?;
            let fields = call.json()?;
            let file = id.parse().ok().and_then(|id| store.files.get_mut(&id));
            let file =
                file.ok_or_else(|| error(404, "rest_post_invalid_id", "Invalid post ID."))?;
            match tail {
                [] => {
                    for (name, value) in &fields {
                        match (name.as_str(), value) {
                            ("alt_text", Value::String(text)) => file.alt_text = sanitized(text),
                            _ => return Err(invalid(name, "unknown, or of a wrong type")),
                        }
                    }
                }
                ["post-process"] => {
                    if fields.get("action") != Some(&"create-image-subsizes".into()) {
                        return Err(invalid(
                            "action",
                            "action is not one of create-image-subsizes.",
                        ));
                    }
                }
                _ => return Err(error(404, "rest_no_route", "No route was found.")),
            }
            Ok(Reply::json(200, &call.fields(file.json(base))))
        }
        _ => Err(error(404, "rest_no_route", "No route was found.")),
    }
}

/// <https://developer.wordpress.org/rest-api/reference/media/#create-a-media-item>
fn upload(store: &mut Store, call: &Call<'_>, base: &str) -> Done {
    call.only(&["_fields"])?;
    let header =
        |name, code, message| call.request.header(name).ok_or_else(|| error(400, code, message));
    if call.request.body.is_empty() {
        return Err(error(400, "rest_upload_no_data", "No data supplied."));
    }
    header("content-type", "rest_upload_no_content_type", "No Content-Type supplied.")?;
    let disposition = header(
        "content-disposition",
        "rest_upload_no_content_disposition",
        "No Content-Disposition supplied.",
    )?;
    let name = disposition
        .strip_prefix("attachment; filename=\"")
        .and_then(|rest| rest.strip_suffix('"'))
        .filter(|name| !name.is_empty() && !name.contains(['"', '/', '\\']));
    let name = name.ok_or_else(|| {
        let message = "Invalid Content-Disposition supplied. Content-Disposition needs to be \
            formatted as `attachment; filename=\"image.png\"` or similar.";
        error(400, "rest_upload_invalid_disposition", message)
    })?;
    let ending = name.rsplit_once('.').map(|(_, ending)| ending);
    if !ending.is_some_and(|ending| ["png", "jpg", "gif", "mp4", "mp3", "pdf"].contains(&ending)) {
        let message = "Sorry, you are not allowed to upload this file type.";
        return Err(error(500, "rest_upload_sideload_error", message));
    }
    let id = store.next_id();
    let file_name = store.free_file_name(name);
    let slug = file_name.rsplit_once('.').unwrap().0.to_lowercase();
    let bytes = call.request.body.clone();
    let file = FakeFile { id, file_name, slug, alt_text: String::new(), bytes };
    let told = call.fields(file.json(base));
    store.files.insert(id, file);
    if std::mem::take(&mut store.fail_at_sizes) {
        return Ok(
            html(500, "Internal Server Error").header("X-WP-Upload-Attachment-ID", id.to_string())
        );
    }
    Ok(Reply::json(201, &told))
}
