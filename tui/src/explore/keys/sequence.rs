//! Chords one after the other, as they are bound and written: `gg`, `ctrl-d`, `g space`.

use std::fmt;

use super::chord::{self, Chord};

/// The most chords that can be bound in a row.
const CHORDS_MAX: usize = 4;

/// What is pressed one after the other; never empty.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Sequence(Vec<Chord>);

impl Sequence {
    /// The chords in their order.
    pub(crate) fn chords(&self) -> &[Chord] {
        &self.0
    }

    /// Reads what can be bound. The error is what is wrong, as a fragment.
    pub(crate) fn parse(text: &str) -> Result<Self, String> {
        for word in text.split_whitespace() {
            mistyped(word)?;
        }
        let chords = chords(text)?;
        match chords.len() {
            0 => Err("there is no key in it".to_owned()),
            1..=CHORDS_MAX => Ok(Self(chords)),
            many => Err(format!("{many} keys in a row are too many; {CHORDS_MAX} is the most")),
        }
    }
}

/// A word that is likely to be meant for a key's name: `spcae` is no row of five letters.
fn mistyped(word: &str) -> Result<(), String> {
    let letters = word.len() > 2 && word.bytes().all(|byte| byte.is_ascii_alphabetic());
    // The reader of one key says what may be meant.
    match letters.then(|| Chord::parse(word)) {
        Some(Err(message)) if message.contains("did you mean") => Err(message),
        _ => Ok(()),
    }
}

/// Reads keys as they are pressed: words between blanks are a key with a name (`space`,
/// `ctrl-d`), or characters in a row (`gg`, `23G`).
pub(crate) fn chords(text: &str) -> Result<Vec<Chord>, String> {
    Ok(words(text)?.concat())
}

/// The same word by word, for those to whom a blank is a pause.
pub(crate) fn words(text: &str) -> Result<Vec<Vec<Chord>>, String> {
    text.split_whitespace().map(word_of).collect()
}

/// The keys of one word.
fn word_of(word: &str) -> Result<Vec<Chord>, String> {
    let one = word.chars().nth(1).is_none();
    let held = ["ctrl-", "alt-", "shift-"].iter().any(|prefix| {
        word.len() > prefix.len()
            && word.get(..prefix.len()).is_some_and(|head| head.eq_ignore_ascii_case(prefix))
    });
    if one || held || chord::named(word).is_some() {
        return Ok(vec![Chord::parse(word)?]);
    }
    word.chars().map(|char| Chord::parse(char.encode_utf8(&mut [0; 4]))).collect()
}

impl fmt::Display for Sequence {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let words: Vec<String> = self.0.iter().map(Chord::to_string).collect();
        let in_a_row = words.concat();
        // `u` `p` in a row would be read as the arrow.
        if Self::parse(&in_a_row).as_ref() == Ok(self) {
            return f.write_str(&in_a_row);
        }
        f.write_str(&words.join(" "))
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::explore::keys::chord::tests::any_chord;

    proptest! {
        #[test]
        fn what_is_printed_is_read_as_the_same(
            chords in proptest::collection::vec(any_chord(), 1..=CHORDS_MAX)
        ) {
            let sequence = Sequence(chords);
            prop_assert_eq!(Sequence::parse(&sequence.to_string()), Ok(sequence));
        }
    }

    #[test]
    fn characters_in_a_row_need_no_blanks() {
        for (text, shown, chords) in [
            ("gg", "gg", 2),
            ("23G", "23G", 3),
            ("g space", "g space", 2),
            ("ctrl-d", "ctrl-d", 1),
            ("u p", "u p", 2),
            ("up", "up", 1),
            ("m a", "ma", 2),
        ] {
            let sequence = Sequence::parse(text).expect("keys");
            assert_eq!((sequence.to_string().as_str(), sequence.chords().len()), (shown, chords));
        }
    }

    #[test]
    fn a_sequence_has_a_key_and_not_too_many() {
        assert!(Sequence::parse(" ").is_err());
        assert!(Sequence::parse("abcde").is_err());
    }
}
