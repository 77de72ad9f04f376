//! The sandbox answers the requests of `tests/wire` in the shape that was written from the reference.

use std::collections::BTreeSet;
use std::path::Path;

use icewarden::edge::sandbox::{LicenceShape, World};
use roxmltree::{Document, Node};

use super::client::Session;

const SID: &str = "201602051125504026";

/// Exchanges whose answer the sandbox gives otherwise, and why. All others must have the same shape.
const OTHERWISE: [(&str, Otherwise); 12] = [
    // It is a 14.3 and leaves no field out.
    ("accounts-2016", Otherwise::GivesMore),
    ("accounts-2016-byte-order-mark-crlf", Otherwise::GivesMore),
    ("accounts-without-count", Otherwise::GivesMore),
    ("domains-without-type", Otherwise::GivesMore),
    ("licence-info-13", Otherwise::GivesMore),
    ("members-few-fields", Otherwise::GivesMore),
    // It refuses with an error id.
    ("login-zero", Otherwise::NeverSays),
    ("result-without-namespace", Otherwise::NeverSays),
    // U-1, first position: it shows the licence.
    ("licence-not-readable", Otherwise::NeverSays),
    ("licence-lower-case", Otherwise::Shaped),
    ("root-tag-invalid", Otherwise::WithoutSession),
    ("session-invalid", Otherwise::WithoutSession),
];

#[derive(Clone, Copy, Debug)]
enum Otherwise {
    /// At least what stands in the file.
    GivesMore,
    NeverSays,
    /// Asked of a world whose licence is written in lower case.
    Shaped,
    /// Sent without logging in first.
    WithoutSession,
}

struct Exchange {
    name: String,
    request: String,
    answer: String,
}

fn exchanges() -> Vec<Exchange> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/wire");
    let mut found = Vec::new();
    for entry in std::fs::read_dir(folder).expect("tests/wire") {
        let path = entry.expect("an entry").path();
        if path.extension().is_none_or(|extension| extension != "wire") {
            continue;
        }
        let text = String::from_utf8(std::fs::read(&path).expect("a file")).expect("UTF-8");
        let name = path.file_stem().expect("a name").to_string_lossy().into_owned();
        let (head, rest) =
            text.split_once("\n--- request\n").unwrap_or_else(|| panic!("{name} has no request"));
        let (request, answer) =
            rest.split_once("\n--- answer\n").unwrap_or_else(|| panic!("{name} has no answer"));
        assert!(
            head.starts_with("# ") && head.contains("\n# source: "),
            "{name} says what it shows and its source"
        );
        found.push(Exchange { name, request: request.to_owned(), answer: answer.to_owned() });
    }
    found.sort_by(|a, b| a.name.cmp(&b.name));
    found
}

/// A world in which every request of the folder has something to answer.
fn fitting_world() -> World {
    let mut world = World::bare();
    for (address, name, kind) in [
        ("anna.adler@example.com", "Anna <Adler> & Söhne", 0),
        ("two.factor@example.com", "Two", 0),
        ("left.company@example.com", "Left", 0),
        ("sales@example.com", "Sales", 7),
        ("support@example.com", "Support", 7),
        ("team@example.org", "Team", 7),
    ] {
        world.add_account(address, name, kind);
    }
    world.set_members(
        "sales@example.com",
        &["anna.adler@example.com", "support@example.com", "reader@elsewhere.test"],
    );
    world.set_members("team@example.org", &["anna.adler@example.com"]);
    for (product, accounts) in [("Mail Server", 20), ("ActiveSync", 50), ("WebMail", 0), ("Anti-Spam", 10)] {
        world.set_product(product, Some(accounts));
    }
    assert!(world.set_account_variable("anna.adler@example.com", "U_ActiveSync", "1"));
    assert!(world.set_account_variable("two.factor@example.com", "U_2F_Enabled", "1"));
    assert!(world.set_account_variable("left.company@example.com", "U_AccountDisabled", "1"));
    assert!(world.set_domain_variable("example.com", "D_SIP", "0"));
    assert!(world.set_domain_variable("example.com", "D_Description", "Example & Sons"));
    assert!(world.set_server_variable("C_System_Tools_AutoBackup_DeleteAfter", "14"));
    world
}

/// What makes the shape of an answer: the paths of its elements (a repeated item once), its attributes, and
/// the text of those leaves that a reader decides by.
fn shape(answer: &str) -> BTreeSet<String> {
    let text = answer.trim_start_matches('\u{feff}');
    let document = Document::parse(text).unwrap_or_else(|error| panic!("{error}: {text}"));
    let mut out = BTreeSet::new();
    collect(document.root_element(), "", &mut out);
    out
}

fn collect(node: Node<'_, '_>, above: &str, out: &mut BTreeSet<String>) {
    let name = node.tag_name().name();
    let path = format!("{above}/{name}");
    for attribute in node.attributes() {
        let value = if attribute.name() == "sid" { "…" } else { attribute.value() };
        out.insert(format!("{path}@{}={value}", attribute.name()));
    }
    if let Some(namespace) = node.tag_name().namespace() {
        out.insert(format!("{path} in {namespace}"));
    }
    let is_leaf = !node.children().any(|child| child.is_element());
    let text = node.text().unwrap_or_default();
    match name {
        "classname" => drop(out.insert(format!("{path}={}", text.to_lowercase()))),
        "propname" | "propertyright" => drop(out.insert(format!("{path}={text}"))),
        "result" if is_leaf => drop(out.insert(format!("{path}={text}"))),
        _ => {}
    }
    for child in node.children().filter(Node::is_element) {
        collect(child, &path, out);
    }
    out.insert(path);
}

#[test]
fn every_request_is_answered_in_the_shape_of_the_reference() {
    let exchanges = exchanges();
    assert!(exchanges.len() >= 25, "{} exchanges", exchanges.len());
    for (name, _) in OTHERWISE {
        assert!(exchanges.iter().any(|exchange| exchange.name == name), "{name} is no exchange");
    }
    let mut wrong = Vec::new();
    for exchange in &exchanges {
        let otherwise =
            OTHERWISE.iter().find(|(name, _)| *name == exchange.name).map(|(_, otherwise)| *otherwise);
        let mut world = fitting_world();
        if matches!(otherwise, Some(Otherwise::Shaped)) {
            world.set_licence_shape(LicenceShape::LowerCase);
        }
        let mut request = exchange.request.clone();
        if !matches!(otherwise, Some(Otherwise::WithoutSession)) {
            request = request.replace(SID, &Session::admin(&mut world).sid);
        }
        let given = shape(&world.answer(request.as_bytes(), None).body);
        let wanted = shape(&exchange.answer);
        let as_it_should = match otherwise {
            Some(Otherwise::GivesMore) => wanted.is_subset(&given) && wanted != given,
            Some(Otherwise::NeverSays) => wanted != given,
            Some(Otherwise::Shaped | Otherwise::WithoutSession) | None => wanted == given,
        };
        if !as_it_should {
            let lacks: Vec<_> = wanted.difference(&given).collect();
            let extra: Vec<_> = given.difference(&wanted).collect();
            wrong.push(format!("{} ({otherwise:?}): lacks {lacks:?}, has besides {extra:?}", exchange.name));
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn the_licence_text_has_the_shape_of_the_reference() {
    for (name, shaped) in
        [("licence-upper-case", LicenceShape::UpperCase), ("licence-lower-case", LicenceShape::LowerCase)]
    {
        let exchanges = exchanges();
        let exchange = exchanges.iter().find(|exchange| exchange.name == name).expect("the exchange");
        let written = super::client::texts(&exchange.answer, "val").pop().expect("a text");
        let mut world = fitting_world();
        world.set_licence_shape(shaped);
        let given = world.server_variable("C_License_XML").expect("the licence");
        assert_eq!(shape(&given), shape(&written), "{name}");
    }
    let exported = fitting_world().server_variable("C_License").expect("the export");
    assert!(exported.contains("<header><purchaseid>EXAMPLE-0001</purchaseid>"), "{exported}");
}

#[test]
fn line_ends_in_a_value_leave_as_references() {
    let mut world = fitting_world();
    assert!(world.set_server_variable("C_System_Tools_Backup_Dirs", "/srv/one\r\n/srv/two"));
    let exchanges = exchanges();
    let exchange =
        exchanges.iter().find(|exchange| exchange.name == "server-properties-line-ends").expect("it");
    let request = exchange.request.replace(SID, &Session::admin(&mut world).sid);
    let body = world.answer(request.as_bytes(), None).body;
    assert!(body.contains("<val>/srv/one&#13;&#10;/srv/two</val>"), "{body}");
}
