//! Requests to an axum application, as a browser sends them.

use axum::{
    Router,
    body::Body,
    http::{Request, Response, header},
};
use http_body_util::BodyExt as _;
use tower::ServiceExt as _;

use crate::jar::Jar;

impl Jar {
    /// Posts a body of this kind, or gets the page.
    pub(crate) async fn send(
        &mut self,
        app: &Router,
        path: &str,
        post: Option<(&str, &str)>,
    ) -> Response<Body> {
        let mut request = Request::builder().uri(path).header(header::COOKIE, self.header());
        if let Some((kind, _)) = post {
            request = request.method("POST").header(header::CONTENT_TYPE, kind);
        }
        let body = post.map_or_else(String::new, |(_, body)| body.to_owned());
        let response = app.clone().oneshot(request.body(Body::from(body)).unwrap()).await.unwrap();
        for cookie in response.headers().get_all(header::SET_COOKIE) {
            self.store(cookie.to_str().unwrap());
        }
        response
    }
}

pub(crate) async fn text(response: Response<Body>) -> String {
    let bytes = response.into_body().collect().await.unwrap().to_bytes();
    String::from_utf8(bytes.to_vec()).unwrap()
}
