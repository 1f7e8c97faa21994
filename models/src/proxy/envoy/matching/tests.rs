use crate::profile::RepeatedHeaders;
use crate::proxy::envoy::HeaderMap;
use crate::proxy::envoy::config::{
    Case, HeaderMatcher, HeaderTest, Invert, MissingHeader, PathMatcher, Pattern, QueryMatcher,
    QueryTest, StringMatcher, StringTest,
};

use super::is_grpc;

fn value(test: StringTest) -> HeaderTest {
    HeaderTest::Value(StringMatcher { test, case: Case::Sensitive })
}

fn exactly(text: &str) -> HeaderTest {
    value(StringTest::Exact(text.to_owned()))
}

fn tenant(test: HeaderTest) -> HeaderMatcher {
    HeaderMatcher {
        name: "x-tenant".to_owned(),
        test,
        invert: Invert::No,
        missing: MissingHeader::NoMatch,
    }
}

fn not(matcher: HeaderMatcher) -> HeaderMatcher {
    HeaderMatcher { invert: Invert::Yes, ..matcher }
}

fn missing_is_empty(matcher: HeaderMatcher) -> HeaderMatcher {
    HeaderMatcher { missing: MissingHeader::Empty, ..matcher }
}

fn tenants(values: &[&str]) -> HeaderMap {
    values.iter().map(|value| ("x-tenant", *value)).collect()
}

fn passes(matcher: &HeaderMatcher, values: &[&str]) -> bool {
    matcher.matches(&tenants(values), RepeatedHeaders::Individually)
}

#[test]
fn a_test_of_a_value_never_passes_on_a_missing_header_even_inverted() {
    for test in [exactly("gold"), exactly(""), HeaderTest::Range { start: 0, end: 9 }] {
        assert!(!passes(&tenant(test.clone()), &[]));
        assert!(!passes(&not(tenant(test)), &[]));
    }
}

#[test]
fn a_missing_header_may_count_as_empty() {
    assert!(passes(&missing_is_empty(tenant(exactly(""))), &[]));
    assert!(passes(&missing_is_empty(not(tenant(exactly("gold")))), &[]));
    assert!(!passes(&missing_is_empty(tenant(HeaderTest::Absent)), &[]));
}

#[test]
fn presence_can_be_inverted() {
    assert!(passes(&not(tenant(HeaderTest::Present)), &[]));
    assert!(!passes(&not(tenant(HeaderTest::Present)), &["gold"]));
    assert!(passes(&not(tenant(HeaderTest::Absent)), &["gold"]));
    assert!(!passes(&not(tenant(HeaderTest::Absent)), &[]));
}

#[test]
fn of_repeated_headers_one_value_that_matches_is_enough() {
    assert!(passes(&tenant(exactly("gold")), &["silver", "gold"]));
    assert!(!passes(&not(tenant(exactly("gold"))), &["silver", "gold"]));
    assert!(passes(&not(tenant(exactly("gold"))), &["silver", "tin"]));
    assert!(!passes(&tenant(exactly("silver,gold")), &["silver", "gold"]));
}

#[test]
fn older_proxies_join_repeated_headers_with_commas() {
    let headers = tenants(&["silver", "gold"]);
    let joined = |test| tenant(test).matches(&headers, RepeatedHeaders::Joined);
    assert!(joined(exactly("silver,gold")));
    assert!(!joined(exactly("gold")));
}

#[test]
fn a_range_takes_whole_numbers_from_start_to_below_end() {
    let range = tenant(HeaderTest::Range { start: -3, end: 20 });
    for inside in ["-3", "19", "+7", " 7 "] {
        assert!(passes(&range, &[inside]), "{inside}");
    }
    for outside in ["-4", "20", "7.5", "seven", "", "99999999999999999999"] {
        assert!(!passes(&range, &[outside]), "{outside}");
        assert!(passes(&not(range.clone()), &[outside]), "{outside}");
    }
}

#[test]
fn strings_are_compared_in_all_ways_and_case_is_ascii() {
    let test = |test, case, text: &str| StringMatcher { test, case }.matches(text);
    let text = || "Été-Route".to_owned();
    assert!(test(StringTest::Suffix("ROUTE".to_owned()), Case::Ignored, &text()));
    assert!(!test(StringTest::Suffix("ROUTE".to_owned()), Case::Sensitive, &text()));
    assert!(!test(StringTest::Prefix("éT".to_owned()), Case::Ignored, &text()));
    assert!(test(StringTest::Contains("TÉ-r".to_owned()), Case::Sensitive, "tTÉ-r"));
    assert!(test(StringTest::Contains("-ROU".to_owned()), Case::Ignored, &text()));
    assert!(!test(StringTest::Prefix("Ét".to_owned()), Case::Ignored, "\u{c3}"));
    assert!(!test(StringTest::Regex(Pattern::new("a.c")), Case::Ignored, "ABC"));
}

#[test]
fn a_prefix_is_raw_and_a_separated_prefix_ends_at_an_element() {
    let raw = PathMatcher::Prefix("/cart".to_owned());
    let separated = PathMatcher::PathSeparatedPrefix("/cart".to_owned());
    for (path, under_raw, under_separated) in [
        ("/cart", true, true),
        ("/cart/7", true, true),
        ("/carts", true, false),
        ("/", false, false),
    ] {
        assert_eq!(raw.matches(path, Case::Sensitive), under_raw, "{path}");
        assert_eq!(separated.matches(path, Case::Sensitive), under_separated, "{path}");
    }
    assert!(separated.matches("/CART/7", Case::Ignored));
    assert!(!PathMatcher::Regex(Pattern::new("/cart")).matches("/CART", Case::Ignored));
}

#[test]
fn templates_know_elements_rests_and_names() {
    let matches = |template: &str, path| {
        PathMatcher::Template(template.to_owned()).matches(path, Case::Sensitive)
    };
    for one in ["/shop/*/cart", "/shop/{*}/cart", "/shop/{id}/cart", "/shop/{id=*}/cart"] {
        assert!(matches(one, "/shop/7/cart"), "{one}");
        for other in ["/shop//cart", "/shop/7/8/cart", "/shop/7/cart/", "/shop/7\"/cart"] {
            assert!(!matches(one, other), "{one} {other}");
        }
    }
    for rest in ["/shop/**", "/shop/{**}", "/shop/{rest=**}"] {
        assert!(matches(rest, "/shop/") && matches(rest, "/shop/7/8"), "{rest}");
        assert!(!matches(rest, "/shop"), "{rest}");
    }
    assert!(matches("/media/**.mp4", "/media/a/b.mp4") && matches("/media/**.mp4", "/media/.mp4"));
    assert!(!matches("/media/**.mp4", "/media/a/b.mp3"));
    assert!(matches("/v{version}/x", "/v2/x") && !matches("/v{version}/x", "/v/x"));
    assert!(matches("/é{a=x/*}b", "/éx/1b") && matches("{broken", "{broken"));
}

#[test]
fn query_parameters_are_compared_as_sent_and_the_first_value_counts() {
    let matches =
        |name: &str, test, path| QueryMatcher { name: name.to_owned(), test }.matches(path);
    let equals = |text: &str| {
        let test = StringTest::Exact(text.to_owned());
        QueryTest::Value(StringMatcher { test, case: Case::Sensitive })
    };
    assert!(
        matches("a", equals("1%202"), "/?a=1%202") && !matches("a", equals("1 2"), "/?a=1%202")
    );
    assert!(matches("b", equals(""), "/?x&b") && matches("b", QueryTest::Present, "/?x&b"));
    assert!(!matches("a", equals("2"), "/?a=1&a=2") && matches("a", equals("1"), "/?a=1&a=2"));
    assert!(matches("b", QueryTest::Absent, "/x?y?b=1") && matches("y?b", equals("1"), "/x?y?b=1"));
}

#[test]
fn grpc_is_told_by_the_content_type() {
    let of = |kind: &str| is_grpc(&[("content-type", kind)].into_iter().collect());
    assert!(of("application/grpc") && of("application/grpc+proto"));
    assert!(!of("application/grpc-web") && !of("application/grpc;v=1") && !of("application/grpcx"));
}

#[test]
fn matchers_say_what_they_test() {
    assert_eq!(not(tenant(exactly("gold"))).to_string(), "not: x-tenant is \"gold\"");
    let path = PathMatcher::PathSeparatedPrefix("/cart".to_owned());
    assert_eq!(path.to_string(), "path is \"/cart\" or below it");
}
