//! A request's body that comes out of a channel.

use std::pin::Pin;
use std::task::{Context, Poll, ready};

use bytes::Bytes;
use http_body::{Body, Frame, SizeHint};
use tokio::sync::mpsc;

/// A body of a length known beforehand, in chunks as they come.
#[derive(Debug)]
pub(crate) struct MediaBody {
    chunks: mpsc::Receiver<Bytes>,
    left: u64,
}

/// What fills the body stopped: the request can't be completed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("the media file ended early")]
pub(crate) struct EndedEarly;

impl MediaBody {
    pub(super) fn new(chunks: mpsc::Receiver<Bytes>, len: u64) -> Self {
        Self { chunks, left: len }
    }
}

impl Body for MediaBody {
    type Data = Bytes;
    type Error = EndedEarly;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, EndedEarly>>> {
        if self.left == 0 {
            return Poll::Ready(None);
        }
        Poll::Ready(Some(match ready!(self.chunks.poll_recv(cx)) {
            Some(chunk) => {
                let len = u64::try_from(chunk.len()).unwrap_or(u64::MAX);
                self.left = self.left.saturating_sub(len);
                Ok(Frame::data(chunk))
            }
            None => Err(EndedEarly),
        }))
    }

    fn is_end_stream(&self) -> bool {
        self.left == 0
    }

    /// Exact, so that the request tells its length.
    fn size_hint(&self) -> SizeHint {
        SizeHint::with_exact(self.left)
    }
}
