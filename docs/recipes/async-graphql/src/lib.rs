use async_graphql::{Context, EmptySubscription, Object, Request, Response, Result, Schema};
use axum::{Json, Router, extract::State, routing::post};
use sealed_session::{Session, Sessions};

type Account = Option<String>;
type Api = Schema<Query, Mutation, EmptySubscription>;

pub struct Query;

#[Object]
impl Query {
    /// Who is signed in.
    async fn me(&self, context: &Context<'_>) -> Result<Option<String>> {
        Ok(session(context)?.read().into_inner())
    }
}

pub struct Mutation;

#[Object]
impl Mutation {
    async fn sign_in(&self, context: &Context<'_>, name: String) -> Result<bool> {
        // Check the password here.
        session(context)?.sign_in(|account| *account = Some(name));
        Ok(true)
    }

    async fn sign_out(&self, context: &Context<'_>) -> Result<bool> {
        session(context)?.destroy();
        Ok(true)
    }
}

/// Every clone is the same session.
fn session(context: &Context<'_>) -> Result<Session<Account>> {
    context.data::<Session<Account>>().cloned()
}

async fn execute(
    State(api): State<Api>,
    session: Session<Account>,
    Json(request): Json<Request>,
) -> Json<Response> {
    Json(api.execute(request.data(session)).await)
}

pub fn app(sessions: Sessions<Account>) -> Router {
    let api = Schema::build(Query, Mutation, EmptySubscription).finish();
    Router::new().route("/graphql", post(execute)).with_state(api).layer(sessions)
}
