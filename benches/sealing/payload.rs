//! A session as applications keep it: who, what for, and a cart.

use serde::{Deserialize, Serialize};

#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub(crate) struct Account {
    pub(crate) user_id: Option<u64>,
    pub(crate) email: String,
    pub(crate) roles: Vec<String>,
    pub(crate) theme: String,
    pub(crate) items: Vec<Item>,
}

#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub(crate) struct Item {
    pub(crate) sku: String,
    pub(crate) quantity: u32,
    pub(crate) price_cents: u64,
}

impl Account {
    /// Names, and the numbers of items that make the JSON about that long.
    pub(crate) const SIZES: [(&'static str, usize); 4] =
        [("100 B", 0), ("300 B", 4), ("1 kB", 18), ("2.9 kB", 55)];

    pub(crate) fn with_items(items: usize) -> Self {
        Self {
            user_id: Some(4_815_162_342),
            email: "ada@example.org".to_owned(),
            roles: vec!["editor".to_owned()],
            theme: "dark".to_owned(),
            items: (0..items)
                .map(|n| Item {
                    sku: format!("SKU-{n:04}"),
                    quantity: 1 + u32::try_from(n % 3).unwrap_or(0),
                    price_cents: 1999,
                })
                .collect(),
        }
    }
}
