//! What carries requests to AWS: HTTP/1.1, which is all that is used there.
//!
//! The SDK's own brings HTTP/2, a tenth of a function's size.

use std::{error::Error, io, sync::Arc, time::Duration};

use aws_smithy_runtime_api::client::{
    connection::{CaptureSmithyConnection, ConnectionMetadata},
    http::{HttpClient, HttpConnector, HttpConnectorFuture, HttpConnectorSettings, SharedHttpConnector},
    orchestrator::{HttpRequest, HttpResponse},
    result::ConnectorError,
    runtime_components::RuntimeComponents,
};
use aws_smithy_types::{body::SdkBody, retry::ErrorKind};
use hyper_rustls::{HttpsConnector, HttpsConnectorBuilder};
use hyper_util::{
    client::legacy::{
        Client,
        connect::{CaptureConnection, HttpConnector as Tcp, capture_connection},
    },
    rt::TokioExecutor,
};
use rustls::{ClientConfig, RootCertStore, crypto::ring, pki_types::CertificateDer};

/// Amazon's own authorities, as its trust services publish them.
const AMAZON: [&[u8]; 5] = [
    include_bytes!("amazon_roots/amazon_root_ca_1.der"),
    include_bytes!("amazon_roots/amazon_root_ca_2.der"),
    include_bytes!("amazon_roots/amazon_root_ca_3.der"),
    include_bytes!("amazon_roots/amazon_root_ca_4.der"),
    include_bytes!("amazon_roots/starfield_services_root_g2.der"),
];

/// Certificate authorities.
#[derive(Debug, Clone, Copy)]
pub(super) enum Roots {
    /// Amazon's own.
    Amazon,
    /// The machine's.
    System,
}

/// Sends requests over kept connections.
#[derive(Debug, Clone)]
pub(super) struct Http(Client<HttpsConnector<Tcp>, SdkBody>);

impl Http {
    /// Trusts `roots`, and gives up on a connection that is not there in time.
    pub(super) fn new(roots: Roots, connect_within: Duration) -> Self {
        let mut tcp = Tcp::new();
        tcp.set_nodelay(true);
        tcp.enforce_http(false);
        tcp.set_connect_timeout(Some(connect_within));
        let config = ClientConfig::builder_with_provider(Arc::new(ring::default_provider()))
            .with_safe_default_protocol_versions()
            .expect("ring supports the default TLS versions")
            .with_root_certificates(store(roots))
            .with_no_client_auth();
        let https = HttpsConnectorBuilder::new().with_tls_config(config).https_or_http().enable_http1();
        Self(Client::builder(TokioExecutor::new()).build(https.wrap_connector(tcp)))
    }
}

fn store(roots: Roots) -> RootCertStore {
    let mut store = RootCertStore::empty();
    match roots {
        Roots::Amazon => {
            for certificate in AMAZON {
                let certificate = CertificateDer::from_slice(certificate);
                store.add(certificate).expect("the committed certificates are well-formed");
            }
        }
        Roots::System => {
            store.add_parsable_certificates(rustls_native_certs::load_native_certs().certs);
        }
    }
    store
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
            let answer = answer.await.map_err(|error| classified(error.is_connect(), error.into()))?;
            let answer = HttpResponse::try_from(answer.map(SdkBody::from_body_1_x));
            answer.map_err(|error| ConnectorError::other(error.into(), None))
        })
    }
}

/// Lets the SDK end a connection on which a request failed.
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

/// Tells the SDK that a broken exchange may be tried again.
fn classified(connecting: bool, error: Box<dyn Error + Send + Sync>) -> ConnectorError {
    let mut causes = std::iter::successors(error.source(), |cause| (*cause).source());
    if connecting || causes.any(<dyn Error>::is::<io::Error>) {
        ConnectorError::io(error)
    } else {
        ConnectorError::other(error, Some(ErrorKind::TransientError))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_committed_authorities_are_read() {
        assert_eq!(store(Roots::Amazon).len(), AMAZON.len());
    }
}
