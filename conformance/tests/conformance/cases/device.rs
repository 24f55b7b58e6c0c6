//! The middleware answers what binds a session to its device.

use base64::{Engine as _, engine::general_purpose::URL_SAFE_NO_PAD};
use p256::ecdsa::{Signature, SigningKey, signature::Signer as _};
use serde_json::{Value, json};

use crate::{
    app::SESSION,
    client::{Answer, Visitor},
    server::{Adapter, Site},
};

pub(crate) async fn session_is_bound_to_its_device_and_a_copied_cookie_is_none<A: Adapter>() {
    let site = Site::open::<A>().await;
    let (visitor, key) = (site.visitor(), SigningKey::from_slice(&[7; 32]).unwrap());

    let signed_in = visitor.post("/login/ada").await;
    let [offer] = *signed_in.sets(&[SESSION]).all("secure-session-registration") else { panic!() };
    let quoted: Vec<_> = offer.split('"').collect();
    let [_, path, _, challenge, _] = *quoted.as_slice() else { panic!("{offer}") };

    let proof = jwt(&key, true, challenge);
    let registered = visitor.send_with(path, &[("secure-session-response", &proof)], "").await;
    assert_eq!(registered.status, 200, "{}", registered.body);
    assert_eq!(registered.all("content-type"), ["application/json"]);
    assert_eq!(registered.all("cache-control"), ["no-store"]);
    let config: Value = serde_json::from_str(&registered.body).unwrap();
    let (id, refresh) = (text(&config["session_identifier"]), text(&config["refresh_url"]));
    let bound = text(&config["credentials"][0]["name"]);
    assert_eq!(registered.cookie_names(), [bound]);

    // The next response seals the session as bound.
    visitor.get("/look").await.is(200, "ada").sets(&[SESSION]);
    visitor.get("/look").await.is(200, "ada").only_varies();

    let copy = without(&site, &visitor, bound);
    copy.get("/look").await.is(200, "nobody").only_varies();
    copy.get("/visit").await.is(500, "");

    // A link of another site, whose handler does not run.
    let link = [
        ("sec-fetch-site", "cross-site"),
        ("sec-fetch-mode", "navigate"),
        ("sec-fetch-dest", "document"),
    ];
    let page = copy.get_with("/visit", &link).await;
    assert_eq!(page.status, 200);
    assert!(page.body.contains("http-equiv=\"refresh\""), "{}", page.body);
    assert_eq!(page.all("content-type"), ["text/html; charset=utf-8"]);
    assert_eq!(page.all("cache-control"), ["no-store"]);
    assert!(page.varies() && page.cookie_names().is_empty());
    visitor.get_with("/look", &link).await.is(200, "ada");

    // The device, whose bound cookie has lapsed.
    let asked = copy.send_with(refresh, &[("sec-secure-session-id", id)], "").await;
    let challenge = challenge_of(asked.is(403, ""));
    let proof = jwt(&key, false, &challenge);
    let headers = [("sec-secure-session-id", id), ("secure-session-response", &*proof)];
    let refreshed = copy.send_with(refresh, &headers, "").await;
    assert_eq!(refreshed.is(200, "").cookie_names(), [bound]);
    copy.get("/look").await.is(200, "ada");

    // Who signed out has no session to refresh.
    copy.post("/logout").await.removes(&[SESSION, bound]);
    let over = copy.send_with(refresh, &headers, "").await;
    let body: Value = serde_json::from_str(&over.body).unwrap();
    assert_eq!((over.status, body), (200, json!({"session_identifier": id, "continue": false})));
    // Other methods and paths are the application's.
    assert!([404, 405].contains(&copy.get(refresh).await.status));
}

/// A browser with the cookies of another, but for that of this name.
fn without(site: &Site, visitor: &Visitor, name: &str) -> Visitor {
    let copy = site.visitor();
    for pair in visitor.cookies().split("; ") {
        let (cookie, value) = pair.split_once('=').unwrap();
        if cookie != name {
            copy.keep(cookie, value);
        }
    }
    copy
}

fn challenge_of(answer: &Answer) -> String {
    let [challenge] = *answer.all("secure-session-challenge") else { panic!() };
    challenge.split('"').nth(1).unwrap().to_owned()
}

fn text(value: &Value) -> &str {
    value.as_str().unwrap()
}

/// A proof as Chromium makes it.
fn jwt(key: &SigningKey, brings_key: bool, challenge: &str) -> String {
    let mut header = json!({"alg": "ES256", "typ": "dbsc+jwt"});
    if brings_key {
        let point = key.verifying_key().to_sec1_point(false);
        let (x, y) = (base64(point.x().unwrap()), base64(point.y().unwrap()));
        header["jwk"] = json!({"kty": "EC", "crv": "P-256", "x": x, "y": y});
    }
    let payload = json!({"jti": challenge}).to_string();
    let signed =
        format!("{}.{}", base64(header.to_string().as_bytes()), base64(payload.as_bytes()));
    let signature: Signature = key.sign(signed.as_bytes());
    format!("{signed}.{}", base64(&signature.to_bytes()))
}

fn base64(bytes: &[u8]) -> String {
    URL_SAFE_NO_PAD.encode(bytes)
}
