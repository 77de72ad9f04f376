//! Reading files: in order, whole, and never more than a spec can have.

use std::fs::{self, File};
use std::io::Write;
use std::path::Path;

use icewarden::edge::engine::load::{named_files, read};
use icewarden::edge::files::read_folder;
use icewarden::model::Finding;
use tempfile::TempDir;

fn folder(files: &[(&str, &[u8])]) -> TempDir {
    let folder = TempDir::new().expect("a temporary folder");
    for (name, bytes) in files {
        let path = folder.path().join(name);
        fs::create_dir_all(path.parent().expect("a parent")).expect("a folder");
        fs::write(path, bytes).expect("a file");
    }
    folder
}

fn refused(path: &Path) -> Vec<Finding> {
    let findings = read_folder(path).expect_err("it is refused");
    assert!(findings.iter().all(|finding| finding.remedy.is_some()), "{findings:?}");
    findings
}

#[test]
fn files_are_read_in_order_and_hidden_or_other_files_are_not() {
    let folder = folder(&[
        ("b.yaml", b"b"),
        ("a/c.yml", b"c"),
        ("a.yaml", b"a"),
        (".hidden.yaml", b"no"),
        (".git/x.yaml", b"no"),
        ("README.md", b"no"),
    ]);
    let sources = read_folder(folder.path()).expect("readable");
    let root = folder.path().display();
    let names: Vec<String> =
        sources.iter().map(|source| source.name.replace(&format!("{root}/"), "")).collect();
    assert_eq!(names, ["a.yaml", "a/c.yml", "b.yaml"]);
    let one = read_folder(&folder.path().join("b.yaml")).expect("readable");
    assert_eq!(&*one[0].text, "b");
}

#[cfg(unix)]
#[test]
fn links_that_lead_back_end() {
    let folder = folder(&[("a/x.yaml", b"x")]);
    std::os::unix::fs::symlink(folder.path(), folder.path().join("a/back")).expect("a link");
    std::os::unix::fs::symlink("nowhere", folder.path().join("gone")).expect("a link");
    assert_eq!(read_folder(folder.path()).expect("readable").len(), 1);
}

#[test]
fn a_gigabyte_is_refused_after_sixteen_megabytes() {
    let folder = folder(&[]);
    let path = folder.path().join("huge.yaml");
    File::create(&path).and_then(|file| file.set_len(1 << 30)).expect("a sparse file");
    let findings = refused(folder.path());
    assert_eq!(findings[0].code, "too-large");
    assert!(findings[0].message.contains("16 MiB"));
}

#[test]
fn the_limit_holds_over_all_files() {
    let folder = folder(&[]);
    for name in ["a.yaml", "b.yaml", "c.yaml"] {
        let mut file = File::create(folder.path().join(name)).expect("a file");
        file.write_all(&vec![b'#'; 6 * 1024 * 1024]).expect("written");
    }
    let findings = refused(folder.path());
    assert_eq!(findings.len(), 1);
    assert!(findings[0].places[0].0.file.ends_with("c.yaml"));
}

#[test]
fn what_is_no_text_is_named_with_its_place() {
    let folder = folder(&[
        ("a.yaml", b"kind: x\nname: \xc3\xa9\xff\n"),
        ("b.yaml", b"\x7fELF\x00\x01\xff"),
        ("c.yaml", b"a: \x00"),
        ("d.yaml", b"\xff\xfea\x00"),
        ("e.yaml", b"\x89PNG\xff\x00"),
    ]);
    let found: Vec<(String, &str)> = refused(folder.path())
        .iter()
        .map(|finding| (format!("{}:{}", finding.places[0].0.line, finding.places[0].0.column), finding.code))
        .collect();
    let expected = [
        ("2:8", "not-utf8"),
        ("1:5", "binary-file"),
        ("1:4", "binary-file"),
        ("1:1", "not-utf8"),
        ("1:1", "binary-file"),
    ];
    assert_eq!(found, expected.map(|(place, code)| (place.to_string(), code)));
}

#[test]
fn what_is_not_there_says_so() {
    let folder = folder(&[("README.md", b"")]);
    assert_eq!(refused(folder.path())[0].code, "no-document");
    assert_eq!(refused(&folder.path().join("nowhere"))[0].code, "not-found");
}

/// What a link outside leads to is not read, since a mistake in it would be shown with its line. Links inside are.
#[cfg(unix)]
#[test]
fn a_link_out_of_the_folder_is_refused_and_one_inside_is_followed() {
    use std::os::unix::fs::symlink;

    let outside = tempfile::tempdir().expect("a folder");
    fs::write(outside.path().join("private.yaml"), "secret: line\n").expect("a file");
    let spec = tempfile::tempdir().expect("a folder");
    fs::create_dir(spec.path().join(".data")).expect("a folder");
    fs::write(spec.path().join(".data/a.yaml"), "a: 1\n").expect("a file");
    symlink(".data/a.yaml", spec.path().join("a.yaml")).expect("a link");
    assert_eq!(read_folder(spec.path()).expect("readable").len(), 1);
    let door = spec.path().join("door.yaml");
    symlink(outside.path().join("private.yaml"), &door).expect("a link");
    let found = read_folder(spec.path()).expect_err("it is refused");
    assert_eq!(found.iter().map(|finding| finding.code).collect::<Vec<_>>(), ["link-outside"]);
    fs::remove_file(&door).expect("it is there");
    symlink(outside.path(), spec.path().join("folder")).expect("a link");
    let found = read_folder(spec.path()).expect_err("it is refused");
    assert_eq!(found.iter().map(|finding| finding.code).collect::<Vec<_>>(), ["link-outside"]);
    // Who names a link means what it leads to.
    let named = outside.path().join("named");
    symlink(outside.path(), &named).expect("a link");
    assert!(read_folder(&named).is_ok());
}

const NAMES_FILES: &str = "\
apiVersion: icewarden.dev/v1
kind: Server
metadata: {name: eu}
spec:
  connection:
    rpc: {url: \"https://mail.example.com/icewarpapi/\", account: admin@example.com, password: {file: no-such-secret}, caFile: ca.pem}
---
apiVersion: icewarden.dev/v1
kind: License
metadata: {name: eu}
spec:
  server: eu
  activation: {offline: {file: LICENCE}}
";

/// Every file that a spec names is looked at: a path that was mistyped is found before a server needs it.
#[test]
fn files_that_a_spec_names_are_looked_at() {
    let told = |folder: &TempDir, licence: &str| {
        fs::write(folder.path().join("a.yaml"), NAMES_FILES.replace("LICENCE", licence)).expect("a file");
        let findings = named_files(&read(folder.path()).expect("a valid spec").spec);
        let told =
            |finding: &Finding| format!("{:?} {}", finding.severity, finding.message.replace("\\", "/"));
        findings.iter().map(told).collect::<Vec<_>>().join("\n")
    };
    let whole = folder(&[("ca.pem", b"x"), ("license.xml", b"x"), ("empty.xml", b"")]);
    let secret = "Warning no-such-secret with a secret cannot be used";
    let of_licence = told(&whole, "license.xml");
    assert!(of_licence.starts_with(secret) && of_licence.lines().count() == 1, "{of_licence}");
    for (path, said) in
        [("no.xml", "Error"), ("empty.xml", "Error"), (".", "Error"), ("/no/such/license.xml", "Warning")]
    {
        let told = told(&whole, path);
        let last = told.lines().last().unwrap_or_default();
        assert!(last.starts_with(said) && last.contains("with the licence cannot be used"), "{path}: {told}");
    }
    let without = folder(&[("license.xml", b"x")]);
    assert!(told(&without, "license.xml").starts_with("Error"), "the certificates are missing");
}
