//! Random identifiers and secrets.

use std::fmt::Write as _;

use ring::rand::{SecureRandom as _, SystemRandom};

const BASE62: &[u8; 62] = b"0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz";

fn bytes<const N: usize>() -> [u8; N] {
    let mut bytes = [0; N];
    SystemRandom::new().fill(&mut bytes).expect("the operating system has a random source");
    bytes
}

/// Draws base62 characters, each independently and without bias.
pub(crate) fn base62(length: usize) -> String {
    let mut text = String::with_capacity(length);
    while text.len() < length {
        let drawn = bytes::<64>();
        let usable = drawn.iter().filter(|byte| **byte < 248).take(length - text.len());
        text.extend(usable.map(|byte| char::from(BASE62[usize::from(byte % 62)])));
    }
    text
}

/// Draws a version-4 UUID, the form of Lambda's request ids.
pub(crate) fn uuid() -> String {
    let mut drawn = bytes::<16>();
    drawn[6] = (drawn[6] & 0x0f) | 0x40;
    drawn[8] = (drawn[8] & 0x3f) | 0x80;
    let mut text = String::with_capacity(36);
    for (index, byte) in drawn.iter().enumerate() {
        if matches!(index, 4 | 6 | 8 | 10) {
            text.push('-');
        }
        write!(text, "{byte:02x}").expect("writing to a string cannot fail");
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn identifiers_have_their_length_and_alphabet() {
        assert_eq!(base62(43).len(), 43);
        assert!(base62(200).bytes().all(|byte| BASE62.contains(&byte)));
        let uuid = uuid();
        assert_eq!(uuid.len(), 36);
        assert_eq!(uuid.as_bytes()[14], b'4');
    }
}
