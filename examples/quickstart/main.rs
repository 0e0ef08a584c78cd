//! A week of one agency's publishing, in seconds: three clients in three time zones, four fake
//! platforms that misbehave as real ones do, and the engine that gets every post out exactly once.
//!
//! ```sh
//! cargo run -p mcmp-examples --example quickstart
//! cargo run -p mcmp-examples --example quickstart -- \
//!     --wordpress https://site.example --user editor --password "abcd efgh ijkl mnop qrst uvwx"
//! ```
//!
//! With `--wordpress` one post with an image goes to a real site, right now.
#![allow(clippy::print_stdout, clippy::print_stderr, reason = "a program that tells what it does")]

mod args;
mod report;
mod site;
mod studio;
mod week;

use std::error::Error;
use std::process::ExitCode;

use args::Args;

type Done<T = ()> = Result<T, Box<dyn Error + Send + Sync>>;

fn main() -> ExitCode {
    match run() {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("{error}");
            ExitCode::FAILURE
        }
    }
}

fn run() -> Done {
    let mut runtime = tokio::runtime::Builder::new_current_thread();
    runtime.enable_all();
    match Args::parse()? {
        Args::Week => {
            // Time stands still until somebody waits; then it goes on at once.
            runtime.start_paused(true).build()?.block_on(week::run())
        }
        Args::WordPress(login) => runtime.build()?.block_on(site::run(login)),
        Args::Help => {
            println!("{}", args::HELP);
            Ok(())
        }
    }
}
