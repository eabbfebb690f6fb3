//! A small HTTP server and client.
//!
//! A handler may return [`ConnectionDropped`], which closes the connection without a byte. To a client this looks like
//! a lost request or a lost response.

use std::{
    net::SocketAddr,
    sync::{
        Arc, Mutex,
        atomic::{AtomicU64, Ordering},
    },
    time::Duration,
};

use bytes::Bytes;
use http_body_util::{BodyExt as _, Full};
use hyper::{
    Request, StatusCode,
    body::{Body as _, Incoming},
    header::{CONTENT_TYPE, HeaderValue},
    server::conn::http1,
    service::service_fn,
};
use hyper_rustls::{HttpsConnector, HttpsConnectorBuilder};
use hyper_util::{
    client::legacy::{Client, connect::HttpConnector},
    rt::{TokioExecutor, TokioIo, TokioTimer},
};
use serde::Serialize;
use tokio::{net::TcpListener, task::JoinSet};

use crate::{error::StackError, tasks::lock};

/// A response with its whole body.
pub(crate) type Response = hyper::Response<Full<Bytes>>;

/// The connection on which a request arrived; every request carries it as an extension.
#[derive(Debug, Clone, Default)]
pub(crate) struct Connection {
    /// How often idle connections had been closed when the last request of this one ended; `None` before that.
    idle_since: Arc<Mutex<Option<u64>>>,
}

/// Closes idle connections, so that a client learns of it by its next request alone.
///
/// A connection whose end the client sees at once is never used again. A load balancer or a network that forgets a
/// connection tells nobody, and a frozen instance sees nothing.
#[derive(Debug, Default)]
pub(crate) struct IdleConnections {
    closed: AtomicU64,
    met: AtomicU64,
}

impl IdleConnections {
    /// Closes every connection that has carried a request and carries none now.
    pub(crate) fn close(&self) {
        self.closed.fetch_add(1, Ordering::SeqCst);
    }

    /// Counts the requests that met a closed connection.
    pub(crate) fn met(&self) -> u64 {
        self.met.load(Ordering::SeqCst)
    }

    /// Drops a request that arrived on a closed connection.
    pub(crate) fn check(&self, connection: &Connection) -> Result<(), ConnectionDropped> {
        let idle_since = *lock(&connection.idle_since);
        if idle_since.is_some_and(|closed| closed < self.closed.load(Ordering::SeqCst)) {
            self.met.fetch_add(1, Ordering::SeqCst);
            return Err(ConnectionDropped);
        }
        Ok(())
    }

    /// Makes a connection idle, after its request.
    pub(crate) fn rest(&self, connection: &Connection) {
        *lock(&connection.idle_since) = Some(self.closed.load(Ordering::SeqCst));
    }
}

/// Closes the connection without a response.
#[derive(Debug, thiserror::Error)]
#[error("the connection is dropped on purpose")]
pub(crate) struct ConnectionDropped;

/// Listens on the loopback address; port 0 takes any free port.
pub(crate) async fn listen(port: u16, flag: &'static str) -> Result<(TcpListener, SocketAddr), StackError> {
    let listen = |cause: std::io::Error| match cause.kind() {
        std::io::ErrorKind::AddrInUse => StackError::PortInUse { port, flag },
        _ => StackError::Listen { port, cause },
    };
    let listener = TcpListener::bind(("127.0.0.1", port)).await.map_err(listen)?;
    let address = listener.local_addr().map_err(listen)?;
    Ok((listener, address))
}

/// Serves every connection until the task that runs this ends. The connections end with it.
pub(crate) async fn serve<H, F>(listener: TcpListener, handler: H)
where
    H: Fn(Request<Incoming>, SocketAddr) -> F + Clone + Send + 'static,
    F: Future<Output = Result<Response, ConnectionDropped>> + Send + 'static,
{
    let mut connections = JoinSet::new();
    loop {
        let Ok((stream, peer)) = listener.accept().await else {
            tokio::time::sleep(Duration::from_millis(10)).await;
            continue;
        };
        while connections.try_join_next().is_some() {}
        let handler = handler.clone();
        connections.spawn(async move {
            stream.set_nodelay(true).ok();
            let connection = Connection::default();
            let service = service_fn(move |mut request: Request<Incoming>| {
                request.extensions_mut().insert(connection.clone());
                handler(request, peer)
            });
            http1::Builder::new()
                .timer(TokioTimer::new())
                .max_headers(1_000)
                .serve_connection(TokioIo::new(stream), service)
                .await
                .ok();
        });
    }
}

/// A body longer than its limit. It was read to its end, so that the client receives the response.
#[derive(Debug)]
pub(crate) struct BodyTooLong;

/// Reads a whole body.
pub(crate) async fn read(
    mut body: Incoming,
    limit: usize,
) -> Result<Result<Bytes, BodyTooLong>, ConnectionDropped> {
    let declared = usize::try_from(body.size_hint().lower()).unwrap_or(usize::MAX);
    let mut whole = Vec::with_capacity(declared.min(limit));
    let mut length = 0;
    while let Some(frame) = body.frame().await {
        let Ok(data) = frame.map_err(|_| ConnectionDropped)?.into_data() else {
            continue;
        };
        length += data.len();
        if length <= limit {
            whole.extend_from_slice(&data);
        }
    }
    Ok(if length > limit { Err(BodyTooLong) } else { Ok(whole.into()) })
}

/// Makes a response with a body of a media type.
pub(crate) fn response(status: StatusCode, media_type: &'static str, body: impl Into<Bytes>) -> Response {
    let mut response = Response::new(Full::new(body.into()));
    *response.status_mut() = status;
    response.headers_mut().insert(CONTENT_TYPE, HeaderValue::from_static(media_type));
    response
}

/// Makes a response with a JSON body.
pub(crate) fn json(status: StatusCode, body: &impl Serialize) -> Response {
    let body = serde_json::to_vec(body).expect("the stack responds with plain data");
    response(status, "application/json", body)
}

/// Makes a response without a body.
pub(crate) fn empty(status: StatusCode) -> Response {
    let mut response = Response::new(Full::default());
    *response.status_mut() = status;
    response
}

/// A client that reuses its connections.
pub(crate) type HttpClient = Client<HttpsConnector<HttpConnector>, Full<Bytes>>;

/// Builds a client.
pub(crate) fn client() -> HttpClient {
    let mut plain = HttpConnector::new();
    plain.set_nodelay(true);
    plain.enforce_http(false);
    let connector = HttpsConnectorBuilder::new().with_webpki_roots().https_or_http().enable_http1();
    let connector = connector.wrap_connector(plain);
    Client::builder(TokioExecutor::new()).build(connector)
}
