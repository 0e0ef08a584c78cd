//! Connecting a site without typing a password: the person allows the application on the site, and
//! the site sends them back with a new one.
//! <https://make.wordpress.org/core/2020/11/05/application-passwords-integration-guide/>

use std::fmt;

use base64::Engine as _;
use base64::prelude::BASE64_URL_SAFE_NO_PAD;
use mcmp_core::entropy::Entropy;
use mcmp_core::publishing::{ErrorClass, PublishError};
use mcmp_core::secret::SecretText;
use serde::{Deserialize, Serialize};
use url::{Url, form_urlencoded};
use uuid::Uuid;

use super::discovery::{FoundSite, identity};

/// The name of our own one-time value in the addresses that the site sends people back to.
const STATE: &str = "mcmp_state";

/// Who asks for access, as the site shows it to the person.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct GuidedApp {
    /// What the application is called there, and in the user's list of passwords.
    pub name: String,
    /// One id for this product on all sites, by which they tell its passwords from others.
    pub id: Uuid,
    /// Where the person comes back to: an `https` address, or an app's own scheme.
    pub return_to: Url,
}

/// A guided connection that begins.
#[derive(Debug, Clone)]
pub struct GuidedLogin {
    /// Where the person goes to allow it.
    pub url: Url,
    /// What the host keeps until they come back, in that person's session.
    pub pending: PendingSite,
}

/// What is kept while a person is at their site, good for one connection.
///
/// It can be written, so that it outlives a request: in a session on the server, or in an encrypted
/// cookie, never where another person could read it.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct PendingSite {
    pub(super) site: FoundSite,
    state: String,
}

impl fmt::Debug for PendingSite {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("PendingSite").field("site", &self.site).finish_non_exhaustive()
    }
}

/// What the site sent a person back with.
#[derive(Debug)]
pub(super) struct Allowed {
    pub(super) user: String,
    pub(super) password: SecretText,
}

/// Begins: the page to send the person to, with a value that is good for this once.
///
/// # Errors
/// The site offers no application passwords, `return_to` is plain `http`, which sites refuse, or
/// the random source failed.
pub(super) fn begin(
    site: &FoundSite,
    app: &GuidedApp,
    entropy: &dyn Entropy,
) -> Result<GuidedLogin, PublishError> {
    let mut url = site.authorize.clone().ok_or_else(|| {
        let message = "the site offers no application passwords: it needs https, and no plugin \
            that turns them off";
        PublishError::new(ErrorClass::Permission, message).code("no_application_passwords")
    })?;
    if app.return_to.scheme() == "http" {
        let message = "sites send nobody back to an http address; use https";
        return Err(PublishError::new(ErrorClass::InvalidContent, message).code("bad_return_to"));
    }
    let mut random = [0; 32];
    entropy.fill(&mut random).map_err(|error| {
        PublishError::new(ErrorClass::Transient, error.to_string()).code("entropy")
    })?;
    let state = BASE64_URL_SAFE_NO_PAD.encode(random);
    let back = |outcome: &str| {
        let mut back = app.return_to.clone();
        back.query_pairs_mut().append_pair(STATE, &state).append_pair("mcmp_outcome", outcome);
        back
    };
    url.query_pairs_mut()
        .append_pair("app_name", &app.name)
        .append_pair("app_id", &app.id.to_string())
        .append_pair("success_url", back("allowed").as_str())
        .append_pair("reject_url", back("refused").as_str());
    Ok(GuidedLogin { url, pending: PendingSite { site: site.clone(), state } })
}

impl PendingSite {
    /// Reads the query that the person came back with.
    ///
    /// # Errors
    /// It belongs to another connection or another site, or the person said no.
    pub(super) fn read(&self, query: &str) -> Result<Allowed, PublishError> {
        let query = query.strip_prefix('?').unwrap_or(query);
        let value = |name: &str| {
            form_urlencoded::parse(query.as_bytes())
                .find(|(found, _)| found == name)
                .map(|(_, value)| value.into_owned())
                .unwrap_or_default()
        };
        let refuse =
            |class, code: &str, message: &str| Err(PublishError::new(class, message).code(code));
        // Compared in constant time.
        let state = SecretText::new(value(STATE));
        if state.is_empty() || state != SecretText::new(self.state.clone()) {
            let message = "this answer does not belong to a connection that was begun here";
            return refuse(ErrorClass::Permission, "guided_state", message);
        }
        let password = SecretText::new(value("password"));
        if value("success") == "false" || value("mcmp_outcome") == "refused" || password.is_empty()
        {
            let message = "access was not allowed on the site";
            return refuse(ErrorClass::Reconnect, "guided_refused", message);
        }
        let is_same = Url::parse(&value("site_url")).is_ok_and(|sent| {
            [&self.site.install, &self.site.home].iter().any(|own| identity(own) == identity(&sent))
        });
        if !is_same {
            let message = "another site answered than the one that was asked";
            return refuse(ErrorClass::Permission, "guided_site", message);
        }
        Ok(Allowed { user: value("user_login"), password })
    }
}

#[cfg(test)]
mod tests {
    use mcmp_core::entropy::SeededEntropy;

    use super::*;
    use crate::wordpress::ApiRoot;

    fn site() -> FoundSite {
        let url = |text: &str| text.parse::<Url>().unwrap();
        FoundSite {
            root: ApiRoot::of_site(&url("https://acme.example/wp-json/")).unwrap(),
            name: "Acme".to_owned(),
            home: url("https://acme.example/"),
            install: url("https://acme.example/wp"),
            authorize: Some(url("https://acme.example/wp/wp-admin/authorize-application.php")),
        }
    }

    fn app(return_to: &str) -> GuidedApp {
        let return_to = return_to.parse().unwrap();
        GuidedApp { name: "Studio & Co".to_owned(), id: Uuid::from_u128(7), return_to }
    }

    fn pairs(url: &Url) -> Vec<(String, String)> {
        url.query_pairs().map(|(name, value)| (name.into_owned(), value.into_owned())).collect()
    }

    #[test]
    fn a_person_goes_to_the_site_and_comes_back_with_a_password() {
        let app = app("https://studio.example/connected?client=1");
        let login = begin(&site(), &app, &SeededEntropy::new(1)).unwrap();
        let asked = pairs(&login.url);
        assert_eq!(asked[0], ("app_name".to_owned(), "Studio & Co".to_owned()));
        assert_eq!(asked[1].1, Uuid::from_u128(7).to_string());
        let success: Url = asked[2].1.parse().unwrap();
        assert!(success.query().unwrap().starts_with("client=1&mcmp_state="));
        let (state, own) = (&login.pending.state, success.query().unwrap());
        assert!(state.len() > 40 && !format!("{login:?}").contains("pending.state"));

        // As WordPress adds to it.
        let sent = "site_url=https%3A%2F%2Facme.example%2Fwp&user_login=jo&password=abcdEFGH";
        let allowed = login.pending.read(&format!("?{own}&{sent}")).unwrap();
        assert_eq!((allowed.user.as_str(), allowed.password.expose()), ("jo", "abcdEFGH"));

        let kept = serde_json::to_string(&login.pending).unwrap();
        assert_eq!(serde_json::from_str::<PendingSite>(&kept).unwrap(), login.pending);
        assert!(!format!("{:?}", login.pending).contains(state.as_str()));
    }

    #[test]
    fn nothing_else_is_taken_for_an_answer() {
        let entropy = SeededEntropy::new(1);
        let app = app("https://studio.example/connected");
        let (login, other) =
            (begin(&site(), &app, &entropy).unwrap(), begin(&site(), &app, &entropy).unwrap());
        let state = &login.pending.state;
        let sent = "site_url=https%3A%2F%2Facme.example&user_login=jo&password=abcd";
        let code = |query: String| login.pending.read(&query).unwrap_err().code.unwrap();
        assert_eq!(code(sent.to_owned()), "guided_state");
        assert_eq!(code(format!("mcmp_state=&{sent}")), "guided_state");
        assert_eq!(code(format!("mcmp_state={}&{sent}", other.pending.state)), "guided_state");
        assert_eq!(code(format!("mcmp_state={state}&success=false")), "guided_refused");
        assert_eq!(code(format!("mcmp_state={state}&mcmp_outcome=refused")), "guided_refused");
        let evil = sent.replace("acme", "evil");
        assert_eq!(code(format!("mcmp_state={state}&{evil}")), "guided_site");
        assert!(login.pending.read(&format!("mcmp_state={state}&{sent}")).is_ok());
    }

    #[test]
    fn sites_without_application_passwords_say_so() {
        let none = FoundSite { authorize: None, ..site() };
        let ours = app("https://studio.example/");
        let refused = begin(&none, &ours, &SeededEntropy::new(1)).unwrap_err();
        assert_eq!(refused.code.as_deref(), Some("no_application_passwords"));
        let refused = begin(&site(), &app("http://studio.example/"), &SeededEntropy::new(1));
        assert_eq!(refused.unwrap_err().code.as_deref(), Some("bad_return_to"));
        assert!(begin(&site(), &app("studio://connected"), &SeededEntropy::new(1)).is_ok());
    }
}
