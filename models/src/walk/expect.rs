//! What a request is expected to become, as one line of text, and whether an answer is that.
//!
//! The forms are `routed:SERVICE[.NAMESPACE][:PORT][/SUBSET]`, several of them with `=WEIGHT` for
//! a split, `redirected[:LOCATION]`, `direct_response:STATUS`, `no_route`, and the verdicts
//! `allowed`, `denied`, `dropped`, `reset`, `unauthenticated`, `unknown`.

use std::fmt;
use std::str::FromStr;

use crate::proxy::envoy::config::Target;

use super::answer::{Answer, Outcome, Share};
use super::verdict::Verdict;

/// What a request is expected to become.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Expectation {
    text: String,
    wanted: Wanted,
}

#[derive(Clone, Debug, PartialEq, Eq)]
enum Wanted {
    Routed(Vec<Place>),
    Redirected(Option<String>),
    DirectResponse(Option<u16>),
    NoRoute,
    Verdict(Verdict),
}

/// One destination; parts that are not written may be anything.
#[derive(Clone, Debug, PartialEq, Eq)]
struct Place {
    service: String,
    namespace: Option<String>,
    port: Option<u16>,
    subset: Option<String>,
    weight: Option<u32>,
}

/// Why a text is no expectation.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("`{text}` is no expectation: {reason}")]
pub struct ExpectationError {
    text: String,
    reason: String,
}

/// The forms, for help texts.
pub const FORMS: &str = "write routed:SERVICE[.NAMESPACE][:PORT][/SUBSET], with =WEIGHT and commas \
                         for a split; redirected[:LOCATION]; direct_response:STATUS; no_route; \
                         or a verdict: allowed, denied, dropped, reset, unauthenticated, unknown";

impl fmt::Display for Expectation {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.text)
    }
}

impl FromStr for Expectation {
    type Err = ExpectationError;

    fn from_str(text: &str) -> Result<Self, ExpectationError> {
        let (word, rest) = match text.split_once(':') {
            Some((word, rest)) => (word, Some(rest)),
            None => (text, None),
        };
        let wanted = wanted(word.trim(), rest.map(str::trim)).map_err(|reason| {
            ExpectationError { text: text.chars().take(200).collect(), reason }
        })?;
        Ok(Self { text: text.to_owned(), wanted })
    }
}

/// The words that begin an expectation.
const WORDS: [&str; 10] = [
    "routed",
    "redirected",
    "direct_response",
    "no_route",
    "allowed",
    "denied",
    "dropped",
    "reset",
    "unauthenticated",
    "unknown",
];

fn wanted(word: &str, rest: Option<&str>) -> Result<Wanted, String> {
    if rest == Some("") && WORDS.contains(&word) {
        return Err("something is missing behind the colon".to_owned());
    }
    match (word, rest) {
        ("routed", None) => Ok(Wanted::Routed(Vec::new())),
        ("routed", Some(places)) => {
            let places: Result<Vec<_>, _> = places.split(',').map(|it| place(it.trim())).collect();
            let places = places?;
            let weighted = places.iter().filter(|place| place.weight.is_some()).count();
            if weighted != 0 && weighted != places.len() {
                return Err("give all destinations a weight or none".to_owned());
            }
            Ok(Wanted::Routed(places))
        }
        ("redirected", location) => Ok(Wanted::Redirected(location.map(str::to_owned))),
        ("direct_response", None) => Ok(Wanted::DirectResponse(None)),
        ("direct_response", Some(status)) => match status.parse() {
            Ok(status @ 100..=599) => Ok(Wanted::DirectResponse(Some(status))),
            _ => Err(format!("`{status}` is no HTTP status")),
        },
        ("no_route", None) => Ok(Wanted::NoRoute),
        (word, Some(_)) if WORDS.contains(&word) => {
            Err(format!("`{word}` takes nothing behind it"))
        }
        (word, _) => {
            let verdict = Verdict::ALL.into_iter().find(|verdict| verdict.word() == word);
            let none = || format!("`{word}` is none of {}", WORDS.join(", "));
            verdict.map(Wanted::Verdict).ok_or_else(none)
        }
    }
}

fn place(text: &str) -> Result<Place, String> {
    let (text, weight) = match text.rsplit_once('=') {
        None => (text, None),
        Some((text, weight)) => {
            let weight = weight.trim().trim_end_matches('%');
            let weight = weight.parse().map_err(|_| format!("`{weight}` is no weight"))?;
            (text.trim(), Some(weight))
        }
    };
    let (text, subset) = match text.split_once('/') {
        None => (text, None),
        Some((_, "")) => return Err("the subset is missing behind the slash".to_owned()),
        Some((text, subset)) => (text, Some(subset.to_owned())),
    };
    let (host, port) = match text.rsplit_once(':') {
        None => (text, None),
        Some((host, port)) => {
            (host, Some(port.parse().map_err(|_| format!("`{port}` is no port"))?))
        }
    };
    if host.is_empty() {
        return Err("the service is missing".to_owned());
    }
    // A host with more than one dot is the host of a ServiceEntry, or a Service's full name.
    let host =
        host.strip_suffix(".svc.cluster.local").or(host.strip_suffix(".svc")).unwrap_or(host);
    let (service, namespace) = match host.split_once('.') {
        Some((service, namespace)) if !namespace.contains('.') => {
            (service.to_owned(), Some(namespace.to_owned()))
        }
        _ => (host.to_owned(), None),
    };
    Ok(Place { service, namespace, port, subset, weight })
}

impl Place {
    fn fits(&self, target: &Target) -> bool {
        let namespace = self.namespace.as_deref();
        let service = target.service == self.service
            && namespace.is_none_or(|namespace| target.namespace == namespace);
        // `a.b` may also be a host outside.
        let outside = namespace
            .is_some_and(|namespace| target.service == format!("{}.{namespace}", self.service));
        (service || outside)
            && self.port.is_none_or(|port| target.port == port)
            && self.subset.as_ref().is_none_or(|subset| target.subset.as_ref() == Some(subset))
    }
}

impl Expectation {
    /// What is different about `answer`; `None` if it is as expected.
    #[must_use]
    pub fn mismatch(&self, answer: &Answer) -> Option<String> {
        let got = shown(answer);
        let fits = match &self.wanted {
            Wanted::Routed(places) => {
                answer.outcome == Outcome::Routed && all_fit(places, &answer.weights)
            }
            Wanted::Redirected(location) => {
                answer.outcome == Outcome::Redirected
                    && location.as_ref().is_none_or(|it| answer.location.as_ref() == Some(it))
            }
            Wanted::DirectResponse(status) => {
                answer.outcome == Outcome::DirectResponse
                    && status.is_none_or(|status| answer.status == Some(status))
            }
            Wanted::NoRoute => answer.outcome == Outcome::NoRoute,
            Wanted::Verdict(verdict) => is_verdict(*verdict, answer),
        };
        (!fits).then(|| format!("expected {}, got {got}", self.text))
    }
}

/// Whether an answer has this verdict. A request that nothing takes is no test of a policy, so it
/// fulfils none; `denied` is also said of requests that a policy turns away by closing their
/// connection, or by asking who they are from.
fn is_verdict(wanted: Verdict, answer: &Answer) -> bool {
    match (answer.outcome, wanted) {
        (Outcome::NoRoute, _) => false,
        (Outcome::Denied, Verdict::Denied) => {
            matches!(answer.verdict, Verdict::Denied | Verdict::Reset | Verdict::Unauthenticated)
        }
        _ => answer.verdict == wanted,
    }
}

/// Every share that gets requests must be expected, and everything expected must get some.
fn all_fit(places: &[Place], shares: &[Share]) -> bool {
    let used: Vec<&Share> = shares.iter().filter(|share| share.share.as_ppm() > 0).collect();
    if places.is_empty() {
        return true;
    }
    let sum: u64 = places.iter().filter_map(|place| place.weight).map(u64::from).sum();
    let mut rest = used;
    for place in places.iter().filter(|place| place.weight != Some(0)) {
        let (own, others): (Vec<_>, Vec<_>) =
            rest.into_iter().partition(|share| place.fits(&share.destination));
        if own.is_empty() {
            return false;
        }
        if let Some(weight) = place.weight {
            let got: u64 = own.iter().map(|share| u64::from(share.share.as_ppm())).sum();
            let wanted = u64::from(weight) * 1_000_000 / sum.max(1);
            // Shares of thirds are cut to whole parts in a million, one for each summand.
            if got.abs_diff(wanted) > 1 + own.len() as u64 {
                return false;
            }
        }
        rest = others;
    }
    rest.is_empty()
}

/// An answer in the form of an expectation.
#[must_use]
pub fn shown(answer: &Answer) -> String {
    match answer.outcome {
        Outcome::Routed => {
            let split = answer.weights.len() > 1;
            let places = answer.weights.iter().map(|share| {
                let place = shown_target(&share.destination);
                if split { format!("{place}={}", share.weight.value) } else { place }
            });
            format!("routed:{}", places.collect::<Vec<_>>().join(","))
        }
        Outcome::Redirected => match &answer.location {
            Some(location) => format!("redirected:{location}"),
            None => "redirected".to_owned(),
        },
        Outcome::DirectResponse => match answer.status {
            Some(status) => format!("direct_response:{status}"),
            None => "direct_response".to_owned(),
        },
        Outcome::Denied if answer.verdict != Verdict::Unknown => answer.verdict.word().to_owned(),
        other => other.word().to_owned(),
    }
}

/// Such as `checkout.shop:8080/v2`.
#[must_use]
pub fn shown_target(target: &Target) -> String {
    let mut text = target.service.clone();
    if !target.namespace.is_empty() && !target.service.contains('.') {
        text.push_str(&format!(".{}", target.namespace));
    }
    if target.port != 0 {
        text.push_str(&format!(":{}", target.port));
    }
    if let Some(subset) = &target.subset {
        text.push_str(&format!("/{subset}"));
    }
    text
}

#[cfg(test)]
mod tests {
    use super::super::testing::{answer, share};
    use super::*;

    fn read(text: &str) -> Expectation {
        text.parse().unwrap_or_else(|error| panic!("{error}"))
    }

    fn split() -> Answer {
        let mut answer = answer(Outcome::Routed);
        answer.weights =
            vec![share("shop/checkout:8080/v1", 90), share("shop/checkout:8080/v2", 10)];
        answer
    }

    #[test]
    fn parts_that_are_not_written_may_be_anything() {
        let mut answer = answer(Outcome::Routed);
        answer.weights = vec![share("shop/checkout:8080/v2", 100)];
        for text in [
            "routed",
            "routed:checkout",
            "routed:checkout.shop",
            "routed:checkout/v2",
            "routed:checkout.shop.svc.cluster.local:8080/v2",
        ] {
            assert_eq!(read(text).mismatch(&answer), None, "{text}");
        }
        for text in [
            "routed:cart",
            "routed:checkout.web",
            "routed:checkout:80",
            "routed:checkout/v1",
            "denied",
        ] {
            let mismatch = read(text).mismatch(&answer).expect(text);
            assert!(mismatch.ends_with("got routed:checkout.shop:8080/v2"), "{mismatch}");
        }
    }

    #[test]
    fn a_split_is_expected_with_its_weights_whole() {
        let answer = split();
        for text in [
            "routed:checkout/v1=90,checkout/v2=10",
            "routed:checkout/v2=1, checkout/v1=9",
            "routed:checkout/v1,checkout/v2",
            "routed:checkout=100",
        ] {
            assert_eq!(read(text).mismatch(&answer), None, "{text}");
        }
        for text in [
            "routed:checkout/v1",
            "routed:checkout/v1=80,checkout/v2=20",
            "routed:checkout/v1=90,checkout/v3=10",
        ] {
            assert!(read(text).mismatch(&answer).is_some(), "{text}");
        }
    }

    #[test]
    fn answers_of_the_proxy_are_expected_by_status_or_location() {
        let mut redirected = answer(Outcome::Redirected);
        redirected.location = Some("https://shop.example/".to_owned());
        assert_eq!(read("redirected").mismatch(&redirected), None);
        assert_eq!(read("redirected:https://shop.example/").mismatch(&redirected), None);
        assert!(read("redirected:http://shop.example/").mismatch(&redirected).is_some());
        let mut direct = answer(Outcome::DirectResponse);
        direct.status = Some(418);
        assert_eq!(read("direct_response:418").mismatch(&direct), None);
        assert!(read("direct_response:404").mismatch(&direct).is_some());
    }

    #[test]
    fn a_verdict_is_expected_by_its_word_and_nothing_taken_is_none() {
        let with = |outcome, verdict| Answer { verdict, ..answer(outcome) };
        let dropped = with(Outcome::Denied, Verdict::Dropped);
        assert_eq!(read("dropped").mismatch(&dropped), None);
        assert_eq!(
            read("denied").mismatch(&dropped).as_deref(),
            Some("expected denied, got dropped")
        );
        let reset = with(Outcome::Denied, Verdict::Reset);
        for text in ["reset", "denied"] {
            assert_eq!(read(text).mismatch(&reset), None, "{text}");
        }
        assert!(read("allowed").mismatch(&reset).is_some());
        let nobody = with(Outcome::NoRoute, Verdict::Denied);
        assert_eq!(read("no_route").mismatch(&nobody), None);
        assert!(read("denied").mismatch(&nobody).is_some());
    }

    #[test]
    fn what_is_no_expectation_says_why() {
        for (text, reason) in [
            ("routet:x", "none of routed"),
            ("routed:", "missing behind the colon"),
            ("routed:a=1,b", "all destinations a weight"),
            ("routed:a:http", "no port"),
            ("routed:a/", "subset is missing"),
            ("direct_response:9000", "no HTTP status"),
            ("denied:403", "takes nothing"),
        ] {
            let error = text.parse::<Expectation>().expect_err(text).to_string();
            assert!(error.contains(reason), "{error}");
        }
    }
}
