//! Time: what people mean by it, the instants it comes to, and everything planned with it.
//!
//! All scheduling arithmetic of the workspace is here, so that calendar, API, mail and worker agree.
//!
//! | file | holds |
//! |---|---|
//! | `clock`, `manual_clock` | where "now" comes from |
//! | `range` | the plannable span, whole milliseconds |
//! | `wall` | local time and zone to an instant, with a named answer for skipped and doubled times |
//! | `schedule` | the instant beside what was meant; deriving anew after a change of the tz data |
//! | `window` | posting windows |
//! | `slots` | weekly queue slots, the next free one |
//! | `recurrence` | rules of RFC 5545, series with exceptions |
//! | `calendar` | day, week and month as ranges of instants |
//! | `month` | calendar months, for what is counted by the month |
//! | `weekday_name` | weekdays by their English names, on the wire |

mod calendar;
mod clock;
mod manual_clock;
mod month;
mod range;
mod recurrence;
mod schedule;
mod slots;
#[cfg(test)]
mod tests;
mod wall;
mod weekday_name;
mod window;

pub use calendar::{CalendarDay, CalendarRange, CalendarView, calendar_range};
pub use clock::{Clock, SystemClock};
pub use manual_clock::ManualClock;
pub use month::Month;
pub use range::{FIRST_DAY, LAST_DAY, to_millis};
pub use recurrence::{
    ByDay, Due, End, Frequency, Occurrence, Recurrence, RecurrenceParts, SeriesChange, SeriesRule,
    SeriesSplit,
};
pub use schedule::{Moved, Schedule, rederive};
pub use slots::{
    MAX_HORIZON_DAYS, NoFreeSlot, QueueSlots, SlotTime, UpcomingSlots, next_free_slot,
};
pub use wall::{ClockShift, Fold, Resolved, WallTime};
pub use window::{PostingWindows, TimeWindow};
