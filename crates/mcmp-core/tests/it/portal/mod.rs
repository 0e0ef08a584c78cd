//! Use cases over the store in memory.

mod accounts;
mod agencies;
mod ahead;
mod comments;
mod desk;
mod duties;
mod fixture;
mod flaky;
mod granting;
mod members;
mod outage;
mod people;
mod planning;
mod posts;
mod programs;
mod publishing;
mod review_findings;
mod reviews;
mod tenants;
mod transfer;
mod turned_down;
mod upkeep;
mod worker;
