//! Who somebody is: for hosts, before there is a session.
//!
//! The host proves who asks (a password, a cookie, a sign-in elsewhere); these calls turn that into
//! an [`Actor`]. They take the host's word, so they belong behind its own checks.

use super::{Portal, reviews, tokens};
use crate::access::Actor;
use crate::approval::ReviewLink;
use crate::error::Error;
use crate::id::{Id, UserId};
use crate::member::{ApiKey, Membership, User};
use crate::secret::{SecretText, recognize};
use crate::store::{
    ApiKeyFilter, Entity, EntityKind, MembershipFilter, Query, Read, ReviewLinkFilter, Store,
    StoreExt, UserFilter,
};
use crate::value::{Email, Slug};

impl Portal {
    /// A person, for an e-mail or a profile page.
    ///
    /// # Errors
    /// There is no such person, or the store fails.
    pub async fn user(&self, id: UserId) -> Result<User, Error> {
        let found: Option<User> = self.store().find(&self.own_scope()?, id).await?;
        found.ok_or(Error::NotFound { kind: EntityKind::User, id: id.uuid() })
    }

    /// The person of this address, if there is one.
    ///
    /// # Errors
    /// The store fails.
    pub async fn user_by_email(&self, email: &Email) -> Result<Option<User>, Error> {
        self.first(UserFilter { email: Some(email.clone()), ..Default::default() }).await
    }

    /// A person with all memberships; what they allow is as of now, so make it anew for each
    /// request.
    ///
    /// # Errors
    /// [`Error::InvalidToken`] if there is no such person or the person can't sign in any longer.
    pub async fn actor_for(&self, id: UserId) -> Result<Actor, Error> {
        let user: Option<User> = self.store().find(&self.own_scope()?, id).await?;
        self.actor_of(user).await
    }

    /// The person that a sign-in elsewhere stands for. `provider` must be a name that no other
    /// provider of this installation has: whoever answers under it can sign in as anybody who
    /// linked it. Give the providers that agencies bring names of their own, such as
    /// `<subdomain>-<key>`, and don't let a subdomain be `google`.
    ///
    /// # Errors
    /// [`Error::InvalidToken`] if nobody linked it, or the person can't sign in any longer.
    pub async fn actor_by_identity(&self, provider: &Slug, subject: &str) -> Result<Actor, Error> {
        let identity = Some((provider.clone(), subject.to_owned()));
        let user = self.first(UserFilter { identity, ..Default::default() }).await?;
        self.actor_of(user).await
    }

    /// The program that holds an API key.
    ///
    /// # Errors
    /// [`Error::InvalidToken`] for a key that is unknown, revoked or expired: the answer does not
    /// tell which.
    pub async fn api_key_actor(&self, token: &SecretText) -> Result<Actor, Error> {
        let token_hash = recognize(token, tokens::API_KEY).ok_or(Error::InvalidToken)?;
        let filter = ApiKeyFilter { token_hash: Some(token_hash), ..Default::default() };
        let key: Option<ApiKey> = self.first(filter).await?;
        let now = self.now();
        let key = key.filter(|key| key.is_valid(now)).ok_or(Error::InvalidToken)?;
        Ok(Actor::ApiKey(Box::new(key)))
    }

    /// Whoever holds a review link, and the link with its posts.
    ///
    /// # Errors
    /// [`Error::InvalidToken`] for a link that is unknown, revoked or expired: the answer does not
    /// tell which.
    pub async fn guest_actor(&self, token: &SecretText) -> Result<(Actor, ReviewLink), Error> {
        let token_hash = recognize(token, reviews::TOKEN_PREFIX).ok_or(Error::InvalidToken)?;
        let filter = ReviewLinkFilter { token_hash: Some(token_hash), ..Default::default() };
        let link: Option<ReviewLink> = self.first(filter).await?;
        let now = self.now();
        let link = link.filter(|link| link.is_valid(now)).ok_or(Error::InvalidToken)?;
        Ok((Actor::Guest(Box::new(link.clone())), link))
    }

    async fn actor_of(&self, user: Option<User>) -> Result<Actor, Error> {
        let user = user.filter(|user| user.active).ok_or(Error::InvalidToken)?;
        Ok(Actor::user(user.id, self.memberships_of(user.id).await?))
    }

    /// All memberships of a person, in all agencies.
    pub(super) async fn memberships_of(&self, user: UserId) -> Result<Vec<Membership>, Error> {
        let filter = MembershipFilter { user_id: Some(user), ..Default::default() };
        Ok(self.store().all(&self.own_scope()?, filter).await?)
    }

    /// The one entity that the filter names, whoever it belongs to.
    pub(super) async fn first<E: Entity>(&self, filter: E::Filter) -> Result<Option<E>, Error>
    where
        dyn Store: Read<E>,
    {
        let query = Query::<E>::new(filter).limit(1);
        let page = Read::<E>::list(self.store().as_ref(), &self.own_scope()?, &query).await?;
        Ok(page.items.into_iter().next())
    }
}
