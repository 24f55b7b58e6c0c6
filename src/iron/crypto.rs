//! The cryptography of Fe26.2. It knows the bytes of passwords and salts, but not the form of a
//! value.

use aes::Aes256;
use cbc::cipher::{
    BlockModeDecrypt as _, BlockModeEncrypt as _, KeyIvInit as _, block_padding::Pkcs7,
};
use hmac::{Hmac, KeyInit as _, Mac as _};
use sha1::Sha1;
use sha2::Sha256;
use zeroize::Zeroizing;

use crate::format::secret::Plaintext;

pub(super) const BLOCK_LEN: usize = 16;
pub(super) const MAC_LEN: usize = 32;

pub(super) type Iv = [u8; BLOCK_LEN];
pub(super) type Tag = [u8; MAC_LEN];
type Derived = Zeroizing<[u8; 32]>;

/// The MAC does not verify.
#[derive(Debug)]
pub(super) struct NotAuthentic;

/// The padding is not that of PKCS#7.
#[derive(Debug)]
pub(super) struct BadPadding;

/// The MAC over everything before the MAC's salt.
pub(super) fn mac(password: &str, salt: &str, signed: &str) -> Tag {
    hmac(password, salt, signed).finalize().into_bytes().into()
}

/// Compares in constant time.
pub(super) fn verify(
    password: &str,
    salt: &str,
    signed: &str,
    tag: &Tag,
) -> Result<(), NotAuthentic> {
    hmac(password, salt, signed).verify(tag.into()).map_err(|_| NotAuthentic)
}

/// Encrypts into `ciphertext` and returns what was written, at most one block
/// longer than the plaintext.
pub(super) fn encrypt<'a>(
    password: &str,
    salt: &str,
    iv: &Iv,
    plaintext: &[u8],
    ciphertext: &'a mut [u8],
) -> &'a [u8] {
    cbc::Encryptor::<Aes256>::new((&*derive(password, salt)).into(), iv.into())
        .encrypt_padded_b2b::<Pkcs7>(plaintext, ciphertext)
        .expect("the caller measured that plaintext and padding fit")
}

/// Decrypts in place. Call it only for what [`verify`] accepted: the result reveals whether the
/// padding was good, and an attacker who may choose the ciphertext could use that to decrypt.
pub(super) fn decrypt<'a>(
    password: &str,
    salt: &str,
    iv: &Iv,
    ciphertext: &'a mut Plaintext<'_>,
) -> Result<&'a [u8], BadPadding> {
    cbc::Decryptor::<Aes256>::new((&*derive(password, salt)).into(), iv.into())
        .decrypt_padded::<Pkcs7>(ciphertext.bytes_mut())
        .map_err(|_| BadPadding)
}

fn hmac(password: &str, salt: &str, signed: &str) -> Hmac<Sha256> {
    Hmac::<Sha256>::new_from_slice(&*derive(password, salt))
        .expect("HMAC takes keys of any length")
        .chain_update(signed)
}

/// The salt is used as text, not as the bytes that its digits stand for.
fn derive(password: &str, salt: &str) -> Derived {
    let mut key = Derived::default();
    pbkdf2::pbkdf2_hmac::<Sha1>(password.as_bytes(), salt.as_bytes(), 1, key.as_mut_slice());
    key
}
