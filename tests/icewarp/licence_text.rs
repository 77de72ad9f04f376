//! Licence texts: the shape of releases 10 and 11, its lower-case twin (synthetic: no whole sample of a later
//! release is public, U-18), and whatever else may come.

use icewarden::edge::icewarp::licence::{order_id, products};

/// Each product as `module/title seats demo expires`.
fn read(text: &str) -> String {
    match products(text) {
        None => "none".to_owned(),
        Some(offers) => offers
            .iter()
            .map(|offer| {
                let demo = offer.demo.map_or("?".to_owned(), |demo| demo.to_string());
                let expires = offer.expires_day.map_or("?".to_owned(), |day| day.to_string());
                format!("{}/{} {:?} demo {demo} until {expires}", offer.module, offer.title, offer.seats)
            })
            .collect::<Vec<_>>()
            .join("; "),
    }
}

fn item(fields: &str) -> String {
    format!("<LICENSE><TIMESTAMP/><PRODUCTS><ITEM>{fields}</ITEM></PRODUCTS></LICENSE>")
}

#[test]
fn products_are_read_leniently_and_never_invented() {
    let upper = "<LICENSE><TIMESTAMP/><PRODUCTS><ITEM><PRODUCT>GroupWare</PRODUCT><DEMO>0</DEMO><ACCOUNTS>50</ACCOUNTS><CREATIONDATE>45000</CREATIONDATE><EXPIRESAFTER>365</EXPIRESAFTER></ITEM><ITEM><PRODUCT>Mail Server Professional</PRODUCT><DEMO>1</DEMO><ACCOUNTS>0</ACCOUNTS></ITEM></PRODUCTS></LICENSE>";
    let plain = "groupware/GroupWare Limited(50) demo false until 45365; mailserver/Mail Server Professional Unlimited demo true until ?";
    let cases = [
        (upper.to_owned(), plain),
        // Synthetic.
        (
            upper
                .replace("LICENSE", "license")
                .replace("PRODUCTS", "products")
                .replace("ITEM", "item")
                .replace("PRODUCT>", "product>")
                .replace("ACCOUNTS", "accounts")
                .replace("DEMO", "demo")
                .replace("CREATIONDATE", "creationdate")
                .replace("EXPIRESAFTER", "expiresafter"),
            plain,
        ),
        (format!("\u{feff}\r\n<?xml version=\"1.0\" encoding=\"windows-1250\"?>\r\n{upper}\r\n"), plain),
        (format!("<info><license>{upper}</license></info>"), plain),
        (
            item("<PRODUCT>Holo Deck</PRODUCT><ACCOUNTS>7</ACCOUNTS>"),
            "holodeck/Holo Deck Limited(7) demo ? until ?",
        ),
        (
            item("<PRODUCT>Outlook-Connector</PRODUCT><ACCOUNTS> 7 </ACCOUNTS>"),
            "outlookconnector/Outlook-Connector Limited(7) demo ? until ?",
        ),
        (item("<PRODUCT>SMS</PRODUCT>"), "sms/SMS Unknown demo ? until ?"),
        (item("<PRODUCT>SMS</PRODUCT><ACCOUNTS/>"), "sms/SMS Unknown demo ? until ?"),
        (item("<PRODUCT>SMS</PRODUCT><ACCOUNTS>many</ACCOUNTS>"), "sms/SMS Unknown demo ? until ?"),
        (item("<PRODUCT>SMS</PRODUCT><ACCOUNTS>-1</ACCOUNTS>"), "sms/SMS Unknown demo ? until ?"),
        (
            item("<PRODUCT>SMS</PRODUCT><ACCOUNTS>99999999999999999999</ACCOUNTS>"),
            "sms/SMS Unknown demo ? until ?",
        ),
        (
            item(
                "<PRODUCT>SMS</PRODUCT><DEMO>yes</DEMO><CREATIONDATE>45000.75</CREATIONDATE><EXPIRESAFTER>30</EXPIRESAFTER>",
            ),
            "sms/SMS Unknown demo ? until 45030",
        ),
        (
            item("<PRODUCT>SMS</PRODUCT><CREATIONDATE>45000</CREATIONDATE><EXPIRESAFTER>0</EXPIRESAFTER>"),
            "sms/SMS Unknown demo ? until ?",
        ),
        (
            item(
                "<PRODUCT>SMS</PRODUCT><CREATIONDATE>9223372036854775807</CREATIONDATE><EXPIRESAFTER>1</EXPIRESAFTER>",
            ),
            "sms/SMS Unknown demo ? until ?",
        ),
        (item("<ACCOUNTS>5</ACCOUNTS>"), ""),
        ("<LICENSE><PRODUCTS/></LICENSE>".to_owned(), ""),
        ("<license><licensetype>onpremise</licensetype></license>".to_owned(), "none"),
        ("not a licence".to_owned(), "none"),
        (upper[..upper.len() - 20].to_owned(), "none"),
        (String::new(), "none"),
    ];
    for (text, expected) in cases {
        assert_eq!(read(&text), expected, "{text}");
    }
}

#[test]
fn the_order_id_stands_in_the_clear_header_whatever_follows() {
    let cases = [
        ("<header><purchaseid>EXAMPLE-0001</purchaseid></header>\u{0}opaque & <rest", Some("EXAMPLE-0001")),
        ("<?xml?>\r\n<HEADER x='1'>\r\n<PurchaseID> 0012 </PurchaseID></HEADER>", Some("0012")),
        ("<header></header>", None),
        ("<header><purchaseid></purchaseid></header>", None),
        ("<header><purchaseid>A B</purchaseid></header>", None),
        ("<header><purchaseid>A<b/></purchaseid></header>", None),
        ("<header><purchaseid>A", None),
        ("<purchaseid>A</purchaseid>", None),
        ("Ž<header>Ž<purchaseid>Ž1</purchaseid>", Some("Ž1")),
        ("", None),
    ];
    for (text, expected) in cases {
        assert_eq!(order_id(text).as_deref(), expected, "{text}");
    }
}
