//! Odd but legal answers, and some that are neither, through the decoder and the typed readers.

use icewarden::edge::icewarp::codec::{self, Body, Document, Element};
use icewarden::edge::icewarp::encode::{Params, request};
use icewarden::edge::icewarp::readers::{self, Properties, Value};
use icewarden::edge::icewarp::uids::{Bears, UIDS, Uid};

/// How an answer is read.
#[derive(Clone, Copy)]
enum As {
    Answer,
    Values,
    Write,
    Page,
    Domains,
    Accounts,
    Members,
}
use As::*;

/// The only function here that touches the code; the rest is data.
fn read(bytes: &[u8], how: As) -> String {
    let answer = match codec::decode(bytes) {
        Ok(answer) => answer,
        Err(error) => return format!("unreadable: {error}"),
    };
    let result = match (&answer.body, how) {
        (Body::Error(uid), _) => return format!("error `{uid}`"),
        (Body::Result(result), _) => result,
    };
    match how {
        Answer => {
            let sid = if answer.sid.is_some() { "sid " } else { "" };
            format!("{sid}{}", shape(result))
        }
        Values => match Properties::read(result) {
            Ok(properties) => {
                properties.names().map(|name| said(&properties, name)).collect::<Vec<_>>().join(" ")
            }
            Err(misfit) => format!("misfit: {misfit}"),
        },
        Write => match readers::written(result) {
            Ok(written) => format!("{written:?}"),
            Err(misfit) => format!("misfit: {misfit}"),
        },
        Page => match readers::page(result) {
            Ok(page) => {
                format!("{} rows, offset {:?}, overall {:?}", page.items.len(), page.offset, page.overall)
            }
            Err(misfit) => format!("misfit: {misfit}"),
        },
        Domains => rows(result, |item| {
            let row = readers::domain_row(item);
            format!("{}:{:?}", row.name, row.kind)
        }),
        Accounts => rows(result, |item| {
            let row = readers::account_row(item);
            format!("{}:{:?}:{:?}", row.email, row.kind, row.admin)
        }),
        Members => rows(result, readers::member_row),
    }
}

fn rows(result: &Element, row: impl Fn(&Element) -> String) -> String {
    match readers::page(result) {
        Ok(page) => page.items.iter().map(|item| row(item)).collect::<Vec<_>>().join(" "),
        Err(misfit) => format!("misfit: {misfit}"),
    }
}

fn said(properties: &Properties, name: &str) -> String {
    match properties.value(name) {
        Some(Value::Text(text)) => format!("{name}={text:?}"),
        Some(Value::Nested(element)) => format!("{name}={}", shape(element)),
        Some(Value::None(why)) => format!("{name}: {why};"),
        None => format!("{name} is gone"),
    }
}

fn shape(element: &Element) -> String {
    let children: Vec<String> = element.children.iter().map(shape).collect();
    if children.is_empty() {
        format!("{}={:?}", element.name(), element.text)
    } else {
        format!("{}[{}]", element.name(), children.join(" "))
    }
}

const OPEN: &str = r#"<iq type="result" sid="1"><query xmlns="admin:iq:rpc">"#;
const CLOSE: &str = "</query></iq>";

fn result(inside: &str) -> Vec<u8> {
    format!("{OPEN}<result>{inside}</result>{CLOSE}").into_bytes()
}

fn value(propertyval: &str) -> Vec<u8> {
    result(&format!(
        "<item><apiproperty><propname>C_X</propname></apiproperty><propertyval>{propertyval}</propertyval></item>"
    ))
}

fn text(value_text: &str) -> Vec<u8> {
    value(&format!("<classname>TPropertyString</classname><val>{value_text}</val>"))
}

fn case(title: &'static str, bytes: impl Into<Vec<u8>>, how: As, expected: &'static str) -> Case {
    (title, bytes.into(), how, expected)
}

type Case = (&'static str, Vec<u8>, As, &'static str);

fn envelopes() -> Vec<Case> {
    let plain = r#"<iq type="result" sid="1"><query xmlns="admin:iq:rpc"><result>1</result></query></iq>"#;
    vec![
        case("the plain answer", plain, Answer, r#"sid result="1""#),
        case("blank lines before it", format!("\r\n\n  \r\n{plain}\r\n\r\n"), Answer, r#"sid result="1""#),
        case("a byte order mark before it", format!("\u{feff}{plain}"), Answer, r#"sid result="1""#),
        case(
            "a blank line before the byte order mark",
            format!("\n\u{feff}{plain}"),
            Answer,
            r#"sid result="1""#,
        ),
        case(
            "an XML declaration",
            format!("<?xml version=\"1.0\" encoding=\"utf-8\"?>\n{plain}"),
            Answer,
            r#"sid result="1""#,
        ),
        case(
            "another encoding declared over plain ASCII",
            format!("<?xml version='1.0' encoding='windows-1250'?>{plain}"),
            Answer,
            r#"sid result="1""#,
        ),
        case(
            "comments and an instruction",
            format!("<!-- a --><?b c?>{}<!-- d -->", plain.replace("<query", "<!-- e --><query")),
            Answer,
            r#"sid result="1""#,
        ),
        case(
            "single quotes and spaces in the tags",
            "<iq  type = 'result'\n sid='1' ><query xmlns='admin:iq:rpc' ><result >1</result ></query ></iq >",
            Answer,
            r#"sid result="1""#,
        ),
        case(
            "prefixed names",
            r#"<a:iq xmlns:a="x" type="result"><p:query xmlns:p="admin:iq:rpc"><p:result>1</p:result></p:query></a:iq>"#,
            Answer,
            r#"result="1""#,
        ),
        case(
            "the namespace declared on the root",
            r#"<iq xmlns="admin:iq:rpc" type="result"><query><result>1</result></query></iq>"#,
            Answer,
            r#"result="1""#,
        ),
        case(
            "no namespace at all",
            "<iq type=\"result\"><query><result>1</result></query></iq>",
            Answer,
            r#"result="1""#,
        ),
        case(
            "no type attribute",
            r#"<iq sid="1"><query xmlns="admin:iq:rpc"><result>1</result></query></iq>"#,
            Answer,
            r#"sid result="1""#,
        ),
        case(
            "more attributes and their order",
            r#"<iq uid="1" id="7" sid="1" format="application/xml" type="RESULT"><query xmlns="admin:iq:rpc" x="y"><result>1</result></query></iq>"#,
            Answer,
            r#"sid result="1""#,
        ),
        case(
            "an empty sid is none",
            r#"<iq sid="" type="result"><query xmlns="admin:iq:rpc"><result>1</result></query></iq>"#,
            Answer,
            r#"result="1""#,
        ),
        case(
            "an element before query",
            r#"<iq type="result"><x/><query xmlns="admin:iq:rpc"><y/><result>1</result></query></iq>"#,
            Answer,
            r#"result="1""#,
        ),
        case(
            "an empty result",
            r#"<iq type="result"><query xmlns="admin:iq:rpc"><result/></query></iq>"#,
            Answer,
            r#"result="""#,
        ),
        case(
            "an error",
            r#"<iq type="error" sid="1"><query xmlns="admin:iq:rpc"><error uid="session_invalid"/></query></iq>"#,
            Answer,
            "error `session_invalid`",
        ),
        case(
            "an error without namespace or sid",
            r#"<iq type="error"><query><error uid="iq_root_tag_invalid"/></query></iq>"#,
            Answer,
            "error `iq_root_tag_invalid`",
        ),
        case(
            "an error outside of query",
            r#"<iq type="error"><error uid="x"></error></iq>"#,
            Answer,
            "error `x`",
        ),
        case(
            "an error that calls itself a result",
            r#"<iq type="result"><query xmlns="admin:iq:rpc"><error uid="x"/></query></iq>"#,
            Answer,
            "error `x`",
        ),
        case(
            "an error with its id as text",
            r#"<iq type="error"><query xmlns="admin:iq:rpc"><error> x </error></query></iq>"#,
            Answer,
            "error `x`",
        ),
        case(
            "an error without an id",
            r#"<iq type="error"><query xmlns="admin:iq:rpc"><error/></query></iq>"#,
            Answer,
            "error ``",
        ),
    ]
}

fn values() -> Vec<Case> {
    let item = |name: &str, val: &str| {
        format!(
            "<item><apiproperty><propname>{name}</propname></apiproperty><propertyval><classname>TPropertyString</classname><val>{val}</val></propertyval></item>"
        )
    };
    vec![
        case("a text", text("300"), Values, r#"c_x="300""#),
        case(
            "white space around elements",
            value("\r\n\n  <classname> TPropertyString\n</classname>\n <val>300</val>\n\n"),
            Values,
            r#"c_x="300""#,
        ),
        case("white space in the value is the value", text("  a b \t"), Values, r#"c_x="  a b \t""#),
        case("a value of white space only", text("  "), Values, r#"c_x="  ""#),
        case(
            "the class in lower case",
            value("<classname>tpropertystring</classname><val>1</val>"),
            Values,
            r#"c_x="1""#,
        ),
        case(
            "the class in upper case",
            value("<classname>TPROPERTYNOVALUE</classname>"),
            Values,
            "c_x: the server gave no value;",
        ),
        case(
            "the class after the value",
            value("<val>1</val><classname>TPropertyString</classname>"),
            Values,
            r#"c_x="1""#,
        ),
        case("no class", value("<val>1</val>"), Values, r#"c_x="1""#),
        case(
            "an unknown class with a text",
            value("<classname>TPropertyNumber</classname><val>1</val>"),
            Values,
            r#"c_x="1""#,
        ),
        case(
            "an empty value is a value",
            value("<classname>TPropertyString</classname><val/>"),
            Values,
            r#"c_x="""#,
        ),
        case("an empty value written out", text(""), Values, r#"c_x="""#),
        case(
            "a text class without a value",
            value("<classname>TPropertyString</classname>"),
            Values,
            "c_x: the server gave no value;",
        ),
        case(
            "no value although one is there",
            value("<classname>TPropertyNoValue</classname><val>0</val>"),
            Values,
            "c_x: the server gave no value;",
        ),
        case("an empty propertyval", value(""), Values, "c_x: the server gave no value;"),
        case(
            "no propertyval",
            result("<item><apiproperty><propname>C_X</propname></apiproperty></item>"),
            Values,
            "c_x: the server gave no value;",
        ),
        case(
            "a list as a value",
            value("<classname>TPropertyStringList</classname><val><item>a</item><item>b</item></val>"),
            Values,
            r#"c_x=val[item="a" item="b"]"#,
        ),
        case("CDATA", text("a<![CDATA[<b> & ]]>c"), Values, r#"c_x="a<b> & c""#),
        case("the five entities", text("&lt;&gt;&amp;&apos;&quot;"), Values, r#"c_x="<>&'\"""#),
        case("numeric references", text("&#65;&#x42;&#233;&#x1F4E7;"), Values, "c_x=\"ABé📧\""),
        case("line ends as references are kept", text("a&#13;&#10;b"), Values, r#"c_x="a\r\nb""#),
        case("raw line ends are folded", text("a\r\nb"), Values, r#"c_x="a\nb""#),
        case("letters beyond ASCII", text("Žluťoučký"), Values, r#"c_x="Žluťoučký""#),
        case(
            "an escaped document",
            text("&lt;LICENSE&gt;&amp;amp;&lt;/LICENSE&gt;"),
            Values,
            r#"c_x="<LICENSE>&amp;</LICENSE>""#,
        ),
        case("a comment inside a value", text("a<!-- b -->c"), Values, r#"c_x="ac""#),
        case(
            "names in another case",
            result(&item("c_LICENSEstatus", "0")),
            Values,
            r#"c_licensestatus="0""#,
        ),
        case(
            "one name twice with one value",
            result(&(item("C_X", "1") + &item("c_x", "1"))),
            Values,
            r#"c_x="1""#,
        ),
        case(
            "one name twice with two values",
            result(&(item("C_X", "1") + &item("c_x", "2"))),
            Values,
            "c_x: the server gave two different values;",
        ),
        case(
            "an item without a name",
            result(&("<item><propertyval><val>7</val></propertyval></item>".to_owned() + &item("C_Y", "1"))),
            Values,
            r#"c_y="1""#,
        ),
        case("no items", result(""), Values, ""),
        case("0 instead of values", result("0"), Values, "misfit: it is 0 and no values"),
        case(
            "a word beside values",
            result(&("stray ".to_owned() + &item("C_X", "1"))),
            Values,
            r#"c_x="1""#,
        ),
        case(
            "a word instead of values",
            result("busy"),
            Values,
            "misfit: it is `busy` where a list was asked for",
        ),
    ]
}

fn lists() -> Vec<Case> {
    let account = "<item><name>A &amp; B</name><email>A@Example.com</email><displayemail/><accounttype>0</accounttype><accountstate><classname>TAccountState</classname><state>0</state></accountstate><admintype>2</admintype><planid/></item>";
    vec![
        case("a write that was applied", result("1"), Write, "Applied"),
        case("a write in blank lines", result("\r\n 1 \n\n"), Write, "Applied"),
        case("a write that was not applied", result("0"), Write, "NotApplied"),
        case("a write that says nothing", result(""), Write, "misfit: it is ``, neither 1 nor 0"),
        case("a write that says a word", result("true"), Write, "misfit: it is `true`, neither 1 nor 0"),
        case("a write that says a list", result("<item/>"), Write, "misfit: it is ``, neither 1 nor 0"),
        case(
            "a page",
            result(&format!("{account}<offset>0</offset><overallcount>3</overallcount>")),
            Page,
            "1 rows, offset Some(0), overall Some(3)",
        ),
        case("a page without numbers", result(account), Page, "1 rows, offset None, overall None"),
        case(
            "a page with a negative number",
            result("<offset/><overallcount>-5</overallcount>"),
            Page,
            "0 rows, offset None, overall None",
        ),
        case(
            "the numbers first",
            result(&format!("<overallcount> 1 </overallcount><offset>0</offset>{account}")),
            Page,
            "1 rows, offset Some(0), overall Some(1)",
        ),
        case(
            "items inside items are no rows",
            result(
                "<item><propertyenumvalues><item><value>0</value></item></propertyenumvalues></item><overallcount>1</overallcount>",
            ),
            Page,
            "1 rows, offset None, overall Some(1)",
        ),
        case("a page of 0", result("0"), Page, "misfit: it is 0 and no values"),
        case("an account", result(account), Accounts, "A@Example.com:Some(0):Yes"),
        case(
            "an account of 2016",
            result("<item><name/><email>a@example.com</email><accounttype>7</accounttype></item>"),
            Accounts,
            "a@example.com:Some(7):Unread",
        ),
        case(
            "an account without a type",
            result("<item><email>a@example.com</email><admintype>0</admintype></item>"),
            Accounts,
            "a@example.com:None:No",
        ),
        case("an account without anything", result("<item/>"), Accounts, ":None:Unread"),
        case(
            "domains",
            result(
                "<item><name>Example.COM</name><desc/><domaintype>0</domaintype><accountcount>-5</accountcount></item><item><name>b.test</name></item>",
            ),
            Domains,
            "example.com:Some(0) b.test:None",
        ),
        case(
            "members",
            result(
                "<item><val> a@example.com\n</val><default>1</default><recieve>1</recieve><post>1</post><digest>0</digest><params/></item><item/>",
            ),
            Members,
            "a@example.com ",
        ),
    ]
}

fn wrong() -> Vec<Case> {
    let plain = r#"<iq type="result"><query xmlns="admin:iq:rpc"><result>1</result></query></iq>"#;
    vec![
        case("nothing", "", Answer, "unreadable: it is empty"),
        case("blank lines only", "\r\n \n", Answer, "unreadable: it is empty"),
        case("a comment only", "<!-- x -->", Answer, "unreadable: it is empty"),
        case("other text", "Internal error", Answer, "unreadable: it is not XML but other text"),
        case("JSON", r#"{"iq":{}}"#, Answer, "unreadable: it is not XML but other text"),
        case(
            "an HTML page",
            "<!DOCTYPE html>\n<html><head><meta charset=utf-8></head></html>",
            Answer,
            "unreadable: it is an HTML page",
        ),
        case("an old HTML page", "<HTML><BODY><BR></BODY></HTML>", Answer, "unreadable: it is an HTML page"),
        case(
            "half an answer",
            r#"<iq type="result"><query xmlns="admin:iq:rpc"><result><item><name>a"#,
            Answer,
            "unreadable: it stops half-way, inside <name>",
        ),
        case(
            "half a tag",
            r#"<iq type="result"><query xmlns="admin:i"#,
            Answer,
            "unreadable: it stops half-way, inside <iq>",
        ),
        case(
            "half of CDATA",
            r#"<iq><query xmlns="admin:iq:rpc"><result><![CDATA[1"#,
            Answer,
            "unreadable: it stops half-way, inside <result>",
        ),
        case(
            "another root",
            "<methodResponse/>",
            Answer,
            "unreadable: its root is <methodResponse> and not <iq>",
        ),
        case(
            "another namespace",
            plain.replace("admin:iq:rpc", "jabber:iq:auth"),
            Answer,
            "unreadable: its namespace is `jabber:iq:auth` and not `admin:iq:rpc`",
        ),
        case(
            "another namespace by prefix",
            r#"<iq><p:query xmlns:p="y"><p:result>1</p:result></p:query></iq>"#,
            Answer,
            "unreadable: its namespace is `y` and not `admin:iq:rpc`",
        ),
        case("no query", "<iq type=\"result\"/>", Answer, "unreadable: it has no <query>"),
        case(
            "no result",
            r#"<iq type="result"><query xmlns="admin:iq:rpc"/></iq>"#,
            Answer,
            "unreadable: it has no <result>",
        ),
        case(
            "an error that names none",
            r#"<iq type="error"><query xmlns="admin:iq:rpc"><result>1</result></query></iq>"#,
            Answer,
            "unreadable: it has no <error>",
        ),
        case(
            "a document type",
            format!("<!DOCTYPE iq [<!ENTITY a \"1\">]>{plain}"),
            Answer,
            "unreadable: it declares a document type, which no answer does",
        ),
        case(
            "an entity that XML does not know",
            text("a&nbsp;b"),
            Values,
            "unreadable: it uses the entity &nbsp; which XML does not define",
        ),
        case(
            "bytes that are not UTF-8",
            b"<iq>\xff</iq>".to_vec(),
            Answer,
            "unreadable: it is not UTF-8, from byte 4",
        ),
        case(
            "another encoding",
            "<?xml version='1.0' encoding='iso-8859-2'?><iq><query><result>é</result></query></iq>",
            Answer,
            "unreadable: it says that its encoding is iso-8859-2, and only UTF-8 is understood",
        ),
    ]
}

fn malformed() -> Vec<(&'static str, Vec<u8>)> {
    let plain = r#"<iq type="result"><query xmlns="admin:iq:rpc"><result>1</result></query></iq>"#;
    vec![
        ("two roots", format!("{plain}{plain}").into_bytes()),
        ("text behind the root", format!("{plain} and more").into_bytes()),
        ("tags that cross", "<iq><query><result>1</query></result></iq>".into()),
        ("an end without a start", format!("{plain}</iq>").into_bytes()),
        ("an attribute twice", "<iq type='result' type='error'/>".into()),
        ("a bare ampersand", text("a & b")),
        ("a reference to no character", text("&#xD800;")),
        ("a reference to nothing", text("&#0;")),
        ("a reference beyond Unicode", text("&#x110000;")),
    ]
}

fn check(cases: &[Case]) -> usize {
    let wrong: Vec<String> = cases
        .iter()
        .filter_map(|(title, bytes, how, expected)| {
            let actual = read(bytes, *how);
            (actual != *expected).then(|| format!("{title}\n  expected {expected}\n  read     {actual}"))
        })
        .collect();
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
    cases.len()
}

#[test]
fn every_envelope_of_the_reference_is_understood() {
    assert!(check(&envelopes()) >= 20);
}

#[test]
fn every_encoding_of_a_value_is_understood() {
    assert!(check(&values()) >= 30);
}

#[test]
fn every_list_and_write_answer_is_understood() {
    assert!(check(&lists()) >= 18);
}

#[test]
fn what_is_not_the_language_says_so() {
    assert!(check(&wrong()) >= 18);
}

#[test]
fn what_is_not_well_formed_is_never_half_read() {
    for (title, bytes) in malformed() {
        let read = read(&bytes, Answer);
        assert!(read.starts_with("unreadable: it is not well-formed at byte "), "{title}: {read}");
    }
}

#[test]
fn depth_and_number_of_elements_are_bounded() {
    let deep = format!("<iq>{}", "<a>".repeat(100_000));
    assert_eq!(read(deep.as_bytes(), Answer), "unreadable: it is nested deeper than 64 levels");
    let many = format!("<iq>{}</iq>", "<a/>".repeat(codec::ELEMENTS_MAX));
    assert_eq!(read(many.as_bytes(), Answer), "unreadable: it has more than 2000000 elements");
}

#[test]
fn no_beginning_of_an_answer_is_an_answer() {
    let whole = text("a&amp;b<![CDATA[c]]>");
    for end in 0..whole.len() {
        assert!(
            read(&whole[..end], Values).starts_with("unreadable: "),
            "{end} bytes were taken for an answer"
        );
    }
    assert!(!read(&whole, Values).starts_with("unreadable: "));
}

#[test]
fn no_flipped_byte_makes_a_panic() {
    let whole = text("a&amp;&#65;b<![CDATA[c]]>");
    for at in 0..whole.len() {
        for byte in [0, b'<', b'>', b'&', b'"', b';', b'/', 0xff] {
            let mut bytes = whole.clone();
            bytes[at] = byte;
            read(&bytes, Values);
        }
    }
}

/// Reference 1.7, word for word; `account_disabled_N` is written out below.
const IDS: &str = "
    iq_root_tag_invalid iq_query_xmlns_invalid invoker_commandname_invalid
    session_invalid session_invalid_id session_expired session_no_user session_ip_mismatch session_mismatch
    session_cookie_mismatch
    auth_login_invalid auth_type_invalid auth_email_missing auth_password_missing auth_digest_missing
    auth_digest_expired auth_two_factor_required auth_two_factor_invalid login_invalid_keypair login_ip_invalid
    account_invalid account_does_not_exist account_already_exists account_email_parameter_missing
    account_mailbox_property_missing account_type_property_missing account_missing_required_property
    account_password_policy account_domain_limit_exceeded account_permission account_no_password
    account_no_username account_no_domain migration_in_progress
    domain_invalid domain_parameter_empty
    license_evaluation license_reference_mismatch license_revalidation license_expired license_none license_build
    license_version";

#[test]
fn every_id_of_the_reference_has_a_plain_meaning() {
    let disabled = (1..=13).map(|number| format!("account_disabled_{number}"));
    let ids: Vec<String> = IDS.split_whitespace().map(str::to_owned).chain(disabled).collect();
    for id in &ids {
        let uid = Uid::new(id.as_str());
        let meaning = uid.meaning().unwrap_or_else(|| panic!("{id} is not in the table"));
        assert_eq!(uid.to_string(), format!("{meaning} ({id})"));
        assert_eq!(uid.bears() == Bears::Session, id.starts_with("session_"), "{id}");
        assert_eq!(uid.bears() == Bears::Licence, id.starts_with("license_"), "{id}");
    }
    assert_eq!(UIDS.len(), ids.len(), "the table has an id that the reference does not have, or one twice");
    assert_eq!(Uid::new("account_disabled_14").meaning(), None);
}

#[test]
fn what_is_sent_reads_back_as_it_was() {
    let every = (0..0x3000).chain(0xd7f0..0xe010).chain(0xfff0..0x10010).filter_map(char::from_u32);
    let (sendable, not): (Vec<char>, Vec<char>) =
        every.partition(|c| Params::new().text("a", &c.to_string()).unsendable().is_none());
    let not_xml = |c: &char| (*c < ' ' && !"\t\r\n".contains(*c)) || "\u{fffe}\u{ffff}".contains(*c);
    assert!(not.iter().all(not_xml), "{not:?}");
    let value: String = sendable.into_iter().collect();
    let request = request("x", &Params::new().text("val", &value), None);
    let document = Document::parse(&request).unwrap();
    let params = document.root.child("query").unwrap().child("commandparams").unwrap();
    assert_eq!(params.child("val").unwrap().text, value);
}
