//! The guard of tokens as filters of warp's.

use std::future::ready;

use bytes::Bytes;
use http::{HeaderMap, HeaderValue, Method, header::CONTENT_TYPE};
use serde::de::DeserializeOwned;
use warp::{
    Filter, Rejection,
    reject::{self, Reject},
};

use super::token::{Ask, CsrfGuard, CsrfRejection};
use crate::session::{Session, SessionData};

#[cfg_attr(docsrs, doc(cfg(feature = "warp")))]
impl<T: SessionData> CsrfGuard<T> {
    /// A filter of warp's for requests that have the token in the header: put it in front of the one
    /// that takes the body. It rejects with [`CsrfRejection`], for which
    /// [`Sessions::warp`](crate::Sessions::warp) answers where nobody else does.
    pub fn filter(&self) -> impl Filter<Extract = (), Error = Rejection> + Clone + use<T> {
        let guard = self.clone();
        head()
            .and_then(move |method: Method, headers: HeaderMap, session: Option<Session<T>>| {
                // Only a form is read for it, and here it is the next filter that reads.
                let ask = guard.ask(&method, &headers, None);
                ready(guard.decide(ask, session.as_ref(), &[]).map_err(reject::custom))
            })
            .untuple_one()
    }

    /// A filter of warp's that takes the body of a form that is URL-encoded, and hands it over once
    /// its token, or that in the header, was found right.
    ///
    /// In warp the filter that reads a body keeps it, so this one reads the form too. It takes forms
    /// with a `Content-Length` alone, as browsers send it, of at most
    /// [`max_body`](Self::max_body) bytes, and rejects others as warp does. What is not an `F` is
    /// [`CsrfRejection::Body`].
    ///
    /// ```
    /// use sealed_session::{CsrfGuard, KeyRing, Session, Sessions};
    /// use warp::Filter as _;
    ///
    /// #[derive(serde::Deserialize)]
    /// struct Email {
    ///     email: String,
    /// }
    ///
    /// type Account = Option<String>;
    ///
    /// let save = warp::path!("email")
    ///     .and(warp::post())
    ///     .and(Session::filter())
    ///     .and(CsrfGuard::<Account>::new().form())
    ///     .map(|mut session: Session<Account>, form: Email| {
    ///         session.write(|email| *email = Some(form.email));
    ///         "saved"
    ///     });
    /// let mut service = Sessions::<Account>::new(KeyRing::ephemeral()?).warp(save);
    /// # drop(tower_service::Service::call(&mut service, http::Request::new(String::new())));
    /// # Ok::<(), sealed_session::ConfigError>(())
    /// ```
    pub fn form<F: DeserializeOwned + Send>(
        &self,
    ) -> impl Filter<Extract = (F,), Error = Rejection> + Clone + use<F, T> {
        let guard = self.clone();
        let limit = u64::try_from(guard.limit()).unwrap_or(u64::MAX);
        head().and(warp::body::content_length_limit(limit)).and(warp::body::bytes()).and_then(
            move |method: Method, headers: HeaderMap, session: Option<Session<T>>, body: Bytes| {
                let content_type = headers.get(CONTENT_TYPE).map(HeaderValue::to_str);
                let content_type = content_type.map(Result::unwrap_or_default);
                let ask = guard.ask(&method, &headers, content_type);
                let form = guard.decide(ask, session.as_ref(), &body).and_then(|()| {
                    serde_urlencoded::from_bytes(&body).map_err(|_| CsrfRejection::Body)
                });
                ready(form.map_err(reject::custom))
            },
        )
    }

    fn ask(&self, method: &Method, headers: &HeaderMap, content_type: Option<&str>) -> Ask {
        let token = headers.get(self.header_name()).map(HeaderValue::to_str);
        Ask::of(method.as_str(), token.map(Result::unwrap_or_default), content_type)
    }

    fn decide(
        &self,
        ask: Ask,
        session: Option<&Session<T>>,
        form: &[u8],
    ) -> Result<(), CsrfRejection> {
        match ask {
            Ask::Pass => Ok(()),
            Ask::Header(token) => self.verify(session, &token),
            Ask::Form => self.verify(session, self.token_in(form)),
        }
    }
}

#[cfg_attr(docsrs, doc(cfg(feature = "warp")))]
impl Reject for CsrfRejection {}

/// What the guard asks of a request.
fn head<T: SessionData>()
-> impl Filter<Extract = (Method, HeaderMap, Option<Session<T>>), Error = std::convert::Infallible>
+ Copy {
    warp::method().and(warp::header::headers_cloned()).and(warp::ext::optional())
}
