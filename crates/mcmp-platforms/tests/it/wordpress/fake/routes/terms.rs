//! Categories and tags. <https://developer.wordpress.org/rest-api/reference/tags/>

use serde_json::{Value, json};

use super::{Call, Done, error, invalid};
use crate::fake_server::Reply;
use crate::wordpress::fake::store::{FakeTerm, Store, sanitized};

pub(super) fn answer(
    store: &mut Store,
    call: &Call<'_>,
    method: &str,
    taxonomy: &str,
    signed_in: bool,
) -> Done {
    let told = |term: &FakeTerm| call.fields(json!({ "id": term.id, "name": term.name }));
    match method {
        "GET" => {
            call.only(&["search", "per_page", "_fields"])?;
            let search = call.query.get("search").cloned().unwrap_or_default().to_lowercase();
            let found: Vec<Value> = store
                .terms
                .iter()
                .filter(|term| term.taxonomy == taxonomy)
                .filter(|term| term.name.to_lowercase().contains(&search))
                .map(told)
                .collect();
            Ok(Reply::json(200, &Value::from(found)))
        }
        "POST" => {
            call.only(&["_fields"])?;
            if !signed_in {
                let message = "Sorry, you are not allowed to create terms in this taxonomy.";
                return Err(error(401, "rest_cannot_create", message));
            }
            let fields = call.json()?;
            let name = match (fields.len(), fields.get("name")) {
                (1, Some(Value::String(name))) if !name.trim().is_empty() => name,
                _ => return Err(invalid("name", "one text is taken")),
            };
            let name = sanitized(name).replace('&', "&amp;").replace("&amp;lt;", "&lt;");
            let same = |term: &&FakeTerm| {
                term.taxonomy == taxonomy && term.name.eq_ignore_ascii_case(&name)
            };
            if let Some(there) = store.terms.iter().find(same) {
                let message = "A term with the name provided already exists in this taxonomy.";
                let data = json!({ "status": 400, "term_id": there.id });
                let body = json!({ "code": "term_exists", "message": message, "data": data });
                return Err(Reply::json(400, &body));
            }
            let id = store.next_id();
            let term = FakeTerm { id, taxonomy: taxonomy.to_owned(), name };
            let told = told(&term);
            store.terms.push(term);
            Ok(Reply::json(201, &told))
        }
        _ => Err(error(404, "rest_no_route", "No route was found.")),
    }
}
