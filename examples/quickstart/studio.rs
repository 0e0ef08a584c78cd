//! An agency, its clients and their channels.

use std::sync::Arc;

use chrono_tz::Tz;
use mcmp_core::account::{AccountKind, Platform, SocialAccount, Tokens};
use mcmp_core::agency::{Agency, PlanTier};
use mcmp_core::approval::{ApprovalPolicy, Deciders, Stage};
use mcmp_core::client::Client;
use mcmp_core::entropy::SystemEntropy;
use mcmp_core::id::UserId;
use mcmp_core::member::{Coverage, Grant, Role};
use mcmp_core::portal::{
    AgencyDraft, ClientDraft, ClientEdit, Connection, InvitationDraft, Session, UserDraft,
};
use mcmp_core::secret::{KeyRing, SealKey, Sealer, SecretText};
use mcmp_core::{Error, Portal};

use crate::Done;

/// What seals tokens, with a key that is forgotten at the end.
pub(crate) fn sealer() -> Done<Arc<dyn Sealer>> {
    let key = SealKey::from_hex(&SealKey::generate(&SystemEntropy)?)?;
    Ok(Arc::new(KeyRing::builder().active("now", key).build(Arc::new(SystemEntropy))?))
}

/// The agency, as its owner sees it.
pub(crate) struct Studio {
    pub(crate) portal: Portal,
    pub(crate) agency: Agency,
    owner: UserId,
}

impl Studio {
    pub(crate) async fn found(portal: Portal) -> Done<Self> {
        let anna = UserDraft { email: "anna@studio.example".parse()?, name: "Anna".parse()? };
        let owner = portal.register_user(anna).await?.id;
        let draft = AgencyDraft {
            name: "Studio North".parse()?,
            subdomain: "studio-north".parse()?,
            plan: PlanTier::Enterprise,
        };
        let (agency, _) = portal.found_agency(owner, draft).await?;
        Ok(Self { portal, agency, owner })
    }

    /// What the agency's owner can do.
    pub(crate) async fn session(&self) -> Result<Session, Error> {
        self.as_user(self.owner).await
    }

    pub(crate) async fn as_user(&self, user: UserId) -> Result<Session, Error> {
        self.portal.session(&self.portal.actor_for(user).await?, self.agency.id).await
    }

    pub(crate) async fn client(&self, name: &str, slug: &str, zone: Tz) -> Done<Client> {
        let draft = ClientDraft { name: name.parse()?, slug: slug.parse()?, zone };
        Ok(self.session().await?.clients().create(draft).await?)
    }

    pub(crate) async fn channel(&self, client: &Client, platform: Platform) -> Done<SocialAccount> {
        let id = format!("{}-{platform}", client.slug).parse()?;
        let tokens = Tokens {
            refresh: Some(SecretText::new("refresh")),
            ..Tokens::new(SecretText::new("granted"))
        };
        let connection =
            Connection::new(platform, AccountKind::Profile, id, client.name.clone(), tokens);
        Ok(self.session().await?.accounts().connect(client.id, connection).await?)
    }

    /// Somebody at the client who approves what goes out; answers who.
    pub(crate) async fn reviewer(&self, client: &Client, name: &str) -> Done<UserId> {
        let session = self.session().await?;
        let grant = Grant::new(Role::ClientOwner, Coverage::clients([client.id])?)?;
        let email = format!("{}@{}.example", name.to_lowercase(), client.slug);
        let person = UserDraft { email: email.parse()?, name: name.parse()? };
        let invitation = InvitationDraft::new(person.email.clone(), grant);
        let (_, token) = session.members().invite(invitation).await?;
        let person = self.portal.register_user(person).await?;
        self.portal.accept_invitation(&token, person.id).await?;

        let deciders = Deciders { roles: [Role::ClientOwner].into(), ..Deciders::default() };
        let policy = ApprovalPolicy::stages(vec![Stage::new(client.name.clone(), deciders)])?;
        let edit = ClientEdit { approval_policy: Some(policy), ..ClientEdit::default() };
        session.clients().edit(client.id, client.version, edit).await?;
        Ok(person.id)
    }
}
