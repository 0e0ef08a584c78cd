//! Limits, outages, pauses: what goes beyond one job.

mod catch_up;
mod circuits;
mod fairness;
mod forecast;
mod learnt_limits;
mod pauses;
mod set_limits;
mod skew;
