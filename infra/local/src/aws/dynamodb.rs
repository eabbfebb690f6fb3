//! `DynamoDB`: the engine in this process, or another one behind an endpoint.

mod tokens;

use std::{sync::Arc, time::Duration};

use bytes::Bytes;
use dynoxide::Database;
use http_body_util::{BodyExt as _, Full};
use hyper::{
    HeaderMap, Method, Request, Response, StatusCode, Uri,
    header::{CONTENT_TYPE, HeaderValue},
    http::uri::Authority,
};
use serde_json::{Value, json};

use self::tokens::{Tokens, Transaction};
use super::sign::Signer;
use crate::{
    clock::machine_time,
    data::Data,
    error::StackError,
    http::{self, Answer, Dropped, HttpClient},
    tasks::Tasks,
    template::{REGION, TABLE, store::Table},
};

/// Forwards requests to an engine.
#[derive(Debug, Clone)]
pub(crate) struct DynamoDb {
    client: HttpClient,
    endpoint: Uri,
    /// For the engine in this process.
    tokens: Option<Arc<Tokens>>,
    /// For an engine that checks signatures.
    signer: Option<Signer>,
}

const FILE: &str = "dynamodb.sqlite";
const MEDIA_TYPE: &str = "application/x-amz-json-1.0";

/// Opens the engine, and serves it on a private port: its own server is what knows the wire format.
pub(crate) async fn start_engine(
    data: &Data,
    tasks: &Arc<Tasks>,
) -> Result<(Database, DynamoDb), StackError> {
    let damaged = |_| data.damaged(FILE);
    let database = match data.path(FILE) {
        Some(path) => Database::new(&path.to_string_lossy()).map_err(damaged)?,
        None => Database::memory().map_err(damaged)?,
    };
    let (listener, address) = http::listen(0, "").await?;
    let served = database.clone();
    tasks.spawn(dynoxide::server::serve_on(listener, served));
    let engine = DynamoDb::at(&format!("http://{address}"))?;
    Ok((database, DynamoDb { tokens: Some(Arc::new(Tokens::new(Arc::clone(tasks)))), ..engine }))
}

/// Answers whoever asks whether the endpoint is well.
pub(super) fn healthy() -> Answer {
    http::answer(StatusCode::OK, "text/plain", format!("healthy: dynamodb.{REGION}.amazonaws.com "))
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

    /// Creates the table of the template unless it is there.
    pub(crate) async fn create(&self, table: &Table) -> Result<(), StackError> {
        match self.ask("DescribeTable", &json!({ "TableName": TABLE })).await? {
            Ok(_) => return Ok(()),
            Err(message) if message.contains("ResourceNotFoundException") => {}
            Err(message) => return Err(self.refused(message)),
        }
        self.ask("CreateTable", &table.create).await?.map_err(|message| self.refused(message))?;
        self.until_active().await?;
        if let Some(attribute) = &table.ttl_attribute {
            let specification = json!({ "AttributeName": attribute, "Enabled": true });
            let request = json!({ "TableName": TABLE, "TimeToLiveSpecification": specification });
            self.ask("UpdateTimeToLive", &request).await?.map_err(|message| self.refused(message))?;
        }
        Ok(())
    }

    /// Waits for a new table: at once in this process, up to a minute at AWS.
    async fn until_active(&self) -> Result<(), StackError> {
        for _ in 0..60 {
            let described = self.ask("DescribeTable", &json!({ "TableName": TABLE })).await?;
            if described.is_ok_and(|described| described["Table"]["TableStatus"] == "ACTIVE") {
                return Ok(());
            }
            tokio::time::sleep(Duration::from_secs(1)).await;
        }
        Err(self.refused(format!("the new table {TABLE} is not active after a minute: start again")))
    }

    async fn ask(&self, operation: &str, request: &Value) -> Result<Result<Value, String>, StackError> {
        let mut headers = HeaderMap::new();
        let target = format!("DynamoDB_20120810.{operation}").parse();
        headers.insert("x-amz-target", target.expect("an operation's name is a header value"));
        headers.insert(CONTENT_TYPE, HeaderValue::from_static(MEDIA_TYPE));
        let answer = self.forward(&headers, request.to_string().into()).await;
        let answer =
            answer.map_err(|_| self.refused("does not answer: start it, or check the URL".to_owned()))?;
        let status = answer.status();
        let body =
            answer.into_body().collect().await.map(http_body_util::Collected::to_bytes).unwrap_or_default();
        let body: Value = serde_json::from_slice(&body).unwrap_or_default();
        Ok(if status.is_success() { Ok(body) } else { Err(body.to_string()) })
    }

    fn refused(&self, message: String) -> StackError {
        StackError::Table { endpoint: self.endpoint.to_string(), message }
    }

    /// Signs for an engine that checks it; else names one identity, for `DynamoDB` Local keeps a database
    /// for each access key.
    fn identity(&self, headers: &HeaderMap, body: &Bytes) -> Vec<(&'static str, String)> {
        let Some(signer) = &self.signer else {
            let scope = format!("20260101/{REGION}/dynamodb/aws4_request");
            let identity =
                format!("AWS4-HMAC-SHA256 Credential=local/{scope}, SignedHeaders=host, Signature=0");
            return vec![("authorization", identity), ("x-amz-date", "20260101T000000Z".to_owned())];
        };
        let host = self.endpoint.authority().map(Authority::as_str).unwrap_or_default();
        let target = headers.get("x-amz-target").and_then(|target| target.to_str().ok()).unwrap_or_default();
        signer.headers(host, target, body, machine_time())
    }

    /// Answers a request.
    pub(crate) async fn answer(
        &self,
        operation: &str,
        headers: &HeaderMap,
        body: Bytes,
    ) -> Result<Answer, Dropped> {
        let tokens = self.tokens.as_ref();
        match tokens.and_then(|tokens| Some((tokens, Transaction::read(operation, &body)?))) {
            Some((tokens, transaction)) => {
                let (engine, headers) = (self.clone(), headers.clone());
                tokens.once(transaction, |body| async move { engine.forward(&headers, body).await }).await
            }
            None => self.forward(headers, body).await,
        }
    }

    /// Sends a request on.
    async fn forward(&self, headers: &HeaderMap, body: Bytes) -> Result<Answer, Dropped> {
        let mut request = Request::builder().method(Method::POST).uri(self.endpoint.clone());
        for name in ["x-amz-target", "content-type"] {
            if let Some(value) = headers.get(name) {
                request = request.header(name, value);
            }
        }
        for (name, value) in self.identity(headers, &body) {
            request = request.header(name, value);
        }
        let request = request.body(Full::new(body)).map_err(|_| Dropped)?;
        let (head, body) = self.client.request(request).await.map_err(|_| Dropped)?.into_parts();
        let body = body.collect().await.map_err(|_| Dropped)?.to_bytes();
        let mut answer = Response::new(Full::new(body));
        *answer.status_mut() = head.status;
        for name in ["content-type", "x-amzn-requestid", "x-amz-crc32"] {
            if let Some(value) = head.headers.get(name) {
                answer.headers_mut().insert(name, value.clone());
            }
        }
        Ok(answer)
    }
}
