//! What a step takes, read anew right before it; and the last gate before anything is sent.

use std::sync::Arc;

use chrono::{DateTime, Utc};
use tokio::try_join;

use crate::account::{SocialAccount, Tokens};
use crate::agency::AgencyStatus;
use crate::approval::may_go_out;
use crate::asset::Asset;
use crate::client::{Client, ClientStatus};
use crate::error::Error;
use crate::portal::Session;
use crate::portal::posts::{Checked, check_parts};
use crate::post::{Assets, Outgoing, Post, Revision};
use crate::publishing::{
    ErrorClass, HoldReason, Part, PublishContext, PublishError, PublishJob, Publisher, RateLog,
};
use crate::store::StoreExt;

/// What is read for a step besides its post.
#[derive(Debug)]
pub(super) struct Rows {
    client: Client,
    revision: Option<Revision>,
    account: SocialAccount,
}

impl Rows {
    pub(super) async fn load(session: &Session, job: &PublishJob) -> Result<Self, Error> {
        let (client, revision, account) = try_join!(
            session.load(job.client_id),
            find_revision(session, job),
            session.load(job.account_id),
        )?;
        Ok(Self { client, revision, account })
    }
}

/// What a step takes.
#[derive(Debug)]
pub(super) struct Material {
    pub(super) publisher: Arc<dyn Publisher>,
    pub(super) account: SocialAccount,
    outgoing: Outgoing,
    pub(super) tokens: Tokens,
}

/// Whether a job may go on.
#[derive(Debug)]
pub(super) enum Gate {
    Open(Box<Material>),
    Hold { reason: HoldReason, error: Option<PublishError> },
    Fail { error: PublishError },
}

impl Material {
    /// Lets nothing through that is not approved in exactly this revision, or that the rules refuse
    /// as things are now.
    pub(super) async fn of(
        session: &Session,
        post: &Post,
        rows: Rows,
        job: &PublishJob,
    ) -> Result<Gate, Error> {
        let Rows { client, revision, account } = rows;
        let is_active = session.agency().status == AgencyStatus::Active
            && client.status == ClientStatus::Active;
        if !is_active {
            return Ok(Gate::Hold { reason: HoldReason::NotActive, error: None });
        }
        let approved =
            may_go_out(&client.approval_policy, post.approval.as_ref(), &job.revision_digest);
        // What is live in part was approved then; the rest of it belongs to it.
        if !approved && !job.is_live() {
            return Ok(Gate::Hold { reason: HoldReason::NotApproved, error: None });
        }
        let gate = Self::to_send(session, revision, account, job)?;
        match &gate {
            Gate::Open(material) if !job.has_begun() => {
                match material.refused_by_rules(session, &client, post, job).await? {
                    Some(error) => {
                        Ok(Gate::Hold { reason: HoldReason::RulesViolated, error: Some(error) })
                    }
                    None => Ok(gate),
                }
            }
            _ => Ok(gate),
        }
    }

    /// Reads what a look-up takes: what was sent was let through then.
    pub(super) async fn for_look_up(session: &Session, job: &PublishJob) -> Result<Gate, Error> {
        let (revision, account) =
            try_join!(find_revision(session, job), session.load(job.account_id))?;
        Self::to_send(session, revision, account, job)
    }

    fn to_send(
        session: &Session,
        revision: Option<Revision>,
        account: SocialAccount,
        job: &PublishJob,
    ) -> Result<Gate, Error> {
        let Some(publisher) = session.portal().publishers().get(&job.platform).cloned() else {
            return Ok(Gate::Fail { error: no_publisher(job) });
        };
        let outgoing = revision
            .into_iter()
            .flat_map(|revision| revision.outgoing)
            .find(|item| item.account_id == job.account_id);
        let Some(outgoing) = outgoing else {
            let message = "the revision to send has nothing for this account";
            let error = PublishError::new(ErrorClass::InvalidContent, message);
            return Ok(Gate::Fail { error });
        };
        if !account.status.is_usable() || account.tokens.is_none() {
            let message = format!("“{}” must be connected again", account.display_name);
            let error = Some(PublishError::new(ErrorClass::Reconnect, message));
            return Ok(Gate::Hold { reason: HoldReason::Reconnect, error });
        }
        let tokens = match session.grants().open_tokens_of(&account) {
            Ok(tokens) => tokens,
            // Without tokens nothing goes on by itself, and nobody may think that it does.
            Err(
                error @ (Error::Seal(_) | Error::NotConfigured { .. } | Error::NotFound { .. }),
            ) => {
                let message =
                    format!("the tokens of “{}” can't be opened: {error}", account.display_name);
                let error = Some(PublishError::new(ErrorClass::Reconnect, message));
                return Ok(Gate::Hold { reason: HoldReason::Reconnect, error });
            }
            Err(error) => return Err(error),
        };
        Ok(Gate::Open(Box::new(Self { publisher, account, outgoing, tokens })))
    }

    /// Whether new tokens can be had in place of those there are.
    pub(super) fn can_refresh(&self) -> bool {
        self.publisher.capabilities().refresh && self.tokens.refresh.is_some()
    }

    pub(super) fn context<'a>(
        &'a self,
        session: &'a Session,
        job: &'a PublishJob,
        part: Part,
        rates: &'a RateLog,
        now: DateTime<Utc>,
    ) -> PublishContext<'a> {
        PublishContext {
            job,
            part,
            outgoing: &self.outgoing,
            account: &self.account,
            tokens: &self.tokens,
            media: session.portal().media(),
            rates,
            now,
        }
    }

    async fn refused_by_rules(
        &self,
        session: &Session,
        client: &Client,
        post: &Post,
        job: &PublishJob,
    ) -> Result<Option<PublishError>, Error> {
        // The content is the frozen one, but rights may have ended or been shortened since.
        let mut assets = Assets::new();
        let parts = self.outgoing.thread.iter().flat_map(|part| &part.media);
        for media in self.outgoing.media.iter().chain(parts) {
            let found: Option<Asset> =
                session.store().find(session.scope(), media.asset_id).await?;
            assets.extend(found.map(|asset| (asset.id, asset)));
        }
        let outgoing = std::slice::from_ref(&self.outgoing);
        let checked = Checked { assets: &assets, accounts: &[&self.account], outgoing };
        let report = check_parts(session, client, post, checked, Some(job.planned_at)).await?;
        let findings: Vec<String> = report
            .errors()
            .filter(|finding| finding.account_id.is_none_or(|id| id == job.account_id))
            .map(ToString::to_string)
            .collect();
        Ok((!findings.is_empty())
            .then(|| PublishError::new(ErrorClass::InvalidContent, findings.join("; "))))
    }
}

async fn find_revision(session: &Session, job: &PublishJob) -> Result<Option<Revision>, Error> {
    Ok(session.store().find(session.scope(), job.revision_id).await?)
}

/// What a platform without a publisher answers.
fn no_publisher(job: &PublishJob) -> PublishError {
    let message = format!("this installation has no publisher for {}", job.platform);
    PublishError::new(ErrorClass::Permission, message).code(PublishError::NOT_SUPPORTED)
}
