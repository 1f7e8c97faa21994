//! Compares a run with what was recorded, as the recorder compares its own runs: everything must
//! be the same, but times may differ by the tolerance of the case.

use super::json::Json;

/// Where two values differ first, with both; `None` if they agree. Paths of `unstable` are passed
/// over: there the recordings differ from each other.
pub(super) fn first_difference(
    recorded: &Json,
    ours: &Json,
    tolerance_ms: i64,
    unstable: &[String],
) -> Option<String> {
    let mut search = Search { tolerance_ms, unstable, found: None };
    search.compare(recorded, ours, "");
    search.found
}

struct Search<'a> {
    tolerance_ms: i64,
    unstable: &'a [String],
    found: Option<String>,
}

impl Search<'_> {
    fn compare(&mut self, recorded: &Json, ours: &Json, path: &str) {
        if self.found.is_some() {
            return;
        }
        match (recorded, ours) {
            (Json::Object(a), Json::Object(b)) => self.objects(a, b, path),
            (Json::List(a), Json::List(b)) => {
                if a.len() != b.len() {
                    self.differ(&format!("{path}[len]"), path, Some(recorded), Some(ours));
                    return;
                }
                for (at, (a, b)) in a.iter().zip(b).enumerate() {
                    self.compare(a, b, &format!("{path}[{at}]"));
                }
            }
            _ if recorded == ours || self.is_close(recorded, ours, path) => {}
            _ => self.differ(path, path, Some(recorded), Some(ours)),
        }
    }

    fn objects(&mut self, recorded: &[(String, Json)], ours: &[(String, Json)], path: &str) {
        for (name, a) in recorded {
            let path = format!("{path}.{name}");
            match ours.iter().find(|(known, _)| known == name) {
                Some((_, b)) => self.compare(a, b, &path),
                None => self.differ(&path, &path, Some(a), None),
            }
        }
        for (name, b) in ours {
            if !recorded.iter().any(|(known, _)| known == name) {
                let path = format!("{path}.{name}");
                self.differ(&path, &path, None, Some(b));
            }
        }
    }

    fn is_close(&self, recorded: &Json, ours: &Json, path: &str) -> bool {
        let near = |a: i64, b: i64| a.abs_diff(b) <= self.tolerance_ms.unsigned_abs();
        match (recorded, ours) {
            (Json::Whole(a), Json::Whole(b)) => {
                (path.ends_with("elapsed_class") || path.ends_with("t_class")) && near(*a, *b)
            }
            (Json::Text(a), Json::Text(b)) if path.ends_with("expected-rq-timeout-ms") => {
                a.parse().ok().zip(b.parse().ok()).is_some_and(|(a, b)| near(a, b))
            }
            _ => false,
        }
    }

    fn differ(&mut self, path: &str, shown: &str, recorded: Option<&Json>, ours: Option<&Json>) {
        if self.found.is_none() && !self.unstable.iter().any(|one| one == path) {
            let show = |json: Option<&Json>| json.map_or("nothing".to_owned(), Json::to_string);
            let shown = shown.trim_start_matches('.');
            let (recorded, ours) = (show(recorded), show(ours));
            self.found = Some(format!("{shown}: recorded {recorded}, the model has {ours}"));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn difference(recorded: &str, ours: &str) -> Option<String> {
        let json = |text| Json::parse(text).unwrap();
        first_difference(&json(recorded), &json(ours), 60, &[".b[len]".to_owned()])
    }

    #[test]
    fn times_may_differ_by_the_tolerance_and_nothing_else_may() {
        assert_eq!(difference(r#"{"t_class": 100}"#, r#"{"t_class": 160}"#), None);
        assert!(difference(r#"{"t_class": 100}"#, r#"{"t_class": 161}"#).is_some());
        let told = difference(r#"{"a": [{"x": 1}]}"#, r#"{"a": [{"x": 2}]}"#).unwrap();
        assert_eq!(told, "a[0].x: recorded 1, the model has 2");
    }

    #[test]
    fn what_one_side_lacks_is_a_difference_and_order_is_none() {
        assert_eq!(difference(r#"{"a": 1, "c": 2}"#, r#"{"c": 2, "a": 1}"#), None);
        assert!(difference(r#"{"a": 1}"#, "{}").unwrap().contains("the model has nothing"));
        assert!(difference("{}", r#"{"a": 1}"#).unwrap().contains("recorded nothing"));
        assert!(difference(r#"{"a": [1]}"#, r#"{"a": [1, 2]}"#).is_some());
        assert!(difference(r#"{"a": 1}"#, r#"{"a": "1"}"#).is_some());
    }

    #[test]
    fn unstable_places_are_passed_over() {
        assert_eq!(difference(r#"{"b": [1]}"#, r#"{"b": [1, 2]}"#), None);
    }
}
