//! A response's headers as a list, where there is no type for them.

use super::response::{Name, ResponseHeaders};
use crate::http::Commit;

impl Commit {
    /// Writes this into a response's headers that are kept as a list of names and values, as
    /// `commit_headers` does for those of the `http` crate. Names may have any case.
    ///
    /// ```
    /// use sealed_session::{KeyRing, Sessions};
    ///
    /// let sessions = Sessions::<u32>::new(KeyRing::ephemeral()?);
    /// let mut session = sessions.load([""]);
    /// session.write(|visits| *visits += 1);
    ///
    /// let mut headers = vec![("Cache-Control".to_owned(), b"public, max-age=60".to_vec())];
    /// sessions.commit(&session)?.write_to_list(&mut headers);
    /// let names: Vec<_> = headers.iter().map(|(name, _)| name.as_str()).collect();
    /// assert_eq!(names, ["set-cookie", "cache-control", "vary"]);
    /// assert_eq!(headers[1].1, b"no-store");
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn write_to_list(&self, headers: &mut Vec<(String, Vec<u8>)>) {
        self.write_to(headers);
    }
}

impl ResponseHeaders for Vec<(String, Vec<u8>)> {
    fn values(&self, name: Name) -> impl Iterator<Item = &[u8]> {
        self.iter().filter(move |(other, _)| is(other, name)).map(|(_, value)| value.as_slice())
    }

    fn append(&mut self, name: Name, value: Vec<u8>) {
        self.push((text(name).to_owned(), value));
    }

    fn append_static(&mut self, name: Name, value: &'static str) {
        ResponseHeaders::append(self, name, value.into());
    }

    fn set_static(&mut self, name: Name, value: &'static str) {
        Vec::retain(self, |(other, _)| !is(other, name));
        self.append_static(name, value);
    }

    fn retain(&mut self, name: Name, keep: impl Fn(&[u8]) -> bool) {
        Vec::retain(self, |(other, value)| !is(other, name) || keep(value));
    }

    fn remove(&mut self, is_such: impl Fn(&str) -> bool) {
        Vec::retain(self, |(name, _)| !is_such(name));
    }
}

fn is(other: &str, name: Name) -> bool {
    other.eq_ignore_ascii_case(text(name))
}

fn text(name: Name) -> &'static str {
    match name {
        Name::SetCookie => "set-cookie",
        Name::CacheControl => "cache-control",
        Name::Vary => "vary",
        Name::Registration => Name::REGISTRATION,
    }
}

#[cfg(all(test, feature = "http"))]
mod tests {
    use http::{HeaderMap, HeaderName, HeaderValue};
    use proptest::prelude::*;

    use crate::http::Commit;

    fn lines() -> impl Strategy<Value = Vec<(&'static str, &'static str)>> {
        let line = prop::sample::select(vec![
            ("Set-Cookie", "a=other; Path=/"),
            ("set-cookie", "a=other; Path=/app"),
            ("set-cookie", "b=2"),
            ("Cache-Control", "public, max-age=60"),
            ("cache-control", "no-store"),
            ("VARY", "accept"),
            ("vary", "*"),
            ("CDN-Cache-Control", "max-age=60"),
            ("expires", "0"),
            ("etag", "1"),
        ]);
        prop::collection::vec(line, 0..6)
    }

    proptest! {
        #[test]
        fn a_list_gets_what_a_header_map_gets(
            before in lines(), has_cookie: bool, depends_on_cookie: bool, gave_token: bool,
        ) {
            let mut cookie = cookie::Cookie::new("a", "1");
            cookie.set_path("/");
            let cookies = if has_cookie { vec![cookie] } else { vec![] };
            let commit = Commit { cookies, depends_on_cookie, gave_token, ..Commit::default() };
            let mut map = HeaderMap::new();
            let mut list = Vec::new();
            for (name, value) in before {
                map.append(name.parse::<HeaderName>().unwrap(), HeaderValue::from_static(value));
                list.push((name.to_owned(), value.into()));
            }
            commit.write_to(&mut map);
            commit.write_to_list(&mut list);
            let mut of_map: Vec<_> =
                map.iter().map(|(name, value)| (name.to_string(), value.as_bytes().to_vec())).collect();
            let mut of_list: Vec<_> =
                list.into_iter().map(|(name, value)| (name.to_ascii_lowercase(), value)).collect();
            // Of several names the order is free; that of one name's values is not.
            of_map.sort_by(|(one, _), (other, _)| one.cmp(other));
            of_list.sort_by(|(one, _), (other, _)| one.cmp(other));
            prop_assert_eq!(of_map, of_list);
        }
    }
}
