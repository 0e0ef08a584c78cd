//! WordPress: against a strict fake, and against the real one where it is installed.

mod against_fake;
mod against_real;
mod com;
mod conformance;
mod desk;
mod fake;
mod proxy;
mod real_site;
