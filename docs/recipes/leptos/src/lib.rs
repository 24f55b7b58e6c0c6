use any_spawner::Executor;
use axum::{
    Router,
    http::request::Parts,
    routing::{get, post},
};
use leptos::prelude::*;
use sealed_session::{Session, Sessions};

type Account = Option<String>;

#[server]
pub async fn sign_in(name: String) -> Result<(), ServerFnError> {
    let mut session: Session<Account> = leptos_axum::extract().await?;
    // Check the password here.
    session.sign_in(|account| *account = Some(name));
    Ok(())
}

#[server]
pub async fn sign_out() -> Result<(), ServerFnError> {
    let mut session: Session<Account> = leptos_axum::extract().await?;
    session.destroy();
    Ok(())
}

/// What a resource reads while the page is being sent.
#[server]
pub async fn orders() -> Result<String, ServerFnError> {
    let session: Session<Account> = leptos_axum::extract().await?;
    // Stands for a slow query.
    tokio::time::sleep(std::time::Duration::from_millis(50)).await;
    Ok(format!("The orders of {}.", session.read().as_deref().unwrap_or("nobody")))
}

#[component]
pub fn Home() -> impl IntoView {
    // Looked at before the head of the response is sent, so that it says `Vary: Cookie`.
    let session = use_context::<Parts>()
        .and_then(|parts| Session::<Account>::from_extensions(&parts.extensions));
    let name = session.and_then(|session| session.read().into_inner());
    let orders = Resource::new(|| (), |()| orders());
    view! {
        <h1>"Hello, " {name.unwrap_or("stranger".into())} "."</h1>
        <Suspense fallback=|| "One moment.">
            {move || Suspend::new(async move { orders.await.unwrap_or_default() })}
        </Suspense>
    }
}

pub fn app(sessions: Sessions<Account>) -> Router {
    // `generate_route_list` does it where Leptos has the routes. It may be done already.
    let _ = Executor::init_tokio();
    Router::new()
        .route("/", get(leptos_axum::render_app_to_stream(Home)))
        .route("/api/{*function}", post(leptos_axum::handle_server_fns))
        .layer(sessions)
}
