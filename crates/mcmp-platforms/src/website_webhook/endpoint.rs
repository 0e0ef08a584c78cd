//! Where an account's messages go, and what is taken for a page of the same site.

use mcmp_core::account::{SocialAccount, Tokens};
use mcmp_core::publishing::{ErrorClass, PublishError};
use mcmp_core::secret::SecretText;
use mcmp_core::value::{InvalidValue, WebUrl};
use serde_json::Value;
use url::Url;

use crate::http::parse_url;
use crate::signing::SigningKeys;

/// The endpoint's address in the account's metadata.
pub const ENDPOINT: &str = "endpoint";
/// Further domains that a permalink may be on, in the account's metadata: a list of names.
pub const PERMALINK_DOMAINS: &str = "permalink_domains";

/// An endpoint, and what its messages are signed with.
#[derive(Debug, Clone)]
pub(super) struct Endpoint {
    pub(super) url: Url,
    pub(super) keys: SigningKeys,
    pub(super) secret: SecretText,
    domains: Vec<String>,
}

impl Endpoint {
    pub(super) fn new(url: Url, secret: &SecretText) -> Result<Self, PublishError> {
        let keys = SigningKeys::parse(secret).map_err(|error| bad_secret(&error))?;
        Ok(Self { url, keys, secret: secret.clone(), domains: Vec::new() })
    }

    pub(super) fn of(account: &SocialAccount, tokens: &Tokens) -> Result<Self, PublishError> {
        let url = account.metadata.get(ENDPOINT).and_then(Value::as_str).unwrap_or_default();
        let mut endpoint = Self::new(parse_url(url)?, &tokens.access)?;
        let domains = account.metadata.get(PERMALINK_DOMAINS).and_then(Value::as_array);
        endpoint.domains = domains
            .into_iter()
            .flatten()
            .filter_map(|domain| domain.as_str().map(str::to_ascii_lowercase))
            .collect();
        Ok(endpoint)
    }

    /// `address` if it is a page of the endpoint's own site: on its host, on a host under that or
    /// directly or indirectly above it, or on or under one of the domains that the account names. A
    /// site under a shared domain (`shop.builder.example`) can so name a page of that domain's
    /// own, and none of its neighbours'.
    pub(super) fn permalink(&self, address: &str) -> Option<String> {
        let address = WebUrl::new("url", address).ok()?;
        let page = Url::parse(address.as_str()).ok()?;
        let (page, own) = (page.host_str()?, self.url.host_str()?);
        let own_site = under(page, own) || (under(own, page) && page.contains('.'));
        let named = self.domains.iter().any(|domain| under(page, domain));
        (own_site || named).then(|| address.as_str().to_owned())
    }
}

fn bad_secret(error: &InvalidValue) -> PublishError {
    PublishError::new(ErrorClass::Reconnect, format!("the signing {error}")).code("bad_secret")
}

/// Whether `host` is `domain` or lies under it; a `www.` of the domain counts for nothing.
fn under(host: &str, domain: &str) -> bool {
    let domain = domain.strip_prefix("www.").unwrap_or(domain);
    host.strip_suffix(domain).is_some_and(|rest| rest.is_empty() || rest.ends_with('.'))
        && !domain.is_empty()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_permalink_is_on_the_own_site() {
        let secret = SecretText::new("whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw");
        let url = "https://hooks.shop.example/mcmp".parse().unwrap();
        let mut endpoint = Endpoint::new(url, &secret).unwrap();
        endpoint.domains = vec!["brand.test".into()];
        for own in [
            "https://hooks.shop.example/p/1",
            "https://HOOKS.shop.example/p/1",
            "https://shop.example/p/1",
            "http://en.hooks.shop.example/",
            "https://brand.test/",
            "https://www.brand.test/",
        ] {
            assert_eq!(endpoint.permalink(own).as_deref(), Some(own));
        }
        for other in [
            "",
            "/p/1",
            "javascript:alert(1)",
            "https://example/",
            "https://other.shop.example.evil.test/",
            "https://evilshop.example/",
            "https://blog.shop.example/",
            "https://notbrand.test/",
            "https://me:pw@shop.example/",
        ] {
            assert_eq!(endpoint.permalink(other), None, "{other}");
        }
        let url = "https://www.shop.example/mcmp".parse().unwrap();
        let endpoint = Endpoint::new(url, &secret).unwrap();
        assert!(endpoint.permalink("https://blog.shop.example/").is_some());
    }
}
