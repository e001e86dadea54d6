//! One HTTP connection to the server, plain or TLS. Not for: what is said over it.

use bytes::Bytes;
use http::{Request, Response, Uri};
use http_body_util::{BodyExt as _, Full};
use hyper::client::conn::http1::{self, SendRequest};
use hyper_util::rt::TokioIo;
use rustls::{ClientConfig, RootCertStore};
use rustls_pki_types::{CertificateDer, ServerName, pem::PemObject as _};
use std::{error::Error, path::Path, sync::Arc};
use tokio::net::TcpStream;
use tokio_rustls::TlsConnector;

pub(super) type BoxError = Box<dyn Error + Send + Sync>;

/// Opens connections to one place.
#[derive(Clone)]
pub(super) struct Dialer {
    host: String,
    port: u16,
    tls: Option<(TlsConnector, ServerName<'static>)>,
}

impl Dialer {
    /// For an endpoint. `ca` is a PEM file of the authorities to trust instead of the system's.
    pub(super) fn new(endpoint: &Uri, ca: Option<&Path>) -> Result<Self, BoxError> {
        let host = endpoint.host().ok_or("the address has no host")?.to_owned();
        let secure = match endpoint.scheme_str() {
            Some("https") => true,
            Some("http") => false,
            _ => return Err("the address must begin with http:// or https://".into()),
        };
        let port = endpoint.port_u16().unwrap_or(if secure { 443 } else { 80 });
        let tls = if secure {
            let name = host.trim_start_matches('[').trim_end_matches(']').to_owned();
            Some((TlsConnector::from(Arc::new(tls_config(ca)?)), ServerName::try_from(name)?))
        } else {
            None
        };
        Ok(Self { host, port, tls })
    }

    /// Opens a connection; a task of its own drives it.
    pub(super) async fn dial(&self) -> Result<SendRequest<Full<Bytes>>, BoxError> {
        let host = self.host.trim_start_matches('[').trim_end_matches(']');
        let stream = TcpStream::connect((host, self.port)).await?;
        stream.set_nodelay(true)?;
        match &self.tls {
            None => open(TokioIo::new(stream)).await,
            Some((connector, name)) => {
                open(TokioIo::new(connector.connect(name.clone(), stream).await?)).await
            }
        }
    }
}

/// Sends a request and reads the whole answer.
pub(super) async fn exchange(
    sender: &mut SendRequest<Full<Bytes>>,
    request: Request<Full<Bytes>>,
) -> Result<Response<Bytes>, BoxError> {
    sender.ready().await?;
    let (head, body) = sender.send_request(request).await?.into_parts();
    Ok(Response::from_parts(head, body.collect().await?.to_bytes()))
}

async fn open<S>(stream: S) -> Result<SendRequest<Full<Bytes>>, BoxError>
where
    S: hyper::rt::Read + hyper::rt::Write + Unpin + Send + 'static,
{
    let (sender, connection) = http1::handshake(stream).await?;
    tokio::spawn(async move {
        // A broken connection shows at the next request.
        let _ = connection.await;
    });
    Ok(sender)
}

fn tls_config(ca: Option<&Path>) -> Result<ClientConfig, BoxError> {
    let mut roots = RootCertStore::empty();
    match ca {
        Some(path) => {
            for certificate in CertificateDer::pem_file_iter(path)
                .map_err(|error| format!("cannot read the CA file {}: {error}", path.display()))?
            {
                roots.add(certificate?)?;
            }
        }
        None => {
            roots.add_parsable_certificates(rustls_native_certs::load_native_certs().certs);
        }
    }
    let provider = Arc::new(rustls::crypto::aws_lc_rs::default_provider());
    let builder = ClientConfig::builder_with_provider(provider).with_safe_default_protocol_versions()?;
    Ok(builder.with_root_certificates(roots).with_no_client_auth())
}
