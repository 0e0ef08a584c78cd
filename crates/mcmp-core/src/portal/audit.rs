//! Who changed what and when, with before and after.

use super::Session;
use crate::agency::Feature;
use crate::error::Error;
use crate::event::Event;
use crate::member::Permission;
use crate::store::{EventFilter, Page, Query, Read};

/// The log of everything that happened in the agency.
#[derive(Debug, Clone, Copy)]
pub struct Audit<'s> {
    pub(super) session: &'s Session,
}

impl<'s> Audit<'s> {
    /// A page of the log: one client's, if the filter names it, or the whole agency's.
    ///
    /// # Errors
    /// No permission for the client, or for the whole agency; or a query that can't be carried out.
    pub async fn list(&self, query: &Query<Event>) -> Result<Page<Event>, Error> {
        self.require(&query.filter)?;
        let mut query = query.clone();
        query.filter.agency_id = Some(self.session.agency_id());
        let (store, scope) = (self.session.store(), self.session.scope());
        Ok(Read::<Event>::list(store, scope, &query).await?)
    }

    /// All of the log that the filter matches, oldest first, page by page.
    ///
    /// # Errors
    /// As [`list`](Self::list), or the plan does not include it.
    pub fn export(&self, filter: EventFilter) -> Result<AuditExport<'s>, Error> {
        self.require(&filter)?;
        self.session.require_feature(Feature::AuditExport)?;
        let query = Query::new(filter).limit(Query::<Event>::MAX_LIMIT);
        Ok(AuditExport { audit: *self, next: Some(query) })
    }

    fn require(&self, filter: &EventFilter) -> Result<(), Error> {
        match filter.client_id {
            Some(client) => self.session.require(Permission::ViewAudit, client),
            None => Ok(self.session.scope().require_agency(Permission::ViewAudit)?),
        }
    }
}

/// An export under way: as much of the log in memory as one page.
#[derive(Debug)]
pub struct AuditExport<'s> {
    audit: Audit<'s>,
    next: Option<Query<Event>>,
}

impl AuditExport<'_> {
    /// The next events; `None` at the end. A page that failed is asked for again by the next call.
    ///
    /// # Errors
    /// The store fails.
    pub async fn next_page(&mut self) -> Result<Option<Vec<Event>>, Error> {
        let Some(query) = &mut self.next else { return Ok(None) };
        let page = self.audit.list(query).await?;
        match page.next {
            Some(cursor) => query.after = Some(cursor),
            None => self.next = None,
        }
        Ok(Some(page.items))
    }
}
