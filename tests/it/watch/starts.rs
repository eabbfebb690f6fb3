//! The first line of an instance, and the last one of an instance that cannot start.

use kit::{Options, Stack, run};
use serde_json::{Value, json};

use super::{datapoints, lines, values};

#[test]
fn an_instance_says_once_that_it_has_started_and_how_long_that_took() {
    run(async |world| {
        world.stack.warm_up("authorize-request", 2).await.unwrap();
        world.stack.warm_up("notify-expiring-keys", 1).await.unwrap();
        world.notify().await;
        world.notify().await;
        for (function, instances) in [("authorize-request", 2), ("notify-expiring-keys", 1)] {
            let of_function = lines(&world.stack).into_iter().filter(|(of, _)| of == function);
            let parsed = of_function.map(|(_, line)| serde_json::from_str::<Value>(&line).unwrap());
            let starts: Vec<_> = parsed.filter(|line| line["Starts"] == 1).collect();
            assert_eq!(starts.len(), instances, "{function}: {starts:?}");
            assert!(starts.iter().all(|line| line["StartMilliseconds"].is_u64()), "{starts:?}");
            assert!(starts.iter().all(|line| line.get("lambda_request_id").is_none()), "{starts:?}");
        }
        assert_eq!(values(&datapoints(&world.stack), "Starts", &[]), [1.0; 3]);
    });
}

#[test]
fn an_instance_that_cannot_start_says_why_and_counts_as_a_failure_of_the_authorizer() {
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build().unwrap();
    for (variable, value, cause) in [
        ("KEY_PREFIX", "AK", "the environment variable KEY_PREFIX: "),
        ("LOG_LEVEL", "loud", "the environment variable LOG_LEVEL: "),
        ("TABLE_NAME", "", "the environment variable TABLE_NAME is missing"),
    ] {
        runtime.block_on(async {
            let environment = [(variable.to_owned(), value.to_owned())].into();
            let options = Options { memory: true, environment, ..Options::default() };
            let stack = Stack::start(options).await.unwrap();
            let answer = reqwest::get(format!("{}/v1/whoami", stack.url())).await.unwrap();
            assert_eq!(answer.status(), 500);
            let failures = values(&datapoints(&stack), "AuthorizerFailures", &[]);
            let written = lines(&stack);
            let last: Value = serde_json::from_str(&written.last().unwrap().1).unwrap();
            assert_eq!((&last["level"], &last["message"]), (&json!("ERROR"), &json!("the instance ends")));
            assert!(last["causes"].as_str().unwrap().starts_with(cause), "{last}");
            assert!(!failures.is_empty(), "{written:?}");
            stack.stop().await;
        });
    }
}

#[test]
fn no_part_of_a_malformed_pepper_is_in_a_line() {
    run(async |world| {
        let pepper = &world.stack.environment()["PEPPER_SECRET_ID"];
        // A value stands where the name of its version belongs.
        let value = "fedcba9876543210fedcba9876543210";
        let malformed = json!({"current": "1", value: value}).to_string();
        assert!(world.stack.put_secret(pepper, &malformed));
        world.anonymous().get("/v1/whoami").await.expect(500);
        let written = lines(&world.stack);
        let last = &written.last().unwrap().1;
        assert!(last.contains("the stored pepper is unusable"), "{last}");
        let parts: Vec<_> = (0..value.len() - 6).map(|start| &value[start..start + 6]).collect();
        assert!(written.iter().all(|(_, line)| parts.iter().all(|part| !line.contains(part))), "{written:?}");
    });
}
