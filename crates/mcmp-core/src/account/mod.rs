//! Connected channels: one client's page, profile or site on one platform.

mod platform;
mod social_account;
mod tokens;

pub use platform::Platform;
pub use social_account::{
    AccountKind, AccountStatus, AppCredentialsRef, ExternalId, SealedTokens, SocialAccount,
    UnknownOutcomePolicy,
};
pub use tokens::Tokens;
