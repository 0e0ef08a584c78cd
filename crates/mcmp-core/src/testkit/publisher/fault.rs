//! What a fake platform can be told to do wrong.

use chrono::TimeDelta;

/// Which call of those to come goes wrong. Calls are counted from 0, from the moment of
/// [`script`](super::PlatformUnderTest::script) on, as they reach the platform.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum At {
    /// Of the visible calls, the one that so many others precede.
    Visible(usize),
    /// Of all calls, the one that so many others precede: uploads, polls, look-ups, refreshes and
    /// the visible call alike.
    Call(usize),
}

/// What goes wrong with one call. It happens once; the calls after it are well again.
///
/// "Carried out" means: as if nothing were wrong, but for the answer.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Fault {
    /// Carried out; the connection breaks before the answer.
    LoseAnswer,
    /// Carried out; the answer is a server error.
    FailAfterAccepting,
    /// Carried out; the answer says success and can't be read, such as half a JSON document.
    Garbage,
    /// Carried out; no answer comes, and the connection stays open.
    AcceptAndHang,
    /// Not carried out; the connection breaks, just as with [`Fault::LoseAnswer`].
    LoseRequest,
    /// Not carried out; the answer is a server error, such as a 503.
    Unavailable,
    /// Not carried out; no answer comes, and the connection stays open.
    Hang,
    /// Not carried out; the answer is the platform's own for this, word for word.
    Refuse(Refusal),
    /// Not carried out; the answer is the platform's own for too many calls.
    RateLimit {
        /// After how long calls are taken again, in whole seconds; `None` does not say.
        retry_after: Option<TimeDelta>,
    },
}

/// Why a platform refuses a call.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Refusal {
    /// It does not take the content.
    Content,
    /// The grant does not allow this.
    Permission,
    /// It does not take the access token, this once.
    Token,
    /// It says that it has this already.
    Duplicate,
}

/// Whether a fake did as it was told.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub enum Scripted {
    /// It will.
    Yes,
    /// It will, and its answer has this text in it, which the error's raw text must keep.
    Saying(String),
    /// This platform has no such thing. Of faults that come from the network or a failing server
    /// that is no answer: every platform can lose a connection.
    NotOnThisPlatform,
}
