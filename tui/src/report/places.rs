//! Where a value comes from, as people and editors write it.

use meshwalk_models::manifest::{Place, SourceSet};
use meshwalk_models::world::Origin;

/// Shows origins with the names of their files.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Places<'s> {
    sources: &'s SourceSet,
}

impl<'s> Places<'s> {
    /// Of these texts.
    pub(crate) const fn new(sources: &'s SourceSet) -> Self {
        Self { sources }
    }

    /// `file:line`.
    fn line(&self, place: Place) -> String {
        format!("{}:{}", self.sources.name(place.source), place.line)
    }

    /// `file:line`, if the origin is a place in a file.
    pub(crate) fn file_line(&self, origin: Origin) -> Option<String> {
        match origin {
            Origin::Manifest(place) | Origin::Scenario(place) => Some(self.line(place)),
            Origin::Default(_) | Origin::Assumed(_) => None,
        }
    }

    /// `file:line`, `default NAME` or `assumed: SENTENCE`.
    pub(crate) fn show(&self, origin: Origin) -> String {
        match origin {
            Origin::Manifest(place) | Origin::Scenario(place) => self.line(place),
            Origin::Default(name) => format!("default {name}"),
            Origin::Assumed(sentence) => format!("assumed: {sentence}"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_origin_is_a_line_or_a_name() {
        let mut sources = SourceSet::new();
        let source = sources.add("vs.yaml", "a: 1\n");
        let places = Places::new(&sources);
        let place = Place { source, line: 1, column: 4 };
        assert_eq!(places.show(Origin::Manifest(place)), "vs.yaml:1");
        assert_eq!(places.show(Origin::Default("istio.x")), "default istio.x");
    }
}
