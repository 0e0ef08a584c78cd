//! The schema that a store lives in.

use std::fmt;
use std::str::FromStr;

use mcmp_core::value::InvalidValue;

/// The name of the schema that a store's tables lie in: 1 to 28 bytes of `a`-`z`, `0`-`9` and `_`,
/// beginning with a letter, and not `pg_..`, which PostgreSQL keeps for itself.
///
/// PostgreSQL cuts names at 63 bytes; what is left is for a client's own schema beside it, whose name
/// is this one with `_c_` and the client's id.
///
/// ```
/// use mcmp_store_postgres::SchemaName;
///
/// let name: SchemaName = "mcmp".parse()?;
/// assert_eq!(name.as_str(), "mcmp");
/// assert!("Robert\"; DROP TABLE posts".parse::<SchemaName>().is_err());
/// # Ok::<(), mcmp_core::value::InvalidValue>(())
/// ```
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct SchemaName(String);

impl SchemaName {
    /// Most bytes.
    pub const MAX_LEN: usize = 28;

    /// The name, as it is written in the database.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// The name as statements have it.
    pub(crate) fn quoted(&self) -> String {
        format!("\"{}\"", self.0)
    }

    /// Something of the schema, as statements name it.
    pub(crate) fn qualified(&self, name: &str) -> String {
        format!("\"{}\".\"{name}\"", self.0)
    }
}

impl Default for SchemaName {
    /// `mcmp`.
    fn default() -> Self {
        Self("mcmp".to_owned())
    }
}

impl fmt::Display for SchemaName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl FromStr for SchemaName {
    type Err = InvalidValue;

    fn from_str(name: &str) -> Result<Self, Self::Err> {
        if name.is_empty() || name.len() > Self::MAX_LEN {
            return Err(InvalidValue::out_of_range("schema", 1, Self::MAX_LEN, name.len()));
        }
        let plain = |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'_';
        let begins = name.as_bytes().first().is_some_and(u8::is_ascii_lowercase);
        if !begins || !name.bytes().all(plain) || name.starts_with("pg_") {
            let wanted = "a-z, 0-9 and _, beginning with a letter, and not with pg_";
            return Err(InvalidValue::malformed("schema", wanted, name));
        }
        Ok(Self(name.to_owned()))
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::SchemaName;

    #[test]
    fn names_are_plain() {
        for good in ["mcmp", "m", "social_2", "a23456789012345678901234567_"] {
            assert_eq!(good.parse::<SchemaName>().unwrap().as_str(), good);
        }
        let long = "a".repeat(29);
        for bad in ["", "2fast", "_m", "Mcmp", "pg_mcmp", "a-b", "a b", "a\"b", "ä", long.as_str()]
        {
            assert!(bad.parse::<SchemaName>().is_err(), "{bad:?}");
        }
    }

    proptest! {
        #[test]
        fn nothing_that_parses_needs_escaping(name in ".{0,40}") {
            if let Ok(name) = name.parse::<SchemaName>() {
                prop_assert!(!name.quoted()[1..name.quoted().len() - 1].contains(['"', '\\', '\'', '\0']));
            }
        }
    }
}
