//! A visitor who comes from another site when the bound cookie has lapsed: for such a request
//! browsers do not refresh. Let every site have a browser refresh, and it would send no `Lax` cookie
//! along. So the visitor gets a page that asks for the same address once more, from this site.

use super::{desk::empty, header};
use crate::{
    error::UnsealError,
    http::answer::{Answer, Head},
    session::{Session, SessionData},
};

/// Whether a link of another site brings a visitor to a page. Asked again from here, it does not.
pub(super) fn is_from_elsewhere(head: &impl Head) -> bool {
    header::is(head, "sec-fetch-site", "cross-site")
        && header::is(head, "sec-fetch-mode", "navigate")
        && header::is(head, "sec-fetch-dest", "document")
}

/// The page, if the session is refused for want of its device alone.
pub(super) fn answer<T: SessionData>(session: &Session<T>) -> Option<Answer> {
    let opened = session.opened();
    let is_bound = matches!(opened.refusal.as_deref(), Some(UnsealError::Bound));
    if opened.live.is_some() || !is_bound {
        return None;
    }
    let mut answer = empty(200);
    answer.headers.push(("vary", "cookie".to_owned()));
    answer.headers.push(("content-type", "text/html; charset=utf-8".to_owned()));
    answer.body.push_str(PAGE);
    Some(answer)
}

/// Without an address it is for its own, so nothing of the request stands in it.
const PAGE: &str = "<!doctype html>\n<html lang=\"en\">\n<meta charset=\"utf-8\">\n\
    <meta http-equiv=\"refresh\" content=\"0\">\n<title>One moment</title>\n\
    <p><a href=\"\">Continue</a></p>\n</html>\n";
