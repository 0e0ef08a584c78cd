//! The error every constructor answers with.

use std::borrow::Cow;
use std::fmt::Display;

use serde::{Deserialize, Serialize};

/// Why a value was refused; the wire name is stable.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum InvalidCode {
    /// Nothing was given where something must be.
    Required,
    /// Fewer characters or items than the minimum.
    TooShort,
    /// More characters or items than the maximum.
    TooLong,
    /// A number or an instant outside its range.
    OutOfRange,
    /// Not of the form the field takes.
    Malformed,
    /// The same thing twice where it may stand once.
    Duplicate,
    /// Names something that does not exist here.
    Unknown,
    /// Each part is fine alone, together they contradict.
    Inconsistent,
}

/// A value that was refused, with the field, the limit and what was given.
///
/// ```
/// use mcmp_core::value::{InvalidCode, Slug};
///
/// let refused = Slug::new("slug", "Not A Slug").unwrap_err();
/// assert_eq!(refused.code, InvalidCode::Malformed);
/// assert_eq!(refused.field, "slug");
/// assert_eq!(refused.actual.as_deref(), Some("Not A Slug"));
/// ```
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error, Serialize, Deserialize)]
#[error("{field}: {message}")]
pub struct InvalidValue {
    /// Why, for programs.
    pub code: InvalidCode,
    /// Path of the field, such as `variants[1].text`.
    pub field: String,
    /// The limit that was passed over, where there is one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub limit: Option<String>,
    /// What was given, cut to 200 characters; never a secret.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub actual: Option<String>,
    /// Why, for people.
    pub message: Cow<'static, str>,
}

impl InvalidValue {
    /// A refusal of any kind; the named constructors below read better where they fit.
    pub fn new(
        code: InvalidCode,
        field: impl Into<String>,
        message: impl Into<Cow<'static, str>>,
    ) -> Self {
        Self { code, field: field.into(), limit: None, actual: None, message: message.into() }
    }

    /// With the limit that was passed over.
    #[must_use]
    pub fn limit(mut self, limit: impl Display) -> Self {
        self.limit = Some(limit.to_string());
        self
    }

    /// With what was given; long values are cut to 200 characters.
    #[must_use]
    pub fn actual(mut self, actual: impl Display) -> Self {
        self.actual = Some(actual.to_string().chars().take(200).collect());
        self
    }

    /// The same refusal with its field under `parent`: `text` becomes `parent.text`.
    #[must_use]
    pub fn under(mut self, parent: impl Display) -> Self {
        self.field = format!("{parent}.{}", self.field);
        self
    }

    /// Nothing was given for `field`.
    pub fn required(field: impl Into<String>) -> Self {
        Self::new(InvalidCode::Required, field, "is required")
    }

    /// `actual` characters or items where at least `min` are needed.
    pub fn too_short(field: impl Into<String>, min: usize, actual: usize) -> Self {
        Self::new(InvalidCode::TooShort, field, format!("needs at least {min}, has {actual}"))
            .limit(min)
            .actual(actual)
    }

    /// `actual` characters or items where at most `max` fit.
    pub fn too_long(field: impl Into<String>, max: usize, actual: usize) -> Self {
        Self::new(InvalidCode::TooLong, field, format!("takes at most {max}, has {actual}"))
            .limit(max)
            .actual(actual)
    }

    /// `actual` lies outside `min..=max`.
    pub fn out_of_range(
        field: impl Into<String>,
        min: impl Display,
        max: impl Display,
        actual: impl Display,
    ) -> Self {
        Self::new(
            InvalidCode::OutOfRange,
            field,
            format!("must lie between {min} and {max}, is {actual}"),
        )
        .limit(format_args!("{min}..={max}"))
        .actual(actual)
    }

    /// `actual` is not of the form that `expected` describes.
    pub fn malformed(field: impl Into<String>, expected: &str, actual: impl Display) -> Self {
        Self::new(InvalidCode::Malformed, field, format!("must be {expected}"))
            .limit(expected)
            .actual(actual)
    }

    /// `actual` stands more than once.
    pub fn duplicate(field: impl Into<String>, actual: impl Display) -> Self {
        Self::new(InvalidCode::Duplicate, field, format!("{actual} stands more than once"))
            .actual(actual)
    }

    /// `actual` names nothing that exists here.
    pub fn unknown(field: impl Into<String>, actual: impl Display) -> Self {
        Self::new(InvalidCode::Unknown, field, format!("{actual} does not exist here"))
            .actual(actual)
    }

    /// The value contradicts another one.
    pub fn inconsistent(field: impl Into<String>, message: impl Into<Cow<'static, str>>) -> Self {
        Self::new(InvalidCode::Inconsistent, field, message)
    }
}
