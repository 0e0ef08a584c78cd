//! Short texts with a length range, checked where they are made.

use super::InvalidValue;

/// Makes a text newtype: trimmed, free of control characters but line breaks and tabs, and
/// `$min..=$max` Unicode scalar values long. Deserialising runs the same check.
macro_rules! bounded_text {
    ($(#[$doc:meta])* $name:ident, $field:literal, $min:literal..=$max:literal) => {
        $(#[$doc])*
        #[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, serde::Serialize, serde::Deserialize)]
        #[serde(try_from = "String", into = "String")]
        pub struct $name(String);

        impl $name {
            /// Fewest characters (Unicode scalar values).
            pub const MIN: usize = $min;
            /// Most characters (Unicode scalar values).
            pub const MAX: usize = $max;

            /// Trims and checks `value`; `field` is named in the error.
            ///
            /// # Errors
            /// Too short, too long, or a control character inside.
            pub fn new(field: &str, value: impl AsRef<str>) -> Result<Self, $crate::value::InvalidValue> {
                $crate::value::text::bounded(field, value.as_ref(), $min, $max).map(Self)
            }

            /// The text.
            #[must_use]
            pub fn as_str(&self) -> &str {
                &self.0
            }
        }

        impl TryFrom<String> for $name {
            type Error = $crate::value::InvalidValue;

            fn try_from(value: String) -> Result<Self, Self::Error> {
                Self::new($field, value)
            }
        }

        impl std::str::FromStr for $name {
            type Err = $crate::value::InvalidValue;

            fn from_str(value: &str) -> Result<Self, Self::Err> {
                Self::new($field, value)
            }
        }

        impl From<$name> for String {
            fn from(value: $name) -> Self {
                value.0
            }
        }

        impl AsRef<str> for $name {
            fn as_ref(&self) -> &str {
                &self.0
            }
        }

        impl std::fmt::Display for $name {
            fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                f.write_str(&self.0)
            }
        }
    };
}
pub(crate) use bounded_text;

pub(crate) fn bounded(
    field: &str,
    value: &str,
    min: usize,
    max: usize,
) -> Result<String, InvalidValue> {
    let value = value.trim();
    let length = value.chars().count();
    if length == 0 && min > 0 {
        return Err(InvalidValue::required(field).limit(min));
    }
    if length < min {
        return Err(InvalidValue::too_short(field, min, length));
    }
    if length > max {
        return Err(InvalidValue::too_long(field, max, length));
    }
    if value.chars().any(|c| c.is_control() && !matches!(c, '\n' | '\r' | '\t')) {
        return Err(InvalidValue::malformed(
            field,
            "text without control characters",
            value.escape_debug(),
        ));
    }
    Ok(value.to_owned())
}

bounded_text! {
    /// What people call a thing: an agency, a client, a campaign, a stage. 1 to 120 characters.
    Name, "name", 1..=120
}
bounded_text! {
    /// A tag or category as people type it. 1 to 60 characters.
    Label, "label", 1..=60
}
bounded_text! {
    /// A remark on a decision, a task, a hold. 1 to 5,000 characters.
    Note, "note", 1..=5000
}
bounded_text! {
    /// A long text kept as written: guidelines, a brief's description, in Markdown. Up to 100,000 characters.
    Markdown, "markdown", 0..=100000
}
