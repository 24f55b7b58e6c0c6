//! Visitors who follow a link from another site after their bound cookie expired. For such a
//! request browsers do not refresh the cookie. They would if every site could start a refresh, but
//! then they would send no `Lax` cookie with it. So the visitor gets a page that requests the same
//! address again, from this site.

use super::{desk::empty, header};
use crate::{
    error::UnsealError,
    http::{answer::Answer, request::RequestHead},
    session::{Session, SessionData},
};

/// Whether the request follows a link from another site. The repeated request does not.
pub(super) fn is_from_elsewhere(head: &impl RequestHead) -> bool {
    header::is(head, "sec-fetch-site", "cross-site")
        && header::is(head, "sec-fetch-mode", "navigate")
        && header::is(head, "sec-fetch-dest", "document")
}

/// The page, if the session is refused only for want of its device's proof.
pub(super) fn answer<T: SessionData>(session: &Session<T>, target: &str) -> Option<Answer> {
    let opened = session.opened();
    let is_bound = matches!(opened.refusal.as_deref(), Some(UnsealError::Bound));
    if opened.live.is_some() || !is_bound {
        return None;
    }
    let mut answer = empty(200);
    answer.headers.push(("vary", "cookie".to_owned()));
    answer.headers.push(("content-type", "text/html; charset=utf-8".to_owned()));
    answer.body = page(target);
    Some(answer)
}

/// A page that goes on to its own address, which the browser knows better than we do: an outer router
/// or a proxy may have cut the path. Without any address, browsers would only scroll where the link
/// has a fragment.
fn page(target: &str) -> String {
    let query = target.split_once('?').map_or("", |(_, query)| query);
    let mut address = String::from("?");
    for char in query.chars() {
        match char {
            '&' => address.push_str("&amp;"),
            '<' => address.push_str("&lt;"),
            '>' => address.push_str("&gt;"),
            '"' => address.push_str("&quot;"),
            '\'' => address.push_str("&#39;"),
            _ => address.push(char),
        }
    }
    format!(
        "<!doctype html>\n<html lang=\"en\">\n<meta charset=\"utf-8\">\n\
         <meta http-equiv=\"refresh\" content=\"0;url={address}\">\n<title>One moment</title>\n\
         <p><a href=\"{address}\">Continue</a></p>\n</html>\n"
    )
}
