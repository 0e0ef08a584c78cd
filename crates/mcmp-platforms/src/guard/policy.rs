//! What may be asked at all: the operator's rules for addresses that tenants enter.

use std::collections::BTreeSet;
use std::net::IpAddr;

use ipnet::IpNet;
use mcmp_core::value::InvalidValue;
use url::{Host, Url};

use super::GuardRefusal;
use super::address::is_public;

/// The rules for addresses that tenants enter.
///
/// As it comes: `https` to public addresses on port 443. An operator who runs sites of their own
/// in a private network names them; what is named may use any port.
///
/// ```
/// use mcmp_platforms::guard::GuardPolicy;
///
/// let policy = GuardPolicy::new().allow_host("intranet.example")?.allow_network("10.20.0.0/16")?;
/// assert!(policy.check(&"https://intranet.example:8443/".parse()?).is_ok());
/// assert!(policy.check(&"https://10.20.0.7/".parse()?).is_ok());
/// assert!(policy.check(&"https://10.21.0.7/".parse()?).is_err());
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct GuardPolicy {
    hosts: BTreeSet<String>,
    networks: Vec<IpNet>,
    ports: BTreeSet<u16>,
    plain_http: bool,
}

impl GuardPolicy {
    /// Public addresses only.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// For tests: everything on this machine, over `http` as well.
    #[must_use]
    pub fn loopback() -> Self {
        Self {
            hosts: BTreeSet::from(["localhost".to_owned()]),
            networks: vec![
                IpNet::from(ipnet::Ipv4Net::new_assert([127, 0, 0, 0].into(), 8)),
                IpNet::from(std::net::IpAddr::from(std::net::Ipv6Addr::LOCALHOST)),
            ],
            ports: BTreeSet::new(),
            plain_http: true,
        }
    }

    /// Also `host`, wherever its name leads: a name without port, not a pattern.
    ///
    /// # Errors
    /// Not a host name.
    pub fn allow_host(mut self, host: &str) -> Result<Self, InvalidValue> {
        match Host::parse(host) {
            Ok(Host::Domain(name)) => {
                self.hosts.insert(without_root(&name).to_owned());
                Ok(self)
            }
            Ok(Host::Ipv4(_) | Host::Ipv6(_)) | Err(_) => {
                Err(InvalidValue::malformed("allow_host", "a host name", host))
            }
        }
    }

    /// Also every address of `network`, such as `10.20.0.0/16` or `fd00::/8`. A network whose
    /// addresses hold IPv4 ones (NAT64's `64:ff9b::/96`) so allows all that they lead to, private
    /// ones too.
    ///
    /// # Errors
    /// Not a network in CIDR form.
    pub fn allow_network(mut self, network: &str) -> Result<Self, InvalidValue> {
        let parsed = network.parse().map_err(|_| {
            InvalidValue::malformed("allow_network", "a network such as 10.20.0.0/16", network)
        })?;
        self.networks.push(parsed);
        Ok(self)
    }

    /// Also this port, for every address.
    #[must_use]
    pub fn allow_port(mut self, port: u16) -> Self {
        self.ports.insert(port);
        self
    }

    /// `http` for the hosts and networks that were named: what is sent there can be read on the
    /// way, passwords included.
    #[must_use]
    pub fn plain_http_to_allowed(mut self) -> Self {
        self.plain_http = true;
        self
    }

    /// Whether `http` is taken at all.
    pub(crate) fn takes_plain_http(&self) -> bool {
        self.plain_http
    }

    /// Checks all that can be told from the address as it is written. What its name leads to is
    /// checked as the connection is made.
    ///
    /// # Errors
    /// What is not allowed about it.
    pub fn check(&self, url: &Url) -> Result<(), GuardRefusal> {
        if !url.username().is_empty() || url.password().is_some() {
            return Err(GuardRefusal::Credentials);
        }
        let (named, public) = match url.host().ok_or(GuardRefusal::NoHost)? {
            // Odd spellings of numbers (0x7f.1, 2130706433) are numbers by now.
            Host::Domain(name) => (self.names(name), true),
            Host::Ipv4(address) => self.judge(address.into()),
            Host::Ipv6(address) => self.judge(address.into()),
        };
        match url.scheme() {
            "https" => {}
            "http" if self.plain_http && named => {}
            _ => return Err(GuardRefusal::Scheme),
        }
        if !named {
            let port = url.port_or_known_default().unwrap_or_default();
            if url.port().is_some() && !self.ports.contains(&port) {
                return Err(GuardRefusal::Port { port });
            }
            if !public {
                return Err(GuardRefusal::NotPublic);
            }
        }
        Ok(())
    }

    /// Those of `addresses`, to which `host` leads, that may be connected to.
    ///
    /// # Errors
    /// None of them may.
    pub(super) fn filter<A: Copy>(
        &self,
        host: &str,
        addresses: &[A],
        ip: impl Fn(&A) -> IpAddr,
    ) -> Result<Vec<A>, GuardRefusal> {
        let named = self.names(host);
        let allowed: Vec<A> = addresses
            .iter()
            .filter(|address| {
                let (named_address, public) = self.judge(ip(address));
                named || named_address || public
            })
            .copied()
            .collect();
        if allowed.is_empty() { Err(GuardRefusal::NotPublic) } else { Ok(allowed) }
    }

    fn names(&self, host: &str) -> bool {
        self.hosts.contains(without_root(host).to_ascii_lowercase().as_str())
    }

    /// Whether `address` was named, and whether it is public.
    fn judge(&self, address: IpAddr) -> (bool, bool) {
        (self.networks.iter().any(|net| net.contains(&address)), is_public(address))
    }
}

/// Without the dot that ends a complete name: `example.com.` is `example.com`.
fn without_root(host: &str) -> &str {
    host.strip_suffix('.').unwrap_or(host)
}
