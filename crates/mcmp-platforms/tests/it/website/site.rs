//! A site as strict as the contract, which checks signatures with code of its own.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex};

use base64::Engine as _;
use base64::prelude::BASE64_STANDARD;
use mcmp_core::fake::ManualClock;
use mcmp_core::testkit::publisher::{At, Calls};
use mcmp_core::time::Clock;
use serde_json::{Value, json};
use sha2::{Digest, Sha256};

use crate::fake_server::{FakeServer, Received, Reply};

/// HMAC-SHA256 as RFC 2104 writes it down, for keys of up to 64 bytes.
fn hmac(key: &[u8], message: &[u8]) -> Vec<u8> {
    let pad = |fill: u8| -> Vec<u8> {
        (0..64).map(|n| key.get(n).copied().unwrap_or(0) ^ fill).collect()
    };
    let inner = Sha256::new().chain_update(pad(0x36)).chain_update(message).finalize();
    Sha256::new().chain_update(pad(0x5c)).chain_update(inner).finalize().to_vec()
}

/// What the site does with one message that passed its checks.
#[derive(Debug, Clone)]
pub(crate) enum Act {
    /// Takes it, once per id, and answers.
    Take,
    /// Takes it, once per id, and does this instead of answering.
    TakeThen(Reply),
    /// Takes nothing, and does this.
    Refuse(Reply),
    /// Knows the id: 409, naming the message or not.
    SayDuplicate { names_it: bool },
}

/// What the site has.
#[derive(Debug, Default)]
pub(crate) struct Site {
    secret: Mutex<String>,
    script: Mutex<Script>,
    /// What it answers when it takes something.
    answer: Mutex<Option<Value>>,
    seen: Mutex<BTreeMap<String, Vec<u8>>>,
    /// Every post that was taken, and every change of one, but for what was deleted.
    taken: Mutex<Vec<Value>>,
    /// What a reader sees: two messages of one post under two ids are two posts here.
    live: Mutex<Vec<Value>>,
}

/// How many messages came, and what is done with those to come.
#[derive(Debug, Default)]
struct Script {
    total: usize,
    visible: usize,
    on_call: BTreeMap<usize, Act>,
    on_visible: BTreeMap<usize, Act>,
}

impl Script {
    fn next(&mut self, is_visible: bool) -> Act {
        let (call, visible) = (self.total, self.visible);
        self.total += 1;
        self.visible += usize::from(is_visible);
        let act = is_visible.then(|| self.on_visible.remove(&visible)).flatten();
        act.or_else(|| self.on_call.remove(&call)).unwrap_or(Act::Take)
    }
}

impl Site {
    pub(crate) fn new(secret: &str) -> Arc<Self> {
        Arc::new(Self { secret: Mutex::new(secret.to_owned()), ..Self::default() })
    }

    pub(crate) async fn serve(self: &Arc<Self>, clock: Arc<ManualClock>) -> FakeServer {
        let site = self.clone();
        FakeServer::start(move |request| site.receive(request, clock.now().timestamp())).await
    }

    /// What it does with the next messages; after them it takes all.
    pub(crate) fn acts(&self, acts: impl IntoIterator<Item = Act>) {
        let mut script = self.script.lock().unwrap();
        let from = script.total;
        script.on_call = acts.into_iter().enumerate().map(|(n, act)| (from + n, act)).collect();
    }

    /// What it does with the message that `at` says, of those to come.
    pub(crate) fn act_at(&self, at: At, act: Act) {
        let mut script = self.script.lock().unwrap();
        let (total, visible) = (script.total, script.visible);
        match at {
            At::Visible(n) => script.on_visible.insert(visible + n, act),
            At::Call(n) => script.on_call.insert(total + n, act),
            other => panic!("{other:?} is new"),
        };
    }

    pub(crate) fn calls(&self) -> Calls {
        let script = self.script.lock().unwrap();
        Calls { visible: script.visible, total: script.total }
    }

    pub(crate) fn live(&self) -> Vec<Value> {
        self.live.lock().unwrap().clone()
    }

    pub(crate) fn answers(&self, answer: Value) {
        *self.answer.lock().unwrap() = Some(answer);
    }

    pub(crate) fn knows(&self, secret: &str) {
        *self.secret.lock().unwrap() = secret.to_owned();
    }

    /// Every post and change that was taken: two of one post is one too many.
    pub(crate) fn shown(&self) -> Vec<Value> {
        self.taken.lock().unwrap().clone()
    }

    fn receive(&self, request: &Received, now: i64) -> Reply {
        let path = request.target.split('?').next();
        if request.method != "POST" || path != Some("/mcmp") {
            return Reply::status(404);
        }
        let event = request.json();
        let act = self.script.lock().unwrap().next(event["type"] == "post.published");
        let Some(id) = self.verified(request, now) else {
            return Reply::text(401, "the signature is wrong");
        };
        let keys: Vec<_> = event.as_object().unwrap().keys().collect();
        assert_eq!(keys, ["data", "timestamp", "type"]);
        assert!(event["timestamp"].as_str().unwrap().ends_with('Z'));
        if let Some(first) = self.seen.lock().unwrap().get(&id) {
            assert_eq!(first, &request.body, "the same id is the same message");
        }
        match act {
            Act::Take => self.take(id, request, &event),
            Act::TakeThen(reply) => {
                self.take(id, request, &event);
                reply
            }
            Act::Refuse(reply) => reply,
            Act::SayDuplicate { names_it } => {
                let message_id = if names_it { id } else { "another".to_owned() };
                Reply::json(409, &json!({ "error": "duplicate", "webhook_id": message_id }))
            }
        }
    }

    fn verified(&self, request: &Received, now: i64) -> Option<String> {
        assert_eq!(request.header("content-type"), Some("application/json"));
        let id = request.header("webhook-id")?;
        let timestamp = request.header("webhook-timestamp")?;
        assert!(!id.contains('.') && !id.is_empty());
        let sent_at: i64 = timestamp.parse().ok()?;
        if (now - sent_at).abs() > 300 {
            return None;
        }
        let secret = self.secret.lock().unwrap().clone();
        let key = BASE64_STANDARD.decode(secret.strip_prefix("whsec_").unwrap()).unwrap();
        let signed = [format!("{id}.{timestamp}.").as_bytes(), &request.body].concat();
        let expected = format!("v1,{}", BASE64_STANDARD.encode(hmac(&key, &signed)));
        let signatures = request.header("webhook-signature")?;
        signatures.split(' ').any(|signature| signature == expected).then(|| id.to_owned())
    }

    fn take(&self, id: String, request: &Received, event: &Value) -> Reply {
        let is_new = self.seen.lock().unwrap().insert(id, request.body.clone()).is_none();
        let data = &event["data"];
        if is_new {
            let mut live = self.live.lock().unwrap();
            let mut taken = self.taken.lock().unwrap();
            let of = |post: &Value, id: &Value| post["post_id"] == *id;
            match event["type"].as_str().unwrap() {
                "post.published" => {
                    live.push(data.clone());
                    taken.push(data.clone());
                }
                "post.updated" => {
                    let post = live.iter_mut().find(|post| of(post, &data["post_id"])).unwrap();
                    *post = data.clone();
                    taken.push(data.clone());
                }
                "post.deleted" => {
                    live.retain(|post| !of(post, &data["remote"]["id"]));
                    taken.retain(|post| !of(post, &data["remote"]["id"]));
                }
                "ping" => assert_eq!(data, &json!({})),
                other => panic!("{other} is no event"),
            }
        }
        match &*self.answer.lock().unwrap() {
            Some(answer) => Reply::json(200, answer),
            None => Reply::status(204),
        }
    }
}
