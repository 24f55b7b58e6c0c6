use ntex::{
    Middleware, Service, ServiceCtx,
    http::header::{COOKIE, HeaderName, HeaderValue},
    web::{self, HttpRequest, HttpResponse, WebRequest, WebResponse},
};
use sealed_session::{Session, Sessions};

type Account = Option<String>;

/// Puts the session of each request into its extensions, and commits it into the response.
pub struct WithSession(pub Sessions<Account>);

impl<S, C> Middleware<S, C> for WithSession {
    type Service = WithSessionService<S>;

    fn create(&self, service: S, _: C) -> Self::Service {
        WithSessionService { sessions: self.0.clone(), service }
    }
}

pub struct WithSessionService<S> {
    sessions: Sessions<Account>,
    service: S,
}

impl<S, E> Service<WebRequest<E>> for WithSessionService<S>
where
    S: Service<WebRequest<E>, Response = WebResponse>,
{
    type Response = WebResponse;
    type Error = S::Error;

    ntex::forward_ready!(service);
    ntex::forward_poll!(service);
    ntex::forward_shutdown!(service);

    async fn call(
        &self,
        request: WebRequest<E>,
        context: ServiceCtx<'_, Self>,
    ) -> Result<WebResponse, S::Error> {
        let session = self.sessions.load(request.headers().get_all(COOKIE));
        request.extensions_mut().insert(session.clone());
        let mut response = context.call(&self.service, request).await?;
        match self.sessions.commit(&session) {
            Ok(commit) => {
                let headers = response.headers_mut();
                for (name, value) in commit.headers() {
                    let name = HeaderName::try_from(name).expect("a header's name");
                    headers.append(name, HeaderValue::try_from(value).expect("a header's value"));
                }
                Ok(response)
            }
            // Nothing was saved, so do not answer as if it was.
            Err(_) => Ok(response.into_response(HttpResponse::InternalServerError().finish())),
        }
    }
}

/// The session that a handler works with. Every clone is the same session.
fn session(request: &HttpRequest) -> Session<Account> {
    let extensions = request.extensions();
    extensions.get::<Session<Account>>().cloned().expect("`WithSession` is mounted")
}

pub async fn home(request: HttpRequest) -> String {
    format!("Hello, {}.", session(&request).read().as_deref().unwrap_or("stranger"))
}

pub async fn sign_in(request: HttpRequest, name: web::types::Path<String>) -> HttpResponse {
    // Check the password here.
    session(&request).sign_in(|account| *account = Some(name.into_inner()));
    HttpResponse::NoContent().finish()
}

pub async fn sign_out(request: HttpRequest) -> HttpResponse {
    session(&request).destroy();
    HttpResponse::NoContent().finish()
}

/// `App::new().middleware(WithSession(sessions)).configure(routes)`
pub fn routes(config: &mut web::ServiceConfig) {
    config
        .route("/", web::get().to(home))
        .route("/sign-in/{name}", web::post().to(sign_in))
        .route("/sign-out", web::post().to(sign_out));
}
