use serde_json::Value;

use super::*;

/// The honest cases of a seed as text.
fn honest(seed: &str) -> String {
    File::new("here", matrix::honest_of(seed).unwrap()).to_json().unwrap()
}

#[test]
fn the_same_seed_gives_the_same_bytes_and_another_does_not() {
    assert_eq!(honest("one"), honest("one"));
    assert_ne!(honest("one"), honest("two"));
}

/// Checks that an object has every required member of a definition, and no member that it does not know.
fn check(schema: &Value, name: &str, value: &Value) {
    let definition = &schema["$defs"][name];
    let properties = definition["properties"].as_object().unwrap();
    for (member, value) in value.as_object().unwrap() {
        let property =
            properties.get(member).unwrap_or_else(|| panic!("{name}: {member} is not in the schema"));
        let reference = property["$ref"].as_str().and_then(|text| text.strip_prefix("#/$defs/"));
        if let Some(reference) = reference.filter(|one| schema["$defs"][*one]["properties"].is_object()) {
            check(schema, reference, value);
        }
    }
    for member in definition["required"].as_array().into_iter().flatten() {
        assert!(value.get(member.as_str().unwrap()).is_some(), "{name}: {member} is missing");
    }
}

#[test]
fn the_schema_knows_every_member_of_the_cases() {
    let schema: Value = serde_json::from_str(include_str!("schema.json")).unwrap();
    let file: Value = serde_json::from_str(&honest("one")).unwrap();
    for case in file["cases"].as_array().unwrap() {
        check(&schema, case["kind"].as_str().unwrap(), case);
    }
}
