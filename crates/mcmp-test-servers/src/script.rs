//! The scripts that set servers up: `scripts/postgres`, `scripts/wordpress`.

use std::collections::BTreeMap;
use std::path::Path;
use std::process::Command;

use mcmp_core::testkit::Skip;

/// Runs a script of `scripts/`, and gives the `NAME=value` lines that it prints.
///
/// # Errors
/// What the script says when it fails.
pub fn run(script: &str, arguments: &[&str]) -> Result<BTreeMap<String, String>, String> {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../scripts").join(script);
    let output = Command::new("bash")
        .arg(path)
        .args(arguments)
        .output()
        .map_err(|error| format!("missing: bash ({error})"))?;
    if !output.status.success() {
        return Err(String::from_utf8_lossy(&output.stderr).trim().to_owned());
    }
    let lines = String::from_utf8_lossy(&output.stdout);
    Ok(lines
        .lines()
        .filter_map(|line| line.split_once('='))
        .map(|(name, value)| (name.to_owned(), value.to_owned()))
        .collect())
}

/// Starts a script's server, unless it runs: `scripts/<script> start` with more arguments. What is
/// installed and does not start is a failure, not a reason to skip.
///
/// # Errors
/// [`Skip`] where what the server needs is not installed.
pub fn start(script: &str, arguments: &[&str]) -> Result<BTreeMap<String, String>, Skip> {
    run(script, &[&["start"], arguments].concat()).map_err(|what| {
        assert!(what.contains("missing:"), "{what}");
        Skip { what, install: format!("./scripts/{script} start --install") }
    })
}
