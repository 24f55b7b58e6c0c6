//! Requests, whichever crate's types they have: what guards ask of them.

use std::borrow::Cow;

/// The head of a request.
pub(crate) trait RequestHead {
    fn method(&self) -> &str;

    /// Path and query.
    fn target(&self) -> Cow<'_, str>;

    /// The values of a header, whose name is in lower case, in order.
    fn values(&self, header: &str) -> impl Iterator<Item = &[u8]>;
}

#[cfg(any(feature = "http", feature = "actix-web", feature = "rocket"))]
/// Where to send the visitor, if it is a browser that goes to a page; else a status tells more.
pub(crate) fn sign_in_at(head: &impl RequestHead, page: &str) -> Option<String> {
    use std::fmt::Write as _;

    use super::LocalPath;

    let first = |header| head.values(header).next();
    // Every browser since 2023 sends it.
    let is_page = match first("sec-fetch-mode") {
        Some(mode) => mode == b"navigate",
        None => first("accept")
            .and_then(|accept| str::from_utf8(accept).ok())
            .is_some_and(|accept| accept.contains("text/html")),
    };
    if !is_page || !matches!(head.method(), "GET" | "HEAD") {
        return None;
    }
    let sign = if page.contains('?') { '&' } else { '?' };
    let target = head.target();
    let next = LocalPath::new(&target).unwrap_or_default();
    let mut location = format!("{page}{sign}next=");
    for byte in next.as_str().bytes() {
        match byte {
            b'a'..=b'z' | b'A'..=b'Z' | b'0'..=b'9' | b'-' | b'.' | b'_' | b'~' | b'/' => {
                location.push(char::from(byte));
            }
            _ => {
                write!(location, "%{byte:02X}").expect("a string takes everything");
            }
        }
    }
    Some(location)
}

#[cfg(all(test, any(feature = "http", feature = "actix-web", feature = "rocket")))]
mod tests {
    use super::*;

    #[derive(Clone, Copy)]
    struct Head {
        method: &'static str,
        mode: Option<&'static str>,
        accept: Option<&'static str>,
        target: &'static str,
    }

    impl RequestHead for Head {
        fn method(&self) -> &str {
            self.method
        }

        fn target(&self) -> Cow<'_, str> {
            self.target.into()
        }

        fn values(&self, header: &str) -> impl Iterator<Item = &[u8]> {
            let value = match header {
                "sec-fetch-mode" => self.mode,
                "accept" => self.accept,
                other => panic!("{other}"),
            };
            value.map(str::as_bytes).into_iter()
        }
    }

    #[test]
    fn only_a_browser_that_goes_to_a_page_is_sent_elsewhere() {
        let page = Head { method: "GET", mode: Some("navigate"), accept: None, target: "/a?b=c&d" };
        let at = |head: Head| sign_in_at(&head, "/login");
        assert_eq!(at(page).as_deref(), Some("/login?next=/a%3Fb%3Dc%26d"));
        let asks = sign_in_at(&page, "/login?a");
        assert_eq!(asks.as_deref(), Some("/login?a&next=/a%3Fb%3Dc%26d"));
        let foreign = Head { target: "//evil.example/", ..page };
        assert_eq!(at(foreign).as_deref(), Some("/login?next=/"));
        assert_eq!(at(Head { method: "POST", ..page }), None);
        assert_eq!(at(Head { mode: Some("cors"), ..page }), None);
        assert_eq!(at(Head { mode: None, ..page }), None);
        let old = Head { mode: None, accept: Some("text/html,*/*"), ..page };
        assert!(at(old).is_some());
    }
}
