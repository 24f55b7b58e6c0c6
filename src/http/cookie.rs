//! The cookie around a sealed value in Cookie and Set-Cookie headers.

use std::{borrow::Cow, time::Duration};

use cookie::{Cookie, SameSite};
use time::OffsetDateTime;

use super::rules::{CheckedCookie, CookieConfig, Scope, is_host_prefixed};
#[cfg(feature = "bound")]
use crate::format::device::Tag;
use crate::format::{claims::MAX_AGE_LIMIT, frame::MAX_COOKIE_LEN, lineage::Limit};

impl CheckedCookie {
    pub(crate) fn name(&self) -> &str {
        &self.0.name
    }

    pub(crate) fn config(&self) -> &CookieConfig {
        &self.0
    }

    pub(crate) fn is_host_prefixed(&self) -> bool {
        is_host_prefixed(self.name())
    }

    /// The cookie that carries `value`; without `max_age` it ends with the browser's session.
    pub(crate) fn set(&self, value: String, max_age: Option<Duration>) -> Cookie<'static> {
        let mut cookie = self.build(self.0.name.clone(), value, &self.0.scope);
        if let Some(max_age) = max_age {
            set_max_age(&mut cookie, max_age);
        }
        cookie
    }

    /// The cookies that remove ours, in the present scope and in each former one.
    pub(crate) fn removals(&self) -> impl Iterator<Item = Cookie<'static>> {
        self.scopes().map(|scope| self.removal(self.0.name.clone(), scope))
    }

    /// Adds the cookies that remove ours in former scopes to the response that sets it.
    pub(crate) fn remove_twins(&self, cookies: &mut Vec<Cookie<'static>>) {
        let mut before = Vec::new();
        for scope in &self.0.former_scopes {
            let removal = self.removal(self.0.name.clone(), scope);
            // A browser that does not know `Partitioned` takes the two for one cookie, and keeps
            // what comes last.
            match scope.differs_in_partition_alone(&self.0.scope) {
                true => before.push(removal),
                false => cookies.push(removal),
            }
        }
        drop(cookies.splice(..0, before));
    }

    /// The tombstone cookies for `limit`, in each scope in which a value that it ends may be read.
    pub(crate) fn set_tombstone(
        &self,
        limit: Limit,
        value: &str,
        max_age: Duration,
    ) -> impl Iterator<Item = Cookie<'static>> {
        let name = self.tombstone_name(limit);
        self.scopes().map(move |scope| {
            let mut cookie = self.build(name.clone(), value.to_owned(), scope);
            set_max_age(&mut cookie, max_age);
            cookie
        })
    }

    /// The cookies that remove the tombstone for `limit`.
    pub(crate) fn remove_tombstone(&self, limit: Limit) -> impl Iterator<Item = Cookie<'static>> {
        let name = self.tombstone_name(limit);
        self.scopes().map(move |scope| self.removal(name.clone(), scope))
    }

    /// Whether our name equals that of the other cookie's tombstone for `limit`.
    pub(crate) fn is_tombstone_name_of(&self, other: &Self, limit: Limit) -> bool {
        let end = self
            .name()
            .strip_prefix(other.name())
            .and_then(|end| end.strip_prefix(TOMBSTONE_INFIX));
        end.and_then(|end| Limit::from_text(end.as_bytes())) == Some(limit)
    }

    fn tombstone_name(&self, limit: Limit) -> Cow<'static, str> {
        format!("{}{TOMBSTONE_INFIX}{}", self.0.name, limit.to_text()).into()
    }

    pub(crate) fn scopes(&self) -> impl Iterator<Item = &Scope> {
        std::iter::once(&self.0.scope).chain(&self.0.former_scopes)
    }

    fn removal(&self, name: Cow<'static, str>, scope: &Scope) -> Cookie<'static> {
        let mut cookie = self.build(name, String::new(), scope);
        cookie.set_max_age(time::Duration::ZERO);
        cookie.set_expires(OffsetDateTime::UNIX_EPOCH);
        cookie
    }

    /// The values of our cookie and of its tombstones in one Cookie header.
    ///
    /// Works on bytes, because another application's cookie need not be UTF-8. Names are compared
    /// exactly. A parser that trims Unicode white space or decodes `%` would accept a planted
    /// `%5F%5FHost-…` as our cookie, and browsers do not enforce the prefix for that name.
    pub(crate) fn values<'a>(&'a self, header: &'a [u8]) -> impl Iterator<Item = Named<'a>> {
        pairs(header).filter_map(|pair| {
            let rest = trim_ows(pair).strip_prefix(self.name().as_bytes())?;
            if let Some(value) = rest.strip_prefix(b"=") {
                return Some(Named::Value(bounded(value)));
            }
            #[cfg(feature = "bound")]
            if let Some(rest) = rest.strip_prefix(BOUND_INFIX.as_bytes()) {
                let (tag, value) = split_helper(rest)?;
                return Some(Named::Bound(Tag::from_text(tag)?, value));
            }
            let (limit, value) = split_helper(rest.strip_prefix(TOMBSTONE_INFIX.as_bytes())?)?;
            Some(Named::Tombstone(Limit::from_text(limit)?, value))
        })
    }

    fn build(&self, name: Cow<'static, str>, value: String, scope: &Scope) -> Cookie<'static> {
        let mut cookie = Cookie::new(name, value);
        cookie.set_http_only(true);
        cookie.set_secure(self.0.secure);
        cookie.set_path(scope.path.clone());
        if let Some(domain) = &scope.domain {
            cookie.set_domain(domain.clone());
        }
        if scope.partitioned {
            cookie.set_partitioned(true);
        }
        // The removal of a partitioned twin must also work in a cross-site context, where that twin
        // lives.
        let same_site = if scope.partitioned { SameSite::None } else { self.0.same_site };
        cookie.set_same_site(same_site);
        cookie
    }
}

#[cfg(feature = "bound")]
impl CheckedCookie {
    /// The bound cookie of the families with this tag.
    pub(crate) fn set_bound(&self, tag: Tag, value: String, max_age: Duration) -> Cookie<'static> {
        let mut cookie = self.build(self.bound_name(tag), value, &self.0.scope);
        set_max_age(&mut cookie, max_age);
        cookie
    }

    /// The cookie that removes that one.
    pub(crate) fn remove_bound(&self, tag: Tag) -> Cookie<'static> {
        self.removal(self.bound_name(tag), &self.0.scope)
    }

    /// Whether our name is that of a bound cookie beside another cookie.
    pub(crate) fn is_bound_name_of(&self, other: &Self, tag: Tag) -> bool {
        let end =
            self.name().strip_prefix(other.name()).and_then(|end| end.strip_prefix(BOUND_INFIX));
        end.and_then(|end| Tag::from_text(end.as_bytes())) == Some(tag)
    }

    fn bound_name(&self, tag: Tag) -> Cow<'static, str> {
        format!("{}{BOUND_INFIX}{}", self.0.name, tag.to_text()).into()
    }
}

/// A value that a Cookie header has for our cookie.
pub(crate) enum Named<'a> {
    Value(&'a [u8]),
    /// The value of a tombstone, with the limit from its name.
    Tombstone(Limit, &'a [u8]),
    /// Under the name with the tag of a family behind.
    #[cfg(feature = "bound")]
    Bound(Tag, &'a [u8]),
}

/// What stands in a name behind that of the session's cookie, and the value.
fn split_helper(pair: &[u8]) -> Option<(&[u8], &[u8])> {
    let (end, value) = pair.split_at_checked(memchr::memchr(b'=', pair)?)?;
    Some((end, bounded(value.get(1..)?)))
}

/// Cuts a value to a length that still shows that it is too long.
fn bounded(value: &[u8]) -> &[u8] {
    value.get(..=MAX_COOKIE_LEN).unwrap_or(value)
}

fn set_max_age(cookie: &mut Cookie<'_>, max_age: Duration) {
    let seconds = max_age.as_secs().min(MAX_AGE_LIMIT);
    cookie.set_max_age(time::Duration::seconds(seconds.try_into().unwrap_or(i64::MAX)));
}

/// The parts between semicolons. Most of a Cookie header may be our value, so it is searched by
/// words, not by bytes.
fn pairs(header: &[u8]) -> impl Iterator<Item = &[u8]> {
    let mut rest = Some(header);
    std::iter::from_fn(move || {
        let pairs = rest?;
        let (pair, tail) =
            match memchr::memchr(b';', pairs).and_then(|at| pairs.split_at_checked(at)) {
                Some((pair, tail)) => (pair, tail.split_first().map(|(_semicolon, tail)| tail)),
                None => (pairs, None),
            };
        rest = tail;
        Some(pair)
    })
}

/// Trims spaces and tabs at both ends (RFC 6265bis section 5.6), and no other white space.
fn trim_ows(mut bytes: &[u8]) -> &[u8] {
    while let [b' ' | b'\t', rest @ ..] | [rest @ .., b' ' | b'\t'] = bytes {
        bytes = rest;
    }
    bytes
}

/// What stands between the session cookie's name and a tombstone's limit.
const TOMBSTONE_INFIX: &str = "-ended-";
/// What stands between that name and the tag of a family.
#[cfg(feature = "bound")]
const BOUND_INFIX: &str = "-bound-";
