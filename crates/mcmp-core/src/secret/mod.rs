//! Secrets: how they are held in memory, hashed, and sealed for storage.
//!
//! - [`SecretText`] and [`SecretBytes`] hold a secret in clear for as long as it is needed. They
//!   print as `***`, can't be serialised and are wiped when dropped.
//! - [`TokenHash`] is what is kept of a token that we handed out ourselves ([`mint`]): API keys,
//!   invitations, review links. It is enough to recognise the token and useless to anyone else.
//! - [`Sealed`] is what is kept of a secret that must be read again, such as an account's tokens:
//!   ciphertext that opens only with the key and only for the client and account it was sealed
//!   for. A [`Sealer`] makes and opens it; [`KeyRing`] is the one that ships with this crate.

mod context;
mod encoding;
mod hash;
mod key_ring;
mod sealer;
mod text;

pub use context::{SealContext, SealPurpose};
pub use hash::{MintError, TokenHash, mint, recognize};
pub use key_ring::{KeyRing, KeyRingBuilder, SealKey};
pub use sealer::{KeyId, SealError, Sealed, Sealer};
pub use text::{SecretBytes, SecretText};

#[cfg(test)]
mod tests;
