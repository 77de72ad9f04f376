//! Lists that close, lists that do not, and lists that show that we have no rights.

use std::sync::atomic::{AtomicUsize, Ordering};

use icewarden::edge::icewarp::{CallError, Client, Meaning, Refusal, observe, recheck_lists};
use icewarden::edge::port::Wanted;
use icewarden::model::{AccountKind, DomainKind, Members, Remedy};

use super::responder::{Reply, Request, error, result};
use super::world::{World, account, address, lists, page, read};

/// Answers the account list of example.com with what `make` gives of each request.
fn accounts_as(make: impl Fn(&Request) -> String + Send + Sync + 'static) -> World {
    World::twisted(move |request| {
        (request.command() == "getaccountsinfolist").then(|| Reply::Body(make(request)))
    })
}

async fn incomplete(world: World) -> (Vec<String>, usize, usize) {
    let (observed, server) = read(world, lists()).await;
    let directory = observed.unwrap().directory;
    (directory.incomplete.clone(), directory.len(), server.count("getaccountsinfolist"))
}

fn rows(emails: &[&str]) -> String {
    emails.iter().map(|email| format!("<item>{}</item>", account(email, 0, 0))).collect()
}

const TWO: &[&str] = &["admin@example.com", "bob@example.com"];

#[tokio::test]
async fn a_server_that_caps_its_pages_is_read_to_the_end() {
    let names: Vec<String> = (0..25).map(|n| format!("user{n}@example.com")).collect();
    let world = World {
        cap: 10,
        accounts: std::iter::once(("admin@example.com", 0, 1))
            .chain(names.iter().map(|name| (&*Box::leak(name.clone().into_boxed_str()), 0, 0)))
            .collect(),
        ..World::default()
    };
    assert_eq!(incomplete(world).await, (vec![], 26, 3));
}

#[tokio::test]
async fn a_list_that_does_not_close_its_count_says_so_and_ends() {
    let list = "the list of accounts of example.com";
    type Make = Box<dyn Fn(&Request) -> String + Send + Sync>;
    let cases: Vec<(&str, Make, &str, usize, usize)> = vec![
        (
            "an empty page before the end",
            Box::new(|request| match request.number("offset") {
                0 => result(&(rows(TWO) + "<offset>0</offset><overallcount>5</overallcount>")),
                offset => result(&format!("<offset>{offset}</offset><overallcount>5</overallcount>")),
            }),
            "ended with an empty page; 2 of 5 rows were read",
            2,
            4,
        ),
        (
            "the same row again and again",
            Box::new(|request| {
                result(&format!(
                    "{}<offset>{}</offset><overallcount>7</overallcount>",
                    rows(&["admin@example.com"]),
                    request.number("offset")
                ))
            }),
            "says it has 7 rows and gave 1 different ones",
            1,
            14,
        ),
        (
            "more rows than there are",
            Box::new(|_| result(&(rows(TWO) + "<overallcount>1</overallcount>"))),
            "says it has 1 rows and gave 2 different ones",
            2,
            2,
        ),
        (
            "a count that changes",
            Box::new(|request| match request.number("offset") {
                0 => result(&(rows(TWO) + "<offset>0</offset><overallcount>4</overallcount>")),
                _ => result(&(rows(&["c@example.com"]) + "<offset>2</offset><overallcount>3</overallcount>")),
            }),
            "changed from 4 to 3 rows while it was read; 3 of 3 rows were read",
            3,
            4,
        ),
        (
            "an end that is never reached",
            Box::new(|request| {
                let offset = request.number("offset");
                let email = if offset == 0 {
                    "admin@example.com".to_owned()
                } else {
                    format!("u{offset}@example.com")
                };
                result(&format!(
                    "{}<offset>{offset}</offset><overallcount>{}</overallcount>",
                    rows(&[&email]),
                    offset + 2
                ))
            }),
            "changed from 2 to 3 rows while it was read; 12 of 13 rows were read",
            12,
            24,
        ),
        (
            "a count on the first page only",
            Box::new(|request| match request.number("offset") {
                0 => result(&(rows(TWO) + "<overallcount>4</overallcount>")),
                _ => result(&rows(&["c@example.com"])),
            }),
            "does not say on every page how many rows it has; 3 of 4 rows were read",
            3,
            2,
        ),
        (
            "a count on the second page only",
            Box::new(|request| match request.number("offset") {
                0 => result(&rows(TWO)),
                _ => result(&(rows(&["c@example.com"]) + "<overallcount>3</overallcount>")),
            }),
            "does not say on every page how many rows it has; 3 rows were read",
            3,
            2,
        ),
        (
            "no count, and the first page whatever the offset",
            Box::new(|_| result(&rows(TWO))),
            "does not say how many rows it has, and gave one more than once; 2 rows were read",
            2,
            4,
        ),
        (
            "no count, and a row that moved to another page",
            Box::new(|request| match request.number("offset") {
                0 => result(&rows(TWO)),
                2 => result(&rows(&["bob@example.com"])),
                _ => result(""),
            }),
            "does not say how many rows it has, and gave one more than once; 2 rows were read",
            2,
            4,
        ),
        (
            "a count that is none",
            Box::new(|_| result(&(rows(TWO) + "<overallcount>-2</overallcount>"))),
            "does not say on every page how many rows it has; 2 rows were read",
            2,
            1,
        ),
        (
            "another page than was asked for",
            Box::new(|_| result(&(rows(TWO) + "<offset>0</offset><overallcount>4</overallcount>"))),
            "was answered from row 0 where row 2 was asked for; 2 of 4 rows were read",
            2,
            4,
        ),
        (
            "a row whose address is none",
            Box::new(|_| {
                result(
                    &(rows(TWO)
                        + "<item><email>b o b@example.com</email><accounttype>0</accounttype></item><overallcount>3</overallcount>"),
                )
            }),
            "has a row that cannot be read: its address is `b o b@example.com`; an address holds no white space and no control characters",
            2,
            1,
        ),
        (
            "a row without a type",
            Box::new(|_| {
                result(
                    &(rows(TWO) + "<item><email>c@example.com</email></item><overallcount>3</overallcount>"),
                )
            }),
            "has a row that cannot be read: c@example.com has no account type",
            2,
            1,
        ),
    ];
    for (title, make, expected, users, pages) in cases {
        let told = incomplete(accounts_as(make)).await;
        assert_eq!(told, (vec![format!("{list} {expected}")], users, pages), "{title}");
    }
}

/// An account was deleted and another created between two pages; then all is quiet.
#[tokio::test]
async fn a_list_that_moved_is_read_once_more_and_may_then_be_whole() {
    let pages = AtomicUsize::new(0);
    let world = accounts_as(move |request| {
        let offset = request.number("offset");
        let (emails, overall): (&[&str], u64) = match (pages.fetch_add(1, Ordering::Relaxed), offset) {
            (0, _) => (&["admin@example.com", "bob@example.com"], 4),
            (1, _) => (&["d@example.com"], 3),
            (_, 0) => (&["admin@example.com", "c@example.com"], 3),
            _ => (&["d@example.com"], 3),
        };
        result(&format!("{}<offset>{offset}</offset><overallcount>{overall}</overallcount>", rows(emails)))
    });
    let (observed, server) = read(world, lists()).await;
    let directory = observed.unwrap().directory;
    assert_eq!(directory.incomplete, Vec::<String>::new());
    let users: Vec<&str> = directory.rows().map(|row| directory.address(row)).collect();
    assert_eq!(
        users,
        ["admin@example.com", "c@example.com", "d@example.com"],
        "and nobody of the first pass"
    );
    assert_eq!(server.count("getaccountsinfolist"), 4);
}

/// Answers pages of two of these rows and never a count.
fn uncounted(of_pass: impl Fn(usize) -> Vec<&'static str> + Send + Sync + 'static) -> World {
    let passes = AtomicUsize::new(0);
    accounts_as(move |request| {
        let offset = request.number("offset");
        let pass = if offset == 0 {
            passes.fetch_add(1, Ordering::Relaxed)
        } else {
            passes.load(Ordering::Relaxed) - 1
        };
        let all = of_pass(pass);
        result(&rows(&all.into_iter().skip(offset).take(2).collect::<Vec<_>>()))
    })
}

const THREE: [&str; 3] = ["admin@example.com", "bob@example.com", "c@example.com"];

/// A release that gives no count must not stand in the way of every change for ever. A short page is no end: the
/// server may cap them (U-8).
#[tokio::test]
async fn a_list_without_a_count_is_whole_if_an_empty_page_ends_it_twice_alike() {
    assert_eq!(incomplete(uncounted(|_| THREE.to_vec())).await, (vec![], 3, 6));
    let turned = |pass| if pass == 0 { THREE.to_vec() } else { THREE.iter().rev().copied().collect() };
    assert_eq!(incomplete(uncounted(turned)).await, (vec![], 3, 6), "the order says nothing (U-9)");
}

#[tokio::test]
async fn a_list_without_a_count_that_moves_is_not_whole() {
    let list = "the list of accounts of example.com does not say how many rows it has, and gave";
    let grows = |pass| if pass == 0 { TWO.to_vec() } else { THREE.to_vec() };
    let (told, users, _) = incomplete(uncounted(grows)).await;
    assert_eq!((told, users), (vec![format!("{list} 2 rows and then others or 3")], 2));
    let other = |pass| {
        if pass == 0 { THREE.to_vec() } else { vec!["admin@example.com", "bob@example.com", "d@example.com"] }
    };
    let (told, users, _) = incomplete(uncounted(other)).await;
    assert_eq!((told, users), (vec![format!("{list} 3 rows and then others or 3")], 3));
}

/// Every page brings a row that nobody has seen, and no count: read on until it is surely too long.
#[tokio::test]
async fn a_list_without_a_count_and_without_an_end_is_given_up() {
    let world = accounts_as(|request| match request.number("offset") {
        0 => result(&rows(&["admin@example.com"])),
        offset => result(&rows(&[&format!("u{offset}@example.com")])),
    });
    let server = world.start().await;
    let mut options = server.options();
    options.limits.pages_max = 50;
    let client = Client::connect(options).await.unwrap();
    let directory = observe(&client, &lists(), &|_| {}).await.unwrap().directory;
    client.close().await;
    let told = "the list of accounts of example.com is longer than 50 pages; 50 rows were read";
    assert_eq!(directory.incomplete, [told]);
    assert_eq!((directory.len(), server.count("getaccountsinfolist")), (50, 50));
}

/// The recordings of 2016 lack fields (reference 1.6): a domain then says itself of which type it is.
#[tokio::test]
async fn a_domain_without_a_type_in_the_list_is_asked_for_it() {
    let domains = |request: &Request| {
        let rows = ["example.com", "alias.test", "etrn.test", "silent.test"]
            .map(|name| format!("<name>{name}</name><desc/>"));
        page(request, &rows, 1_000)
    };
    let world = World::twisted(move |request| match (request.command(), request.field("domainstr")) {
        ("getdomainsinfolist", _) => Some(Reply::Body(domains(request))),
        ("getdomainproperties", domain) => Some(Reply::Body(match domain {
            "silent.test" => error("domain_permission"),
            _ => {
                assert_eq!(request.names(), ["D_Type"]);
                let number = match domain {
                    "alias.test" => "2",
                    "etrn.test" => "1",
                    _ => "0",
                };
                result(&super::responder::item("d_type", number))
            }
        })),
        _ => None,
    });
    let (observed, server) = read(world, lists()).await;
    let directory = observed.unwrap().directory;
    assert_eq!(directory.incomplete, Vec::<String>::new());
    assert_eq!(
        directory.domains(),
        [
            ("alias.test".into(), DomainKind::Alias),
            ("etrn.test".into(), DomainKind::Etrn),
            ("example.com".into(), DomainKind::Standard),
            ("silent.test".into(), DomainKind::Other(-1)),
        ]
    );
    assert_eq!(server.count("getdomainproperties"), 4);
    assert_eq!(server.count("getaccountsinfolist"), 3, "an alias domain is not listed");
}

#[tokio::test]
async fn a_domain_that_has_a_type_is_not_asked_for_it() {
    let (observed, server) = read(World::default(), lists()).await;
    assert!(observed.is_ok());
    assert_eq!(server.count("getdomainproperties"), 0);
}

/// A static route may have any pattern for its address. A user, a group and what nobody has listed may not.
#[tokio::test]
async fn a_row_that_carries_no_policy_is_passed_over_whatever_its_address() {
    for (kind, email, whole) in [
        (4, "static route@example.com", true),
        (1, "every body@example.com", true),
        (8, "*", true),
        (4, "", false),
        (0, "some body@example.com", false),
        (7, "some group@example.com", false),
        (9, "some thing@example.com", false),
    ] {
        let (told, users, _) = incomplete(accounts_as(move |_| {
            let odd = format!("<item>{}</item>", account(email, kind, 0));
            result(&(rows(TWO) + &odd + "<overallcount>3</overallcount>"))
        }))
        .await;
        assert_eq!((told.is_empty(), users), (whole, 2), "{kind} {email}: {told:?}");
    }
}

#[tokio::test]
async fn many_rows_that_cannot_be_read_are_two_sentences() {
    let (told, ..) = incomplete(accounts_as(|_| {
        result(&(rows(TWO) + &rows(&["", "x", "y@"]) + "<overallcount>5</overallcount>"))
    }))
    .await;
    assert_eq!(told.len(), 2, "{told:?}");
    assert!(told[1].ends_with("has 3 such rows"), "{told:?}");
}

#[tokio::test]
async fn a_row_that_one_page_gives_twice_stands_there_twice() {
    let world = accounts_as(|_| {
        let rows = rows(&["admin@example.com", "bob@example.com", "Bob@example.com", "bob@example.com"]);
        result(&(rows + "<offset>0</offset><overallcount>4</overallcount>"))
    });
    assert_eq!(incomplete(world).await, (vec![], 2, 1));
}

#[tokio::test]
async fn one_address_in_two_spellings_makes_its_list_incomplete() {
    for (one, other) in [
        ("ren\u{e9}@example.com", "rene\u{301}@example.com"),
        ("bob@b\u{fc}cher.test", "bob@xn--bcher-kva.test"),
    ] {
        let world = accounts_as(move |_| {
            let rows = rows(&["admin@example.com", one, other]);
            result(&(rows + "<offset>0</offset><overallcount>3</overallcount>"))
        });
        let (told, ..) = incomplete(world).await;
        assert!(told.len() == 1 && told[0].contains("one address in two spellings"), "{told:?}");
    }
}

#[tokio::test]
async fn an_answer_without_anything_is_an_empty_domain_where_the_list_of_domains_says_so() {
    for (accounts, told) in [(Some(0), 0), (Some(3), 1), (None, 1)] {
        let world = World::twisted(move |request| match request.command() {
            "getdomainsinfolist" => {
                let count = accounts.map_or(String::new(), |n| format!("<accountcount>{n}</accountcount>"));
                let rows = format!(
                    "<item><name>example.com</name><domaintype>0</domaintype></item><item><name>empty.test</name>\
                     <domaintype>0</domaintype>{count}</item><offset>0</offset><overallcount>2</overallcount>"
                );
                Some(Reply::Body(result(&rows)))
            }
            "getaccountsinfolist" if request.field("domainstr") == "empty.test" => {
                Some(Reply::Body(result("")))
            }
            _ => None,
        });
        let (incomplete, users, _) = incomplete(world).await;
        assert_eq!((incomplete.len(), users), (told, 2), "{accounts:?}: {incomplete:?}");
    }
}

async fn refused(world: World) -> String {
    let (observed, _) = read(world, lists()).await;
    let error = observed.unwrap_err();
    assert_eq!(error.meaning(), Meaning::LoginRefused, "{error:?}");
    assert!(matches!(error.remedy(), Remedy::OnServer(text) if text.contains("administrator rights")));
    match error {
        CallError::Refused { why: Refusal::NoRights(what), .. } => what,
        other => panic!("{other:?}"),
    }
}

fn domains_as(answer: String) -> World {
    World::twisted(move |request| {
        (request.command() == "getdomainsinfolist").then(|| Reply::Body(answer.clone()))
    })
}

#[tokio::test]
async fn what_must_exist_and_comes_back_empty_means_no_rights() {
    let empty = "<offset>0</offset><overallcount>0</overallcount>";
    let nothing =
        "it lists no domain, although admin@example.com must be in one; so the account may not read";
    assert_eq!(refused(domains_as(result(empty))).await, nothing);
    assert_eq!(refused(domains_as(result(""))).await, nothing);
    assert_eq!(refused(domains_as(result("0"))).await, "it answers 0 and does not give the list of domains");
    assert_eq!(
        refused(domains_as(error("account_permission"))).await,
        "it does not give the list of domains: the account we log in with may not do this (account_permission)"
    );
    assert_eq!(
        refused(domains_as(error("no_way"))).await,
        "it does not give the list of domains: it answered `no_way`, which is not in our list"
    );
    assert_eq!(
        refused(World { domains: vec![("b.test", 0)], ..World::default() }).await,
        "it does not list example.com, the account's own domain; so the account may not read"
    );
    let no_account = "it lists no account of example.com, not even admin@example.com";
    assert_eq!(refused(accounts_as(move |_| result(empty))).await, no_account);
    assert_eq!(refused(accounts_as(|_| result(""))).await, no_account);
    assert_eq!(
        refused(World { accounts: vec![("bob@example.com", 0, 0)], ..World::default() }).await,
        "it does not list admin@example.com, the account we logged in with"
    );
}

#[tokio::test]
async fn an_account_that_logged_in_under_an_alias_is_found_by_its_session() {
    let world = World::twisted(|request| {
        (request.command() == "getsessioninfo").then(|| Reply::Body(result("<email>Bob@Example.com</email>")))
    });
    let world = World { accounts: vec![("bob@example.com", 0, 0)], ..world };
    let (observed, server) = read(world, lists()).await;
    assert_eq!(observed.unwrap().directory.len(), 1);
    assert_eq!(server.count("getsessioninfo"), 1);
}

#[tokio::test]
async fn what_is_the_servers_own_is_apart_and_what_is_anothers_is_left_out() {
    let world = World {
        domains: vec![
            ("Example.com", 0),
            ("##internalservicedomain.icewarp.com##", 5),
            ("##other##", 0),
            ("alias.test", 2),
            ("etrn.test", 1),
        ],
        accounts: vec![
            ("Admin@Example.com", 0, 1),
            ("admin@example.com", 0, 1),
            ("public-folders@example.com", 7, 0),
            ("sales@example.com", 7, 0),
            ("news@example.com", 1, 0),
            ("room@example.com", 8, 0),
            ("x@##other##", 0, 0),
            ("admin@alias.test", 0, 1),
            ("queue@etrn.test", 4, 0),
        ],
        ..World::default()
    };
    // The answers name the domain as the world writes it.
    let (observed, server) = read(
        World {
            twist: std::sync::Arc::new(|request| {
                (request.command() == "getaccountsinfolist" && request.field("domainstr") == "example.com")
                    .then(|| {
                        let own = [
                            account("Admin@Example.com", 0, 1),
                            account("public-folders@example.com", 7, 0),
                            account("sales@example.com", 7, 0),
                            account("news@example.com", 1, 0),
                            account("room@example.com", 8, 0),
                        ];
                        Reply::Body(page(request, &own, 1_000))
                    })
            }),
            ..world
        },
        lists(),
    )
    .await;
    let directory = observed.unwrap().directory;
    assert_eq!(directory.incomplete, Vec::<String>::new());
    let users: Vec<_> =
        directory.rows().map(|row| (directory.address(row), directory.is_planned_on(row))).collect();
    // Whether it takes a seat is not known, so it is counted, and no policy speaks of it (U-43).
    assert_eq!(users, [("admin@example.com", true), ("x@##other##", false)]);
    assert_eq!(
        directory.domains(),
        [
            ("##internalservicedomain.icewarp.com##".into(), DomainKind::Internal),
            ("##other##".into(), DomainKind::Internal),
            ("alias.test".into(), DomainKind::Alias),
            ("etrn.test".into(), DomainKind::Etrn),
            ("example.com".into(), DomainKind::Standard),
        ]
    );
    let others: Vec<_> = directory.others().map(|(address, kind)| (address.as_str(), kind)).collect();
    assert_eq!(
        others,
        [
            ("news@example.com", AccountKind::MailingList),
            ("queue@etrn.test", AccountKind::Other(4)),
            ("room@example.com", AccountKind::Resource),
            ("sales@example.com", AccountKind::Group),
        ]
    );
    assert_eq!(server.count("getaccountsinfolist"), 4);
}

#[tokio::test]
async fn a_domain_that_went_away_makes_the_read_incomplete() {
    let world = World::twisted(|request| {
        (request.field("domainstr") == "b.test").then(|| Reply::Body(error("domain_invalid")))
    });
    let world = World { domains: vec![("example.com", 0), ("b.test", 0)], ..world };
    let (told, users, _) = incomplete(world).await;
    assert_eq!(
        told,
        ["the list of accounts of b.test was refused: there is no such domain (domain_invalid)"]
    );
    assert_eq!(users, 2);
}

async fn group(world: World, name: &str) -> Option<Result<Vec<String>, String>> {
    let wanted = Wanted { accounts: true, groups: vec![address(name)], ..Wanted::default() };
    let (observed, _) = read(world, wanted).await;
    let directory = observed.unwrap().directory;
    directory.group(name).map(|members| match members {
        Members::Rows(rows) => Ok(rows.iter().map(|row| directory.address(row).to_owned()).collect()),
        Members::Unread(why) => Err(why.clone()),
    })
}

fn grouped(members: Vec<(&'static str, Vec<&'static str>)>) -> World {
    let mut accounts = World::default().accounts;
    accounts.extend(members.iter().map(|(group, _)| (*group, 7, 0)));
    accounts.push(("news@example.com", 1, 0));
    World { accounts, members, ..World::default() }
}

#[tokio::test]
async fn members_are_read_with_the_groups_in_them_and_cycles_end() {
    let world = grouped(vec![
        ("all@example.com", vec!["Bob@Example.com", "inner@example.com", "someone@elsewhere.test"]),
        ("inner@example.com", vec!["admin@example.com", "all@example.com"]),
        ("unasked@example.com", vec![]),
    ]);
    let both = vec!["admin@example.com".to_owned(), "bob@example.com".to_owned()];
    assert_eq!(group(world.clone(), "all@example.com").await, Some(Ok(both)));
    assert_eq!(group(world.clone(), "unasked@example.com").await, Some(Ok(vec![])));
    assert_eq!(group(world.clone(), "absent@example.com").await, None);
    let list = group(world.clone(), "news@example.com").await.unwrap().unwrap_err();
    assert_eq!(list, "news@example.com: it is a mailing list and not a group");
    let user = group(world, "bob@example.com").await.unwrap().unwrap_err();
    assert_eq!(user, "bob@example.com: it is a user account and not a group");
}

#[tokio::test]
async fn a_group_that_was_not_read_whole_is_unread() {
    let cases = [
        (
            result("<item><val>bob@example.com</val></item><overallcount>2</overallcount>"),
            "its list of members ended",
        ),
        (result("<overallcount>1</overallcount>"), "its list of members ended"),
        (result(""), "its list of members says neither a row nor that there are none"),
        (result("<item><val/></item><overallcount>1</overallcount>"), "its list of members has a row"),
        (error("account_invalid"), "there is no such account (account_invalid)"),
        (result("0"), "it answered 0 and no values"),
        (
            result("<item><val>gone@example.com</val></item><overallcount>1</overallcount>"),
            "its member gone@example.com is no account",
        ),
    ];
    for (answer, expected) in cases {
        let asked = AtomicUsize::new(0);
        let world = World {
            twist: std::sync::Arc::new(move |request: &Request| {
                (request.command() == "getaccountmemberinfolist").then(|| {
                    let first = asked.fetch_add(1, Ordering::Relaxed) == 0;
                    let end = result(&format!(
                        "<offset>{}</offset><overallcount>2</overallcount>",
                        request.number("offset")
                    ));
                    Reply::Body(if first { answer.clone() } else { end })
                })
            }),
            ..grouped(vec![("all@example.com", vec![])])
        };
        let told = group(world, "all@example.com").await.unwrap().unwrap_err();
        assert!(told.contains(expected), "{told}");
    }
}

#[tokio::test]
async fn a_group_whose_members_moved_is_told_with_how_many() {
    let passes = AtomicUsize::new(0);
    let world = World {
        twist: std::sync::Arc::new(move |request: &Request| {
            (request.command() == "getaccountmemberinfolist").then(|| {
                let members: &[&str] = match passes.fetch_add(1, Ordering::Relaxed) {
                    0 | 1 => &["admin@example.com"],
                    2 => &["bob@example.com", "admin@example.com"],
                    _ => &["nobody@example.com"],
                };
                let members: Vec<String> =
                    members.iter().map(|member| format!("<val>{member}</val>")).collect();
                Reply::Body(page(request, &members, 1_000))
            })
        }),
        ..grouped(vec![("all@example.com", vec![])])
    };
    let server = world.start().await;
    let client = server.client().await;
    let wanted = Wanted { accounts: true, groups: vec![address("all@example.com")], ..Wanted::default() };
    let before = observe(&client, &wanted, &|_| {}).await.unwrap().directory;
    for expected in [
        "",
        "the members of all@example.com are others than a moment ago: 2 now, 1 new, 0 gone",
        "the members of all@example.com are others than a moment ago",
    ] {
        let moved = recheck_lists(&client, &wanted, &before, &|_| {}).await.unwrap();
        assert_eq!(moved.join(";"), expected);
    }
    client.close().await;
}

#[tokio::test]
async fn two_passes_agree_or_say_what_moved() {
    let lists_read = AtomicUsize::new(0);
    let world = World::twisted(move |request| {
        (request.command() == "getaccountsinfolist").then(|| {
            // The third reading of the list finds one account more.
            let third = lists_read.fetch_add(1, Ordering::Relaxed) == 2;
            let mut rows = vec![account("admin@example.com", 0, 1)];
            if third {
                rows.push(account("new@example.com", 0, 0));
            }
            Reply::Body(page(request, &rows, 1_000))
        })
    });
    let server = world.start().await;
    let client = server.client().await;
    let before = observe(&client, &lists(), &|_| {}).await.unwrap().directory;
    let again = recheck_lists(&client, &lists(), &before, &|_| {}).await.unwrap();
    assert_eq!(again, Vec::<String>::new());
    let moved = recheck_lists(&client, &lists(), &before, &|_| {}).await.unwrap();
    assert_eq!(
        moved,
        ["the list of accounts of example.com is another than a moment ago: 2 now, 1 new, 0 gone"]
    );
    client.close().await;
}
