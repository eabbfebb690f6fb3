//! As much of Lambda's runtime API as one instance needs, with the times at which it is spoken.

use std::{
    io::{self, Read as _, Write as _},
    net::{SocketAddr, TcpListener, TcpStream},
    sync::{
        Arc, Mutex, PoisonError,
        atomic::{AtomicBool, Ordering},
        mpsc::{Receiver, Sender, channel},
    },
    thread,
    time::Instant,
};

/// What an instance did, and when.
#[derive(Debug)]
pub(crate) enum Signal {
    /// It asked for an event.
    Polled(Instant),
    /// The event was handed out.
    Sent(Instant),
    /// It answered; `false` if with an error.
    Answered(Instant, bool, Vec<u8>),
}

/// An event on its way.
#[derive(Debug)]
pub(crate) struct Event {
    pub(crate) body: Vec<u8>,
    /// Milliseconds since 1970.
    pub(crate) deadline: i64,
}

/// The runtime API of one instance.
#[derive(Debug)]
pub(crate) struct RuntimeApi {
    pub(crate) address: SocketAddr,
    pub(crate) events: Sender<Event>,
    pub(crate) signals: Receiver<Signal>,
    ended: Arc<AtomicBool>,
}

impl RuntimeApi {
    pub(crate) fn listen() -> io::Result<Self> {
        let listener = TcpListener::bind(("127.0.0.1", 0))?;
        let address = listener.local_addr()?;
        let (events, coming) = channel();
        let (sender, signals) = channel();
        let ended = Arc::new(AtomicBool::new(false));
        let (over, coming) = (Arc::clone(&ended), Arc::new(Mutex::new(coming)));
        thread::spawn(move || {
            for stream in listener.incoming().flatten() {
                if over.load(Ordering::SeqCst) {
                    return;
                }
                let (signals, coming) = (sender.clone(), Arc::clone(&coming));
                thread::spawn(move || serve(stream, &signals, &coming).ok());
            }
        });
        Ok(Self { address, events, signals, ended })
    }
}

impl Drop for RuntimeApi {
    fn drop(&mut self) {
        self.ended.store(true, Ordering::SeqCst);
        TcpStream::connect(self.address).ok();
    }
}

fn serve(mut stream: TcpStream, signals: &Sender<Signal>, coming: &Mutex<Receiver<Event>>) -> io::Result<()> {
    stream.set_nodelay(true)?;
    let gone = |_| io::Error::from(io::ErrorKind::BrokenPipe);
    let mut buffer = Vec::new();
    while let Some(request) = read(&mut stream, &mut buffer)? {
        let now = Instant::now();
        if request.is_get {
            signals.send(Signal::Polled(now)).map_err(gone)?;
            let event = coming.lock().unwrap_or_else(PoisonError::into_inner).recv();
            let event = event.map_err(|_| io::Error::from(io::ErrorKind::BrokenPipe))?;
            let answer = next(&event);
            signals.send(Signal::Sent(Instant::now())).map_err(gone)?;
            stream.write_all(&answer)?;
        } else {
            let right = request.path.ends_with("/response");
            signals.send(Signal::Answered(now, right, request.body)).map_err(gone)?;
            stream.write_all(ACCEPTED)?;
        }
    }
    Ok(())
}

const ACCEPTED: &[u8] =
    b"HTTP/1.1 202 Accepted\r\ncontent-type: application/json\r\ncontent-length: 15\r\n\r\n{\"status\":\"OK\"}";

fn next(event: &Event) -> Vec<u8> {
    let head = format!(
        "HTTP/1.1 200 OK\r\ncontent-type: application/json\r\ncontent-length: {}\r\n\
         lambda-runtime-aws-request-id: 8476a536-e9f4-11e8-9739-2dfe598c3fcd\r\n\
         lambda-runtime-deadline-ms: {}\r\n\
         lambda-runtime-invoked-function-arn: arn:aws:lambda:us-east-1:000000000000:function:f\r\n\
         lambda-runtime-trace-id: Root=1-5bef4de7-ad49b0e87f6ef6c87fc2e700;Parent=9a9197af755a6419;Sampled=0\r\n\r\n",
        event.body.len(),
        event.deadline,
    );
    [head.as_bytes(), &event.body].concat()
}

struct Request {
    is_get: bool,
    path: String,
    body: Vec<u8>,
}

/// Reads a request; `None` at the end of the connection.
fn read(stream: &mut TcpStream, buffer: &mut Vec<u8>) -> io::Result<Option<Request>> {
    let mut more = |buffer: &mut Vec<u8>| {
        let mut chunk = [0; 16 * 1024];
        let length = stream.read(&mut chunk)?;
        buffer.extend_from_slice(&chunk[..length]);
        io::Result::Ok(length > 0)
    };
    let end = loop {
        if let Some(end) = buffer.windows(4).position(|window| window == b"\r\n\r\n") {
            break end + 4;
        }
        if !more(buffer)? {
            return Ok(None);
        }
    };
    let head = String::from_utf8_lossy(&buffer[..end]).into_owned();
    let mut lines = head.lines();
    let mut words = lines.next().unwrap_or_default().split(' ');
    let (method, path) = (words.next().unwrap_or_default(), words.next().unwrap_or_default());
    let header = |name: &str| {
        let mut named = lines.clone().filter_map(|line| line.split_once(':'));
        named.find(|(found, _)| found.eq_ignore_ascii_case(name)).map(|(_, value)| value.trim().to_owned())
    };
    let length = header("content-length").and_then(|length| length.parse().ok()).unwrap_or(0);
    if header("transfer-encoding").is_some() {
        return Err(io::Error::other("an answer in chunks"));
    }
    while buffer.len() < end + length {
        if !more(buffer)? {
            return Ok(None);
        }
    }
    let request =
        Request { is_get: method == "GET", path: path.to_owned(), body: buffer[end..end + length].to_vec() };
    buffer.drain(..end + length);
    Ok(Some(request))
}
