//! Fetch metadata and Origin: which requests may change something.

use sealed_session::{ConfigError, ForeignRequest, OriginGuard, RequestSource};

const HOST: &str = "shop.example.org";

fn post<'a>(site: Option<&'a str>, origin: Option<&'a str>) -> RequestSource<'a> {
    RequestSource { method: "POST", sec_fetch_site: site, origin, host: Some(HOST), upgrade: None }
}

#[test]
fn safe_methods_pass_and_all_others_are_judged() {
    let guard = OriginGuard::new();
    let forged = post(Some("cross-site"), Some("https://evil.example"));
    for method in ["GET", "HEAD", "OPTIONS", "TRACE"] {
        assert_eq!(guard.check(&RequestSource { method, ..forged }), Ok(()), "{method}");
    }
    // Methods have a case, and what is not known is not safe.
    for method in
        ["POST", "PUT", "PATCH", "DELETE", "CONNECT", "get", "Get", "PROPFIND", "", "GET "]
    {
        let verdict = guard.check(&RequestSource { method, ..forged });
        assert_eq!(verdict, Err(ForeignRequest::CrossSite), "{method}");
    }
}

#[test]
fn sec_fetch_site_decides_whatever_origin_and_host_are() {
    for origin in
        [None, Some("null"), Some("https://evil.example"), Some("https://shop.example.org")]
    {
        for host in [None, Some(HOST), Some("internal:8080")] {
            let check = |site| {
                OriginGuard::new().check(&RequestSource { host, ..post(Some(site), origin) })
            };
            assert_eq!(check("same-origin"), Ok(()));
            assert_eq!(check("none"), Ok(()));
            assert_eq!(check("same-site"), Err(ForeignRequest::SameSite));
            for unknown in ["cross-site", "", "same-origin, cross-site", "Same-Origin", " none"] {
                assert_eq!(check(unknown), Err(ForeignRequest::CrossSite), "{unknown:?}");
            }
        }
    }
}

#[test]
fn same_site_passes_only_where_it_is_allowed() {
    let guard = OriginGuard::new().allow_same_site(true);
    let sibling = Some("https://blog.example.org");
    assert_eq!(guard.check(&post(Some("same-site"), sibling)), Ok(()));
    assert_eq!(guard.check(&post(Some("cross-site"), sibling)), Err(ForeignRequest::CrossSite));
    // Without the header nobody knows what a site is.
    assert_eq!(guard.check(&post(None, sibling)), Err(ForeignRequest::Origin));
}

#[test]
fn without_sec_fetch_site_origin_has_to_be_https_and_the_host() {
    let guard = OriginGuard::new();
    let check = |origin, host| guard.check(&RequestSource { host, ..post(None, Some(origin)) });
    for (origin, host) in [
        ("https://shop.example.org", "shop.example.org"),
        ("https://shop.example.org", "Shop.Example.ORG"),
        ("https://shop.example.org", "shop.example.org:443"),
        ("https://shop.example.org:8443", "shop.example.org:8443"),
        ("https://192.0.2.1", "192.0.2.1"),
        ("https://[2001:db8::1]:8443", "[2001:db8::1]:8443"),
        ("https://[2001:db8::1]", "[2001:db8::1]"),
    ] {
        assert_eq!(check(origin, Some(host)), Ok(()), "{origin} {host}");
    }
    for (origin, host) in [
        ("http://shop.example.org", Some(HOST)),
        ("https://shop.example.org:8443", Some(HOST)),
        ("https://shop.example.org", Some("shop.example.org:8443")),
        ("https://shop.example.org.evil.example", Some(HOST)),
        ("https://evil.example", Some(HOST)),
        ("https://evil-shop.example.org", Some(HOST)),
        ("https://example.org", Some(HOST)),
        ("https://shop.example.org/", Some(HOST)),
        ("https://shop.example.org, https://shop.example.org", Some(HOST)),
        ("null", Some(HOST)),
        ("null", Some("null")),
        ("", Some(HOST)),
        ("", Some("")),
        ("https://", Some("")),
        ("https://shop.example.org", None),
        ("https://a@shop.example.org", Some("a@shop.example.org")),
    ] {
        assert_eq!(check(origin, host), Err(ForeignRequest::Origin), "{origin} {host:?}");
    }
}

#[test]
fn request_without_both_headers_is_refused_unless_allowed() {
    let guard = OriginGuard::new();
    assert_eq!(guard.check(&post(None, None)), Err(ForeignRequest::NoHeaders));
    let guard = guard.allow_without_headers(true);
    assert_eq!(guard.check(&post(None, None)), Ok(()));
    assert_eq!(guard.check(&post(None, Some("null"))), Err(ForeignRequest::Origin));
    assert_eq!(guard.check(&post(Some("cross-site"), None)), Err(ForeignRequest::CrossSite));
}

#[test]
fn trusted_origin_passes_and_its_neighbours_do_not() {
    let guard = OriginGuard::new()
        .trust("https://Accounts.Example.net:443")
        .unwrap()
        .trust("http://localhost:3000")
        .unwrap();
    for site in [None, Some("cross-site"), Some("same-site")] {
        for origin in ["https://accounts.example.net", "http://localhost:3000"] {
            assert_eq!(guard.check(&post(site, Some(origin))), Ok(()));
        }
        for origin in [
            "http://accounts.example.net",
            "https://accounts.example.net:8443",
            "https://accounts.example.net.evil.example",
            "https://x.accounts.example.net",
            "http://localhost",
            "https://localhost:3000",
            "null",
        ] {
            assert!(guard.check(&post(site, Some(origin))).is_err(), "{origin}");
        }
    }
}

#[test]
fn refuses_to_trust_what_is_no_origin() {
    for text in [
        "",
        "null",
        "*",
        "example.org",
        "//example.org",
        "https://",
        "https://*",
        "https://*.example.org",
        "https://example.org/",
        "https://example.org/path",
        "https://example.org?",
        "https://a@example.org",
        "https://example.org:",
        "https://example.org:0",
        "https://example.org:65536",
        "https://example.org:+1",
        "https://exa mple.org",
        "https://[::1",
        "https://[zz]",
        "https://::1",
        "ftp://example.org",
        "wss://example.org",
        "https://ex\u{e4}mple.org",
        "https://example.org\n",
    ] {
        let error = OriginGuard::new().trust(text).unwrap_err();
        assert_eq!(error, ConfigError::Origin(text.to_owned()));
        assert!(error.to_string().contains("https://example.org"), "names the remedy");
    }
}

#[cfg(feature = "http")]
mod headers {
    use http::{HeaderValue, Request};

    use super::*;

    fn check(request: http::request::Builder) -> Result<(), ForeignRequest> {
        let request = request.body(()).unwrap();
        OriginGuard::new().check_headers(request.method(), request.uri(), request.headers())
    }

    #[test]
    fn headers_are_found_in_http_1_and_http_2_requests() {
        let origin = "https://shop.example.org";
        let http_1 = Request::post("/").header("host", HOST);
        assert_eq!(check(http_1.header("origin", origin)), Ok(()));
        let http_2 = Request::post("https://shop.example.org/").header("origin", origin);
        assert_eq!(check(http_2), Ok(()));
        let forged =
            Request::post("/").header("host", HOST).header("origin", "https://evil.example");
        assert_eq!(check(forged), Err(ForeignRequest::Origin));
        assert_eq!(check(Request::post("/").header("sec-fetch-site", "none")), Ok(()));
        assert_eq!(check(Request::post("/").header("host", HOST)), Err(ForeignRequest::NoHeaders));
        assert_eq!(check(Request::get("/").header("sec-fetch-site", "cross-site")), Ok(()));
    }

    #[test]
    fn doubled_or_unreadable_headers_are_refused() {
        let site = "sec-fetch-site";
        let twice = Request::post("/").header(site, "same-origin").header(site, "same-origin");
        assert_eq!(check(twice), Err(ForeignRequest::CrossSite));
        let unreadable = HeaderValue::from_bytes(b"same-origin\xff").unwrap();
        assert_eq!(
            check(Request::post("/").header(site, unreadable)),
            Err(ForeignRequest::CrossSite)
        );
        let origin = "https://shop.example.org";
        let twice = Request::post("/")
            .header("host", HOST)
            .header("origin", origin)
            .header("origin", origin);
        assert_eq!(check(twice), Err(ForeignRequest::Origin));
        let hosts =
            Request::post("/").header("host", HOST).header("host", HOST).header("origin", origin);
        assert_eq!(check(hosts), Err(ForeignRequest::Origin));
    }
}

/// RFC 6455 section 4.1: the handshake is a GET, and no rule of browsers keeps other sites from it.
#[test]
fn handshake_of_a_websocket_is_judged_like_a_post() {
    let handshake = |site, origin| RequestSource {
        method: "GET",
        upgrade: Some("websocket"),
        ..post(site, origin)
    };
    let guard = OriginGuard::new();
    let sibling = handshake(Some("same-site"), Some("https://evil.example.org"));
    assert_eq!(guard.check(&sibling), Err(ForeignRequest::SameSite));
    let foreign = handshake(Some("cross-site"), Some("https://evil.example"));
    assert_eq!(guard.check(&foreign), Err(ForeignRequest::CrossSite));
    assert_eq!(guard.check(&handshake(Some("same-origin"), None)), Ok(()));
    assert_eq!(guard.check(&RequestSource { upgrade: None, ..foreign }), Ok(()));
}
