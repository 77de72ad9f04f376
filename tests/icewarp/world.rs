//! A small world that answers lists and properties as the reference says, and as a test twists it.

use std::sync::Arc;

use icewarden::edge::icewarp::{CallError, observe};
use icewarden::edge::port::Wanted;
use icewarden::model::{Address, Observed};

use super::responder::{Reply, Request, Responder, item, result, welcoming};

type Twist = Arc<dyn Fn(&Request) -> Option<Reply> + Send + Sync>;

#[derive(Clone)]
pub struct World {
    pub domains: Vec<(&'static str, i64)>,
    /// E-mail, type, `admintype`.
    pub accounts: Vec<(&'static str, i64, i64)>,
    pub members: Vec<(&'static str, Vec<&'static str>)>,
    /// The most rows that a page has, whatever was asked for (U-8).
    pub cap: usize,
    /// Answers before the world does.
    pub twist: Twist,
}

impl Default for World {
    fn default() -> World {
        World {
            domains: vec![("example.com", 0)],
            accounts: vec![("admin@example.com", 0, 2), ("bob@example.com", 0, 0)],
            members: Vec::new(),
            cap: 1_000,
            twist: Arc::new(|_| None),
        }
    }
}

impl World {
    pub fn twisted(twist: impl Fn(&Request) -> Option<Reply> + Send + Sync + 'static) -> World {
        World { twist: Arc::new(twist), ..World::default() }
    }

    pub async fn start(self) -> Responder {
        Responder::start(welcoming(move |request| {
            (self.twist)(request).unwrap_or_else(|| Reply::Body(self.answer(request)))
        }))
        .await
    }

    fn answer(&self, request: &Request) -> String {
        match request.command() {
            "getdomainsinfolist" => self.page(request, self.domains.iter().map(|(name, kind)| {
                format!("<name>{name}</name><desc/><domaintype>{kind}</domaintype><accountcount>-5</accountcount>")
            })),
            "getaccountsinfolist" => self.page(request, self.accounts.iter().filter(|(email, ..)| {
                email.ends_with(&format!("@{}", request.field("domainstr")))
            }).map(|(email, kind, admin)| account(email, *kind, *admin))),
            "getaccountmemberinfolist" => self.page(request, self.members.iter()
                .filter(|(group, _)| *group == request.field("who"))
                .flat_map(|(_, members)| members.iter())
                .map(|member| format!("<val>{member}</val><default>0</default><recieve>1</recieve><post>1</post><digest>0</digest><params/>"))),
            "getaccountapiconsole" => self.page(request, console_names().into_iter().map(|name| console_item(&name))),
            "getsessioninfo" => result("<email>admin@example.com</email><domain>example.com</domain><admintype>1</admintype>"),
            "getlicenseinfo" => result("<country/><orderid>EXAMPLE-0002</orderid>"),
            _ => result(&request.names().iter().map(|name| item(name, value(name))).collect::<String>()),
        }
    }

    fn page(&self, request: &Request, rows: impl Iterator<Item = String>) -> String {
        page(request, &rows.collect::<Vec<_>>(), self.cap)
    }
}

pub fn account(email: &str, kind: i64, admin: i64) -> String {
    format!(
        "<name>A &amp; B</name><email>{email}</email><displayemail>{email}</displayemail><accounttype>{kind}</accounttype>\
         <accountstate><classname>TAccountState</classname><state>0</state></accountstate><admintype>{admin}</admintype><planid/>"
    )
}

/// The rows that a request asks for, at most `cap` of them.
pub fn page(request: &Request, rows: &[String], cap: usize) -> String {
    let offset = request.number("offset");
    let items: String = rows
        .iter()
        .skip(offset)
        .take(request.number("count").min(cap))
        .map(|row| format!("<item>{row}</item>\n\n"))
        .collect();
    result(&format!("{items}<offset>{offset}</offset><overallcount>{}</overallcount>", rows.len()))
}

/// The account variables of a release that has no booking and no AI agents.
pub fn console_names() -> Vec<String> {
    let mut names: Vec<String> =
        ["u_mailbox", "u_type", "u_admin", "u_accountdisabled", "u_accounttype", "u_isguestaccount"]
            .map(str::to_owned)
            .to_vec();
    for service in ["im", "gw", "sip", "ftp", "sms", "activesync", "webdav"] {
        names.extend([format!("u_{service}"), format!("u_{service}editable"), format!("u_{service}support")]);
    }
    names.extend(["u_smtp", "u_pop3imap", "u_webmail", "u_as", "u_aseditable"].map(str::to_owned));
    names
}

pub fn console_item(name: &str) -> String {
    format!(
        "<apiproperty><propname>{name}</propname>\n\n</apiproperty><propertyval><classname>TPropertyString</classname><val>1</val>\
         \n\n</propertyval><propertyright>2</propertyright><propertyenumvalues><item><value>0</value><name/></item>\
         </propertyenumvalues><propertyvaluetype>3</propertyvaluetype>"
    )
}

fn value(name: &str) -> &'static str {
    match name {
        "C_Reference" => "82811415-0DC1291E-05492B82-877710E7-MW-",
        "C_Version" => "14.3.0.11",
        "C_License" => "&lt;header&gt;&lt;purchaseid&gt;EXAMPLE-0001&lt;/purchaseid&gt;&lt;/header&gt;",
        "C_License_XML" => {
            "<![CDATA[<LICENSE><PRODUCTS><ITEM><PRODUCT>ActiveSync</PRODUCT><DEMO>0</DEMO><ACCOUNTS>50</ACCOUNTS></ITEM></PRODUCTS></LICENSE>]]>"
        }
        "Statistics_ActiveUsers" => "2",
        "Statistics_LicensedUsers" => "200",
        "U_Admin" | "U_AccountDisabled" | "U_IsGuestAccount" | "C_LicenseStatus" => "0",
        name if name.ends_with("Mode") => "9",
        _ => "1",
    }
}

pub fn address(text: &str) -> Address {
    Address::parse(text).unwrap()
}

/// Reads a world once.
pub async fn read(world: World, wanted: Wanted) -> (Result<Observed, CallError>, Responder) {
    let server = world.start().await;
    let client = server.client().await;
    let observed = observe(&client, &wanted, &|_| {}).await;
    client.close().await;
    (observed, server)
}

pub fn lists() -> Wanted {
    Wanted { accounts: true, ..Wanted::default() }
}
