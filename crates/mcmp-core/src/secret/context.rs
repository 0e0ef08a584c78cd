//! What a sealed secret is bound to.

use uuid::Uuid;

use crate::id::{AccountId, AgencyId, ClientId, Id};

/// What a secret is for, so that one kind never opens as another.
///
/// The label becomes part of the sealed value: it must never change once something is sealed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct SealPurpose(&'static str);

impl SealPurpose {
    /// The token that calls a platform in an account's name.
    pub const ACCESS_TOKEN: Self = Self("account.access_token");
    /// The token that gets a new access token.
    pub const REFRESH_TOKEN: Self = Self("account.refresh_token");
    /// The secret that signs what a webhook endpoint is sent.
    pub const WEBHOOK_SECRET: Self = Self("webhook.secret");
    /// The client secret of an agency's identity provider.
    pub const IDENTITY_PROVIDER: Self = Self("agency.identity_provider");

    /// A purpose of your own; choose a label no other kind of secret has.
    #[must_use]
    pub const fn new(label: &'static str) -> Self {
        Self(label)
    }

    /// The label.
    #[must_use]
    pub const fn label(self) -> &'static str {
        self.0
    }
}

/// Whose secret it is and what for: a sealed value opens only under the context it was sealed
/// under, so a copy in another client's or account's row is worthless.
///
/// ```
/// use mcmp_core::id::{AccountId, ClientId, Id};
/// use mcmp_core::secret::{SealContext, SealPurpose};
///
/// # let (client, account) = (ClientId::from_uuid(uuid::Uuid::nil()), AccountId::from_uuid(uuid::Uuid::nil()));
/// let context = SealContext::of_client(SealPurpose::ACCESS_TOKEN, client).account(account);
/// ```
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SealContext {
    purpose: SealPurpose,
    owner: Bound,
    subject: Option<Bound>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Bound {
    kind: &'static str,
    id: Uuid,
}

impl SealContext {
    /// A secret of `client`.
    #[must_use]
    pub fn of_client(purpose: SealPurpose, client: ClientId) -> Self {
        Self { purpose, owner: Bound { kind: "client", id: client.uuid() }, subject: None }
    }

    /// A secret of an agency as a whole.
    #[must_use]
    pub fn of_agency(purpose: SealPurpose, agency: AgencyId) -> Self {
        Self { purpose, owner: Bound { kind: "agency", id: agency.uuid() }, subject: None }
    }

    /// Of this account only.
    #[must_use]
    pub fn account(self, account: AccountId) -> Self {
        self.subject("account", account)
    }

    /// Of this one thing only, named by a `kind` that never changes, such as `webhook_endpoint`.
    #[must_use]
    pub fn subject(mut self, kind: &'static str, id: impl Id) -> Self {
        self.subject = Some(Bound { kind, id: id.uuid() });
        self
    }

    /// The context as bytes, for a [`Sealer`](super::Sealer) to authenticate along with the
    /// secret. Every part is preceded by its length in eight bytes, so that no two contexts share
    /// an encoding; it never changes, or nothing sealed before would open.
    #[must_use]
    pub fn associated_data(&self) -> Vec<u8> {
        let mut data = Vec::new();
        push_part(&mut data, b"mcmp.seal.context.v1");
        push_part(&mut data, self.purpose.0.as_bytes());
        for bound in [Some(&self.owner), self.subject.as_ref()].into_iter().flatten() {
            push_part(&mut data, bound.kind.as_bytes());
            push_part(&mut data, bound.id.as_bytes());
        }
        data
    }
}

/// Appends `part` after its length.
pub(super) fn push_part(data: &mut Vec<u8>, part: &[u8]) {
    data.extend_from_slice(&(part.len() as u64).to_be_bytes());
    data.extend_from_slice(part);
}
