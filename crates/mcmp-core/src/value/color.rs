//! Brand colours.

use std::fmt;

use serde::{Deserialize, Serialize};

use super::InvalidValue;

/// An opaque sRGB colour, written `#rrggbb`; `#rgb` is taken as its short form.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct Color(u32);

impl Color {
    /// Checks `value`; `field` is named in the error.
    ///
    /// # Errors
    /// Not `#rgb` or `#rrggbb` in hexadecimal digits.
    pub fn new(field: &str, value: impl AsRef<str>) -> Result<Self, InvalidValue> {
        let value = value.as_ref();
        let refused = || InvalidValue::malformed(field, "a colour as #rrggbb", value);
        let digits = value.strip_prefix('#').ok_or_else(refused)?;
        if !digits.bytes().all(|b| b.is_ascii_hexdigit()) {
            return Err(refused());
        }
        let number = u32::from_str_radix(digits, 16).map_err(|_| refused())?;
        match digits.len() {
            6 => Ok(Self(number)),
            3 => {
                let (r, g, b) = (number >> 8, (number >> 4) & 0xf, number & 0xf);
                Ok(Self(((r * 0x11) << 16) | ((g * 0x11) << 8) | (b * 0x11)))
            }
            _ => Err(refused()),
        }
    }
}

impl TryFrom<String> for Color {
    type Error = InvalidValue;

    fn try_from(value: String) -> Result<Self, Self::Error> {
        Self::new("color", value)
    }
}

impl From<Color> for String {
    fn from(value: Color) -> Self {
        value.to_string()
    }
}

impl fmt::Display for Color {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "#{:06x}", self.0)
    }
}
