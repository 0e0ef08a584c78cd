//! The conformance kit for publishers, against the fake.

use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use chrono::TimeDelta;
use mcmp_core::account::Tokens;
use mcmp_core::portal::Connection;
use mcmp_core::publishing::Publisher;
use mcmp_core::secret::SecretText;
use mcmp_core::testkit::Skip;
use mcmp_core::testkit::publisher::{
    At, Calls, Draft, Fault, Form, LiveMedia, LivePost, PlatformUnderTest, Refusal, Scripted,
};
use mcmp_core::time::{Clock, ManualClock};
use mcmp_platforms::http::HttpSettings;
use mcmp_platforms::wordpress::WordPress;

use super::fake::{FakeWordPress, Trouble, USER, When, error, html};
use crate::fake_server::Reply;

struct UnderTest {
    site: FakeWordPress,
    wordpress: Arc<WordPress>,
    connection: Connection,
}

async fn fresh(clock: ManualClock) -> Result<UnderTest, Skip> {
    let site = FakeWordPress::start().await;
    let settings = HttpSettings::loopback()
        .timeout(Duration::from_millis(400))
        .upload_timeout(Duration::from_secs(4));
    let wordpress = WordPress::new(&settings).unwrap().go_live_budget(TimeDelta::milliseconds(400));
    let now = clock.now();
    let found = wordpress.find(&site.url(), now).await.unwrap();
    let password = SecretText::new(site.password());
    let connection = wordpress.connect(&found, USER, &password, now).await.unwrap();
    site.forget_calls();
    Ok(UnderTest { site, wordpress: Arc::new(wordpress), connection })
}

#[async_trait]
impl PlatformUnderTest for UnderTest {
    fn publisher(&self) -> Arc<dyn Publisher> {
        self.wordpress.clone()
    }

    fn connection(&self) -> Connection {
        let access = format!("{USER}:{}", self.site.password());
        Connection { tokens: Tokens::new(SecretText::new(access)), ..self.connection.clone() }
    }

    fn draft(&self, form: Form) -> Option<Draft> {
        match form {
            Form::Thread | Form::FirstComment => None,
            form => Some(Draft::of(form).title("Fish & <chips> \"today\"")),
        }
    }

    async fn script(&self, at: At, fault: Fault) -> Scripted {
        let when = match at {
            At::Visible(n) => When::Visible(n),
            At::Call(n) => When::Call(n),
            _ => return Scripted::NotOnThisPlatform,
        };
        let (trouble, said) = match fault {
            Fault::LoseAnswer => (Trouble::CutAfter, None),
            Fault::FailAfterAccepting => {
                (Trouble::SayAfter(html(502, "Bad Gateway")), Some("Bad Gateway"))
            }
            Fault::Garbage => {
                let warning =
                    "<br />\n<b>Warning</b>: Undefined array key in <b>/a.php</b>\n{\"id\":";
                (Trouble::SayAfter(Reply::text(201, warning)), Some("Undefined array key"))
            }
            Fault::AcceptAndHang => (Trouble::HangAfter, None),
            Fault::LoseRequest => (Trouble::CutBefore, None),
            Fault::Unavailable => {
                (Trouble::SayInstead(html(503, "Maintenance")), Some("Maintenance"))
            }
            Fault::Hang => (Trouble::HangBefore, None),
            Fault::Refuse(Refusal::Content) => {
                let message = "Invalid parameter(s): title";
                (Trouble::SayInstead(error(400, "rest_invalid_param", message)), Some(message))
            }
            Fault::Refuse(Refusal::Permission) => {
                let message = "Sorry, you are not allowed to create posts as this user.";
                (Trouble::SayInstead(error(403, "rest_cannot_create", message)), Some(message))
            }
            Fault::Refuse(Refusal::Token) => {
                let message = "The provided password is an invalid application password.";
                (Trouble::SayInstead(error(401, "incorrect_password", message)), Some(message))
            }
            Fault::RateLimit { retry_after } => {
                let mut reply = html(429, "Too Many Requests");
                if let Some(wait) = retry_after {
                    reply = reply.header("retry-after", wait.num_seconds().to_string());
                }
                (Trouble::SayInstead(reply), Some("Too Many Requests"))
            }
            // WordPress takes everything twice without a word.
            _ => return Scripted::NotOnThisPlatform,
        };
        self.site.script(when, trouble);
        said.map_or(Scripted::Yes, |said| Scripted::Saying(said.to_owned()))
    }

    async fn live(&self) -> Vec<LivePost> {
        let posts = self.site.seen().into_iter().map(|post| LivePost {
            id: post.id.to_string(),
            url: Some(post.url),
            title: Some(post.title),
            text: post.text,
            media: post
                .files
                .iter()
                .map(|file| LiveMedia::of(&file.bytes, Some(file.alt_text.clone())))
                .collect(),
            parent: None,
        });
        posts.collect()
    }

    fn calls(&self) -> Calls {
        let (total, visible) = self.site.calls();
        Calls { visible, total }
    }

    async fn expire_token(&self) -> Scripted {
        // An application password does not end by itself; it is taken away.
        self.site.change_password();
        Scripted::Yes
    }

    async fn revoke(&self) -> Scripted {
        self.site.change_password();
        Scripted::Yes
    }

    fn secrets(&self) -> Vec<String> {
        vec![self.site.password()]
    }

    async fn orphans(&self) -> usize {
        let (files, shown) = (self.site.with_store(|store| store.files.len()), self.site.seen());
        files - shown.iter().map(|post| post.files.len()).sum::<usize>()
    }
}

mcmp_core::publisher_conformance!(fresh);
