//! The settings of a transaction that the policies of row-level security go by. They say what a
//! [`Scope`] reaches; without them a transaction sees nothing.
//!
//! | setting | holds |
//! |---|---|
//! | `mcmp.reach` | `everything`, `agency`, `clients` or `person` |
//! | `mcmp.agency` | the agency, for `agency` and `clients` |
//! | `mcmp.clients` | the clients, as an array, for `clients` |
//! | `mcmp.person` | the person whose own record and notifications are seen |

use std::fmt::Write as _;

use mcmp_core::access::{Reach, Scope};
use mcmp_core::id::Id;

/// What the settings are for a scope.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct TenantSettings {
    pub(crate) reach: &'static str,
    pub(crate) agency: String,
    pub(crate) clients: String,
    pub(crate) person: String,
}

impl TenantSettings {
    pub(crate) fn of(scope: &Scope) -> Self {
        let (reach, agency, clients) = match scope.reach() {
            Reach::Everything => ("everything", None, None),
            Reach::Agency(agency) => ("agency", Some(agency), None),
            Reach::Clients(agency, clients) => ("clients", Some(agency), Some(clients)),
            Reach::Person => ("person", None, None),
            // A reach that is not known here reaches nothing.
            _ => ("", None, None),
        };
        let clients = clients.map(|clients| {
            let ids: Vec<String> = clients.iter().map(|client| client.uuid().to_string()).collect();
            format!("{{{}}}", ids.join(","))
        });
        Self {
            reach,
            agency: agency.map_or_else(String::new, |agency| agency.uuid().to_string()),
            clients: clients.unwrap_or_default(),
            person: scope.person().map_or_else(String::new, |user| user.uuid().to_string()),
        }
    }

    /// The statement that begins a transaction with these settings: several in one round trip. It
    /// is made of words of this crate and of UUIDs alone.
    pub(crate) fn begin(&self, access: Access) -> String {
        let mut sql = String::from(match access {
            Access::Read => "BEGIN READ ONLY",
            Access::Write => "BEGIN",
        });
        let Self { reach, agency, clients, person } = self;
        let settings = [
            ("reach", *reach),
            ("agency", agency.as_str()),
            ("clients", clients.as_str()),
            ("person", person.as_str()),
        ];
        for (name, value) in settings {
            // One that is not set says nothing, as an empty one does.
            if !value.is_empty() {
                let _ = write!(sql, "; SET LOCAL mcmp.{name} = '{value}'");
            }
        }
        sql
    }
}

/// What a transaction is for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Access {
    Read,
    Write,
}

#[cfg(test)]
mod tests {
    use mcmp_core::access::Actor;
    use mcmp_core::id::{Id, UserId};
    use uuid::Uuid;

    use super::{Access, TenantSettings};

    #[test]
    fn what_is_not_reached_is_not_set() {
        let system = Actor::system("test").own_scope().unwrap();
        let sql = TenantSettings::of(&system).begin(Access::Write);
        assert_eq!(sql, "BEGIN; SET LOCAL mcmp.reach = 'everything'");

        let user = UserId::from_uuid(Uuid::from_u128(7));
        let person = Actor::user(user, Vec::new()).own_scope().unwrap();
        let sql = TenantSettings::of(&person).begin(Access::Read);
        assert_eq!(
            sql,
            "BEGIN READ ONLY; SET LOCAL mcmp.reach = 'person'; \
             SET LOCAL mcmp.person = '00000000-0000-0000-0000-000000000007'"
        );
    }
}
