//! Numbers with their sources, and exact ratios.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};

use crate::rules::Severity;
use crate::value::InvalidValue;

/// One limit with where it is written down.
///
/// In a file: `max = { value = 280, source = "counting" }`, where `counting` is a key of the
/// file's `[sources]`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Limit<T> {
    /// The limit.
    pub value: T,
    /// A key of [`PlatformLimits::sources`](super::PlatformLimits::sources), or
    /// [`OPERATOR_SOURCE`](super::OPERATOR_SOURCE).
    pub source: String,
    /// No page of the platform itself was read for it: third parties say so, or it was tried out.
    #[serde(default, skip_serializing_if = "is_false")]
    pub unverified: bool,
    /// What passing it over means; a platform that only advises, or a number that may well be
    /// wrong, warns.
    #[serde(default, skip_serializing_if = "is_error")]
    pub severity: Severity,
}

#[allow(clippy::trivially_copy_pass_by_ref, reason = "serde passes a reference")]
pub(super) fn is_false(value: &bool) -> bool {
    !value
}

#[allow(clippy::trivially_copy_pass_by_ref, reason = "serde passes a reference")]
fn is_error(value: &Severity) -> bool {
    *value == Severity::Error
}

/// Width to height, exact: written `4:5` or `1.91:1`, with up to four decimals.
///
/// ```
/// use mcmp_core::rules::limits::Ratio;
///
/// let wide: Ratio = "1.91:1".parse()?;
/// // The sides of a picture are whole pixels, so the next whole pixel still fits.
/// assert!(wide.admits_as_widest(1200, 628));
/// assert!(!wide.admits_as_widest(1202, 628));
/// # Ok::<(), mcmp_core::value::InvalidValue>(())
/// ```
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct Ratio {
    width: u64,
    height: u64,
    written: String,
}

impl Ratio {
    const SCALE: u64 = 10_000;

    /// Whether a picture of this size is at most this wide for its height.
    #[must_use]
    pub fn admits_as_widest(&self, width: u32, height: u32) -> bool {
        // width <= ceil(height * ratio), in whole numbers.
        let (w, h) = (u128::from(width), u128::from(height));
        let bound = (h * u128::from(self.width)).div_ceil(u128::from(self.height));
        w <= bound
    }

    /// Whether a picture of this size is at least this wide for its height.
    #[must_use]
    pub fn admits_as_tallest(&self, width: u32, height: u32) -> bool {
        // height <= ceil(width / ratio), in whole numbers.
        let (w, h) = (u128::from(width), u128::from(height));
        let bound = (w * u128::from(self.height)).div_ceil(u128::from(self.width));
        h <= bound
    }

    /// Whether a picture of this size has this ratio, give or take a pixel.
    #[must_use]
    pub fn is_met_by(&self, width: u32, height: u32) -> bool {
        self.admits_as_widest(width, height) && self.admits_as_tallest(width, height)
    }
}

impl FromStr for Ratio {
    type Err = InvalidValue;

    fn from_str(value: &str) -> Result<Self, Self::Err> {
        let refused =
            || InvalidValue::malformed("ratio", "width:height such as 4:5 or 1.91:1", value);
        let (width, height) = value.split_once(':').ok_or_else(refused)?;
        let width = scaled(width).filter(|n| *n > 0).ok_or_else(refused)?;
        let height = scaled(height).filter(|n| *n > 0).ok_or_else(refused)?;
        Ok(Self { width, height, written: value.to_owned() })
    }
}

/// A decimal with up to four places, in ten-thousandths.
fn scaled(text: &str) -> Option<u64> {
    let (whole, fraction) = text.split_once('.').unwrap_or((text, "0"));
    let digits = |part: &str, most: usize| {
        (1..=most).contains(&part.len()) && part.bytes().all(|b| b.is_ascii_digit())
    };
    if !digits(whole, 6) || !digits(fraction, 4) {
        return None;
    }
    let whole: u64 = whole.parse().ok()?;
    let fraction: u64 = format!("{fraction:0<4}").parse().ok()?;
    Some(whole * Ratio::SCALE + fraction)
}

impl TryFrom<String> for Ratio {
    type Error = InvalidValue;

    fn try_from(value: String) -> Result<Self, Self::Error> {
        value.parse()
    }
}

impl From<Ratio> for String {
    fn from(value: Ratio) -> Self {
        value.written
    }
}

impl fmt::Display for Ratio {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.written)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ratios_are_exact_to_the_pixel() {
        let portrait: Ratio = "4:5".parse().unwrap();
        assert!(portrait.admits_as_tallest(1080, 1350));
        assert!(!portrait.admits_as_tallest(1080, 1351));
        assert!(portrait.is_met_by(1080, 1350));
        let wide: Ratio = "1.91:1".parse().unwrap();
        assert!(wide.admits_as_widest(1080, 566));
        assert!(!wide.admits_as_widest(1080, 560));
        let thin: Ratio = "0.01:1".parse().unwrap();
        assert!(thin.admits_as_tallest(10, 1000));
        assert!(!thin.admits_as_tallest(10, 1001));
        assert!(wide.admits_as_widest(u32::MAX, u32::MAX));
    }

    #[test]
    fn other_forms_are_refused() {
        for wrong in ["", "4", "4/5", "0:1", "1:0", "-1:1", "1.23456:1", ".5:1", "1.:1", "1e3:1"] {
            assert!(wrong.parse::<Ratio>().is_err(), "{wrong}");
        }
        assert_eq!(String::from("1.91:1".parse::<Ratio>().unwrap()), "1.91:1");
    }
}
