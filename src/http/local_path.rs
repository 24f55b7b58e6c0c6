//! Paths of this site.

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
}
