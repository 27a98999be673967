//! The client conforms, and calls public addresses alone.
use std::sync::Arc;

use rid_flow::{fake::conformance, ports::Clock};

use super::{HttpClient, address};
use crate::SystemClock;

#[test]
fn the_client_conforms() {
    let client = HttpClient::for_loopback(&[]).unwrap();
    let clock: Arc<dyn Clock> = Arc::new(SystemClock::new());
    pollster::block_on(conformance::http(Arc::new(client), &clock));
}

#[test]
fn neg_g06_the_client_of_the_product_calls_public_names_alone() {
    pollster::block_on(conformance::http_refusals(Arc::new(HttpClient::new().unwrap())));
}

#[test]
fn neg_g06_addresses_that_are_not_public_are_refused() {
    let local = [
        "0.0.0.0",
        "10.1.2.3",
        "100.64.0.1",
        "127.0.0.1",
        "169.254.169.254",
        "172.16.0.1",
        "192.0.0.8",
        "192.0.2.1",
        "192.168.0.1",
        "198.18.0.1",
        "224.0.0.1",
        "255.255.255.255",
        "::",
        "::1",
        "::ffff:10.0.0.1",
        "64:ff9b::a00:1",
        "fc00::1",
        "fd12::1",
        "fe80::1",
        "ff02::1",
        "2001:db8::1",
    ];
    for text in local {
        assert!(!address::is_public(text.parse().unwrap()), "{text}");
    }
    for text in
        ["1.1.1.1", "100.63.0.1", "172.15.0.1", "198.20.0.1", "2606:4700::1111", "::ffff:1.1.1.1", "64:ff9b::101:101"]
    {
        assert!(address::is_public(text.parse().unwrap()), "{text}");
    }
}

#[test]
fn a_test_name_stands_for_a_port_and_nothing_else_is_called() {
    let client = HttpClient::for_loopback(&[("rid.example".into(), 8080)]).unwrap();
    let target = |url: &str| client.target(url).map(String::from);
    assert_eq!(target("https://rid.example/a?b=c"), Some("http://127.0.0.1:8080/a?b=c".into()));
    assert_eq!(target("http://127.0.0.1:1/"), Some("http://127.0.0.1:1/".into()));
    for other in ["https://other.example/", "http://rid.example/", "http://10.0.0.1/", "https://127.0.0.1/"] {
        assert_eq!(target(other), None, "{other}");
    }
}
