//! Changes one input into another that is nearly as good. What the input means is not known here.

use meshwalk_sim::kernel::Draws;

/// How many changes one input suffers at most.
const CHANGES_MAX: u32 = 6;

/// Characters and words that break readers of any kind.
const TROUBLE: &[&str] = &[
    "",
    "\0",
    "\n",
    "\t",
    " ",
    "\u{feff}",
    "\u{202e}",
    "é",
    "💥",
    "-1",
    "0",
    "65536",
    "4294967296",
    "18446744073709551616",
    "1e999",
    "null",
    "~",
    "true",
    "*",
    "**",
    "{",
    "}",
    "[",
    "]",
    "&a ",
    "*a",
    "<<: ",
    "---\n",
    "...\n",
    "!!binary ",
    "|",
    ">",
    "\"",
    "'",
    "#",
    ":",
    "- ",
    "? ",
    "%",
    "\\",
    "/",
    "..",
    "%2f",
    "%00",
];

/// An input made of `good`, with parts of `other` and words that mean something.
pub(super) fn mutate(
    good: &[u8],
    other: &[u8],
    words: &[&str],
    bytes_max: usize,
    draws: &mut impl Draws,
) -> Vec<u8> {
    let mut input = good.to_vec();
    for _ in 0..=draws.below(CHANGES_MAX) {
        change(&mut input, other, words, draws);
        input.truncate(bytes_max);
    }
    input
}

fn change(input: &mut Vec<u8>, other: &[u8], words: &[&str], draws: &mut impl Draws) {
    let (from, to) = span(input.len(), draws);
    match draws.below(8) {
        0 => flip(input, draws),
        1 => {
            input.drain(from..to);
        }
        2 => insert(input, from, pick(TROUBLE, draws).as_bytes()),
        3 if !words.is_empty() => insert(input, from, pick(words, draws).as_bytes()),
        4 if !words.is_empty() => {
            let word = pick(words, draws);
            input.splice(from..to, word.bytes());
        }
        5 => {
            let part = input[from..to].to_vec();
            let times = draws.below(4) as usize;
            insert(input, to, &part.repeat(times));
        }
        6 => {
            let (from, to) = span(other.len(), draws);
            let at = place(input.len(), draws);
            insert(input, at, &other[from..to]);
        }
        _ => swap_lines(input, draws),
    }
}

fn flip(input: &mut [u8], draws: &mut impl Draws) {
    if !input.is_empty() {
        let at = index(input.len(), draws);
        input[at] ^= 1 << draws.below(8);
    }
}

fn insert(input: &mut Vec<u8>, at: usize, part: &[u8]) {
    input.splice(at..at, part.iter().copied());
}

/// Two lines change places: fields move to other parents.
fn swap_lines(input: &mut Vec<u8>, draws: &mut impl Draws) {
    let mut lines: Vec<&[u8]> = input.split_inclusive(|byte| *byte == b'\n').collect();
    if lines.len() > 1 {
        let (one, another) = (place(lines.len() - 1, draws), place(lines.len() - 1, draws));
        lines.swap(one, another);
        *input = lines.concat();
    }
}

/// A place among `length` bytes, the end included.
fn place(length: usize, draws: &mut impl Draws) -> usize {
    index(length + 1, draws)
}

/// A part of `length` bytes; short ones are tried more often.
fn span(length: usize, draws: &mut impl Draws) -> (usize, usize) {
    let from = place(length, draws);
    let longest = if draws.below(4) == 0 { length - from } else { (length - from).min(16) };
    (from, from + place(longest, draws))
}

fn pick<'w>(words: &[&'w str], draws: &mut impl Draws) -> &'w str {
    words[index(words.len(), draws)]
}

/// One of `length`, which is far below four thousand million.
pub(super) fn index(length: usize, draws: &mut impl Draws) -> usize {
    draws.below(u32::try_from(length).unwrap_or(u32::MAX)) as usize
}
