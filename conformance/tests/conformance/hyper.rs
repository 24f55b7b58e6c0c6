//! A tower service under hyper, without a framework.

use std::{convert::Infallible, error::Error};

use hyper::{
    Request, Response,
    body::{Body, Incoming},
    server::conn::http1,
};
use hyper_util::{rt::TokioIo, service::TowerToHyperService};
use tokio::net::TcpListener;
use tower::Service;

pub(crate) async fn accept<S, R>(listener: std::net::TcpListener, service: S)
where
    S: Service<Request<Incoming>, Response = Response<R>, Error = Infallible>,
    S: Clone + Send + 'static,
    S::Future: Send,
    R: Body<Error: Into<Box<dyn Error + Send + Sync>>> + Send + 'static,
    R::Data: Send,
{
    let listener = TcpListener::from_std(listener).expect("it is open");
    loop {
        let (stream, _) = listener.accept().await.expect("accepts");
        let service = TowerToHyperService::new(service.clone());
        let connection = http1::Builder::new().serve_connection(TokioIo::new(stream), service);
        tokio::spawn(connection.with_upgrades());
    }
}
