//! The session is that of the request as it came, whenever somebody looks at it first, and whatever
//! became of the request meanwhile.

use std::{
    convert::Infallible,
    sync::{Barrier, Mutex},
    thread,
    time::Duration,
};

use ::hyper::{
    Request, Response, StatusCode,
    header::{COOKIE, HeaderValue, SET_COOKIE, VARY},
};
use sealed_session::{SealError, Session, SessionBody, Sessions};
use time::OffsetDateTime;
use tower::{Layer as _, Service, ServiceExt as _, service_fn, util::MapRequest};

use crate::app::{Account, App, CART, Cart, Mounted, SESSION, login, user, visit};

fn app() -> App {
    let app = App::new(Mounted::Both);
    app.log.install();
    app
}

/// The Cookie header of somebody who is signed in.
fn cookie_of(account: &Sessions<Account>, user: &str) -> String {
    let data = Account { user: Some(user.to_owned()), ..Account::default() };
    account.test_cookie(data).to_string()
}

fn request(cookies: &[&str]) -> Request<()> {
    let mut request = Request::new(());
    for cookie in cookies {
        request.headers_mut().append(COOKIE, HeaderValue::try_from(*cookie).unwrap());
    }
    request
}

fn session_of(request: &Request<()>) -> Session<Account> {
    Session::from_extensions(request.extensions()).expect("a layer is mounted")
}

/// The response to a request that gets the session in a handler.
async fn handled(
    account: &Sessions<Account>,
    request: Request<()>,
    handler: impl Fn(Session<Account>) -> String,
) -> Response<String> {
    let service = account.layer(service_fn(async |request: Request<()>| {
        Ok::<_, Infallible>(Response::new(handler(session_of(&request))))
    }));
    answer(service, request).await
}

async fn answer<S>(service: S, request: Request<()>) -> Response<String>
where
    S: Service<Request<()>, Response = Response<SessionBody<String>>, Error = Infallible>,
{
    service.oneshot(request).await.unwrap().map(|body| body.into_inner().unwrap_or_default())
}

#[tokio::test]
async fn a_cookie_header_that_is_taken_away_or_changed_meanwhile_does_not_matter() {
    let account = app().account;
    let (ada, eve) = (cookie_of(&account, "ada"), cookie_of(&account, "eve"));
    for changed in [None, Some(eve)] {
        let service = account.layer(service_fn(async |mut request: Request<()>| {
            match &changed {
                None => drop(request.headers_mut().remove(COOKIE)),
                Some(eve) => {
                    request.headers_mut().insert(COOKIE, HeaderValue::try_from(eve).unwrap());
                }
            }
            let mut session = session_of(&request);
            visit(&mut session);
            Ok::<_, Infallible>(Response::new(user(&session)))
        }));
        let response = answer(service, request(&[&ada])).await;
        assert_eq!(response.body(), "ada");
        let set = response.headers()[SET_COOKIE].to_str().unwrap();
        let session = account.load([set.split(';').next().unwrap()]);
        assert_eq!((user(&session).as_str(), session.read().visits), ("ada", 1));
    }
}

#[tokio::test]
async fn all_cookie_headers_are_searched() {
    let account = app().account;
    let ada = cookie_of(&account, "ada");
    for cookies in [&[&*ada][..], &["a=1", &ada], &[&ada, "a=1"], &["a=1", "b=2", &ada]] {
        let mut request = request(cookies);
        request.headers_mut().append(VARY, HeaderValue::from_static("x"));
        assert_eq!(handled(&account, request, |session| user(&session)).await.body(), "ada");
    }
    // Another header came twice.
    let mut twice = request(&[&ada]);
    twice.headers_mut().append(VARY, HeaderValue::from_static("x"));
    twice.headers_mut().append(VARY, HeaderValue::from_static("y"));
    assert_eq!(handled(&account, twice, |session| user(&session)).await.body(), "ada");
    assert_eq!(handled(&account, request(&[]), |session| user(&session)).await.body(), "nobody");
}

#[tokio::test]
async fn the_cookies_are_searched_only_if_somebody_looks_and_then_once() {
    let App { account, log, .. } = app();
    let many = [&*format!("{SESSION}=x; ").repeat(65), &cookie_of(&account, "ada")].concat();
    handled(&account, request(&[&many]), |_| String::new()).await;
    assert_eq!(log.lines(), [""; 0]);

    handled(&account, request(&[&many]), |mut session| visit(&mut session)).await;
    let too_many = log.lines().into_iter().filter(|line| line.contains("limit=64"));
    assert_eq!(too_many.count(), 1, "{:#?}", log.lines());
}

#[tokio::test]
async fn threads_that_look_first_at_the_same_time_see_one_session() {
    let account = app().account;
    let ada = cookie_of(&account, "ada");
    for _ in 0..200 {
        let response = handled(&account, request(&[&ada]), |session| {
            let start = Barrier::new(4);
            thread::scope(|scope| {
                for _ in 0..4 {
                    let mut session = session.clone();
                    let start = &start;
                    scope.spawn(move || {
                        start.wait();
                        assert_eq!(user(&session), "ada");
                        visit(&mut session);
                    });
                }
            });
            session.read().visits.to_string()
        });
        assert_eq!(response.await.body(), "4");
    }
}

#[tokio::test]
async fn a_request_is_old_from_when_it_came_not_from_the_first_look() {
    let account = app().account;
    let earlier = OffsetDateTime::now_utc() - time::Duration::minutes(10);
    let data = Account { user: Some("ada".to_owned()), ..Account::default() };
    let session = account.create_at(data, earlier).unwrap();
    let cookie = format!("{SESSION}={}", account.seal_at(&session, earlier).unwrap());

    let prompt = handled(&account, request(&[&cookie]), |session| user(&session)).await;
    assert!(prompt.headers().contains_key(SET_COOKIE), "it is sealed again");
    let slow = handled(&account, request(&[&cookie]), |session| {
        thread::sleep(Duration::from_millis(2_100));
        user(&session)
    });
    let slow = slow.await;
    assert_eq!(slow.body(), "ada");
    assert!(!slow.headers().contains_key(SET_COOKIE), "another request may have written meanwhile");
}

#[tokio::test]
async fn a_session_that_nobody_touched_is_closed_with_its_response() {
    let App { account, log, .. } = app();
    let kept = Mutex::new(None);
    let ada = cookie_of(&account, "ada");
    let response = handled(&account, request(&[&ada]), |session| {
        *kept.lock().unwrap() = Some(session);
        String::new()
    });
    assert!(response.await.headers().is_empty());
    assert_eq!(log.lines(), [""; 0]);

    let mut session = kept.into_inner().unwrap().unwrap();
    assert_eq!(user(&session), "ada");
    assert!(log.only_line().contains("WARN"), "it is too late to look");
    login(&mut session, "eve".to_owned());
    assert_eq!((user(&session).as_str(), session.is_changed()), ("ada", false));
    assert!(matches!(session.csrf_token(), Err(SealError::NoSession)));
}

#[tokio::test]
async fn a_layer_is_found_also_by_one_whose_session_was_taken_out() {
    let App { account, twin, cart, rival, log, .. } = app();
    let never =
        service_fn(async |_: Request<()>| Ok::<_, Infallible>(Response::new(String::new())));
    let take = |mut request: Request<()>| {
        request.extensions_mut().remove::<Session<Account>>().expect("it is there");
        request
    };
    for inner in [account.clone(), twin, rival] {
        let taking = MapRequest::new(inner.layer(never), take);
        let response = account.layer(cart.layer(taking)).oneshot(request(&[])).await.unwrap();
        assert_eq!(response.status(), StatusCode::INTERNAL_SERVER_ERROR);
        assert!(log.only_line().contains("take a clone"));
        log.clear();
    }
    let taking = MapRequest::new(cart.layer(never), take);
    let response = account.layer(taking).oneshot(request(&[])).await.unwrap();
    assert_eq!(response.status(), StatusCode::INTERNAL_SERVER_ERROR);
    assert!(log.only_line().contains("take a clone"));
}

#[tokio::test]
async fn a_session_in_the_place_of_a_layers_does_not_pass_for_the_layer_that_it_is_of() {
    let App { account, twin, cart, log, .. } = app();
    let never =
        service_fn(async |_: Request<()>| Ok::<_, Infallible>(Response::new(String::new())));
    let made = twin.create(Account::default()).unwrap();
    for other in [made, twin.load([""; 0])] {
        let replace = |mut request: Request<()>| {
            request.extensions_mut().insert(other.clone()).expect("one is there");
            request
        };
        let replacing = MapRequest::new(twin.layer(never), replace);
        let response = account.layer(replacing).oneshot(request(&[])).await.unwrap();
        assert_eq!(response.status(), StatusCode::INTERNAL_SERVER_ERROR);
        let replacing = MapRequest::new(cart.layer(never), replace);
        let response = account.layer(replacing).oneshot(request(&[])).await.unwrap();
        assert_eq!(response.status(), StatusCode::INTERNAL_SERVER_ERROR);
        assert!(log.lines().iter().all(|line| line.contains("another put in its place")));
        assert_eq!(log.lines().len(), 2);
        log.clear();
    }
}

#[tokio::test]
async fn a_session_that_the_application_put_into_a_request_is_no_layer() {
    let App { account, cart, .. } = app();
    let ada = cookie_of(&account, "ada");
    let mine = account.create(Account::default()).unwrap();
    let mut request = request(&[&ada]);
    request.extensions_mut().insert(mine.clone());
    let service = account.layer(cart.layer(service_fn(async |request: Request<()>| {
        let mut session = session_of(&request);
        visit(&mut session);
        Session::<Cart>::from_extensions(request.extensions()).unwrap().write(|c| c.0.push(1));
        Ok::<_, Infallible>(Response::new(user(&session)))
    })));
    let response = service.oneshot(request).await.unwrap();
    let set: Vec<_> = response.headers().get_all(SET_COOKIE).iter().collect();
    let name = |value: &HeaderValue| value.to_str().unwrap().split('=').next().unwrap().to_owned();
    assert_eq!(set.into_iter().map(name).collect::<Vec<_>>(), [CART, SESSION]);
    assert_eq!(mine.read().visits, 0);
}
