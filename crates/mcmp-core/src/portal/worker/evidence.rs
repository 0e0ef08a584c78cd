//! What an attempt's row says once it is known what came of its call, whoever found out.

use crate::error::Error;
use crate::portal::{Session, Work};
use crate::publishing::{Attempt, ErrorClass, JobStep, Outcome, PublishError, PublishJob};
use crate::store::StoreExt;

/// Completes the attempt whose outcome was open in `before`, in the change that settles it.
pub(in crate::portal) async fn settle_attempt(
    session: &Session,
    work: &mut Work<'_>,
    before: &PublishJob,
    step: &JobStep,
    after: &PublishJob,
) -> Result<(), Error> {
    let is_settled = after.intent.is_none();
    let Some(intent) = before.intent.as_ref().filter(|_| is_settled) else { return Ok(()) };
    let Some(outcome) = proved_by(step) else { return Ok(()) };
    let found: Option<Attempt> = session.store().find(session.scope(), intent.attempt_id).await?;
    if let Some(mut attempt) = found.filter(is_open) {
        attempt.outcome = Some(outcome);
        attempt.ended_at = Some(work.now());
        work.changes().update(&mut attempt);
    }
    Ok(())
}

/// Whether it is not known yet what came of an attempt.
pub(super) fn is_open(attempt: &Attempt) -> bool {
    attempt.outcome.as_ref().is_none_or(Outcome::is_open)
}

/// What a step that settles an open outcome shows.
fn proved_by(step: &JobStep) -> Option<Outcome> {
    match step {
        JobStep::Published { remote, .. }
        | JobStep::LookupFound { remote, .. }
        | JobStep::ConfirmPublished { remote } => {
            Some(Outcome::Published { remote: remote.clone() })
        }
        JobStep::Rejected { error, .. } => Some(Outcome::Rejected { error: error.clone() }),
        JobStep::LookupAbsent { .. } => Some(not_there("looked for twice, and not there")),
        JobStep::ConfirmAbsent => Some(not_there("a person looked, and it was not there")),
        _ => None,
    }
}

fn not_there(message: &str) -> Outcome {
    let error = PublishError::new(ErrorClass::Transient, message).code(PublishError::NOT_THERE);
    Outcome::Rejected { error }
}

impl PublishError {
    /// The code of a call whose answer was lost and that turned out to have had no effect.
    pub const NOT_THERE: &str = "not_there";
}
