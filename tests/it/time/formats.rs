//! Times and whole numbers as programs write them, in every field that takes one.

use kit::run;
use serde_json::{Value, json};

#[test]
fn a_whole_number_is_read_however_it_is_written() {
    run(async |world| {
        let organization = world.organization("alice", "flexible").await;
        let machine = organization.machine("ci").await;
        let key = organization.key(&machine, 90).await;
        let (owner, path) = (&organization.owner, &organization.path);
        let policy =
            |member: &str, number: &str| parsed(&format!(r#"{{"policy": {}}}"#, member.replace('#', number)));
        for number in ["1", "1.0"] {
            let body = parsed(&format!(r#"{{"name": "k", "expires_in_days": {number}}}"#));
            let made = owner.post(&organization.keys_of(&machine), body).await.expect(201);
            owner.delete(&organization.key_path(&made)).await.expect(204);
            let body = parsed(&format!(r#"{{"overlap_seconds": {number}}}"#));
            owner.post(&format!("{}/rotate", organization.key_path(&key)), body).await.expect(200);
            for member in POLICY_NUMBERS {
                owner.post(&format!("{path}/policy-preview"), policy(member, number)).await.expect(200);
            }
        }
        for number in ["1.5", "90.5", "-0.0", "1e300", "0.1e-5", "9007199254740993.0", "\"1\"", "true"] {
            let body = parsed(&format!(r#"{{"name": "k", "expires_in_days": {number}}}"#));
            owner
                .post(&organization.keys_of(&machine), body)
                .await
                .expect_invalid("expires_in_days", "a whole number");
            let body = parsed(&format!(r#"{{"overlap_seconds": {number}}}"#));
            let rotate = format!("{}/rotate", organization.key_path(&key));
            owner.post(&rotate, body).await.expect_invalid("overlap_seconds", "a whole number");
            for member in POLICY_NUMBERS {
                owner.post(&format!("{path}/policy-preview"), policy(member, number)).await.expect(400);
            }
        }
    });
}

/// The numbers of a policy; `#` stands for one.
const POLICY_NUMBERS: [&str; 7] = [
    r#"{"quota": {"owner": #}}"#,
    r#"{"quota": {"normal": #}}"#,
    r#"{"quota": {"machine": #}}"#,
    r#"{"lifetime": {"min_seconds": #}}"#,
    r#"{"rotation": {"max_overlap_seconds": #}}"#,
    r#"{"notices": {"days_before": [#]}}"#,
    r#"{"notices": {"days_before": [30, #]}}"#,
];

/// Reads JSON text. A number with a fraction of zeros keeps it.
fn parsed(text: &str) -> Value {
    serde_json::from_str(text).unwrap()
}

/// Writes noon of a day two years ahead in several ways.
const TIMES: [&str; 7] = [
    "#T12:00:00Z",
    "#T12:00:00.0Z",
    "#T12:00:00.000Z",
    "#T12:00:00.000000000Z",
    "#t12:00:00z",
    "#T12:00:00.000+00:00",
    "#T14:00:00.000+02:00",
];

const NO_TIMES: [&str; 6] =
    ["#T12:00:00.5Z", "#T12:00:00.001Z", "#T12:00:00.", "#T12:00:00.0000000000Z", "#", "#T12:00:60.000Z"];

#[test]
fn a_time_is_read_however_it_is_written() {
    run(async |world| {
        let organization = world.organization("alice", "flexible").await;
        let machine = organization.machine("ci").await;
        let key = organization.key(&machine, 90).await;
        let (owner, path) = (&organization.owner, &organization.path);
        let day = world.stack.clock().now_text().split('T').next().unwrap().to_owned();
        let later = format!("{}-06-15", day[..4].parse::<i32>().unwrap() + 2);
        let encoded = |time: &str| time.replace('+', "%2B");
        let filters = |time: &str| {
            let time = encoded(time);
            [
                ("since", format!("{path}/audit-events?since={time}")),
                ("until", format!("{path}/audit-events?until={time}")),
                ("expires_before", format!("{path}/access-keys?expires_before={time}")),
                ("unused_since", format!("{path}/access-keys?unused_since={time}")),
                ("expires_before", format!("{}?expires_before={time}", organization.keys_of(&machine))),
            ]
        };
        for form in TIMES {
            let time = form.replace('#', &later);
            let body = json!({"name": "k", "expires_at": time});
            let made = owner.post(&organization.keys_of(&machine), body).await.expect(201);
            assert_eq!(made["expires_at"], format!("{later}T12:00:00Z"), "{form}");
            let changed =
                owner.patch(&organization.key_path(&key), json!({"expires_at": time})).await.expect(200);
            assert_eq!(changed["expires_at"], format!("{later}T12:00:00Z"), "{form}");
            owner.delete(&organization.key_path(&made)).await.expect(204);
            for (_, filter) in filters(&time) {
                owner.get(&filter).await.expect(200);
            }
        }
        for form in NO_TIMES {
            let time = form.replace('#', &later);
            let body = json!({"name": "k", "expires_at": time});
            owner
                .post(&organization.keys_of(&machine), body)
                .await
                .expect_invalid("expires_at", "in whole seconds");
            owner
                .patch(&organization.key_path(&key), json!({"expires_at": time}))
                .await
                .expect_invalid("expires_at", "in whole seconds");
            for (field, filter) in filters(&time) {
                owner.get(&filter).await.expect_invalid(field, "in whole seconds");
            }
        }
    });
}
