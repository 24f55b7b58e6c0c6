//! Features that ask for what `wasm32-unknown-unknown` does not have: the build says so.

#[cfg(not(feature = "js"))]
compile_error!(
    "sealed-session: wasm32-unknown-unknown has no clock and no randomness; for a JavaScript host \
     (Cloudflare Workers, Node, Deno, a browser) turn on the feature `js`, for any other runtime \
     build for wasm32-wasip1"
);

macro_rules! refuse {
    ($($feature:literal: $why:literal;)*) => {
        $(
            #[cfg(feature = $feature)]
            compile_error!(concat!(
                "sealed-session: the feature `", $feature, "` does not build for wasm32-unknown-unknown: ", $why
            ));
        )*
    };
}

refuse! {
    "actix-web": "actix-web listens on sockets; use `axum`, `tower` or `http`";
    "cli": "the tool needs files and a terminal; install it on another machine";
    "poem": "poem does not build without its server; use `axum`, `tower` or `http`";
    "redis": "its client needs sockets and threads; follow a `RevocationSource` elsewhere, or ask a list by `revoke_if`";
    "ring": "it needs C code that is compiled for the machine; leave it out, the cipher is the same";
    "rocket": "Rocket listens on sockets; use `axum`, `tower` or `http`";
    "salvo": "salvo listens on sockets; use `axum`, `tower` or `http`";
    "warp": "warp builds on a server; use `axum`, `tower` or `http`";
}
