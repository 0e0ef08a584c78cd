//! What was asked for on the command line.

use std::error::Error;

use mcmp_core::secret::SecretText;

pub(crate) const HELP: &str = "\
Shows a week of one agency's publishing on fake platforms, in seconds.

    --wordpress URL    publish one post with an image to this site instead, for real
    --user NAME        as this user
    --password TEXT    with this application password of that user
                       (Users > Profile > Application Passwords)
    --help             this text";

/// What to do.
pub(crate) enum Args {
    Week,
    WordPress(Login),
    Help,
}

/// A real site and who publishes there.
pub(crate) struct Login {
    pub(crate) site: String,
    pub(crate) user: String,
    pub(crate) password: SecretText,
}

impl Args {
    pub(crate) fn parse() -> Result<Self, Box<dyn Error + Send + Sync>> {
        let (mut site, mut user, mut password) = (None, None, None);
        let mut given = std::env::args().skip(1);
        while let Some(name) = given.next() {
            let slot = match name.as_str() {
                "--wordpress" => &mut site,
                "--user" => &mut user,
                "--password" => &mut password,
                "--help" | "-h" => return Ok(Self::Help),
                other => return Err(format!("“{other}” is not known.\n\n{HELP}").into()),
            };
            let value = given.next().ok_or_else(|| format!("{name} needs a value.\n\n{HELP}"))?;
            *slot = Some(value);
        }
        match (site, user, password) {
            (None, None, None) => Ok(Self::Week),
            (Some(site), Some(user), Some(password)) => {
                Ok(Self::WordPress(Login { site, user, password: SecretText::new(password) }))
            }
            _ => Err(format!("--wordpress, --user and --password go together.\n\n{HELP}").into()),
        }
    }
}
