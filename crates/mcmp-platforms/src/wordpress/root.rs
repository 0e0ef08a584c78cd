//! Where the calls of a site's REST API go.

use std::fmt;

use mcmp_core::value::InvalidValue;
use serde::{Deserialize, Serialize};
use url::Url;

/// The address that all calls of `wp/v2` start with: `https://site.example/wp-json/wp/v2`, without
/// pretty permalinks `https://site.example/?rest_route=/wp/v2`, or a site's on WordPress.com.
///
/// ```
/// use mcmp_platforms::wordpress::ApiRoot;
///
/// let root = ApiRoot::of_site(&"https://site.example/?rest_route=/".parse()?)?;
/// let posts = root.call(&["posts", "12"], &[("context", "edit")]);
/// assert_eq!(posts.as_str(), "https://site.example/?rest_route=%2Fwp%2Fv2%2Fposts%2F12&context=edit");
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct ApiRoot(Url);

/// The parameter that names the route where addresses can't.
/// <https://developer.wordpress.org/rest-api/using-the-rest-api/discovery/>
const ROUTE: &str = "rest_route";

impl ApiRoot {
    /// Below the root that a self-hosted site names in its `Link` header.
    ///
    /// # Errors
    /// An address that has no paths.
    pub fn of_site(api: &Url) -> Result<Self, InvalidValue> {
        Self::new(below(api, &["wp", "v2"]))
    }

    /// Of a site on WordPress.com, or one that Jetpack connects to it: `site` is its number or its
    /// domain. <https://developer.wordpress.com/docs/api/>
    ///
    /// # Errors
    /// `api`, by default `https://public-api.wordpress.com`, has no paths.
    pub fn of_wordpress_com(api: &Url, site: &str) -> Result<Self, InvalidValue> {
        Self::new(below(api, &["wp", "v2", "sites", site]))
    }

    fn new(url: Url) -> Result<Self, InvalidValue> {
        if !matches!(url.scheme(), "http" | "https") || url.host_str().is_none() {
            let expected = "an http or https address";
            return Err(InvalidValue::malformed("api_root", expected, url.scheme()));
        }
        if !url.username().is_empty() || url.password().is_some() {
            return Err(InvalidValue::malformed("api_root", "an address without a user", "***"));
        }
        Ok(Self(url))
    }

    /// The address of a call: `path` below the root, with `query`.
    #[must_use]
    pub fn call(&self, path: &[&str], query: &[(&str, &str)]) -> Url {
        let mut url = below(&self.0, path);
        if !query.is_empty() {
            url.query_pairs_mut().extend_pairs(query);
        }
        url
    }

    /// The address itself.
    #[must_use]
    pub fn as_str(&self) -> &str {
        self.0.as_str()
    }
}

/// `segments` below `url`: in its path, or in the parameter that stands for it.
fn below(url: &Url, segments: &[&str]) -> Url {
    let mut whole = url.clone();
    let route = url.query_pairs().find(|(name, _)| name == ROUTE);
    if let Some((_, route)) = route {
        let mut route = route.trim_end_matches('/').to_owned();
        for segment in segments {
            route.push('/');
            route.push_str(segment);
        }
        let rest: Vec<(String, String)> = url
            .query_pairs()
            .filter(|(name, _)| name != ROUTE)
            .map(|(name, value)| (name.into_owned(), value.into_owned()))
            .collect();
        whole.query_pairs_mut().clear().append_pair(ROUTE, &route).extend_pairs(rest);
    } else if let Ok(mut path) = whole.path_segments_mut() {
        path.pop_if_empty().extend(segments);
    }
    whole.set_fragment(None);
    whole
}

impl TryFrom<String> for ApiRoot {
    type Error = InvalidValue;

    fn try_from(value: String) -> Result<Self, Self::Error> {
        let url = Url::parse(&value)
            .map_err(|_| InvalidValue::malformed("api_root", "an http or https address", "***"))?;
        Self::new(url)
    }
}

impl From<ApiRoot> for String {
    fn from(value: ApiRoot) -> Self {
        value.0.into()
    }
}

impl fmt::Display for ApiRoot {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.0.as_str())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn root(api: &str) -> ApiRoot {
        ApiRoot::of_site(&api.parse().unwrap()).unwrap()
    }

    #[test]
    fn calls_lie_below_every_form_of_a_root() {
        for (api, call) in [
            ("https://a.example/wp-json/", "https://a.example/wp-json/wp/v2/posts/1?x=a+b"),
            ("https://a.example/wp-json", "https://a.example/wp-json/wp/v2/posts/1?x=a+b"),
            ("https://a.example/b/api/", "https://a.example/b/api/wp/v2/posts/1?x=a+b"),
            (
                "https://a.example/b/index.php?rest_route=/",
                "https://a.example/b/index.php?rest_route=%2Fwp%2Fv2%2Fposts%2F1&x=a+b",
            ),
            (
                "https://a.example/?lang=de&rest_route=/#top",
                "https://a.example/?rest_route=%2Fwp%2Fv2%2Fposts%2F1&lang=de&x=a+b",
            ),
        ] {
            assert_eq!(root(api).call(&["posts", "1"], &[("x", "a b")]).as_str(), call);
        }
        let api = "https://public-api.wordpress.com".parse().unwrap();
        let hosted = ApiRoot::of_wordpress_com(&api, "acme.wordpress.com").unwrap();
        assert_eq!(
            hosted.call(&["media"], &[]).as_str(),
            "https://public-api.wordpress.com/wp/v2/sites/acme.wordpress.com/media"
        );
    }

    #[test]
    fn a_name_from_the_site_can_not_leave_the_root() {
        let call = root("https://a.example/wp-json/").call(&["../../evil?x", "1"], &[]);
        assert_eq!(call.path(), "/wp-json/wp/v2/..%2F..%2Fevil%3Fx/1");
    }

    #[test]
    fn it_comes_back_from_its_json_and_holds_no_secret() {
        let root = root("https://a.example/?rest_route=/");
        let json = serde_json::to_string(&root).unwrap();
        assert_eq!(serde_json::from_str::<ApiRoot>(&json).unwrap(), root);
        for bad in ["\"ftp://a.example/\"", "\"https://u:p@a.example/\"", "\"nothing\"", "7"] {
            let refused = serde_json::from_str::<ApiRoot>(bad).unwrap_err().to_string();
            assert!(!refused.contains("u:p"), "{refused}");
        }
    }
}
