//! WordPress: sites of one's own, WordPress.com, and sites that Jetpack connects to it.
//!
//! # Connecting
//! A site is connected with a user of it and an application password, which WordPress makes for
//! that user: [`WordPress::connect`] takes one that a person typed, [`WordPress::begin_guided`] lets
//! the person allow it on the site. It has all rights of its user: an author or an editor is right,
//! an administrator too much. Sites on WordPress.com are connected over OAuth, with
//! [`WordPress::begin_wordpress_com`].
//!
//! ```no_run
//! # async fn connect(now: chrono::DateTime<chrono::Utc>) -> Result<(), Box<dyn std::error::Error>> {
//! use mcmp_platforms::http::HttpSettings;
//! use mcmp_platforms::wordpress::WordPress;
//!
//! let wordpress = WordPress::new(&HttpSettings::new())?;
//! let site = wordpress.find("acme.example", now).await?;
//! let connection = wordpress.connect(&site, "editor", &"abcd efgh ijkl".into(), now).await?;
//! // session.accounts().connect(client, connection).await?;
//! # Ok(()) }
//! ```
//!
//! # Publishing
//! Files go to the media library first, one step each, and categories and tags are looked up or
//! made; then one call creates the post. The text becomes paragraphs of the block editor, as words
//! and never as HTML; the first picture, or the chosen one, is the featured picture, and the other
//! files stand below the text.
//!
//! With [`WordPressStatus`](mcmp_core::post::WordPressStatus) other than `publish` the post counts
//! as live as soon as the site has it: what is done with a draft there is up to its people.
//!
//! # Never twice
//! WordPress takes a second post with the same slug without a word. So each post carries its key in
//! a comment in its content (`<!-- mcmp:… -->`, which WordPress keeps for every role), and a slug
//! that no other job has, unless a person set one. After a lost answer both are looked for, in the
//! trash as well. Uploaded files are found again by their name.
//!
//! # The references it makes
//! [`RemoteRef::id`](mcmp_core::publishing::RemoteRef) is the post's number, and for other post types
//! their address before it: `12`, `stories/12`.

mod com;
mod connect;
mod content;
mod discovery;
mod guided;
mod metadata;
mod naming;
mod post_type;
mod prepare;
mod prepared;
mod publish;
mod refusal;
mod root;
#[cfg(test)]
mod sample;
mod site;
mod terms;
mod upload;

use async_trait::async_trait;
use chrono::{DateTime, TimeDelta, Utc};
use mcmp_core::account::{Platform, SocialAccount, Tokens};
use mcmp_core::analytics::Metrics;
use mcmp_core::entropy::Entropy;
use mcmp_core::portal::Connection;
use mcmp_core::publishing::{
    AccountContext, ErrorClass, Intent, LookUp, Part, Progress, PublishContext, PublishError,
    Publisher, PublisherCapabilities, RemoteRef, WentLive,
};
use mcmp_core::secret::SecretText;
use mcmp_core::value::InvalidValue;

use crate::http::{HttpClient, HttpSettings, HttpSetupError};
use crate::oauth::{Login, PendingLogin};
use com::Com;
use site::Site;

pub use com::WordPressComApp;
pub use discovery::FoundSite;
pub use guided::{GuidedApp, GuidedLogin, PendingSite};
pub use root::ApiRoot;

/// Publishes to WordPress sites, and connects them.
#[derive(Debug, Clone)]
pub struct WordPress {
    http: HttpClient,
    com: Option<Com>,
    go_live_budget: TimeDelta,
}

impl WordPress {
    /// For sites with application passwords.
    ///
    /// # Errors
    /// What of the settings can't be.
    pub fn new(settings: &HttpSettings) -> Result<Self, HttpSetupError> {
        let go_live_budget = PublisherCapabilities::default().go_live_budget;
        Ok(Self { http: HttpClient::guarded(settings)?, com: None, go_live_budget })
    }

    /// How long a site may take to create a post; a minute if not said. What takes longer is looked
    /// for afterwards.
    #[must_use]
    pub fn go_live_budget(mut self, budget: TimeDelta) -> Self {
        self.go_live_budget = budget;
        self
    }

    /// Also for sites on WordPress.com, with an application that is registered there.
    ///
    /// # Errors
    /// An address of the application that is none.
    pub fn with_wordpress_com(mut self, app: &WordPressComApp) -> Result<Self, InvalidValue> {
        self.com = Some(Com::new(self.http.clone(), app)?);
        Ok(self)
    }

    /// Finds the site that a person names: an address with or without `https://`, also one of its
    /// administration. Nothing secret is sent.
    ///
    /// # Errors
    /// No address, no site there, a site without a REST API, or one that leads to another host,
    /// which the error names.
    pub async fn find(&self, site: &str, now: DateTime<Utc>) -> Result<FoundSite, PublishError> {
        discovery::find(&self.http, site, now).await
    }

    /// Checks a user's application password with a real call, and that the user may publish. The
    /// answer is for [`Accounts::connect`](mcmp_core::portal::Accounts::connect).
    ///
    /// # Errors
    /// The password is not accepted ([`ErrorClass::Reconnect`]), rights are missing, by name
    /// ([`ErrorClass::Permission`]), or what the site answered.
    pub async fn connect(
        &self,
        site: &FoundSite,
        user: &str,
        password: &SecretText,
        now: DateTime<Utc>,
    ) -> Result<Connection, PublishError> {
        connect::connect(&self.http, site, user, password, now).await
    }

    /// Begins a connection that the person allows on the site, without typing a password here.
    ///
    /// # Errors
    /// The site offers no application passwords, the address to come back to is plain `http`,
    /// or the random source failed.
    pub fn begin_guided(
        &self,
        site: &FoundSite,
        app: &GuidedApp,
        entropy: &dyn Entropy,
    ) -> Result<GuidedLogin, PublishError> {
        guided::begin(site, app, entropy)
    }

    /// Ends the connection that `pending` was kept of, with the `query` that the person came back
    /// with. The password stands in that query: answer with a redirect at once, and log nothing of
    /// it.
    ///
    /// # Errors
    /// Another connection's or another site's answer, the person said no, or as
    /// [`connect`](Self::connect).
    pub async fn finish_guided(
        &self,
        pending: &PendingSite,
        query: &str,
        now: DateTime<Utc>,
    ) -> Result<Connection, PublishError> {
        let allowed = pending.read(query)?;
        self.connect(&pending.site, &allowed.user, &allowed.password, now).await
    }

    /// Begins a login with WordPress.com.
    ///
    /// # Errors
    /// No application is set up for WordPress.com, or the random source failed.
    pub fn begin_wordpress_com(&self, entropy: &dyn Entropy) -> Result<Login, PublishError> {
        self.com()?.begin(entropy).map_err(|error| {
            PublishError::new(ErrorClass::Transient, error.to_string()).code("entropy")
        })
    }

    /// Ends a login with WordPress.com: a connection for each site on which the person may publish,
    /// to choose from.
    ///
    /// # Errors
    /// Access was not granted, or what WordPress.com answered.
    pub async fn finish_wordpress_com(
        &self,
        pending: &PendingLogin,
        query: &str,
        now: DateTime<Utc>,
    ) -> Result<Vec<Connection>, PublishError> {
        self.com()?.finish(pending, query, now).await
    }

    fn com(&self) -> Result<&Com, PublishError> {
        self.com.as_ref().ok_or_else(|| {
            let message = "no application is set up for WordPress.com";
            PublishError::new(ErrorClass::Permission, message).code(PublishError::NOT_SUPPORTED)
        })
    }

    fn site(
        &self,
        account: &SocialAccount,
        tokens: &Tokens,
        now: DateTime<Utc>,
    ) -> Result<Site<'_>, PublishError> {
        Site::of(&self.http, account, tokens, now)
    }

    fn site_of(&self, cx: &PublishContext<'_>) -> Result<Site<'_>, PublishError> {
        if cx.part != Part::Main {
            let message = "WordPress posts have no further parts";
            return Err(PublishError::new(ErrorClass::InvalidContent, message)
                .code(PublishError::NOT_SUPPORTED));
        }
        self.site(cx.account, cx.tokens, cx.now)
    }
}

#[async_trait]
impl Publisher for WordPress {
    fn platform(&self) -> &Platform {
        &Platform::WORDPRESS
    }

    fn capabilities(&self) -> PublisherCapabilities {
        PublisherCapabilities {
            can_look_up: true,
            edit: true,
            delete: true,
            metrics: true,
            refresh: self.com.is_some(),
            go_live_budget: self.go_live_budget,
            ..PublisherCapabilities::default()
        }
    }

    async fn prepare(&self, cx: &PublishContext<'_>) -> Result<Progress, PublishError> {
        prepare::step(&self.site_of(cx)?, cx).await
    }

    async fn go_live(&self, cx: &PublishContext<'_>) -> Result<WentLive, PublishError> {
        publish::go_live(&self.site_of(cx)?, cx).await
    }

    async fn look_up(
        &self,
        cx: &PublishContext<'_>,
        _intent: &Intent,
    ) -> Result<LookUp, PublishError> {
        publish::look_up(&self.site_of(cx)?, cx).await
    }

    async fn edit(
        &self,
        cx: &PublishContext<'_>,
        remote: &RemoteRef,
    ) -> Result<RemoteRef, PublishError> {
        publish::edit(&self.site_of(cx)?, cx, remote).await
    }

    async fn delete(
        &self,
        cx: &AccountContext<'_>,
        remote: &RemoteRef,
    ) -> Result<(), PublishError> {
        publish::delete(&self.site(cx.account, cx.tokens, cx.now)?, remote).await
    }

    async fn metrics(
        &self,
        cx: &AccountContext<'_>,
        remote: &RemoteRef,
    ) -> Result<Metrics, PublishError> {
        publish::metrics(&self.site(cx.account, cx.tokens, cx.now)?, remote).await
    }

    async fn refresh_tokens(&self, cx: &AccountContext<'_>) -> Result<Tokens, PublishError> {
        if metadata::login(cx.account) == metadata::LoginKind::Password {
            let message = "an application password is not renewed; connect the site again";
            return Err(PublishError::new(ErrorClass::Reconnect, message).code("no_refresh_token"));
        }
        self.com()?.refresh(cx.tokens, cx.now).await
    }
}
