//! Checks what would go out against the limits of its platform.
//!
//! What is allowed is data ([`limits`](super::limits)); the code here knows no platform by name,
//! but for the typed options, which only theirs have. A fact that the probe could not tell is a
//! warning wherever a limit asks for it.

mod field;
mod image;
mod kind;
mod media;
mod options;
#[cfg(test)]
mod tests;
mod text;
mod video;

use super::finding::{Finding, FindingCode, Report, Severity};
use super::limits::{KindLimits, Limit, LimitsBook, PlatformLimits};
use crate::post::Outgoing;
use field::Place;
use text::Texts;

/// Everything in `outgoing` that `limits` does not allow, or that would better be otherwise.
#[must_use]
pub fn check(outgoing: &Outgoing, limits: &PlatformLimits) -> Vec<Finding> {
    let mut findings = Vec::new();
    check_into(outgoing, limits, &mut Texts::default(), &mut findings);
    findings
}

/// Checks every variant of a post against the limits of its platform that hold for everyone.
/// A text that several variants share is read once.
#[must_use]
pub fn check_all(outgoing: &[Outgoing], book: &LimitsBook) -> Report {
    check_each(outgoing.iter().map(|outgoing| (outgoing, None)), book)
}

/// Like [`check_all`], with the profile of each account, such as `premium` on X; see
/// [`LimitsBook::limits_for`].
#[must_use]
pub fn check_each<'a>(
    outgoing: impl IntoIterator<Item = (&'a Outgoing, Option<&'a str>)>,
    book: &LimitsBook,
) -> Report {
    let mut findings = Vec::new();
    let mut texts = Texts::default();
    for (outgoing, profile) in outgoing {
        match book.limits_for(&outgoing.platform, profile) {
            Some(limits) => check_into(outgoing, limits, &mut texts, &mut findings),
            None => findings.push(of(outgoing, limits_unknown(outgoing))),
        }
    }
    Report { findings }
}

fn check_into<'a>(
    outgoing: &'a Outgoing,
    limits: &PlatformLimits,
    texts: &mut Texts<'a>,
    findings: &mut Vec<Finding>,
) {
    if let Some(finding) = options::foreign(outgoing, limits) {
        findings.push(of(outgoing, finding));
    }
    let Some(kind) = limits.kinds.get(&outgoing.kind) else {
        findings.push(of(outgoing, kind::unsupported(outgoing, limits)));
        return;
    };
    let mut check = Check { outgoing, limits, kind, texts, findings };
    kind::check(&mut check);
    text::check(&mut check);
    media::check(&mut check);
    options::check(&mut check);
}

fn limits_unknown(outgoing: &Outgoing) -> Finding {
    Finding::warning(
        FindingCode::LimitsUnknown,
        "platform",
        format!("no limits are known for {}; nothing was checked", outgoing.platform),
    )
}

/// Says where a finding comes from.
fn of(outgoing: &Outgoing, mut finding: Finding) -> Finding {
    finding.platform = Some(outgoing.platform.clone());
    finding.account_id = Some(outgoing.account_id);
    finding.variant_id = Some(outgoing.variant_id);
    finding
}

/// One check at work.
struct Check<'a, 'b> {
    outgoing: &'a Outgoing,
    limits: &'b PlatformLimits,
    kind: &'b KindLimits,
    texts: &'b mut Texts<'a>,
    findings: &'b mut Vec<Finding>,
}

impl Check<'_, '_> {
    fn push(&mut self, finding: Finding) {
        self.findings.push(of(self.outgoing, finding));
    }

    /// A limit was passed over.
    fn passed<T>(&mut self, limit: &Limit<T>, finding: Finding) {
        self.passed_as(limit.severity, limit, finding);
    }

    /// A limit was passed over that only advises.
    fn advise<T>(&mut self, limit: &Limit<T>, finding: Finding) {
        self.passed_as(Severity::Warning, limit, finding);
    }

    fn passed_as<T>(&mut self, severity: Severity, limit: &Limit<T>, mut finding: Finding) {
        finding.severity = severity;
        if limit.unverified && finding.hint.is_none() {
            finding.hint = Some(format!(
                "{} does not confirm this number; an operator can change it.",
                self.limits.name
            ));
        }
        self.push(finding);
    }

    /// A limit asks for a fact that nobody knows.
    fn fact_unknown(&mut self, place: Place, fact: &str) {
        self.push(Finding::warning(
            FindingCode::FactUnknown,
            place.field(fact),
            format!(
                "{} of this file could not be read, so the limits of {} were not checked",
                fact.rsplit('.').next().unwrap_or(fact).replace('_', " "),
                self.limits.name
            ),
        ));
    }
}
