//! The JWT of a device that registers.

use base64::Engine as _;
use p256::ecdsa::{Signature, SigningKey, signature::Signer as _};
use sealed_session::{Bound, DeviceRequest};

use super::{KEY, Key, KeyEntry, KeyRing, NOW, Sessions, URL_SAFE_NO_PAD, Value};

/// The first byte chooses whether the rest is a JWT, or header and payload, a line each, which are
/// signed; `JWK` and `CHALLENGE` in them stand for the right ones. No panic, and what registers has
/// the one algorithm, type, key and challenge, each once.
pub(crate) fn device_jwt(data: &[u8]) {
    let Some((mode, rest)) = data.split_first() else { return };
    let ring = KeyRing::new_at([KeyEntry::new(1, Key::from_bytes(&KEY).expect("random"))], NOW);
    let sessions = Sessions::<Value>::builder(ring.expect("one key is a ring"))
        .bound(Bound::new().path("/d"))
        .build()
        .expect("follows the rules");
    let mut session = sessions.load_at([""], NOW);
    session.renew();
    let commit = sessions.commit_at(&session, NOW).expect("seals");
    let challenge = commit.registration().and_then(|offer| offer.split('"').nth(3)).expect("one");
    let cookie = commit.cookies()[0].stripped().to_string();

    let key = SigningKey::from_slice(&[7; 32]).expect("less than the order");
    let point = key.verifying_key().to_sec1_point(false);
    let [x, y] = [point.x(), point.y()].map(|part| URL_SAFE_NO_PAD.encode(part.expect("a point")));
    let jwk = format!(r#"{{"kty":"EC","crv":"P-256","x":"{x}","y":"{y}"}}"#);
    let text = String::from_utf8_lossy(rest).replace("JWK", &jwk).replace("CHALLENGE", challenge);
    let (header, payload) = text.split_once('\n').unwrap_or((&text, ""));
    let jwt = match mode % 2 {
        0 => text.clone(),
        _ => {
            let [header, payload] = [header, payload].map(|part| URL_SAFE_NO_PAD.encode(part));
            let signature: Signature = key.sign(format!("{header}.{payload}").as_bytes());
            format!("{header}.{payload}.{}", URL_SAFE_NO_PAD.encode(signature.to_bytes()))
        }
    };
    let headers: &[(&str, &[u8])] = &[("secure-session-response", jwt.as_bytes())];
    let request = DeviceRequest { method: "POST", target: "/d/register", headers };
    let session = sessions.load_at([cookie], NOW);
    let answer = sessions.answer_device_at(&session, &request, NOW).expect("a path of ours");
    if answer.status() == 200 {
        assert_eq!(mode % 2, 1, "nobody else has the key");
        let read = |text| serde_json::from_str::<Value>(text).expect("JSON");
        let (head, body) = (read(header), read(payload));
        assert_eq!((&head["alg"], &head["typ"]), (&"ES256".into(), &"dbsc+jwt".into()));
        assert_eq!(head["jwk"], read(&jwk));
        assert_eq!(head.as_object().map(serde_json::Map::len), Some(3));
        assert_eq!(body["jti"], challenge);
        assert_eq!(payload.matches("\"jti\"").count(), 1);
    }
}
