//! What the application keeps in a session, and how it answers.

use crate::account::payload::Item;

#[allow(dead_code, reason = "other benches use the rest of it")]
#[path = "../../sealing/payload.rs"]
mod payload;

pub(crate) use payload::Account;

/// Its JSON has about 300 bytes.
pub(crate) fn sign_in(user: &str) -> Option<Account> {
    let account = Account::with_items(4);
    Some(Account { user_id: Some(user.parse().ok()?), ..account })
}

/// A visitor puts one more of the first item into the cart.
pub(crate) fn change(account: &mut Account) {
    if let Some(Item { quantity, .. }) = account.items.first_mut() {
        *quantity += 1;
    }
}

/// Who it is, and how many of the first item are in the cart: a visitor knows both.
pub(crate) fn answer(account: &Account) -> String {
    let quantity = account.items.first().map_or(0, |item| item.quantity);
    format!("{} {quantity}", account.user_id.unwrap_or(0))
}
