//! An access mode that decides by itself hides what an account has: its switch reads as declared, and everybody has
//! the service (U-13, U-35, reference 2.3). Then nothing is as declared until the mode is changed.

use icewarden::edge::sandbox::{Setting, World};

use super::run::{blocked, codes, desk, ledger, steps};
use super::spec::{license, policy, world};
use super::stand::{Reply, Stand, answer, command, text, valued};

const ANNA: &str = "anna@example.com";
const BOB: &str = "bob@example.com";

/// What the licence says of CalDAV: seats enough, too few, no limit, nothing.
const LICENCES: [Option<u32>; 4] = [Some(50), Some(1), Some(0), None];

/// Who has WebDAV stored on, and what the reading is under a mode that decides by itself.
fn calendars(on: &[&str], seats: Option<u32>, position: &str) -> Stand {
    let services = |name: &str| if on.contains(&name) { &["webdav"] as &[&str] } else { &[] };
    let mut world = world(&[(ANNA, services(ANNA)), (BOB, services(BOB))]);
    world.set_product("CalDAV", seats);
    world.set_switch(Setting::parse(position).expect("a position"));
    world.reset_highest();
    Stand::of(world)
}

/// The mode, as an administrator's client sets it.
fn set_mode(world: &mut World, mode: &str) {
    let item = format!(
        "<item><apiproperty><propname>C_WebDAV_ProcessingMode</propname></apiproperty>\
         <propertyval><classname>TPropertyString</classname><val>{mode}</val></propertyval></item>"
    );
    command(world, "setserverproperties", &format!("<propertyvaluelist>{item}</propertyvaluelist>"));
}

fn everyone(wish: &str) -> String {
    policy("calendars", &format!("scope: {{accounts: [{ANNA}, {BOB}]}}\nservices: {{webdav: {wish}}}"))
}

/// What blocks both accounts, in the plan's order.
fn both(action: &str) -> [String; 2] {
    [ANNA, BOB].map(|account| format!("{action} {account}/webdav: access-mode"))
}

#[test]
fn a_service_that_everybody_has_by_its_access_mode_is_not_off_as_declared() {
    for position in ["U-35=stored", "U-35=one"] {
        for seats in LICENCES {
            let stand = calendars(&[], seats, position);
            let desk = desk(&stand, &[everyone("disabled")]);
            desk.apply(&[]).exits(0).says(&["nothing to do"]);
            for (mode, says, next) in [
                (
                    "0",
                    "the access mode of webdav is `all accounts`",
                    "set the access mode of webdav to `selected accounts` first",
                ),
                ("3", "the access mode of webdav is `group`", "change that group, or the access mode"),
                ("5", "is `selected domains`", "change which they are, or the access mode"),
            ] {
                set_mode(&mut stand.world(), mode);
                let before = stand.writes();
                let what = format!("{position}, {seats:?}, mode {mode}");
                let planned = desk.planned(3, &[]);
                assert_eq!(blocked(&planned), both("release"), "{what}");
                assert_eq!(steps(&planned), [""; 0], "{what}");
                desk.apply(&[]).exits(3).says(&[says, next]);
                assert_eq!(stand.writes(), before, "{what}");
            }
            for mode in ["1", "9"] {
                set_mode(&mut stand.world(), mode);
                desk.nothing_to_do(&[]);
            }
        }
    }
}

#[test]
fn whether_an_account_has_what_it_should_is_not_known_where_a_group_or_domains_decide() {
    for position in ["U-35=stored", "U-35=one"] {
        for seats in LICENCES {
            let stand = calendars(&[ANNA, BOB], seats, position);
            let desk = desk(&stand, &[everyone("enabled")]);
            desk.apply(&[]).exits(0).says(&["nothing to do"]);
            for mode in ["3", "5"] {
                set_mode(&mut stand.world(), mode);
                let planned = desk.planned(3, &[]);
                assert_eq!(blocked(&planned), both("claim"), "{position}, {seats:?}, mode {mode}");
                desk.apply(&[]).exits(3).says(&["the account's own switch decides nothing"]);
            }
            // Under `all accounts` everybody has it, and that is what is declared.
            set_mode(&mut stand.world(), "0");
            let planned = desk.planned(0, &[]);
            assert_eq!(blocked(&planned), [""; 0], "{position}, {seats:?}");
        }
    }
}

/// A switch that the server does not show either is no better known than one that it shows.
#[test]
fn the_access_mode_is_named_where_the_switch_was_not_read_too() {
    let stand = calendars(&[], Some(50), "U-35=stored");
    set_mode(&mut stand.world(), "0");
    stand.twist(|world, request| {
        let asked = request.command == "getaccountproperties";
        let none = "<propertyval><classname>TPropertyNoValue</classname></propertyval>";
        asked.then(|| Reply::Body(valued(&answer(world, request), "U_WebDAV", none)))
    });
    let planned = desk(&stand, &[everyone("disabled")]).planned(3, &[]);
    assert_eq!(blocked(&planned), both("release"));
    assert!(!codes(&planned).contains(&"switch-unread".to_owned()), "one reason is enough: {planned:#}");
}

/// Nobody is sent to buy seats where a mode makes everybody count.
#[test]
fn a_module_that_is_over_by_an_access_mode_is_told_with_the_mode() {
    for (mode, says) in [
        ("0", "every account counts, because the access mode of webdav is `all accounts`"),
        ("3", "every account is counted, because the access mode of webdav is `group`"),
    ] {
        let stand = calendars(&[ANNA], Some(1), "U-35=stored");
        set_mode(&mut stand.world(), mode);
        let desk = desk(&stand, &[everyone("disabled")]);
        assert_eq!(ledger(&desk.planned(3, &[]), "caldav")["over_before"], 2, "with the administrator");
        let said = desk.plan(&[]).says(&[says, "the access mode"]);
        assert!(!said.out.contains("more seat"), "{}", said.out);
    }
}

/// The service that has no seat is another one of the module than the one whose mode makes everybody count.
#[test]
fn a_claim_without_a_seat_is_told_with_the_mode_that_takes_them() {
    let stand = calendars(&[], Some(1), "U-35=stored");
    set_mode(&mut stand.world(), "0");
    let chat = policy("chat", &format!("scope: {{accounts: [{ANNA}]}}\nservices: {{teamchat: enabled}}"));
    let desk = desk(&stand, &[chat, license("moduleOf: {teamchat: caldav}")]);
    assert_eq!(blocked(&desk.planned(3, &[])), [format!("claim {ANNA}/teamchat: no-seat")]);
    let said = desk.plan(&[]).says(&[
        "because the access mode of webdav is `all accounts`",
        "set the access mode of webdav to `selected accounts` first",
    ]);
    assert!(!said.out.contains("more seat"), "{}", said.out);
}

/// Where no variable tells the mode (U-14), what the account itself says is all there is: a higher level decides, and
/// the effective value is not what is declared.
#[test]
fn where_a_higher_level_decides_the_effective_value_is_what_is_so() {
    let planned = |on: bool, editable: &str, support: &str, wish: &str| -> (i32, Vec<String>) {
        let services: &[&str] = if on { &["im"] } else { &[] };
        let stand = Stand::of(world(&[(ANNA, services)]));
        let (editable, support) = (text(editable), text(support));
        stand.twist(move |world, request| {
            let asked = request.command == "getaccountproperties" && request.body.contains(ANNA);
            asked.then(|| {
                let read = valued(&answer(world, request), "U_IMEditable", &editable);
                Reply::Body(valued(&read, "U_IMSupport", &support))
            })
        });
        let chat = policy("chat", &format!("scope: {{accounts: [{ANNA}]}}\nservices: {{im: {wish}}}"));
        let plan = desk(&stand, &[chat]).plan(&["--format", "json"]);
        (plan.code, blocked(&plan.json()["servers"][0]))
    };
    let not_editable = |action: &str| vec![format!("{action} {ANNA}/im: not-editable")];
    for (on, editable, support, wish, expected) in [
        (false, "0", "1", "disabled", (3, not_editable("release"))),
        (true, "0", "0", "enabled", (3, not_editable("claim"))),
        (false, "0", "0", "disabled", (0, vec![])),
        (true, "0", "1", "enabled", (0, vec![])),
        // Where the account may choose, its switch is what counts, and the effective value may say something else (U-32).
        (false, "1", "1", "disabled", (0, vec![])),
        (true, "1", "0", "enabled", (0, vec![])),
    ] {
        let what = format!("stored {on}, editable {editable}, support {support}, wanted {wish}");
        assert_eq!(planned(on, editable, support, wish), expected, "{what}");
    }
}
