//! Websites over signed messages: the whole way from a scheduled post to a site that checks
//! everything it gets.

mod answers;
mod calls;
mod conformance;
mod lost_answers;
mod site;
mod world;
