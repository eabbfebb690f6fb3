//! The lines of one instance: read as they come, and once more before each of its responses is passed on.

use std::{
    io::{self, ErrorKind, PipeReader, PipeWriter, Read as _},
    os::fd::OwnedFd,
    sync::Mutex,
};

use tokio::net::unix::pipe::Receiver;

use super::Logs;
use crate::tasks::lock;

/// What an instance writes to its standard output and error.
#[derive(Debug)]
pub(super) struct Output {
    function: String,
    logs: Logs,
    out: Stream,
    errors: Stream,
}

#[derive(Debug)]
struct Stream {
    /// Tells when there is something to read.
    arrivals: Receiver,
    unread: Mutex<Unread>,
}

#[derive(Debug)]
struct Unread {
    /// The same pipe as `arrivals`, read without waiting.
    pipe: PipeReader,
    /// The begin of a line whose end has not come yet.
    line: Vec<u8>,
}

impl Output {
    /// Makes the two pipes of an instance. Returns the ends that it writes to: output and errors.
    pub(super) fn new(function: &str, logs: &Logs) -> io::Result<(Self, [PipeWriter; 2])> {
        let ((out, to_out), (errors, to_errors)) = (Stream::new()?, Stream::new()?);
        let output = Self { function: function.to_owned(), logs: logs.clone(), out, errors };
        Ok((output, [to_out, to_errors]))
    }

    /// Adds lines to the logs until the instance has ended. By then every line is there.
    pub(super) async fn follow(&self) {
        tokio::join!(self.follow_stream(&self.out), self.follow_stream(&self.errors));
    }

    /// Adds all that the instance has written so far to the logs.
    pub(super) fn catch_up(&self) {
        for stream in [&self.out, &self.errors] {
            let mut unread = lock(&stream.unread);
            let Unread { pipe, line } = &mut *unread;
            self.read_all(line, |buffer| pipe.read(buffer));
        }
    }

    async fn follow_stream(&self, stream: &Stream) {
        while stream.arrivals.readable().await.is_ok() {
            let mut unread = lock(&stream.unread);
            let ended = self.read_all(&mut unread.line, |buffer| stream.arrivals.try_read(buffer));
            if ended {
                return;
            }
        }
    }

    /// Reads until nothing is there. Returns whether nothing can follow.
    fn read_all(&self, line: &mut Vec<u8>, mut read: impl FnMut(&mut [u8]) -> io::Result<usize>) -> bool {
        let mut buffer = [0; 4096];
        loop {
            match read(&mut buffer) {
                Ok(0) => break,
                Ok(count) => {
                    line.extend_from_slice(&buffer[..count]);
                    while let Some(end) = line.iter().position(|byte| *byte == b'\n') {
                        let rest = line.split_off(end + 1);
                        self.logs.add(&self.function, std::mem::replace(line, rest));
                    }
                }
                Err(error) if error.kind() == ErrorKind::Interrupted => {}
                Err(error) if error.kind() == ErrorKind::WouldBlock => return false,
                Err(_) => break,
            }
        }
        if !line.is_empty() {
            self.logs.add(&self.function, std::mem::take(line));
        }
        true
    }
}

impl Stream {
    fn new() -> io::Result<(Self, PipeWriter)> {
        let (pipe, writer) = io::pipe()?;
        let arrivals = Receiver::from_owned_fd(OwnedFd::from(pipe.try_clone()?))?;
        Ok((Self { arrivals, unread: Mutex::new(Unread { pipe, line: Vec::new() }) }, writer))
    }
}

#[cfg(test)]
mod tests {
    use std::io::Write as _;

    use super::*;

    #[tokio::test]
    async fn what_was_written_is_read_without_waiting_and_a_line_is_kept_until_it_ends() {
        let logs = Logs::kept();
        let (output, [mut out, mut errors]) = Output::new("f", &logs).unwrap();
        output.catch_up();
        out.write_all(b"one\ntwo\nthr").unwrap();
        errors.write_all(b"an error\n").unwrap();
        output.catch_up();
        assert_eq!(logs.by_function("f"), ["one", "two", "an error"]);
        out.write_all(b"ee\nlast").unwrap();
        drop((out, errors));
        output.follow().await;
        assert_eq!(logs.by_function("f"), ["one", "two", "an error", "three", "last"]);
    }
}
