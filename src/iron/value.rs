//! Sealing and unsealing a value. Each step of unsealing undoes one of sealing.

use std::{any::type_name, fmt, time::Duration};

use arrayvec::ArrayVec;
use base64::{Engine as _, engine::general_purpose::URL_SAFE_NO_PAD};
use serde::{Serialize, de::DeserializeOwned};
use time::OffsetDateTime;

use super::{
    crypto::{self, BLOCK_LEN, BadPadding, Iv, NotAuthentic, Tag},
    error::IronError,
    passwords::Passwords,
    payload,
};
use crate::{
    error::SealError,
    format::{
        frame::MAX_COOKIE_LEN,
        json,
        secret::{Draft, Plaintext},
    },
    platform::{
        clock::MAX_TIME,
        random::{RandomSource, random},
    },
};

/// The content of a value.
///
/// `Debug` shows only the expiry.
#[derive(Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub struct Unsealed<T> {
    /// The session's data.
    pub data: T,
    /// When the value expires, to the millisecond. `None` if it never expires, or only after the
    /// year 9999, as with a `ttl` of `Number.MAX_SAFE_INTEGER`. As in iron-session, the value is
    /// accepted for 60 s more.
    pub expires_at: Option<OffsetDateTime>,
}

impl<T> fmt::Debug for Unsealed<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Unsealed").field("expires_at", &self.expires_at).finish_non_exhaustive()
    }
}

/// Seals `data` into a cookie value that iron-session 8 and 9 can read, under the password with the
/// highest id.
///
/// The cookie's name is not sealed in; it only counts toward the size that browsers keep. The value
/// expires `ttl` from now, to the millisecond. `None` is iron-session's `ttl: 0`, a value that
/// never expires. (`Some(Duration::ZERO)` expires at once.)
///
/// # Errors
///
/// [`SealError::Payload`] if `data` does not serialize, [`SealError::TooLarge`] if name and value
/// together would have more than 4096 bytes, and [`SealError::TimeOutOfRange`] if the value would
/// expire after the year 9999.
pub fn seal<T: Serialize>(
    cookie_name: &str,
    data: &T,
    passwords: &Passwords,
    ttl: Option<Duration>,
) -> Result<String, SealError> {
    seal_at(cookie_name, data, passwords, ttl, OffsetDateTime::now_utc())
}

/// Like [`seal`], at a given time.
///
/// # Errors
///
/// As for [`seal`].
pub fn seal_at<T: Serialize>(
    cookie_name: &str,
    data: &T,
    passwords: &Passwords,
    ttl: Option<Duration>,
    now: OffsetDateTime,
) -> Result<String, SealError> {
    let expires_at = ttl
        .map(|ttl| {
            u64::try_from(ttl.as_millis())
                .ok()
                .and_then(|ttl| unix_millis(now).checked_add(ttl))
                .filter(|&expiry| expiry <= MAX_MILLIS)
                .ok_or(SealError::TimeOutOfRange)
        })
        .transpose()?;
    encode(cookie_name.len(), data, passwords, expires_at, &Draw::random()?)
}

/// Opens a value that iron-session 8 or 9, or [`seal`], wrote.
///
/// # Errors
///
/// [`IronError`] with the reason why the value was refused.
pub fn unseal<T: DeserializeOwned>(
    value: &str,
    passwords: &Passwords,
) -> Result<Unsealed<T>, IronError> {
    unseal_at(value, passwords, OffsetDateTime::now_utc())
}

/// Like [`unseal`], at a given time.
///
/// # Errors
///
/// As for [`unseal`].
pub fn unseal_at<T: DeserializeOwned>(
    value: &str,
    passwords: &Passwords,
    now: OffsetDateTime,
) -> Result<Unsealed<T>, IronError> {
    decode(value, passwords, now).map(|(unsealed, _)| unsealed)
}

/// The random parts of each value.
struct Draw {
    salt: String,
    mac_salt: String,
    iv: Iv,
}

impl Draw {
    fn random() -> Result<Self, SealError> {
        let bytes: [u8; 5 * BLOCK_LEN] =
            random().map_err(|RandomSource| SealError::RandomSource)?;
        let [a, b, c, d, iv]: [Iv; 5] =
            bytes.as_chunks().0.try_into().expect("80 is five times 16");
        let [a, b, c, d] = [a, b, c, d].map(u128::from_be_bytes);
        Ok(Self { salt: format!("{a:032x}{b:032x}"), mac_salt: format!("{c:032x}{d:032x}"), iv })
    }
}

fn encode<T: Serialize>(
    name_len: usize,
    data: &T,
    passwords: &Passwords,
    expires_at: Option<u64>,
    draw: &Draw,
) -> Result<String, SealError> {
    let Draw { salt, mac_salt, iv } = draw;
    let (id, password) = passwords.sealing();

    let mut buffer = ArrayVec::<u8, MAX_CIPHERTEXT_LEN>::new();
    let mut plaintext = Draft::behind(&mut buffer);
    json::write(&mut plaintext, data).map_err(|fault| SealError::Payload {
        type_name: type_name::<T>(),
        reason: fault.reason().to_owned(),
    })?;

    let expiry = expires_at.map(|expiry| expiry.to_string()).unwrap_or_default();
    let head = format!("{PREFIX}*{id}*{salt}*{iv}*", iv = URL_SAFE_NO_PAD.encode(iv));
    let padded = (plaintext.length() / BLOCK_LEN).saturating_add(1).saturating_mul(BLOCK_LEN);
    let size = [head.len(), expiry.len(), mac_salt.len(), MAC_TEXT_LEN, SUFFIX.len(), 3, name_len]
        .iter()
        .fold(base64::encoded_len(padded, false).unwrap_or(usize::MAX), |sum, length| {
            sum.saturating_add(*length)
        });
    if size > MAX_COOKIE_LEN {
        return Err(SealError::TooLarge { size, limit: MAX_COOKIE_LEN });
    }

    let mut ciphertext = [0; MAX_CIPHERTEXT_LEN];
    let ciphertext = crypto::encrypt(password, salt, iv, plaintext.bytes_mut(), &mut ciphertext);

    let mut value = String::with_capacity(size);
    value.push_str(&head);
    URL_SAFE_NO_PAD.encode_string(ciphertext, &mut value);
    value.push('*');
    value.push_str(&expiry);
    let tag = crypto::mac(password, mac_salt, &value);
    for part in ["*", mac_salt, "*", &URL_SAFE_NO_PAD.encode(tag), SUFFIX] {
        value.push_str(part);
    }
    Ok(value)
}

/// The value's content and its tag, verified.
pub(super) fn decode<T: DeserializeOwned>(
    value: &str,
    passwords: &Passwords,
    now: OffsetDateTime,
) -> Result<(Unsealed<T>, Tag), IronError> {
    let length = value.len();
    if length > MAX_READ_LEN {
        return Err(IronError::TooLong { length, limit: MAX_READ_LEN });
    }
    let parts = Parts::of(value).ok_or(IronError::Malformed)?;
    let mut buffer = vec![0; base64::decoded_len_estimate(parts.ciphertext.len())];
    let ciphertext = parts.ciphertext(&mut buffer).ok_or(IronError::Malformed)?;

    let id = parts.password_id;
    let password = passwords.find(id).ok_or(IronError::UnknownPassword(id))?;
    crypto::verify(password, parts.mac_salt, parts.signed, &parts.tag)
        .map_err(|NotAuthentic| IronError::NotAuthentic(id))?;
    if parts.expires_at.is_some_and(|at| at.saturating_add(TOLERANCE) <= unix_millis(now)) {
        return Err(IronError::Expired);
    }

    let mut plaintext = Plaintext::new(ciphertext);
    let json = crypto::decrypt(password, parts.salt, &parts.iv, &mut plaintext)
        .map_err(|BadPadding| IronError::Padding)?;
    let data = payload::read(json)?;
    Ok((Unsealed { data, expires_at: parts.expires_at.map(from_unix_millis) }, parts.tag))
}

/// The parts of a value. None of them may be trusted before the tag is verified.
struct Parts<'a> {
    /// The part that the tag covers.
    signed: &'a str,
    password_id: u128,
    salt: &'a str,
    iv: Iv,
    /// In base64url.
    ciphertext: &'a str,
    /// Unix milliseconds. `None` if the time is later than our calendar reaches.
    expires_at: Option<u64>,
    mac_salt: &'a str,
    tag: Tag,
}

impl<'a> Parts<'a> {
    /// `None` for anything that iron-session 8 and 9 would not write.
    fn of(value: &'a str) -> Option<Self> {
        let value = value.strip_suffix(SUFFIX)?;
        let (rest, tag) = value.rsplit_once('*')?;
        let (signed, mac_salt) = rest.rsplit_once('*')?;
        let mut fields = signed.split('*');
        let parts = Self {
            signed,
            password_id: (fields.next()? == PREFIX).then(|| fields.next())?.and_then(decimal)?,
            salt: fields.next().filter(is_salt)?,
            iv: fields.next().and_then(base64_array)?,
            ciphertext: fields.next()?,
            expires_at: match fields.next()? {
                "" => None,
                text => Some(decimal(text).filter(|&at| at > 0)?)
                    .and_then(|at| u64::try_from(at).ok())
                    .filter(|&at| at <= MAX_MILLIS),
            },
            mac_salt: Some(mac_salt).filter(is_salt)?,
            tag: base64_array(tag)?,
        };
        fields.next().is_none().then_some(parts)
    }

    /// Must be whole blocks, at least one.
    fn ciphertext<'b>(&self, buffer: &'b mut [u8]) -> Option<&'b mut [u8]> {
        let length = URL_SAFE_NO_PAD.decode_slice(self.ciphertext, buffer).ok()?;
        let is_blocks = length > 0 && length.is_multiple_of(BLOCK_LEN);
        buffer.get_mut(..length).filter(|_| is_blocks)
    }
}

/// 32 bytes as iron-session writes them, in lower-case hex.
fn is_salt(text: &&str) -> bool {
    text.len() == 64 && text.bytes().all(|byte| matches!(byte, b'0'..=b'9' | b'a'..=b'f'))
}

/// A whole number as JavaScript writes it, which has an exponent from 10^21 on.
fn decimal(text: &str) -> Option<u128> {
    let is_canonical =
        text.bytes().all(|byte| byte.is_ascii_digit()) && (text == "0" || !text.starts_with('0'));
    text.parse().ok().filter(|_| is_canonical && text.len() <= 21)
}

/// Exactly `N` bytes in canonical base64url.
fn base64_array<const N: usize>(text: &str) -> Option<[u8; N]> {
    let mut bytes = [0; N];
    let length = URL_SAFE_NO_PAD.decode_slice(text, &mut bytes).ok()?;
    (length == N).then_some(bytes)
}

/// An earlier time than 1970 counts as 1970.
fn unix_millis(time: OffsetDateTime) -> u64 {
    u64::try_from(time.unix_timestamp_nanos().div_euclid(1_000_000)).unwrap_or(0)
}

/// The time of a number of Unix milliseconds, at most [`MAX_MILLIS`].
fn from_unix_millis(millis: u64) -> OffsetDateTime {
    let nanos = i128::from(millis.min(MAX_MILLIS)).saturating_mul(1_000_000);
    OffsetDateTime::from_unix_timestamp_nanos(nanos).expect("`time` knows every four-digit year")
}

const PREFIX: &str = "Fe26.2";
/// The version of iron-session's own layout, outside the MAC.
pub(super) const SUFFIX: &str = "~2";
const MAC_TEXT_LEN: usize = (crypto::MAC_LEN * 4).div_ceil(3);
/// The most cookies over which version 9 splits a value.
pub(super) const MAX_READ_LEN: usize = 4 * MAX_COOKIE_LEN;
/// The bytes that [`MAX_COOKIE_LEN`] characters of base64 hold.
const MAX_CIPHERTEXT_LEN: usize = MAX_COOKIE_LEN / 4 * 3;
/// The last millisecond of the year 9999.
const MAX_MILLIS: u64 = MAX_TIME * 1000 + 999;
/// How much machines' clocks may differ, in milliseconds, as in iron-session.
const TOLERANCE: u64 = 60_000;

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::*;

    const VECTORS: &str = include_str!("../../tests/vectors/iron-session.json");

    #[test]
    fn writes_the_value_with_fixed_salts_byte_for_byte() {
        let file: Value = serde_json::from_str(VECTORS).unwrap();
        let vectors = file["vectors"].as_array().unwrap();
        let vector = vectors.iter().find(|v| v["name"] == "hand-sealed-fixed-salts").unwrap();
        let passwords = Passwords::new(vector["unseal_passwords"].as_str().unwrap()).unwrap();
        let draw = Draw { salt: "ab".repeat(32), mac_salt: "cd".repeat(32), iv: [7; BLOCK_LEN] };
        let value = encode(3, &json!({"hand": true}), &passwords, None, &draw).unwrap();
        assert_eq!(Some(value.as_str()), vector["seal"].as_str());
    }

    #[test]
    fn the_buffer_holds_what_fits_into_a_cookie_and_no_more() {
        assert_eq!(base64::encoded_len(MAX_CIPHERTEXT_LEN, false), Some(MAX_COOKIE_LEN));
    }

    #[test]
    fn no_two_draws_agree_in_any_part() {
        let (a, b) = (Draw::random().unwrap(), Draw::random().unwrap());
        let parts = |draw: &Draw| {
            let Draw { salt, mac_salt, iv } = draw;
            [&salt[..32], &salt[32..], &mac_salt[..32], &mac_salt[32..]]
                .map(|digits| u128::from_str_radix(digits, 16).unwrap())
                .into_iter()
                .chain([u128::from_be_bytes(*iv)])
                .collect::<Vec<_>>()
        };
        let mut all = [parts(&a), parts(&b)].concat();
        all.sort_unstable();
        all.dedup();
        assert_eq!(all.len(), 10);
    }
}
