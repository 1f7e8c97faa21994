//! Which connections the ports of rules mean.

use super::*;

#[test]
fn ports_are_those_of_the_pod_with_names_ranges_and_transports() {
    let into = |ports: &str, call: &str| {
        let spec = format!("podSelector: {{}}, ingress: [{{ports: {ports}}}]");
        lab(&[policy("a", &spec)]).word(call) == "allowed"
    };
    assert!(into("[{port: 8080}]", "watch/probe -> shop/web 8080"));
    assert!(!into("[{port: 8080}]", "watch/probe -> shop/web 8080/UDP"));
    assert!(!into("[{port: 53}]", "watch/probe -> shop/web 53/UDP"));
    assert!(into("[{port: 53, protocol: UDP}]", "watch/probe -> shop/web 53/UDP"));
    assert!(into("[{protocol: SCTP}]", "watch/probe -> shop/web 9/SCTP"));
    assert!(!into("[{protocol: SCTP}]", "watch/probe -> shop/web 9"));
    for (port, fits) in [(7999, false), (8000, true), (8080, true), (8090, true), (8091, false)] {
        let call = format!("watch/probe -> shop/web {port}");
        assert_eq!(into("[{port: 8000, endPort: 8090}]", &call), fits, "{port}");
    }
    // The name means another number in each pod.
    assert!(into("[{port: http}]", "watch/probe -> shop/web 8080"));
    assert!(!into("[{port: http}]", "watch/probe -> shop/db 8080"));
    assert!(into("[{port: http}]", "watch/probe -> shop/db 9090"));
    assert!(!into("[{port: http, protocol: UDP}]", "watch/probe -> shop/db 9090/UDP"));
    assert!(!into("[{port: http}]", "watch/probe -> shop/job 80"));
}

#[test]
fn names_in_egress_are_those_of_the_pod_that_is_called() {
    let lab = lab(&[policy(
        "a",
        "podSelector: {matchLabels: {app: web}}, policyTypes: [Egress], egress: [{ports: [{port: sql}]}]",
    )]);
    assert_eq!(lab.word("shop/web -> shop/db 5432"), "allowed");
    assert_eq!(lab.word("shop/web -> shop/db 9090"), "egress");
    assert_eq!(lab.word("shop/web -> 9.9.9.9 5432"), "egress");
}
