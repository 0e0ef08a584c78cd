//! Finding a site's REST API. <https://developer.wordpress.org/rest-api/using-the-rest-api/discovery/>

use std::fmt;

use chrono::{DateTime, Utc};
use mcmp_core::publishing::{ErrorClass, PublishError};
use serde::{Deserialize, Serialize};
use serde_json::Value;
use url::Url;

use super::refusal::ApiError;
use super::root::ApiRoot;
use crate::http::{HttpClient, HttpRequest, header};

/// A site whose REST API was found.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct FoundSite {
    /// Where its calls go.
    pub root: ApiRoot,
    /// What it is called; its host if it does not say.
    pub name: String,
    /// Where its visitors go.
    pub home: Url,
    /// Where WordPress itself lies, which may be another folder than `home`.
    pub install: Url,
    /// The page on which a user allows an application; `None` if the site offers none, as sites
    /// without `https` do.
    pub authorize: Option<Url>,
}

/// Most redirects that are followed.
const HOPS: usize = 5;
/// The relation that names the API.
const API_RELATION: &str = "https://api.w.org/";
/// What of the API's index is asked for: all of it can be megabytes.
const INDEX_FIELDS: &str = "name,url,home,namespaces,authentication";

/// Finds the site that a person names: an address with or without `https://`, also one of its
/// administration.
///
/// # Errors
/// No address, no site there, a site without a REST API, or one that sends its visitors to another
/// host: that one is named, and nobody is taken there with a password.
pub(super) async fn find(
    http: &HttpClient,
    site: &str,
    now: DateTime<Utc>,
) -> Result<FoundSite, PublishError> {
    let site = address(site)?;
    let request = HttpRequest::head(site.clone()).cut_answer(0);
    let answer = http.get_following(request, HOPS).await?;
    let home = answer.url().clone();
    stays(&site, &home)?;
    let links = answer.headers().get_all(header::LINK).iter().filter_map(|link| link.to_str().ok());
    let named: Vec<Url> =
        links.flat_map(api_links).filter_map(|link| home.join(&link).ok()).collect();
    for api in &named {
        stays(&site, api)?;
    }
    let mut plain = home.clone();
    plain.set_query(Some("rest_route=/"));
    // A home page may be one of a language: the API lies beside it.
    let beside = site.join("wp-json/").ok().filter(|_| home != site && stays(&home, &site).is_ok());
    let guesses = [home.join("wp-json/").ok(), Some(plain), beside];
    let mut reason = None;
    for api in named.into_iter().chain(guesses.into_iter().flatten()) {
        match index(http, &site, &home, &api, now).await {
            Ok(found) => return Ok(found),
            // A call that broke says nothing about the site.
            Err(error) if error.class == ErrorClass::Transient => return Err(error),
            Err(error) => reason = reason.or(Some(error)),
        }
    }
    Err(reason.unwrap_or_else(|| no_api(&home)))
}

/// The address that a person means.
fn address(site: &str) -> Result<Url, PublishError> {
    let site = site.trim();
    let whole = if site.contains("://") { site.to_owned() } else { format!("https://{site}") };
    let refused = |why: &str| {
        PublishError::new(ErrorClass::InvalidContent, format!("the site's address {why}"))
            .code("bad_address")
    };
    let mut url = Url::parse(&whole).map_err(|_| refused("can't be read"))?;
    if !matches!(url.scheme(), "http" | "https") || url.host_str().is_none() {
        return Err(refused("must start with https://"));
    }
    if !url.username().is_empty() || url.password().is_some() {
        return Err(refused("must not carry a password"));
    }
    url.set_query(None);
    url.set_fragment(None);
    // People copy the address of the page they are on.
    let path = url.path().to_owned();
    let end = ["/wp-admin", "/wp-login.php", "/wp-json", "/index.php"]
        .iter()
        .filter_map(|inner| path.find(inner))
        .min()
        .unwrap_or(path.len());
    let folder = path.get(..end).unwrap_or_default().trim_end_matches('/');
    url.set_path(&format!("{folder}/"));
    Ok(url)
}

/// Refuses to go on to another host. `www.` before the name does not make another one, and neither
/// does `https` instead of `http`; the other way around does.
fn stays(site: &Url, target: &Url) -> Result<(), PublishError> {
    let name = |url: &Url| {
        let host = url.host_str().unwrap_or_default().trim_end_matches('.');
        host.strip_prefix("www.").unwrap_or(host).to_owned()
    };
    let is_downgrade = site.scheme() == "https" && target.scheme() != "https";
    let same_port = site.port_or_known_default() == target.port_or_known_default()
        || (site.port().is_none() && target.port().is_none());
    if name(site) == name(target) && same_port && !is_downgrade {
        return Ok(());
    }
    let origin = target.origin().ascii_serialization();
    let message = format!("the site leads to {origin}; connect that address if it is yours");
    Err(PublishError::new(ErrorClass::Permission, message).code("other_host"))
}

/// The targets of a `Link` header that are the API. <https://www.rfc-editor.org/rfc/rfc8288>
fn api_links(header: &str) -> Vec<String> {
    let mut links = Vec::new();
    let mut rest = header;
    while let Some((_, after)) = rest.split_once('<') {
        let Some((target, after)) = after.split_once('>') else { break };
        let parameters = after.split('<').next().unwrap_or_default();
        let is_api = parameters.split(';').any(|parameter| {
            parameter.split_once('=').is_some_and(|(name, value)| {
                let value = value.trim().trim_end_matches(',').trim_end().trim_matches('"');
                name.trim().eq_ignore_ascii_case("rel")
                    && value.split_ascii_whitespace().any(|relation| relation == API_RELATION)
            })
        });
        if is_api {
            links.push(target.to_owned());
        }
        rest = after;
    }
    links
}

/// The API's index. PHP writes an empty object as an empty list.
#[derive(Debug, Deserialize)]
struct Index {
    #[serde(default)]
    name: String,
    #[serde(default)]
    url: String,
    #[serde(default)]
    home: String,
    namespaces: Vec<String>,
    #[serde(default)]
    authentication: Value,
}

/// Reads the index at `api`.
async fn index(
    http: &HttpClient,
    site: &Url,
    home: &Url,
    api: &Url,
    now: DateTime<Utc>,
) -> Result<FoundSite, PublishError> {
    let mut address = api.clone();
    address.query_pairs_mut().append_pair("_fields", INDEX_FIELDS);
    let answer = http.get_following(HttpRequest::get(address), HOPS).await?;
    stays(site, answer.url())?;
    let mut api = answer.url().clone();
    let query: Vec<(String, String)> =
        api.query_pairs().filter(|(name, _)| name != "_fields").map(owned).collect();
    api.set_query(None);
    if !query.is_empty() {
        api.query_pairs_mut().extend_pairs(query);
    }
    let root = ApiRoot::of_site(&api).map_err(|error| {
        PublishError::new(ErrorClass::Permission, error.to_string()).code("bad_address")
    })?;
    let host = home.host_str().unwrap_or_default().to_owned();
    if matches!(answer.status(), 401 | 403) && ApiError::read(answer.body()).is_some() {
        // For people who are signed in alone; what it is shows when somebody is.
        let (install, authorize) = (home.clone(), None);
        return Ok(FoundSite { root, name: host, home: home.clone(), install, authorize });
    }
    if answer.status() == 429 || answer.status() >= 500 {
        return Err(PublishError { class: ErrorClass::Transient, ..answer.error(now) });
    }
    let index: Index = serde_json::from_slice(answer.body()).map_err(|_| no_api(home))?;
    if !answer.is_success() || !index.namespaces.iter().any(|name| name == "wp/v2") {
        return Err(no_api(home));
    }
    let authorize = index
        .authentication
        .pointer("/application-passwords/endpoints/authorization")
        .and_then(Value::as_str)
        .and_then(|page| Url::parse(page).ok())
        .filter(|page| stays(site, page).is_ok());
    let own = |text: &str| {
        Url::parse(text).ok().filter(|url| stays(site, url).is_ok()).unwrap_or_else(|| home.clone())
    };
    let name = index.name.trim();
    Ok(FoundSite {
        root,
        name: if name.is_empty() { host } else { name.to_owned() },
        home: own(&index.home),
        install: own(&index.url),
        authorize,
    })
}

fn owned<'a>((name, value): (impl Into<String> + 'a, impl Into<String> + 'a)) -> (String, String) {
    (name.into(), value.into())
}

fn no_api(home: &Url) -> PublishError {
    let message = format!(
        "{} answers, but not as WordPress with its REST API; a plugin may have turned it off",
        home.host_str().unwrap_or_default()
    );
    PublishError::new(ErrorClass::Permission, message).code("no_rest_api")
}

impl FoundSite {
    /// What tells this site from others: its host, port and folder, whatever the scheme.
    #[must_use]
    pub fn identity(&self) -> String {
        identity(&self.home)
    }
}

/// Host, port and folder.
pub(super) fn identity(url: &Url) -> String {
    let host = url.host_str().unwrap_or_default();
    let port = url.port().map(|port| format!(":{port}")).unwrap_or_default();
    format!("{host}{port}{}", url.path().trim_end_matches('/'))
}

impl fmt::Display for FoundSite {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} ({})", self.name, self.identity())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn people_write_addresses_in_many_ways() {
        for (written, meant) in [
            ("acme.example", "https://acme.example/"),
            (" https://acme.example/blog ", "https://acme.example/blog/"),
            ("acme.example/wp-admin/post.php?post=1#top", "https://acme.example/"),
            ("https://acme.example/blog/wp-json/wp/v2", "https://acme.example/blog/"),
            ("http://127.0.0.1:8080", "http://127.0.0.1:8080/"),
            ("bücher.example", "https://xn--bcher-kva.example/"),
        ] {
            assert_eq!(address(written).unwrap().as_str(), meant);
        }
        for bad in ["", "ftp://acme.example", "https://", "https://u:secret@acme.example", "a b"] {
            let refused = address(bad).unwrap_err().to_string();
            assert!(!refused.contains("secret"), "{refused}");
        }
    }

    #[test]
    fn another_host_is_another_site() {
        let stays = |from: &str, to: &str| {
            super::stays(&from.parse().unwrap(), &to.parse().unwrap()).is_ok()
        };
        assert!(stays("https://acme.example/", "https://www.acme.example/x"));
        assert!(stays("http://www.acme.example/", "https://acme.example/"));
        assert!(stays("http://127.0.0.1:80/", "http://127.0.0.1/"));
        assert!(!stays("https://acme.example/", "http://acme.example/"), "not out in the open");
        assert!(!stays("https://acme.example/", "https://evil.example/"));
        assert!(!stays("https://acme.example/", "https://api.acme.example/"));
        assert!(!stays("https://acme.example/", "https://acme.example.evil.example/"));
        assert!(!stays("https://acme.example/", "https://acme.example:8443/"));
    }

    #[test]
    fn the_api_is_found_among_other_links() {
        let header = "<https://a.example/>; rel=shortlink, <https://a.example/wp-json/>; \
            rel=\"https://api.w.org/\", </x>; title=\"a; b\"; rel=\"next https://api.w.org/\"";
        assert_eq!(api_links(header), ["https://a.example/wp-json/", "/x"]);
        for none in ["", "<", "<https://a.example/wp-json/", "</x>; rel=api", "garbage"] {
            assert!(api_links(none).is_empty());
        }
    }
}
