//! Where a publisher notes them.

use std::sync::{Mutex, MutexGuard, PoisonError};

use super::RateReport;

/// Collects what the answers to one call told of rate limits.
///
/// ```
/// use mcmp_core::publishing::{RateLog, RateReport, RateScope};
///
/// let rates = RateLog::default();
/// rates.note(RateReport { remaining: Some(3), ..RateReport::new(RateScope::App, "posts") });
/// assert_eq!(rates.take().len(), 1);
/// assert!(rates.take().is_empty());
/// ```
#[derive(Debug, Default)]
pub struct RateLog {
    reports: Mutex<Vec<RateReport>>,
}

impl RateLog {
    /// Notes one limit. A later report of the same limit takes the place of an earlier one.
    pub fn note(&self, report: RateReport) {
        let mut reports = self.lock();
        match reports.iter_mut().find(|r| r.scope == report.scope && r.name == report.name) {
            Some(earlier) => *earlier = report,
            None => reports.push(report),
        }
    }

    /// What was noted since the last time, in the order of the first reports.
    #[must_use]
    pub fn take(&self) -> Vec<RateReport> {
        std::mem::take(&mut self.lock())
    }

    /// A list of reports is whole whatever a thread that panicked was about.
    fn lock(&self) -> MutexGuard<'_, Vec<RateReport>> {
        self.reports.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::publishing::RateScope;

    #[test]
    fn the_last_word_about_a_limit_counts() {
        let log = RateLog::default();
        let left =
            |scope, name, n| RateReport { remaining: Some(n), ..RateReport::new(scope, name) };
        log.note(left(RateScope::App, "posts", 9));
        log.note(left(RateScope::Account, "posts", 5));
        log.note(left(RateScope::App, "posts", 8));
        let taken: Vec<_> = log.take().into_iter().map(|r| (r.scope, r.remaining)).collect();
        assert_eq!(taken, [(RateScope::App, Some(8)), (RateScope::Account, Some(5))]);
        assert!(log.take().is_empty());
    }
}
