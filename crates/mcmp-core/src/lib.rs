//! The core of MCMP: publishing for the social media and websites of many clients.
//!
//! # Start here
//! A [`Portal`] is what you hold. Build it from a [`store`], the [`publishing`] platforms and the
//! services you have; make an [`access::Actor`] of whoever signed in; open a
//! [`portal::Session`] in an agency, and call its use cases. In tests, use
//! [`store::MemoryStore`] and everything in [`fake`].
//!
//! ```
//! use std::sync::Arc;
//! use mcmp_core::{Portal, store::MemoryStore, time::SystemClock};
//!
//! let portal = Portal::builder(Arc::new(MemoryStore::new(Arc::new(SystemClock)))).build()?;
//! # Ok::<(), mcmp_core::Error>(())
//! ```
//!
//! # The map
//! | part | modules |
//! |---|---|
//! | who | [`agency`], [`client`], [`member`], [`access`] |
//! | what | [`post`], [`asset`], [`series`], [`campaign`], [`board`] |
//! | where | [`account`], [`publishing`] |
//! | whether | [`lifecycle`], [`approval`], [`rules`] |
//! | when | [`time`] |
//! | then | [`analytics`], [`notification`], [`webhook`], [`event`] |
//! | beneath | [`store`], [`duty`], [`service`], [`secret`], [`entropy`], [`id`], [`value`] |
//! | on top | [`portal`]; [`transfer`] from store to store; [`fake`] for tests |
//!
//! # What everything here keeps to
//! - Pure code decides; the [`portal`] loads, decides and commits once.
//! - Every read takes an [`access::Scope`]; what it does not see is not there.
//! - Nothing looks at the time or at random numbers by itself: both are injected.
//! - Bad input is an [`value::InvalidValue`] that names the field, the limit and the value.

pub mod access;
pub mod account;
pub mod agency;
pub mod analytics;
pub mod approval;
pub mod asset;
pub mod board;
pub mod campaign;
pub mod client;
pub mod duty;
pub mod entropy;
mod error;
pub mod event;
pub mod fake;
pub mod id;
pub mod lifecycle;
pub mod member;
pub mod notification;
pub mod portal;
pub mod post;
pub mod publishing;
pub mod rules;
pub mod secret;
pub mod series;
pub mod service;
pub mod store;
#[cfg(feature = "testkit")]
pub mod testkit;
pub mod time;
pub mod transfer;
pub mod value;
pub mod webhook;

pub use error::{Error, ErrorKind};
pub use portal::Portal;

/// The README's example compiles and runs.
#[cfg(doctest)]
#[doc = include_str!("../../../README.md")]
struct Readme;
