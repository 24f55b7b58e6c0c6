//! HTTPS with a certificate that is made at start and that nobody trusts.

use std::{error::Error, sync::Arc, time::Duration};

use axum::Router;
use hyper::server::conn::http1;
use hyper_util::{
    rt::{TokioIo, TokioTimer},
    service::TowerToHyperService,
};
use tokio::{
    net::{TcpListener, TcpStream},
    time::{sleep, timeout},
};
use tokio_rustls::{
    TlsAcceptor,
    rustls::{ServerConfig, pki_types::PrivateKeyDer},
};

pub(crate) async fn serve(listener: TcpListener, router: Router) -> Result<(), Box<dyn Error>> {
    let acceptor = TlsAcceptor::from(Arc::new(self_signed()?));
    loop {
        match listener.accept().await {
            Ok((stream, _)) => {
                tokio::spawn(connection(acceptor.clone(), stream, router.clone()));
            }
            Err(error) => {
                tracing::warn!(%error, "no connection accepted");
                sleep(Duration::from_millis(100)).await;
            }
        }
    }
}

fn self_signed() -> Result<ServerConfig, Box<dyn Error>> {
    let certified = rcgen::generate_simple_self_signed(["localhost".to_owned()])?;
    let key = PrivateKeyDer::try_from(certified.signing_key.serialize_der())?;
    let chain = vec![certified.cert.der().clone()];
    Ok(ServerConfig::builder().with_no_client_auth().with_single_cert(chain, key)?)
}

async fn connection(acceptor: TlsAcceptor, stream: TcpStream, router: Router) {
    let stream = match timeout(HANDSHAKE, acceptor.accept(stream)).await {
        Ok(Ok(stream)) => stream,
        Ok(Err(error)) => return tracing::debug!(%error, "TLS handshake failed"),
        Err(_) => return tracing::debug!("TLS handshake took too long"),
    };
    let service = TowerToHyperService::new(router);
    let served = http1::Builder::new()
        .timer(TokioTimer::new())
        .serve_connection(TokioIo::new(stream), service)
        .await;
    if let Err(error) = served {
        tracing::debug!(%error, "connection ended");
    }
}

const HANDSHAKE: Duration = Duration::from_secs(10);
