use std::collections::VecDeque;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};
use std::sync::{Arc, Mutex};

use proptest::prelude::*;
use url::Url;

use super::address::is_public;
use super::resolver::Lookup;
use super::{GuardPolicy, GuardRefusal, GuardedResolver};

const PUBLIC: &[&str] = &[
    "1.1.1.1",
    "8.8.8.8",
    "9.255.255.255",
    "11.0.0.0",
    "100.63.255.255",
    "100.128.0.0",
    "126.255.255.255",
    "128.0.0.0",
    "169.253.255.255",
    "172.15.255.255",
    "172.32.0.0",
    "192.0.1.0",
    "192.167.255.255",
    "192.169.0.0",
    "198.17.255.255",
    "198.20.0.0",
    "223.255.255.255",
    "2001:200::1",
    "2606:4700:4700::1111",
    "2a00:1450::1",
    "3ffe::1",
];

const NOT_PUBLIC: &[&str] = &[
    "0.0.0.0",
    "0.1.2.3",
    "10.0.0.1",
    "100.64.0.1",
    "100.127.255.255",
    "127.0.0.1",
    "127.255.255.254",
    "169.254.169.254",
    "172.16.0.1",
    "172.31.255.255",
    "192.0.0.1",
    "192.0.0.170",
    "192.0.2.1",
    "192.88.99.1",
    "192.168.1.1",
    "198.18.0.1",
    "198.19.255.255",
    "198.51.100.1",
    "203.0.113.1",
    "224.0.0.1",
    "239.255.255.255",
    "240.0.0.1",
    "255.255.255.255",
    "::",
    "::1",
    "::8.8.8.8",
    "::ffff:8.8.8.8",
    "::ffff:127.0.0.1",
    "::ffff:0:10.0.0.1",
    "64:ff9b::8.8.8.8",
    "64:ff9b:1::1",
    "100::1",
    "2001::1",
    "2001:2::1",
    "2001:10::1",
    "2001:20::1",
    "2001:db8::1",
    "2002:7f00:1::1",
    "3fff::1",
    "5f00::1",
    "fc00::1",
    "fd12:3456::1",
    "fe80::1",
    "fec0::1",
    "ff02::1",
];

#[test]
fn the_table_of_addresses() {
    for address in PUBLIC {
        assert!(is_public(address.parse().unwrap()), "{address} is public");
    }
    for address in NOT_PUBLIC {
        assert!(!is_public(address.parse().unwrap()), "{address} is not public");
    }
}

fn check(policy: &GuardPolicy, url: &str) -> Result<(), GuardRefusal> {
    policy.check(&Url::parse(url).unwrap())
}

#[test]
fn an_address_is_judged_as_it_is_meant_not_as_it_is_spelt() {
    let policy = GuardPolicy::new();
    for url in [
        "https://127.1/",
        "https://0x7f.0.0.1/",
        "https://0177.0.0.1/",
        "https://2130706433/",
        "https://127.0.0.1./",
        "https://①②⑦.0.0.1/",
        "https://[::ffff:7f00:1]/",
        "https://[0:0:0:0:0:ffff:127.0.0.1]/",
        "https:\\\\169.254.169.254\\latest",
        "https:10.0.0.1",
    ] {
        assert_eq!(check(&policy, url), Err(GuardRefusal::NotPublic), "{url}");
    }
    for url in ["https://example.com/", "https://EXAMPLE.com:443/x?y", "https://8.8.8.8/"] {
        assert_eq!(check(&policy, url), Ok(()), "{url}");
    }
}

#[test]
fn only_https_on_its_own_port_without_credentials() {
    let policy = GuardPolicy::new();
    for url in ["http://example.com/", "ftp://example.com/", "wss://example.com/"] {
        assert_eq!(check(&policy, url), Err(GuardRefusal::Scheme), "{url}");
    }
    for url in ["https://user@example.com/", "https://:secret@example.com/"] {
        assert_eq!(check(&policy, url), Err(GuardRefusal::Credentials), "{url}");
    }
    assert_eq!(check(&policy, "data:text/plain,x"), Err(GuardRefusal::NoHost));
    let odd_port = "https://example.com:8443/";
    assert_eq!(check(&policy, odd_port), Err(GuardRefusal::Port { port: 8443 }));
    assert_eq!(check(&policy.allow_port(8443), odd_port), Ok(()));
}

#[test]
fn what_the_operator_names_is_allowed_and_nothing_beside_it() {
    let policy =
        GuardPolicy::new().allow_host("Intranet.Example.").unwrap().allow_network("10.2.0.0/16");
    let policy = policy.unwrap();
    assert_eq!(check(&policy, "https://intranet.example:8080/"), Ok(()));
    assert_eq!(check(&policy, "https://10.2.3.4:8080/"), Ok(()));
    assert_eq!(check(&policy, "https://10.3.3.4/"), Err(GuardRefusal::NotPublic));
    assert_eq!(check(&policy, "http://10.2.3.4/"), Err(GuardRefusal::Scheme));
    assert!(check(&policy, "https://sub.intranet.example:8080/").is_err());
    let plain = policy.plain_http_to_allowed();
    assert_eq!(check(&plain, "http://10.2.3.4:8080/"), Ok(()));
    assert_eq!(check(&plain, "http://intranet.example/"), Ok(()));
    assert_eq!(check(&plain, "http://example.com/"), Err(GuardRefusal::Scheme));
    assert!(GuardPolicy::new().allow_host("10.0.0.1").is_err());
    assert!(GuardPolicy::new().allow_network("10.0.0.0").is_err());
}

/// Answers each look-up with the next of `answers`.
fn scripted(answers: &[&[&str]]) -> Lookup {
    let answers: VecDeque<Vec<SocketAddr>> = answers
        .iter()
        .map(|answer| answer.iter().map(|ip| SocketAddr::new(ip.parse().unwrap(), 0)).collect())
        .collect();
    let answers = Arc::new(Mutex::new(answers));
    Arc::new(move |_host| {
        let answer = answers.lock().unwrap().pop_front().unwrap_or_default();
        Box::pin(async move { Ok(answer) })
    })
}

async fn resolve(resolver: &GuardedResolver, host: &str) -> Result<Vec<String>, String> {
    match resolver.addresses(host).await {
        Ok(found) => Ok(found.iter().map(|address| address.ip().to_string()).collect()),
        Err(error) => Err(error.to_string()),
    }
}

#[tokio::test]
async fn every_answer_of_a_name_is_checked_anew() {
    let answers: &[&[&str]] =
        &[&["93.184.215.14"], &["127.0.0.1"], &["10.0.0.1", "93.184.215.14", "::1"], &[]];
    let resolver = GuardedResolver::with_lookup(GuardPolicy::new(), scripted(answers));
    let not_public = GuardRefusal::NotPublic.to_string();
    assert_eq!(resolve(&resolver, "rebind.example").await.unwrap(), ["93.184.215.14"]);
    assert_eq!(resolve(&resolver, "rebind.example").await.unwrap_err(), not_public);
    assert_eq!(resolve(&resolver, "rebind.example").await.unwrap(), ["93.184.215.14"]);
    assert!(resolve(&resolver, "rebind.example").await.unwrap_err().contains("looked up"));
}

#[tokio::test]
async fn a_named_host_may_lead_anywhere_and_a_named_network_may_be_led_to() {
    let answers: &[&[&str]] = &[&["10.0.0.1"], &["10.0.0.1"], &["10.9.0.1", "10.8.0.1"]];
    let policy =
        GuardPolicy::new().allow_host("wiki.example").unwrap().allow_network("10.9.0.0/16");
    let resolver = GuardedResolver::with_lookup(policy.unwrap(), scripted(answers));
    assert_eq!(resolve(&resolver, "wiki.example.").await.unwrap(), ["10.0.0.1"]);
    assert!(resolve(&resolver, "other.example").await.is_err());
    assert_eq!(resolve(&resolver, "other.example").await.unwrap(), ["10.9.0.1"]);
}

/// IPv4 addresses that the standard library's own, smaller list calls special.
fn special_v4(ip: Ipv4Addr) -> bool {
    ip.is_private()
        || ip.is_loopback()
        || ip.is_link_local()
        || ip.is_broadcast()
        || ip.is_documentation()
        || ip.is_multicast()
        || ip.is_unspecified()
}

proptest! {
    #[test]
    fn no_special_ipv4_is_public_in_any_dress(bits in any::<u32>()) {
        let ip = Ipv4Addr::from(bits);
        if special_v4(ip) {
            prop_assert!(!is_public(ip.into()));
        }
        prop_assert!(!is_public(IpAddr::V6(ip.to_ipv6_mapped())));
        prop_assert!(!is_public(IpAddr::V6(ip.to_ipv6_compatible())));
        let nat64 = Ipv6Addr::from((0x64_ff9b_u128 << 96) | u128::from(bits));
        prop_assert!(!is_public(nat64.into()));
        let six_to_four = Ipv6Addr::from((0x2002_u128 << 112) | (u128::from(bits) << 80));
        prop_assert!(!is_public(six_to_four.into()));
        // A number in a URL is the address that it spells.
        let refused = check(&GuardPolicy::new(), &format!("https://{bits}/")).is_err();
        prop_assert_eq!(refused, !is_public(ip.into()));
    }

    #[test]
    fn ipv6_is_public_only_where_addresses_are_given_out(bits in any::<u128>()) {
        let ip = Ipv6Addr::from(bits);
        if is_public(ip.into()) {
            prop_assert_eq!(bits >> 125, 1);
            prop_assert!(!ip.is_loopback() && !ip.is_multicast() && !ip.is_unspecified());
        }
    }
}
