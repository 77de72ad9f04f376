//! Lists that are odd, and lists that are not whole: where any account would be switched off, two passes agree, or
//! nothing is switched off and the plan says which list lacks how much (U-8, U-9).

use std::collections::BTreeMap;

use icewarden::edge::sandbox::World;

use super::run::{desk, steps};
use super::spec::{group, policy, world};
use super::stand::{Reply, Request, Stand, answer, between};

/// Anna has chat and is to keep it as one of sales; Bob has it and is to lose it; Carl is to get it.
fn people() -> World {
    let mut world =
        world(&[("anna@example.com", &["im"]), ("bob@example.com", &["im"]), ("carl@example.com", &[])]);
    group(&mut world, "sales@example.com", &["anna@example.com", "carl@example.com"]);
    world.set_product("Instant Messaging", Some(9));
    world
}

fn wish() -> Vec<String> {
    let scope = "{domains: [example.com], except: [admin@example.com]}";
    let want = "{enable: {groups: [sales@example.com]}, others: disabled}";
    vec![policy("sales", &format!("scope: {scope}\nservices: {{im: {want}}}"))]
}

const ALLOW: &[&str] = &["--allow", "disable=9", "--reason", "a test"];

const STEPS: [&str; 2] = ["release bob@example.com/im", "claim carl@example.com/im"];

type Twist = Box<dyn FnMut(&mut World, &Request) -> Option<Reply> + Send>;

/// Lets the world answer a request for a list with another page, and changes what it says.
fn lists(mut change: impl FnMut(&mut World, &Request, &mut Listing) + Send + 'static) -> Twist {
    Box::new(move |world, request| {
        if !request.command.ends_with("infolist") {
            return None;
        }
        let mut listing = Listing::of(&answer(world, request));
        change(world, request, &mut listing);
        Some(Reply::Body(listing.text()))
    })
}

/// A page: what stands before its items, they, and what it says of itself.
struct Listing {
    items: Vec<String>,
    offset: Option<usize>,
    overall: Option<usize>,
}

impl Listing {
    fn of(text: &str) -> Listing {
        let inside = text.split("<item>").skip(1);
        let items = inside.map(|item| item.split_once("</item>").map_or("", |(item, _)| item).to_owned());
        let number = |name| between(text, name).parse().ok();
        Listing { items: items.collect(), offset: number("offset"), overall: number("overallcount") }
    }

    fn text(&self) -> String {
        let mut inside: String = self.items.iter().map(|item| format!("<item>{item}</item>")).collect();
        for (name, number) in [("offset", self.offset), ("overallcount", self.overall)] {
            if let Some(number) = number {
                inside.push_str(&format!("<{name}>{number}</{name}>"));
            }
        }
        format!("<iq type=\"result\"><query xmlns=\"admin:iq:rpc\"><result>{inside}</result></query></iq>")
    }

    /// Takes an element out of every item.
    fn without(&mut self, name: &str) {
        for item in &mut self.items {
            let whole = format!("<{name}>{}</{name}>", between(item, name));
            *item = item.replace(&whole, "");
        }
    }
}

/// As the world would answer the same request with these numbers.
fn page(world: &mut World, request: &Request, offset: usize, count: usize) -> Listing {
    let number = |name: &str| format!("<{name}>{}</{name}>", between(&request.body, name));
    let body = request.body.replace(&number("offset"), &format!("<offset>{offset}</offset>"));
    let body = body.replace(&number("count"), &format!("<count>{count}</count>"));
    Listing::of(&answer(world, &Request { command: request.command.clone(), body }))
}

fn offset(request: &Request) -> usize {
    between(&request.body, "offset").parse().expect("a number")
}

/// The server is odd, and all of it is read: the plan is the same and is done.
#[test]
fn odd_lists_that_are_whole_are_planned_and_done() {
    let cases: Vec<(&str, Twist)> = vec![
        ("as it is", lists(|_, _, _| {})),
        (
            "one row a page",
            lists(|world, request, listing| *listing = page(world, request, offset(request), 1)),
        ),
        ("no counts", lists(|_, _, listing| listing.overall = None)),
        (
            "neither counts nor offsets",
            lists(|_, _, listing| (listing.overall, listing.offset) = (None, None)),
        ),
        (
            "no counts and two rows a page",
            lists(|world, request, listing| {
                *listing = page(world, request, offset(request), 2);
                listing.overall = None;
            }),
        ),
        ("domains without a type", lists(|_, _, listing| listing.without("domaintype"))),
        (
            "the fields of 2016",
            lists(|_, _, listing| {
                for name in ["displayemail", "accountstate", "planid", "serviceinfo", "quota", "admintype"] {
                    listing.without(name);
                }
            }),
        ),
        ("every second pass in another order", {
            let mut passes = BTreeMap::new();
            lists(move |_, request, listing| {
                let key = (request.command.clone(), between(&request.body, "domainstr").to_owned());
                let pass: &mut u32 = passes.entry(key).or_default();
                *pass += 1;
                if pass.is_multiple_of(2) {
                    listing.items.reverse();
                }
            })
        }),
    ];
    for (name, twist) in cases {
        let stand = Stand::of(people());
        stand.twist(twist);
        let desk = desk(&stand, &wish());
        println!("{name}");
        assert_eq!(steps(&desk.planned(2, ALLOW)), STEPS, "{name}");
        let ran = desk.apply(ALLOW);
        assert_eq!((ran.code, stand.writes()), (0, 2), "{name}: {ran:?}");
        assert!(!stand.is_on("bob@example.com", "im") && stand.is_on("carl@example.com", "im"), "{name}");
        desk.nothing_to_do(ALLOW);
    }
}

/// What is not read whole switches nobody off, and what is missing is told with its place and its numbers.
#[test]
fn lists_that_are_not_whole_switch_nothing_off_and_say_what_is_missing() {
    let accounts = |request: &Request| request.command == "getaccountsinfolist";
    let list = "the list of accounts of example.com";
    let cases: Vec<(&str, Twist, String)> = vec![
        (
            "a page of nothing before the end",
            lists(move |world, request, listing| {
                if accounts(request) {
                    *listing = page(world, request, offset(request), 3);
                    if offset(request) > 0 {
                        listing.items.clear();
                    }
                }
            }),
            format!("{list} ended with an empty page; 3 of 5 rows were read"),
        ),
        (
            "one account less than there are",
            lists(move |_, request, listing| {
                if accounts(request) {
                    listing.items.pop();
                }
            }),
            format!("{list} ended with an empty page; 4 of 5 rows were read"),
        ),
        (
            "an account that went between the two passes",
            {
                let mut passes = 0;
                lists(move |_, request, listing| {
                    if accounts(request) {
                        passes += 1;
                        if passes % 2 == 0 {
                            listing.items.retain(|item| !item.contains("anna@"));
                            listing.overall = Some(listing.items.len());
                        }
                    }
                })
            },
            format!("{list} is another than a moment ago: 4 now, 0 new, 1 gone"),
        ),
        (
            "a row that is skipped because another went",
            lists(move |world, request, listing| {
                if accounts(request) {
                    // The first page came before an account went, the second after it.
                    let start = offset(request);
                    *listing = page(world, request, if start == 0 { 0 } else { start + 1 }, 2);
                    listing.offset = Some(start);
                    listing.overall = Some(if start == 0 { 5 } else { 4 });
                }
            }),
            format!("{list} changed from 5 to 4 rows while it was read; 4 of 4 rows were read"),
        ),
        (
            "no count, and the first page for every offset",
            lists(move |world, request, listing| {
                if accounts(request) {
                    *listing = page(world, request, 0, 2);
                    (listing.overall, listing.offset) = (None, None);
                }
            }),
            format!(
                "{list} does not say how many rows it has, and gave one more than once; 2 rows were read"
            ),
        ),
    ];
    for (name, twist, said) in cases {
        let stand = Stand::of(people());
        stand.twist(twist);
        let desk = desk(&stand, &wish());
        println!("{name}");
        let ran = desk.plan(ALLOW).says(&[&said]);
        assert_eq!(ran.code, 3, "{name}: {ran:?}");
        drop(desk.apply(ALLOW).exits(3));
        assert_eq!(stand.writes(), 0, "{name}");
        assert!(stand.is_on("bob@example.com", "im") && stand.is_on("anna@example.com", "im"), "{name}");
    }
}

/// The pinned domain's type is in no answer at all: it passes for no standard domain, and the plan says why.
#[test]
fn a_domain_of_unknown_type_holds_everything_up_and_says_so() {
    let stand = Stand::of(people());
    let mut lists = lists(|_, _, listing| listing.without("domaintype"));
    stand.twist(move |world, request| match request.command.as_str() {
        "getdomainproperties" if request.body.contains("D_Type") => Some(super::stand::result("")),
        _ => lists(world, request),
    });
    let desk = desk(&stand, &wish());
    let said = "the server does not say of which type the domain example.com is, which the spec pins";
    desk.plan(ALLOW).exits(3).says(&[said]);
    drop(desk.apply(ALLOW).exits(3));
    assert_eq!(stand.writes(), 0);
}
