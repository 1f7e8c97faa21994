//! Reads objects of a case so that nothing in them is passed over: a key that nobody asked for is
//! an error, and so is a value of another kind than was asked for.

use std::cell::RefCell;
use std::collections::BTreeSet;

use meshwalk_models::units::{Ppm, SimDuration};

use super::json::Json;

/// What reading yields; the error names the place and what is wrong there.
pub(super) type Read<T> = Result<T, String>;

/// The members of one object, and which of them were asked for.
#[derive(Debug)]
pub(super) struct Fields<'j> {
    place: String,
    members: &'j [(String, Json)],
    asked: RefCell<BTreeSet<&'j str>>,
}

impl<'j> Fields<'j> {
    /// Reads the object `json`, which stands at `place`, with `read`.
    pub(super) fn read<T>(
        json: &'j Json,
        place: &str,
        read: impl FnOnce(&Self) -> Read<T>,
    ) -> Read<T> {
        let Json::Object(members) = json else {
            return Err(format!("{place}: expected an object, found {json}"));
        };
        let fields = Self { place: place.to_owned(), members, asked: RefCell::default() };
        let value = read(&fields)?;
        let asked = fields.asked.borrow();
        match members.iter().find(|(name, _)| !asked.contains(name.as_str())) {
            Some((name, _)) => Err(format!("{place}: the key `{name}` is not known")),
            None => Ok(value),
        }
    }

    /// Where a member stands.
    pub(super) fn place(&self, name: &str) -> String {
        format!("{}.{name}", self.place)
    }

    /// A member as it is.
    pub(super) fn get(&self, name: &str) -> Option<&'j Json> {
        let (known, value) = self.members.iter().find(|(known, _)| known == name)?;
        self.asked.borrow_mut().insert(known);
        Some(value)
    }

    /// All members, for objects whose keys are names.
    pub(super) fn all(&self) -> impl Iterator<Item = (&'j str, &'j Json)> {
        self.members.iter().map(|(name, value)| {
            self.asked.borrow_mut().insert(name);
            (name.as_str(), value)
        })
    }

    fn kind<T>(
        &self,
        name: &str,
        what: &str,
        read: impl FnOnce(&'j Json) -> Option<T>,
    ) -> Read<Option<T>> {
        let Some(json) = self.get(name) else { return Ok(None) };
        match read(json) {
            Some(value) => Ok(Some(value)),
            None => Err(format!("{}: expected {what}, found {json}", self.place(name))),
        }
    }

    pub(super) fn text(&self, name: &str) -> Read<Option<&'j str>> {
        self.kind(name, "a text", Json::as_text)
    }

    pub(super) fn required_text(&self, name: &str) -> Read<&'j str> {
        self.text(name)?.ok_or_else(|| format!("{} is missing", self.place(name)))
    }

    /// A switch; absent is off.
    pub(super) fn switch(&self, name: &str) -> Read<bool> {
        Ok(self.optional_switch(name)?.unwrap_or(false))
    }

    pub(super) fn optional_switch(&self, name: &str) -> Read<Option<bool>> {
        self.kind(name, "true or false", |json| match json {
            Json::Bool(value) => Some(*value),
            _ => None,
        })
    }

    /// A whole number that fits.
    pub(super) fn whole<T: TryFrom<i64>>(&self, name: &str) -> Read<Option<T>> {
        self.kind(name, "a whole number", |json| match json {
            Json::Whole(number) => T::try_from(*number).ok(),
            _ => None,
        })
    }

    /// A time in milliseconds.
    pub(super) fn ms(&self, name: &str) -> Read<Option<SimDuration>> {
        self.kind(name, "milliseconds", |json| {
            let ms = json.as_number().filter(|ms| (0.0..1e12).contains(ms))?;
            Some(SimDuration::from_ns_f64(ms * 1e6))
        })
    }

    /// A time as Envoy's own configuration writes it, such as `0.3s`.
    pub(super) fn seconds(&self, name: &str) -> Read<Option<SimDuration>> {
        self.kind(name, "seconds such as \"0.3s\"", |json| {
            let seconds: f64 = json.as_text()?.strip_suffix('s')?.parse().ok()?;
            (0.0..1e9).contains(&seconds).then(|| SimDuration::from_ns_f64(seconds * 1e9))
        })
    }

    /// A share in percent.
    pub(super) fn percent(&self, name: &str) -> Read<Option<Ppm>> {
        self.kind(name, "percent", |json| {
            let percent = json.as_number().filter(|percent| (0.0..=1e4).contains(percent))?;
            Some(Ppm::from_ppm((percent * 10_000.0).round() as u32))
        })
    }

    /// The items of a list, each with its place; absent is empty.
    pub(super) fn list(&self, name: &str) -> Read<Vec<(String, &'j Json)>> {
        let items = self.kind(name, "a list", |json| match json {
            Json::List(items) => Some(items.as_slice()),
            _ => None,
        })?;
        let items = items.unwrap_or_default().iter().enumerate();
        Ok(items.map(|(at, item)| (format!("{}[{at}]", self.place(name)), item)).collect())
    }

    /// A list of texts; absent is empty.
    pub(super) fn texts(&self, name: &str) -> Read<Vec<String>> {
        let items = self.list(name)?.into_iter();
        let text = |(place, item): (String, &Json)| match item.as_text() {
            Some(text) => Ok(text.to_owned()),
            None => Err(format!("{place}: expected a text, found {item}")),
        };
        items.map(text).collect()
    }

    /// An object whose members are texts, in the order written; absent is empty.
    pub(super) fn text_map(&self, name: &str) -> Read<Vec<(String, String)>> {
        let Some(json) = self.get(name) else { return Ok(Vec::new()) };
        Fields::read(json, &self.place(name), |fields| {
            let member = |(key, value): (&str, &Json)| match value.as_text() {
                Some(text) => Ok((key.to_owned(), text.to_owned())),
                None => Err(format!("{}: expected a text, found {value}", fields.place(key))),
            };
            fields.all().map(member).collect()
        })
    }

    /// Reads a member that is an object.
    pub(super) fn object<T>(
        &self,
        name: &str,
        read: impl FnOnce(&Fields<'j>) -> Read<T>,
    ) -> Read<Option<T>> {
        let Some(json) = self.get(name) else { return Ok(None) };
        Fields::read(json, &self.place(name), read).map(Some)
    }

    /// Reads a member that is a list of objects; absent is empty.
    pub(super) fn objects<T>(
        &self,
        name: &str,
        mut read: impl FnMut(&Fields<'j>) -> Read<T>,
    ) -> Read<Vec<T>> {
        let items = self.list(name)?.into_iter();
        items.map(|(place, item)| Fields::read(item, &place, &mut read)).collect()
    }

    /// An error about a member.
    pub(super) fn wrong<T>(&self, name: &str, why: &str) -> Read<T> {
        Err(format!("{}: {why}", self.place(name)))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read<T>(text: &str, read: impl FnOnce(&Fields<'_>) -> Read<T>) -> Read<T> {
        Fields::read(&Json::parse(text).unwrap(), "case", read)
    }

    #[test]
    fn a_key_that_nobody_asks_for_is_an_error_with_its_place() {
        let ask = |fields: &Fields<'_>| fields.object("a", |inner| inner.switch("b"));
        assert_eq!(read(r#"{"a": {"b": true}}"#, ask), Ok(Some(true)));
        let error = read(r#"{"a": {"b": true, "c": 1}}"#, ask).unwrap_err();
        assert_eq!(error, "case.a: the key `c` is not known");
    }

    #[test]
    fn a_value_of_another_kind_is_an_error() {
        assert!(read(r#"{"a": "1"}"#, |fields| fields.whole::<u32>("a")).is_err());
        assert!(read(r#"{"a": -1}"#, |fields| fields.whole::<u32>("a")).is_err());
        assert!(read(r#"{"a": 1}"#, |fields| fields.texts("a")).is_err());
        assert!(read(r#"{"a": "3"}"#, |fields| fields.seconds("a")).is_err());
    }

    #[test]
    fn times_and_shares_are_read_in_their_units() {
        let ms = read(r#"{"a": 2.5}"#, |fields| fields.ms("a")).unwrap().unwrap();
        assert_eq!(ms, SimDuration::from_us(2_500));
        let seconds = read(r#"{"a": "0.3s"}"#, |fields| fields.seconds("a")).unwrap().unwrap();
        assert_eq!(seconds, SimDuration::from_ms(300));
        let share = read(r#"{"a": 12.5}"#, |fields| fields.percent("a")).unwrap().unwrap();
        assert_eq!(share, Ppm::from_ppm(125_000));
    }
}
