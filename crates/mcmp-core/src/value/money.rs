//! Amounts of money.

use serde::{Deserialize, Serialize};

use super::InvalidValue;

/// An amount in the currency's minor unit, so that nothing is rounded: 1999 and `EUR` is 19.99 EUR.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct Money {
    /// The amount in minor units (cents).
    pub minor: i64,
    /// The currency.
    pub currency: Currency,
}

/// An ISO 4217 currency code: three capital letters.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct Currency(String);

impl Currency {
    /// Checks `value`; `field` is named in the error.
    ///
    /// # Errors
    /// Not three ASCII capital letters.
    pub fn new(field: &str, value: impl AsRef<str>) -> Result<Self, InvalidValue> {
        let value = value.as_ref();
        if value.len() == 3 && value.bytes().all(|b| b.is_ascii_uppercase()) {
            Ok(Self(value.to_owned()))
        } else {
            Err(InvalidValue::malformed(field, "an ISO 4217 code such as EUR", value))
        }
    }

    /// The code.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl TryFrom<String> for Currency {
    type Error = InvalidValue;

    fn try_from(value: String) -> Result<Self, Self::Error> {
        Self::new("currency", value)
    }
}

impl From<Currency> for String {
    fn from(value: Currency) -> Self {
        value.0
    }
}
