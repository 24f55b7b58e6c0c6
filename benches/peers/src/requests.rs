//! A whole request through a tower service, for those who have one.

use std::{
    convert::Infallible,
    pin::pin,
    task::{Context, Poll, Waker},
};

use http::{HeaderValue, Request, Response, header};
use sealed_session::{KeyRing, Session, SessionBody, Sessions};
use tower::{Layer as _, Service, service_fn};

use crate::payload::Account;

/// What the handler does with the session.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Kind {
    Untouched,
    Read,
    Written,
}

impl Kind {
    pub(crate) const ALL: [Self; 3] = [Self::Untouched, Self::Read, Self::Written];

    pub(crate) const fn name(self) -> &'static str {
        match self {
            Self::Untouched => "untouched",
            Self::Read => "read",
            Self::Written => "written",
        }
    }
}

/// One request after the other, each with the cookie that signing in got.
pub(crate) fn ours(account: &Account, kind: Kind) -> impl Fn() -> usize {
    let sessions =
        Sessions::<Account>::new(KeyRing::ephemeral().expect("the system has randomness"));
    let handler = move |kind, account: Account| {
        service_fn(move |request: Request<()>| {
            let account = account.clone();
            async move {
                let session = || {
                    let session = Session::<Account>::from_extensions(request.extensions());
                    session.expect("the layer put it there")
                };
                let items = match kind {
                    None => session().write(|data| std::mem::replace(data, account)).items.len(),
                    Some(Kind::Untouched) => 0,
                    Some(Kind::Read) => session().read().items.len(),
                    Some(Kind::Written) => session().write(|data| {
                        data.user_id = data.user_id.map(|id| id + 1);
                        data.items.len()
                    }),
                };
                Ok::<_, Infallible>(Response::new(items))
            }
        })
    };
    let mounted = |kind, account| {
        let service = sessions.layer(handler(kind, account));
        tower::ServiceExt::map_response(service, |response: Response<SessionBody<usize>>| {
            response.map(|body| body.into_inner().expect("the handler made it"))
        })
    };
    let cookie = cookie_of(&send(&mut mounted(None, account.clone()), None));
    requests(mounted(Some(kind), Account::default()), cookie, account, kind)
}

pub(crate) fn seshcookie(account: &Account, kind: Kind) -> impl Fn() -> usize {
    use seshcookie::{SessionConfig, SessionKeys, SessionLayer};

    let keys =
        SessionKeys::new(b"thirty-two bytes or more of it, for a bench").expect("it is long");
    let layer = SessionLayer::<Account>::new(keys, SessionConfig::default()).expect("it is valid");
    let handler = move |kind, account: Account| {
        service_fn(move |request: Request<()>| {
            let account = account.clone();
            async move {
                if kind == Some(Kind::Untouched) {
                    return Ok::<_, Infallible>(Response::new(0));
                }
                let session = take_seshcookie(request).await;
                let items = match kind {
                    None => {
                        session.insert(account).await;
                        0
                    }
                    Some(Kind::Untouched) => unreachable!("it was answered above"),
                    Some(Kind::Read) => session.get().await.expect("it came").items.len(),
                    Some(Kind::Written) => {
                        let change = |data: &mut Option<Account>| {
                            let data = data.as_mut().expect("it came");
                            data.user_id = data.user_id.map(|id| id + 1);
                            data.items.len()
                        };
                        session.modify(change).await
                    }
                };
                Ok::<_, Infallible>(Response::new(items))
            }
        })
    };
    let login = layer.layer(handler(None, account.clone()));
    let cookie = cookie_of(&send(&mut { login }, None));
    requests(layer.layer(handler(Some(kind), Account::default())), cookie, account, kind)
}

async fn take_seshcookie(request: Request<()>) -> seshcookie::Session<Account> {
    use axum_core::extract::FromRequestParts as _;

    let (mut parts, ()) = request.into_parts();
    seshcookie::Session::from_request_parts(&mut parts, &()).await.expect("the layer is there")
}

fn requests<S>(service: S, cookie: HeaderValue, account: &Account, kind: Kind) -> impl Fn() -> usize
where
    S: Service<Request<()>, Response = Response<usize>, Error = Infallible> + Clone,
{
    let items = if kind == Kind::Untouched { 0 } else { account.items.len() };
    move || {
        let response = send(&mut service.clone(), Some(cookie.clone()));
        assert_eq!(*response.body(), items);
        assert_eq!(response.headers().contains_key(header::SET_COOKIE), kind == Kind::Written);
        items
    }
}

/// Nothing here ever waits, so one poll is enough.
fn send<S>(service: &mut S, cookie: Option<HeaderValue>) -> Response<usize>
where
    S: Service<Request<()>, Response = Response<usize>, Error = Infallible>,
{
    let mut request = Request::new(());
    if let Some(cookie) = cookie {
        request.headers_mut().insert(header::COOKIE, cookie);
    }
    let context = &mut Context::from_waker(Waker::noop());
    assert!(service.poll_ready(context).is_ready());
    match pin!(service.call(request)).poll(context) {
        Poll::Ready(Ok(response)) => response,
        Poll::Pending => unreachable!("nothing waits"),
    }
}

fn cookie_of(response: &Response<usize>) -> HeaderValue {
    let set_cookie = response.headers()[header::SET_COOKIE].to_str().expect("it is ASCII");
    let (pair, _attributes) = set_cookie.split_once(';').expect("it has attributes");
    HeaderValue::from_str(pair).expect("it was in a header")
}
