//! A strict fake of a WordPress site, written from the reference of its REST API and from what
//! WordPress 6.1 answers, not from our client: what the real one refuses is refused, what it would
//! leave out without a word is refused as well.
//!
//! | file | holds |
//! |---|---|
//! | here | the server, its login, what can go wrong |
//! | `store` | what the site keeps, and how it changes what it is given |
//! | `routes` | the calls |
//! | `reader` | what a visitor sees |

mod reader;
mod routes;
mod store;

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex};

use serde_json::{Value, json};

use crate::fake_server::{FakeServer, Received, Reply};
pub(crate) use reader::Seen;
pub(crate) use routes::error;
pub(crate) use store::{FakeTerm, Store};

/// The user whose login the site takes.
pub(crate) const USER: &str = "editor";

/// What goes wrong with a call.
#[derive(Debug, Clone)]
pub(crate) enum Trouble {
    /// Carried out, and the connection breaks.
    CutAfter,
    /// Not carried out, and the connection breaks.
    CutBefore,
    /// Carried out, and no answer comes.
    HangAfter,
    /// Not carried out, and no answer comes.
    HangBefore,
    /// Carried out, and this is the answer.
    SayAfter(Reply),
    /// Not carried out, and this is the answer.
    SayInstead(Reply),
}

/// When something goes wrong: at the call that so many others precede, from now on.
#[derive(Debug, Clone, Copy)]
pub(crate) enum When {
    Call(usize),
    Visible(usize),
    /// At the next call of this method to an address with this in it.
    Next(&'static str, &'static str),
}

#[derive(Debug)]
struct Scripted {
    when: When,
    trouble: Trouble,
    /// The calls so far, as it was said.
    calls: usize,
    visible: usize,
}

/// What the server works on.
#[derive(Debug, Default)]
pub(crate) struct Site {
    pub(crate) store: Store,
    password: String,
    /// How many passwords there have been.
    passwords: usize,
    scripts: Vec<Scripted>,
    calls: usize,
    visible: usize,
}

impl Site {
    fn new_password(&mut self) -> String {
        self.passwords += 1;
        // Twenty-four letters and digits, as WordPress makes them.
        self.password = format!("aBcD1234eFgH5678iJkL{:04}", self.passwords);
        self.password.clone()
    }

    /// What goes wrong with the call that is counted as `calls` and, if it is visible, `visible`.
    fn trouble(&mut self, request: &Received, is_visible: bool) -> Option<Trouble> {
        let (calls, visible) = (self.calls, self.visible);
        let due = self.scripts.iter().position(|script| match script.when {
            When::Call(n) => calls - script.calls == n,
            When::Visible(n) => is_visible && visible - script.visible == n,
            When::Next(method, part) => request.method == method && request.target.contains(part),
        })?;
        Some(self.scripts.remove(due).trouble)
    }
}

/// The site; it stops when it is dropped.
#[derive(Debug)]
pub(crate) struct FakeWordPress {
    server: FakeServer,
    site: Arc<Mutex<Site>>,
}

impl FakeWordPress {
    pub(crate) async fn start() -> Self {
        let site = Arc::new(Mutex::new(Site::default()));
        site.lock().unwrap().new_password();
        let state = site.clone();
        let server = FakeServer::start(move |request| {
            // The address under which it was asked, as a site knows it.
            let base = format!("http://{}", request.header("host").unwrap());
            let mut site = state.lock().unwrap();
            let call = routes::Call::read(request);
            let is_visible = call.is_visible();
            let trouble = site.trouble(request, is_visible);
            let carry_out = |site: &mut Site| {
                let signed_in = is_signed_in(request, &site.password);
                routes::answer(&mut site.store, &call, signed_in, &base)
            };
            let reply = match trouble {
                None => carry_out(&mut site),
                Some(Trouble::CutAfter) => {
                    carry_out(&mut site);
                    Reply::Cut
                }
                Some(Trouble::HangAfter) => {
                    carry_out(&mut site);
                    Reply::Silence
                }
                Some(Trouble::SayAfter(reply)) => {
                    carry_out(&mut site);
                    reply
                }
                Some(Trouble::CutBefore) => Reply::Cut,
                Some(Trouble::HangBefore) => Reply::Silence,
                Some(Trouble::SayInstead(reply)) => reply,
            };
            site.calls += 1;
            site.visible += usize::from(is_visible);
            reply
        })
        .await;
        Self { server, site }
    }

    pub(crate) fn url(&self) -> String {
        self.server.url("")
    }

    /// The password that is taken now.
    pub(crate) fn password(&self) -> String {
        self.site.lock().unwrap().password.clone()
    }

    /// From now on another password is taken.
    pub(crate) fn change_password(&self) {
        self.site.lock().unwrap().new_password();
    }

    pub(crate) fn script(&self, when: When, trouble: Trouble) {
        let mut site = self.site.lock().unwrap();
        let (calls, visible) = (site.calls, site.visible);
        site.scripts.push(Scripted { when, trouble, calls, visible });
    }

    /// All calls and the visible ones among them.
    pub(crate) fn calls(&self) -> (usize, usize) {
        let site = self.site.lock().unwrap();
        (site.calls, site.visible)
    }

    /// Counts from here on.
    pub(crate) fn forget_calls(&self) {
        let mut site = self.site.lock().unwrap();
        (site.calls, site.visible) = (0, 0);
    }

    pub(crate) fn with_store<T>(&self, then: impl FnOnce(&mut Store) -> T) -> T {
        then(&mut self.site.lock().unwrap().store)
    }

    /// What a visitor sees, first to last.
    pub(crate) fn seen(&self) -> Vec<Seen> {
        reader::seen(&self.site.lock().unwrap().store, &self.url())
    }

    /// Every request so far.
    pub(crate) fn received(&self) -> Vec<Received> {
        self.server.received()
    }
}

/// Whether the call has the login of the site's user. Spaces in a password don't count.
fn is_signed_in(request: &Received, password: &str) -> bool {
    use base64::Engine as _;
    let Some(header) = request.header("authorization") else { return false };
    let Some(pair) = header.strip_prefix("Basic ") else { return false };
    let pair = base64::prelude::BASE64_STANDARD.decode(pair).unwrap();
    let pair = String::from_utf8(pair).unwrap();
    let (user, given) = pair.split_once(':').unwrap();
    user == USER && given.replace(' ', "") == password
}

/// The answer of a server that WordPress does not run on at the moment.
pub(crate) fn html(status: u16, title: &str) -> Reply {
    let page = format!("<!doctype html><html><head><title>{title}</title></head></html>");
    Reply::text(status, page).header("content-type", "text/html; charset=UTF-8")
}

/// The parameters of a call: those of its address.
pub(crate) type Query = BTreeMap<String, String>;

pub(crate) fn empty() -> Value {
    json!([])
}
