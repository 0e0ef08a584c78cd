//! An agency with many clients, each with a channel on some platforms.

use mcmp_core::Portal;
use mcmp_core::account::{AccountKind, Platform, Tokens};
use mcmp_core::agency::PlanTier;
use mcmp_core::id::{AccountId, ClientId};
use mcmp_core::portal::{AgencyDraft, ClientDraft, Connection, Session, UserDraft};
use mcmp_core::secret::SecretText;

/// Clients with their channels, in the order of the platforms.
pub type Clients = Vec<(ClientId, Vec<AccountId>)>;

/// An agency as its owner sees it, with so many clients.
pub async fn found(portal: &Portal, clients: usize, platforms: &[Platform]) -> (Session, Clients) {
    let anna =
        UserDraft { email: "a@studio.example".parse().unwrap(), name: "Anna".parse().unwrap() };
    let anna = portal.register_user(anna).await.unwrap();
    let (name, subdomain) = ("Studio".parse().unwrap(), "studio".parse().unwrap());
    let studio = AgencyDraft { name, subdomain, plan: PlanTier::Enterprise };
    let (studio, _) = portal.found_agency(anna.id, studio).await.unwrap();
    let actor = portal.actor_for(anna.id).await.unwrap();
    let session = portal.session(&actor, studio.id).await.unwrap();
    let mut made = Vec::with_capacity(clients);
    for n in 0..clients {
        let (name, slug) =
            (format!("Client {n}").parse().unwrap(), format!("c{n}").parse().unwrap());
        let draft = ClientDraft { name, slug, zone: chrono_tz::Europe::Berlin };
        let client = session.clients().create(draft).await.unwrap();
        let mut accounts = Vec::new();
        for platform in platforms {
            let (id, name) = (format!("{platform}-{n}").parse().unwrap(), "Page".parse().unwrap());
            let tokens = Tokens::new(SecretText::new("token"));
            let page = Connection::new(platform.clone(), AccountKind::Page, id, name, tokens);
            accounts.push(session.accounts().connect(client.id, page).await.unwrap().id);
        }
        made.push((client.id, accounts));
    }
    (session, made)
}
