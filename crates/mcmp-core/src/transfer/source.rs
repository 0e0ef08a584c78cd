//! Lines of a file, one at a time, with the checksum of those before.

use sha2::{Digest as _, Sha256};
use tokio::io::{AsyncBufRead, AsyncBufReadExt as _};

use super::{MAX_LINE, TransferError};

/// Reads lines in bounded memory.
#[derive(Debug)]
pub(super) struct Lines<'a, R> {
    reader: &'a mut R,
    line: Vec<u8>,
    number: u64,
    before: Sha256,
}

impl<'a, R: AsyncBufRead + Unpin> Lines<'a, R> {
    pub(super) fn new(reader: &'a mut R) -> Self {
        Self { reader, line: Vec::new(), number: 0, before: Sha256::new() }
    }

    /// The number of the line that was read last, from 1.
    pub(super) fn number(&self) -> u64 {
        self.number
    }

    /// The checksum of all lines before the one that was read last, in hex.
    pub(super) fn checksum_before(&self) -> String {
        hex(self.before.clone())
    }

    /// Reads the next line; whether there is one.
    pub(super) async fn advance(&mut self) -> Result<bool, TransferError> {
        if self.number > 0 {
            self.before.update(&self.line);
            self.before.update(b"\n");
        }
        self.line.clear();
        let line = self.number.saturating_add(1);
        loop {
            let chunk = self.reader.fill_buf().await?;
            if chunk.is_empty() && self.line.is_empty() {
                return Ok(false);
            }
            if chunk.is_empty() {
                return Err(TransferError::Truncated { line });
            }
            let end = chunk.iter().position(|byte| *byte == b'\n');
            let taken = end.unwrap_or(chunk.len());
            if self.line.len().saturating_add(taken) > MAX_LINE {
                return Err(TransferError::LineTooLong { line, limit: MAX_LINE });
            }
            self.line.extend(chunk.iter().take(taken));
            self.reader.consume(taken.saturating_add(usize::from(end.is_some())));
            if end.is_some() {
                self.number = line;
                return Ok(true);
            }
        }
    }

    /// The line that was read last.
    pub(super) fn text(&self) -> Result<&str, TransferError> {
        std::str::from_utf8(&self.line).map_err(|_| TransferError::Malformed {
            line: self.number,
            kind: None,
            expected: "UTF-8",
        })
    }
}

/// A checksum as it stands in a file.
pub(super) fn hex(hash: Sha256) -> String {
    hash.finalize().iter().map(|byte| format!("{byte:02x}")).collect()
}
