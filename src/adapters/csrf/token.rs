//! Which requests need a token, and where it is.

use std::{any::type_name, borrow::Cow, fmt, marker::PhantomData};

use crate::{
    events,
    session::{Session, SessionData},
};

/// Requires a token of [`Session::csrf_token`] from each request that changes something, before its
/// handler runs.
///
/// The token is read from the header `X-CSRF-Token`, or else from the field `csrf` of a URL-encoded
/// form. For that, at most 64 KiB of the form are held in memory. All other requests, such as a
/// form with files, need the header. The handler gets the body unchanged. A safe method (GET, HEAD,
/// OPTIONS, TRACE) passes without a token.
///
/// Mount it inside the [`Sessions<T>`](crate::Sessions) that it checks. It is a tower layer (for
/// axum, with a body that can be made from `Bytes`), middleware for actix-web and poem, a hoop for
/// salvo, and a fairing for Rocket, which reads the first 512 bytes of a form. For warp it makes
/// filters, with `form` and `filter`. A refusal is a [`CsrfRejection`], so that you can render a
/// page of your own. In poem it is an error, in actix-web the error of the response, in warp a
/// rejection, in Rocket it is in the request's local cache, and in the others in the extensions of
/// an empty response.
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
    /// No token of the visitor's session came. Answers 403. Often the form is from a second tab,
    /// which was opened before the sign-in. Ask the visitor to load the page again.
    #[error("the request has no token of its session")]
    Token,
    /// The form is larger than the limit. Answers 413.
    #[error(
        "the form is larger than {limit} bytes: raise `CsrfGuard::max_body`, or send the token in the header"
    )]
    TooLarge {
        /// The limit in bytes.
        limit: usize,
    },
    /// In Rocket: the token is not in the part of the form that a fairing can read. Answers 403.
    #[error(
        "the form has no token of its session in its first {limit} bytes: make the token's field the first, or send the token in the header"
    )]
    NotAtStart {
        /// How many bytes a fairing can read.
        limit: usize,
    },
    /// The body could not be read to its end, or is not the form that the handler asks for. Answers 400.
    #[error("the request's body could not be read")]
    Body,
    /// No [`Sessions`](crate::Sessions) of the guard's data type is mounted around the guard. Answers
    /// 500. The remedy is in an event.
    #[error("the guard has no `Sessions` of its data type around it")]
    MissingLayer,
}

impl CsrfRejection {
    /// The status of the response.
    pub fn status(self) -> u16 {
        match self {
            Self::Token | Self::NotAtStart { .. } => 403,
            Self::TooLarge { .. } => 413,
            Self::Body => 400,
            Self::MissingLayer => 500,
        }
    }
}

impl<T: SessionData> CsrfGuard<T> {
    /// Creates a guard with the field `csrf`, the header `X-CSRF-Token` and a limit of 64 KiB.
    #[expect(clippy::new_without_default, reason = "`new` says which session's it is")]
    pub fn new() -> Self {
        Self {
            field: "csrf".into(),
            header: "x-csrf-token".into(),
            max_body: 64 * 1024,
            data: PhantomData,
        }
    }

    /// Sets the name of the form's field with the token. Use only letters, digits, `-` and `_`,
    /// which need no encoding in a form.
    #[must_use]
    pub fn field(mut self, name: impl Into<Cow<'static, str>>) -> Self {
        self.field = name.into();
        self
    }

    /// Sets the name of the header with the token.
    #[must_use]
    pub fn header(mut self, name: impl Into<Cow<'static, str>>) -> Self {
        self.header = name.into();
        self
    }

    /// Sets how many bytes of a form are held in memory at most.
    #[must_use]
    pub fn max_body(mut self, bytes: usize) -> Self {
        self.max_body = bytes;
        self
    }

    pub(super) fn header_name(&self) -> &str {
        &self.header
    }

    #[cfg(any(feature = "tower", feature = "actix-web"))]
    pub(super) fn limit(&self) -> usize {
        self.max_body
    }

    #[cfg(any(feature = "tower", feature = "actix-web"))]
    pub(super) fn too_large(&self) -> CsrfRejection {
        CsrfRejection::TooLarge { limit: self.max_body }
    }

    /// The token in a URL-encoded form, or an empty string. base64url needs no encoding there.
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
        let Some(session) = session else {
            events::unguarded(type_name::<T>());
            return Err(CsrfRejection::MissingLayer);
        };
        session.verify_csrf(token).map_err(|_| CsrfRejection::Token)
    }
}

/// Where a request's token is.
pub(super) enum Ask {
    /// The request needs none.
    Pass,
    /// In the header. Also if the request has no other place for a token.
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
