//! Lives that once went wrong, and are rare.

use crate::{
    device::Binding,
    fleet::{Policy, Site},
    steps::{Attempt, FORGER, Forgery, Life, MACHINES, Op, Operation, Pick, Request, Step, With},
    world::World,
};

#[test]
fn a_machine_that_lags_keeps_ended_what_one_ahead_of_it_ended() {
    for ending in [Op::Renew, Op::Destroy, Op::RegenerateId, Op::Reauthenticate] {
        let [commit, deliver] = respond();
        live(&[
            visit(0, Op::Write),
            begin(0, Op::Write),
            Step::Operator(Operation::Rotate { starts_in: 0 }),
            Step::Operator(Operation::Deploy { machine: 1 }),
            visit(1, ending),
            commit,
            deliver,
            visit(0, Op::Read),
        ]);
    }
}

#[test]
fn a_request_of_before_a_late_response_leaves_the_tombstone_that_ends_it() {
    let [commit_late, deliver_late] = respond();
    let [commit_slow, deliver_slow] = respond();
    live(&[
        visit(0, Op::Write),
        begin(0, Op::Write),
        visit(0, Op::Destroy),
        Step::Wait(60),
        // Its handler outlasts the ten minutes.
        begin(0, Op::Peek),
        commit_late,
        deliver_late,
        Step::Wait(600),
        commit_slow,
        deliver_slow,
        visit(0, Op::Read),
    ]);
}

#[test]
fn a_request_that_does_not_carry_all_copies_of_a_tombstone_leaves_them() {
    let [commit, deliver] = respond();
    let elsewhere = Request { elsewhere: true, ..request(0, Op::Read) };
    live_at(
        Site::Path,
        Binding::Nothing,
        &[
            Step::Operator(Operation::Upgrade { machine: 0 }),
            visit(0, Op::Write),
            begin(0, Op::Write),
            visit(0, Op::Destroy),
            commit,
            deliver,
            Step::Wait(700),
            // It shows the tombstone of the former Path, and no session.
            Step::Visit { request: elsewhere, takes: 0 },
            visit(0, Op::Read),
        ],
    );
}

#[test]
fn a_stolen_cookie_of_a_bound_session_is_nothing_in_another_browser() {
    for binding in [Binding::Offers, Binding::Strict] {
        let steal = Step::Forger(Forgery::Replay(Pick(1)));
        live_at(
            Site::Host,
            binding,
            &[
                visit(0, Op::SignIn { user: 1 }),
                // The second value that was ever set is the bound one.
                visit(1, Op::Read),
                steal.clone(),
                by(FORGER, visit(0, Op::Read)),
                by(FORGER, visit(0, Op::Write)),
                Step::Wait(700),
                visit(1, Op::Read),
                steal,
                by(FORGER, visit(0, Op::Read)),
                by(FORGER, visit(0, Op::SignIn { user: 2 })),
                visit(0, Op::Read),
            ],
        );
    }
}

#[test]
fn a_copied_jar_works_until_the_bound_cookie_ends_and_its_proofs_add_nothing() {
    let refresh = |with| {
        let identifier = Some(Pick(0));
        Step::Attempt(Attempt { browser: FORGER, machine: 1, identifier, with })
    };
    let captured = |proof| With::Captured(Pick(proof));
    let own = With::Made { of_offer: false, challenge: Pick(0), is_of_device: false };
    let mut steps = vec![
        visit(0, Op::SignIn { user: 1 }),
        visit(1, Op::Read),
        Step::Wait(601),
        // Refreshes first: a challenge, and a second proof.
        visit(0, Op::Read),
        Step::Forger(Forgery::Copy { browser: 0 }),
    ];
    for wait in [0, 119, 1, 539, 1, 60] {
        steps.push(Step::Wait(wait));
        steps.push(by(FORGER, visit(0, Op::Read)));
        for with in [captured(0), captured(1), own] {
            steps.push(refresh(with));
            steps.push(Step::Deliver(Pick(0)));
        }
    }
    live_at(Site::Host, Binding::Offers, &steps);
}

#[test]
fn a_late_refresh_or_write_does_not_revive_what_was_signed_out_or_revoked() {
    let endings = [
        visit(1, Op::Destroy),
        visit(1, Op::SignIn { user: 2 }),
        Step::Operator(Operation::RevokeFamily { machine: 1, value: 0 }),
    ];
    for ending in endings {
        live_at(
            Site::Host,
            Binding::Offers,
            &[
                visit(0, Op::SignIn { user: 1 }),
                visit(1, Op::Read),
                Step::Refresh { browser: 0, machine: 0, device: Pick(0), is_late: true },
                begin(0, Op::Write),
                ending,
                Step::Commit { pending: Pick(0), late: None },
                // The refresh, and the write.
                Step::Deliver(Pick(0)),
                Step::Deliver(Pick(0)),
                without_refresh(visit(1, Op::Read)),
                Step::Refresh { browser: 0, machine: 1, device: Pick(0), is_late: false },
                visit(1, Op::Read),
            ],
        );
    }
}

#[test]
fn a_sign_out_while_the_bound_cookie_has_lapsed_holds_against_what_comes_late() {
    let [commit, deliver] = respond();
    live_at(
        Site::Host,
        Binding::Offers,
        &[
            visit(0, Op::SignIn { user: 1 }),
            visit(1, Op::Read),
            begin(0, Op::Write),
            Step::Wait(700),
            without_refresh(visit(1, Op::Destroy)),
            commit,
            deliver,
            visit(1, Op::Read),
        ],
    );
}

#[test]
fn a_response_of_before_the_binding_is_bound_by_the_request_that_follows() {
    let [commit, deliver] = respond();
    live_at(
        Site::Host,
        Binding::Offers,
        &[
            visit(0, Op::SignIn { user: 1 }),
            begin(0, Op::Write),
            visit(1, Op::Read),
            commit,
            deliver,
            visit(1, Op::Read),
            // The fourth value that was ever set is bound again.
            Step::Forger(Forgery::Replay(Pick(3))),
            by(FORGER, visit(0, Op::Read)),
        ],
    );
}

#[test]
fn a_challenge_is_of_one_sign_in_and_one_purpose() {
    let attempt = |identifier, of_offer, challenge| {
        // A device that signs what it should not.
        let with = With::Made { of_offer, challenge: Pick(challenge), is_of_device: true };
        Step::Attempt(Attempt { browser: 0, machine: 0, identifier, with })
    };
    let captured = |identifier, proof| {
        let with = With::Captured(Pick(proof));
        Step::Attempt(Attempt { browser: 0, machine: 0, identifier, with })
    };
    let refresh = |browser| Step::Refresh { browser, machine: 0, device: Pick(0), is_late: false };
    let mut steps = vec![
        visit(0, Op::SignIn { user: 1 }),
        by(1, visit(0, Op::SignIn { user: 1 })),
        visit(0, Op::Read),
        by(1, visit(0, Op::Read)),
        refresh(0),
        refresh(1),
    ];
    for identifier in [None, Some(Pick(0)), Some(Pick(1))] {
        steps.extend((0..4).map(|proof| captured(identifier, proof)));
        for of_offer in [true, false] {
            steps.extend((0..2).map(|challenge| attempt(identifier, of_offer, challenge)));
        }
    }
    live_at(Site::Host, Binding::Offers, &steps);
}

#[test]
fn a_browser_that_refreshes_outside_of_a_narrower_path_needs_a_sign_in() {
    live_at(
        Site::Path,
        Binding::Offers,
        &[
            visit(0, Op::SignIn { user: 1 }),
            visit(0, Op::Read),
            Step::Operator(Operation::Upgrade { machine: 0 }),
            // It moves to the narrower Path.
            visit(0, Op::Write),
            Step::Wait(700),
            visit(0, Op::Read),
            visit(0, Op::SignIn { user: 1 }),
            visit(0, Op::Read),
            Step::Wait(700),
            visit(0, Op::Read),
        ],
    );
}

fn live(steps: &[Step]) {
    live_at(Site::Host, Binding::Nothing, steps);
}

fn live_at(site: Site, binding: Binding, steps: &[Step]) {
    World::live(&Life {
        site,
        policy: Policy { absolute: 7200, idle: None },
        skews: [0; MACHINES],
        has_lists: binding != Binding::Nothing,
        bindings: [binding; MACHINES],
        steps: steps.to_vec(),
    });
}

fn request(machine: usize, op: Op) -> Request {
    Request { browser: 0, machine, elsewhere: false, skips: false, registers: true, ops: vec![op] }
}

fn visit(machine: usize, op: Op) -> Step {
    Step::Visit { request: request(machine, op), takes: 0 }
}

fn begin(machine: usize, op: Op) -> Step {
    Step::Begin(request(machine, op))
}

/// The step, in another browser.
fn by(browser: usize, step: Step) -> Step {
    match step {
        Step::Visit { request, takes } => {
            Step::Visit { request: Request { browser, ..request }, takes }
        }
        other => other,
    }
}

/// The step, of a browser that does not refresh before.
fn without_refresh(step: Step) -> Step {
    match step {
        Step::Visit { request, takes } => {
            Step::Visit { request: Request { skips: true, ..request }, takes }
        }
        other => other,
    }
}

/// The response to the first request under way.
fn respond() -> [Step; 2] {
    [Step::Commit { pending: Pick(0), late: None }, Step::Deliver(Pick(0))]
}
