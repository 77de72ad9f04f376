//! What a plan does to the seats, and what stands in the way of a claim; told by the sandbox's own count.

use icewarden::edge::sandbox::{Setting, World};

use super::run::{Desk, blocked, codes, desk, ledger, steps};
use super::spec::{group, license, policy, put, whole, world};
use super::stand::{Reply, Stand, answer, text, valued, without};

const ALLOW: &[&str] = &["--allow", "disable=9", "--reason", "a test"];

/// Accounts that have a phone, accounts that have none, and so many seats.
fn phones(on: &[&str], off: &[&str], seats: Option<u32>) -> World {
    let users: Vec<(&str, &[&str])> = on
        .iter()
        .map(|name| (*name, &["activesync"] as &[&str]))
        .chain(off.iter().map(|name| (*name, &[] as &[&str])))
        .collect();
    let mut world = world(&users);
    world.set_product("ActiveSync", seats);
    world.reset_highest();
    world
}

const ANNA: &str = "anna@example.com";
const BOB: &str = "bob@example.com";
const CARL: &str = "carl@example.com";
const DORA: &str = "dora@example.com";

fn enabled(name: &str, service: &str, accounts: &[&str]) -> String {
    policy(name, &format!("scope: {{accounts: [{}]}}\nservices: {{{service}: enabled}}", accounts.join(", ")))
}

/// Only these of `example.com` have a phone.
fn only(accounts: &[&str]) -> String {
    let enable = format!("{{enable: {{accounts: [{}]}}, others: disabled}}", accounts.join(", "));
    policy("only", &format!("scope: {{domains: [example.com]}}\nservices: {{activesync: {enable}}}"))
}

#[test]
fn seat_1_claims_go_up_to_the_seats_and_the_rest_is_blocked_with_what_is_missing() {
    let stand = Stand::of(phones(&[ANNA], &[BOB, CARL, DORA], Some(2)));
    let desk = desk(&stand, &[enabled("a", "activesync", &[BOB, CARL, DORA])]);
    let planned = desk.planned(3, &[]);
    assert_eq!(steps(&planned), ["claim bob@example.com/activesync"]);
    assert_eq!(
        blocked(&planned),
        ["claim carl@example.com/activesync: no-seat", "claim dora@example.com/activesync: no-seat"]
    );
    let row = ledger(&planned, "activesync");
    let number = |key: &str| row[key].as_u64().expect("a number");
    assert_eq!(
        ["seats", "used", "released", "claimed", "peak", "after", "free", "blocked"].map(number),
        [2, 1, 0, 1, 2, 2, 0, 2]
    );
    desk.apply(&[])
        .exits(3)
        .says(&["get 2 more seats of ActiveSync, or release as many", "1 of 1 steps done"]);
    assert_eq!((stand.used("ActiveSync"), stand.over_highest("ActiveSync")), (2, 0));
}

/// Claims that compete for the last seats: by priority, then by address.
#[test]
fn claims_compete_by_priority_and_then_by_address() {
    let stand = Stand::of(phones(&[], &[ANNA, BOB, CARL, DORA], Some(3)));
    let first = enabled("first", "activesync", &[DORA]).replace("server: eu", "server: eu\n  priority: 5");
    let last = enabled("last", "activesync", &[ANNA]).replace("server: eu", "server: eu\n  priority: -5");
    let desk = desk(&stand, &[enabled("a", "activesync", &[CARL, BOB]), last, first]);
    let planned = desk.planned(3, &[]);
    assert_eq!(
        steps(&planned),
        [DORA, BOB, CARL].map(|account| format!("claim {account}/activesync")),
        "in the order in which they get the seats"
    );
    assert_eq!(blocked(&planned), ["claim anna@example.com/activesync: no-seat"]);
    desk.apply(&[]).exits(3);
    assert!(!stand.is_on(ANNA, "activesync") && stand.is_on(DORA, "activesync"));
}

#[test]
fn seat_8_seats_are_freed_by_switching_off_and_before_they_are_taken() {
    let stand = Stand::of(phones(&[ANNA, BOB], &[CARL, DORA], Some(2)));
    let desk = desk(&stand, &[only(&[CARL, DORA])]);
    let planned = desk.planned(2, ALLOW);
    assert_eq!(
        steps(&planned),
        ["release anna", "release bob", "claim carl", "claim dora"]
            .map(|step| format!("{step}@example.com/activesync"))
    );
    assert_eq!(ledger(&planned, "activesync")["peak"], 2);
    desk.apply(ALLOW).exits(0);
    assert_eq!((stand.used("ActiveSync"), stand.over_highest("ActiveSync")), (2, 0));
    desk.nothing_to_do(&[]);
}

/// A server that starts over its licence is brought down, plan by plan, and never gets worse on the way.
#[test]
fn seat_5_a_server_over_its_licence_is_flagged_and_brought_down_step_by_step() {
    let stand = Stand::of(phones(&[ANNA, BOB, CARL], &[DORA], Some(1)));
    assert_eq!(stand.over("ActiveSync"), 2);
    let over = |desk: &Desk, exit: i32| {
        let planned = desk.planned(exit, ALLOW);
        let row = ledger(&planned, "activesync");
        (row["over_before"].as_u64(), row["over_after"].as_u64())
    };
    // As it is: flagged, and no claim goes through however much is wished.
    let more = desk(&stand, &[enabled("a", "activesync", &[DORA])]);
    assert_eq!(over(&more, 3), (Some(2), Some(2)));
    let said = more.plan(&[]).says(&["over by 2", "1 blocked", "get 3 more seats of ActiveSync"]).out;
    assert!(!said.contains("get 2 more seats"), "one module, one order: {said}");
    // Dora waits until her seat is free.
    let fewer = desk(&stand, &[only(&[CARL, DORA])]);
    assert_eq!(over(&fewer, 3), (Some(2), Some(0)));
    fewer.plan(ALLOW).says(&["over by 2, then 0", "get 1 more seat of ActiveSync, or release one"]);
    fewer.apply(ALLOW).exits(3);
    assert!(stand.is_on(CARL, "activesync") && !stand.is_on(DORA, "activesync"));
    assert_eq!(stand.over("ActiveSync"), 0);
    let dora = desk(&stand, &[only(&[DORA])]);
    assert_eq!(over(&dora, 2), (Some(0), Some(0)));
    dora.apply(ALLOW).exits(0);
    dora.nothing_to_do(&[]);
    assert_eq!(stand.over_highest("ActiveSync"), 2, "it was never worse than at the start");
}

/// Only users take seats; disabled and guest users are counted, and free none for certain (U-5).
#[test]
fn seat_2_only_users_take_seats_and_a_disabled_one_frees_none_for_certain() {
    let stand = Stand::of(phones(&[ANNA, BOB], &[CARL], Some(2)));
    {
        let mut world = stand.world();
        world.add_account("room@example.com", "", 8);
        group(&mut world, "sales@example.com", &[ANNA]);
        assert!(world.set_account_variable(ANNA, "U_AccountDisabled", "1"));
        assert!(world.set_account_variable(BOB, "U_IsGuestAccount", "1"));
    }
    let desk = desk(&stand, &[only(&[CARL])]);
    let planned = desk.planned(3, ALLOW);
    let row = ledger(&planned, "activesync");
    assert_eq!([&row["used"], &row["doubtful"], &row["released"]], [2, 2, 0]);
    assert_eq!(ledger(&planned, "mailserver")["used"], 4, "the room and the group are no users");
    assert_eq!(blocked(&planned), ["claim carl@example.com/activesync: no-seat"]);
    desk.apply(ALLOW).exits(3);
    // Off is off: the next plan counts them no more.
    desk.apply(ALLOW).exits(0);
    desk.nothing_to_do(&[]);
}

/// By default every service is on for every user, so used can exceed the seats; a plan takes the larger count.
#[test]
fn seat_7_under_an_access_mode_for_all_every_account_counts_as_used() {
    let stand = Stand::of(phones(&[ANNA], &[BOB, CARL], Some(2)));
    assert!(stand.world().set_server_variable("C_ActiveSync_ProcessingMode", "0"));
    assert_eq!(stand.used("ActiveSync"), 4, "with the administrator");
    let planned = desk(&stand, &[only(&[ANNA])]).planned(3, &[]);
    assert_eq!(
        [&ledger(&planned, "activesync")["used"], &ledger(&planned, "activesync")["over_before"]],
        [4, 2]
    );
}

/// Where a higher level decides, nothing is planned that would rest on the account's switch (U-13, U-35).
#[test]
fn an_access_mode_that_does_not_heed_accounts_blocks_and_explains_the_seat_trap() {
    // Whoever's switch is off has it too.
    let releases =
        ["admin", "anna"].map(|name| format!("release {name}@example.com/activesync: access-mode"));
    let [admin, anna] = releases.each_ref().map(String::as_str);
    let claim = "claim bob@example.com/activesync: access-mode";
    // Under `all accounts` everybody has it anyway: a claim is no difference for ever.
    for (mode, word, expected, next) in [
        (
            "0",
            "`all accounts`",
            &[admin, anna][..],
            "set the access mode of activesync to `selected accounts` first",
        ),
        ("3", "`group`", &[admin, anna, claim], "change that group, or the access mode"),
        ("5", "`selected domains`", &[admin, anna, claim], "change which they are, or the access mode"),
    ] {
        let stand = Stand::of(phones(&[ANNA], &[BOB], Some(9)));
        assert!(stand.world().set_server_variable("C_ActiveSync_ProcessingMode", mode));
        let desk = desk(&stand, &[only(&[BOB])]);
        let planned = desk.planned(3, ALLOW);
        assert_eq!(blocked(&planned), expected, "{mode}");
        assert_eq!(codes(&planned).contains(&"on-for-everybody".to_owned()), mode == "0");
        desk.apply(ALLOW).exits(3).says(&[
            &format!("the access mode of activesync is {word}"),
            "the account's own switch decides nothing",
            next,
        ]);
        assert_eq!(stand.writes(), 0, "{mode}");
    }
    for mode in ["1", "9"] {
        let stand = Stand::of(phones(&[ANNA], &[BOB], Some(9)));
        assert!(stand.world().set_server_variable("C_ActiveSync_ProcessingMode", mode));
        desk(&stand, &[only(&[BOB])]).apply(ALLOW).exits(0);
    }
}

#[test]
fn a_domain_without_the_service_blocks_its_claims_and_is_named() {
    let stand = Stand::of(world(&[(ANNA, &["im"]), (BOB, &[]), ("dora@example.org", &[])]));
    assert!(stand.world().set_domain_variable("example.com", "D_IM", "0"));
    let desk = desk(
        &stand,
        &[
            enabled("a", "im", &[BOB, "dora@example.org"]),
            enabled("b", "im", &[ANNA]).replace("enabled", "disabled"),
        ],
    );
    let planned = desk.planned(3, ALLOW);
    assert_eq!(steps(&planned), ["claim dora@example.org/im"]);
    assert_eq!(
        blocked(&planned),
        ["release anna@example.com/im: not-editable", "claim bob@example.com/im: domain-switch"]
    );
    desk.apply(ALLOW).exits(3).says(&[
        "im is off for the whole domain example.com",
        "switch im on for the domain example.com first",
    ]);
    assert_eq!(stand.server("C_Version"), "14.3.0.12");
    assert_eq!(stand.world().domain_variable("example.com", "D_IM").as_deref(), Some("0"), "it is only read");
    assert_eq!(stand.writes(), 1);
}

#[test]
fn an_account_that_may_not_choose_is_blocked_and_never_written() {
    for (value, code, words) in [
        (text("0"), "not-editable", "the server does not let this account choose im"),
        (
            "<propertyval><classname>TPropertyNoValue</classname></propertyval>".to_owned(),
            "editable-unread",
            "whether this account may choose im was not read",
        ),
    ] {
        let stand = Stand::of(world(&[(ANNA, &["im"]), (BOB, &[])]));
        stand.twist(move |world, request| {
            let asked = request.command == "getaccountproperties";
            asked.then(|| Reply::Body(valued(&answer(world, request), "U_IMEditable", &value)))
        });
        let desk = desk(
            &stand,
            &[enabled("a", "im", &[BOB]), enabled("b", "im", &[ANNA]).replace("enabled", "disabled")],
        );
        let planned = desk.planned(3, ALLOW);
        assert_eq!(
            blocked(&planned),
            [format!("release {ANNA}/im: {code}"), format!("claim {BOB}/im: {code}")]
        );
        desk.apply(ALLOW).exits(3).says(&[words, "next:"]);
        assert_eq!(stand.writes(), 0);
    }
}

#[test]
fn seats_to_keep_free_block_claims_until_they_are_allowed() {
    let stand = Stand::of(phones(&[ANNA], &[BOB, CARL], Some(4)));
    let documents =
        [enabled("a", "activesync", &[BOB, CARL]), license("expect: {activesync: {keepFree: 2}}")];
    let desk = desk(&stand, &documents);
    let planned = desk.planned(3, &[]);
    assert_eq!(steps(&planned), ["claim bob@example.com/activesync"]);
    assert_eq!(blocked(&planned), ["claim carl@example.com/activesync: keep-free"]);
    desk.plan(&[]).says(&["keep 2 free", "(2 of 4)", "--allow keep-free=activesync --reason TEXT"]);
    desk.planned(3, &["--allow", "keep-free=sip", "--reason", "x"]);
    desk.apply(&["--allow", "keep-free=activesync", "--reason", "x"]).exits(0);
    assert_eq!(stand.used("ActiveSync"), 3);
    desk.nothing_to_do(&[]);
    // It opens what is kept, and not what is not there.
    let stand = Stand::of(phones(&[ANNA], &[BOB, CARL], Some(2)));
    let desk = super::run::desk(&stand, &documents);
    let planned = desk.planned(3, &["--allow", "keep-free=activesync", "--reason", "x"]);
    assert_eq!(blocked(&planned), ["claim carl@example.com/activesync: no-seat"]);
}

/// U-1: the licence's text is not shown. Then `expect` is the limit, and without it nothing is claimed.
#[test]
fn expect_is_the_limit_where_the_licence_is_unreadable_and_unknown_seats_block_claims_only() {
    let hidden = || {
        let stand = Stand::of(phones(&[ANNA, BOB], &[CARL, DORA], Some(100)));
        stand.twist(without(&["C_License_XML", "C_License"]));
        stand
    };
    let stand = hidden();
    let unknown = desk(&stand, &[only(&[CARL])]);
    let planned = unknown.planned(3, ALLOW);
    assert_eq!(
        steps(&planned),
        ["release anna@example.com/activesync", "release bob@example.com/activesync"],
        "a release never needs to know"
    );
    assert_eq!(blocked(&planned), ["claim carl@example.com/activesync: seats-unknown"]);
    let row = ledger(&planned, "activesync");
    assert!(row["seats_source"] == "unknown" && row["unlimited"] == false, "{row}");
    assert!(row["seats"].is_null() && row["free"].is_null() && row["over_after"].is_null());
    unknown.apply(ALLOW).exits(3).says(&["expect.activesync.seats"]);
    assert_eq!(stand.used("ActiveSync"), 0);

    let stand = hidden();
    let known = desk(
        &stand,
        &[enabled("a", "activesync", &[CARL, DORA]), license("expect: {activesync: {seats: 3}}")],
    );
    let planned = known.planned(3, &[]);
    assert_eq!(steps(&planned), ["claim carl@example.com/activesync"]);
    assert_eq!(blocked(&planned), ["claim dora@example.com/activesync: no-seat"]);
    assert_eq!(ledger(&planned, "activesync")["seats_source"], "expect");
    assert!(codes(&planned).contains(&"licence-expect".to_owned()));
    known.plan(&[]).says(&["seats as the spec expects", "3 activesync seats are taken from the spec"]);
}

/// A readable licence that does not name the module is no licence for any number.
#[test]
fn a_module_that_the_licence_does_not_name_blocks_claims_whatever_is_expected() {
    let stand = Stand::of(phones(&[], &[ANNA], None));
    let desk =
        desk(&stand, &[enabled("a", "activesync", &[ANNA]), license("expect: {activesync: {seats: 3}}")]);
    assert_eq!(blocked(&desk.planned(3, &[])), ["claim anna@example.com/activesync: not-in-licence"]);
    desk.plan(&[]).says(&[
        "the licence names no activesync, the spec expects 3 seats",
        "moduleOf: {activesync: MODULE}",
    ]);
    // 0 on the wire is unlimited.
    stand.world().set_product("ActiveSync", Some(0));
    assert_eq!(ledger(&desk.planned(2, &[]), "activesync")["unlimited"], true);
    desk.apply(&[]).exits(0).says(&["no limit"]);
}

/// Antispam and quarantine of one account are one seat (U-37): it passes from one to the other without a free one.
#[test]
fn two_services_of_one_module_take_one_seat_and_pass_it_on() {
    let mut world = world(&[(ANNA, &["quarantine"]), (BOB, &[])]);
    world.set_product("Anti-Spam", Some(1));
    world.reset_highest();
    let stand = Stand::of(world);
    let swap = policy(
        "a",
        &format!("scope: {{accounts: [{ANNA}]}}\nservices: {{antispam: enabled, quarantine: disabled}}"),
    );
    let swap = desk(&stand, &[swap]);
    assert_eq!(
        steps(&swap.planned(2, ALLOW)),
        ["claim anna@example.com/antispam", "release anna@example.com/quarantine"]
    );
    swap.apply(ALLOW).exits(0);
    swap.nothing_to_do(&[]);
    assert_eq!((stand.used("Anti-Spam"), stand.over_highest("Anti-Spam")), (1, 0));
    stand.world().set_product("Anti-Spam", Some(2));
    let both = policy(
        "a",
        &format!("scope: {{accounts: [{BOB}]}}\nservices: {{antispam: enabled, quarantine: enabled}}"),
    );
    let both = desk(&stand, &[both]);
    assert_eq!(ledger(&both.planned(2, &[]), "antispam")["claimed"], 1);
    both.apply(&[]).exits(0);
    assert_eq!((stand.used("Anti-Spam"), stand.over_highest("Anti-Spam")), (2, 0));
}

/// A claim without a free seat would be accepted, on trial: so none is ever planned (TRI-1, U-30).
#[test]
fn tri_1_no_plan_puts_an_account_on_trial() {
    let stand = Stand::of(phones(&[ANNA], &[BOB], Some(1)));
    put(&mut stand.world(), BOB, &["activesync"], "1");
    assert_eq!(stand.state()["accounts"][BOB]["trial"], serde_json::json!(["ActiveSync"]), "so it would be");
    put(&mut stand.world(), BOB, &["activesync"], "0");
    stand.world().reset_highest();
    let desk = desk(&stand, &[enabled("a", "activesync", &[ANNA, BOB])]);
    desk.apply(&[]).exits(3).says(&["no ActiveSync seat is left"]);
    assert_eq!(stand.over_highest("ActiveSync"), 0);
}

/// What was not read is counted as taken, and is no difference.
#[test]
fn a_switch_that_was_not_read_is_counted_and_left_alone() {
    let stand = Stand::of(phones(&[], &[ANNA, BOB], Some(1)));
    stand.twist(|world, request| {
        let asked = request.command == "getaccountproperties" && request.body.contains(BOB);
        asked.then(|| {
            let none = "<propertyval><classname>TPropertyNoValue</classname></propertyval>";
            Reply::Body(valued(&answer(world, request), "U_ActiveSync", none))
        })
    });
    let more = "guardrails: {disable: {accounts: 9, percent: 100}}";
    let desk = Desk::with(&whole(&stand, more, &[enabled("a", "activesync", &[ANNA, BOB])]));
    let planned = desk.planned(3, &[]);
    assert_eq!(blocked(&planned), ["claim anna@example.com/activesync: no-seat"]);
    let row = ledger(&planned, "activesync");
    assert_eq!([&row["used"], &row["unread"]], [1, 1]);
    desk.plan(&[]).says(&["activesync was not read for 1 account", "1 not read, counted"]);
}

/// A service without a known module is never shown as free of charge.
#[test]
fn claims_that_no_module_counts_are_told() {
    let stand = Stand::of(world(&[(ANNA, &[]), (BOB, &["meeting"])]));
    let desk = desk(
        &stand,
        &[
            enabled("a", "meeting", &[ANNA]),
            enabled("b", "smtp", &[ANNA]),
            enabled("c", "meeting", &[BOB]).replace("enabled", "disabled"),
        ],
    );
    let planned = desk.planned(2, ALLOW);
    assert_eq!(codes(&planned), ["module-unknown"]);
    desk.plan(ALLOW)
        .says(&["no module is known for meeting: the ledger does not hold its 1 claims", "`moduleOf`"]);
    let paired = super::run::desk(
        &stand,
        &[enabled("a", "meeting", &[ANNA]), license("moduleOf: {meeting: webmail}")],
    );
    assert_eq!(ledger(&paired.planned(2, &[]), "webmail")["claimed"], 1);
}

/// Where `Support` merely says what an account may have, it counts nobody as a user; only the author can know (U-32).
#[test]
fn what_support_means_is_unknown_until_the_spec_says_so() {
    let mut world = phones(&[ANNA], &[BOB], Some(1));
    world.set_switch(Setting::parse("U-32=available").expect("a position"));
    let stand = Stand::of(world);
    let policies = [
        enabled("a", "activesync", &[BOB]),
        enabled("b", "activesync", &[ANNA]).replace("enabled", "disabled"),
    ];
    let limits = "guardrails: {disable: {accounts: 9, percent: 100}}";
    let desk = |sense: &str| Desk::with(&whole(&stand, &format!("{limits}\n{sense}"), &policies));
    for sense in ["", "supportSense: unknown", "supportSense: effective"] {
        let planned = desk(sense).planned(3, &[]);
        assert_eq!(blocked(&planned), ["claim bob@example.com/activesync: no-seat"], "{sense}");
        let hinted = codes(&planned).contains(&"counted-by-support".to_owned());
        assert_eq!(hinted, !sense.contains("effective"), "{sense}");
    }
    desk("").plan(&[]).says(&["`Support` reads 1 (U-32)", "say `supportSense: available` in the Server"]);
    let available = desk("supportSense: available");
    let planned = available.planned(2, &[]);
    assert_eq!(steps(&planned), ["release anna@example.com/activesync", "claim bob@example.com/activesync"]);
    available.apply(&[]).exits(0);
    available.nothing_to_do(&[]);
    assert_eq!([stand.used("ActiveSync"), stand.over_highest("ActiveSync")], [1, 0]);
}

/// Whom the server counts and no list has may hold a seat: no claim rests on that he does not (U-5, U-20).
#[test]
fn accounts_that_are_counted_and_not_listed_may_hold_every_seat() {
    // Three users are listed: the administrator, Anna and Bob.
    for (theirs, code, used) in [("3", 2, 1), ("2", 2, 1), ("4", 2, 2), ("5", 3, 3), ("900", 3, 898)] {
        let stand = Stand::of(phones(&[ANNA], &[BOB], Some(3)));
        let value =
            format!("<propertyval><classname>TPropertyString</classname><val>{theirs}</val></propertyval>");
        stand.twist(move |world, request| {
            let asked = request.command == "getstatisticsproperties";
            asked.then(|| Reply::Body(valued(&answer(world, request), "Statistics_ActiveUsers", &value)))
        });
        let desk = desk(&stand, &[enabled("a", "activesync", &[BOB])]);
        let planned = desk.planned(code, &[]);
        assert_eq!(ledger(&planned, "activesync")["used"], used, "{theirs}");
        desk.apply(&[]).exits(if code == 3 { 3 } else { 0 });
        assert_eq!(stand.is_on(BOB, "activesync"), code == 2, "{theirs}");
    }
}

/// What the spec says of a module does not switch off the guard of another one that the licence has.
#[test]
fn a_service_that_module_of_moves_takes_a_seat_of_both_modules() {
    let users: Vec<String> = (0..44).map(|number| format!("user{number:02}@example.com")).collect();
    let users: Vec<&str> = users.iter().map(String::as_str).collect();
    let start = |chat: Option<u32>, web: Option<u32>| {
        let mut world = world(&users.iter().map(|user| (*user, &[] as &[&str])).collect::<Vec<_>>());
        users[..36].iter().for_each(|user| put(&mut world, user, &["im"], "1"));
        world.set_product("Instant Messaging", chat);
        world.set_product("WebMail", web);
        world.reset_highest();
        Stand::of(world)
    };
    let documents = [enabled("chat", "im", &users), license("moduleOf: {im: webmail}")];
    // The seats of both; the claims that fit; by which module the first of the others is blocked.
    for (chat, web, claims, by) in [
        (Some(41), Some(0), 5, Some("instantmessaging")),
        (Some(0), Some(39), 3, Some("webmail")),
        (Some(41), Some(39), 3, Some("webmail")),
        (Some(40), Some(50), 4, Some("instantmessaging")),
        (Some(0), Some(0), 8, None),
        // The licence does not have it: then the author knows better.
        (None, Some(43), 7, Some("webmail")),
    ] {
        let stand = start(chat, web);
        let desk = desk(&stand, &documents);
        let what = format!("{chat:?} and {web:?}");
        let planned = desk.planned(if by.is_some() { 3 } else { 2 }, &[]);
        assert_eq!(steps(&planned).len(), claims, "{what}");
        assert_eq!(planned["blocked"][0]["module"].as_str(), by, "{what}");
        assert_eq!(ledger(&planned, "webmail")["claimed"], claims, "{what}");
        assert_eq!(codes(&planned).contains(&"module-moved".to_owned()), chat.is_some(), "{what}");
        if chat.is_some() {
            assert_eq!(ledger(&planned, "instantmessaging")["claimed"], claims, "{what}");
            desk.plan(&[]).says(&["it is counted in both", "remove im from moduleOf"]);
            desk.apply(&[]).exits(if by.is_some() { 3 } else { 0 });
            assert_eq!(stand.over_highest("Instant Messaging"), 0, "{what}");
        }
    }
}
