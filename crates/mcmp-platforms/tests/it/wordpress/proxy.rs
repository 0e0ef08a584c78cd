//! Something between us and a site: it can be down, it can keep an answer to itself after the site
//! has carried the request out, and it can hold a call for good.

use std::net::SocketAddr;
use std::sync::{Arc, Mutex};

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::oneshot;
use tokio::task::JoinHandle;

/// Where a call is held.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Hold {
    /// The site never hears of it.
    Request,
    /// The site carries it out, and its answer does not arrive.
    Answer,
}

#[derive(Default)]
struct State {
    /// Calls whose next answer is cut: method and a part of the address.
    cuts: Vec<(String, String)>,
    hold: Option<ToHold>,
    /// Method and address of every call.
    calls: Vec<String>,
}

/// A call that is to be held.
struct ToHold {
    at: Hold,
    method: String,
    part: String,
    /// How many calls like it go through before.
    others: usize,
    told: oneshot::Sender<String>,
}

/// The proxy; it stops when it is dropped.
pub(crate) struct Proxy {
    site: String,
    address: SocketAddr,
    state: Arc<Mutex<State>>,
    task: Option<JoinHandle<()>>,
}

impl Drop for Proxy {
    fn drop(&mut self) {
        self.stop();
    }
}

impl Proxy {
    /// Before `site`, which is `host:port`.
    pub(crate) async fn before(site: &str) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        let mut proxy = Self { site: site.to_owned(), address, state: Arc::default(), task: None };
        proxy.serve(listener);
        proxy
    }

    pub(crate) fn url(&self) -> String {
        format!("http://{}", self.address)
    }

    /// Nobody listens any more.
    pub(crate) fn stop(&mut self) {
        if let Some(task) = self.task.take() {
            task.abort();
        }
    }

    /// Listens again, at the same address.
    pub(crate) async fn start(&mut self) {
        // The task that was aborted lets go of the address when the runtime gets to it.
        let listener = loop {
            match TcpListener::bind(self.address).await {
                Ok(listener) => break listener,
                Err(_) => tokio::task::yield_now().await,
            }
        };
        self.serve(listener);
    }

    /// The next call of `method` to an address with `part` in it is carried out, and its answer
    /// never arrives.
    pub(crate) fn cut_answer_to(&self, method: &str, part: &str) {
        self.state.lock().unwrap().cuts.push((method.to_owned(), part.to_owned()));
    }

    /// A call of `method` to an address with `part` in it is held until its caller hangs up, after
    /// `others` like it. What comes back says which call it is, once it is held.
    pub(crate) fn hold(
        &self,
        at: Hold,
        method: &str,
        part: &str,
        others: usize,
    ) -> oneshot::Receiver<String> {
        let (told, held) = oneshot::channel();
        let (method, part) = (method.to_owned(), part.to_owned());
        self.state.lock().unwrap().hold = Some(ToHold { at, method, part, others, told });
        held
    }

    /// How many calls of `method` went to an address with `part` in it.
    pub(crate) fn calls(&self, method: &str, part: &str) -> usize {
        let calls = &self.state.lock().unwrap().calls;
        calls.iter().filter(|call| call.starts_with(method) && call.contains(part)).count()
    }

    fn serve(&mut self, listener: TcpListener) {
        let (site, state) = (self.site.clone(), self.state.clone());
        self.task = Some(tokio::spawn(async move {
            loop {
                let Ok((stream, _)) = listener.accept().await else { return };
                let (site, state) = (site.clone(), state.clone());
                tokio::spawn(async move {
                    let _ = pass(stream, &site, &state).await;
                });
            }
        }));
    }
}

impl State {
    /// Notes a call; whether its answer is to be cut, and where it is to be held.
    fn meet(&mut self, call: &str) -> (bool, Option<ToHold>) {
        self.calls.push(call.to_owned());
        let is_like = |how: &str, part: &str| call.starts_with(how) && call.contains(part);
        let due = self.cuts.iter().position(|(how, part)| is_like(how, part));
        let is_cut = due.map(|at| self.cuts.remove(at)).is_some();
        match &mut self.hold {
            Some(hold) if is_like(&hold.method, &hold.part) => match hold.others.checked_sub(1) {
                Some(left) => hold.others = left,
                None => return (is_cut, self.hold.take()),
            },
            _ => {}
        }
        (is_cut, None)
    }
}

/// Waits until the caller hangs up.
async fn hung_up(caller: &mut TcpStream) -> std::io::Result<()> {
    let mut piece = vec![0; 64 * 1024];
    while caller.read(&mut piece).await? > 0 {}
    Ok(())
}

/// Passes one call on, and its answer back unless that is to be cut, or the call to be held.
async fn pass(mut person: TcpStream, site: &str, state: &Mutex<State>) -> std::io::Result<()> {
    let mut head = Vec::new();
    let mut piece = vec![0; 64 * 1024];
    let head_end = loop {
        if let Some(at) = head.windows(4).position(|four| four == b"\r\n\r\n") {
            break at + 4;
        }
        match person.read(&mut piece).await? {
            0 => return Ok(()),
            n => head.extend_from_slice(&piece[..n]),
        }
    };
    let text = String::from_utf8_lossy(&head[..head_end]).into_owned();
    let call = text.lines().next().unwrap_or_default().to_owned();
    let (is_cut, hold) = state.lock().unwrap().meet(&call);
    let hold = match hold {
        Some(hold) if hold.at == Hold::Request => {
            let _ = hold.told.send(call);
            return hung_up(&mut person).await;
        }
        hold => hold,
    };
    let length: usize = text
        .lines()
        .filter_map(|line| line.split_once(':'))
        .find(|(name, _)| name.eq_ignore_ascii_case("content-length"))
        .map_or(0, |(_, value)| value.trim().parse().unwrap());

    let mut server = TcpStream::connect(site).await?;
    server.write_all(&head).await?;
    let mut sent = head.len() - head_end;
    while sent < length {
        match person.read(&mut piece).await? {
            0 => return Ok(()),
            n => {
                server.write_all(&piece[..n]).await?;
                sent += n;
            }
        }
    }
    // The site closes the connection behind its answer.
    if is_cut || hold.is_some() {
        while server.read(&mut piece).await? > 0 {}
        if let Some(hold) = hold {
            let _ = hold.told.send(call);
            hung_up(&mut person).await?;
        }
        return Ok(());
    }
    tokio::io::copy(&mut server, &mut person).await?;
    Ok(())
}
