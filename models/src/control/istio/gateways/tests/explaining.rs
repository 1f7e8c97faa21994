//! What is told about gateways.

use super::*;
use crate::explain::Tree;

#[test]
fn a_virtual_host_tells_of_what_it_is_made() {
    let plain = "{port: {number: 80, name: http, protocol: HTTP}, hosts: ['*.example']}";
    let text = gateway("a", plain)
        + &virtual_service(
            "one",
            "shop",
            "gateways: [edge/a], hosts: [a.example], http: [{route: [{destination: {host: a}}]}]",
        );
    let rules = |text: &str| -> Vec<&'static str> {
        let built = build(text);
        let table = &built.tables["http.80"];
        let mut tree = Tree::default();
        explain_host(table, &table.virtual_hosts[0], &mut tree);
        tree.finish().iter().map(|step| step.rule.0).collect()
    };
    assert_eq!(rules(&text), ["istio.route.gateway-merge", "istio.route.catch-all-last"]);
    assert_eq!(rules(&gateway("a", plain)), ["istio.route.gateway-404"]);
    let redirect = plain.replace("HTTP}", "HTTP}, tls: {httpsRedirect: true}");
    let told = rules(&gateway("a", &redirect));
    assert_eq!(told[0], "istio.route.gateway-https-redirect");
}
