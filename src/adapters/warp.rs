//! `Sessions` around warp's filters, and its own filters.

use std::convert::Infallible;

use http::{HeaderMap, Method, Request, Response, StatusCode, Uri};
use http_body::Body;
use tower_layer::Layer as _;
use tower_service::Service;
use warp::{
    Filter, Rejection, Reply,
    reject::{self, Reject},
};

use crate::{
    adapters::{
        csrf::CsrfRejection,
        rejection::{ExistingRejection, Guard as _, MissingLayer, for_each_guard},
    },
    http::head::Head,
    session::{Bearer, Existing, Session, SessionData, SignedIn, SignedInData, SignedInPeek},
    sessions::Sessions,
};

impl<T: SessionData> Sessions<T> {
    /// Makes a service of a filter, in the [layer](crate::SessionService) of these sessions: what
    /// the filter rejects is committed too. Serve it with hyper.
    ///
    /// ```
    /// use sealed_session::{KeyRing, Session, Sessions};
    /// use warp::{Filter as _, http::Request};
    ///
    /// let sessions = Sessions::<u32>::new(KeyRing::ephemeral()?);
    /// let visits = warp::path::end().and(Session::<u32>::filter()).map(|mut visits: Session<u32>| {
    ///     visits.write(|count| *count += 1);
    ///     format!("This is visit number {}.", *visits.read())
    /// });
    /// let mut service = sessions.warp(visits);
    /// # let response = tower_service::Service::call(&mut service, Request::new(String::new()));
    /// # let mut response = std::pin::pin!(response);
    /// # let mut context = std::task::Context::from_waker(std::task::Waker::noop());
    /// # let std::task::Poll::Ready(Ok(response)) = response.as_mut().poll(&mut context) else { panic!() };
    /// # assert!(response.headers().contains_key("set-cookie"));
    /// # Ok::<(), sealed_session::ConfigError>(())
    /// ```
    #[cfg_attr(docsrs, doc(cfg(feature = "warp")))]
    pub fn warp<F, B>(
        &self,
        filter: F,
    ) -> impl Service<
        Request<B>,
        Response = Response<
            impl Body<Data: Send, Error: std::error::Error + Send + Sync> + Send + use<F, B, T>,
        >,
        Error = Infallible,
        Future: Send,
    > + Clone
    + Send
    + use<F, B, T>
    where
        F: Filter<Extract: Reply, Error = Rejection> + Clone + Send + Sync + 'static,
        B: Body<Error: Into<Box<dyn std::error::Error + Send + Sync>>> + Send + Sync + 'static,
    {
        self.layer(warp::service(filter.recover(recover)))
    }
}

/// Answers for the rejections of the filters below that nobody answered for.
async fn recover(rejection: Rejection) -> Result<warp::reply::Response, Rejection> {
    if let Some(reason) = rejection.find::<CsrfRejection>() {
        let status = StatusCode::from_u16(reason.status()).expect("a status of this crate's");
        return Ok(status.into_response());
    }
    let Some(reason) = rejection.find::<ExistingRejection>() else { return Err(rejection) };
    let mut response = reason.body().into_response();
    *response.status_mut() =
        StatusCode::from_u16(reason.status()).expect("a status of this crate's");
    if let Some((name, Ok(value))) = reason.header().map(|(name, value)| (name, value.parse())) {
        response.headers_mut().insert(name, value);
    }
    Ok(response)
}

#[cfg_attr(docsrs, doc(cfg(feature = "warp")))]
impl Reject for ExistingRejection {}

impl<T: SessionData> Session<T> {
    /// The session, as a filter of warp's. Rejects with [`ExistingRejection::MissingLayer`] where
    /// no [`Sessions<T>`](Sessions) is around; `warp::ext::optional()` has `None` there.
    #[cfg_attr(docsrs, doc(cfg(feature = "warp")))]
    pub fn filter() -> impl Filter<Extract = (Self,), Error = Rejection> + Copy {
        warp::ext::optional().and_then(async |session| found(session).map_err(reject::custom))
    }
}

macro_rules! filter {
    ($guard:ident: $data:ident) => {
        impl<T: $data> $guard<T> {
            /// A filter of warp's, which rejects with [`ExistingRejection`] whoever is not one of
            /// those. [`Sessions::warp`] answers for that where nobody else does.
            #[cfg_attr(docsrs, doc(cfg(feature = "warp")))]
            pub fn filter() -> impl Filter<Extract = (Self,), Error = Rejection> + Clone {
                head().and(warp::ext::optional()).and_then(
                    async |method, uri, headers: HeaderMap, session| {
                        let head = Head(&method, &uri, &headers);
                        found(session)
                            .and_then(|session| Self::admit(session, &head))
                            .map_err(reject::custom)
                    },
                )
            }
        }
    };
}

for_each_guard!(filter);

fn found<T: SessionData>(session: Option<Session<T>>) -> Result<Session<T>, ExistingRejection> {
    let missing = || MissingLayer::of::<T>("sessions.warp(filter)");
    session.ok_or_else(|| ExistingRejection::MissingLayer(missing()))
}

/// Method, path with query, and headers.
fn head() -> impl Filter<Extract = (Method, Uri, HeaderMap), Error = Infallible> + Clone {
    let query = warp::query::raw().or(warp::any().map(String::new)).unify();
    let uri = warp::path::full().and(query).map(|path: warp::path::FullPath, query: String| {
        let target = match query.is_empty() {
            true => path.as_str().to_owned(),
            false => format!("{}?{query}", path.as_str()),
        };
        target.parse().unwrap_or_default()
    });
    warp::method().and(uri).and(warp::header::headers_cloned())
}
