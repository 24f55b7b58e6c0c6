//! What would be a database: goods, customers, and the carts of customers. A
//! session holds what a visitor could do without; a customer's cart belongs here.

use std::{
    collections::HashMap,
    sync::{Arc, Mutex, PoisonError},
    time::Duration,
};

use sealed_session::Lifetime;

use crate::state::Cart;

#[derive(Clone)]
pub(crate) struct Shop {
    carts: Arc<Mutex<HashMap<String, Cart>>>,
    lifetime: Duration,
}

impl Shop {
    /// `lifetime` is the longest that a sign-in lasts.
    pub(crate) fn new(lifetime: Duration) -> Self {
        Self { carts: Arc::default(), lifetime }
    }

    /// Of a sign-in without "remember me".
    pub(crate) fn short_lifetime(&self) -> Lifetime {
        Lifetime::browser_session(WORKDAY.min(self.lifetime))
    }

    /// A customer's cart, as it is now.
    pub(crate) fn cart(&self, user: &str) -> Cart {
        self.with_cart(user, |cart| cart.clone())
    }

    pub(crate) fn with_cart<R>(&self, user: &str, change: impl FnOnce(&mut Cart) -> R) -> R {
        let mut carts = self.carts.lock().unwrap_or_else(PoisonError::into_inner);
        change(carts.entry(user.to_owned()).or_default())
    }
}

/// Whether name and password are a customer's. Real ones have passwords that are hashed with Argon2.
pub(crate) fn is_customer(user: &str, password: &str) -> bool {
    CUSTOMERS.contains(&(user, password))
}

/// Name and password: the sign-in page shows them.
pub(crate) const CUSTOMERS: [(&str, &str); 3] =
    [("ada", "difference engine"), ("grace", "nanosecond"), ("joan", "banburismus")];

pub(crate) struct Item {
    pub(crate) id: u32,
    pub(crate) name: &'static str,
    pub(crate) text: &'static str,
    pub(crate) cents: u32,
    pub(crate) colour: &'static str,
}

pub(crate) fn item(id: u32) -> Option<&'static Item> {
    ITEMS.iter().find(|item| item.id == id)
}

pub(crate) const ITEMS: [Item; 6] = [
    wax(1, "Carmine", "The classic, for letters that matter.", 480, "#a3202f"),
    wax(2, "Midnight", "Near black, with blue where it is thin.", 480, "#24345c"),
    wax(3, "Bottle green", "Matt, and slow to set.", 520, "#1f5a45"),
    wax(4, "Amber", "Translucent. Mind the ink below.", 560, "#b8741a"),
    wax(5, "Plum", "Soft enough for thin paper.", 520, "#6a2c5c"),
    wax(6, "Slate", "For bills, and for bad news.", 440, "#55606b"),
];

const fn wax(
    id: u32,
    name: &'static str,
    text: &'static str,
    cents: u32,
    colour: &'static str,
) -> Item {
    Item { id, name, text, cents, colour }
}

const WORKDAY: Duration = Duration::from_secs(12 * 60 * 60);
