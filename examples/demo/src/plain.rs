//! Cookies that are no sessions: plain text, which the visitor and scripts may read and change.
//! So each holds only what may be wrong, and a word is matched before it is used.

use axum::http::{HeaderMap, header::COOKIE};
use sealed_session::{Cookie, SameSite};
use time::Duration;

/// A cookie that holds one of a few words.
pub(crate) trait Choice: Copy + PartialEq + 'static {
    const COOKIE: &'static str;
    const KEPT: Duration;
    const ALL: &'static [Self];

    /// The word in the cookie, in forms and in the style sheet.
    fn word(self) -> &'static str;

    fn label(self) -> &'static str;

    fn parse(word: &str) -> Option<Self> {
        Self::ALL.iter().copied().find(|choice| choice.word() == word)
    }

    fn of(headers: &HeaderMap) -> Option<Self> {
        Self::parse(&read(headers, Self::COOKIE)?)
    }

    /// Scripts may read it: that is what such a cookie is for.
    fn cookie(self, https: bool) -> Cookie<'static> {
        Cookie::build((Self::COOKIE, self.word()))
            .path("/")
            .secure(https)
            .same_site(SameSite::Lax)
            .max_age(Self::KEPT)
            .build()
    }
}

#[derive(Clone, Copy, Default, PartialEq, Eq)]
pub(crate) enum Theme {
    #[default]
    System,
    Light,
    Dark,
}

impl Choice for Theme {
    const COOKIE: &'static str = "theme";
    const KEPT: Duration = Duration::days(365);
    const ALL: &'static [Self] = &[Self::System, Self::Light, Self::Dark];

    fn word(self) -> &'static str {
        match self {
            Self::System => "system",
            Self::Light => "light",
            Self::Dark => "dark",
        }
    }

    fn label(self) -> &'static str {
        match self {
            Self::System => "As the device",
            Self::Light => "Light",
            Self::Dark => "Dark",
        }
    }
}

#[derive(Clone, Copy, Default, PartialEq, Eq)]
pub(crate) enum Text {
    #[default]
    Normal,
    Large,
}

impl Choice for Text {
    const COOKIE: &'static str = "text";
    const KEPT: Duration = Duration::days(365);
    const ALL: &'static [Self] = &[Self::Normal, Self::Large];

    fn word(self) -> &'static str {
        match self {
            Self::Normal => "normal",
            Self::Large => "large",
        }
    }

    fn label(self) -> &'static str {
        match self {
            Self::Normal => "Normal",
            Self::Large => "Large",
        }
    }
}

/// The visitor's answer about statistics, and about nothing else: to sign in, to have a cart and
/// to be protected from forgery needs no consent, and is not refused with it.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Consent {
    Declined,
    Statistics,
}

impl Choice for Consent {
    const COOKIE: &'static str = "consent";
    const KEPT: Duration = Duration::days(180);
    const ALL: &'static [Self] = &[Self::Declined, Self::Statistics];

    fn word(self) -> &'static str {
        match self {
            Self::Declined => "declined",
            Self::Statistics => "statistics",
        }
    }

    fn label(self) -> &'static str {
        match self {
            Self::Declined => "No, do not count",
            Self::Statistics => "Yes, count",
        }
    }
}

/// How many pages this browser was shown: only with consent, and gone when it is taken back.
pub(crate) struct Visits;

impl Visits {
    pub(crate) const COOKIE: &'static str = "visits";
    pub(crate) const KEPT: Duration = Duration::days(30);

    pub(crate) fn of(headers: &HeaderMap) -> Option<u32> {
        read(headers, Self::COOKIE)?.parse().ok()
    }

    /// No script needs it, so none may read it.
    pub(crate) fn cookie(count: u32, https: bool) -> Cookie<'static> {
        Cookie::build((Self::COOKIE, count.to_string()))
            .path("/")
            .secure(https)
            .http_only(true)
            .same_site(SameSite::Lax)
            .max_age(Self::KEPT)
            .build()
    }

    pub(crate) fn removal(https: bool) -> Cookie<'static> {
        let mut cookie = Self::cookie(0, https);
        cookie.make_removal();
        cookie
    }
}

/// The value of the first cookie of that name.
pub(crate) fn read(headers: &HeaderMap, name: &str) -> Option<String> {
    let headers = headers.get_all(COOKIE).iter().filter_map(|header| header.to_str().ok());
    let mut cookies = headers.flat_map(Cookie::split_parse).filter_map(Result::ok);
    cookies.find(|cookie| cookie.name() == name).map(|cookie| cookie.value().to_owned())
}
