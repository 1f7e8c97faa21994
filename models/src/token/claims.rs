//! What a token says of who carries it, as rules on requests look at it.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::{Map, Value};

use super::{TOKEN_BYTES_MAX, json_object};

/// The payload of a token.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Claims {
    payload: Map<String, Value>,
}

/// A text that is no payload.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error(
    "expected a JSON object such as {{\"iss\": \"https://issuer.example\", \"sub\": \"jane\"}}"
)]
pub struct ClaimsError;

/// What rules match: strings, by the path to them, such as `["realm", "roles"]`.
pub type ClaimValues = BTreeMap<Vec<String>, Vec<String>>;

impl Claims {
    /// From a JSON object.
    ///
    /// # Errors
    /// If it is none, is longer than a proxy would take, or nested too deeply.
    pub fn parse(json: &str) -> Result<Self, ClaimsError> {
        let fits = json.len() <= TOKEN_BYTES_MAX;
        let payload = fits.then(|| json_object(json.as_bytes())).flatten();
        payload.map(|payload| Self { payload }).ok_or(ClaimsError)
    }

    pub(super) const fn of(payload: Map<String, Value>) -> Self {
        Self { payload }
    }

    pub(super) const fn payload(&self) -> &Map<String, Value> {
        &self.payload
    }

    /// A claim that is a string; empty if it is none or missing.
    #[must_use]
    pub fn text(&self, name: &str) -> &str {
        self.payload.get(name).and_then(Value::as_str).unwrap_or_default()
    }

    /// The strings of `aud`: one, or those of a list.
    #[must_use]
    pub fn audiences(&self) -> Vec<&str> {
        match self.payload.get("aud") {
            Some(Value::String(one)) => vec![one],
            Some(Value::Array(all)) => all.iter().filter_map(Value::as_str).collect(),
            _ => Vec::new(),
        }
    }

    /// Who carries the token, as Istio names it: `iss/sub`.
    #[must_use]
    pub fn principal(&self) -> String {
        format!("{}/{}", self.text("iss"), self.text("sub"))
    }

    /// A claim in words for a header: strings, numbers and booleans; dots lead into nested ones.
    ///
    /// Source: Envoy, source/extensions/filters/http/jwt_authn/authenticator.cc,
    /// `addJWTClaimToHeader`.
    #[must_use]
    pub fn for_header(&self, path: &str) -> Option<String> {
        let mut steps = path.split('.');
        let first = self.payload.get(steps.next()?)?;
        let value = steps.try_fold(first, |value, step| value.get(step))?;
        match value {
            Value::String(text) => Some(text.clone()),
            Value::Number(number) => Some(number.to_string()),
            Value::Bool(flag) => Some(flag.to_string()),
            Value::Null | Value::Array(_) | Value::Object(_) => None,
        }
        .filter(|text| !text.is_empty())
    }

    /// The strings that rules match, by path. A claim of `space_delimited` holds several words.
    #[must_use]
    pub fn values(&self, space_delimited: &BTreeSet<String>) -> ClaimValues {
        let mut values = ClaimValues::new();
        for (name, value) in &self.payload {
            match value {
                Value::String(text) if space_delimited.contains(name) => {
                    let words = text.split(' ').filter(|word| !word.is_empty());
                    values.insert(vec![name.clone()], words.map(str::to_owned).collect());
                }
                _ => collect(&mut vec![name.clone()], value, &mut values),
            }
        }
        values
    }
}

/// Strings and lists of strings; numbers, booleans and nulls match no rule. The depth was checked
/// when the JSON was read.
fn collect(path: &mut Vec<String>, value: &Value, values: &mut ClaimValues) {
    match value {
        Value::String(text) => {
            values.insert(path.clone(), vec![text.clone()]);
        }
        Value::Array(items) => {
            let texts: Vec<_> = items.iter().filter_map(Value::as_str).map(str::to_owned).collect();
            if !texts.is_empty() {
                values.insert(path.clone(), texts);
            }
        }
        Value::Object(fields) => {
            for (name, value) in fields {
                path.push(name.clone());
                collect(path, value, values);
                path.pop();
            }
        }
        Value::Null | Value::Bool(_) | Value::Number(_) => {}
    }
}
