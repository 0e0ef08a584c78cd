//! What the engine does with channels' tokens: open, refresh, seal anew.

use std::collections::BTreeSet;

use chrono::TimeDelta;

use super::accounts::change_lane;
use super::audience::holders;
use super::reconnecting::resume_held;
use super::session::retrying;
use super::{Session, Work};
use crate::access::Denied;
use crate::account::{AccountStatus, SealedTokens, SocialAccount, Tokens};
use crate::error::Error;
use crate::event::{EventKind, Subject};
use crate::id::{AccountId, Id};
use crate::member::Permission;
use crate::notification::NotificationTopic;
use crate::publishing::{ErrorClass, JobState, LaneAction, PauseReason, PublishError, PublishJob};
use crate::secret::SealPurpose;
use crate::store::{EntityKind, PublishJobFilter, Read};
use crate::value::Note;

/// What the engine does with channels' tokens; for the system alone.
#[derive(Debug, Clone, Copy)]
pub struct Grants<'s> {
    pub(super) session: &'s Session,
}

/// Why a platform gives no new tokens for good.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum GrantEnd {
    /// It has ended.
    Expired,
    /// The platform or the person took it back.
    Revoked,
}

/// What came of asking a platform for new tokens.
#[derive(Debug, Clone, PartialEq)]
#[non_exhaustive]
pub enum RefreshOutcome {
    /// New tokens.
    Refreshed {
        /// The tokens; without a new refresh token the old one stays.
        tokens: Tokens,
        /// What they allow, if the platform said so.
        granted_scopes: Option<BTreeSet<String>>,
    },
    /// The platform clearly refuses the grant: a person must connect the channel again.
    Refused {
        /// Why.
        end: GrantEnd,
        /// The platform's words; never a secret.
        detail: String,
    },
    /// Anything else: no answer, a server's error, too many requests. The channel stays connected.
    Temporary,
}

impl From<Result<Tokens, PublishError>> for RefreshOutcome {
    /// The class alone decides: only [`ErrorClass::Reconnect`] ends a grant.
    fn from(answer: Result<Tokens, PublishError>) -> Self {
        match answer {
            Ok(tokens) => Self::Refreshed { tokens, granted_scopes: None },
            Err(error) if error.class == ErrorClass::Reconnect => {
                Self::Refused { end: GrantEnd::Expired, detail: error.raw.unwrap_or(error.message) }
            }
            Err(_) => Self::Temporary,
        }
    }
}

/// Most characters that are kept of a platform's words.
const MAX_DETAIL: usize = 1_000;

impl Grants<'_> {
    /// A channel's tokens in clear.
    ///
    /// # Errors
    /// The actor is not the system, the channel is not there or is disconnected, there is no
    /// sealer, or the tokens can't be opened.
    pub async fn open_tokens(&self, id: AccountId) -> Result<Tokens, Error> {
        self.open_tokens_of(&self.load(id).await?)
    }

    /// The tokens of a channel that was loaded within the system's scope.
    pub(super) fn open_tokens_of(&self, account: &SocialAccount) -> Result<Tokens, Error> {
        let sealed = account
            .tokens
            .as_ref()
            .ok_or(Error::NotFound { kind: EntityKind::SocialAccount, id: account.id.uuid() })?;
        Tokens::open(self.session.portal().sealer()?, account, sealed)
    }

    /// Notes what came of asking the platform for new tokens in place of `asked_with`. If the
    /// channel has other tokens by now (somebody connected it again, another worker was first) or
    /// none, the outcome is of a grant that nobody uses any longer, and changes nothing.
    ///
    /// Those who can connect the channel again are told once per incident.
    ///
    /// # Errors
    /// The actor is not the system, the channel is not there, there is no sealer, or the tokens
    /// can't be opened.
    pub async fn record_refresh(
        &self,
        id: AccountId,
        asked_with: &Tokens,
        outcome: RefreshOutcome,
    ) -> Result<SocialAccount, Error> {
        retrying(async || {
            let before = self.load(id).await?;
            let Some(sealed) = self.still_has(&before, asked_with)? else { return Ok(before) };
            match &outcome {
                RefreshOutcome::Temporary => Ok(before),
                RefreshOutcome::Refreshed { tokens, granted_scopes } => {
                    let sealer = self.session.portal().sealer()?;
                    let tokens = tokens.seal(sealer, &before, Some(sealed))?;
                    let mut account = before.clone();
                    account.tokens = Some(tokens);
                    if let Some(scopes) = granted_scopes {
                        account.granted_scopes = scopes.clone();
                    }
                    account.status = AccountStatus::Connected;
                    account.status_detail = None;
                    self.settle(before, account).await
                }
                RefreshOutcome::Refused { end, detail } => {
                    let mut account = before.clone();
                    account.status = match end {
                        GrantEnd::Expired => AccountStatus::Expired,
                        GrantEnd::Revoked => AccountStatus::Revoked,
                    };
                    account.status_detail = Some(detail.chars().take(MAX_DETAIL).collect());
                    self.settle(before, account).await
                }
            }
        })
        .await
    }

    /// Notes that a channel's grant ends within `notice`, or has ended, going by its tokens.
    ///
    /// # Errors
    /// The actor is not the system, or the channel is not there.
    pub async fn record_expiry(
        &self,
        id: AccountId,
        notice: TimeDelta,
    ) -> Result<SocialAccount, Error> {
        retrying(async || {
            let before = self.load(id).await?;
            let status = before.status_at(self.session.now(), notice);
            let account = SocialAccount { status, ..before.clone() };
            self.settle(before, account).await
        })
        .await
    }

    /// Seals a channel's tokens anew if their key is no longer the one in use, and says whether it
    /// did: the step that a rotation of keys repeats for every channel. Nothing but the seal
    /// changes, so no event tells of it.
    ///
    /// # Errors
    /// The actor is not the system, the channel is not there, there is no sealer, or the tokens
    /// can't be opened.
    pub async fn reseal(&self, id: AccountId) -> Result<bool, Error> {
        retrying(async || {
            let mut account = self.load(id).await?;
            let Some(sealed) = &account.tokens else { return Ok(false) };
            let sealer = self.session.portal().sealer()?;
            let anew = |sealed, purpose| match sealer.needs_reseal(sealed) {
                true => sealer.reseal(sealed, &account.seal_context(purpose)),
                false => Ok(sealed.clone()),
            };
            let tokens = SealedTokens {
                access: anew(&sealed.access, SealPurpose::ACCESS_TOKEN)?,
                refresh: sealed
                    .refresh
                    .as_ref()
                    .map(|token| anew(token, SealPurpose::REFRESH_TOKEN))
                    .transpose()?,
                ..sealed.clone()
            };
            if tokens == *sealed {
                return Ok(false);
            }
            let mut work = self.session.work()?;
            account.tokens = Some(tokens);
            account.updated_at = work.now();
            work.changes().update(&mut account);
            work.commit().await?;
            Ok(true)
        })
        .await
    }

    /// The sealed tokens, if they are `tokens`.
    pub(super) fn still_has<'a>(
        &self,
        account: &'a SocialAccount,
        tokens: &Tokens,
    ) -> Result<Option<&'a SealedTokens>, Error> {
        let Some(sealed) = &account.tokens else { return Ok(None) };
        let current = Tokens::open(self.session.portal().sealer()?, account, sealed)?;
        let same = current.access == tokens.access && current.refresh == tokens.refresh;
        Ok(same.then_some(sealed))
    }

    /// Writes a channel whose tokens or status changed by itself, with all that follows from it.
    async fn settle(
        &self,
        before: SocialAccount,
        mut account: SocialAccount,
    ) -> Result<SocialAccount, Error> {
        if account == before {
            return Ok(before);
        }
        let mut work = self.session.work_on_jobs().await?;
        account.updated_at = work.now();
        let (was, is, client) = (before.status, account.status, Some(account.client_id));
        if was == is {
            // Fresh tokens are no news.
            work.changes().update(&mut account);
        } else {
            work.update(&before, &mut account, EventKind::AccountStatusChanged, client)?;
        }
        match (was.is_usable(), is.is_usable()) {
            (true, false) => {
                change_lane(&mut work, &account, LaneAction::Pause(PauseReason::Reconnect));
            }
            (false, true) => {
                change_lane(&mut work, &account, LaneAction::Resume(PauseReason::Reconnect));
                resume_held(self.session, &mut work, &account).await?;
            }
            _ => {}
        }
        if was.is_usable() && was != is && is != AccountStatus::Connected {
            self.tell_who_can_reconnect(&mut work, &account).await?;
        }
        work.commit().await?;
        Ok(account)
    }

    async fn tell_who_can_reconnect(
        &self,
        work: &mut Work<'_>,
        account: &SocialAccount,
    ) -> Result<(), Error> {
        let (portal, client) = (self.session.portal(), Some(account.client_id));
        let users =
            holders(portal, account.agency_id, account.client_id, Permission::ManageAccounts)
                .await?;
        let filter = PublishJobFilter {
            client_id: client,
            account_id: Some(account.id),
            states: vec![JobState::Scheduled],
            ..Default::default()
        };
        let (store, scope) = (self.session.store(), self.session.scope());
        let at_risk = Read::<PublishJob>::count(store, scope, &filter).await?;
        let (name, platform) = (&account.display_name, &account.platform);
        let what = match account.status {
            AccountStatus::Expiring => "must be connected again soon",
            _ => "must be connected again",
        };
        let posts = match at_risk {
            0 => "no post is waiting for it".to_owned(),
            1 => "1 post is waiting for it".to_owned(),
            more => format!("{more} posts are waiting for it"),
        };
        let message = Note::new("message", format!("{name} on {platform} {what}: {posts}"))?;
        // The version tells one incident from the next: only the change into it comes here.
        let incident = format!("account/{}/{}", account.id, account.version);
        let topic = NotificationTopic::AccountNeedsReconnect;
        work.notify(users, topic, client, Subject::of(account), &message, &incident)
    }

    pub(super) async fn load(&self, id: AccountId) -> Result<SocialAccount, Error> {
        if !self.session.scope().is_system() {
            return Err(Denied::NeedsSystem.into());
        }
        let account: SocialAccount = self.session.load(id).await?;
        if account.agency_id == self.session.agency_id() {
            Ok(account)
        } else {
            Err(Error::NotFound { kind: EntityKind::SocialAccount, id: id.uuid() })
        }
    }
}
