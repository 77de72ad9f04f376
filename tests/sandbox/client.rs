//! A client of a few lines that shares nothing with the project's own: requests are text, answers are a tree.

use icewarden::edge::sandbox::World;

/// A failing case is printed, not written to a file beside the tests.
pub fn proptest_config() -> proptest::prelude::ProptestConfig {
    proptest::prelude::ProptestConfig { failure_persistence: None, ..Default::default() }
}

/// A session on a world without HTTP between.
pub struct Session<'w> {
    pub world: &'w mut World,
    pub sid: String,
}

pub fn request(sid: &str, command: &str, params: &str) -> String {
    let sid = if sid.is_empty() { String::new() } else { format!(" sid=\"{sid}\"") };
    format!(
        "<iq{sid}><query xmlns=\"admin:iq:rpc\"><commandname>{command}</commandname>\
         <commandparams>{params}</commandparams></query></iq>"
    )
}

pub fn login_params(email: &str, password: &str) -> String {
    format!("<authtype>0</authtype><email>{email}</email><password>{password}</password>")
}

/// One property to write, as a client sends it.
pub fn item(name: &str, value: &str) -> String {
    format!(
        "<item><apiproperty><propname>{name}</propname></apiproperty><propertyval>\
         <classname>tpropertystring</classname><val>{value}</val></propertyval></item>"
    )
}

impl<'w> Session<'w> {
    pub fn admin(world: &'w mut World) -> Session<'w> {
        Session::of(world, "admin@example.com", "sandbox")
    }

    pub fn of(world: &'w mut World, email: &str, password: &str) -> Session<'w> {
        let answer =
            world.answer(request("", "authenticate", &login_params(email, password)).as_bytes(), None);
        let sid = attribute(&answer.body, "sid")
            .unwrap_or_else(|| panic!("no session for {email}: {}", answer.body));
        Session { world, sid }
    }

    pub fn call(&mut self, command: &str, params: &str) -> String {
        self.world.answer(request(&self.sid, command, params).as_bytes(), None).body
    }

    /// The text of `<result>`.
    pub fn result(&mut self, command: &str, params: &str) -> String {
        let body = self.call(command, params);
        texts(&body, "result").pop().unwrap_or_else(|| panic!("no result of {command}: {body}"))
    }

    pub fn set_account(&mut self, address: &str, name: &str, value: &str) -> String {
        let list = item(name, value);
        let params =
            format!("<accountemail>{address}</accountemail><propertyvaluelist>{list}</propertyvaluelist>");
        self.result("setaccountproperties", &params)
    }

    pub fn set_server(&mut self, name: &str, value: &str) -> String {
        let params = format!("<propertyvaluelist>{}</propertyvaluelist>", item(name, value));
        self.result("setserverproperties", &params)
    }

    /// The values of some properties of an account; `None` is `TPropertyNoValue`.
    pub fn account(&mut self, address: &str, names: &[&str]) -> Vec<Option<String>> {
        let list: String =
            names.iter().map(|name| format!("<item><propname>{name}</propname></item>")).collect();
        let params = format!(
            "<accountemail>{address}</accountemail><accountpropertylist>{list}</accountpropertylist>"
        );
        values(&self.call("getaccountproperties", &params))
    }

    pub fn server(&mut self, names: &[&str]) -> Vec<Option<String>> {
        let list: String =
            names.iter().map(|name| format!("<item><propname>{name}</propname></item>")).collect();
        values(&self.call("getserverproperties", &format!("<serverpropertylist>{list}</serverpropertylist>")))
    }
}

pub fn attribute(body: &str, name: &str) -> Option<String> {
    let document = roxmltree::Document::parse(body).expect("an answer is well-formed");
    document.root_element().attribute(name).map(str::to_owned)
}

pub fn error(body: &str) -> Option<String> {
    let document = roxmltree::Document::parse(body).expect("an answer is well-formed");
    let error = document
        .descendants()
        .find(|node| node.has_tag_name(("admin:iq:rpc", "error")) || node.has_tag_name("error"))?;
    error.attribute("uid").map(str::to_owned)
}

/// The texts of all elements of a name.
pub fn texts(body: &str, name: &str) -> Vec<String> {
    let document = roxmltree::Document::parse(body).expect("an answer is well-formed");
    let named = document.descendants().filter(|node| node.is_element() && node.tag_name().name() == name);
    named.map(|node| node.text().unwrap_or_default().to_owned()).collect()
}

fn values(body: &str) -> Vec<Option<String>> {
    let document = roxmltree::Document::parse(body).expect("an answer is well-formed");
    let vals = document.descendants().filter(|node| node.tag_name().name() == "propertyval");
    vals.map(|val| {
        let leaf = val.children().find(|child| child.tag_name().name() == "val")?;
        Some(leaf.text().unwrap_or_default().to_owned())
    })
    .collect()
}
