//! What must hold for every post, policy and person.

mod cast;
mod decisions;
mod document;
mod examples;
mod ledger;
mod lives;
pub(crate) mod moments;
mod things;
mod world;
