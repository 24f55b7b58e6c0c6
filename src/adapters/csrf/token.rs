//! Which requests need a token, and where it is.

use std::{borrow::Cow, fmt, marker::PhantomData};

use crate::session::{Session, SessionData};

/// Asks each request that changes something for a token of
/// [`Session::csrf_token`], before its handler runs.
///
/// The token is read from the header `X-CSRF-Token`, else from the field `csrf` of a form that is
/// URL-encoded, for which at most 64 KiB are held in memory; everything else, such as a form with
/// files, needs the header. The handler sees the body as it came. A safe method (GET, HEAD,
/// OPTIONS, TRACE) passes without a token.
///
/// Mount it inside of the [`Sessions<T>`](crate::Sessions) that it asks: a tower layer, for axum,
/// with a body that can be made of `Bytes`; middleware of actix-web and poem; a hoop of salvo's.
/// A refusal is a [`CsrfRejection`], for which the application can render a page of its own: in
/// actix-web and poem it is an error, in the others it is in the extensions of an empty response.
pub struct CsrfGuard<T> {
    field: Cow<'static, str>,
    header: Cow<'static, str>,
    max_body: usize,
    data: PhantomData<fn() -> T>,
}

/// Why a [`CsrfGuard`] refused a request.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum CsrfRejection {
    /// No token of the visitor's session came. Answers 403. Often it is that of a second tab, which
    /// was open before the sign-in: ask the visitor to load the page again.
    #[error("the request has no token of its session")]
    Token,
    /// The form is larger than is held in memory. Answers 413.
    #[error(
        "the form is larger than {limit} bytes: raise `CsrfGuard::max_body`, or send the token in the header"
    )]
    TooLarge {
        /// The most that is held.
        limit: usize,
    },
    /// The body broke off. Answers 400.
    #[error("the request's body could not be read")]
    Body,
}

impl CsrfRejection {
    /// The status of the response.
    pub fn status(self) -> u16 {
        match self {
            Self::Token => 403,
            Self::TooLarge { .. } => 413,
            Self::Body => 400,
        }
    }
}

impl<T: SessionData> CsrfGuard<T> {
    /// With the field `csrf`, the header `X-CSRF-Token` and at most 64 KiB.
    #[expect(clippy::new_without_default, reason = "`new` says which session's it is")]
    pub fn new() -> Self {
        Self {
            field: "csrf".into(),
            header: "x-csrf-token".into(),
            max_body: 64 * 1024,
            data: PhantomData,
        }
    }

    /// The form's field with the token: letters, digits, `-` and `_`, which stand as they are in a form.
    #[must_use]
    pub fn field(mut self, name: impl Into<Cow<'static, str>>) -> Self {
        self.field = name.into();
        self
    }

    /// The header with the token.
    #[must_use]
    pub fn header(mut self, name: impl Into<Cow<'static, str>>) -> Self {
        self.header = name.into();
        self
    }

    /// The most bytes of a form that are held in memory.
    #[must_use]
    pub fn max_body(mut self, bytes: usize) -> Self {
        self.max_body = bytes;
        self
    }

    pub(super) fn header_name(&self) -> &str {
        &self.header
    }

    pub(super) fn limit(&self) -> usize {
        self.max_body
    }

    pub(super) fn too_large(&self) -> CsrfRejection {
        CsrfRejection::TooLarge { limit: self.max_body }
    }

    /// The token in a form that is URL-encoded; empty where there is none. Of base64url nothing is encoded.
    pub(super) fn token_in<'a>(&self, form: &'a [u8]) -> &'a str {
        let pairs = form.split(|&byte| byte == b'&');
        let mut rests = pairs.filter_map(|pair| pair.strip_prefix(self.field.as_bytes()));
        let value = rests.find_map(|rest| rest.strip_prefix(b"="));
        value.and_then(|value| str::from_utf8(value).ok()).unwrap_or_default()
    }

    #[expect(clippy::unused_self, reason = "whose session it is, is the guard's type")]
    pub(super) fn verify(
        &self,
        session: Option<&Session<T>>,
        token: &str,
    ) -> Result<(), CsrfRejection> {
        let is_good = session.is_some_and(|session| session.verify_csrf(token).is_ok());
        if is_good { Ok(()) } else { Err(CsrfRejection::Token) }
    }
}

/// How a request can be asked for its token.
pub(super) enum Ask {
    /// It needs none.
    Pass,
    /// It has this one, or is not of a kind that has another place for one.
    Header(String),
    /// It may be in the form.
    Form,
}

impl Ask {
    pub(super) fn of(method: &str, header: Option<&str>, content_type: Option<&str>) -> Self {
        let is_form = || {
            let essence = content_type.and_then(|text| text.split(';').next()).unwrap_or_default();
            essence.trim().eq_ignore_ascii_case("application/x-www-form-urlencoded")
        };
        match header {
            _ if matches!(method, "GET" | "HEAD" | "OPTIONS" | "TRACE") => Self::Pass,
            None if is_form() => Self::Form,
            header => Self::Header(header.unwrap_or_default().to_owned()),
        }
    }
}

impl<T> Clone for CsrfGuard<T> {
    fn clone(&self) -> Self {
        Self {
            field: self.field.clone(),
            header: self.header.clone(),
            max_body: self.max_body,
            data: PhantomData,
        }
    }
}

impl<T> fmt::Debug for CsrfGuard<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("CsrfGuard")
            .field("field", &self.field)
            .field("header", &self.header)
            .field("max_body", &self.max_body)
            .finish()
    }
}
