//! Switches that are set, and that `null` switches on.

use serde_json::{Value, json};

use super::*;

fn changed(change: &Value) -> Value {
    let off = Channels { email: false, inbox: false };
    let all_off = NotificationPreferences {
        key_expiring: off,
        key_expired: off,
        key_changed: off,
        access_changed: off,
    };
    let change = serde_json::from_value(json!({"notifications": change})).unwrap();
    let Body { notifications } = change;
    serde_json::to_value(all_off.changed(notifications)).unwrap()
}

#[derive(Deserialize)]
struct Body {
    #[serde(default)]
    notifications: Change<NotificationPreferencesChange>,
}

#[test]
fn null_switches_on_at_any_depth_and_touches_nothing_else() {
    let (on, off) = (json!({"email": true, "inbox": true}), json!({"email": false, "inbox": false}));
    let kinds = ["key_expiring", "key_expired", "key_changed", "access_changed"];
    let all = |value: &Value| kinds.iter().map(|kind| ((*kind).to_owned(), value.clone())).collect::<Value>();
    assert_eq!(changed(&json!(null)), all(&on));
    assert_eq!(changed(&json!({})), all(&off));
    for kind in kinds {
        let mut expected = all(&off);
        expected[kind] = on.clone();
        assert_eq!(changed(&json!({kind: null})), expected);
        for channel in ["email", "inbox"] {
            let mut expected = all(&off);
            expected[kind][channel] = json!(true);
            assert_eq!(changed(&json!({kind: {channel: null}})), expected);
            assert_eq!(changed(&json!({kind: {channel: true}})), expected);
        }
        assert_eq!(changed(&json!({kind: {}})), all(&off));
    }
}

#[test]
fn fuzzed_switches_are_set_as_they_are_named_and_a_second_time_nothing_changes() {
    let all = |on| Channels { email: on, inbox: on };
    let of = |on| {
        let (key_expiring, key_expired) = (all(on), all(on));
        NotificationPreferences { key_expiring, key_expired, key_changed: all(on), access_changed: all(on) }
    };
    fuzz::documents("notifications").play(|text| {
        // Serde takes a list for an object, which the reader of bodies refuses.
        if text.contains('[') {
            return false;
        }
        let Ok(Body { notifications }) = serde_json::from_str(text) else { return false };
        let Ok(document) = serde_json::from_str::<Value>(text) else { return false };
        for before in [true, false] {
            let after = of(before).changed(notifications);
            assert_eq!(after.changed(notifications), after);
            let shown = serde_json::to_value(after).unwrap();
            for (kind, channels) in shown.as_object().unwrap() {
                for (channel, is_on) in channels.as_object().unwrap() {
                    let named = named(&document, &["notifications", kind, channel]);
                    assert_eq!(*is_on, named.unwrap_or(before), "{kind} {channel}");
                }
            }
        }
        document.get("notifications").is_some()
    });
}

/// Returns how a document sets a switch: `null` sets it on, at any depth.
fn named(document: &Value, path: &[&str]) -> Option<bool> {
    let (name, rest) = path.split_first()?;
    match document.get(name)? {
        Value::Null => Some(true),
        Value::Bool(on) if rest.is_empty() => Some(*on),
        inner => named(inner, rest),
    }
}
