//! A guide to each task, one chapter per task. The text is that of
//! [docs/guide](https://github.com/sealed-session/sealed-session/tree/main/docs/guide).
//!
//! - [First session](first_session), in each framework
//! - [Signing in and out](signing_in), "remember me"
//! - [CSRF and origins](csrf)
//! - [Testing your application](testing)
//! - [Asking for the password again](step_up)
//! - [Revocation](revocation)
//! - [Bound sessions](bound_sessions), which a copied cookie does not open
//! - [Keys and rotation](keys)
//! - [Changing the data](changing_data), also while two versions run
//! - [Behind proxies and CDNs](proxies)
//! - [Long connections](long_connections)
//! - [Other cookies](other_cookies)
//! - [Clients without cookies](tokens): a token in `Authorization`
//! - [Without a cookie](without_cookie): magic links, e-mail confirmation, OAuth state
//! - [Edge, Lambda and JavaScript](edge): WebAssembly, Cloudflare Workers, AWS Lambda, Node
//! - [Renaming](renaming) a cookie or an audience
//! - [Other servers](recipes): tonic, async-graphql, Leptos, ntex, tiny_http
//! - [Troubleshooting](troubleshooting), by symptom

// What needs a framework is compiled by the package `guide-tests`.
macro_rules! chapters {
    ($($(#[$attribute:meta])* $name:ident: $file:literal)*) => {
        $(
            $(#[$attribute])*
            #[doc = "[first_session]: crate::guide::first_session"]
            #[doc = "[signing_in]: crate::guide::signing_in"]
            #[doc = "[csrf]: crate::guide::csrf"]
            #[doc = "[testing]: crate::guide::testing"]
            #[doc = "[step_up]: crate::guide::step_up"]
            #[doc = "[revocation]: crate::guide::revocation"]
            #[doc = "[bound_sessions]: crate::guide::bound_sessions"]
            #[doc = "[keys]: crate::guide::keys"]
            #[doc = "[changing_data]: crate::guide::changing_data"]
            #[doc = "[proxies]: crate::guide::proxies"]
            #[doc = "[long_connections]: crate::guide::long_connections"]
            #[doc = "[other_cookies]: crate::guide::other_cookies"]
            #[doc = "[without_cookie]: crate::guide::without_cookie"]
            #[doc = "[edge]: crate::guide::edge"]
            #[doc = "[tokens]: crate::guide::tokens"]
            #[doc = "[renaming]: crate::guide::renaming"]
            #[doc = "[recipes]: crate::guide::recipes"]
            #[doc = "[troubleshooting]: crate::guide::troubleshooting"]
            #[doc = ""]
            #[doc = include_str!($file)]
            pub mod $name {}
        )*
    };
}

chapters! {
    #[cfg(not(doctest))]
    first_session: "../docs/guide/first_session.md"
    signing_in: "../docs/guide/signing_in.md"
    #[cfg(not(doctest))]
    csrf: "../docs/guide/csrf.md"
    #[cfg(not(doctest))]
    testing: "../docs/guide/testing.md"
    step_up: "../docs/guide/step_up.md"
    #[cfg(any(not(doctest), feature = "redis"))]
    revocation: "../docs/guide/revocation.md"
    #[cfg(any(not(doctest), feature = "bound"))]
    bound_sessions: "../docs/guide/bound_sessions.md"
    #[cfg(any(not(doctest), feature = "reload"))]
    keys: "../docs/guide/keys.md"
    changing_data: "../docs/guide/changing_data.md"
    proxies: "../docs/guide/proxies.md"
    #[cfg(any(not(doctest), feature = "http"))]
    long_connections: "../docs/guide/long_connections.md"
    #[cfg(not(doctest))]
    other_cookies: "../docs/guide/other_cookies.md"
    #[cfg(not(doctest))]
    tokens: "../docs/guide/tokens.md"
    without_cookie: "../docs/guide/without_cookie.md"
    #[cfg(any(not(doctest), feature = "reload"))]
    edge: "../docs/guide/edge.md"
    renaming: "../docs/guide/renaming.md"
    #[cfg(not(doctest))]
    recipes: "../docs/guide/recipes.md"
    troubleshooting: "../docs/guide/troubleshooting.md"
}
