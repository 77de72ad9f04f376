//! A server that refuses one variable for ever: the run gives up on its service or setting, and does the rest.

use icewarden::edge::sandbox::{Fault, World};

use super::run::{Desk, desk};
use super::spec::{backup, policy, world};
use super::stand::Stand;

/// How many users want something.
const USERS: usize = 24;

fn user(number: usize) -> String {
    format!("user{number:02}@example.com")
}

/// Users without anything, and a server with these faults.
fn server(faults: &[&str]) -> Stand {
    let users: Vec<String> = (0..USERS).map(user).collect();
    let users: Vec<(&str, &[&str])> = users.iter().map(|user| (user.as_str(), &[] as &[&str])).collect();
    let mut world: World = world(&users);
    for fault in faults {
        world.add_fault(Fault::parse(fault).expect(fault));
    }
    world.reset_highest();
    Stand::of(world)
}

/// All of them want these services, and the backup other logs and another age.
fn wish(stand: &Stand, services: &[&str]) -> Desk {
    let services: Vec<String> = services.iter().map(|service| format!("{service}: enabled")).collect();
    let body = format!("scope: {{accounts: [\"user*@example.com\"]}}\nservices: {{{}}}", services.join(", "));
    desk(stand, &[policy("all", &body), backup("logs: true\nkeepDays: 99")])
}

fn count(stand: &Stand, service: &str) -> usize {
    (0..USERS).filter(|number| stand.is_on(&user(*number), service)).count()
}

#[test]
fn a_service_that_is_refused_starves_neither_others_nor_the_backup() {
    let stand = server(&["refuse@setaccountproperties/U_IM"]);
    let desk = wish(&stand, &["im", "groupware"]);
    desk.apply(&[]).exits(5).says(&[
        "given up on im: the server did not do",
        "its steps in a row",
        &format!("{} of {} steps done", USERS + 2, 2 * USERS + 2),
        "next: check on the server's own console why it does not take im",
    ]);
    assert_eq!([count(&stand, "groupware"), count(&stand, "im")], [USERS, 0]);
    assert_eq!(stand.server("C_System_Tools_AutoBackup_DeleteAfter"), "99");
    // Again and again: it is the same service, and no word of the whole server.
    for _ in 0..2 {
        let ran = desk.apply(&[]).exits(1).says(&["given up on im"]);
        assert!(!ran.err.contains("emergency mode") && !ran.out.contains("emergency mode"), "{ran:?}");
    }
    stand.world().clear_faults();
    desk.apply(&[]).exits(0);
    desk.nothing_to_do(&[]);
    assert_eq!(count(&stand, "im"), USERS);
}

#[test]
fn a_setting_that_is_refused_keeps_no_other_from_being_tried() {
    let stand = server(&["refuse@setserverproperties/C_System_Tools_AutoBackup_DeleteAfter"]);
    wish(&stand, &["im"]).apply(&[]).exits(5).says(&[&format!("{} of {} steps done", USERS + 1, USERS + 2)]);
    assert_eq!((count(&stand, "im"), stand.server("C_System_Tools_Backup_Logs").as_str()), (USERS, "1"));
}

/// Only what several services and settings show, with nothing done between, speaks of the whole server (U-22).
#[test]
fn a_server_that_refuses_everything_takes_no_changes() {
    let stand = server(&["refuse@setaccountproperties", "refuse@setserverproperties"]);
    let desk = wish(&stand, &["im", "groupware"]);
    desk.apply(&[])
        .exits(6)
        .says(&["the server takes no changes at all (licence, emergency mode)", "0 of 50 steps done"]);
    // It did all else before, and then nothing of these two: that is no word of the whole server either.
    let stand = server(&[
        "refuse@setaccountproperties/U_IM",
        "refuse@setserverproperties/C_System_Tools_Backup_Logs",
    ]);
    wish(&stand, &["im", "groupware"]).apply(&[]).exits(5).says(&["given up on im"]);
    assert_eq!(stand.server("C_System_Tools_AutoBackup_DeleteAfter"), "99");
}

/// Whoever may not write one service may still write another.
#[test]
fn a_service_that_we_may_not_write_starves_no_other() {
    let stand = server(&[]);
    stand.twist(|_, request| {
        let forbidden = request.command == "setaccountproperties" && request.body.contains("U_IM<");
        let error = "<iq type=\"error\"><query xmlns=\"admin:iq:rpc\"><error uid=\"account_permission\"/></query></iq>";
        forbidden.then(|| super::stand::Reply::Body(error.to_owned()))
    });
    let desk = wish(&stand, &["im", "groupware"]);
    desk.apply(&[])
        .exits(5)
        .says(&["given up on im", &format!("{} of {} steps done", USERS + 2, 2 * USERS + 2)]);
    assert_eq!(count(&stand, "groupware"), USERS);
    // What is left is forbidden, all of it.
    desk.apply(&[]).exits(77).says(&["steps in a row", "the rights of an administrator"]);
}

/// A connection that is cut at one service's writes is not a server that is gone.
#[test]
fn a_service_that_gets_no_answer_starves_no_other() {
    let stand = server(&[]);
    stand.twist(|_, request| {
        let cut = request.command == "setaccountproperties" && request.body.contains("U_IM<");
        cut.then(|| super::stand::Reply::Raw(Vec::new()))
    });
    let desk = wish(&stand, &["im", "groupware"]);
    desk.apply(&[]).exits(5).says(&["given up on im: the server did not answer", "its steps in a row"]);
    assert_eq!([count(&stand, "groupware"), count(&stand, "im")], [USERS, 0]);
    assert_eq!(stand.server("C_System_Tools_AutoBackup_DeleteAfter"), "99");
    stand.twist(|_, _| None);
    desk.icewarden(&["apply", "--resume", "--auto-approve"]).exits(0);
    desk.nothing_to_do(&[]);
}
