//! What the engine writes into its log, read for what must not stand there.

use std::io;
use std::sync::{Arc, Mutex};

use tracing::subscriber::DefaultGuard;
use tracing_subscriber::fmt::MakeWriter;

use super::hub::lock;
use super::world::SECRET;

#[derive(Debug, Clone, Default)]
pub(crate) struct Logs {
    text: Arc<Mutex<Vec<u8>>>,
}

impl Logs {
    /// Listens to this thread until the guard is dropped.
    pub(crate) fn listen(&self) -> DefaultGuard {
        let subscriber = tracing_subscriber::fmt()
            .with_writer(self.clone())
            .with_max_level(tracing::Level::DEBUG)
            .with_ansi(false)
            .without_time()
            .finish();
        tracing::subscriber::set_default(subscriber)
    }

    /// Lines that tell a secret or of a panic.
    pub(crate) fn wrongs(&self) -> Vec<String> {
        let text = String::from_utf8_lossy(&lock(&self.text)).into_owned();
        let is_wrong = |line: &&str| tells_a_secret(line) || line.contains("panicked");
        text.lines().filter(is_wrong).map(|line| format!("in the log: {line}")).collect()
    }
}

/// Whether a text holds a token: one that people brought, or one that the platform gave out.
pub(crate) fn tells_a_secret(text: &str) -> bool {
    let given_out = |prefix: &str| {
        text.match_indices(prefix).any(|(at, _)| {
            text[at + prefix.len()..].starts_with(|next: char| next.is_ascii_digit())
        })
    };
    text.contains(SECRET) || given_out("access-") || given_out("refresh-")
}

impl<'a> MakeWriter<'a> for Logs {
    type Writer = Self;

    fn make_writer(&'a self) -> Self {
        self.clone()
    }
}

impl io::Write for Logs {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        lock(&self.text).extend_from_slice(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}
