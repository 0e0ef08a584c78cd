//! A platform behind real sockets: one connection for each call, a line of JSON and then a file's
//! bytes; so that the kit is known to work where calls can really be cut, and bytes really pile up.

use std::collections::BTreeMap;
use std::net::SocketAddr;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use async_trait::async_trait;
use chrono::TimeDelta;
use mcmp_core::account::{AccountKind, ExternalId, Platform, Tokens};
use mcmp_core::portal::Connection;
use mcmp_core::publishing::{
    AccountContext, ErrorClass, Intent, LookUp, Progress, PublishContext, PublishError, Publisher,
    PublisherCapabilities, RemoteRef, WentLive,
};
use mcmp_core::secret::SecretText;
use mcmp_core::testkit::Skip;
use mcmp_core::testkit::publisher::{
    At, Calls, Draft, Fault, Form, LiveMedia, LivePost, PlatformUnderTest, Refusal, Scripted,
};
use mcmp_core::time::ManualClock;
use mcmp_core::value::Name;
use serde_json::{Value, json};
use sha2::{Digest as _, Sha256};
use tokio::io::{AsyncBufReadExt, AsyncReadExt, AsyncWriteExt, BufReader};
use tokio::net::{TcpListener, TcpStream};

/// What the site keeps.
#[derive(Default)]
struct Site {
    uploads: BTreeMap<String, LiveMedia>,
    /// With the marks that they came with.
    posts: Vec<(String, LivePost)>,
    calls: Calls,
    media_bytes: u64,
    on_call: BTreeMap<usize, Fault>,
    on_visible: BTreeMap<usize, Fault>,
    password: u32,
    numbers: u32,
}

impl Site {
    fn fault(&mut self, is_visible: bool) -> Option<Fault> {
        let on_visible = is_visible.then(|| self.on_visible.remove(&self.calls.visible)).flatten();
        on_visible.or_else(|| self.on_call.remove(&self.calls.total))
    }

    fn number(&mut self) -> String {
        self.numbers += 1;
        self.numbers.to_string()
    }

    /// Carries a call out.
    fn carry_out(&mut self, call: &Value, file: Option<LiveMedia>) -> Value {
        if call["password"] != format!("open sesame {}", self.password) {
            return json!({ "status": 401, "said": "who are you?" });
        }
        let text = |field: &str| call[field].as_str().unwrap_or_default().to_owned();
        let of_mark = |post: &&(String, LivePost)| post.0 == text("mark");
        match call["call"].as_str() {
            Some("upload") => {
                let id = self.number();
                self.uploads.extend(file.map(|file| (id.clone(), file)));
                json!({ "status": 200, "id": id })
            }
            Some("publish") => {
                let id = self.number();
                let files = call["files"].as_array().into_iter().flatten();
                let media = files.filter_map(|id| self.uploads.get(id.as_str()?).cloned());
                let post = LivePost {
                    url: Some(format!("https://site.example/{id}")),
                    id: id.clone(),
                    title: None,
                    text: text("text"),
                    media: media.collect(),
                    parent: None,
                };
                self.posts.push((text("mark"), post));
                json!({ "status": 200, "id": id })
            }
            Some("find") => {
                let id = self.posts.iter().find(of_mark).map(|(_, post)| post.id.clone());
                json!({ "status": 200, "id": id })
            }
            Some("delete") => {
                self.posts.retain(|(_, post)| post.id != text("id"));
                json!({ "status": 200, "id": text("id") })
            }
            other => json!({ "status": 400, "said": format!("what is {other:?}?") }),
        }
    }
}

fn refusal(refusal: Refusal) -> (u64, &'static str) {
    match refusal {
        Refusal::Content => (400, "not like this"),
        Refusal::Permission => (403, "not you"),
        Refusal::Token => (401, "who are you?"),
        Refusal::Duplicate => (409, "again?"),
        other => panic!("{other:?} is new"),
    }
}

/// One call, as the server sees it; what goes wrong with the connection is the client's affair.
async fn serve(site: Arc<Mutex<Site>>, stream: TcpStream) -> Option<()> {
    let mut stream = BufReader::new(stream);
    let mut line = String::new();
    stream.read_line(&mut line).await.ok()?;
    let call: Value = serde_json::from_str(&line).ok()?;
    let file = match call["size"].as_u64() {
        Some(size) => Some(receive(&site, &mut stream, size, &call).await?),
        None => None,
    };
    let is_visible = call["call"] == "publish";
    let fault = site.lock().unwrap().fault(is_visible);
    let refused = |status: u64, said: &str| json!({ "status": status, "said": said });
    let answer = {
        let mut site = site.lock().unwrap();
        let answer = match fault {
            Some(Fault::LoseRequest | Fault::Hang) => Value::Null,
            Some(Fault::Unavailable) => refused(503, "we are closed"),
            Some(Fault::Refuse(why)) => refused(refusal(why).0, refusal(why).1),
            Some(Fault::RateLimit { retry_after }) => {
                let wait = retry_after.map(|wait| wait.num_seconds());
                json!({ "status": 429, "said": "slowly", "retry_after": wait })
            }
            _ => site.carry_out(&call, file),
        };
        site.calls.total += 1;
        site.calls.visible += usize::from(is_visible);
        answer
    };
    let text = match fault {
        Some(Fault::Hang | Fault::AcceptAndHang) => return std::future::pending().await,
        Some(Fault::LoseRequest | Fault::LoseAnswer) => return None,
        Some(Fault::FailAfterAccepting) => refused(500, "we stumbled").to_string(),
        Some(Fault::Garbage) => "{\"status\": 200, \"id".to_owned(),
        _ => answer.to_string(),
    };
    stream.get_mut().write_all(text.as_bytes()).await.ok()
}

async fn receive(
    site: &Mutex<Site>,
    stream: &mut BufReader<TcpStream>,
    size: u64,
    call: &Value,
) -> Option<LiveMedia> {
    let mut hash = Sha256::new();
    let (mut buffer, mut left) = (vec![0; 64 << 10], size);
    while left > 0 {
        let most = usize::try_from(left).map_or(buffer.len(), |left| left.min(buffer.len()));
        let read = stream.read(&mut buffer[..most]).await.ok().filter(|read| *read > 0)?;
        hash.update(&buffer[..read]);
        let read = u64::try_from(read).unwrap();
        left -= read;
        site.lock().unwrap().media_bytes += read;
    }
    let digits: String = hash.finalize().iter().map(|byte| format!("{byte:02x}")).collect();
    let checksum = mcmp_core::asset::Checksum::new("checksum", digits).unwrap();
    Some(LiveMedia { checksum, alt_text: call["alt"].as_str().map(ToOwned::to_owned) })
}

/// How long the publisher waits for the site.
const PATIENCE: Duration = Duration::from_millis(700);

#[derive(Debug)]
struct SitePublisher {
    platform: Platform,
    address: SocketAddr,
}

impl SitePublisher {
    async fn call(
        &self,
        cx: AccountContext<'_>,
        mut call: Value,
        file: Option<(&PublishContext<'_>, usize)>,
    ) -> Result<Value, PublishError> {
        call["password"] = json!(cx.tokens.access.expose());
        let unsure = match call["call"].as_str() {
            Some("publish") => ErrorClass::UnknownOutcome,
            _ => ErrorClass::Transient,
        };
        let broken = |code: &str, what: &str| {
            PublishError::new(unsure, "the site does not answer").code(code).raw(what)
        };
        let mut text = String::new();
        let exchange = async {
            let mut stream = TcpStream::connect(self.address).await?;
            stream.write_all(format!("{call}\n").as_bytes()).await?;
            if let Some((cx, index)) = file {
                let file = &cx.media_files()[index];
                let mut sent = 0;
                while sent < file.size_bytes {
                    let piece = cx.media.read_chunk(&file.storage_key, sent, 256 << 10).await;
                    let piece = piece.map_err(std::io::Error::other)?;
                    stream.write_all(&piece).await?;
                    sent += u64::try_from(piece.len()).unwrap();
                }
            }
            tokio::time::timeout(PATIENCE, stream.read_to_string(&mut text)).await??;
            Ok::<_, std::io::Error>(())
        };
        exchange.await.map_err(|error| broken("network", &error.to_string()))?;
        let answer: Value = serde_json::from_str(&text)
            .map_err(|error| broken("unreadable", &error.to_string()))?;
        let (status, said) = (answer["status"].as_u64(), answer["said"].as_str());
        let class = match status {
            Some(200) => return Ok(answer),
            Some(400) => ErrorClass::InvalidContent,
            Some(401) => ErrorClass::Reconnect,
            Some(403) => ErrorClass::Permission,
            Some(409) => ErrorClass::Duplicate,
            Some(429) => {
                let wait = answer["retry_after"].as_i64();
                ErrorClass::RateLimited { until: wait.map(|s| cx.now + TimeDelta::seconds(s)) }
            }
            _ => unsure,
        };
        let code = status.map_or_else(|| "none".to_owned(), |status| status.to_string());
        Err(PublishError::new(class, "the site refuses").code(code).raw(said.unwrap_or("")))
    }
}

fn account<'a>(cx: &PublishContext<'a>) -> AccountContext<'a> {
    AccountContext { account: cx.account, tokens: cx.tokens, rates: cx.rates, now: cx.now }
}

fn remote(answer: &Value) -> Option<RemoteRef> {
    let id = answer["id"].as_str()?.to_owned();
    Some(RemoteRef { url: Some(format!("https://site.example/{id}")), id })
}

#[async_trait]
impl Publisher for SitePublisher {
    fn platform(&self) -> &Platform {
        &self.platform
    }

    fn capabilities(&self) -> PublisherCapabilities {
        PublisherCapabilities {
            can_look_up: true,
            delete: true,
            go_live_budget: TimeDelta::seconds(2),
            call_budget: TimeDelta::seconds(30),
            ..PublisherCapabilities::default()
        }
    }

    async fn prepare(&self, cx: &PublishContext<'_>) -> Result<Progress, PublishError> {
        let mut files: Vec<Value> =
            cx.checkpoint().and_then(|at| at["files"].as_array()).cloned().unwrap_or_default();
        let Some(file) = cx.media_files().get(files.len()) else {
            return Ok(Progress::Ready { checkpoint: None });
        };
        let call = json!({ "call": "upload", "size": file.size_bytes, "alt": file.alt_text });
        let answer = self.call(account(cx), call, Some((cx, files.len()))).await?;
        files.push(answer["id"].clone());
        let checkpoint = json!({ "files": files });
        Ok(Progress::Continue { checkpoint, resume_in: TimeDelta::zero() })
    }

    async fn go_live(&self, cx: &PublishContext<'_>) -> Result<WentLive, PublishError> {
        let files = cx.checkpoint().map(|at| at["files"].clone());
        let (mark, text) = (cx.dedupe_key(), cx.text());
        let call = json!({ "call": "publish", "mark": mark, "text": text, "files": files });
        let answer = self.call(account(cx), call, None).await?;
        remote(&answer)
            .map(WentLive::Live)
            .ok_or_else(|| PublishError::new(ErrorClass::UnknownOutcome, "no id came back"))
    }

    async fn look_up(
        &self,
        cx: &PublishContext<'_>,
        _intent: &Intent,
    ) -> Result<LookUp, PublishError> {
        let call = json!({ "call": "find", "mark": cx.dedupe_key() });
        let answer = self.call(account(cx), call, None).await?;
        Ok(remote(&answer).map_or(LookUp::Absent, LookUp::Found))
    }

    async fn delete(
        &self,
        cx: &AccountContext<'_>,
        remote: &RemoteRef,
    ) -> Result<(), PublishError> {
        self.call(*cx, json!({ "call": "delete", "id": remote.id }), None).await.map(drop)
    }
}

/// The site with its server.
struct SiteUnderTest {
    site: Arc<Mutex<Site>>,
    address: SocketAddr,
}

async fn fresh(_clock: ManualClock) -> Result<SiteUnderTest, Skip> {
    let listener = TcpListener::bind("127.0.0.1:0").await.map_err(|error| Skip {
        what: format!("no local sockets: {error}"),
        install: "a loopback interface".to_owned(),
    })?;
    let address = listener.local_addr().unwrap();
    let site = Arc::new(Mutex::new(Site::default()));
    let kept = site.clone();
    tokio::spawn(async move {
        while let Ok((stream, _)) = listener.accept().await {
            tokio::spawn(serve(kept.clone(), stream));
        }
    });
    Ok(SiteUnderTest { site, address })
}

mcmp_core::publisher_conformance!(fresh);

#[async_trait]
impl PlatformUnderTest for SiteUnderTest {
    fn publisher(&self) -> Arc<dyn Publisher> {
        Arc::new(SitePublisher { platform: Platform::WEBSITE, address: self.address })
    }

    fn connection(&self) -> Connection {
        let password = format!("open sesame {}", self.site.lock().unwrap().password);
        let id = ExternalId::new("external_id", "site.example").unwrap();
        let name = Name::new("display_name", "Site").unwrap();
        let tokens = Tokens::new(SecretText::new(password));
        Connection::new(Platform::WEBSITE, AccountKind::Site, id, name, tokens)
    }

    fn draft(&self, form: Form) -> Option<Draft> {
        match form {
            Form::Thread | Form::FirstComment => None,
            form => Some(Draft::of(form)),
        }
    }

    async fn script(&self, at: At, fault: Fault) -> Scripted {
        let mut site = self.site.lock().unwrap();
        let so_far = site.calls;
        match at {
            At::Visible(n) => site.on_visible.insert(so_far.visible + n, fault),
            At::Call(n) => site.on_call.insert(so_far.total + n, fault),
            other => panic!("{other:?} is new"),
        };
        match fault {
            Fault::Refuse(why) => Scripted::Saying(refusal(why).1.to_owned()),
            _ => Scripted::Yes,
        }
    }

    async fn live(&self) -> Vec<LivePost> {
        self.site.lock().unwrap().posts.iter().map(|(_, post)| post.clone()).collect()
    }

    fn calls(&self) -> Calls {
        self.site.lock().unwrap().calls
    }

    async fn expire_token(&self) -> Scripted {
        self.site.lock().unwrap().password += 1;
        Scripted::Yes
    }

    async fn revoke(&self) -> Scripted {
        self.expire_token().await
    }

    fn media_bytes_read(&self) -> Option<u64> {
        Some(self.site.lock().unwrap().media_bytes)
    }

    async fn orphans(&self) -> usize {
        let site = self.site.lock().unwrap();
        let used: usize = site.posts.iter().map(|(_, post)| post.media.len()).sum();
        site.uploads.len() - used
    }

    fn orphans_allowed(&self) -> usize {
        // The one file whose upload was not heard of.
        1
    }
}
