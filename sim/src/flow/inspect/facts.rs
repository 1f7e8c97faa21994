//! States as sections of named values, for those who show or compare them. It knows nothing of
//! terminals.

use std::fmt;

use meshwalk_models::units::{SimDuration, SimTime};
use meshwalk_models::world::Origin;

use super::Object;

/// A value with its unit.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Value {
    /// So many.
    Count(u64),
    /// So many of at most so many; `None` is no limit.
    Of(u64, Option<u64>),
    /// A share, in percent.
    Percent(u64),
    /// Bytes.
    Bytes(u64),
    /// A moment of the run.
    At(SimTime),
    /// A length of time.
    For(SimDuration),
    /// A word of a closed set, or a name.
    Word(String),
    /// Another object, and how it is called here.
    Object(Object, String),
    /// There is none.
    Nothing,
}

impl Value {
    /// So many.
    #[must_use]
    pub fn count(count: impl Into<u64>) -> Self {
        Self::Count(count.into())
    }

    /// So many of at most so many, if there is a limit.
    #[must_use]
    pub fn of(count: impl Into<u64>, limit: Option<impl Into<u64>>) -> Self {
        Self::Of(count.into(), limit.map(Into::into))
    }

    /// A word.
    #[must_use]
    pub fn word(word: impl Into<String>) -> Self {
        Self::Word(word.into())
    }

    /// A moment, or nothing.
    #[must_use]
    pub fn at(moment: Option<SimTime>) -> Self {
        moment.map_or(Self::Nothing, Self::At)
    }

    /// The object that it names.
    #[must_use]
    pub const fn object(&self) -> Option<Object> {
        match self {
            Self::Object(object, _) => Some(*object),
            _ => None,
        }
    }
}

impl fmt::Display for Value {
    /// In plain text, with its unit: `3 of 10`, `2 of no limit`, `45 %`, `1.5s`.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Count(count) => write!(f, "{count}"),
            Self::Of(count, Some(limit)) => write!(f, "{count} of {limit}"),
            Self::Of(count, None) => write!(f, "{count} of no limit"),
            Self::Percent(percent) => write!(f, "{percent} %"),
            Self::Bytes(bytes) => write!(f, "{bytes} B"),
            Self::At(moment) => write!(f, "{moment}"),
            Self::For(span) => write!(f, "{span}"),
            Self::Word(word) | Self::Object(_, word) => f.write_str(word),
            Self::Nothing => f.write_str("-"),
        }
    }
}

/// A named value.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Field {
    /// What it is called.
    pub name: &'static str,
    /// What it is.
    pub value: Value,
    /// What set it, where that is configured.
    pub origin: Option<Origin>,
}

/// A table, or a list of fields, under one title.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Section {
    /// What stands together here.
    pub title: &'static str,
    /// Fields of the object itself.
    pub fields: Vec<Field>,
    /// Rows of a table, if it has parts that are alike.
    pub table: Option<Cells>,
}

/// A table: the first cell of a row says what the row is about.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Cells {
    /// What the columns are called.
    pub columns: Vec<&'static str>,
    /// The rows.
    pub rows: Vec<Vec<Value>>,
}

/// One object, written out.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Facts {
    /// What is written out.
    pub object: Object,
    /// How it is called.
    pub title: String,
    /// Its numbers.
    pub sections: Vec<Section>,
}

impl Section {
    /// A list of fields.
    #[must_use]
    pub const fn of_fields(title: &'static str, fields: Vec<Field>) -> Self {
        Self { title, fields, table: None }
    }

    /// A table.
    #[must_use]
    pub const fn of_rows(
        title: &'static str,
        columns: Vec<&'static str>,
        rows: Vec<Vec<Value>>,
    ) -> Self {
        Self { title, fields: Vec::new(), table: Some(Cells { columns, rows }) }
    }
}

impl Section {
    /// Whether the values of both have the same paths.
    fn are_alike((one, other): (&Self, &Self)) -> bool {
        let names = |it: &Field| it.name;
        one.fields.iter().map(names).eq(other.fields.iter().map(names))
            && match (&one.table, &other.table) {
                (None, None) => true,
                (Some(one), Some(other)) => {
                    let rows = one.rows.iter().zip(&other.rows);
                    one.columns == other.columns
                        && one.rows.len() == other.rows.len()
                        && rows.into_iter().all(|(one, other)| {
                            (one.len(), one.first()) == (other.len(), other.first())
                        })
                }
                _ => false,
            }
    }
}

impl Field {
    /// A value that nothing configured.
    #[must_use]
    pub const fn new(name: &'static str, value: Value) -> Self {
        Self { name, value, origin: None }
    }

    /// A value with what set it.
    #[must_use]
    pub const fn set_by(name: &'static str, value: Value, origin: Origin) -> Self {
        Self { name, value, origin: Some(origin) }
    }
}

impl Facts {
    /// Every value, in the order of [`Facts::flat`].
    pub(super) fn values(&self) -> impl Iterator<Item = &Value> {
        self.sections.iter().flat_map(|section| {
            let fields = section.fields.iter().map(|field| &field.value);
            let rows = section.table.iter().flat_map(|table| {
                let width = table.columns.len().saturating_sub(1);
                table.rows.iter().flat_map(move |row| row.iter().skip(1).take(width))
            });
            fields.chain(rows)
        })
    }

    /// Whether the values of both have the same paths; where that is not seen at a glance it is
    /// denied.
    pub(super) fn is_like(&self, other: &Self) -> bool {
        let sections = self.sections.iter().zip(&other.sections);
        self.sections.len() == other.sections.len() && sections.into_iter().all(Section::are_alike)
    }

    /// Every value with its path, such as `hosts / shop/cart-0 / ejected until`.
    pub fn flat(&self) -> impl Iterator<Item = (String, &Value)> {
        self.sections.iter().flat_map(|section| {
            let fields = section.fields.iter();
            let fields = fields.map(|field| (field.name.to_owned(), &field.value));
            let cells = section.table.iter().flat_map(move |table| {
                table.rows.iter().flat_map(move |row| {
                    let key = row.first().map(ToString::to_string).unwrap_or_default();
                    let cells = table.columns.iter().zip(row).skip(1);
                    cells.map(move |(column, value)| (format!("{key} / {column}"), value))
                })
            });
            fields.chain(cells)
        })
    }
}
