//! A selector that lost many of its accounts since it was last applied holds its policy.

use icewarden::edge::sandbox::World;

use super::kill::{When, kill_at};
use super::run::{Desk, desk};
use super::spec::{group, policy, put, world};
use super::stand::Stand;

const NAMES: [&str; 10] = ["a", "b", "c", "d", "e", "f", "g", "h", "i", "j"];

/// Ten accounts, all of them in sales, with chat for sales and for nobody else; it was applied once.
fn start() -> (Stand, Desk) {
    let names: Vec<String> = NAMES.iter().map(|name| format!("{name}@example.com")).collect();
    let users: Vec<(&str, &[&str])> = names.iter().map(|name| (name.as_str(), &[] as &[&str])).collect();
    let mut world = world(&users);
    let members: Vec<&str> = names.iter().map(String::as_str).collect();
    group(&mut world, "sales@example.com", &members);
    let stand = Stand::of(world);
    let desk = desk(&stand, &[chat("groups: [sales@example.com]")]);
    desk.apply(&[]).exits(0);
    (stand, desk)
}

fn chat(enable: &str) -> String {
    let accounts: Vec<String> = NAMES.iter().map(|name| format!("{name}@example.com")).collect();
    let services = format!("{{im: {{enable: {{{enable}}}, others: disabled}}}}");
    policy("chat", &format!("scope: {{accounts: [{}]}}\nservices: {services}", accounts.join(", ")))
}

/// Leaves so many members in sales.
fn leave(world: &mut World, count: usize) {
    let names: Vec<String> = NAMES.iter().take(count).map(|name| format!("{name}@example.com")).collect();
    world.set_members("sales@example.com", &names.iter().map(String::as_str).collect::<Vec<_>>());
}

const LOSE: [&str; 4] = ["--allow", "disable=9", "--reason", "a test"];
const ALLOW: [&str; 6] = ["--allow", "disable=9", "--allow", "shrink=chat:5", "--reason", "sales is smaller"];

#[test]
fn a_group_may_lose_a_fifth_and_no_more() {
    let (stand, desk) = start();
    leave(&mut stand.world(), 8);
    desk.apply(&LOSE).exits(0).says(&["2 of 2 steps done"]);
    // Two of eight are a quarter.
    leave(&mut stand.world(), 6);
    let writes = stand.writes();
    let said = [
        "chat",
        "what enables im matches 6 accounts, and matched 8 when it was last applied (2",
        "more than 20 % fewer",
        "--allow shrink=chat:6 --reason TEXT",
    ];
    desk.plan(&LOSE).exits(3).says(&said);
    desk.apply(&LOSE).exits(3).says(&said);
    // What was held is not what was applied: the number stays, however often it is tried.
    desk.apply(&LOSE).exits(3).says(&said);
    assert_eq!(stand.writes(), writes);
    desk.apply(&ALLOW).exits(0).says(&["2 of 2 steps done"]);
    // From then on the new number counts.
    desk.plan(&[]).exits(0).says(&["nothing to do"]);
    leave(&mut stand.world(), 5);
    desk.apply(&LOSE).exits(0);
    assert!(stand.is_on("e@example.com", "im") && !stand.is_on("f@example.com", "im"));
}

/// An apply that finds nothing to do remembers too: somebody else may have done it all.
#[test]
fn what_a_selector_matched_is_remembered_without_a_single_step() {
    let (stand, desk) = start();
    {
        let mut world = stand.world();
        leave(&mut world, 9);
        put(&mut world, "j@example.com", &["im"], "0");
    }
    desk.apply(&[]).exits(0).says(&["nothing to do"]);
    leave(&mut stand.world(), 7);
    desk.plan(&LOSE).exits(3).says(&["matched 9 when it was last applied"]);
}

#[test]
fn a_policy_whose_scope_shrank_lets_no_weaker_one_decide_in_its_place() {
    let names: Vec<String> = NAMES.iter().map(|name| format!("{name}@example.com")).collect();
    let users: Vec<(&str, &[&str])> = names.iter().map(|name| (name.as_str(), &["im"] as &[&str])).collect();
    let mut world = world(&users);
    group(&mut world, "sales@example.com", &names.iter().map(String::as_str).collect::<Vec<_>>());
    let stand = Stand::of(world);
    let sales = "scope: {groups: [sales@example.com]}\npriority: 10\nservices: {im: enabled}";
    let nobody = "scope: {accounts: [\"?@example.com\"]}\nservices: {im: disabled}";
    let desk = desk(&stand, &[policy("sales", sales), policy("nobody", nobody)]);
    desk.apply(&[]).exits(0).says(&["nothing to do"]);
    leave(&mut stand.world(), 5);
    let ran = desk.plan(&LOSE).exits(3);
    assert!(!ran.out.contains("- release"), "{}", ran.out);
    ran.says(&["its scope matches 5 accounts, and matched 10 when it was last applied"]);
    desk.apply(&LOSE).exits(3);
    assert!(NAMES.iter().all(|name| stand.is_on(&format!("{name}@example.com"), "im")));
}

/// A selector that its author narrowed is held once, as one that shrank by itself: a slip looks just the same.
#[test]
fn a_selector_that_was_edited_is_held_once_and_then_no_more() {
    let (stand, desk) = start();
    let spec =
        desk.read("spec/spec.yaml").replace("groups: [sales@example.com]", "accounts: [a@example.com]");
    desk.write("spec/spec.yaml", &spec);
    desk.plan(&LOSE).exits(3).says(&["matches 1 accounts, and matched 10"]);
    // An override speaks of a number: what shrinks further is held again.
    desk.plan(&ALLOW).exits(3).says(&["--allow shrink=chat:1 --reason TEXT"]);
    let allow = ["--allow", "disable=9", "--allow", "shrink=chat:1", "--reason", "sales is smaller"];
    desk.plan(&[&allow[..], &["--out", "plan.json"]].concat()).exits(2);
    desk.apply_saved().exits(0).says(&["9 of 9 steps done"]);
    desk.nothing_to_do(&[]);
    assert!(stand.is_on("a@example.com", "im") && !stand.is_on("b@example.com", "im"));
}

/// Refuses every write from the given one on.
fn refuse_from(stand: &Stand, first: u32) {
    let mut writes = 0;
    stand.twist(move |_, request| {
        writes += u32::from(request.command == "setaccountproperties");
        (request.command == "setaccountproperties" && writes >= first).then(|| super::stand::result("0"))
    });
}

/// One account that refuses for ever must not leave the others unguarded.
#[test]
fn a_run_that_came_to_its_end_remembers_whatever_was_refused() {
    let (stand, desk) = start();
    leave(&mut stand.world(), 5);
    refuse_from(&stand, 3);
    desk.apply(&ALLOW).exits(5);
    stand.twist(|_, _| None);
    leave(&mut stand.world(), 3);
    desk.plan(&LOSE).exits(3).says(&["matched 5 when it was last applied"]);
}

/// What a first run was to give, its second compares with, however the first one ended.
#[test]
fn a_run_remembers_as_it_begins() {
    let (stand, desk) = start();
    for name in NAMES {
        put(&mut stand.world(), &format!("{name}@example.com"), &["im"], "0");
    }
    let fewer = ["--store", "another"];
    kill_at(&stand, &desk, 1, When::BeforeAll, &fewer);
    stand.twist(|_, _| None);
    leave(&mut stand.world(), 5);
    desk.plan(&[&LOSE[..], &fewer].concat()).exits(3).says(&["matched 10 when it was last applied"]);
}

/// An override that was a slip, and whose run was stopped at once, has lost no guard.
#[test]
fn a_run_that_may_shrink_and_was_cut_off_remembers_nothing() {
    let (stand, desk) = start();
    leave(&mut stand.world(), 5);
    kill_at(&stand, &desk, 1, When::BeforeAll, &ALLOW);
    stand.twist(|_, _| None);
    desk.plan(&LOSE).exits(3).says(&["matched 10 when it was last applied"]);
    // The run carries its override.
    desk.icewarden(&["apply", "--resume", "--auto-approve"]).exits(0);
    desk.nothing_to_do(&[]);
}

/// Without a store there is nothing to compare with, and a plan is made all the same.
#[test]
fn without_a_store_nothing_is_known_to_have_shrunk() {
    let (stand, desk) = start();
    leave(&mut stand.world(), 5);
    desk.plan(&LOSE).exits(3);
    desk.plan(&[&LOSE[..], &["--store", "nowhere"]].concat()).exits(2).says(&["5 releases"]);
}

/// A policy that is given another name is known by what it selects; one that is rewritten too is new.
#[test]
fn a_policy_that_is_renamed_keeps_its_memory() {
    let (stand, desk) = start();
    leave(&mut stand.world(), 5);
    let spec = desk.read("spec/spec.yaml");
    let renamed = spec.replace("name: chat", "name: talk");
    desk.write("spec/spec.yaml", &renamed);
    let said =
        ["talk", "matches 5 accounts, and matched 10 when it was last applied", "--allow shrink=talk:5"];
    desk.plan(&LOSE).exits(3).says(&said);
    desk.apply(&LOSE).exits(3).says(&said);
    let allow = ["--allow", "disable=9", "--allow", "shrink=talk:5", "--reason", "sales is smaller"];
    desk.apply(&allow).exits(0);
    desk.nothing_to_do(&[]);
    // From then on its own number counts, and the old name has not lost its own.
    leave(&mut stand.world(), 4);
    desk.apply(&LOSE).exits(0);
    desk.write("spec/spec.yaml", &spec);
    desk.plan(&[]).exits(3).says(&["matches 4 accounts, and matched 10 when"]);
    // Rewritten at once, as another group: nothing is known of it.
    group(&mut stand.world(), "sellers@example.com", &["a@example.com"]);
    desk.write("spec/spec.yaml", &renamed.replace("name: talk", "name: new").replace("sales@", "sellers@"));
    desk.plan(&LOSE).exits(2);
}

/// A run looks at the lists again before its claims: that a group may be empty holds then too.
#[test]
fn claims_beside_a_group_that_may_be_empty_are_done() {
    let (stand, _) = start();
    leave(&mut stand.world(), 0);
    let services = "{im: {enable: {groups: [sales@example.com]}, others: disabled}, sip: enabled}";
    let scope = "scope: {accounts: [\"?@example.com\"]}";
    let desk = desk(&stand, &[policy("chat", &format!("{scope}\nservices: {services}"))]);
    let allow = ["--allow", "disable=10", "--allow", "shrink=chat:0", "--reason", "sales is closed"];
    desk.apply(&allow).exits(0).says(&["20 of 20 steps done"]);
    assert!(stand.is_on("a@example.com", "sip") && !stand.is_on("a@example.com", "im"));
}
