//! Campaigns, board, assets, calendar, slots and series.

pub(super) mod assets;
mod board;
mod calendar;
mod campaigns;
mod fixture;
mod reach;
mod series;
