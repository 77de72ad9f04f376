//! Who gets what: every sentence of the design on policies, selectors, exceptions and what is left alone.

use icewarden::edge::sandbox::World;
use jiff::tz::Offset;
use jiff::{Timestamp, ToSpan};

use super::run::{Desk, blocked, codes, desk, ledger, steps};
use super::spec::{group, license, policy, put, whole, world};
use super::stand::{Reply, Stand, answer};

/// One spec on one world: what is planned, how it ends, and what is said.
struct Case {
    name: &'static str,
    world: fn(&mut World),
    documents: Vec<String>,
    args: &'static [&'static str],
    plan: i32,
    apply: i32,
    steps: Vec<&'static str>,
    says: Vec<&'static str>,
}

/// Anna and Bob have chat, Carl has none of it; Dora is in another domain and has it. *sales* is Anna and Carl.
fn people() -> World {
    let mut world = world(&[
        ("anna@example.com", &["im"]),
        ("bob@example.com", &["im"]),
        ("carl@example.com", &[]),
        ("dora@example.org", &["im"]),
    ]);
    group(&mut world, "sales@example.com", &["anna@example.com", "carl@example.com"]);
    world
}

const ALLOW: &[&str] = &["--allow", "disable=9", "--reason", "a test"];

fn case(name: &'static str, documents: Vec<String>, exit: i32, steps: Vec<&'static str>) -> Case {
    let apply = if exit == 2 { 0 } else { exit };
    Case { name, world: |_| {}, documents, args: ALLOW, plan: exit, apply, steps, says: Vec::new() }
}

impl Case {
    fn on(mut self, world: fn(&mut World)) -> Case {
        self.world = world;
        self
    }

    fn with(mut self, args: &'static [&'static str]) -> Case {
        self.args = args;
        self
    }

    fn says(mut self, words: &[&'static str]) -> Case {
        self.says = words.to_vec();
        self
    }

    /// Plans, applies, looks, and plans again.
    fn check(&self) {
        let mut world = people();
        (self.world)(&mut world);
        let stand = Stand::of(world);
        let desk = desk(&stand, &self.documents);
        let ran = desk.plan(&[&["--format", "json"], self.args].concat());
        assert_eq!(ran.code, self.plan, "{}: {ran:?}", self.name);
        let planned = ran.json()["servers"][0].clone();
        assert_eq!(steps(&planned), self.steps, "{}", self.name);
        desk.plan(self.args).says(&self.says);
        let applied = desk.apply(self.args);
        assert_eq!(applied.code, self.apply, "{}: {applied:?}", self.name);
        let done = if planned["holds"].as_array().expect("holds").is_empty() { self.steps.len() } else { 0 };
        assert_eq!(stand.writes(), done as u64, "{}: {applied:?}", self.name);
        if done == 0 {
            return;
        }
        for step in &self.steps {
            let (action, address) = step.split_once(' ').expect("two words");
            let (account, service) = address.split_once('/').expect("an account and a service");
            assert_eq!(stand.is_on(account, service), action == "claim", "{}: {step}", self.name);
        }
        let again = desk.plan(&[&["--format", "json"], self.args].concat());
        assert_eq!(again.code, self.apply, "{}: {again:?}", self.name);
        assert!(steps(&again.json()["servers"][0]).is_empty(), "{}: {again:?}", self.name);
    }
}

fn everyone(name: &str, more: &str, services: &str) -> String {
    policy(name, &format!("scope: {{domains: [example.com]}}\n{more}\nservices: {{{services}}}"))
}

/// Only who is in sales has chat.
fn sales(scope: &str, group: &str) -> String {
    let want = format!("{{enable: {{groups: [{group}]}}, others: disabled}}");
    policy("sales", &format!("scope: {scope}\nservices: {{im: {want}}}"))
}

#[test]
fn selectors_mean_whom_they_say() {
    let all = "{domains: [example.com], except: [admin@example.com]}";
    let cases = [
        case("everyone in a domain", vec![everyone("a", "", "sip: enabled")], 2, vec![
            "claim admin@example.com/sip",
            "claim anna@example.com/sip",
            "claim bob@example.com/sip",
            "claim carl@example.com/sip",
        ])
        .says(&["Left alone: 1 of 5 accounts, of which no policy speaks"]),
        case("a group, and disabled for the others", vec![sales(all, "sales@example.com")], 2, vec![
            "release bob@example.com/im",
            "claim carl@example.com/im",
        ])
        .says(&["others: disabled"]),
        case(
            "a group, and the others are left",
            vec![policy(
                "a",
                "scope: {domains: [example.com]}\nservices: {im: {enable: {groups: [sales@example.com]}, others: leave}}",
            )],
            2,
            vec!["claim carl@example.com/im"],
        )
        .says(&["Left alone: 3 of 5 accounts, of which no policy speaks"]),
        case(
            "keys intersect, entries unite, except subtracts; globs match the whole address in lower case",
            vec![policy(
                "a",
                "scope:\n  domains: [example.com, example.org]\n  accounts: ['*A@EXAMPLE.*', bob@example.com]\n  except: ['c*']\n\
                 services: {sip: enabled}",
            )],
            2,
            vec!["claim anna@example.com/sip", "claim bob@example.com/sip", "claim dora@example.org/sip"],
        ),
        case(
            "except with a glob of the whole address",
            vec![policy(
                "a",
                "scope: {domains: ['*.com'], except: ['an*@example.com', admin@example.com]}\nservices: {sip: enabled}",
            )],
            2,
            vec!["claim bob@example.com/sip", "claim carl@example.com/sip"],
        ),
        case(
            "enable selects within the scope",
            vec![sales("{accounts: [anna@example.com, bob@example.com]}", "sales@example.com")],
            2,
            vec!["release bob@example.com/im"],
        ),
        case("groups in groups are followed, and cycles cut", vec![sales(all, "outer@example.com")], 2, vec![
            "release bob@example.com/im",
            "claim carl@example.com/im",
        ])
        .on(|world| {
            group(world, "outer@example.com", &["inner@example.com"]);
            group(world, "inner@example.com", &["sales@example.com", "outer@example.com"]);
        }),
        case(
            "only users carry policies",
            vec![policy("a", "scope: {domains: [example.org]}\nservices: {sip: enabled}")],
            2,
            vec!["claim dora@example.org/sip"],
        )
        .on(|world| {
            world.add_account("room@example.org", "", 8);
            world.add_account("news@example.org", "", 1);
            group(world, "team@example.org", &["dora@example.org"]);
        }),
        case("a service that is absent is not touched", vec![everyone("a", "", "sip: disabled")], 0, vec![]),
    ];
    cases.iter().for_each(Case::check);
}

/// A selector that cannot be read or means nobody holds its policy, and what another policy says goes on.
#[test]
fn an_empty_or_unread_selector_holds_its_policy_and_not_the_others() {
    let all = "{domains: [example.com], except: [admin@example.com]}";
    let other = || policy("calls", "scope: {accounts: [bob@example.com]}\nservices: {sip: enabled}");
    let done = "claim bob@example.com/sip";
    let off = vec!["release anna@example.com/im", "release bob@example.com/im", done];
    let chat = |scope: &str| policy("sales", &format!("scope: {scope}\nservices: {{im: disabled}}"));
    let shrink: &[&str] =
        &["--allow", "shrink=sales:0", "--allow", "disable=9", "--reason", "the team was closed"];
    let remedy = "--allow shrink=sales:0 --reason TEXT";
    let cases = [
        case("an empty group", vec![sales(all, "empty@example.com"), other()], 3, vec![done])
            .on(|world| group(world, "empty@example.com", &[]))
            .says(&[
                "held policy sales",
                "the group empty@example.com has no members",
                "spec.yaml:15:37",
                remedy,
            ]),
        case("an empty group that is meant", vec![sales(all, "empty@example.com"), other()], 2, off.clone())
            .on(|world| group(world, "empty@example.com", &[]))
            .with(shrink),
        case(
            "nobody in the scope is selected",
            vec![sales("{accounts: [bob@example.com]}", "sales@example.com"), other()],
            3,
            vec![done],
        )
        .says(&["nobody in the scope is selected", remedy]),
        case(
            "a scope that matches nobody",
            vec![
                policy("sales", "scope: {accounts: ['x-*@example.com']}\nservices: {im: disabled}"),
                other(),
            ],
            3,
            vec![done],
        )
        .says(&["the selector matches no account", remedy]),
        case(
            "a scope that matches nobody and is meant",
            vec![
                policy("sales", "scope: {accounts: ['x-*@example.com']}\nservices: {im: disabled}"),
                other(),
            ],
            2,
            vec![done],
        )
        .with(shrink),
        case("an unknown group", vec![sales(all, "gone@example.com"), other()], 3, vec![done])
            .says(&["the server has no group gone@example.com", "next: correct the address, or take the group"]),
        case("a misspelt group", vec![sales(all, "salse@example.com"), other()], 3, vec![done])
            .says(&["no group salse@example.com", "next: correct the address; did you mean sales@example.com?"]),
        case("an unknown group that is meant", vec![sales(all, "gone@example.com"), other()], 2, off.clone())
            .with(shrink),
        case("an unknown domain", vec![chat("{domains: [example.net]}"), other()], 3, vec![done])
            .says(&["the server has no domain `example.net`", "next: correct the domain"]),
        case("a misspelt domain", vec![chat("{domains: [exmaple.com]}"), other()], 3, vec![done])
            .says(&["no domain `exmaple.com`", "next: correct the domain; did you mean example.com?"]),
        case(
            "an unknown domain beside another that is meant",
            vec![chat("{domains: [example.net, example.com]}"), other()],
            2,
            off.clone(),
        )
        .with(shrink),
        case(
            "what is held is not left to a weaker policy",
            vec![
                policy("sales", "priority: 1\nscope: {groups: [empty@example.com]}\nservices: {im: enabled}"),
                chat("{domains: [example.com]}").replace("name: sales", "name: weaker"),
                other(),
            ],
            3,
            vec![done],
        )
        .on(|world| group(world, "empty@example.com", &[])),
        case(
            "but whom it cannot mean is",
            vec![
                policy(
                    "sales",
                    "priority: 1\nscope: {domains: [example.org], groups: [empty@example.com]}\nservices: {im: enabled}",
                ),
                chat("{domains: ['*']}").replace("name: sales", "name: weaker"),
                other(),
            ],
            3,
            off.clone(),
        )
        .on(|world| group(world, "empty@example.com", &[])),
        case("a mailing list is no group", vec![sales(all, "news@example.com"), other()], 3, vec![done])
            .on(|world| {
                world.add_account("news@example.com", "", 1);
                world.set_members("news@example.com", &["anna@example.com"]);
            })
            .says(&["mailing list"]),
        case("a user is no group", vec![sales(all, "anna@example.com"), other()], 3, vec![done])
            .says(&["user account"]),
        case(
            "a member that is no account here",
            vec![sales(all, "mixed@example.com"), other()],
            3,
            vec![done],
        )
        .on(|world| group(world, "mixed@example.com", &["anna@example.com", "[all users]"]))
        .says(&["the group mixed@example.com cannot be read", "next:"]),
        case("an unread group within a group", vec![sales(all, "outer@example.com"), other()], 3, vec![done])
            .on(|world| {
                group(world, "outer@example.com", &["anna@example.com", "mixed@example.com"]);
                group(world, "mixed@example.com", &["[all users]"]);
            })
            .says(&["the group outer@example.com cannot be read", "next: name a group"]),
        case("what is unread cannot be allowed", vec![sales(all, "mixed@example.com"), other()], 3, vec![done])
            .on(|world| group(world, "mixed@example.com", &["anna@example.com", "[all users]"]))
            .with(shrink),
        case(
            "an account that does not exist is remarked on",
            vec![policy(
                "a",
                "scope: {accounts: [carl@example.com, nobody@example.com]}\nservices: {sip: enabled}",
            )],
            2,
            vec!["claim carl@example.com/sip"],
        )
        .says(&["`nobody@example.com` matches no user account of the server"]),
    ];
    cases.iter().for_each(Case::check);
}

#[test]
fn the_higher_priority_wins_and_equals_that_differ_are_an_error_at_both_places() {
    let carl = "scope: {accounts: [carl@example.com]}";
    let low = |priority: &str| everyone("low", priority, "im: disabled");
    let high = |priority: &str| policy("high", &format!("{carl}\n{priority}\nservices: {{im: enabled}}"));
    let others = vec!["release anna@example.com/im", "release bob@example.com/im"];
    let both = [others.clone(), vec!["claim carl@example.com/im"]].concat();
    let cases = [
        case("higher", vec![low("priority: 1"), high("priority: 2")], 2, both.clone()),
        case(
            "the order in the file does not matter",
            vec![high("priority: 2"), low("priority: 1")],
            2,
            both.clone(),
        ),
        case("negative is lower than the default", vec![low("priority: -1"), high("")], 2, both),
        case("lower", vec![low("priority: 3"), high("priority: 2")], 2, others),
        case(
            "equal, and they agree",
            vec![
                everyone("a", "", "sip: disabled"),
                policy("b", &format!("{carl}\nservices: {{sip: disabled}}")),
            ],
            0,
            vec![],
        ),
    ];
    cases.iter().for_each(Case::check);

    let stand = Stand::of(people());
    let desk = desk(&stand, &[low(""), high("")]);
    let words = [
        "policies high and low say different things of im for carl@example.com, and have the same priority",
        "spec.yaml:16:14",
        "spec.yaml:25:14",
        "give one of them a higher priority",
    ];
    desk.plan(&[]).exits(65).says(&words);
    desk.apply(&[]).exits(65).says(&words);
    assert_eq!(stand.writes(), 0);
}

/// The day is UTC; of the two days that a test can see, the one at its end must hold.
fn today() -> jiff::civil::Date {
    Offset::UTC.to_datetime(Timestamp::now()).date()
}

#[test]
fn exceptions_beat_services_and_end_with_their_day() {
    let with = |exception: &str| {
        let anna = format!("{{account: anna@example.com, service: im, set: enabled{exception}}}");
        everyone("a", &format!("exceptions: [{anna}]"), "im: disabled")
    };
    let rest = ["release bob@example.com/im"];
    let all = ["release anna@example.com/im", "release bob@example.com/im"];
    type Row<'r> = (i64, &'r [&'r str], Option<&'r str>);
    let table: [Row<'_>; 7] = [
        (-400, &all, Some("exception-ended")),
        (-1, &all, Some("exception-ended")),
        (0, &rest, Some("exception-ends-soon")),
        (1, &rest, Some("exception-ends-soon")),
        (7, &rest, Some("exception-ends-soon")),
        (8, &rest, None),
        (400, &rest, None),
    ];
    let stand = Stand::of(people());
    for (days, wanted, code) in table {
        // A test that runs into midnight is made again with the new day.
        let (planned, until) = loop {
            let day = today();
            let until = day.checked_add(days.days()).expect("a day");
            let desk = desk(&stand, &[with(&format!(", until: {until}, why: an audit"))]);
            let planned = desk.planned(2, ALLOW);
            if day == today() {
                break (planned, until);
            }
        };
        assert_eq!(steps(&planned), wanted, "{days} days");
        let found: Vec<String> =
            codes(&planned).into_iter().filter(|code| code.starts_with("exception")).collect();
        assert_eq!(found, Vec::from_iter(code), "{days} days: {planned:#}");
        if code.is_some() {
            assert!(planned["findings"].to_string().contains(&until.to_string()), "{planned:#}");
        }
    }
    let desk = desk(&stand, &[with("")]);
    assert_eq!(steps(&desk.planned(2, ALLOW)), rest);
    desk.apply(ALLOW).exits(0);
    desk.nothing_to_do(&[]);
}

#[test]
fn an_exception_says_why_and_one_outside_the_scope_does_nothing() {
    let exceptions = "exceptions:\n- {account: carl@example.com, service: im, set: enabled, why: the night shift}\n\
                      - {account: dora@example.org, service: im, set: disabled}";
    let stand = Stand::of(people());
    let desk = desk(&stand, &[everyone("a", exceptions, "sip: disabled")]);
    let planned = desk.planned(2, &[]);
    assert_eq!(steps(&planned), ["claim carl@example.com/im"]);
    let reason = &planned["steps"][0]["reason"];
    assert_eq!(
        [&reason["action_reason"], &reason["why"], &reason["policy"]],
        ["exception", "the night shift", "a"]
    );
    assert_eq!(codes(&planned), ["exception-outside-scope"]);
}

#[test]
fn what_no_policy_speaks_of_is_left_alone_and_counted() {
    let stand = Stand::of(people());
    let bob = policy("a", "scope: {accounts: [bob@example.com]}\nservices: {sip: enabled, im: enabled}");
    let chat = policy("b", "scope: {accounts: ['*@example.org']}\nservices: {im: enabled}");
    let planned = desk(&stand, &[bob, chat]).planned(2, &[]);
    assert_eq!(planned["unmanaged"]["accounts"], 3);
    assert_eq!(planned["unmanaged"]["services"], serde_json::json!({"im": 3, "sip": 4}));
    assert_eq!(planned["accounts"]["count"], 5);
}

#[test]
fn obsolete_services_and_such_that_the_server_lacks_are_refused() {
    let stand = Stand::of(people());
    for (name, words) in
        [("syncml", "SyncML is obsolete"), ("cr", "quarantine"), ("imm", "did you mean `im`?")]
    {
        let desk = desk(&stand, &[everyone("a", "", &format!("{name}: enabled"))]);
        desk.plan(&[]).exits(65).says(&[words, "spec.yaml:"]);
    }
    assert!(stand.commands().is_empty(), "the server was not even asked");
    // A release whose console lists no booking.
    stand.twist(|world, request| {
        let hidden = |text: String| text.replace("u_booking", "u_other").replace("U_Booking", "U_Other");
        match request.command.as_str() {
            "getaccountapiconsole" => Some(Reply::Body(hidden(answer(world, request)))),
            _ => None,
        }
    });
    let desk = desk(&stand, &[everyone("a", "", "booking: enabled")]);
    desk.plan(&[])
        .exits(65)
        .says(&["the server's release (14.3.0.12) does not have the service booking", "spec.yaml:"]);
    desk.apply(&[]).exits(65);
    assert_eq!(stand.writes(), 0);
}

/// Two passes over the lists must agree before anything is switched off (U-9); claims do not rest on that.
#[test]
fn where_the_lists_moved_nothing_is_released_and_no_counted_seat_is_taken() {
    let stand = Stand::of(people());
    stand.world().add_account("late@example.org", "", 0);
    let mut lists = 0;
    stand.twist(move |world, request| {
        if request.command == "getaccountsinfolist" && request.body.contains("example.org") {
            lists += 1;
            if lists % 2 == 0 {
                let text = answer(world, request).replace("late@example.org", "other@example.org");
                return Some(Reply::Body(text));
            }
        }
        None
    });
    let desk = desk(
        &stand,
        &[policy("a", "scope: {accounts: [bob@example.com]}\nservices: {im: disabled, sip: enabled}")],
    );
    let planned = desk.planned(3, ALLOW);
    assert_eq!(steps(&planned), [""; 0]);
    let blocked = blocked(&planned);
    assert_eq!(
        blocked,
        ["release bob@example.com/im: list-incomplete", "claim bob@example.com/sip: list-incomplete"]
    );
    desk.apply(ALLOW)
        .exits(3)
        .says(&["of example.org is another than a moment ago: 2 now, 1 new, 1 gone", "next: run again"]);
    assert!(stand.is_on("bob@example.com", "im") && !stand.is_on("bob@example.com", "sip"));
}

/// A POP3-only account cannot have ActiveSync: a finding, not a difference for ever.
#[test]
fn a_pop3_only_account_is_a_finding_and_then_there_is_nothing_to_do() {
    let stand = Stand::of(people());
    assert!(stand.world().set_account_variable("carl@example.com", "U_AccountType", "0"));
    let desk = desk(&stand, &[everyone("a", "", "activesync: enabled")]);
    let planned = desk.planned(2, &[]);
    assert_eq!(steps(&planned).len(), 3);
    assert_eq!(codes(&planned), ["pop3-only"]);
    desk.apply(&[]).exits(0).says(&["carl@example.com only speaks POP3 and cannot have activesync", "next:"]);
    assert!(!stand.is_on("carl@example.com", "activesync"));
    desk.nothing_to_do(&[]);
    // What it has by its switch and may not keep is switched off like any other.
    put(&mut stand.world(), "carl@example.com", &["activesync"], "1");
    let off = Desk::with(&whole(
        &stand,
        "",
        &[policy("a", "scope: {accounts: [carl@example.com]}\nservices: {activesync: disabled}")],
    ));
    assert_eq!(steps(&off.planned(2, ALLOW)), ["release carl@example.com/activesync"]);
    off.apply(ALLOW).exits(0);
    off.nothing_to_do(&[]);
}

/// `moduleOf` moves a service's seats; the ledger shows it.
#[test]
fn a_pairing_is_overridden_by_the_spec() {
    let stand = Stand::of(people());
    stand.world().set_product("SIP", Some(1));
    let calls =
        || policy("a", "scope: {accounts: [anna@example.com, bob@example.com]}\nservices: {sip: enabled}");
    let by_name = desk(&stand, &[calls()]).planned(3, &[]);
    assert_eq!(ledger(&by_name, "sip")["claimed"], 1);
    let moved = desk(&stand, &[calls(), license("moduleOf: {sip: ftp}")]);
    // While the licence lists the old module too, it is counted there as well.
    let both = moved.planned(3, &[]);
    assert_eq!([&ledger(&both, "ftp")["claimed"], &ledger(&both, "sip")["claimed"]], [1, 1]);
    stand.world().set_product("SIP", None);
    let moved = moved.planned(2, &[]);
    assert_eq!(ledger(&moved, "ftp")["claimed"], 2);
    assert_eq!(ledger(&moved, "ftp")["services"], serde_json::json!(["sip", "ftp"]));
}
