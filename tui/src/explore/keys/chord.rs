//! One key press with what is held down, its name as people write it, and what a terminal sends
//! for it; what it does is not known here.

use std::fmt;

use crossterm::event::{KeyCode, KeyEvent, KeyEventKind, KeyModifiers};

/// A key that is pressed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Key {
    /// A character; capital letters are characters of their own. The space bar too.
    Char(char),
    /// F1 to F12.
    Function(u8),
    /// Return.
    Enter,
    /// Escape.
    Esc,
    /// The tabulator.
    Tab,
    /// Deletes to the left.
    Backspace,
    /// Deletes to the right.
    Delete,
    /// Insert.
    Insert,
    /// Home.
    Home,
    /// End.
    End,
    /// A page up.
    PageUp,
    /// A page down.
    PageDown,
    /// The arrow up.
    Up,
    /// The arrow down.
    Down,
    /// The arrow to the left.
    Left,
    /// The arrow to the right.
    Right,
}

/// The keys with a name of several letters.
const NAMES: &[(&str, Key)] = &[
    ("space", Key::Char(' ')),
    ("enter", Key::Enter),
    ("esc", Key::Esc),
    ("tab", Key::Tab),
    ("backspace", Key::Backspace),
    ("delete", Key::Delete),
    ("insert", Key::Insert),
    ("home", Key::Home),
    ("end", Key::End),
    ("page-up", Key::PageUp),
    ("page-down", Key::PageDown),
    ("up", Key::Up),
    ("down", Key::Down),
    ("left", Key::Left),
    ("right", Key::Right),
];

/// What people write for a name, too.
const OTHER_NAMES: &[(&str, Key)] = &[
    ("return", Key::Enter),
    ("escape", Key::Esc),
    ("pageup", Key::PageUp),
    ("pgup", Key::PageUp),
    ("pagedown", Key::PageDown),
    ("pgdn", Key::PageDown),
    ("pgdown", Key::PageDown),
    ("del", Key::Delete),
];

/// The last function key that has a name.
const FUNCTION_KEYS: u8 = 12;

/// Keys pressed together.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Chord {
    /// The key.
    pub(crate) key: Key,
    /// What is held down.
    pub(crate) held: Held,
}

/// What is held down with a key.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Held {
    /// Nothing.
    #[default]
    Nothing,
    /// The control key.
    Ctrl,
    /// The alternate key.
    Alt,
    /// The shift key, with a key that is no character.
    Shift,
}

impl Held {
    /// As it stands before a key.
    const fn prefix(self) -> &'static str {
        match self {
            Self::Nothing => "",
            Self::Ctrl => "ctrl-",
            Self::Alt => "alt-",
            Self::Shift => "shift-",
        }
    }
}

impl Chord {
    /// Ends the program whatever is bound and whatever is open.
    pub(crate) const CTRL_C: Self = Self::ctrl('c');

    /// A key with nothing held down.
    pub(crate) const fn plain(key: Key) -> Self {
        Self { key, held: Held::Nothing }
    }

    /// A character.
    pub(crate) const fn char(char: char) -> Self {
        Self::plain(Key::Char(char))
    }

    /// A letter with the control key.
    pub(crate) const fn ctrl(letter: char) -> Self {
        Self { key: Key::Char(letter), held: Held::Ctrl }
    }

    /// The character that it types into a text.
    pub(crate) const fn typed(self) -> Option<char> {
        match self {
            Self { key: Key::Char(char), held: Held::Nothing } => Some(char),
            _ => None,
        }
    }

    /// What the terminal reports; `None` for keys without a name here and for keys let go.
    pub(crate) fn of_event(event: &KeyEvent) -> Option<Self> {
        if event.kind == KeyEventKind::Release {
            return None;
        }
        let (key, shifted) = match event.code {
            // Whether shift is held can be seen by the character.
            KeyCode::Char(char) => (Key::Char(char), false),
            KeyCode::F(number @ 1..=FUNCTION_KEYS) => (Key::Function(number), true),
            KeyCode::Enter => (Key::Enter, true),
            KeyCode::Esc => (Key::Esc, false),
            KeyCode::Tab => (Key::Tab, true),
            KeyCode::BackTab => return Some(Self { key: Key::Tab, held: Held::Shift }),
            KeyCode::Backspace => (Key::Backspace, false),
            KeyCode::Delete => (Key::Delete, true),
            KeyCode::Insert => (Key::Insert, true),
            KeyCode::Home => (Key::Home, true),
            KeyCode::End => (Key::End, true),
            KeyCode::PageUp => (Key::PageUp, true),
            KeyCode::PageDown => (Key::PageDown, true),
            KeyCode::Up => (Key::Up, true),
            KeyCode::Down => (Key::Down, true),
            KeyCode::Left => (Key::Left, true),
            KeyCode::Right => (Key::Right, true),
            _ => return None,
        };
        let held = if event.modifiers.contains(KeyModifiers::CONTROL) {
            Held::Ctrl
        } else if event.modifiers.contains(KeyModifiers::ALT) {
            Held::Alt
        } else if shifted && event.modifiers.contains(KeyModifiers::SHIFT) {
            Held::Shift
        } else {
            Held::Nothing
        };
        Some(Self { key, held }.normal())
    }

    /// Terminals send the same for `ctrl-D` as for `ctrl-d`.
    fn normal(self) -> Self {
        match self {
            Self { key: Key::Char(char), held: Held::Ctrl } => {
                Self::ctrl(char.to_ascii_lowercase())
            }
            other => other,
        }
    }

    /// Reads `ctrl-d`, `shift-tab`, `space`, `G`. The error is what is wrong, as a fragment.
    pub(crate) fn parse(text: &str) -> Result<Self, String> {
        let holds = [Held::Ctrl, Held::Alt, Held::Shift];
        let held = holds.into_iter().find_map(|held| {
            let rest = strip_prefix_ignoring_case(text, held.prefix())?;
            // `ctrl-` alone is no key, and `-` is one.
            (!rest.is_empty()).then_some((held, rest))
        });
        let Some((held, name)) = held else {
            return Ok(Self::plain(parse_key(text)?));
        };
        match (held, parse_key(name)?) {
            (Held::Shift, Key::Char(char)) => shifted(char),
            (held, key) => Ok(Self { key, held }.normal()),
        }
    }

    /// Why this chord cannot be bound, if it cannot.
    pub(crate) fn refused(self) -> Option<String> {
        let sends = |name: &str| format!("terminals send the same for `{self}` as for `{name}`");
        match self {
            Self::CTRL_C => Some("`ctrl-c` always quits".to_owned()),
            Self { key: Key::Char('i'), held: Held::Ctrl } => Some(sends("tab")),
            Self { key: Key::Char('m'), held: Held::Ctrl } => Some(sends("enter")),
            Self { key: Key::Char('['), held: Held::Ctrl } => Some(sends("esc")),
            _ => None,
        }
    }
}

fn strip_prefix_ignoring_case<'t>(text: &'t str, prefix: &str) -> Option<&'t str> {
    let (head, rest) = text.split_at_checked(prefix.len())?;
    head.eq_ignore_ascii_case(prefix).then_some(rest)
}

/// Shift and a character: a capital letter, or an error, since keyboards differ in the rest.
fn shifted(char: char) -> Result<Chord, String> {
    if char == ' ' {
        return Err("terminals send the same for `shift-space` as for `space`".to_owned());
    }
    if char.is_ascii_alphabetic() {
        return Ok(Chord::char(char.to_ascii_uppercase()));
    }
    Err(format!("write the character that shift and `{char}` type on your keyboard"))
}

fn parse_key(name: &str) -> Result<Key, String> {
    let mut chars = name.chars();
    if let (Some(char), None) = (chars.next(), chars.next()) {
        return match char {
            _ if char.is_control() => Err("a control character is no key".to_owned()),
            char => Ok(Key::Char(char)),
        };
    }
    named(name).ok_or_else(|| {
        let names = NAMES.iter().map(|(name, _)| *name);
        let shown: String = name.chars().take(40).filter(|char| !char.is_control()).collect();
        match meshwalk_models::manifest::nearest(name, names) {
            Some(near) => format!("`{shown}` is no key; did you mean `{near}`?"),
            None => format!("`{shown}` is no key"),
        }
    })
}

/// The key that is called `name`.
pub(super) fn named(name: &str) -> Option<Key> {
    let known = NAMES.iter().chain(OTHER_NAMES);
    if let Some((_, key)) = known.into_iter().find(|(known, _)| known.eq_ignore_ascii_case(name)) {
        return Some(*key);
    }
    let number: u8 = name.strip_prefix(['f', 'F'])?.parse().ok()?;
    (name.len() > 1 && (1..=FUNCTION_KEYS).contains(&number)).then_some(Key::Function(number))
}

impl fmt::Display for Chord {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.held.prefix())?;
        if let Some((name, _)) = NAMES.iter().find(|(_, key)| *key == self.key) {
            return f.write_str(name);
        }
        match self.key {
            Key::Function(number) => write!(f, "f{number}"),
            Key::Char(char) => write!(f, "{char}"),
            // Every other key has a name in the list.
            _ => Ok(()),
        }
    }
}

#[cfg(test)]
pub(super) mod tests {
    use proptest::prelude::*;

    use super::*;

    /// Any chord that can be written.
    pub(in crate::explore::keys) fn any_chord() -> impl Strategy<Value = Chord> {
        let named = proptest::sample::select(NAMES).prop_map(|(_, key)| key);
        let function = (1..=FUNCTION_KEYS).prop_map(Key::Function);
        let held = proptest::sample::select(&[Held::Nothing, Held::Ctrl, Held::Alt, Held::Shift]);
        prop_oneof![
            ("[!-~]", held.clone()).prop_map(|(text, held)| {
                let char = text.chars().next().expect("one character");
                let held = if held == Held::Shift { Held::Nothing } else { held };
                Chord { key: Key::Char(char), held }.normal()
            }),
            (prop_oneof![named, function], held).prop_map(|(key, held)| {
                let held =
                    if key == Key::Char(' ') && held == Held::Shift { Held::Nothing } else { held };
                Chord { key, held }
            }),
        ]
    }

    proptest! {
        #[test]
        fn what_is_printed_is_read_as_the_same(chord in any_chord()) {
            prop_assert_eq!(Chord::parse(&chord.to_string()), Ok(chord));
        }

        #[test]
        fn no_text_breaks_the_reader(text in "\\PC{0,20}") {
            if let Ok(chord) = Chord::parse(&text) {
                prop_assert_eq!(Chord::parse(&chord.to_string()), Ok(chord));
            }
        }
    }

    #[test]
    fn people_write_keys_in_several_ways() {
        for (text, shown) in [
            ("ctrl-d", "ctrl-d"),
            ("Ctrl-D", "ctrl-d"),
            ("shift-l", "L"),
            ("shift-tab", "shift-tab"),
            ("PgDn", "page-down"),
            ("F5", "f5"),
            ("ctrl--", "ctrl--"),
            ("-", "-"),
        ] {
            assert_eq!(Chord::parse(text).map(|chord| chord.to_string()), Ok(shown.to_owned()));
        }
        assert_eq!(
            Chord::parse("ctrl-spcae"),
            Err("`spcae` is no key; did you mean `space`?".to_owned())
        );
        assert!(Chord::parse("ctrl-").is_err());
        assert!(Chord::parse("shift-/").is_err());
    }

    #[test]
    fn a_terminals_report_becomes_the_chord_that_people_write() {
        let event = |code, modifiers| Chord::of_event(&KeyEvent::new(code, modifiers));
        for (code, modifiers, text) in [
            (KeyCode::Char('G'), KeyModifiers::SHIFT, "G"),
            (KeyCode::Char('d'), KeyModifiers::CONTROL, "ctrl-d"),
            (KeyCode::BackTab, KeyModifiers::SHIFT, "shift-tab"),
            (KeyCode::Left, KeyModifiers::ALT, "alt-left"),
            (KeyCode::Char(' '), KeyModifiers::NONE, "space"),
        ] {
            assert_eq!(event(code, modifiers), Chord::parse(text).ok(), "{text}");
        }
        assert_eq!(event(KeyCode::CapsLock, KeyModifiers::NONE), None);
        let mut release = KeyEvent::new(KeyCode::Enter, KeyModifiers::NONE);
        release.kind = KeyEventKind::Release;
        assert_eq!(Chord::of_event(&release), None);
    }

    #[test]
    fn chords_that_terminals_cannot_tell_apart_are_refused() {
        let refused = |text| Chord::parse(text).ok().and_then(Chord::refused);
        assert_eq!(
            refused("ctrl-i").as_deref(),
            Some("terminals send the same for `ctrl-i` as for `tab`")
        );
        assert!(refused("ctrl-c").is_some());
        assert_eq!(refused("ctrl-o"), None);
    }
}
