//! A validator of the part of JSON Schema that our schema uses; any other keyword is a failure,
//! so that no constraint goes unchecked.

use regex::Regex;
use serde_json::Value;

/// Whether `value` fits `schema`, with `$ref`s into `root`.
pub(super) fn fits(root: &Value, schema: &Value, value: &Value) -> bool {
    let Some(keywords) = schema.as_object() else { return schema.as_bool().expect("a schema") };
    keywords.iter().all(|(keyword, wanted)| match keyword.as_str() {
        "$ref" => {
            let name = wanted.as_str().and_then(|it| it.strip_prefix("#/$defs/")).expect("a def");
            let target = root["$defs"].get(name).unwrap_or_else(|| panic!("no `{name}`"));
            fits(root, target, value)
        }
        "anyOf" => list(wanted).iter().any(|option| fits(root, option, value)),
        "oneOf" => list(wanted).iter().filter(|option| fits(root, option, value)).count() == 1,
        "const" => value == wanted,
        "enum" => list(wanted).contains(value),
        "type" => match wanted {
            Value::Array(types) => types.iter().any(|it| is_a(value, it)),
            one => is_a(value, one),
        },
        "minimum" => value.as_f64().is_none_or(|it| it >= wanted.as_f64().expect("a number")),
        "maximum" => value.as_f64().is_none_or(|it| it <= wanted.as_f64().expect("a number")),
        "exclusiveMinimum" => {
            value.as_f64().is_none_or(|it| it > wanted.as_f64().expect("a number"))
        }
        "pattern" => {
            let pattern = Regex::new(wanted.as_str().expect("a pattern")).expect("a pattern");
            value.as_str().is_none_or(|text| pattern.is_match(text))
        }
        "items" => value.as_array().is_none_or(|all| all.iter().all(|it| fits(root, wanted, it))),
        "required" => value.as_object().is_none_or(|object| {
            list(wanted).iter().all(|name| object.contains_key(name.as_str().expect("a name")))
        }),
        "properties" => value.as_object().is_none_or(|object| {
            object.iter().all(|(name, value)| {
                wanted.get(name).is_none_or(|schema| fits(root, schema, value))
            })
        }),
        "additionalProperties" => value.as_object().is_none_or(|object| {
            let known = keywords.get("properties").and_then(Value::as_object);
            let is_known = |name: &str| known.is_some_and(|known| known.contains_key(name));
            object.iter().all(|(name, value)| is_known(name) || fits(root, wanted, value))
        }),
        "$schema" | "$defs" | "title" | "description" | "default" | "format" => true,
        other => panic!("the keyword `{other}` is not checked"),
    })
}

fn list(value: &Value) -> &[Value] {
    value.as_array().expect("a list")
}

fn is_a(value: &Value, wanted: &Value) -> bool {
    match wanted.as_str().expect("a type") {
        "null" => value.is_null(),
        "boolean" => value.is_boolean(),
        "integer" => value.is_u64() || value.is_i64(),
        "number" => value.is_number(),
        "string" => value.is_string(),
        "array" => value.is_array(),
        "object" => value.is_object(),
        other => panic!("no type `{other}`"),
    }
}
