//! Near misses: a clause that would fit if one token of what it found were another. Whether it
//! fits is not decided here.

use meshwalk_models::explain::{Explanation, FOUND, MISSING, WANTED};
use meshwalk_models::manifest::nearest;

/// What tokens of names, paths and addresses are told apart by.
const BETWEEN: [char; 3] = ['/', '.', ':'];

/// What stands between the name of a value and the value.
const NAMED: &str = ": ";

/// A clause that fails by one token.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Near {
    /// What it found.
    pub(super) found: String,
    /// What it wanted.
    pub(super) wanted: String,
    /// The token of what it found that differs, in characters from 0.
    pub(super) differs: (usize, usize),
    /// How near it is, in few words.
    pub(super) why: &'static str,
}

/// The nearest of what a step wanted, where it fails by one token.
pub(super) fn near(step: &Explanation) -> Option<Near> {
    let found = &step.facts.iter().find(|fact| fact.name == FOUND)?.value;
    let mut wanted = step.facts.iter().filter(|fact| fact.name == WANTED);
    wanted.find_map(|wanted| near_of(found, &wanted.value))
}

fn near_of(found: &str, wanted: &str) -> Option<Near> {
    let near =
        |differs, why| Near { found: found.to_owned(), wanted: wanted.to_owned(), differs, why };
    // Values of one name are near to each other, whatever they are.
    if let (Some((name, own)), Some((other, value))) =
        (found.split_once(NAMED), wanted.split_once(NAMED))
        && name == other
        && own != value
    {
        let from = name.chars().count() + NAMED.len();
        return Some(near((from, from + own.chars().count()), how(own, value, "it differs")));
    }
    let (tokens, others) = (tokens(found), tokens(wanted));
    if tokens.len() != others.len() {
        let is_slash = found.trim_end_matches('/') == wanted.trim_end_matches('/');
        let length = found.chars().count();
        return is_slash.then(|| near((length.saturating_sub(1), length), "a slash at the end"));
    }
    let mut differ = tokens.iter().zip(&others).filter(|(one, other)| one.2 != other.2);
    let (one, other) = differ.next().filter(|_| differ.next().is_none())?;
    let alike =
        tokens.iter().zip(&others).any(|(one, other)| one.2 == other.2 && !one.2.is_empty());
    // Of two letters each is a slip of any other.
    let is_slip = one.2.len() > 2 && nearest(&one.2, [other.2.as_str()]).is_some();
    let is_near = tokens.len() == 1 || alike || is_slip || one.2.eq_ignore_ascii_case(&other.2);
    let is_whole = (one.0, one.1) == (0, found.chars().count());
    let plain = if is_whole { "it differs" } else { "one token differs" };
    is_near.then(|| near((one.0, one.1), how(&one.2, &other.2, plain)))
}

/// How two values differ.
fn how(found: &str, wanted: &str, plain: &'static str) -> &'static str {
    if found == MISSING {
        "it is missing"
    } else if wanted == MISSING {
        "it is there"
    } else if found.eq_ignore_ascii_case(wanted) {
        "it differs in case"
    } else {
        plain
    }
}

/// Tokens with the characters that they stand at.
fn tokens(text: &str) -> Vec<(usize, usize, String)> {
    let mut tokens = vec![(0, 0, String::new())];
    for (at, character) in text.chars().enumerate() {
        if BETWEEN.contains(&character) {
            tokens.push((at + 1, at + 1, String::new()));
        } else if let Some(token) = tokens.last_mut() {
            token.1 = at + 1;
            token.2.push(character);
        }
    }
    tokens
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_token_that_differs_is_near_and_is_found() {
        let near = near_of("c.local/ns/shop/sa/default", "c.local/ns/shop/sa/web");
        let near = near.expect("one token differs");
        assert_eq!(near.differs, (19, 26));
        assert_eq!(near.why, "one token differs");
    }

    #[test]
    fn a_value_of_one_token_is_near_to_any_other() {
        assert_eq!(near_of("GET", "POST").expect("one value").why, "it differs");
        assert_eq!(near_of("15008", "8080").expect("one value").differs, (0, 5));
    }

    #[test]
    fn values_of_one_name_are_near_and_it_is_said_how_they_differ() {
        let near = |found, wanted| {
            let near = near_of(found, wanted).expect("they are near");
            (near.differs, near.why)
        };
        assert_eq!(near("pod label app: web", "pod label app: a.b"), ((15, 18), "it differs"));
        assert_eq!(near("x-user: (missing)", "x-user: jane"), ((8, 17), "it is missing"));
        assert_eq!(near("/Cart", "/cart"), ((1, 5), "it differs in case"));
        assert_eq!(near("/orders", "/order"), ((1, 7), "one token differs"));
        assert_eq!(near("/health/", "/health"), ((7, 8), "a slash at the end"));
    }

    #[test]
    fn two_tokens_are_not_near_and_neither_is_what_has_nothing_in_common() {
        assert_eq!(near_of("c/ns/a/sa/x", "c/ns/b/sa/y"), None);
        assert_eq!(near_of("/v1/charge", "/admin/*"), None);
        assert_eq!(near_of("/a", "/b"), None, "only the slash is alike");
        assert_eq!(near_of("a/b", "a/b/c"), None);
        assert_eq!(near_of("same", "same"), None);
    }
}
