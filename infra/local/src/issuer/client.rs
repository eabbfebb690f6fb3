//! The one client that is registered at the issuer: the console.

/// Hosts under which a browser reaches this machine. To a browser they are two sites.
const HOSTS: [&str; 2] = ["127.0.0.1", "localhost"];

/// The console, as it is registered.
#[derive(Debug)]
pub(crate) struct ConsoleClient {
    id: String,
    /// The origins under which the console may be.
    origins: Vec<String>,
}

impl ConsoleClient {
    /// Registers the console of the gateway on a port.
    pub(crate) fn new(id: &str, port: u16) -> Self {
        let origins = HOSTS.iter().map(|host| format!("http://{host}:{port}"));
        Self { id: id.to_owned(), origins: origins.collect() }
    }

    /// Returns the client id.
    pub(super) fn id(&self) -> &str {
        &self.id
    }

    /// Tells whether a client id is the console's. Without a client id there is no console.
    pub(super) fn is(&self, client_id: &str) -> bool {
        !self.id.is_empty() && self.id == client_id
    }

    /// Returns the origins to which the issuer sends browsers.
    pub(super) fn origins(&self) -> &[String] {
        &self.origins
    }

    /// Tells whether codes may be sent to a URL. It is compared exactly.
    pub(super) fn may_redirect_to(&self, url: &str) -> bool {
        self.origins.iter().any(|origin| url == format!("{origin}/console/callback"))
    }

    /// Tells whether a browser may be sent to a URL after it signed out.
    pub(super) fn may_return_to(&self, url: &str) -> bool {
        self.origins.iter().any(|origin| url == format!("{origin}/console/signed-out"))
    }
}
