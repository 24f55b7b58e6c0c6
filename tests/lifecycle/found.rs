//! Lives that once went wrong, and are rare.

use crate::{
    fleet::{Policy, Site},
    steps::{Life, MACHINES, Op, Operation, Pick, Request, Step},
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

fn live(steps: &[Step]) {
    live_at(Site::Host, steps);
}

fn live_at(site: Site, steps: &[Step]) {
    World::live(&Life {
        site,
        policy: Policy { absolute: 7200, idle: None },
        skews: [0; MACHINES],
        has_lists: false,
        steps: steps.to_vec(),
    });
}

fn request(machine: usize, op: Op) -> Request {
    Request { browser: 0, machine, elsewhere: false, ops: vec![op] }
}

fn visit(machine: usize, op: Op) -> Step {
    Step::Visit { request: request(machine, op), takes: 0 }
}

fn begin(machine: usize, op: Op) -> Step {
    Step::Begin(request(machine, op))
}

/// The response to the first request under way.
fn respond() -> [Step; 2] {
    [Step::Commit { pending: Pick(0), late: None }, Step::Deliver(Pick(0))]
}
