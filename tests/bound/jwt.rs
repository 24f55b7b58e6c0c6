//! The JWT is as narrow as the protocol's own: anything else is refused.

use p256::ecdsa::SigningKey;
use sealed_session::Sessions;
use serde_json::{Value, json};

use crate::{
    browser::{Browser, base64, header, jwk, key, read_offer, signed},
    fleet,
    support::{T0, at},
};

/// A sign-in that waits for its registration.
struct Case {
    sessions: Sessions<String>,
    browser: Browser,
    path: String,
    challenge: String,
    key: SigningKey,
}

impl Case {
    fn new() -> Self {
        let [sessions, _] = fleet();
        let mut browser = Browser::default();
        let (path, challenge) = read_offer(&browser.sign_in(&sessions, "ada", T0));
        Self { sessions, browser, path, challenge, key: key(7) }
    }

    fn header(&self) -> Value {
        json!({"alg": "ES256", "typ": "dbsc+jwt", "jwk": jwk(&self.key)})
    }

    fn payload(&self) -> Value {
        json!({"jti": self.challenge})
    }

    fn status(&self, proof: &str) -> u16 {
        let headers = [("secure-session-response", proof)];
        let answer = self.browser.post(&self.sessions, &self.path, &headers, at(1));
        let sets = header(&answer, "set-cookie").is_some();
        assert_eq!(sets, answer.status() == 200);
        answer.status()
    }

    /// A good proof of this length, which blanks make up.
    fn of_length(&self, length: usize) -> String {
        let proofs = (0..3).map(|blanks| {
            let header = format!("{}{:blanks$}", self.header(), "");
            // Beside two dots and 86 characters of a signature.
            let room = length - 88 - base64(header.as_bytes()).len();
            let payload = format!("{:1$}", self.payload().to_string(), room * 3 / 4);
            signed(&self.key, &header, &payload)
        });
        let mut proofs = proofs.filter(|proof| proof.len() == length);
        proofs.next().expect("one of three fits")
    }

    fn signed(&self, header: &str, payload: &str) -> u16 {
        self.status(&signed(&self.key, header, payload))
    }
}

#[test]
fn what_the_protocol_has_is_accepted() {
    let case = Case::new();
    let (header, payload) = (case.header().to_string(), case.payload().to_string());
    assert_eq!(case.signed(&header, &payload), 200);
    let audience = json!({"jti": case.challenge, "aud": "https://example.org/x", "iat": 1});
    assert_eq!(case.signed(&header, &audience.to_string()), 200);
    // As a structured string, as the draft has it.
    let proof = signed(&case.key, &header, &payload);
    assert_eq!(case.status(&format!("\"{proof}\"")), 200);
}

#[test]
fn another_header_is_refused() {
    let case = Case::new();
    let payload = case.payload().to_string();
    let with = |name: &str, value: Value| {
        let mut header = case.header();
        header[name] = value;
        case.signed(&header.to_string(), &payload)
    };
    for alg in ["none", "None", "RS256", "HS256", "ES384", "es256", "EdDSA", ""] {
        assert_eq!(with("alg", json!(alg)), 403, "{alg}");
    }
    assert_eq!(with("alg", json!(["ES256"])), 403);
    assert_eq!(with("alg", Value::Null), 403);
    for typ in ["jwt", "JWT", "DBSC+JWT", "dpop+jwt"] {
        assert_eq!(with("typ", json!(typ)), 403, "{typ}");
    }
    for extra in ["crit", "kid", "jku", "x5c", "x5u", "b64", "zip", "cty", "enc"] {
        assert_eq!(with(extra, json!("x")), 403, "{extra}");
    }
    assert_eq!(with("jwk", Value::Null), 403);
    for missing in ["alg", "typ", "jwk"] {
        let mut header = case.header();
        header.as_object_mut().unwrap().remove(missing);
        assert_eq!(case.signed(&header.to_string(), &payload), 403, "{missing}");
    }
}

#[test]
fn another_key_is_refused() {
    let case = Case::new();
    let payload = case.payload().to_string();
    let with = |name: &str, value: Value| {
        let mut header = case.header();
        header["jwk"][name] = value;
        case.signed(&header.to_string(), &payload)
    };
    assert_eq!(with("kty", json!("RSA")), 403);
    assert_eq!(with("crv", json!("P-384")), 403);
    assert_eq!(with("d", json!("x")), 403);
    for short in [vec![], vec![1; 31], vec![1; 33], vec![0; 32], vec![0xff; 32]] {
        assert_eq!(with("x", json!(base64(&short))), 403);
        assert_eq!(with("y", json!(base64(&short))), 403);
    }
    let other = jwk(&key(8));
    assert_eq!(with("x", other["x"].clone()), 403, "no point on the curve");
    let mut header = case.header();
    header["jwk"] = other;
    assert_eq!(case.signed(&header.to_string(), &payload), 403, "not the signer's");
}

#[test]
fn twins_among_members_are_refused() {
    let case = Case::new();
    let (jwk, challenge) = (jwk(&case.key).to_string(), &case.challenge);
    let good = format!(r#"{{"alg":"ES256","typ":"dbsc+jwt","jwk":{jwk}}}"#);
    assert_eq!(case.signed(&good, &case.payload().to_string()), 200);
    for header in [
        format!(r#"{{"alg":"ES256","alg":"ES256","typ":"dbsc+jwt","jwk":{jwk}}}"#),
        format!(r#"{{"alg":"ES256","typ":"dbsc+jwt","jwk":{jwk},"jwk":{jwk}}}"#),
        good.replace(r#""kty":"EC""#, r#""kty":"EC","kty":"EC""#),
    ] {
        assert_eq!(case.signed(&header, &case.payload().to_string()), 403, "{header}");
    }
    for payload in [
        format!(r#"{{"jti":"{challenge}","jti":"{challenge}"}}"#),
        format!(r#"{{"jti":"{challenge}","iat":1,"iat":2}}"#),
        format!(r#"{{"jti":"{challenge}","x":{{"a":1,"a":2}}}}"#),
    ] {
        assert_eq!(case.signed(&good, &payload), 403, "{payload}");
    }
}

#[test]
fn another_form_is_refused() {
    let case = Case::new();
    let (head, body) = (case.header().to_string(), case.payload().to_string());
    let good = signed(&case.key, &head, &body);
    let parts: Vec<_> = good.split('.').collect();
    let [header, payload, signature] = *parts.as_slice() else { panic!() };
    // No such text is a value of the header at all, or none of three parts.
    for text in [
        String::new(),
        "x".to_owned(),
        format!("{header}.{payload}"),
        format!("{header}.{payload}."),
        format!("{header}.{payload}.{signature}."),
        format!("{header}..{signature}"),
        format!(".{payload}.{signature}"),
        format!("{header}=.{payload}.{signature}"),
        format!("{header}.{payload}.{signature}="),
        format!("{header}.{payload} .{signature}"),
        format!("{header}.{payload}.{}", &signature[..85]),
        format!("{header}.{payload}.{signature}AAAA"),
        format!("{header}.{payload}.{}", base64(&[0; 64])),
        format!("\"{good}"),
        format!("{good};x=1"),
    ] {
        assert!([400, 403].contains(&case.status(&text)), "{text}");
    }
    // Spare bits of the last character.
    let last = signature.chars().last().unwrap();
    let alphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";
    let next = alphabet.chars().nth(alphabet.find(last).unwrap() ^ 1).unwrap();
    let bent = format!("{header}.{payload}.{}{next}", &signature[..85]);
    assert_eq!(case.status(&bent), 403);
    // Each bit of the signature, and each character of what is signed.
    for place in 0..good.len() {
        let mut bytes = good.clone().into_bytes();
        bytes[place] = if bytes[place] == b'A' { b'B' } else { b'A' };
        let text = String::from_utf8(bytes).unwrap();
        assert!([400, 403].contains(&case.status(&text)), "{place}");
    }
    for (length, status) in [(2048, 200), (2049, 403), (4096, 403)] {
        assert_eq!(case.status(&case.of_length(length)), status, "{length}");
    }
    for payload in ["{}", "[]", "null", "{\"jti\":1}", "{\"jti\":\"x\",}", "", "{\"jti\":\"x\"} x"]
    {
        assert_eq!(case.signed(&head, payload), 403, "{payload}");
    }
    assert_eq!(case.signed(&format!("{head} x"), &body), 403);
}

#[test]
fn a_header_that_comes_twice_is_refused() {
    let case = Case::new();
    let proof = signed(&case.key, &case.header().to_string(), &case.payload().to_string());
    let name = "secure-session-response";
    let twice = [(name, &*proof), (name, &*proof)];
    assert_eq!(case.browser.post(&case.sessions, &case.path, &twice, at(1)).status(), 400);
    assert_eq!(case.browser.post(&case.sessions, &case.path, &[], at(1)).status(), 400);
}

#[test]
fn a_refresh_takes_no_key_and_no_challenge_of_another_kind_or_family() {
    let [sessions, _] = fleet();
    let browser = Browser::bound(&sessions, "ada", T0);
    let other = Browser::bound(&sessions, "grace", T0);
    let path = "/session-binding/session/refresh";
    let ask = |of: &Browser| {
        let headers = [("sec-secure-session-id", &*of.device[0].id)];
        let answer = of.post(&sessions, path, &headers, at(1));
        let text = header(&answer, "secure-session-challenge").unwrap();
        text.split('"').nth(1).unwrap().to_owned()
    };
    let status = |proof: &str| {
        let headers =
            [("sec-secure-session-id", &*browser.device[0].id), ("secure-session-response", proof)];
        browser.post(&sessions, path, &headers, at(2)).status()
    };
    let own = key(1); // The first of a browser's keys.
    let plain = json!({"alg": "ES256", "typ": "dbsc+jwt"}).to_string();
    let keyed = json!({"alg": "ES256", "typ": "dbsc+jwt", "jwk": jwk(&own)}).to_string();
    let payload = |challenge: &str| json!({"jti": challenge}).to_string();
    let challenge = ask(&browser);
    assert_eq!(status(&signed(&own, &plain, &payload(&challenge))), 200);
    assert_eq!(status(&signed(&own, &keyed, &payload(&challenge))), 403);
    assert_eq!(status(&signed(&own, &plain, &payload(&ask(&other)))), 403);
    let mut signing_in = browser.clone();
    let (_, registration) = read_offer(&signing_in.sign_in(&sessions, "ada", at(1)));
    assert_eq!(status(&signed(&own, &plain, &payload(&registration))), 403);
    for junk in ["", "x", &browser.device[0].id, &browser.jar["__Host-session"].0] {
        assert_eq!(status(&signed(&own, &plain, &payload(junk))), 403);
    }
}

#[test]
fn an_identifier_of_any_other_content_is_refused() {
    let [sessions, _] = fleet();
    let browser = Browser::bound(&sessions, "ada", T0);
    let path = "/session-binding/session/refresh";
    let status = |id: &str| {
        let answer = browser.post(&sessions, path, &[("sec-secure-session-id", id)], at(1));
        answer.status()
    };
    let good = &browser.device[0].id;
    assert_eq!(status(good), 403);
    assert_eq!(status(&format!("\"{good}\"")), 403, "as a structured string");
    for bad in ["", "\"", "a b", "<script>"] {
        assert_eq!(status(bad), 400, "{bad}");
    }
    let bound = &browser.jar[&browser.bound_name().unwrap()].0;
    for other in ["x", bound, &browser.jar["__Host-session"].0, &crate::support::flipped(good)] {
        assert_eq!(status(other), 404, "{other}");
    }
}

/// Anybody can send a registration, and to verify a signature costs a hundred times as much as to
/// open a challenge.
#[cfg(feature = "tracing")]
#[test]
fn a_signature_is_verified_only_after_the_challenge_and_the_session() {
    use crate::log::Log;

    let case = Case::new();
    let reason = |browser: &Browser, challenge: &str| {
        let log = Log::default();
        let payload = json!({"jti": challenge}).to_string();
        let good = signed(&case.key, &case.header().to_string(), &payload);
        let forged = signed(&key(99), &case.header().to_string(), &payload);
        assert_ne!(good, forged);
        let guard = log.listen();
        let headers = [("secure-session-response", &*forged)];
        let answer = browser.post(&case.sessions, &case.path, &headers, at(1));
        drop(guard);
        assert_eq!(answer.status(), 403);
        log.take().concat()
    };
    let malformed = reason(&case.browser, "AAAA");
    assert!(malformed.contains("device refused") && !malformed.contains("verify"), "{malformed}");
    assert!(reason(&Browser::default(), &case.challenge).contains("of another session"));
    assert!(reason(&case.browser, &case.challenge).contains("does not verify"));
}
