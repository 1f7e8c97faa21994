//! Each finding with an object that has it.

use super::*;
use crate::control::istio::config::ExportTo;
use crate::control::istio::gateways;
use crate::control::istio::routes::effective;
use crate::control::istio::testing::Objects;

struct Shop;

impl Known for Shop {
    fn ports(&self, host: &str, _: &str) -> Option<BTreeSet<u16>> {
        match host {
            "web.shop" => Some([80].into()),
            "pay.shop" => Some([8080, 9090].into()),
            _ => None,
        }
    }

    fn subsets(&self, host: &str, _: &str) -> BTreeSet<String> {
        if host == "web.shop" { ["v1".to_owned()].into() } else { BTreeSet::new() }
    }
}

fn found(text: &str) -> Vec<Diagnostic> {
    let objects = Objects::of(text);
    let (virtual_services, _) = effective(&objects.virtual_services(), "", &ExportTo::PUBLIC);
    let gateways = gateways::effective(&objects.gateways());
    findings(&virtual_services, &gateways, &Shop)
}

fn object(name: &str, spec: &str) -> String {
    format!(
        "---\napiVersion: networking.istio.io/v1\nkind: VirtualService\n\
         metadata: {{name: {name}, namespace: shop}}\nspec:\n{spec}"
    )
}

/// The codes of the findings about these HTTP rules of `web`.
fn codes(http: &str) -> Vec<&'static str> {
    let text = object("a", &format!("  hosts: [web]\n  http:\n{http}"));
    found(&text).iter().map(|finding| finding.code).collect()
}

const TO: &str = "route: [{destination: {host: web}}]";

#[test]
fn rules_behind_a_wider_one_are_told_with_both_lines() {
    let text = object(
        "a",
        &format!(
            "  hosts: [web]\n  http:\n  - {{match: [{{uri: {{prefix: /a}}}}], {TO}}}\n  \
             - {{match: [{{uri: {{exact: /a/b}}, headers: {{x: {{exact: y}}}}}}, {{uri: {{prefix: /b}}}}], {TO}}}\n  \
             - {{{TO}}}\n  - {{match: [{{uri: {{exact: /c}}}}], {TO}}}\n"
        ),
    );
    let findings = found(&text);
    let lines: Vec<Vec<u32>> = findings
        .iter()
        .map(|finding| finding.labels.iter().map(|label| label.place.line).collect())
        .collect();
    assert_eq!(findings[0].code, "istio.unreachable-route");
    assert_eq!(lines, [[9, 8], [11, 10]]);
}

#[test]
fn narrower_matches_before_wider_ones_are_reached() {
    for (first, second) in [
        ("{uri: {exact: /a}}", "{uri: {prefix: /a}}"),
        ("{uri: {prefix: /a/}}", "{uri: {prefix: /a}}"),
        ("{uri: {prefix: /a}, method: {exact: GET}}", "{uri: {prefix: /a}}"),
        ("{headers: {x: {exact: y}}}", "{headers: {x: {prefix: y}}}"),
        ("{sourceLabels: {app: a}}", "{sourceLabels: {app: b}}"),
        ("{gateways: [mesh]}", "{sourceLabels: {app: b}}"),
        ("{withoutHeaders: {x: {}}}", "{uri: {prefix: /}}"),
        ("{uri: {prefix: /A}}", "{uri: {prefix: /a}, ignoreUriCase: true}"),
        ("{uri: {regex: '/a.*'}}", "{uri: {exact: /a}}"),
        ("{port: 80}", "{uri: {exact: /a}}"),
    ] {
        let http = format!("  - {{match: [{first}], {TO}}}\n  - {{match: [{second}], {TO}}}\n");
        assert_eq!(codes(&http), Vec::<&str>::new(), "{first} {second}");
    }
}

#[test]
fn wider_or_equal_matches_hide_what_stands_behind_them() {
    for (first, second) in [
        ("{uri: {prefix: /a}}", "{uri: {prefix: /a}}"),
        ("{uri: {prefix: /A}, ignoreUriCase: true}", "{uri: {exact: /ab}}"),
        ("{headers: {x: {}}}", "{headers: {X: {exact: y}}, uri: {exact: /a}}"),
        ("{uri: {regex: '.*'}}", "{uri: {exact: /a}}"),
        (
            "{sourceLabels: {app: a}}",
            "{sourceLabels: {app: a, b: c}, queryParams: {q: {exact: r}}}",
        ),
    ] {
        let http = format!("  - {{match: [{first}], {TO}}}\n  - {{match: [{second}], {TO}}}\n");
        assert_eq!(codes(&http), ["istio.unreachable-route"], "{first} {second}");
    }
}

#[test]
fn destinations_that_lead_nowhere_are_told() {
    let to =
        |destination: &str| codes(&format!("  - {{route: [{{destination: {destination}}}]}}\n"));
    assert_eq!(to("{host: nowhere}"), ["istio.missing-host"]);
    assert_eq!(to("{host: web, subset: v2}"), ["istio.missing-subset"]);
    assert_eq!(to("{host: web, subset: v1, port: {number: 81}}"), ["istio.missing-port"]);
    assert_eq!(to("{host: pay, port: {number: 9090}}"), Vec::<&str>::new());
    // `web` is called on port 80, which `pay` does not have.
    assert_eq!(to("{host: pay}"), ["istio.inferred-port"]);
}

#[test]
fn weights_are_told_where_they_do_not_do_what_they_seem_to() {
    let weights = |first: &str, second: &str| {
        codes(&format!(
            "  - {{route: [{{destination: {{host: web}}{first}}}, {{destination: {{host: web}}{second}}}]}}\n"
        ))
    };
    assert_eq!(weights(", weight: 0", ""), ["istio.no-weight"]);
    assert_eq!(weights(", weight: 50", ", weight: 49"), ["istio.weight-sum"]);
    assert_eq!(weights(", weight: 100", ", weight: 0"), Vec::<&str>::new());
    assert_eq!(weights(", weight: 100", ""), ["istio.missing-weight"]);
    assert_eq!(codes("  - {route: [{destination: {host: web}, weight: 0}]}\n"), ["istio.weight"]);
}

#[test]
fn values_that_do_something_else_than_it_seems_are_told() {
    for (rule, code) in [
        (format!("match: [{{uri: {{regex: '(?=a)'}}}}], {TO}"), "istio.regex"),
        (format!("match: [{{headers: {{x: {{regex: '('}}}}}}], {TO}"), "istio.regex"),
        (format!("rewrite: {{uriRegexRewrite: {{match: '[', rewrite: a}}}}, {TO}"), "istio.regex"),
        (
            format!("timeout: 1s, retries: {{attempts: 2, perTryTimeout: 1s}}, {TO}"),
            "istio.retry-timeout",
        ),
        (format!("retries: {{attempts: 2, retryOn: '5xx,gateway-eror'}}, {TO}"), "istio.retry-on"),
        (format!("retries: {{perTryTimeout: 1s}}, {TO}"), "istio.retries-disabled"),
        (format!("fault: {{abort: {{httpStatus: 500}}}}, {TO}"), "istio.no-fault"),
        ("redirect: {redirectCode: 200}".to_owned(), "istio.redirect-code"),
        ("name: x".to_owned(), "istio.no-action"),
        (
            format!("match: [{{headers: {{'@request.auth.claims.sub': {{exact: a}}}}}}], {TO}"),
            "istio.claims",
        ),
    ] {
        assert_eq!(codes(&format!("  - {{{rule}}}\n")), [code], "{rule}");
    }
    let fine = format!(
        "  - {{timeout: 3s, retries: {{attempts: 2, perTryTimeout: 1s, retryOn: '503,reset'}}, \
         match: [{{headers: {{x: {{regex: '*'}}}}}}], {TO}}}\n"
    );
    assert_eq!(codes(&fine), Vec::<&str>::new());
}

#[test]
fn gateways_that_do_not_exist_or_lack_a_host_are_told() {
    let gateway = "---\napiVersion: networking.istio.io/v1\nkind: Gateway\n\
                   metadata: {name: edge, namespace: shop}\nspec: {servers: [\
                   {port: {number: 80, name: http, protocol: HTTP}, hosts: [./a.example, other/b.example]}]}\n";
    let bound = |gateways: &str, hosts: &str, rest: &str| -> Vec<&'static str> {
        let spec =
            format!("  gateways: [{gateways}]\n  hosts: [{hosts}]\n  http: [{{{rest}{TO}}}]\n");
        found(&(gateway.to_owned() + &object("a", &spec))).iter().map(|it| it.code).collect()
    };
    assert_eq!(bound("edge", "a.example", ""), Vec::<&str>::new());
    assert_eq!(bound("far", "a.example", ""), ["istio.missing-gateway"]);
    assert_eq!(bound("edge", "b.example", ""), ["istio.host-not-on-gateway"]);
    let never = "match: [{gateways: [mesh]}], ";
    assert_eq!(bound("edge", "a.example", never), ["istio.match-gateway"]);
}

#[test]
fn a_host_of_the_mesh_that_no_service_has_is_told() {
    let text = object("a", &format!("  hosts: [shop.example]\n  http: [{{{TO}}}]\n"));
    let codes: Vec<_> = found(&text).iter().map(|it| it.code).collect();
    assert_eq!(codes, ["istio.host-without-service"]);
}

#[test]
fn of_conflicting_objects_the_winner_is_told_and_what_was_assumed() {
    let spec = format!("  hosts: [web]\n  http: [{{{TO}}}]\n");
    let text = object("b", &spec) + &object("a", &spec);
    let findings = found(&text);
    let [conflict] = &findings[..] else { panic!("one finding") };
    assert_eq!(conflict.code, "istio.conflicting-virtual-services");
    assert_eq!(conflict.labels[1].text, "shop/a counts");
    assert!(conflict.help.as_ref().is_some_and(|help| help.contains("assumed to be the youngest")));
    let hidden = object("c", &format!("{spec}  exportTo: ['~']\n")) + &object("d", &spec);
    assert!(found(&hidden).is_empty());
}
