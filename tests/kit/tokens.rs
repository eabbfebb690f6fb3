use serde_json::{Value, json};

/// Joins the key id of one token and the secret of another, with the check that belongs to both.
///
/// # Panics
/// When one of them is no token with the prefix `ak`.
#[must_use]
pub fn with_secret_of(token: &str, other: &str) -> String {
    let checked = format!("{}{}", &token[..24], &other[24..67]);
    let mut check = crc32(checked.as_bytes());
    let digits = b"0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz";
    let mut text = [b'0'; 6];
    for digit in text.iter_mut().rev() {
        *digit = digits[(check % 62) as usize];
        check /= 62;
    }
    format!("{checked}{}", String::from_utf8_lossy(&text))
}

fn crc32(bytes: &[u8]) -> u32 {
    !bytes.iter().fold(u32::MAX, |crc, byte| {
        (0..8).fold(
            crc ^ u32::from(*byte),
            |crc, _| if crc & 1 == 1 { (crc >> 1) ^ 0xedb8_8320 } else { crc >> 1 },
        )
    })
}

/// Writes the event by which an HTTP API asks the authorizer about a token, at a second of the gateway's clock.
///
/// # Panics
/// Never: the committed sample is JSON.
#[must_use]
pub fn authorizer_event(token: &str, seconds: i64) -> Value {
    let sample = include_str!("../events/authorize-request.json");
    let mut event: Value = serde_json::from_str(sample).expect("the sample is JSON");
    event["headers"] = json!({"x-access-key": token});
    event["identitySource"] = json!(null);
    event["pathParameters"] = json!({});
    event["requestContext"]["timeEpoch"] = json!(seconds * 1_000);
    event
}
