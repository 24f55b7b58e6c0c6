//! Requests that a middleware answers itself, whichever crate's types these have.

/// What is read of a request.
pub(crate) trait Head {
    fn method(&self) -> &str;

    /// Path and query.
    fn target(&self) -> &str;

    /// The values of a header, in order. The name is in lower case.
    fn values(&self, name: &'static str) -> Vec<&[u8]>;
}

/// An answer without the application.
#[derive(Debug, Clone)]
pub(crate) struct Answer {
    pub(crate) status: u16,
    pub(crate) headers: Vec<(&'static str, String)>,
    pub(crate) body: String,
}
