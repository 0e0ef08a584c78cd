//! Faults that are planted behind the engine's back; each breaks a promise that publishing stands
//! on, and the simulation must notice.

/// A promise that is broken.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Mutant {
    /// The store writes the intent whatever came in between.
    IntentIsUnchecked,
    /// The store writes the intent without its events.
    EventsAreForgotten,
    /// The store passes over an event now and then.
    EventsArePassedOver,
    /// The store renews leases that have passed, or says so.
    LostLeasesAreRenewed,
    /// The store gives out what it has given out already.
    JobsAreClaimedTwice,
    /// The store gives jobs out as due before they are.
    JobsAreTakenTooEarly,
    /// The store never pauses a lane.
    LanesAreNeverPaused,
    /// The store lets lanes start before the platform takes calls.
    LanesAreNeverBlocked,
    /// The store lets a lane have more in flight than it may.
    LanesTakeMore,
    /// The store leaves a lane asleep after a success.
    LanesFallAsleep,
    /// The store never gives out jobs whose outcome is unknown.
    UnknownJobsAreLost,
    /// The store never finds jobs of dead workers.
    NothingExpires,
    /// The store takes jobs of live workers for dead ones'.
    LiveLeasesAreRescued,
    /// The store reads clients as if they wanted no approval.
    ApprovalIsPassedOver,
    /// The publisher sends again inside the visible call when no answer comes.
    CallIsRepeated,
    /// The publisher takes a lost answer for a proof that nothing was created.
    LostAnswerIsTransient,
    /// The publisher never finds what it looks for.
    LookUpFindsNothing,
    /// The publisher puts what follows under nothing.
    ParentIsForgotten,
    /// The publisher says that it is live, and has sent nothing.
    SuccessIsMadeUp,
    /// The publisher sends a text that is not the approved one.
    TextIsChanged,
    /// The publisher puts the token into an error.
    TokenIsTold,
}

impl Mutant {
    /// Faults of stores.
    pub const OF_STORES: &'static [Mutant] = &[
        Self::IntentIsUnchecked,
        Self::EventsAreForgotten,
        Self::EventsArePassedOver,
        Self::LostLeasesAreRenewed,
        Self::JobsAreClaimedTwice,
        Self::JobsAreTakenTooEarly,
        Self::LanesAreNeverPaused,
        Self::LanesAreNeverBlocked,
        Self::LanesTakeMore,
        Self::LanesFallAsleep,
        Self::UnknownJobsAreLost,
        Self::NothingExpires,
        Self::LiveLeasesAreRescued,
        Self::ApprovalIsPassedOver,
    ];

    /// Faults of publishers.
    pub const OF_PUBLISHERS: &'static [Mutant] = &[
        Self::CallIsRepeated,
        Self::LostAnswerIsTransient,
        Self::LookUpFindsNothing,
        Self::ParentIsForgotten,
        Self::SuccessIsMadeUp,
        Self::TextIsChanged,
        Self::TokenIsTold,
    ];

    /// Whether it changes what is committed.
    pub(crate) fn rewrites(self) -> bool {
        matches!(
            self,
            Self::IntentIsUnchecked
                | Self::EventsAreForgotten
                | Self::LanesAreNeverPaused
                | Self::LanesAreNeverBlocked
                | Self::LanesTakeMore
                | Self::LanesFallAsleep
        )
    }
}
