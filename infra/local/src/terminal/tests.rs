//! What a person sees.

use std::sync::Arc;

use serde_json::json;

use super::*;

fn terminal(colored: bool) -> (Terminal, Arc<Mutex<String>>) {
    let shown = Arc::new(Mutex::new(String::new()));
    let sink = Arc::clone(&shown);
    (Terminal::new(colored, move |text| lock(&sink).push_str(text)), shown)
}

fn answered(status: u16) -> Answered {
    Answered {
        request_id: "r".to_owned(),
        time: "12:00:31".to_owned(),
        method: "GET".to_owned(),
        path: "/v1/whoami".to_owned(),
        status,
        milliseconds: "3".to_owned(),
        caller: Value::Null,
        failure: String::new(),
    }
}

fn write(terminal: &Terminal, function: &str, line: &Value) {
    terminal.function_line(function, format!("{line}\n").as_bytes());
}

#[test]
fn a_request_is_one_line_in_columns_and_a_refusal_says_why() {
    let (terminal, shown) = terminal(false);
    terminal.begin("r");
    let caller = json!({"key_name": "deploy", "user_name": "robot", "key_id": "7HcX2mPq9LwZtR4bK1nV"});
    terminal.end(&Answered { caller, ..answered(200) });
    terminal.begin("r");
    let started = json!({"level": "INFO", "message": "started an instance", "Starts": 1});
    write(&terminal, "authorize-request", &started);
    let refused =
        json!({"level": "INFO", "message": "refused a request", "reason": "expired", "request_id": "r"});
    write(&terminal, "authorize-request", &refused);
    terminal.end(&Answered {
        path: format!("/v1/{}", "x".repeat(60)),
        milliseconds: "412".to_owned(),
        ..answered(403)
    });
    terminal.end(&Answered {
        caller: json!({"email": "alice@example.com"}),
        method: "DELETE".to_owned(),
        ..answered(204)
    });
    let path = |path: &str| format!("{path:<66}");
    assert_eq!(
        *lock(&shown),
        format!(
            "12:00:31  GET    {} 200      3 ms  key deploy of robot\n\
             12:00:31  GET    {} 403    412 ms  -  expired\n\
             12:00:31  DELETE {} 204      3 ms  alice@example.com\n",
            path("/v1/whoami"),
            path("/v1/…"),
            path("/v1/whoami")
        )
    );
}

#[test]
fn a_failure_names_the_function_what_it_said_and_where_to_look() {
    let (terminal, shown) = terminal(false);
    terminal.begin("r");
    let failed = json!({"level": "ERROR", "message": "could not do the request", "code": "internal",
        "causes": "GetItem failed: \u{1b}[2Jno", "request_id": "r", "Failures": 1});
    write(&terminal, "get-access-key", &failed);
    let message = "The Lambda function returned the following error: x.".to_owned();
    terminal.end(&Answered { failure: message.clone(), ..answered(500) });
    terminal.end(&Answered { failure: message, ..answered(500) });
    let panicked = json!({"level": "ERROR", "message": "panicked", "causes": "nothing is left",
        "place": "functions/get-access-key/src/lib.rs:7:3", "request_id": "another"});
    write(&terminal, "get-access-key", &panicked);
    let ends = json!({"level": "ERROR", "message": "the instance ends", "causes": "KEY_PREFIX is missing"});
    write(&terminal, "describe-api", &ends);
    terminal.note("describe-api", "timed out");
    terminal.function_line("describe-api", b"no JSON\n");
    let text = lock(&shown).clone();
    let lines: Vec<_> = text.lines().filter(|line| !line.starts_with("12:")).map(str::trim_start).collect();
    assert_eq!(
        lines,
        [
            "get-access-key failed: could not do the request",
            "GetItem failed: \u{fffd}[2Jno",
            "look at the cause; more with --parameter LogLevel=debug",
            "The Lambda function returned the following error: x.",
            "get-access-key panicked",
            "nothing is left",
            "look at functions/get-access-key/src/lib.rs:7:3",
            "describe-api cannot start",
            "KEY_PREFIX is missing",
            "look at the parameters (--parameter), and Environment of the function in template.yaml",
            "describe-api: timed out",
            "look at functions/describe-api/src",
            "describe-api: no JSON",
        ]
    );
}

#[test]
fn a_quiet_terminal_shows_failures_alone() {
    let (terminal, shown) = terminal(false);
    let terminal = Terminal { quiet: true, ..terminal };
    terminal.begin("r");
    terminal.end(&answered(403));
    write(&terminal, "f", &json!({"level": "WARN", "message": "DynamoDB does not answer yet"}));
    assert_eq!(*lock(&shown), "");
    terminal.begin("r");
    let panicked = json!({"level": "ERROR", "message": "panicked", "request_id": "r"});
    write(&terminal, "f", &panicked);
    terminal.end(&answered(500));
    write(&terminal, "g", &json!({"level": "ERROR", "message": "the instance ends"}));
    terminal.end(&Answered { failure: "no answer in 10 seconds".to_owned(), ..answered(503) });
    let text = lock(&shown).clone();
    let told = ["/v1/whoami", "f panicked", "g cannot start", "no answer in 10 seconds"];
    assert!(told.iter().all(|words| text.contains(words)), "{text}");
    assert_eq!(text.matches("/v1/whoami").count(), 2, "{text}");
}

#[test]
fn other_lines_are_shown_with_their_fields_and_a_run_without_work_is_not() {
    let (terminal, shown) = terminal(false);
    let run = |due: u64| {
        json!({"level": "INFO", "message": "finished a run of notices", "Due": due, "Failed": 0,
        "LeftOver": 0, "Sent": due, "_aws": {}, "lambda_request_id": "l"})
    };
    write(&terminal, "notify-expiring-keys", &run(0));
    write(&terminal, "notify-expiring-keys", &run(2));
    write(
        &terminal,
        "f",
        &json!({"level": "WARN", "message": "DynamoDB does not answer yet", "causes": "closed"}),
    );
    write(&terminal, "f", &json!({"level": "DEBUG", "message": "checking", "argon2_runs": 1, "key_id": "k"}));
    assert_eq!(
        *lock(&shown),
        "          notify-expiring-keys: finished a run of notices (Due 2, Failed 0, LeftOver 0, Sent 2)\n          \
         f warns: DynamoDB does not answer yet\n            closed\n          \
         f: checking (argon2_runs 1, key_id k)\n"
    );
}

#[test]
fn colours_are_for_terminals_alone() {
    for colored in [false, true] {
        let (terminal, shown) = terminal(colored);
        terminal.end(&answered(500));
        assert_eq!(lock(&shown).contains("\u{1b}[31m500\u{1b}[0m"), colored);
        assert_eq!(lock(&shown).contains('\u{1b}'), colored);
    }
}
