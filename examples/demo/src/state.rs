//! What the two cookies hold.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

/// The session of the cookie `__Host-session`.
///
/// `#[serde(default)]` keeps sessions alive over a release that adds a field.
#[derive(Clone, Default, Serialize, Deserialize)]
#[serde(default)]
pub(crate) struct Account {
    /// Who is signed in.
    pub(crate) user: Option<String>,
    /// The customer's generation when they signed in.
    pub(crate) generation: u32,
    /// A message for the next page, and for that one alone.
    pub(crate) flash: Option<Flash>,
    pub(crate) settings: Settings,
    /// The three-step form, as far as it is filled in.
    pub(crate) stamp: Stamp,
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

#[derive(Clone, Default, Serialize, Deserialize)]
#[serde(default)]
pub(crate) struct Settings {
    pub(crate) theme: Theme,
    pub(crate) large_text: bool,
    /// How the visitor wants to be called.
    pub(crate) nickname: String,
}

#[derive(Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub(crate) enum Theme {
    #[default]
    System,
    Light,
    Dark,
}

impl Theme {
    pub(crate) const ALL: [Self; 3] = [Self::System, Self::Light, Self::Dark];

    /// The word in forms and in the style sheet.
    pub(crate) fn word(self) -> &'static str {
        match self {
            Self::System => "system",
            Self::Light => "light",
            Self::Dark => "dark",
        }
    }

    pub(crate) fn label(self) -> &'static str {
        match self {
            Self::System => "As the device",
            Self::Light => "Light",
            Self::Dark => "Dark",
        }
    }
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

    pub(crate) fn merge(&mut self, other: &Self) {
        for (&item, &count) in &other.items {
            self.add(item, count);
        }
    }

    pub(crate) fn count(&self) -> u32 {
        self.items.values().sum()
    }
}

const MOST_OF_AN_ITEM: u32 = 99;
/// Characters.
pub(crate) const MAX_NICKNAME: usize = 40;
