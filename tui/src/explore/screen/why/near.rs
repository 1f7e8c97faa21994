//! Near misses: a clause that would fit if one token of what it found were another. Whether it
//! fits is not decided here.

use meshwalk_models::explain::{Explanation, FOUND, WANTED};

/// What tokens of names, paths and addresses are told apart by.
const BETWEEN: [char; 3] = ['/', '.', ':'];

/// A clause that fails by one token.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Near {
    /// What it found.
    pub(super) found: String,
    /// What it wanted.
    pub(super) wanted: String,
    /// The token of what it found that differs, in characters from 0.
    pub(super) differs: (usize, usize),
}

impl Near {
    /// How near it is, in few words.
    pub(super) fn why(&self) -> &'static str {
        let is_whole = self.differs == (0, self.found.chars().count());
        if is_whole { "it differs" } else { "one token differs" }
    }
}

/// The nearest of what a step wanted, where it fails by one token.
pub(super) fn near(step: &Explanation) -> Option<Near> {
    let found = &step.facts.iter().find(|fact| fact.name == FOUND)?.value;
    let mut wanted = step.facts.iter().filter(|fact| fact.name == WANTED);
    wanted.find_map(|wanted| near_of(found, &wanted.value))
}

fn near_of(found: &str, wanted: &str) -> Option<Near> {
    let (tokens, others) = (tokens(found), tokens(wanted));
    if tokens.len() != others.len() {
        return None;
    }
    let alike = tokens.iter().zip(&others).filter(|(one, other)| one.2 == other.2);
    let is_like = alike.clone().any(|(one, _)| !one.2.is_empty());
    if tokens.len() != alike.count() + 1 || (tokens.len() > 1 && !is_like) {
        return None;
    }
    let (one, _) = tokens.iter().zip(&others).find(|(one, other)| one.2 != other.2)?;
    Some(Near { found: found.to_owned(), wanted: wanted.to_owned(), differs: (one.0, one.1) })
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
        assert_eq!(near.why(), "one token differs");
    }

    #[test]
    fn a_value_of_one_token_is_near_to_any_other() {
        assert_eq!(near_of("GET", "POST").expect("one value").why(), "it differs");
        assert_eq!(near_of("15008", "8080").expect("one value").differs, (0, 5));
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
