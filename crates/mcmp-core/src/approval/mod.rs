//! Who must say yes before a post goes out, how far that has come, and links for reviewers
//! without an account.

mod policy;
mod review_link;
mod state;

pub use policy::{ApprovalPolicy, Deciders, Stage};
pub use review_link::ReviewLink;
pub use state::{Approval, Decision, Verdict, may_go_out};
