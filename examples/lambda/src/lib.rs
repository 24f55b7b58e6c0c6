//! A sign-in on AWS Lambda: the same axum application behind API Gateway and load balancers.

use axum::{
    Form, Router,
    response::Redirect,
    routing::{get, post},
};
use sealed_session::{Existing, Session, Sessions};
use serde::{Deserialize, Serialize};

#[derive(Clone, Default, Serialize, Deserialize)]
#[serde(default)]
pub struct Account {
    pub user: Option<String>,
}

/// The routes. `stage` is empty, or `/prod` behind a REST API's own address: API Gateway puts the
/// stage in front of the path, and a redirect has to name it too.
pub fn router(sessions: Sessions<Account>, stage: &'static str) -> Router {
    let to_home = move || Redirect::to(&format!("{stage}/"));
    let login = move |mut session: Session<Account>, Form(login): Form<Login>| async move {
        // ... check the password.
        session.sign_in(|account| account.user = Some(login.user));
        to_home()
    };
    // Answers 401 to a visitor without a session.
    let logout = move |mut session: Existing<Account>| async move {
        session.destroy();
        to_home()
    };
    Router::new()
        .route(&format!("{stage}/"), get(home))
        .route(&format!("{stage}/login"), post(login))
        .route(&format!("{stage}/logout"), post(logout))
        .layer(sessions)
}

async fn home(session: Session<Account>) -> String {
    format!("Hello, {}", session.read().user.as_deref().unwrap_or("guest"))
}

#[derive(Deserialize)]
struct Login {
    user: String,
}
