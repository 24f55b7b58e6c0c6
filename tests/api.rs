//! What the public types can do, also where the session data cannot.

use std::{error::Error, fmt::Debug};

use sealed_session::{
    Bearer, Builder, Commit, ConfigError, CsrfError, Existing, Family, ForeignRequest, Key,
    KeyEntry, KeyId, KeyRing, Keys, Lifetime, LocalPath, OriginGuard, RequestSource, Scope,
    SealError, Sealing, Session, SessionId, SessionInfo, Sessions, SignedIn, SignedInData,
    SignedInPeek, Snapshot, UnsealError,
};
use serde::{Deserialize, Serialize};

/// Session data that does not print itself, as it should be.
#[derive(Clone, Default, Serialize, Deserialize)]
struct Data;

impl SignedInData for Data {
    fn is_signed_in(&self) -> bool {
        true
    }
}

fn is_shared_and_printed<T: Debug + Send + Sync + 'static>() {}
fn is_cheap<T: Clone>() {}
fn is_an_error<T: Error + Send + Sync + 'static>() {}

#[test]
fn every_type_is_shared_between_threads_and_printed_whatever_the_data() {
    is_shared_and_printed::<Bearer<Data>>();
    is_shared_and_printed::<Builder<Data>>();
    is_shared_and_printed::<Commit>();
    is_shared_and_printed::<Existing<Data>>();
    is_shared_and_printed::<Family>();
    is_shared_and_printed::<Key>();
    is_shared_and_printed::<KeyEntry>();
    is_shared_and_printed::<KeyId>();
    is_shared_and_printed::<KeyRing>();
    is_shared_and_printed::<Keys>();
    is_shared_and_printed::<Lifetime>();
    is_shared_and_printed::<LocalPath<'static>>();
    is_shared_and_printed::<OriginGuard>();
    is_shared_and_printed::<RequestSource<'static>>();
    is_shared_and_printed::<Scope>();
    is_shared_and_printed::<Sealing>();
    is_shared_and_printed::<Session<Data>>();
    is_shared_and_printed::<SessionId>();
    is_shared_and_printed::<SessionInfo>();
    is_shared_and_printed::<Sessions<Data>>();
    is_shared_and_printed::<SignedIn<Data>>();
    is_shared_and_printed::<SignedInPeek<Data>>();
    is_shared_and_printed::<Snapshot<Data>>();
    #[cfg(feature = "actix-web")]
    is_shared_and_printed::<sealed_session::SessionMiddleware<(), Data>>();
    #[cfg(feature = "inspect")]
    {
        is_shared_and_printed::<sealed_session::Hint>();
        is_shared_and_printed::<sealed_session::Inspection>();
    }
    #[cfg(feature = "iron")]
    {
        is_shared_and_printed::<sealed_session::iron::Migration>();
        is_shared_and_printed::<sealed_session::iron::Passwords>();
        is_shared_and_printed::<sealed_session::iron::Unsealed<Data>>();
    }
    #[cfg(feature = "reload")]
    {
        is_shared_and_printed::<sealed_session::Fingerprint>();
        is_shared_and_printed::<sealed_session::Follower<sealed_session::RingFile>>();
        is_shared_and_printed::<sealed_session::Reload>();
        is_shared_and_printed::<sealed_session::RingFile>();
        is_shared_and_printed::<sealed_session::RingForm>();
        is_shared_and_printed::<sealed_session::TomlRing>();
    }
    #[cfg(feature = "tower")]
    {
        is_shared_and_printed::<sealed_session::ResponseFuture<(), Data>>();
        is_shared_and_printed::<sealed_session::SessionService<(), Data>>();
    }
}

#[test]
fn handles_are_cloned_whatever_the_data() {
    is_cheap::<Bearer<Data>>();
    is_cheap::<Existing<Data>>();
    is_cheap::<Keys>();
    is_cheap::<Session<Data>>();
    is_cheap::<Sessions<Data>>();
    is_cheap::<SignedIn<Data>>();
    is_cheap::<SignedInPeek<Data>>();
    is_cheap::<Snapshot<Data>>();
    #[cfg(feature = "tower")]
    is_cheap::<sealed_session::SessionService<(), Data>>();
}

#[test]
fn every_error_goes_into_a_box_that_crosses_threads() {
    is_an_error::<ConfigError>();
    is_an_error::<CsrfError>();
    is_an_error::<ForeignRequest>();
    is_an_error::<SealError>();
    is_an_error::<UnsealError>();
    #[cfg(feature = "axum")]
    {
        is_an_error::<sealed_session::ExistingRejection>();
        is_an_error::<sealed_session::MissingLayer>();
    }
    #[cfg(feature = "iron")]
    is_an_error::<sealed_session::iron::IronError>();
    #[cfg(feature = "reload")]
    is_an_error::<sealed_session::ReloadError>();
}

/// `main` prints the error that it returns with `Debug`, and so does `expect`.
#[test]
fn an_error_of_start_up_names_the_remedy_also_in_debug() {
    let error = KeyRing::from_env("SEALED_SESSION_NOT_SET").unwrap_err();
    assert_eq!(format!("{error:?}"), error.to_string());
    assert!(format!("{error:?}").contains("`openssl rand -base64 32`"), "{error:?}");

    #[cfg(feature = "reload")]
    {
        let file = sealed_session::RingFile::new("no/such/keys.toml");
        let error = sealed_session::Follower::new(file).unwrap_err();
        assert_eq!(format!("{error:?}"), error.to_string());
        assert!(format!("{error:?}").contains("check the path"), "{error:?}");
    }
}
