//! The real WordPress: one that the environment names, or the one that `scripts/wordpress` starts.

use std::collections::BTreeMap;

use mcmp_core::testkit::Skip;
use mcmp_platforms::http::{CallKind, HttpAnswer, HttpClient, HttpRequest, HttpSettings, Method};
use mcmp_test_servers::{script, skipped};
use serde_json::Value;

/// A user of the site.
#[derive(Debug, Clone)]
pub(crate) struct SiteUser {
    pub(crate) name: String,
    pub(crate) password: String,
}

/// The site, and what a test does there by itself: with calls of its own, not with the publisher's.
#[derive(Debug)]
pub(crate) struct RealSite {
    pub(crate) url: String,
    /// The same site without pretty permalinks.
    pub(crate) plain_url: String,
    pub(crate) editor: SiteUser,
    pub(crate) author: SiteUser,
    pub(crate) reader: SiteUser,
    http: HttpClient,
}

impl RealSite {
    /// The site, or `None` where there is none and none is demanded: then the test is skipped, and
    /// says so.
    pub(crate) fn find(test: &str) -> Option<Self> {
        Self::open().inspect_err(|skip| skipped(test, skip)).ok()
    }

    fn open() -> Result<Self, Skip> {
        let from_environment: BTreeMap<String, String> = std::env::vars()
            .filter_map(|(name, value)| {
                let name = name.strip_prefix("MCMP_TEST_WORDPRESS_")?;
                Some((format!("WP_{name}"), value))
            })
            .collect();
        let values = match from_environment.contains_key("WP_URL") {
            true => from_environment,
            // It stops by itself when nobody has used it for a while.
            false => script::start("wordpress", &["--stop-when-idle", "15"])?,
        };
        let value = |name: &str| {
            values.get(name).cloned().ok_or_else(|| Skip {
                what: format!("nothing says {name} of the WordPress site"),
                install: format!("set MCMP_TEST_WORDPRESS_{}", name.trim_start_matches("WP_")),
            })
        };
        let user = |prefix: &str| {
            let name = value(&format!("{prefix}_USER"))?;
            Ok(SiteUser { name, password: value(&format!("{prefix}_PASSWORD"))? })
        };
        Ok(Self {
            url: value("WP_URL")?,
            plain_url: value("WP_PLAIN_URL")?,
            editor: user("WP")?,
            author: user("WP_AUTHOR")?,
            reader: user("WP_READER")?,
            http: HttpClient::new(&HttpSettings::loopback().max_answer(64 << 20)).unwrap(),
        })
    }

    /// `host:port`.
    pub(crate) fn address(&self) -> &str {
        self.url.trim_start_matches("http://").trim_end_matches('/')
    }

    /// A call as the editor: `path` below `wp/v2`, with its query.
    pub(crate) async fn call(&self, method: Method, path: &str, body: Option<Value>) -> HttpAnswer {
        let url = format!("{}/wp-json/wp/v2/{path}", self.url).parse().unwrap();
        let mut request = HttpRequest::new(method, url)
            .basic(&self.editor.name, &self.editor.password.as_str().into());
        if let Some(body) = body {
            request = request.json(&body);
        }
        self.http.send(request, CallKind::Repeatable).await.unwrap()
    }

    /// What the editor reads there.
    pub(crate) async fn read(&self, path: &str) -> Value {
        let answer = self.call(Method::GET, path, None).await;
        assert_eq!(answer.status(), 200, "{}", answer.raw());
        answer.json().unwrap()
    }

    /// What the editor writes there.
    pub(crate) async fn write(&self, path: &str, body: Value) -> Value {
        let answer = self.call(Method::POST, path, Some(body)).await;
        assert!(answer.is_success(), "{}", answer.raw());
        answer.json().unwrap()
    }

    /// The page that a visitor sees.
    pub(crate) async fn page(&self, url: &str) -> String {
        let request = HttpRequest::get(url.parse().unwrap());
        let answer = self.http.get_following(request, 3).await.unwrap();
        assert_eq!(answer.status(), 200, "{url}");
        String::from_utf8(answer.body().to_vec()).unwrap()
    }

    /// How long the file at `url` is.
    pub(crate) async fn length(&self, url: &str) -> usize {
        let answer = self.http.get_following(HttpRequest::get(url.parse().unwrap()), 0).await;
        answer.unwrap().body().len()
    }

    /// The ids of all items of a type with `text` in them, in any state.
    pub(crate) async fn with_text(&self, rest_base: &str, text: &str) -> Vec<u64> {
        let states = if rest_base == "media" { "inherit" } else { "any,trash" };
        let query = format!(
            "{rest_base}?search={text}&status={states}&context=edit&per_page=100&_fields=id"
        );
        let found = self.read(&query).await;
        found.as_array().unwrap().iter().map(|post| post["id"].as_u64().unwrap()).collect()
    }
}
