//! Cookie name × purpose × audience × key: a value is accepted where it was made for, and nowhere else.

use sealed_session::{KeyEntry, KeyRing, Sessions, UnsealError};

use crate::support::{self, Claims, Forge, T0, key, key_bytes, unix};

#[derive(Clone, Copy, PartialEq, Debug)]
enum Purpose {
    Session = 1,
    CsrfToken = 2,
    Tombstone = 3,
    Token = 7,
}

#[derive(Clone, Copy, PartialEq, Debug)]
struct Place {
    name: &'static str,
    audience: Option<&'static str>,
    /// Which key stands under id 1.
    key: u8,
}

/// Lengths that join to the same text where they are not written down.
const NAMES: [&str; 3] = ["__Host-a", "__Host-ab", "__Host-b"];
const AUDIENCES: [Option<&str>; 3] = [None, Some("b"), Some("tenant-2")];
const PURPOSES: [Purpose; 4] =
    [Purpose::Session, Purpose::CsrfToken, Purpose::Tombstone, Purpose::Token];

fn places() -> impl Iterator<Item = Place> {
    NAMES.into_iter().flat_map(|name| {
        AUDIENCES.into_iter().flat_map(move |audience| {
            [1, 2].into_iter().map(move |key| Place { name, audience, key })
        })
    })
}

fn claims() -> Claims {
    Claims { lifetime: 60, ..Claims::begun(T0) }
}

/// What a value of this purpose holds, all of them of the same session.
fn plaintext(purpose: Purpose) -> Vec<u8> {
    match purpose {
        Purpose::Session | Purpose::Token => claims().with("7"),
        Purpose::CsrfToken => claims().id.to_vec(),
        Purpose::Tombstone => support::tombstone(claims().lineage, 0, unix(T0), unix(T0) + 60),
    }
}

impl Place {
    /// A value as docs/FORMAT.md has it.
    fn forge(self, purpose: Purpose) -> String {
        // A tombstone has no audience: it counts whatever that is later.
        let audience = self.audience.filter(|_| purpose != Purpose::Tombstone);
        let key = key_bytes(self.key);
        Forge { key, key_id: 1, purpose: purpose as u8, name: self.name, audience }
            .value(&plaintext(purpose))
    }

    fn reader(self) -> Sessions<u32> {
        let ring = KeyRing::new([KeyEntry::new(1, key(self.key))]).unwrap();
        let builder = Sessions::builder(ring).cookie_name(self.name);
        match self.audience {
            Some(audience) => builder.audience(audience),
            None => builder,
        }
        .build()
        .unwrap()
    }

    /// Whether the value is taken here for what `purpose` is.
    fn accepts(self, purpose: Purpose, value: &str) -> bool {
        let reader = self.reader();
        let own = format!("{}={}", self.name, self.forge(Purpose::Session));
        match purpose {
            Purpose::Session => {
                let loaded = reader.load_at([format!("{}={value}", self.name)], T0);
                assert_eq!(reader.unseal_at(value, T0).is_ok(), !loaded.is_new());
                !loaded.is_new()
            }
            Purpose::CsrfToken => reader.load_at([own], T0).verify_csrf(value).is_ok(),
            Purpose::Token => {
                let loaded = reader.load_bearer_at([format!("Bearer {value}")], T0);
                assert_eq!(reader.unseal_bearer_at(value, T0).is_ok(), loaded.is_some());
                loaded.is_some()
            }
            Purpose::Tombstone => {
                let name = support::tombstone_name(self.name, claims().lineage, 0);
                let session = reader.load_at([format!("{own}; {name}={value}")], T0);
                assert_eq!(session.is_new(), session.refusal() == Some(&UnsealError::Ended));
                session.is_new()
            }
        }
    }
}

#[test]
fn exactly_the_diagonal_is_accepted_and_tombstones_for_every_audience() {
    let mut accepted = 0;
    for made_at in places() {
        for made_as in PURPOSES {
            let value = made_at.forge(made_as);
            for read_at in places() {
                for read_as in PURPOSES {
                    let fits_place = match made_as {
                        Purpose::Tombstone => {
                            (made_at.name, made_at.key) == (read_at.name, read_at.key)
                        }
                        _ => made_at == read_at,
                    };
                    let fits = fits_place && made_as == read_as;
                    let what = format!("{made_as:?} of {made_at:?} as {read_as:?} at {read_at:?}");
                    assert_eq!(read_at.accepts(read_as, &value), fits, "{what}");
                    accepted += u32::from(fits);
                }
            }
        }
    }
    let (names, keys, audiences) = (3, 2, 3);
    // A session and both tokens for one audience each, a tombstone for every one.
    assert_eq!(accepted, names * keys * (3 * audiences + audiences * audiences));
}

#[test]
fn reserved_purposes_are_accepted_as_nothing() {
    let place = places().next().unwrap();
    for purpose in (0..=255).filter(|purpose| ![1, 2, 3, 7].contains(purpose)) {
        for read_as in PURPOSES {
            let value = support::forge_for(purpose, 1, place.name, &plaintext(read_as));
            assert!(!place.accepts(read_as, &value), "purpose {purpose}");
        }
    }
}
