//! What the names of our tables start with.

use mcmp_core::value::InvalidValue;

/// What the names of all tables start with, so that they are told apart from a host's in one file:
/// a lower-case letter, then up to 31 lower-case letters, digits and underscores.
///
/// ```
/// use mcmp_store_sqlite::TablePrefix;
///
/// assert_eq!(TablePrefix::default().as_str(), "mcmp_");
/// assert!(TablePrefix::new("shop_").is_ok());
/// assert!(TablePrefix::new("shop\"; --").is_err());
/// ```
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct TablePrefix(String);

impl TablePrefix {
    const MAX: usize = 32;

    /// Checks a prefix.
    ///
    /// # Errors
    /// It is empty, too long, has other characters, or starts like SQLite's own tables.
    pub fn new(text: &str) -> Result<Self, InvalidValue> {
        let is_part = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '_';
        let starts_well = text.starts_with(|c: char| c.is_ascii_lowercase());
        if !starts_well || !text.chars().all(is_part) {
            let expected = "a lower-case letter, then lower-case letters, digits and underscores";
            return Err(InvalidValue::malformed("prefix", expected, text));
        }
        if text.len() > Self::MAX {
            return Err(InvalidValue::out_of_range("prefix", 1, Self::MAX, text.len()));
        }
        if text.starts_with("sqlite_") {
            return Err(InvalidValue::inconsistent("prefix", "is kept for SQLite's own tables"));
        }
        Ok(Self(text.to_owned()))
    }

    /// The prefix.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// A table of ours, quoted.
    pub(crate) fn table(&self, name: &str) -> String {
        format!("\"{}{name}\"", self.0)
    }
}

impl Default for TablePrefix {
    fn default() -> Self {
        Self("mcmp_".to_owned())
    }
}

#[cfg(test)]
mod tests {
    use super::TablePrefix;

    #[test]
    fn only_plain_identifiers_are_prefixes() {
        for good in ["mcmp_", "a", "x9_", &"a".repeat(32)] {
            assert_eq!(TablePrefix::new(good).unwrap().as_str(), good);
        }
        let long = "a".repeat(33);
        for bad in ["", "9a", "_a", "Aa", "a-b", "a\"b", "a b", "ä", "a\0", "sqlite_x", &long] {
            assert!(TablePrefix::new(bad).is_err(), "{bad}");
        }
    }

    #[test]
    fn tables_are_quoted() {
        assert_eq!(TablePrefix::new("order").unwrap().table("post"), "\"orderpost\"");
    }
}
