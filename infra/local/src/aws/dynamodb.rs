//! `DynamoDB`: the engine in this process, or another one at an endpoint.

mod client_tokens;
pub(crate) mod stream;

use std::{sync::Arc, time::Duration};

use bytes::Bytes;
use dynoxide::Database;
use http_body_util::{BodyExt as _, Full};
use hyper::{
    HeaderMap, Method, Request, StatusCode, Uri,
    header::{CONTENT_TYPE, HeaderValue},
    http::uri::Authority,
};
use serde_json::{Value, json};

use self::client_tokens::{ClientTokens, Transaction};
use super::sign::Signer;
use crate::{
    clock::machine_time,
    data::DataDirectory,
    error::StackError,
    http::{self, ConnectionDropped, HttpClient, Response},
    tasks::Tasks,
    template::{REGION, store::Table},
};

/// Forwards requests to an engine.
#[derive(Debug, Clone)]
pub(crate) struct DynamoDb {
    client: HttpClient,
    endpoint: Uri,
    /// For the engine in this process alone.
    tokens: Option<Arc<ClientTokens>>,
    /// For an engine that checks signatures alone.
    signer: Option<Signer>,
}

const FILE: &str = "dynamodb.sqlite";
const MEDIA_TYPE: &str = "application/x-amz-json-1.0";

/// Opens the engine, and serves it on a private port, because its own server implements the wire format.
pub(crate) async fn start_engine(
    data: &DataDirectory,
    tasks: &Arc<Tasks>,
    has_stream: bool,
) -> Result<(Database, DynamoDb), StackError> {
    let damaged = |_| data.damaged(FILE);
    let file = data.reserve(FILE)?;
    let database = match &file {
        Some(path) => Database::new(&path.to_string_lossy()).map_err(damaged)?,
        None => Database::memory().map_err(damaged)?,
    };
    if has_stream {
        stream::prepare(&database, file)?;
    }
    let (listener, address) = http::listen(0, "").await?;
    let served = database.clone();
    tasks.spawn(dynoxide::server::serve_on(listener, served));
    let engine = DynamoDb::at(&format!("http://{address}"))?;
    Ok((database, DynamoDb { tokens: Some(Arc::new(ClientTokens::new(Arc::clone(tasks)))), ..engine }))
}

/// Responds to a check of the endpoint's health.
pub(super) fn healthy() -> Response {
    http::response(StatusCode::OK, "text/plain", format!("healthy: dynamodb.{REGION}.amazonaws.com "))
}

impl DynamoDb {
    /// Points at an engine.
    pub(crate) fn at(endpoint: &str) -> Result<Self, StackError> {
        let refused =
            |message: &str| StackError::Table { endpoint: endpoint.to_owned(), message: message.to_owned() };
        let parsed: Uri = endpoint.parse().map_err(|_| refused("is not a URL: write http://host:port"))?;
        let signer = match parsed.scheme_str() {
            Some("http") => None,
            Some("https") => {
                let message =
                    "wants signed requests: set AWS_ACCESS_KEY_ID, AWS_SECRET_ACCESS_KEY and AWS_REGION";
                Some(Signer::from_environment().ok_or_else(|| refused(message))?)
            }
            _ => return Err(refused("is not a URL: write http://host:port")),
        };
        Ok(Self { client: http::client(), endpoint: parsed, tokens: None, signer })
    }

    /// Creates the table of the template unless it exists.
    pub(crate) async fn create(&self, table: &Table) -> Result<(), StackError> {
        let name = &table.create["TableName"];
        match self.call("DescribeTable", &json!({ "TableName": name })).await? {
            Ok(described) => return self.add_stream(table, &described["Table"]).await,
            Err(message) if message.contains("ResourceNotFoundException") => {}
            Err(message) => return Err(self.error(message)),
        }
        self.call("CreateTable", &table.create).await?.map_err(|message| self.error(message))?;
        self.wait_until_active(name).await?;
        if let Some(attribute) = &table.ttl_attribute {
            let specification = json!({ "AttributeName": attribute, "Enabled": true });
            let request = json!({ "TableName": name, "TimeToLiveSpecification": specification });
            self.call("UpdateTimeToLive", &request).await?.map_err(|message| self.error(message))?;
        }
        Ok(())
    }

    /// Switches on the stream that the template gives a table, where a stack of an earlier template created it.
    async fn add_stream(&self, table: &Table, described: &Value) -> Result<(), StackError> {
        let stream = &table.create["StreamSpecification"];
        // The owner of a real table decides on its stream.
        if stream.is_null() || self.signer.is_some() || described["LatestStreamArn"].is_string() {
            return Ok(());
        }
        let request = json!({ "TableName": table.create["TableName"], "StreamSpecification": stream });
        self.call("UpdateTable", &request).await?.map(drop).map_err(|message| self.error(message))
    }

    /// Waits until a new table is active: no time in this process, up to a minute at AWS.
    async fn wait_until_active(&self, name: &Value) -> Result<(), StackError> {
        for _ in 0..60 {
            let described = self.call("DescribeTable", &json!({ "TableName": name })).await?;
            if described.is_ok_and(|described| described["Table"]["TableStatus"] == "ACTIVE") {
                return Ok(());
            }
            tokio::time::sleep(Duration::from_secs(1)).await;
        }
        Err(self.error(format!("the new table {name} is not active after a minute: start again")))
    }

    async fn call(&self, operation: &str, request: &Value) -> Result<Result<Value, String>, StackError> {
        self.call_target(&format!("DynamoDB_20120810.{operation}"), request).await
    }

    async fn call_target(&self, target: &str, request: &Value) -> Result<Result<Value, String>, StackError> {
        let mut headers = HeaderMap::new();
        headers.insert("x-amz-target", target.parse().expect("an operation's name is a header value"));
        headers.insert(CONTENT_TYPE, HeaderValue::from_static(MEDIA_TYPE));
        let response = self.forward(&headers, request.to_string().into()).await;
        let response =
            response.map_err(|_| self.error("does not answer: start it, or check the URL".to_owned()))?;
        let status = response.status();
        let body =
            response.into_body().collect().await.map(http_body_util::Collected::to_bytes).unwrap_or_default();
        let body: Value = serde_json::from_slice(&body).unwrap_or_default();
        Ok(if status.is_success() { Ok(body) } else { Err(body.to_string()) })
    }

    fn error(&self, message: String) -> StackError {
        StackError::Table { endpoint: self.endpoint.to_string(), message }
    }

    /// Returns the headers that authorize a request: a signature for an engine that checks it, otherwise one fixed
    /// identity, because `DynamoDB` Local keeps a database for each access key.
    fn authorization(&self, headers: &HeaderMap, body: &Bytes) -> Vec<(String, String)> {
        let Some(signer) = &self.signer else {
            let scope = format!("20260101/{REGION}/dynamodb/aws4_request");
            let identity =
                format!("AWS4-HMAC-SHA256 Credential=local/{scope}, SignedHeaders=host, Signature=0");
            let date = "20260101T000000Z".to_owned();
            return vec![("authorization".to_owned(), identity), ("x-amz-date".to_owned(), date)];
        };
        let host = self.endpoint.authority().map(Authority::as_str).unwrap_or_default();
        let target = headers.get("x-amz-target").and_then(|target| target.to_str().ok()).unwrap_or_default();
        signer.headers(host, target, body, machine_time())
    }

    /// Handles a request.
    pub(crate) async fn handle(
        &self,
        operation: &str,
        headers: &HeaderMap,
        body: Bytes,
    ) -> Result<Response, ConnectionDropped> {
        let tokens = self.tokens.as_ref();
        match tokens.and_then(|tokens| Some((tokens, Transaction::read(operation, &body)?))) {
            Some((tokens, transaction)) => {
                let (engine, headers) = (self.clone(), headers.clone());
                tokens
                    .send_once(transaction, |body| async move { engine.forward(&headers, body).await })
                    .await
            }
            None => self.forward(headers, body).await,
        }
    }

    /// Sends a request to the engine.
    async fn forward(&self, headers: &HeaderMap, body: Bytes) -> Result<Response, ConnectionDropped> {
        let mut request = Request::builder().method(Method::POST).uri(self.endpoint.clone());
        for name in ["x-amz-target", "content-type"] {
            if let Some(value) = headers.get(name) {
                request = request.header(name, value);
            }
        }
        for (name, value) in self.authorization(headers, &body) {
            request = request.header(name, value);
        }
        let request = request.body(Full::new(body)).map_err(|_| ConnectionDropped)?;
        let (head, body) = self.client.request(request).await.map_err(|_| ConnectionDropped)?.into_parts();
        let body = body.collect().await.map_err(|_| ConnectionDropped)?.to_bytes();
        let mut response = Response::new(Full::new(body));
        *response.status_mut() = head.status;
        for name in ["content-type", "x-amzn-requestid", "x-amz-crc32"] {
            if let Some(value) = head.headers.get(name) {
                response.headers_mut().insert(name, value.clone());
            }
        }
        Ok(response)
    }
}
