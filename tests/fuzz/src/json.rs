//! Changes of a JSON document.

use arbtest::arbitrary::{Result, Unstructured};
use serde_json::{Value, json};

use crate::text;

/// Changes a document of the corpus in a few places, or in none, and writes it.
pub(crate) fn changed(corpus: &[Value], choices: &mut Unstructured<'_>) -> Result<String> {
    let mut document = choices.choose(corpus)?.clone();
    for _ in 0..choices.int_in_range(0..=3)? {
        let donor = choices.choose(corpus)?;
        let from = choices.int_in_range(0..=count(donor) - 1)?;
        let other = nth(donor, &mut { from }).cloned().unwrap_or_default();
        let at = choices.int_in_range(0..=count(&document) - 1)?;
        if let Some(place) = nth_mut(&mut document, &mut { at }) {
            change(place, other, choices)?;
        }
    }
    Ok(document.to_string())
}

/// Changes one value. `other` is one of another place.
fn change(place: &mut Value, other: Value, choices: &mut Unstructured<'_>) -> Result<()> {
    match (choices.int_in_range(0..=5)?, &mut *place) {
        (0, _) => *place = other,
        (1, _) => *place = hostile(choices)?,
        (2, Value::Array(items)) if !items.is_empty() => {
            drop(items.remove(choices.choose_index(items.len())?));
        }
        (3, Value::Array(items)) => {
            let times = choices.int_in_range(1..=120)?;
            items.extend(vec![other; times]);
        }
        (2, Value::Object(members)) if !members.is_empty() => {
            let name = choices.choose_iter(members.keys())?.clone();
            members.remove(&name);
        }
        (3, Value::Object(members)) => {
            let name = text::changed(&[other.as_str().unwrap_or("other").to_owned()], choices)?;
            members.insert(name, other);
        }
        (4, Value::Object(members)) if !members.is_empty() => {
            // A member under another name.
            let name = choices.choose_iter(members.keys())?.clone();
            let value = members.remove(&name).unwrap_or_default();
            members.insert(text::changed(&[name], choices)?, value);
        }
        (_, Value::String(text)) => *text = text::changed(std::slice::from_ref(text), choices)?,
        (_, Value::Number(number)) => *place = near(number.as_i64().unwrap_or(0), choices)?,
        (_, Value::Bool(truth)) => *truth = !*truth,
        _ => *place = json!([place.take()]),
    }
    Ok(())
}

/// Makes a number near another.
fn near(number: i64, choices: &mut Unstructured<'_>) -> Result<Value> {
    let other: i64 = choices.int_in_range(-100..=400)?;
    Ok(match choices.int_in_range(0..=4)? {
        0 => json!(number.wrapping_add(1)),
        1 => json!(number.wrapping_sub(1)),
        2 => json!(number.wrapping_neg()),
        3 => json!(number.wrapping_mul(86_400)),
        _ => json!(other),
    })
}

fn hostile(choices: &mut Unstructured<'_>) -> Result<Value> {
    Ok(match choices.int_in_range(0..=15)? {
        0 => Value::Null,
        1 => json!(true),
        2 => json!(0),
        3 => json!(-1),
        4 => json!(u64::MAX),
        5 => json!(i64::MIN),
        6 => json!(1.5),
        7 => json!(90.0),
        8 => json!(f64::MAX),
        9 => json!(""),
        10 => json!("x".repeat(600)),
        11 => json!([]),
        12 => json!({}),
        13 => (0..200).fold(json!(1), |inner, _| json!([inner])),
        14 => json!({"": {"": null}}),
        _ => json!(text::changed(&["a".to_owned()], choices)?),
    })
}

/// Returns the values that are inside a value.
fn inside(value: &Value) -> impl Iterator<Item = &Value> {
    let items = value.as_array().into_iter().flatten();
    items.chain(value.as_object().into_iter().flat_map(|members| members.values()))
}

/// Counts a value and all values inside it.
fn count(value: &Value) -> usize {
    1 + inside(value).map(count).sum::<usize>()
}

/// Finds the value at a position of those that [`count`] counts. Counts `position` down.
fn nth<'v>(value: &'v Value, position: &mut usize) -> Option<&'v Value> {
    if *position == 0 {
        return Some(value);
    }
    *position -= 1;
    inside(value).find_map(|value| nth(value, position))
}

/// As [`nth`], to change it.
fn nth_mut<'v>(value: &'v mut Value, position: &mut usize) -> Option<&'v mut Value> {
    if *position == 0 {
        return Some(value);
    }
    *position -= 1;
    match value {
        Value::Array(items) => items.iter_mut().find_map(|value| nth_mut(value, position)),
        Value::Object(members) => members.values_mut().find_map(|value| nth_mut(value, position)),
        _ => None,
    }
}
