//! A client's own rules: what it wants said, shown and linked, and how often.
//!
//! Pure: the client's calendar is an input, so that a draft can be checked against a plan that
//! exists nowhere yet.

mod content;
mod rules;
mod timing;

use chrono::{DateTime, Utc};
use chrono_tz::Tz;

use super::finding::{Finding, FindingCode, Report};
use crate::id::{AccountId, PostId};
use crate::post::{Assets, Outgoing};
use crate::time::PostingWindows;

pub use rules::{Blackout, ClientRules, Fields as ClientRuleFields, LinkPolicy};

/// Another post's place in the client's calendar.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Planned {
    /// Which post.
    pub post_id: PostId,
    /// To which account.
    pub account_id: AccountId,
    /// When.
    pub at: DateTime<Utc>,
}

/// What to check a post against.
#[derive(Debug, Clone, Copy)]
pub struct ClientCheck<'a> {
    /// The client's rules.
    pub rules: &'a ClientRules,
    /// When its posts may go out.
    pub windows: &'a PostingWindows,
    /// The client's zone.
    pub zone: Tz,
    /// The post itself; its own places in the calendar are passed over.
    pub post_id: PostId,
    /// When it would go out; without a time nothing that depends on one is checked.
    pub planned_at: Option<DateTime<Utc>>,
    /// The assets it uses.
    pub assets: &'a Assets,
    /// The client's calendar around that time: what is planned or published, a week and the
    /// minimum gap to either side.
    pub calendar: &'a [Planned],
}

/// Everything in `outgoing` that the client does not want.
#[must_use]
pub fn check(outgoing: &[Outgoing], against: &ClientCheck<'_>) -> Report {
    let mut findings = Vec::new();
    content::check(outgoing, against, &mut findings);
    if let Some(at) = against.planned_at {
        timing::check(outgoing, at, against, &mut findings);
    }
    findings.into()
}

/// The finding with the account and variant it is about.
fn about(outgoing: &Outgoing, mut finding: Finding) -> Finding {
    finding.account_id = Some(outgoing.account_id);
    finding.variant_id = Some(outgoing.variant_id);
    finding
}

fn error(outgoing: &Outgoing, code: FindingCode, field: &str, message: String) -> Finding {
    about(outgoing, Finding::error(code, field, message))
}

#[cfg(test)]
mod tests;
