//! What the two sealed cookies hold.

use std::collections::BTreeMap;

use sealed_session::SignedInData;
use serde::{Deserialize, Serialize};

/// The session of the cookie `__Host-session`.
///
/// `#[serde(default)]` keeps sessions alive over a release that adds a field.
#[derive(Clone, Default, Serialize, Deserialize)]
#[serde(default)]
pub(crate) struct Account {
    /// Who is signed in.
    pub(crate) user: Option<String>,
    /// A message for the next page, and for that one alone.
    pub(crate) flash: Option<Flash>,
    /// How the visitor wants to be called.
    pub(crate) nickname: String,
    /// The three-step form, as far as it is filled in.
    pub(crate) stamp: Stamp,
    /// What was typed when the sign-in turned out to have ended.
    pub(crate) draft: Option<Draft>,
}

impl SignedInData for Account {
    const SIGN_IN_PAGE: Option<&'static str> = Some("/login");

    fn is_signed_in(&self) -> bool {
        self.user.is_some()
    }
}

#[derive(Clone, Serialize, Deserialize)]
pub(crate) struct Flash {
    pub(crate) is_error: bool,
    pub(crate) text: String,
}

impl Account {
    /// Tells the visitor something on the next page.
    pub(crate) fn tell(&mut self, text: impl Into<String>) {
        self.flash = Some(Flash { is_error: false, text: text.into() });
    }

    /// Tells the visitor on the next page what went wrong.
    pub(crate) fn complain(&mut self, text: impl Into<String>) {
        self.flash = Some(Flash { is_error: true, text: text.into() });
    }
}

/// A form that was not saved, for the customer who typed it and for nobody else.
#[derive(Clone, Serialize, Deserialize)]
pub(crate) struct Draft {
    pub(crate) user: String,
    /// The page with the form.
    pub(crate) page: String,
    /// The fields, URL-encoded.
    pub(crate) fields: String,
}

/// An engraved stamp on order.
#[derive(Clone, Default, Serialize, Deserialize)]
#[serde(default)]
pub(crate) struct Stamp {
    pub(crate) initials: Option<String>,
    pub(crate) handle: Option<Handle>,
}

#[derive(Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub(crate) enum Handle {
    Walnut,
    Olive,
    Brass,
}

impl Handle {
    pub(crate) const ALL: [Self; 3] = [Self::Walnut, Self::Olive, Self::Brass];

    /// The word in forms.
    pub(crate) fn word(self) -> &'static str {
        match self {
            Self::Walnut => "walnut",
            Self::Olive => "olive",
            Self::Brass => "brass",
        }
    }

    pub(crate) fn label(self) -> &'static str {
        match self {
            Self::Walnut => "Walnut, oiled",
            Self::Olive => "Olive wood",
            Self::Brass => "Brass, heavy",
        }
    }
}

/// How many of each item; a guest's is the session of the cookie `__Host-cart`.
#[derive(Clone, Default, Serialize, Deserialize)]
pub(crate) struct Cart {
    pub(crate) items: BTreeMap<u32, u32>,
}

impl Cart {
    pub(crate) fn add(&mut self, item: u32, count: u32) {
        let entry = self.items.entry(item).or_default();
        *entry = entry.saturating_add(count).min(MOST_OF_AN_ITEM);
    }

    /// 0 takes the item out.
    pub(crate) fn set(&mut self, item: u32, count: u32) {
        match count {
            0 => self.items.remove(&item),
            _ => self.items.insert(item, count.min(MOST_OF_AN_ITEM)),
        };
    }

    pub(crate) fn merge(&mut self, other: &Self) {
        for (&item, &count) in &other.items {
            self.add(item, count);
        }
    }

    pub(crate) fn count(&self) -> u32 {
        self.items.values().sum()
    }
}

pub(crate) const MOST_OF_AN_ITEM: u32 = 99;
/// Characters.
pub(crate) const MAX_NICKNAME: usize = 40;
