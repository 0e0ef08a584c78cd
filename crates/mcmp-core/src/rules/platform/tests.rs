//! What must hold of the checks, platform by platform and for any content.

mod behaviour;
mod fixture;
mod meta;
mod networks;
mod properties;
mod sites;
