//! New tokens in place of old ones: one worker at a time asks the platform, whoever needs them.

use chrono::TimeDelta;

use super::patience::Patience;
use super::worker::budget::{REFRESH, within};
use super::{Grants, RefreshOutcome};
use crate::account::{SocialAccount, Tokens};
use crate::error::Error;
use crate::id::{AccountId, EventId};
use crate::publishing::{AccountContext, ErrorClass, PublishError, Publisher, RateLog, WorkerId};

/// What a worker that wants new tokens gets; see [`Grants::refresh`].
#[derive(Debug, Clone, PartialEq)]
#[non_exhaustive]
pub enum Refreshed {
    /// There are new ones, by this or by somebody else's doing.
    Renewed(Tokens),
    /// The platform clearly refuses the grant, or the channel is no longer connected: a person must
    /// connect it again. Those who can were told.
    Refused,
    /// There is no refresh token, or the platform has no refresh. Nothing changed.
    Impossible,
    /// Not this time; the channel stays connected.
    Temporary(PublishError),
    /// Another worker is at it: ask again shortly.
    Busy,
}

/// A refresh, and the call that was made for it, if one was.
#[derive(Debug)]
pub(super) struct Refresh {
    pub(super) came_to: Refreshed,
    pub(super) call: Option<RefreshCall>,
}

/// What a call for new tokens came to.
#[derive(Debug)]
pub(super) struct RefreshCall {
    pub(super) error: Option<PublishError>,
    pub(super) rates: RateLog,
}

impl From<Refreshed> for Refresh {
    fn from(came_to: Refreshed) -> Self {
        Self { came_to, call: None }
    }
}

/// How long one worker keeps the others from asking for the same tokens, if it never comes back:
/// longer than the call may take.
const REFRESH_LEASE: TimeDelta = TimeDelta::minutes(2);

impl Grants<'_> {
    /// Gets a channel new tokens in place of `asked_with`, and keeps them. One worker at a time asks
    /// the platform, over all that share the store; whoever finds other tokens there already takes
    /// those.
    ///
    /// # Errors
    /// The actor is not the system, the channel is not there, there is no sealer, the tokens can't
    /// be opened, or the store fails.
    pub async fn refresh(
        &self,
        id: AccountId,
        asked_with: &Tokens,
        by: &WorkerId,
    ) -> Result<Refreshed, Error> {
        Ok(self.refresh_with_call(id, asked_with, by).await?.came_to)
    }

    pub(super) async fn refresh_with_call(
        &self,
        id: AccountId,
        asked_with: &Tokens,
        by: &WorkerId,
    ) -> Result<Refresh, Error> {
        let account = self.load(id).await?;
        if let Some(settled) = self.settled_already(&account, asked_with)? {
            return Ok(settled.into());
        }
        let portal = self.session.portal();
        let publisher = portal.publishers().get(&account.platform);
        let Some(publisher) = publisher
            .filter(|publisher| publisher.capabilities().refresh && asked_with.refresh.is_some())
        else {
            return Ok(Refreshed::Impossible.into());
        };
        // Every refresh has a holder of its own: two jobs of one worker must not ask together.
        let holder = WorkerId(format!("{}/{}", by.0, portal.new_id::<EventId>()?));
        let name = format!("refresh/{id}");
        let Some(duty) = portal.take_duty(&name, &holder, REFRESH_LEASE).await? else {
            return Ok(Refreshed::Busy.into());
        };
        let refresh = self.refresh_alone(id, asked_with, publisher.as_ref()).await;
        // What came of it is kept already; a duty that is not given back ends with its lease.
        drop(duty.release().await);
        refresh
    }

    async fn refresh_alone(
        &self,
        id: AccountId,
        asked_with: &Tokens,
        publisher: &dyn Publisher,
    ) -> Result<Refresh, Error> {
        let account = self.load(id).await?;
        if let Some(settled) = self.settled_already(&account, asked_with)? {
            return Ok(settled.into());
        }
        let (rates, now) = (RateLog::default(), self.session.store().now().await?);
        let context = AccountContext { account: &account, tokens: asked_with, rates: &rates, now };
        let asking = publisher.refresh_tokens(&context);
        let answer = within(REFRESH, ErrorClass::Transient, asking).await;
        let error = answer.as_ref().err().cloned();
        let account = self.record_patiently(id, asked_with, answer.into()).await?;
        let came_to = match (&error, self.settled_already(&account, asked_with)?) {
            // Connected again meanwhile, or refused and noted.
            (_, Some(settled)) => settled,
            (None, None) => Refreshed::Renewed(self.open_tokens_of(&account)?),
            (Some(error), None) => Refreshed::Temporary(error.clone()),
        };
        Ok(Refresh { came_to, call: Some(RefreshCall { error, rates }) })
    }

    /// The old refresh token may be worth nothing by now: what was given in its place outlasts a
    /// store that is gone.
    async fn record_patiently(
        &self,
        id: AccountId,
        asked_with: &Tokens,
        outcome: RefreshOutcome,
    ) -> Result<SocialAccount, Error> {
        let mut patience = Patience::new();
        loop {
            match self.record_refresh(id, asked_with, outcome.clone()).await {
                Err(error) => patience.outlast(error).await?,
                done => return done,
            }
        }
    }

    /// What there is to say without asking: other tokens than `asked_with`, or none that work.
    pub(super) fn settled_already(
        &self,
        account: &SocialAccount,
        asked_with: &Tokens,
    ) -> Result<Option<Refreshed>, Error> {
        if !account.status.is_usable() || account.tokens.is_none() {
            return Ok(Some(Refreshed::Refused));
        }
        if self.still_has(account, asked_with)?.is_some() {
            return Ok(None);
        }
        Ok(Some(Refreshed::Renewed(self.open_tokens_of(account)?)))
    }
}
