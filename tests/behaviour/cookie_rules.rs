//! The rules of RFC 6265bis, of CHIPS and of the browsers, each both ways.

use std::time::Duration;

use proptest::prelude::*;
use sealed_session::{Builder, ConfigError, Lifetime, SameSite, Scope, Sessions};

use crate::common::{self, NOW, set_cookies, value_of};

const DAY: Duration = Duration::from_secs(24 * 60 * 60);
const PREFIXES: [&str; 4] = ["__Host-", "__Secure-", "__Http-", "__Host-Http-"];

fn builder() -> Builder<u32> {
    Sessions::builder(common::ring())
}

fn named(name: &str) -> Builder<u32> {
    builder().cookie_name(name)
}

fn error(builder: Builder<u32>) -> ConfigError {
    builder.build().expect_err("this configuration breaks a rule")
}

/// Asserts a refusal of the attribute, whose message names the remedy.
#[track_caller]
fn assert_refuses(builder: Builder<u32>, attribute: &str, remedy: &str) {
    let error = error(builder);
    match &error {
        ConfigError::CookieAttribute { attribute: at, .. } => assert_eq!(*at, attribute),
        other => panic!("{other}"),
    }
    let message = error.to_string();
    assert!(message.contains(attribute) && message.contains(remedy), "{message}");
}

#[track_caller]
fn assert_refuses_name(builder: Builder<u32>, name: &str, remedy: &str) {
    let error = error(builder);
    assert!(matches!(&error, ConfigError::CookieName { name: at, .. } if at == name), "{error:?}");
    assert!(error.to_string().contains(remedy), "{error}");
}

#[track_caller]
fn assert_builds(builder: Builder<u32>) -> Sessions<u32> {
    builder.build().expect("this configuration follows every rule")
}

/// The Set-Cookie of a first visit, with `VALUE` in the place of its value.
fn written(sessions: &Sessions<u32>) -> String {
    let mut session = sessions.load_at([""], NOW);
    session.write(|count| *count += 1);
    let commit = sessions.commit_at(&session, NOW).unwrap();
    let value = commit.cookies().first().unwrap().value().to_owned();
    let is_cookie_octet = |byte: u8| byte.is_ascii_alphanumeric() || byte == b'-' || byte == b'_';
    assert!(!value.is_empty() && value.bytes().all(is_cookie_octet), "{value}");
    // Behind it there may be removals of twins in former scopes.
    let [set_cookie, twins @ ..] = &set_cookies(&commit)[..] else { panic!("{commit:?}") };
    assert!(twins.iter().all(|twin| twin.contains("=; ")), "{twins:?}");
    set_cookie.replacen(&value, "VALUE", 1)
}

fn removed(sessions: &Sessions<u32>) -> Vec<String> {
    let mut session = sessions.load_at([""], NOW);
    session.destroy();
    set_cookies(&sessions.commit_at(&session, NOW).unwrap())
}

// Names

#[test]
fn name_holds_token_characters_and_no_other() {
    for character in (0..=0x00ff).filter_map(char::from_u32).chain(['\u{2028}', 'é', '名']) {
        let is_token = character.is_ascii_alphanumeric() || "!#$%&'*+-.^_`|~".contains(character);
        for name in [character.to_string(), format!("a{character}"), format!("__Host-{character}b")]
        {
            match is_token {
                true => assert_eq!(assert_builds(named(&name)).cookie_name(), name),
                false => assert_refuses_name(named(&name), &name, "it must be a token: letters"),
            }
        }
    }
}

#[test]
fn empty_name_is_refused() {
    assert_refuses_name(named(""), "", "it must be a token");
}

#[test]
fn name_has_at_most_255_bytes() {
    for prefix in ["", "__Host-"] {
        let longest = format!("{prefix}{}", "n".repeat(255 - prefix.len()));
        assert_builds(named(&longest));
        let longer = format!("{longest}n");
        assert_refuses_name(named(&longer), &longer, "at most 255 bytes");
    }
}

#[test]
fn prefix_is_accepted_in_its_own_spelling_only() {
    for prefix in PREFIXES {
        let letters: Vec<usize> = prefix
            .bytes()
            .enumerate()
            .filter(|(_, b)| b.is_ascii_alphabetic())
            .map(|(i, _)| i)
            .collect();
        for mask in 0..1_u32 << letters.len() {
            let mut bytes = prefix.to_ascii_lowercase().into_bytes();
            for (bit, &letter) in letters.iter().enumerate() {
                if mask >> bit & 1 == 1 {
                    bytes[letter].make_ascii_uppercase();
                }
            }
            let name = format!("{}id", String::from_utf8(bytes).unwrap());
            match name.starts_with(prefix) {
                true => drop(assert_builds(named(&name))),
                false => assert_refuses_name(named(&name), &name, "spell the prefix `__Host-`"),
            }
        }
    }
}

#[test]
fn prefix_alone_is_no_name() {
    for prefix in PREFIXES {
        assert_refuses_name(named(prefix), prefix, "write a name after it");
    }
}

#[test]
fn what_only_resembles_a_prefix_is_a_name() {
    for name in ["_Host-id", "__Host", "__Hosts-id", "Host-id", "x__Host-id", "__Host_id", "__host"]
    {
        assert_eq!(assert_builds(named(name).domain("example.org")).cookie_name(), name);
    }
}

#[test]
fn host_prefix_refuses_domain_and_other_paths() {
    for name in ["__Host-id", "__Host-Http-id"] {
        assert_builds(named(name).path("/"));
        assert_refuses(
            named(name).domain("example.org"),
            "Domain",
            "choose a cookie name with `__Secure-`",
        );
        assert_refuses(named(name).path("/app"), "Path", "choose a cookie name with `__Secure-`");
    }
}

#[test]
fn other_prefixes_allow_domain_and_path() {
    for name in ["__Secure-id", "__Http-id", "id"] {
        let sessions = assert_builds(named(name).domain("example.org").path("/app"));
        assert_eq!(
            written(&sessions),
            format!(
                "{name}=VALUE; HttpOnly; SameSite=Lax; Secure; Path=/app; Domain=example.org; Max-Age=1209600"
            )
        );
    }
}

// Path and Domain

#[test]
fn path_begins_with_a_slash_and_holds_no_control_or_semicolon() {
    let secure = || named("__Secure-id");
    for path in ["/", "/app", "/a/b/", "/a%3Bb", "/a,b=c\"\\d", &format!("/{}", "p".repeat(1023))] {
        assert!(written(&assert_builds(secure().path(path))).contains(&format!("; Path={path}; ")));
    }
    for path in ["", "app", " /app", ";", "\n/"] {
        assert_refuses(secure().path(path), "Path", "begin with `/`");
    }
    let controls = (0..0x20).chain([0x7f]).map(|byte| format!("/a{}b", char::from(byte)));
    let others =
        ["/a;b", "/;Domain=evil.example", "/a\r\nSet-Cookie: x=y", "/é", "/\u{a0}", "/\u{85}"];
    for path in controls.chain(others.map(str::to_owned)).chain([format!("/{}", "p".repeat(1024))])
    {
        assert_refuses(
            secure().path(path),
            "Path",
            "at most 1024 visible ASCII characters, without `;`",
        );
    }
}

#[test]
fn domain_is_an_ascii_host_name() {
    let secure = || named("__Secure-id");
    let label = "l".repeat(63);
    let longest = format!("{label}.{label}.{label}.{}", "l".repeat(61));
    assert_eq!(longest.len(), 253);
    for domain in ["example.org", "a-b.c1.example", "xn--bcher-kva.example", "1.example", &longest]
    {
        let set_cookie = written(&assert_builds(secure().domain(domain)));
        assert!(set_cookie.contains(&format!("; Domain={domain}; ")), "{set_cookie}");
    }
    let controls = (0..0x20).chain([0x7f]).map(|byte| format!("a{}b", char::from(byte)));
    let others = [
        "",
        // Browsers take no cookie for all of a top-level domain, nor for an address.
        "localhost",
        "com",
        "127.0.0.1",
        "127.0.0.0x1",
        "127.1",
        "10.0X",
        ".",
        ".example.org",
        "example.org.",
        "a..b",
        "example.org:443",
        "a;b",
        "a; Path=/x",
        "a b",
        " a",
        "a ",
        "a\r\nSet-Cookie: x=y",
        "bücher.example",
        "-a.example",
        "a-.example",
        "a_b.example",
        "a/b",
        "a,b",
        "a=b",
        "*.example",
        "[::1]",
        "a@b",
    ];
    let long =
        [format!("{longest}l"), format!("l{label}.example"), "l".repeat(1024), "l".repeat(1025)];
    for domain in controls.chain(others.map(str::to_owned)).chain(long) {
        assert_refuses(secure().domain(&domain), "Domain", "as in `example.org`");
    }
}

/// Without the feature they are accepted: a list of them is a dependency.
#[test]
fn public_suffix_is_no_domain_where_the_list_is_there() {
    let build = |domain: &str| named("__Secure-id").domain(domain).build().map(drop);
    // Of a registry, of a company, by wildcard and in punycode; the case does not matter.
    for suffix in ["co.uk", "CO.UK", "github.io", "foo.ck", "xn--55qx5d.cn"] {
        match cfg!(feature = "public-suffix") {
            false => assert_eq!(build(suffix), Ok(()), "{suffix}"),
            true => {
                let error = build(suffix).unwrap_err().to_string();
                for part in ["cookie attribute Domain", "public suffix", "leave it out"] {
                    assert!(error.contains(part), "{suffix}: {error}");
                }
                let scope = Scope::new().domain(suffix);
                assert!(named("__Secure-id").former_scope(scope).build().is_err(), "{suffix}");
            }
        }
    }
    // An exception to a wildcard, and names inside a network that no list knows.
    for own in ["example.co.uk", "example.github.io", "www.ck", "corp.internal", "shop.example.lan"]
    {
        assert_eq!(build(own), Ok(()), "{own}");
    }
}

// SameSite and Partitioned

#[test]
fn same_site_is_always_written_out() {
    for (same_site, text) in
        [(SameSite::Lax, "Lax"), (SameSite::Strict, "Strict"), (SameSite::None, "None")]
    {
        assert_eq!(
            written(&assert_builds(builder().same_site(same_site))),
            format!(
                "__Host-session=VALUE; HttpOnly; SameSite={text}; Secure; Path=/; Max-Age=1209600"
            )
        );
    }
}

#[test]
fn partitioned_needs_same_site_none() {
    let partitioned = || builder().partitioned(true);
    assert_refuses(partitioned(), "Partitioned", "needs SameSite=None");
    assert_refuses(partitioned().same_site(SameSite::Strict), "Partitioned", "needs SameSite=None");
    assert_builds(partitioned().same_site(SameSite::None));
    assert_builds(partitioned().partitioned(false));
}

// Former scopes

#[test]
fn former_scope_follows_the_rules_of_a_scope() {
    let with = |scope| named("__Secure-id").former_scope(scope);
    assert_builds(with(Scope::new().path("/app").domain("example.org").partitioned()));
    assert_refuses(with(Scope::new().path("app")), "Path", "begin with `/`");
    assert_refuses(with(Scope::new().path("/a;b")), "Path", "without `;`");
    assert_refuses(with(Scope::new().domain(".example.org")), "Domain", "without leading dot");
    assert_refuses(with(Scope::new().domain("a;b")), "Domain", "as in `example.org`");
}

#[test]
fn former_scope_is_neither_listed_twice_nor_the_present_one() {
    let remedy = "listed twice, or is the present scope";
    let secure = || named("__Secure-id").path("/app");
    let other = || Scope::new().path("/other");
    let refused = [
        secure().former_scope(other()).former_scope(other()),
        secure().former_scope(other()).former_scope(Scope::new()).former_scope(other()),
        secure().former_scope(Scope::new().path("/app")),
        secure()
            .domain("example.org")
            .former_scope(Scope::new().path("/app").domain("example.org")),
        named("__Secure-id").former_scope(Scope::default()),
    ];
    for builder in refused {
        let error = error(builder);
        assert!(
            matches!(error, ConfigError::FormerScope(reason) if reason.contains(remedy)),
            "{error}"
        );
    }
    assert_builds(
        secure()
            .former_scope(other())
            .former_scope(other().domain("example.org"))
            .former_scope(other().partitioned())
            .former_scope(Scope::new().path("/app").partitioned()),
    );
}

#[test]
fn host_prefix_had_no_former_domain_or_path() {
    for name in ["__Host-id", "__Host-Http-id"] {
        for scope in [Scope::new().domain("example.org"), Scope::new().path("/app")] {
            let error = error(named(name).former_scope(scope));
            assert!(
                matches!(error, ConfigError::FormerScope(reason) if reason.contains("leave it out")),
                "{error}"
            );
        }
        assert_builds(named(name).former_scope(Scope::new().partitioned()));
    }
}

// Audience

#[test]
fn audience_has_1_to_255_bytes() {
    for audience in ["a", "\0", "é; =", &"a".repeat(255)] {
        assert_builds(builder().audience(audience));
    }
    for audience in ["", &"a".repeat(256), &"é".repeat(128)] {
        let error = error(builder().audience(audience));
        assert_eq!(error, ConfigError::Audience);
        assert!(error.to_string().contains("do not set one if you need none"), "{error}");
    }
}

// Plain HTTP

#[test]
fn plain_http_loses_prefix_and_secure() {
    for prefix in PREFIXES {
        let sessions =
            assert_builds(named(&format!("{prefix}id")).insecure_plain_http_for_development());
        assert_eq!(sessions.cookie_name(), "id");
        assert_eq!(written(&sessions), "id=VALUE; HttpOnly; SameSite=Lax; Path=/; Max-Age=1209600");
        assert_eq!(
            removed(&sessions),
            [
                "id=; HttpOnly; SameSite=Lax; Path=/; Max-Age=0; Expires=Thu, 01 Jan 1970 00:00:00 GMT"
            ]
        );
    }
    let unprefixed = assert_builds(named("id").insecure_plain_http_for_development());
    assert_eq!(unprefixed.cookie_name(), "id");
}

#[test]
fn plain_http_sessions_are_not_taken_for_those_of_production() {
    let production = assert_builds(builder());
    let development = assert_builds(builder().insecure_plain_http_for_development());
    let value = common::sealed(&development, 1, NOW);
    assert!(development.unseal_at(&value, NOW).is_ok());
    assert_eq!(production.unseal_at(&value, NOW).unwrap_err().class(), "not_authentic");
}

#[test]
fn plain_http_refuses_what_needs_secure() {
    let plain = || builder().insecure_plain_http_for_development();
    assert_refuses(plain().same_site(SameSite::None), "SameSite", "use Lax");
    assert_refuses(
        plain().partitioned(true),
        "Partitioned",
        "plain HTTP does not have; leave it out",
    );
    let error = error(plain().former_scope(Scope::new().partitioned()));
    assert!(error.to_string().contains("Partitioned needs Secure; leave it out"), "{error}");
    assert_builds(plain().same_site(SameSite::Strict).path("/app").domain("example.org"));
}

#[test]
fn plain_http_refuses_a_name_that_keeps_a_prefix() {
    let plain = |name: &str| named(name).insecure_plain_http_for_development();
    assert_refuses_name(
        plain("__Host-__Secure-id"),
        "__Secure-id",
        "use a name without it for plain HTTP",
    );
    assert_refuses_name(plain("__host-id"), "__host-id", "spell the prefix");
    assert_refuses_name(plain("__Host-"), "", "it must be a token");
}

// Set-Cookie, to the letter

#[test]
fn default_cookie_is_a_host_cookie_for_14_days() {
    assert_eq!(
        written(&common::sessions()),
        "__Host-session=VALUE; HttpOnly; SameSite=Lax; Secure; Path=/; Max-Age=1209600"
    );
}

#[test]
fn partitioned_cookie_says_so() {
    let sessions = assert_builds(builder().same_site(SameSite::None).partitioned(true));
    assert_eq!(
        written(&sessions),
        "__Host-session=VALUE; HttpOnly; SameSite=None; Partitioned; Secure; Path=/; Max-Age=1209600"
    );
}

#[test]
fn browser_session_cookie_has_no_max_age() {
    let expected = "__Host-session=VALUE; HttpOnly; SameSite=Lax; Secure; Path=/";
    assert_eq!(written(&assert_builds(builder().persistent(false))), expected);

    let sessions = common::sessions::<u32>();
    let mut session = sessions.load_at([""], NOW);
    session.renew_with(Lifetime::browser_session(DAY)).unwrap();
    let commit = sessions.commit_at(&session, NOW).unwrap();
    let value = value_of(&commit);
    assert_eq!(set_cookies(&commit), [expected.replace("VALUE", &value)]);
    assert!(sessions.unseal_at(&value, NOW + DAY).is_err(), "the sealed expiry holds");

    let session = sessions.load_at([common::header(&sessions, &value)], NOW);
    assert_eq!(session.is_persistent(), Some(false));
}

#[test]
fn max_age_is_what_is_left_and_at_most_400_days() {
    let max_age = |sessions: &Sessions<u32>, loaded, committed| {
        let value = common::sealed(sessions, 1, NOW);
        let mut session = sessions.load_at([common::header(sessions, &value)], loaded);
        session.write(|count| *count += 1);
        let commit = sessions.commit_at(&session, committed).unwrap();
        commit.cookies()[0].max_age().unwrap().whole_seconds()
    };
    let second = Duration::from_secs(1);
    let sessions = assert_builds(builder().absolute_timeout(DAY));
    assert_eq!(max_age(&sessions, NOW, NOW), 86_400);
    assert_eq!(max_age(&sessions, NOW + second, NOW + 11 * second), 86_389);
    assert_eq!(max_age(&sessions, NOW + DAY - 2 * second, NOW + DAY - second), 1);
    let idle = assert_builds(builder().absolute_timeout(DAY).idle_timeout(60 * second));
    assert_eq!(max_age(&idle, NOW + second, NOW + second), 60);
    let idle =
        assert_builds(builder().absolute_timeout(DAY).idle_timeout(Duration::from_secs(86_399)));
    assert_eq!(max_age(&idle, NOW + 11 * second, NOW + 11 * second), 86_389);
    let long = assert_builds(builder().absolute_timeout(500 * DAY));
    assert_eq!(max_age(&long, NOW, NOW), 34_560_000);
    assert_eq!(max_age(&long, NOW, NOW + 101 * DAY), 399 * 86_400);
}

#[test]
fn removal_repeats_every_attribute() {
    assert_eq!(
        removed(&common::sessions()),
        ["__Host-session=; HttpOnly; SameSite=Lax; Secure; Path=/; Max-Age=0; \
          Expires=Thu, 01 Jan 1970 00:00:00 GMT"]
    );
    let strict =
        named("__Secure-id").same_site(SameSite::Strict).domain("example.org").path("/app");
    assert_eq!(
        removed(&assert_builds(strict)),
        [
            "__Secure-id=; HttpOnly; SameSite=Strict; Secure; Path=/app; Domain=example.org; Max-Age=0; \
          Expires=Thu, 01 Jan 1970 00:00:00 GMT"
        ]
    );
    let partitioned = builder().same_site(SameSite::None).partitioned(true);
    assert_eq!(
        removed(&assert_builds(partitioned)),
        ["__Host-session=; HttpOnly; SameSite=None; Partitioned; Secure; Path=/; Max-Age=0; \
          Expires=Thu, 01 Jan 1970 00:00:00 GMT"]
    );
}

#[test]
fn removal_reaches_every_former_scope_and_a_write_sets_the_present_one_alone() {
    let sessions = assert_builds(
        named("__Secure-id")
            .same_site(SameSite::None)
            .domain("example.org")
            .former_scope(Scope::new())
            .former_scope(Scope::new().path("/app").domain("www.example.org"))
            .former_scope(Scope::new().partitioned()),
    );
    let end = "Max-Age=0; Expires=Thu, 01 Jan 1970 00:00:00 GMT";
    assert_eq!(
        removed(&sessions),
        [
            format!(
                "__Secure-id=; HttpOnly; SameSite=None; Secure; Path=/; Domain=example.org; {end}"
            ),
            format!("__Secure-id=; HttpOnly; SameSite=None; Secure; Path=/; {end}"),
            format!(
                "__Secure-id=; HttpOnly; SameSite=None; Secure; Path=/app; Domain=www.example.org; {end}"
            ),
            format!("__Secure-id=; HttpOnly; SameSite=None; Partitioned; Secure; Path=/; {end}"),
        ]
    );
    assert_eq!(
        written(&sessions),
        "__Secure-id=VALUE; HttpOnly; SameSite=None; Secure; Path=/; Domain=example.org; Max-Age=1209600"
    );
    // Whatever sets the cookie removes its twins, or one of them might come in its place.
    let mut session = sessions.load_at([""], NOW);
    session.write(|count| *count += 1);
    let set = set_cookies(&sessions.commit_at(&session, NOW).unwrap());
    assert_eq!(set[1..], removed(&sessions)[1..]);
}

// Injection

/// Text that tries to leave its place, in front of, between and behind what is valid.
fn hostile(valid: &'static str) -> impl Strategy<Value = String> {
    const PIECES: &[&str] = &[
        "; ",
        ";",
        "=",
        ",",
        "\r\n",
        "\n",
        "\0",
        "\t",
        " ",
        "\u{7f}",
        "\u{85}",
        "\u{a0}",
        "é",
        "%3B",
        "Domain=evil.example",
        "Secure",
        "/",
        "a",
        ".",
        ":",
        "\"",
        "__Host-",
        "__secure-",
        "__Secure-",
    ];
    let pieces =
        prop::collection::vec(prop::sample::select(PIECES), 0..5).prop_map(|all| all.concat());
    prop_oneof![
        4 => valid,
        1 => (valid, pieces.clone()).prop_map(|(a, b)| a + &b),
        1 => (pieces.clone(), valid).prop_map(|(a, b)| a + &b),
        1 => pieces,
        1 => any::<String>(),
    ]
}

/// Name, value and attributes of a Set-Cookie, with no leniency and no code of the crate.
fn split(set_cookie: &str) -> (&str, &str, Vec<&str>) {
    assert!(set_cookie.bytes().all(|byte| (b' '..=b'~').contains(&byte)), "{set_cookie:?}");
    let mut parts = set_cookie.split("; ");
    let (name, value) = parts.next().and_then(|pair| pair.split_once('=')).expect("a pair");
    let attributes: Vec<_> = parts.collect();
    assert!(attributes.iter().all(|attribute| !attribute.contains(';')), "{set_cookie:?}");
    (name, value, attributes)
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::with_cases(1500) })]

    #[test]
    fn no_configured_text_adds_an_attribute(
        name in hostile("(__Host-|__Secure-|)[a-z!#$%&'*+.^_`|~-]{1,9}"),
        path in prop::option::of(hostile("/[a-z/%=,.]{0,9}")),
        domain in prop::option::of(hostile("[a-z][a-z0-9]{0,5}(\\.[a-z]{1,5}){0,2}")),
        audience in prop::option::of(hostile("[a-z]{1,9}")),
        plain_http in prop::bool::weighted(0.1),
    ) {
        let mut builder = named(&name);
        if let Some(path) = &path {
            builder = builder.path(path);
        }
        if let Some(domain) = &domain {
            builder = builder.domain(domain);
        }
        if let Some(audience) = &audience {
            builder = builder.audience(audience);
        }
        if plain_http {
            builder = builder.insecure_plain_http_for_development();
        }
        let sessions = match builder.build() {
            Ok(sessions) => sessions,
            Err(error) => {
                let message = error.to_string();
                prop_assert!(!message.chars().any(char::is_control), "{:?}", message);
                return Ok(());
            }
        };
        prop_assert!(name.ends_with(sessions.cookie_name()));
        prop_assert!(plain_http || name == sessions.cookie_name());
        let path_attribute = format!("Path={}", path.as_deref().unwrap_or("/"));
        let domain_attribute = domain.map(|domain| format!("Domain={}", domain.to_ascii_lowercase()));
        let mut expected = vec!["HttpOnly", "SameSite=Lax"];
        expected.extend((!plain_http).then_some("Secure"));
        expected.push(&path_attribute);
        expected.extend(domain_attribute.as_deref());
        let expected_with = |end: &[&'static str]| [&expected[..], end].concat();

        let set_cookie = written(&sessions);
        let (cookie_name, value, attributes) = split(&set_cookie);
        prop_assert_eq!((cookie_name, value), (sessions.cookie_name(), "VALUE"));
        prop_assert_eq!(attributes, expected_with(&["Max-Age=1209600"]));

        let removals = removed(&sessions);
        prop_assert_eq!(removals.len(), 1);
        let (cookie_name, value, attributes) = split(&removals[0]);
        prop_assert_eq!((cookie_name, value), (sessions.cookie_name(), ""));
        prop_assert_eq!(
            attributes,
            expected_with(&["Max-Age=0", "Expires=Thu, 01 Jan 1970 00:00:00 GMT"])
        );

        let value = common::sealed(&sessions, 7, NOW);
        let session = sessions.load_at([common::header(&sessions, &value)], NOW);
        prop_assert_eq!(*session.read(), 7);
    }
}

#[test]
fn scopes_that_browsers_take_for_one_are_one() {
    let built = builder()
        .cookie_name("__Secure-session")
        .domain("example.org")
        .former_scope(Scope::new().domain("EXAMPLE.ORG"))
        .build();
    assert!(matches!(built, Err(ConfigError::FormerScope(_))));
    let built = builder().cookie_name("__Secure-session").path("/a ").build();
    assert!(matches!(built, Err(ConfigError::CookieAttribute { attribute: "Path", .. })));
}

#[test]
fn removal_of_a_partitioned_twin_passes_where_it_lives_cross_site() {
    let sessions = builder().former_scope(Scope::new().partitioned()).build().unwrap();
    let removals = removed(&sessions);
    assert!(removals[0].contains("SameSite=Lax; Secure"), "{removals:?}");
    assert!(removals[1].contains("SameSite=None; Partitioned; Secure"), "{removals:?}");
}
