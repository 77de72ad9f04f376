//! Faults, by what comes over the connection and by what the server did meanwhile.

use icewarden::edge::sandbox::{Fault, World};

use super::client::{error, item, login_params, request, texts};
use super::http::{client, served};

/// What came of a call: `STATUS KIND BODY`, or that nothing usable did.
async fn call(client: &reqwest::Client, url: &str, body: String) -> String {
    let Ok(answer) = client.post(url).body(body).send().await else { return "no answer".to_owned() };
    let status = answer.status().as_u16();
    let kind =
        answer.headers().get("content-type").map_or("", |kind| kind.to_str().expect("text")).to_owned();
    match answer.text().await {
        Ok(body) => format!("{status} {kind} {body}"),
        Err(_) => format!("{status} {kind}, cut"),
    }
}

/// Writes `U_IM` 1, reads it, and gives what came of both, and what is stored.
async fn check(fault: &str) -> (String, String, bool) {
    let mut world = World::bare();
    world.add_account("anna@example.com", "Anna", 0);
    world.set_product("Instant Messaging", Some(5));
    world.add_fault(Fault::parse(fault).expect(fault));
    served(world, |address| async move {
        let url = format!("http://{address}/icewarpapi/");
        let client = client();
        let login = call(&client, &url, request("", "authenticate", &login_params("admin@example.com", "sandbox")));
        let login = login.await;
        let sid = login.split("sid=\"").nth(1).and_then(|rest| rest.split('"').next()).unwrap_or_default().to_owned();
        let list = item("U_IM", "1");
        let write = format!("<accountemail>anna@example.com</accountemail><propertyvaluelist>{list}</propertyvaluelist>");
        let written = call(&client, &url, request(&sid, "setaccountproperties", &write)).await;
        let read = "<accountemail>anna@example.com</accountemail><accountpropertylist><item><propname>U_IM</propname>\
            </item></accountpropertylist>";
        let read = call(&client, &url, request(&sid, "getaccountproperties", read)).await;
        let state = client.get(format!("http://{address}/sandbox/state")).send().await.expect("an answer");
        let state: serde_json::Value = serde_json::from_str(&state.text().await.expect("text")).expect("JSON");
        let stored = state["accounts"]["anna@example.com"]["services"]["im"] == true;
        (told(&written), told(&read), stored)
    })
    .await
}

/// An answer in a few words.
fn told(answer: &str) -> String {
    let Some((head, body)) = answer.split_once("application/xml ") else {
        return answer.split(" <").next().unwrap_or_default().to_owned();
    };
    if roxmltree::Document::parse(body).is_err() {
        return format!("{head}half");
    }
    let said = error(body).or_else(|| texts(body, "val").pop()).or_else(|| texts(body, "result").pop());
    format!("{head}{}", said.unwrap_or_default())
}

#[tokio::test]
async fn each_fault_does_what_it_says_to_the_answer_and_to_the_write() {
    let set = "@setaccountproperties";
    for (fault, written, read, stored) in [
        ("delay=1", "200 1", "200 1", true),
        (&format!("cut-before{set}"), "no answer", "200 0", false),
        (&format!("cut-unanswered{set}"), "no answer", "200 1", true),
        (&format!("cut-inside{set}"), "200 application/xml, cut", "200 1", true),
        (&format!("cut-after{set}"), "200 1", "200 1", true),
        (&format!("500{set}"), "500 text/html", "200 0", false),
        (&format!("302{set}:1"), "302 text/html", "200 0", false),
        (&format!("html{set}"), "200 text/html", "200 0", false),
        (&format!("html-after{set}"), "200 text/html", "200 1", true),
        (&format!("truncated{set}"), "200 half", "200 1", true),
        (&format!("lose-session{set}"), "200 session_invalid", "200 session_invalid", false),
        // He has it on before we write, and off before we read.
        (&format!("second-admin{set}"), "200 1", "200 1", true),
        ("second-admin@getaccountproperties", "200 1", "200 0", false),
        // The third call of all is the read.
        ("500@:3", "200 1", "500 text/html", true),
        ("500@:3+", "200 1", "500 text/html", true),
        (&format!("500{set}:2"), "200 1", "200 1", true),
    ] {
        let expected = (written.to_owned(), read.to_owned(), stored);
        assert_eq!(check(fault).await, expected, "{fault}");
    }
}
