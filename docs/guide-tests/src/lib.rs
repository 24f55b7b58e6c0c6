//! Compiles the examples of documents that need a framework, which the crate's own tests do without:
//! `cargo test -p guide-tests`.

macro_rules! chapters {
    ($($name:ident: $file:literal)*) => {
        $(
            #[cfg(doctest)]
            #[doc = include_str!($file)]
            struct $name;
        )*
    };
}

chapters! {
    FirstSession: "../../guide/first_session.md"
    Csrf: "../../guide/csrf.md"
    Testing: "../../guide/testing.md"
    Recipes: "../../guide/recipes.md"
    OtherCookies: "../../guide/other_cookies.md"
    Tokens: "../../guide/tokens.md"
    ActixWeb: "../../actix-web.md"
    Axum: "../../axum.md"
    Rocket: "../../rocket.md"
}
