//! Answers of an API that are long: the function reads 64 KiB of one.

use std::{
    io::{self, Read as _, Write as _},
    net::{TcpListener, TcpStream},
};

use kit::run;
use serde_json::{Value, json};

use super::{SECRET, check_logs, consumer, document, put, token};

const MAX: usize = 64 * 1024;

/// Starts an API that answers every request with this text, and then writes on, if the answer has no end.
fn serve(text: &str, length: Option<usize>) -> String {
    let listener = TcpListener::bind(("127.0.0.1", 0)).unwrap();
    let url = format!("http://{}", listener.local_addr().unwrap());
    let framing = length.map_or_else(
        || "connection: close".to_owned(),
        |length| format!("connection: close\r\ncontent-length: {length}"),
    );
    let answer = format!("HTTP/1.1 200 OK\r\ncontent-type: application/json\r\n{framing}\r\n\r\n{text}");
    std::thread::spawn(move || {
        for stream in listener.incoming() {
            // A client that has read enough goes away.
            stream
                .and_then(|stream| respond(stream, answer.as_bytes(), length.is_none()))
                .unwrap_or_default();
        }
    });
    url
}

fn respond(mut stream: TcpStream, answer: &[u8], is_endless: bool) -> io::Result<()> {
    let mut request = Vec::new();
    // Each body of a request ends with a brace; a request without one ends with an empty line.
    while !request.ends_with(b"\r\n\r\n") && !request.ends_with(b"}")
        || request.starts_with(b"POST") && !request.ends_with(b"}")
    {
        let mut part = [0; 4_096];
        let read = stream.read(&mut part)?;
        if read == 0 {
            return Ok(());
        }
        request.extend_from_slice(&part[..read]);
    }
    stream.write_all(answer)?;
    if !is_endless {
        return Ok(());
    }
    loop {
        stream.write_all(&[b' '; 8_192])?;
    }
}

#[test]
fn an_answer_of_64_kib_is_read_and_a_longer_or_endless_one_changes_nothing() {
    run(async |world| {
        let (organization, key) = consumer(world, 90).await;
        let before = token(world, "AWSCURRENT").unwrap();
        let renewed = format!("{}{}", &before[..before.len() - 49], "A".repeat(49));
        let answer = json!({"secret": {"token": renewed}, "key_id": key["key_id"],
            "organization_id": organization.id, "expires_in_days": 90})
        .to_string();
        let padded = |length: usize| format!("{answer}{}", " ".repeat(length - answer.len()));
        let with_api = |url: String| {
            let mut value: Value = document(world, &organization, &key);
            value["api"] = json!(url);
            put(world, &value);
        };
        for (text, length) in [(padded(MAX + 1), Some(MAX + 1)), (answer.clone(), None)] {
            with_api(serve(&text, length));
            let error = world.stack.rotate_secret(SECRET).await.unwrap_err();
            assert_eq!(error, "createSecret: the API of the access keys failed");
            assert_eq!(token(world, "AWSCURRENT").as_ref(), Some(&before));
        }
        with_api(serve(&padded(MAX), Some(MAX)));
        world.stack.rotate_secret(SECRET).await.unwrap();
        assert_eq!(token(world, "AWSCURRENT"), Some(renewed));
        check_logs(world);
    });
}
