//! The moment at which a bound cookie ends.

use crate::{
    MINUTE,
    browser::Browser,
    fleet,
    support::{T0, at},
};

#[test]
fn a_hundred_requests_at_the_lapse_succeed_with_one_refresh() {
    let [one, other] = fleet();
    let mut browser = Browser::bound(&one, "ada", T0);
    let signed = browser.signed;
    let ten = 10 * MINUTE;
    // Sent with the bound cookie while the browser had it, and under way for up to a minute.
    let under_way: Vec<_> = (0..50).map(|_| browser.header(at(ten - 1))).collect();
    assert!(!browser.has(&browser.bound_name().unwrap(), at(ten)));
    // The browser holds back what it sends later, until its refresh is done.
    let answers: Vec<_> = std::thread::scope(|scope| {
        let refreshed: Vec<_> = (0..50)
            .map(|_| {
                browser.refresh_where_due(&other, at(ten));
                browser.header(at(ten))
            })
            .collect();
        let all = under_way.iter().chain(&refreshed).cloned().collect::<Vec<_>>();
        let threads: Vec<_> = all
            .into_iter()
            .enumerate()
            .map(|(index, header)| {
                let machine = if index % 2 == 0 { &one } else { &other };
                scope.spawn(move || machine.load_at([header], at(ten + 59)).read().to_string())
            })
            .collect();
        threads.into_iter().map(|thread| thread.join().unwrap()).collect()
    });
    assert_eq!(answers, ["ada"; 100]);
    assert!(browser.signed - signed <= 2, "{} refreshes", browser.signed - signed);
}

#[test]
fn ahead_of_time_and_twice_at_a_time_a_refresh_is_as_good() {
    let [one, other] = fleet();
    let mut browser = Browser::bound(&one, "ada", T0);
    // A request within two minutes of the end refreshes ahead.
    assert_eq!(browser.refresh(&other, 0, at(8 * MINUTE + 1)), 200);
    assert!(browser.has(&browser.bound_name().unwrap(), at(18 * MINUTE)));
    // Two tabs: each with a challenge of its own, answered in the other order.
    let (mut tab, mut twin) = (browser.clone(), browser.clone());
    assert_eq!(twin.refresh(&one, 0, at(20 * MINUTE)), 200);
    assert_eq!(tab.refresh(&other, 0, at(20 * MINUTE)), 200);
    assert_eq!(twin.read(&other, at(21 * MINUTE)), "ada");
    assert_eq!(tab.read(&one, at(21 * MINUTE)), "ada");
}

#[test]
fn a_proof_that_is_sent_again_costs_no_signature_while_it_is_good() {
    let [one, other] = fleet();
    let mut browser = Browser::bound(&one, "ada", T0);
    browser.refresh(&one, 0, at(20 * MINUTE));
    let signed = browser.signed;
    assert_eq!(browser.refresh(&other, 0, at(20 * MINUTE + 100)), 200);
    assert_eq!(browser.signed, signed);
    // Then it is answered with a challenge, never with an end.
    assert_eq!(browser.refresh(&other, 0, at(20 * MINUTE + 121)), 200);
    assert_eq!(browser.signed, signed + 1);
}

#[test]
fn no_visitor_signs_as_often_as_chromium_forbids() {
    let [one, _] = fleet();
    let mut browser = Browser::bound(&one, "ada", T0);
    let mut signatures = Vec::new();
    for second in (0..6 * 60 * MINUTE).step_by(20) {
        // As Chromium does, two minutes ahead.
        let name = browser.device[0].cookie.clone();
        let before = browser.signed;
        if !browser.has(&name, at(second + 2 * MINUTE)) {
            assert_eq!(browser.refresh(&one, 0, at(second)), 200);
        }
        signatures.extend((before..browser.signed).map(|_| second));
        assert_eq!(browser.visit_without(&one, at(second), |_| {}), "ada");
    }
    let within = |start: i64| start..start + 9 * MINUTE;
    let most = signatures.iter().map(|&start| {
        signatures.iter().filter(|&time| within(start).contains::<i64>(time)).count()
    });
    assert!(most.max().unwrap() <= 2, "{signatures:?}");
}
