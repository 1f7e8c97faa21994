//! The table holds what the rest relies on.

use std::collections::BTreeSet;

use super::*;
use crate::explore::screen::Screen;

#[test]
fn names_are_words_and_each_stands_once() {
    let mut names = BTreeSet::new();
    for row in rows() {
        assert!(names.insert(row.name), "{}", row.name);
        let plain = row.name.bytes().all(|byte| byte.is_ascii_lowercase() || byte == b'-');
        assert!(plain, "{}", row.name);
        assert!(row.sentence.ends_with('.'), "{}", row.name);
        assert!(row.sentence.starts_with(|it: char| it.is_uppercase()), "{}", row.name);
        assert!(Screen::ALL.into_iter().any(|screen| row.counts_on(screen)), "{}", row.name);
    }
}

#[test]
fn every_action_has_one_row() {
    let ids: BTreeSet<Id> = rows().map(|row| row.id).collect();
    assert_eq!(ids.len(), rows().count());
    for screen in Screen::ALL {
        assert_eq!(Id::Show(screen).row().group, Group::Screen);
    }
    // The last of the set without arguments: one that is added stands before it, in this list.
    for id in [Id::NextEvent, Id::QuitNow, Id::Marks, Id::Palette, Id::ClearBreaks] {
        assert_eq!(id.row().id, id);
    }
}

#[test]
fn a_word_is_shared_only_by_one_with_an_argument_and_one_without() {
    let all: Vec<&Row> = rows().collect();
    for (index, one) in all.iter().enumerate() {
        for other in &all[..index] {
            let words = |row: &Row| -> BTreeSet<&str> {
                row.words.iter().copied().chain([row.name]).collect()
            };
            let shared = words(one).intersection(&words(other)).count() > 0;
            let must = |row: &Row| matches!(row.takes, Takes::Must(_));
            assert!(!shared || must(one) != must(other), "{} and {}", one.name, other.name);
        }
    }
}

#[test]
fn what_is_missing_is_asked_for() {
    assert_eq!(Action::of(Id::SetMark).missing(), Some(Expected::Mark));
    assert_eq!(Action::with(Id::SetMark, Argument::Mark('a')).missing(), None);
    assert_eq!(Action::of(Id::NextEvent).missing(), None);
    assert_eq!(Action::counted(Id::NextEvent, 0).times(), 1);
}
