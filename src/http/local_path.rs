//! Paths of this site, and when to send a browser to one.

/// A path on this site, with its query. It is safe to redirect to, whoever wrote it.
///
/// Use it for the `next` parameter of a sign-in page. A text that a browser could read as the
/// address of another site is refused.
///
/// ```
/// use sealed_session::LocalPath;
///
/// let next = |text| LocalPath::new(text).unwrap_or_default().as_str();
/// assert_eq!(next("/orders?page=2"), "/orders?page=2");
/// assert_eq!(next("https://evil.example/"), "/");
/// assert_eq!(next("//evil.example/"), "/");
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct LocalPath<'a>(&'a str);

impl<'a> LocalPath<'a> {
    /// Returns `None` unless browsers read `text` as a path on this site. They treat `\\` as `/`,
    /// and drop tabs and line feeds (WHATWG URL, section 4.4).
    pub fn new(text: &'a str) -> Option<Self> {
        let is_local = text.strip_prefix('/').is_some_and(|rest| !rest.starts_with('/'));
        let is_plain = text.bytes().all(|byte| byte.is_ascii_graphic() && byte != b'\\');
        (is_local && is_plain).then_some(Self(text))
    }

    /// Returns the text, for a `Location` header.
    pub fn as_str(self) -> &'a str {
        self.0
    }
}

impl Default for LocalPath<'_> {
    /// The root, `/`.
    fn default() -> Self {
        Self("/")
    }
}

/// What is known of a request that wants somebody who is signed in.
#[cfg(any(
    feature = "actix-web",
    feature = "axum",
    feature = "poem",
    feature = "rocket",
    feature = "salvo",
    feature = "warp"
))]
#[derive(Clone, Copy)]
pub(crate) struct Navigation<'a> {
    pub(crate) method: &'a str,
    /// `Sec-Fetch-Mode`, which every browser since 2023 sends.
    pub(crate) mode: Option<&'a str>,
    pub(crate) accept: Option<&'a str>,
    /// Path and query.
    pub(crate) target: &'a str,
}

#[cfg(any(
    feature = "actix-web",
    feature = "axum",
    feature = "poem",
    feature = "rocket",
    feature = "salvo",
    feature = "warp"
))]
impl Navigation<'_> {
    /// Where to send the visitor, if it is a browser that goes to a page; else a status tells more.
    pub(crate) fn sign_in_at(&self, page: &str) -> Option<String> {
        use std::fmt::Write as _;

        let is_page = match self.mode {
            Some(mode) => mode == "navigate",
            None => self.accept.is_some_and(|accept| accept.contains("text/html")),
        };
        if !is_page || !matches!(self.method, "GET" | "HEAD") {
            return None;
        }
        let sign = if page.contains('?') { '&' } else { '?' };
        let next = LocalPath::new(self.target).unwrap_or_default();
        let mut location = format!("{page}{sign}next=");
        for byte in next.0.bytes() {
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
}

#[cfg(test)]
mod tests {
    use super::LocalPath;

    #[test]
    fn what_a_browser_takes_for_another_site_is_no_local_path() {
        for text in [
            "",
            "next",
            "//evil.example",
            "/\\evil.example",
            "\\\\evil.example",
            "/\t/evil.example",
            "/\n/evil.example",
            "https://evil.example/",
            "javascript:alert(1)",
            "/a b",
            "/\u{fc}",
            " /",
            "/a\r\nSet-Cookie: a=b",
        ] {
            assert_eq!(LocalPath::new(text), None, "{text:?}");
        }
        for text in ["/", "/a//b", "/a?next=//b", "/a#b", "/%2f%2fevil.example"] {
            assert_eq!(LocalPath::new(text).map(LocalPath::as_str), Some(text));
        }
    }

    #[cfg(any(
        feature = "actix-web",
        feature = "axum",
        feature = "poem",
        feature = "rocket",
        feature = "salvo",
        feature = "warp"
    ))]
    #[test]
    fn only_a_browser_that_goes_to_a_page_is_sent_elsewhere() {
        use super::Navigation;

        let page =
            Navigation { method: "GET", mode: Some("navigate"), accept: None, target: "/a?b=c&d" };
        let at = |navigation: Navigation<'_>| navigation.sign_in_at("/login");
        assert_eq!(at(page).as_deref(), Some("/login?next=/a%3Fb%3Dc%26d"));
        assert_eq!(page.sign_in_at("/login?a").as_deref(), Some("/login?a&next=/a%3Fb%3Dc%26d"));
        let foreign = Navigation { target: "//evil.example/", ..page };
        assert_eq!(at(foreign).as_deref(), Some("/login?next=/"));
        assert_eq!(at(Navigation { method: "POST", ..page }), None);
        assert_eq!(at(Navigation { mode: Some("cors"), ..page }), None);
        assert_eq!(at(Navigation { mode: None, ..page }), None);
        let old = Navigation { mode: None, accept: Some("text/html,*/*"), ..page };
        assert!(at(old).is_some());
    }
}
