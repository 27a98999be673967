//! HTTP over reqwest and rustls: https to public names alone, no redirects, limits on size and time.
mod address;

use std::{error::Error, sync::Once, time::Duration};

use async_trait::async_trait;
use reqwest::{Client, Method, Response, Url, redirect, retry};
use rid_flow::ports::{Http, HttpError, HttpRequest, HttpResponse};
use rustls::crypto::ring as provider;
use tokio::{runtime::Runtime, task::JoinHandle, time};

use self::address::{NotPublic, PublicNames, is_public_name};

/// The HTTP client of a desktop or server. Each exchange has a connection of its own. No redirect is followed, nothing
/// is sent twice, no proxy, cookie or compression is used.
///
/// It may be called on any executor: it has threads of its own.
pub struct HttpClient {
    client: Client,
    runtime: Runtime,
    reach: Reach,
}

/// Where requests may go.
enum Reach {
    /// To https and names whose addresses are public.
    Public,
    /// By http to this machine, for tests. The names are those that stand for a port of it.
    #[cfg(debug_assertions)]
    Loopback(Vec<(String, u16)>),
}

impl HttpClient {
    /// The client of the product.
    ///
    /// # Errors
    /// [`HttpError::Tls`] if the trusted roots of the system cannot be read, [`HttpError::Offline`] if no thread can be
    /// started.
    pub fn new() -> Result<Self, HttpError> {
        Self::with(Reach::Public)
    }

    /// A client that reaches nothing but this machine, by http, for tests. Each name stands for a port: a request for
    /// `https://name/path` goes to `http://127.0.0.1:port/path`. Release builds do not have it.
    ///
    /// # Errors
    /// As [`HttpClient::new`].
    #[cfg(debug_assertions)]
    pub fn for_loopback(names: &[(String, u16)]) -> Result<Self, HttpError> {
        Self::with(Reach::Loopback(names.to_vec()))
    }

    fn with(reach: Reach) -> Result<Self, HttpError> {
        static PROVIDER: Once = Once::new();
        // If another provider was installed before, that one serves.
        PROVIDER.call_once(|| drop(provider::default_provider().install_default()));
        let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(1).enable_all().build();
        let client = Client::builder()
            .no_proxy()
            .redirect(redirect::Policy::none())
            .retry(retry::never())
            .pool_max_idle_per_host(0)
            .referer(false);
        let client = match reach {
            Reach::Public => client.https_only(true).dns_resolver(PublicNames),
            #[cfg(debug_assertions)]
            Reach::Loopback(_) => client,
        };
        Ok(Self {
            client: client.build().map_err(|_| HttpError::Tls)?,
            runtime: runtime.map_err(|_| HttpError::Offline)?,
            reach,
        })
    }

    /// The address that is called for a URL, if it is allowed.
    fn target(&self, text: &str) -> Option<Url> {
        let url = Url::parse(text).ok().filter(|url| url.username().is_empty() && url.password().is_none())?;
        match &self.reach {
            Reach::Public => (url.scheme() == "https" && is_public_name(url.domain()?)).then_some(url),
            #[cfg(debug_assertions)]
            Reach::Loopback(names) => to_loopback(url, names),
        }
    }
}

#[cfg(debug_assertions)]
fn to_loopback(mut url: Url, names: &[(String, u16)]) -> Option<Url> {
    if let Some((_, port)) = names.iter().find(|(name, _)| url.scheme() == "https" && url.domain() == Some(name)) {
        url.set_scheme("http").ok()?;
        url.set_host(Some("127.0.0.1")).ok()?;
        url.set_port(Some(*port)).ok()?;
    }
    let is_loopback = url.host_str() == Some("127.0.0.1");
    (url.scheme() == "http" && is_loopback).then_some(url)
}

#[async_trait]
impl Http for HttpClient {
    async fn send(&self, request: HttpRequest) -> Result<HttpResponse, HttpError> {
        let url = self.target(&request.url).ok_or(HttpError::Forbidden)?;
        let client = self.client.clone();
        let longest = Duration::from_millis(request.timeout_millis.into());
        let exchange = async move {
            time::timeout(longest, exchange(&client, url, request)).await.unwrap_or(Err(HttpError::Timeout))
        };
        let mut task = Task(self.runtime.spawn(exchange));
        (&mut task.0).await.unwrap_or(Err(HttpError::Offline))
    }
}

/// A call that is dropped ends its exchange.
struct Task<T>(JoinHandle<T>);

impl<T> Drop for Task<T> {
    fn drop(&mut self) {
        self.0.abort();
    }
}

async fn exchange(client: &Client, url: Url, request: HttpRequest) -> Result<HttpResponse, HttpError> {
    let method = Method::from_bytes(request.method.as_bytes()).map_err(|_| HttpError::Forbidden)?;
    let mut builder = client.request(method, url).body(request.body);
    for (name, value) in request.headers {
        builder = builder.header(name, value);
    }
    let response = builder.send().await.map_err(|error| cause(&error))?;
    let status = response.status().as_u16();
    let header = |(name, value): (&reqwest::header::HeaderName, &reqwest::header::HeaderValue)| {
        // A value that is no text says nothing to anyone.
        Some((String::from(name.as_str()), String::from(value.to_str().ok()?)))
    };
    let headers = response.headers().iter().filter_map(header).collect();
    Ok(HttpResponse { status, headers, body: body(response, request.max_response_bytes).await? })
}

async fn body(mut response: Response, most: u64) -> Result<Vec<u8>, HttpError> {
    if response.content_length().is_some_and(|length| length > most) {
        return Err(HttpError::Limit);
    }
    let mut body = Vec::new();
    while let Some(chunk) = response.chunk().await.map_err(|error| cause(&error))? {
        let length = body.len().saturating_add(chunk.len());
        if u64::try_from(length).unwrap_or(u64::MAX) > most {
            return Err(HttpError::Limit);
        }
        body.extend_from_slice(&chunk);
    }
    Ok(body)
}

/// The innermost cause that has a name.
fn cause(error: &reqwest::Error) -> HttpError {
    let mut next: Option<&(dyn Error + 'static)> = Some(error);
    while let Some(error) = next {
        if error.is::<NotPublic>() {
            return HttpError::Forbidden;
        }
        if error.is::<rustls::Error>() {
            return HttpError::Tls;
        }
        // An error of TLS comes inside an error of the connection, which does not give it as its source.
        next = match error.downcast_ref::<std::io::Error>().and_then(std::io::Error::get_ref) {
            Some(inner) => Some(inner),
            None => error.source(),
        };
    }
    HttpError::Offline
}

#[cfg(all(test, debug_assertions))]
mod tests;
