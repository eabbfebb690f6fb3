//! The HTTP client of the AWS clients, for HTTP/1.1 alone.
//!
//! The SDK's own client brings HTTP/2, a seventh of a function's size. Delete this one when the SDK offers a client
//! without HTTP/2.

use std::{error::Error, io, pin::Pin, sync::Arc, task, time::Duration};

use aws_smithy_runtime_api::client::{
    connection::{CaptureSmithyConnection, ConnectionMetadata},
    http::{HttpClient, HttpConnector, HttpConnectorFuture, HttpConnectorSettings, SharedHttpConnector},
    orchestrator::{HttpRequest, HttpResponse},
    result::ConnectorError,
    runtime_components::RuntimeComponents,
};
use aws_smithy_types::body::SdkBody;
use http::{Request, Uri};
use http_body_util::{BodyExt as _, Limited};
use hyper_rustls::{HttpsConnector, HttpsConnectorBuilder, MaybeHttpsStream};
use hyper_util::{
    client::legacy::{
        Client,
        connect::{CaptureConnection, HttpConnector as Tcp, capture_connection},
    },
    rt::{TokioExecutor, TokioIo},
};
use rustls::{ClientConfig, RootCertStore, crypto::ring};
use tokio::{net::TcpStream, task::yield_now, time::timeout};
use tower_service::Service;

use super::pool_timer::PoolTimer;

/// How long a connection may be idle. AWS closes its side of one some time later.
const MAX_IDLE: Duration = Duration::from_secs(20);

/// Sends requests over kept connections.
#[derive(Debug, Clone)]
pub(super) struct Http(Client<Connect, SdkBody>);

impl Http {
    /// Trusts `roots`. A connection, TLS included, must be open within `connect_timeout`.
    pub(super) fn new(roots: RootCertStore, connect_timeout: Duration) -> Self {
        let mut tcp = Tcp::new();
        tcp.set_nodelay(true);
        tcp.enforce_http(false);
        let config = ClientConfig::builder_with_provider(Arc::new(ring::default_provider()))
            .with_safe_default_protocol_versions()
            .expect("ring supports the default TLS versions")
            .with_root_certificates(roots)
            .with_no_client_auth();
        let https = HttpsConnectorBuilder::new().with_tls_config(config).https_or_http().enable_http1();
        let connect = Connect { https: https.wrap_connector(tcp), timeout: connect_timeout };
        let mut client = Client::builder(TokioExecutor::new());
        client.pool_timer(PoolTimer::start()).pool_idle_timeout(MAX_IDLE);
        Self(client.build(connect))
    }

    /// Sends an unsigned request to an endpoint, so that the next request finds an open connection.
    pub(super) async fn open(&self, endpoint: &str) -> Result<(), BoxError> {
        let request = Request::get(endpoint).body(SdkBody::empty())?;
        self.0.request(request).await?.into_body().collect().await?;
        Ok(())
    }
}

/// The most bytes of an answer that [`Http::exchange`] reads.
const MAX_ANSWER_BYTES: usize = 1024 * 1024;

/// The answer to a request.
#[derive(Debug)]
pub struct Exchange {
    /// The HTTP status.
    pub status: u16,
    /// The body.
    pub body: Vec<u8>,
}

/// There is no answer to a request, or it came too late, or it is too long.
#[derive(Debug, thiserror::Error)]
#[error("there is no answer in time")]
pub struct ExchangeFailure(#[source] BoxError);

impl Http {
    /// Sends a request once, and reads the answer within a time limit.
    pub(super) async fn exchange(
        &self,
        request: Request<Vec<u8>>,
        within: Duration,
    ) -> Result<Exchange, ExchangeFailure> {
        let exchange = async {
            let answer = self.0.request(request.map(SdkBody::from)).await?;
            let status = answer.status().as_u16();
            let body = Limited::new(answer.into_body(), MAX_ANSWER_BYTES).collect().await?;
            Ok::<_, BoxError>(Exchange { status, body: body.to_bytes().into() })
        };
        let answer = timeout(within, exchange).await;
        answer.unwrap_or_else(|elapsed| Err(elapsed.into())).map_err(ExchangeFailure)
    }
}

/// Yields until a started request is on the wire, so that the caller's next work overlaps with the round trip.
///
/// It takes three turns: one connects, one starts the connection's task, and that task writes.
pub(super) async fn yield_until_sent() {
    for _ in 0..3 {
        yield_now().await;
    }
}

pub(super) type BoxError = Box<dyn Error + Send + Sync>;

/// Opens connections, each within a time limit.
#[derive(Debug, Clone)]
struct Connect {
    https: HttpsConnector<Tcp>,
    timeout: Duration,
}

impl Service<Uri> for Connect {
    type Response = MaybeHttpsStream<TokioIo<TcpStream>>;
    type Error = BoxError;
    type Future = Pin<Box<dyn Future<Output = Result<Self::Response, BoxError>> + Send>>;

    fn poll_ready(&mut self, context: &mut task::Context<'_>) -> task::Poll<Result<(), BoxError>> {
        self.https.poll_ready(context)
    }

    fn call(&mut self, uri: Uri) -> Self::Future {
        let connecting = timeout(self.timeout, self.https.call(uri));
        Box::pin(async { connecting.await.map_err(|_| io::Error::from(io::ErrorKind::TimedOut))? })
    }
}

impl HttpClient for Http {
    fn http_connector(&self, _: &HttpConnectorSettings, _: &RuntimeComponents) -> SharedHttpConnector {
        SharedHttpConnector::new(self.clone())
    }
}

impl HttpConnector for Http {
    fn call(&self, request: HttpRequest) -> HttpConnectorFuture {
        let mut request = match request.try_into_http1x() {
            Ok(request) => request,
            Err(error) => return HttpConnectorFuture::ready(Err(ConnectorError::user(error.into()))),
        };
        if let Some(capture) = request.extensions().get::<CaptureSmithyConnection>().cloned() {
            let connection = capture_connection(&mut request);
            capture.set_connection_retriever(move || metadata(&connection));
        }
        let answer = self.0.request(request);
        HttpConnectorFuture::new(async move {
            // Each failure of an exchange deserves another attempt: the body is in memory, and the answer unknown.
            let answer = answer.await.map_err(|error| ConnectorError::io(error.into()))?;
            let answer = HttpResponse::try_from(answer.map(SdkBody::from_body_1_x));
            answer.map_err(|error| ConnectorError::other(error.into(), None))
        })
    }
}

/// Lets the SDK close a connection on which a request failed.
fn metadata(connection: &CaptureConnection) -> Option<ConnectionMetadata> {
    let ended = connection.clone();
    let poison = move || {
        if let Some(connection) = ended.connection_metadata().as_ref() {
            connection.poison();
        }
    };
    connection.connection_metadata().as_ref()?;
    Some(ConnectionMetadata::builder().proxied(false).poison_fn(poison).build())
}

#[cfg(test)]
mod tests {
    use std::{
        io::{Read as _, Write as _},
        net, thread,
    };

    use tokio::net::TcpListener;

    use super::*;

    /// Answers as many requests on one connection, and takes no other.
    fn serve_one_connection(requests: usize) -> (net::SocketAddr, thread::JoinHandle<()>) {
        let listener = net::TcpListener::bind("127.0.0.1:0").unwrap();
        let address = listener.local_addr().unwrap();
        let serving = thread::spawn(move || {
            let (mut connection, _) = listener.accept().unwrap();
            connection.set_read_timeout(Some(Duration::from_secs(5))).unwrap();
            for _ in 0..requests {
                assert!(connection.read(&mut [0; 4096]).unwrap() > 0);
                connection.write_all(b"HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\nok").unwrap();
            }
        });
        (address, serving)
    }

    #[tokio::test]
    async fn a_request_goes_over_the_connection_that_was_opened_before() {
        let (address, serving) = serve_one_connection(2);
        let http = Http::new(RootCertStore::empty(), Duration::from_secs(5));
        http.open(&format!("http://{address}")).await.unwrap();
        let mut request = HttpRequest::new(SdkBody::empty());
        request.set_uri(format!("http://{address}/")).unwrap();
        assert!(http.call(request).await.unwrap().status().is_success());
        serving.join().unwrap();
    }

    #[tokio::test]
    async fn a_request_is_sent_before_the_work_that_overlaps_with_it() {
        let listener = net::TcpListener::bind("127.0.0.1:0").unwrap();
        listener.set_nonblocking(true).unwrap();
        let http = Http::new(RootCertStore::empty(), Duration::from_secs(5));
        let endpoint = format!("http://{}", listener.local_addr().unwrap());
        let arrived = async {
            yield_until_sent().await;
            let (mut connection, _) = listener.accept().unwrap();
            connection.set_nonblocking(true).unwrap();
            connection.read(&mut [0; 4096]).unwrap()
        };
        tokio::select! {
            biased;
            _ = http.open(&endpoint) => unreachable!("nobody answers"),
            arrived = arrived => assert!(arrived > 0),
        }
    }

    #[tokio::test]
    async fn a_peer_that_never_answers_the_handshake_is_given_up_and_may_be_tried_again() {
        let silent = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let http = Http::new(RootCertStore::empty(), Duration::from_millis(20));
        let mut request = HttpRequest::new(SdkBody::empty());
        request.set_uri(format!("https://{}/", silent.local_addr().unwrap())).unwrap();
        let error = http.call(request).await.unwrap_err();
        assert!(error.is_io(), "{error:?}");
    }
}
