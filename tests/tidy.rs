//! The fences that no compiler has: who may use whom, dead files, banned words, lengths, and what
//! `docs/requirements.md` claims.
//!
//! Every check is a pure function from files to faults, and every fault names its line and the next act. The
//! tests come last: one runs every check over the tree, the others plant a fault for each check and must see
//! it. This file needs nothing but the standard library, and is the only one that may spell the banned words.

#![expect(clippy::disallowed_methods, reason = "reads the whole tree, which is its task")]
#![expect(clippy::expect_used, reason = "a fence that cannot read the tree has to stop, and loudly")]

use std::collections::{BTreeMap, BTreeSet, VecDeque};
use std::fmt;
use std::ops::Range;
use std::path::Path;

/// The rooms in reading order: each uses only those before it.
const ROOMS: [&str; 10] =
    ["model", "lifecycle", "spec", "policy", "diff", "seats", "plan", "flow", "report", "edge"];

/// What the room `edge/sandbox` may use, so that the two sides of the wire cannot share a mistake.
const SANDBOX_MAY_USE: [&[&str]; 3] = [&["model"], &["lifecycle"], &["edge", "sandbox"]];

/// What rooms of the edge must not use: the room, the others, and what to do instead.
const EDGE_MUST_NOT_USE: &[(&str, &[&str], &str)] = &[
    ("icewarp", &["sandbox", "cli", "engine"], "move what both need into an earlier room"),
    (
        "engine",
        &["sandbox", "cli", "icewarp"],
        "reach servers through edge/port, and tell instead of printing",
    ),
    ("port", &["sandbox", "cli", "icewarp", "engine"], "a port names nobody who uses it or stands behind it"),
    ("store", &["sandbox", "cli", "icewarp", "engine"], "the store is given what it keeps"),
];

/// Words of code that belong to certain places only: the word, the places, and why.
const CODE_WORDS: &[(&str, &[&str], &str)] = &[
    ("quick_xml", &["src/edge/icewarp"], "only the client of a real server reads its XML"),
    ("roxmltree", &["src/edge/sandbox"], "only the sandbox reads XML as a tree"),
    (
        "sqlx",
        &["src/edge/store", "src/edge/sandbox"],
        "each of the two keeps its own file, and nobody else any",
    ),
    ("granit_parser", &["src/spec/tree"], "one maintainer keeps it: it stays behind the tree"),
    ("println!", &["src/edge/cli"], "only the command line prints"),
    ("print!", &["src/edge/cli"], "only the command line prints"),
    ("eprintln!", &["src/edge/cli"], "only the command line prints"),
    ("eprint!", &["src/edge/cli"], "only the command line prints"),
    ("stdout()", &["src/edge/cli"], "only the command line prints"),
    ("stderr()", &["src/edge/cli"], "only the command line prints"),
    ("anstream", &["src/edge/cli"], "only the command line prints"),
    ("Command::new", CHILDREN, "a child gets no variable that the spec names as a secret"),
    ("Deserialize", BORDERS, "only types that cross a border are read from text"),
    ("JsonSchema", BORDERS, "only types that cross a border have a schema"),
    ("disallowed_methods", &["src/edge/mod.rs"], "the pure half stays pure"),
    ("disallowed_types", &["src/edge/mod.rs"], "the pure half stays pure"),
    ("print_stdout", &["src/edge/cli"], "only the command line prints"),
    ("print_stderr", &["src/edge/cli"], "only the command line prints"),
];

/// Where other programs are started.
const CHILDREN: &[&str] = &[
    "src/edge/children.rs", // without the secrets
    "src/edge/git.rs",      // with next to nothing of the environment
];

/// Where types are read from text or have a schema.
const BORDERS: &[&str] = &[
    "src/spec",                   // the YAML that authors write
    "src/plan/file.rs",           // the plan file, versioned
    "src/plan/words.rs",          // its words
    "src/report/events.rs",       // the events of a run, versioned
    "src/report/history.rs",      // what `history` tells, versioned
    "src/report/validation.rs",   // what `validate` tells, versioned
    "src/report/schema.rs",       // describes them
    "src/edge/sandbox/server.rs", // the query of the sandbox's own page, which no program relies on
];

/// Variables of the server in string literals belong to the two sides of the wire.
const WIRE_ROOMS: [&str; 2] = ["src/edge/icewarp", "src/edge/sandbox"];

/// What the names of the server's variables begin with; a capital follows.
const WIRE_PREFIXES: [&str; 14] =
    ["A_", "C_", "D_", "G_", "L_", "M_", "N_", "R_", "RA_", "S_", "ST_", "T_", "U_", "V_"];

/// Marks that never land in code, and what to do instead.
const CODE_MARKS: &[(&str, &str)] = &[
    ("todo!", "finish it, or return an error that says what is missing"),
    ("unimplemented!", "finish it, or return an error that says what is missing"),
    ("dbg!", "remove it"),
    ("#[ignore", "make the test pass, or delete it"),
    ("#[allow(", "write #[expect(…, reason = \"…\")]"),
    ("#![allow(", "write #![expect(…, reason = \"…\")]"),
    ("thread::sleep", "wait for what the test or program really waits for"),
    ("extern crate", "write `use`, so that the use order can be read"),
];

/// Marks that never land in a test, and what to do instead.
const TEST_MARKS: &[(&str, &str)] = &[("time::sleep", "wait for what the test really waits for")];

/// Marks that never land in any text, and what to do instead.
const TEXT_MARKS: &[(&str, &str)] = &[
    ("FIXME", "mend it now, or say plainly what is missing"),
    ("TODO", "do it now, or say plainly what is missing"),
    ("XXX", "mend it now, or say plainly what is missing"),
    ("/root/", "name no path of one machine"),
    ("/work/", "name no path of one machine"),
    ("/home/", "name no path of one machine"),
    ("/Users/", "name no path of one machine"),
];

/// Words that only the named places may write: the word, the places, what to do instead.
const TEXT_WORDS: &[(&str, &[&str], &str)] = &[
    ("serde_yaml", &["docs/decisions/", "deny.toml"], "use the YAML reader of spec/tree"),
    ("serde_yml", &["docs/decisions/", "deny.toml"], "use the YAML reader of spec/tree"),
];

/// Domains that e-mail addresses may have, with all below them; they belong to nobody.
const MAIL_DOMAINS: [&str; 6] = ["example.com", "example.org", "example.net", "test", "example", "invalid"];

/// Texts that others wrote, and this file.
const NOT_OUR_WORDS: [&str; 3] = ["Cargo.lock", "LICENSE", "tests/tidy.rs"];

const FUNCTION_LINES_MAX: usize = 70;
const FILE_LINES_MAX: usize = 600;

/// Functions that are one constant table, and so exempt: the file and the function.
const TABLE_FUNCTIONS: &[(&str, &str)] = &[];

/// Files that are constant tables, and so exempt.
const TABLE_FILES: &[&str] = &[];

/// Circles of files that are still there, each with all its files. The list only gets shorter.
const CIRCLES_LEFT: &[&[&str]] = &[];

/// The facts of the licence manual: the family, and how many ids it has.
const FACTS: [(&str, usize); 8] =
    [("LIC", 7), ("SEAT", 8), ("REN", 4), ("ACT", 5), ("TRI", 4), ("BAK", 3), ("REV", 6), ("SMTP", 2)];

/// One text of the tree; the path is relative to its top, with `/` between the parts.
struct Source {
    path: String,
    text: String,
}

/// What is wrong, where, and what to do about it.
#[derive(Debug, PartialEq, Eq, PartialOrd, Ord)]
struct Fault {
    path: String,
    line: usize,
    what: String,
}

impl fmt::Display for Fault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}:{}: {}", self.path, self.line, self.what)
    }
}

fn fault(path: &str, line: usize, what: impl Into<String>) -> Fault {
    Fault { path: path.to_string(), line, what: what.into() }
}

/// Every check over the whole tree.
fn check(tree: &[Source]) -> Vec<Fault> {
    let rust: Vec<Rust<'_>> = tree.iter().filter(|file| file.path.ends_with(".rs")).map(Rust::read).collect();
    let mut faults = Vec::new();
    for file in &rust {
        faults.extend(use_order(file));
        faults.extend(code_words(file));
        faults.extend(wire_names(file));
        faults.extend(code_marks(file));
        faults.extend(doc_examples(file));
        faults.extend(doc_sentences(file));
        faults.extend(function_lengths(file));
        faults.extend(file_length(file));
    }
    for file in tree.iter().filter(|file| !NOT_OUR_WORDS.contains(&file.path.as_str())) {
        faults.extend(text_marks(file));
        faults.extend(mail_domains(file));
    }
    faults.extend(rooms_in_order(&rust));
    faults.extend(circles(&rust, CIRCLES_LEFT));
    faults.extend(dead_modules(tree, &rust));
    faults.extend(dead_files(tree));
    faults.extend(requirements(tree, &rust));
    faults.extend(action_shell(tree));
    faults.sort();
    faults.dedup();
    faults
}

// ---- Who may use whom --------------------------------------------------------------------------------------

/// No room uses a later one; inside `edge`, neither side of the wire uses the other.
fn use_order(file: &Rust<'_>) -> Vec<Fault> {
    if file.path == "src/main.rs" {
        return main_uses(file);
    }
    let Some(home) = file.home().filter(|home| !home.is_empty()) else { return Vec::new() };
    let mentions = file.mentions(&home);
    mentions
        .iter()
        .filter_map(|(line, target)| Some(fault(file.path, *line, forbidden(&home, target)?)))
        .collect()
}

/// Why the module `home` may not mention `target`; both are paths from the crate's root.
fn forbidden(home: &[String], target: &[String]) -> Option<String> {
    let first = target.first().map_or("*", String::as_str);
    let starts = |path: &[&str], with: &[&str]| path.len() >= with.len() && path[..with.len()] == *with;
    let at: Vec<&str> = home.iter().map(String::as_str).collect();
    let to: Vec<&str> = target.iter().map(String::as_str).collect();
    let path = to.join("::");
    let Some(rank) = ROOMS.iter().position(|room| *room == first) else {
        return Some(format!("uses crate::{path}: name the room, so that the use order can be read"));
    };
    let own = ROOMS.iter().position(|room| *room == home[0]);
    if own.is_some_and(|own| own < rank) {
        return Some(format!(
            "the room {} uses the later room {first} (crate::{path}): move it down, or pass the value in",
            home[0]
        ));
    }
    if starts(&at, &["edge", "sandbox"]) && !SANDBOX_MAY_USE.iter().any(|may| starts(&to, may)) {
        return Some(format!(
            "the sandbox uses crate::{path}: it may use model and lifecycle, write it again"
        ));
    }
    for (room, others, instead) in EDGE_MUST_NOT_USE {
        if starts(&at, &["edge", room]) && others.iter().any(|other| starts(&to, &["edge", other])) {
            return Some(format!("edge/{room} uses crate::{path}: {instead}"));
        }
    }
    None
}

/// The program is one call into the command line.
fn main_uses(file: &Rust<'_>) -> Vec<Fault> {
    let uses = file.words("icewarden").filter_map(|at| {
        let rest = file.code[at..].strip_prefix("icewarden::")?;
        (!rest.starts_with("edge::")).then(|| {
            fault(
                file.path,
                line_of(&file.code, at),
                "the program only calls icewarden::edge: move this there",
            )
        })
    });
    uses.collect()
}

/// `lib.rs` declares the rooms, no others, in their order.
fn rooms_in_order(rust: &[Rust<'_>]) -> Vec<Fault> {
    let Some(file) = rust.iter().find(|file| file.path == "src/lib.rs") else { return Vec::new() };
    let mut faults = Vec::new();
    let mut last = 0;
    for module in file.declared() {
        let line = line_of(&file.code, module.at);
        match ROOMS.iter().position(|room| *room == module.name) {
            Some(rank) if rank < last => faults.push(fault(
                file.path,
                line,
                format!("{} stands after a later room: keep the reading order", module.name),
            )),
            Some(rank) => last = rank,
            None => faults.push(fault(
                file.path,
                line,
                format!("{} is no room: put it into one, or give it its place in ROOMS", module.name),
            )),
        }
    }
    faults
}

/// Words of code that belong to certain places.
fn code_words(file: &Rust<'_>) -> Vec<Fault> {
    if !file.path.starts_with("src/") {
        return Vec::new();
    }
    let strangers = CODE_WORDS.iter().filter(|(_, places, _)| !within(file.path, places));
    let faults = strangers.flat_map(|(word, places, why)| {
        file.words(word).map(move |at| {
            let what = format!("{word} belongs to {} ({why}): move it there", places.join(", "));
            fault(file.path, line_of(&file.code, at), what)
        })
    });
    faults.collect()
}

/// Names of the server's variables in string literals.
fn wire_names(file: &Rust<'_>) -> Vec<Fault> {
    if !file.path.starts_with("src/") || within(file.path, &WIRE_ROOMS) {
        return Vec::new();
    }
    let named = file.literals.iter().filter_map(|literal| {
        let name = wire_name(&literal.text)?;
        let what = format!("\"{name}…\" is the wire's word: only {} know it", WIRE_ROOMS.join(" and "));
        Some(fault(file.path, line_of(&file.code, literal.start), what))
    });
    named.collect()
}

fn wire_name(text: &str) -> Option<&'static str> {
    let begins = |prefix: &&str| {
        text.match_indices(*prefix).any(|(at, _)| {
            !text[..at].ends_with(is_word)
                && text[at + prefix.len()..].starts_with(|c: char| c.is_ascii_uppercase())
        })
    };
    WIRE_PREFIXES.iter().find(|prefix| begins(prefix)).copied()
}

// ---- Circles -----------------------------------------------------------------------------------------------

/// No two files need each other, whether at once or by way of others: then each can be read, and moved, alone.
/// A `mod.rs` counts only by what it passes on; tests do not count.
fn circles(rust: &[Rust<'_>], left: &[&[&str]]) -> Vec<Fault> {
    let house = House::read(rust);
    let files = house.files.values().filter(|file| !is_essay(file.path));
    let needs: BTreeMap<&str, Needs<'_>> = files.map(|file| (file.path, house.needs(file))).collect();
    let mut faults = Vec::new();
    let mut told = BTreeSet::new();
    for &path in needs.keys() {
        if told.contains(path) {
            continue;
        }
        let Some(circle) = shortest_circle(path, &needs) else { continue };
        let whole = needs.keys().filter(|other| leads(path, other, &needs) && leads(other, path, &needs));
        let whole: Vec<&str> = whole.copied().collect();
        told.extend(whole.iter().copied());
        if left.iter().any(|known| whole.iter().all(|path| known.contains(path))) {
            continue;
        }
        let steps: Vec<String> = circle.iter().map(|(path, line)| format!("{path}:{line}")).collect();
        let what = format!(
            "a circle of files: {} needs {path} again ({} files in all). Move what two of them share to the file \
             where it belongs",
            steps.join(" needs "),
            whole.len()
        );
        faults.push(fault(path, circle[0].1, what));
    }
    for path in left.iter().copied().flatten().filter(|path| !told.contains(**path)) {
        faults.push(fault(path, 1, "stands in no circle any more: strike it from CIRCLES_LEFT, for good"));
    }
    faults
}

/// The files that one file needs, each with the line that says so first.
type Needs<'a> = BTreeMap<&'a str, usize>;

/// The files of the library by their module path, and what each imports.
struct House<'a> {
    files: BTreeMap<Vec<String>, &'a Rust<'a>>,
    imports: BTreeMap<Vec<String>, Vec<Import>>,
}

/// One leaf of a `use`: the path from the crate's root, and the name that it has here (`*` for all names).
struct Import {
    path: Vec<String>,
    name: String,
}

impl<'a> House<'a> {
    fn read(rust: &'a [Rust<'a>]) -> House<'a> {
        let files: BTreeMap<Vec<String>, &Rust<'_>> = rust
            .iter()
            .filter(|file| !file.is_test() && file.path != "src/main.rs")
            .filter_map(|file| Some((file.home()?, file)))
            .collect();
        let imports = files.iter().map(|(home, file)| (home.clone(), file.imports(home))).collect();
        House { files, imports }
    }

    /// The files that a file names by any path outside its tests.
    fn needs(&self, file: &Rust<'_>) -> Needs<'a> {
        let home = file.home().unwrap_or_default();
        let mut paths = file.mentions(&home);
        for (name, base) in self.modules_in_scope(file, &home) {
            for at in file.words(&name).filter(|at| !file.code[..*at].trim_end().ends_with("::")) {
                let Some(rest) = file.code[at + name.len()..].trim_start().strip_prefix("::") else {
                    continue;
                };
                let line = line_of(&file.code, at);
                paths.extend(leaves_of(rest).into_iter().map(|leaf| (line, [base.clone(), leaf].concat())));
            }
        }
        let tests: Vec<Range<usize>> = file
            .test_modules()
            .iter()
            .map(|test| line_of(&file.code, test.start)..line_of(&file.code, test.end) + 1)
            .collect();
        let mut needs = Needs::new();
        for (line, path) in paths.iter().filter(|(line, _)| !tests.iter().any(|test| test.contains(line))) {
            for needed in self.defined_in(path, 0).into_iter().filter(|needed| *needed != file.path) {
                let first = needs.entry(needed).or_insert(*line);
                *first = (*first).min(*line);
            }
        }
        needs
    }

    /// Modules that a file may call by their name alone: its own, and those that it imports.
    fn modules_in_scope(&self, file: &Rust<'_>, home: &[String]) -> Vec<(String, Vec<String>)> {
        let own = file.declared().into_iter().map(|module| {
            let path = [home, module.inside.as_slice(), std::slice::from_ref(&module.name)].concat();
            (module.name, path)
        });
        let imported = self.imports.get(home).into_iter().flatten();
        let imported = imported.map(|import| (import.name.clone(), import.path.clone()));
        own.chain(imported).filter(|(_, path)| self.files.contains_key(path)).collect()
    }

    /// The files that a path leads to: the one that defines the name, past every `mod.rs` that passes it on. A
    /// glob leads to all that it may mean.
    fn defined_in(&self, path: &[String], depth: usize) -> Vec<&'a str> {
        let found =
            (0..=path.len()).rev().find_map(|length| Some((length, self.files.get(&path[..length])?)));
        let Some((length, file)) = found.filter(|_| depth < 8) else { return Vec::new() };
        if !is_essay(file.path) {
            return vec![file.path];
        }
        let Some(name) = path.get(length) else { return Vec::new() };
        let passed_on = self.imports.get(&path[..length]).into_iter().flatten();
        let meant = passed_on.filter(|import| import.name == *name || import.name == "*" || name == "*");
        let mut files = Vec::new();
        for import in meant {
            let glob = import.name == "*" && name != "*";
            let wanted = if glob { &path[length..] } else { &path[length + 1..] };
            let base = import.path.strip_suffix(&["*".to_string()]).unwrap_or(&import.path);
            let all = self.defined_in(&[base, wanted].concat(), depth + 1);
            files.extend(all.into_iter().filter(|path| !glob || self.defines(path, name)));
        }
        files
    }

    fn defines(&self, path: &str, name: &str) -> bool {
        let kinds = ["fn", "struct", "enum", "trait", "type", "const", "static", "union", "macro_rules!"];
        let mut files = self.files.values().filter(|file| file.path == path);
        files.any(|file| {
            file.words(name).any(|at| kinds.iter().any(|kind| file.code[..at].trim_end().ends_with(kind)))
        })
    }
}

/// The way from a file back to itself that visits the fewest others, each with the line that leads on.
fn shortest_circle<'a>(
    start: &'a str,
    needs: &BTreeMap<&'a str, Needs<'a>>,
) -> Option<Vec<(&'a str, usize)>> {
    let mut ways: VecDeque<Vec<(&str, usize)>> = VecDeque::new();
    let mut seen = BTreeSet::new();
    let mut at = start;
    let mut way = Vec::new();
    loop {
        for (&next, &line) in needs.get(at).into_iter().flatten() {
            let mut longer = way.clone();
            longer.push((at, line));
            if next == start {
                return Some(longer);
            }
            if seen.insert(next) {
                longer.push((next, 0));
                ways.push_back(longer);
            }
        }
        way = ways.pop_front()?;
        (at, _) = way.pop()?;
    }
}

/// Does one file need the other, whether at once or by way of others?
fn leads(from: &str, to: &str, needs: &BTreeMap<&str, Needs<'_>>) -> bool {
    let mut open = vec![from];
    let mut seen = BTreeSet::new();
    while let Some(at) = open.pop() {
        for &next in needs.get(at).into_iter().flat_map(BTreeMap::keys) {
            if next == to {
                return true;
            }
            if seen.insert(next) {
                open.push(next);
            }
        }
    }
    false
}

/// Does a file hold only an essay and what it passes on?
fn is_essay(path: &str) -> bool {
    path.ends_with("/mod.rs") || path == "src/lib.rs"
}

// ---- Dead files --------------------------------------------------------------------------------------------

/// Every Rust file is reached by `mod` from a root that `Cargo.toml` names.
fn dead_modules(tree: &[Source], rust: &[Rust<'_>]) -> Vec<Fault> {
    let by_path: BTreeMap<&str, &Rust<'_>> = rust.iter().map(|file| (file.path, file)).collect();
    let manifest = tree.iter().find(|file| file.path == "Cargo.toml").map_or("", |file| &file.text);
    let mut open: Vec<(String, String)> = crate_roots(manifest)
        .into_iter()
        .map(|root| {
            let folder = folder_of(&root).to_string();
            (root, folder)
        })
        .collect();
    let mut alive = BTreeSet::new();
    while let Some((path, folder)) = open.pop() {
        let Some(file) = by_path.get(path.as_str()) else { continue };
        if !alive.insert(path.clone()) {
            continue;
        }
        for module in file.declared() {
            open.extend(
                candidates(file.path, &folder, &module)
                    .into_iter()
                    .filter(|(p, _)| by_path.contains_key(p.as_str())),
            );
        }
    }
    let dead = rust.iter().filter(|file| !alive.contains(file.path));
    dead.map(|file| fault(file.path, 1, "no `mod` or Cargo target leads here: declare it, or delete it"))
        .collect()
}

/// The files that a `mod name;` may mean, each with the folder of its own submodules.
fn candidates(path: &str, folder: &str, module: &Declared) -> Vec<(String, String)> {
    if let Some(own) = &module.path {
        let file = join(folder_of(path), own);
        return vec![(file.clone(), folder_of(&file).to_string())];
    }
    let inner = module.inside.iter().fold(folder.to_string(), |folder, name| join(&folder, name));
    let folder = join(&inner, &module.name);
    vec![(format!("{folder}.rs"), folder.clone()), (format!("{folder}/mod.rs"), folder)]
}

/// The roots of all crates of the package.
fn crate_roots(manifest: &str) -> Vec<String> {
    let quoted = manifest.lines().filter_map(|line| line.trim().strip_prefix("path")?.split('"').nth(1));
    let named = quoted.filter(|path| path.ends_with(".rs")).map(str::to_string);
    named.chain(["src/lib.rs".to_string(), "src/main.rs".to_string()]).collect()
}

/// Every schema, example and document is spoken of somewhere else.
fn dead_files(tree: &[Source]) -> Vec<Fault> {
    let kept = |path: &str| ["schemas/", "examples/", "docs/"].iter().any(|top| path.starts_with(top));
    let dead = tree.iter().filter(|file| kept(&file.path)).filter(|file| {
        !tree.iter().any(|other| other.path != file.path && mentions_file(&other.text, &file.path))
    });
    dead.map(|file| fault(&file.path, 1, "nothing speaks of this file: link it where it helps, or delete it"))
        .collect()
}

/// Does a text speak of a file: by its name, or, of an example, by the folder it lies in (a program is given the
/// whole of it)?
fn mentions_file(text: &str, path: &str) -> bool {
    let (folder, name) = path.rsplit_once('/').unwrap_or(("", path));
    let joins = |c: char| is_word(c) || c == '-';
    let spoken = |word: &str, folder: bool| {
        text.match_indices(word).any(|(at, _)| {
            let after = &text[at + word.len()..];
            let after = if folder { after.trim_start_matches('/') } else { after };
            !text[..at].ends_with(joins) && !after.starts_with(joins)
        })
    };
    let folders = folder.match_indices('/').map(|(at, _)| &folder[..at]).chain([folder]);
    spoken(name, false)
        || (path.starts_with("examples/") && folders.into_iter().any(|folder| spoken(folder, true)))
}

// ---- Banned words ------------------------------------------------------------------------------------------

/// Marks of unfinished work in code; comments and strings may name them.
fn code_marks(file: &Rust<'_>) -> Vec<Fault> {
    if NOT_OUR_WORDS.contains(&file.path) {
        return Vec::new();
    }
    let tests = if file.is_test() { TEST_MARKS } else { &[] };
    let marks = CODE_MARKS.iter().chain(tests).flat_map(|(mark, instead)| {
        file.words(mark).map(move |at| {
            fault(file.path, line_of(&file.code, at), format!("{mark} never lands: {instead}"))
        })
    });
    marks.collect()
}

/// Marks and words that no text of the tree may hold.
fn text_marks(file: &Source) -> Vec<Fault> {
    let mut faults = Vec::new();
    for (number, line) in file.text.lines().enumerate() {
        for (mark, instead) in TEXT_MARKS.iter().filter(|(mark, _)| holds(line, mark)) {
            faults.push(fault(&file.path, number + 1, format!("{mark} never lands: {instead}")));
        }
        for (word, places, instead) in TEXT_WORDS {
            if holds(line, word) && !places.iter().any(|place| file.path.starts_with(place)) {
                faults.push(fault(&file.path, number + 1, format!("{word} is refused here: {instead}")));
            }
        }
    }
    faults
}

/// E-mail addresses of domains that may belong to somebody.
fn mail_domains(file: &Source) -> Vec<Fault> {
    let mut faults = Vec::new();
    for (number, line) in file.text.lines().enumerate() {
        for (at, _) in line.match_indices('@') {
            let local = line[..at].ends_with(|c: char| c.is_alphanumeric() || "._%+-*".contains(c));
            let rest = &line[at + 1..];
            let end =
                rest.find(|c: char| !(c.is_alphanumeric() || c == '.' || c == '-')).unwrap_or(rest.len());
            let domain = rest[..end].trim_end_matches(['.', '-']).to_lowercase();
            let top = domain.rsplit_once('.').map_or("", |(_, top)| top);
            let real = top.len() > 1 && top.chars().all(char::is_alphabetic);
            let ours = |allowed: &&str| domain == **allowed || domain.ends_with(&format!(".{allowed}"));
            if local && real && !MAIL_DOMAINS.iter().any(ours) {
                faults.push(fault(
                    &file.path,
                    number + 1,
                    format!("an address at {domain} may be somebody's: use example.com or .test"),
                ));
            }
        }
    }
    faults
}

/// Code in documentation is not run by the test runner, so it must not look as if it were.
fn doc_examples(file: &Rust<'_>) -> Vec<Fault> {
    let mut faults = Vec::new();
    let mut open = false;
    for (number, line) in file.text.lines().enumerate() {
        let line = line.trim_start();
        let Some(doc) = line.strip_prefix("///").or_else(|| line.strip_prefix("//!")) else {
            open = false;
            continue;
        };
        let Some(language) = doc.trim_start().strip_prefix("```") else { continue };
        if !open && (language.is_empty() || language.starts_with("rust")) {
            let what =
                "a documentation example that no test runs: make it a test, or name another language (text)";
            faults.push(fault(file.path, number + 1, what));
        }
        open = !open;
    }
    faults
}

/// Every public item says something of itself that its name does not: units, errors, the source of a fact.
///
/// Left out is what has no doc comment of its own: fields and variants; what a macro names; and what the command line
/// is derived from, because there the comment is the text of `--help`.
fn doc_sentences(file: &Rust<'_>) -> Vec<Fault> {
    if file.is_test() {
        return Vec::new();
    }
    let tests = file.test_modules();
    let public = file.words("pub").filter(|at| !tests.iter().any(|test| test.contains(at)));
    let silent = public.filter_map(|at| {
        let (kind, name) = public_item(&file.code[at + "pub".len()..])?;
        let start = file.comments_start(at);
        let derived = ["Args", "Parser", "Subcommand", "ValueEnum"];
        let help = file.code[start..at].split(|c| !is_word(c)).any(|word| derived.contains(&word));
        let documented = file.text[start..at].lines().any(|line| line.trim_start().starts_with("///"));
        let what = format!("{kind} {name} has no sentence: say what its name does not (unit, error, source)");
        (!documented && !help).then(|| fault(file.path, line_of(&file.code, at), what))
    });
    silent.collect()
}

/// What comes behind a `pub` that is open to all: the kind of an item, and its name.
fn public_item(mut rest: &str) -> Option<(&str, &str)> {
    let kinds = ["fn", "struct", "enum", "trait", "type", "static", "union"];
    loop {
        let (word, after) = identifier(rest)?;
        match word {
            kind if kinds.contains(&kind) => return Some((kind, identifier(after)?.0)),
            "const" if !matches!(identifier(after)?.0, "fn" | "unsafe" | "async") => {
                return Some((word, identifier(after)?.0));
            }
            "const" | "async" | "unsafe" => rest = after,
            _ => return None,
        }
    }
}

// ---- Lengths -----------------------------------------------------------------------------------------------

/// No function outside tests is longer than a page.
fn function_lengths(file: &Rust<'_>) -> Vec<Fault> {
    if file.is_test() {
        return Vec::new();
    }
    let tests = file.test_modules();
    let long = file.functions().into_iter().filter_map(|(name, span)| {
        let (first, last) = (line_of(&file.code, span.start), line_of(&file.code, span.end));
        let lines = last - first + 1;
        let exempt = tests.iter().any(|test| test.contains(&span.start))
            || TABLE_FUNCTIONS.contains(&(file.path, name.as_str()));
        (lines > FUNCTION_LINES_MAX && !exempt).then(|| {
            let what = format!("{name} has {lines} lines, at most {FUNCTION_LINES_MAX}: let helpers compute");
            fault(file.path, first, what)
        })
    });
    long.collect()
}

/// No file is longer than can be read at a sitting; its tests do not count.
fn file_length(file: &Rust<'_>) -> Option<Fault> {
    if file.is_test() || TABLE_FILES.contains(&file.path) {
        return None;
    }
    let in_tests: usize = file
        .test_modules()
        .iter()
        .map(|test| line_of(&file.code, test.end) - line_of(&file.code, test.start) + 1)
        .sum();
    let lines = file.text.lines().count() - in_tests;
    (lines > FILE_LINES_MAX).then(|| {
        let what = format!(
            "{lines} lines without tests, at most {FILE_LINES_MAX}: split it where the subject changes"
        );
        fault(file.path, FILE_LINES_MAX + 1, what)
    })
}

// ---- Claims ------------------------------------------------------------------------------------------------

/// `docs/requirements.md` lists every fact once, and what it claims is there.
fn requirements(tree: &[Source], rust: &[Rust<'_>]) -> Vec<Fault> {
    const PATH: &str = "docs/requirements.md";
    let Some(file) = tree.iter().find(|file| file.path == PATH) else {
        return vec![fault(PATH, 1, "missing: it says where each fact of the licence manual is kept")];
    };
    let functions: BTreeSet<String> =
        rust.iter().flat_map(|file| file.functions().into_iter().map(|(name, _)| name)).collect();
    let known: BTreeSet<String> =
        FACTS.iter().flat_map(|(family, count)| (1..=*count).map(move |n| format!("{family}-{n}"))).collect();
    let mut faults = Vec::new();
    let mut seen = BTreeSet::new();
    for (number, line) in file.text.lines().enumerate() {
        let cells: Vec<&str> = line.trim().trim_matches('|').split('|').map(str::trim).collect();
        if cells.len() != 4 || !known.contains(cells[0]) {
            continue;
        }
        if !seen.insert(cells[0].to_string()) {
            faults.push(fault(PATH, number + 1, format!("{} stands here twice: keep one row", cells[0])));
        }
        faults.extend(
            row_faults(&cells, tree, &functions).into_iter().map(|what| fault(PATH, number + 1, what)),
        );
    }
    faults.extend(known.difference(&seen).map(|id| fault(PATH, 1, format!("{id} has no row: add it"))));
    faults
}

/// What is wrong with one row: id, fact, where, test.
fn row_faults(cells: &[&str], tree: &[Source], functions: &BTreeSet<String>) -> Vec<String> {
    let (id, places, tests) = (cells[0], quoted(cells[2]), quoted(cells[3]));
    let prefix = format!("{}_", id.to_lowercase().replace('-', "_"));
    let mut faults = Vec::new();
    for place in places.iter().filter(|place| !tree.iter().any(|file| within(&file.path, &[place]))) {
        faults.push(format!("{id} is kept in {place}, which does not exist: name the file"));
    }
    for test in tests.iter().filter(|test| !functions.contains(**test)) {
        faults.push(format!(
            "{id} is shown by {test}, which is no function: name the test, or write \"not yet\""
        ));
    }
    for (cell, found) in [(cells[2], places.is_empty()), (cells[3], tests.is_empty())] {
        if found && cell != "not yet" {
            faults.push(format!("{id} says \"{cell}\": name it in backticks, or write \"not yet\""));
        }
    }
    let listed = |test: &&String| tests.iter().any(|listed| listed == *test);
    for test in functions.iter().filter(|name| name.starts_with(&prefix)).filter(|test| !listed(test)) {
        faults.push(format!("the test {test} shows {id}, and its row does not say so: add it"));
    }
    faults
}

/// The words in backticks.
fn quoted(cell: &str) -> Vec<&str> {
    cell.split('`').skip(1).step_by(2).collect()
}

/// Nothing that others choose is pasted into the shell of the GitHub action.
fn action_shell(tree: &[Source]) -> Vec<Fault> {
    let Some(file) = tree.iter().find(|file| file.path == "action.yml") else { return Vec::new() };
    let mut faults = Vec::new();
    let mut shell: Option<usize> = None;
    for (number, line) in file.text.lines().enumerate() {
        let indent = line.len() - line.trim_start().len();
        if shell.is_some_and(|outer| !line.trim().is_empty() && indent <= outer) {
            shell = None;
        }
        let key = line.trim_start().trim_start_matches("- ");
        if key.starts_with("run:") {
            shell = Some(line.len() - key.len());
        }
        if shell.is_some() && line.contains("${{") {
            faults.push(fault(&file.path, number + 1, "an expression inside the shell: pass it through env"));
        }
    }
    faults
}

// ---- Reading Rust ------------------------------------------------------------------------------------------

/// A Rust file with its comments, strings and characters blanked out, byte for byte.
struct Rust<'a> {
    path: &'a str,
    text: &'a str,
    code: String,
    literals: Vec<Literal>,
}

/// A string literal; `start` is the offset of its opening quote.
struct Literal {
    start: usize,
    text: String,
}

/// A `mod name;`, the inline modules around it, and its `#[path]`.
struct Declared {
    name: String,
    at: usize,
    inside: Vec<String>,
    path: Option<String>,
}

impl<'a> Rust<'a> {
    fn read(file: &'a Source) -> Rust<'a> {
        let (code, literals) = mask(&file.text);
        Rust { path: &file.path, text: &file.text, code, literals }
    }

    fn is_test(&self) -> bool {
        !self.path.starts_with("src/") || self.path.ends_with("/tests.rs") || self.path.contains("/tests/")
    }

    /// The module path of a file of the library: `src/plan/order.rs` is `plan::order`.
    fn home(&self) -> Option<Vec<String>> {
        let inner = self.path.strip_prefix("src/")?.strip_suffix(".rs")?;
        let inner = inner.strip_suffix("/mod").unwrap_or(inner);
        Some(inner.split('/').filter(|part| *part != "lib").map(str::to_string).collect())
    }

    /// Where a word stands in the code, not as a part of a longer one.
    fn words(&self, word: &str) -> impl Iterator<Item = usize> {
        let found = self.code.match_indices(word).filter(|(at, _)| {
            let before = word.starts_with(is_word) && self.code[..*at].ends_with(is_word);
            let after = word.ends_with(is_word) && self.code[at + word.len()..].starts_with(is_word);
            !before && !after
        });
        found.map(|(at, _)| at)
    }

    /// Every path that starts at the crate's root or climbs by `super`, as a path from the root.
    fn mentions(&self, home: &[String]) -> Vec<(usize, Vec<String>)> {
        let modules = self.inline_modules();
        let mut mentions = Vec::new();
        for at in self.words("crate") {
            let rest = &self.code[at + "crate".len()..];
            let visibility = self.code[..at].trim_end().ends_with("pub(") || rest.starts_with(')');
            if !visibility {
                let line = line_of(&self.code, at);
                let leaves = rest.trim_start().strip_prefix("::").map_or(vec![Vec::new()], leaves_of);
                mentions.extend(leaves.into_iter().map(|leaf| (line, leaf)));
            }
        }
        for at in self.words("super") {
            let before = self.code[..at].trim_end();
            if before.ends_with("::") || before.ends_with("pub(") {
                continue;
            }
            let around =
                modules.iter().filter(|(_, span, _)| span.contains(&at)).map(|(name, _, _)| name.clone());
            let mut base: Vec<String> = home.iter().cloned().chain(around).collect();
            let mut rest = &self.code[at..];
            while let Some(after) = rest.strip_prefix("super") {
                base.pop();
                rest = after.trim_start().strip_prefix("::").unwrap_or(";").trim_start();
            }
            let line = line_of(&self.code, at);
            mentions.extend(leaves_of(rest).into_iter().map(|leaf| (line, [base.clone(), leaf].concat())));
        }
        mentions
    }

    /// What a file imports by `use`, outside its inline modules; crates of others are left out.
    fn imports(&self, home: &[String]) -> Vec<Import> {
        let inline = self.inline_modules();
        let own: BTreeSet<String> = self.declared().into_iter().map(|module| module.name).collect();
        let outside = self.words("use").filter(|at| !inline.iter().any(|(_, span, _)| span.contains(at)));
        let leaves = outside.flat_map(|at| {
            let tree = &self.code[at + "use".len()..];
            let mut leaves = Vec::new();
            use_leaves(&tree[..tree.find(';').unwrap_or(tree.len())], &[], &mut leaves);
            leaves
        });
        let from_root = |(path, name): (Vec<String>, String)| {
            let mut base = home.to_vec();
            let mut rest = path.as_slice();
            match rest.first().map(String::as_str) {
                Some("crate") => (base, rest) = (Vec::new(), &rest[1..]),
                Some("self") => rest = &rest[1..],
                Some("super") => {}
                Some(first) if own.contains(first) => {}
                _ => return None,
            }
            while let Some(after) = rest.strip_prefix(&["super".to_string()]) {
                base.pop();
                rest = after;
            }
            Some(Import { path: [base.as_slice(), rest].concat(), name })
        };
        leaves.filter_map(from_root).collect()
    }

    /// Inline modules: name, extent, and whether they are compiled for tests only.
    fn inline_modules(&self) -> Vec<(String, Range<usize>, bool)> {
        let inline = self.words("mod").filter_map(|at| {
            let (name, rest) = identifier(&self.code[at + "mod".len()..])?;
            let open =
                rest.trim_start().starts_with('{').then(|| self.code.len() - rest.trim_start().len())?;
            let start = self.attributes_start(at);
            let test =
                self.code[start..at].contains("cfg(test)") || self.code[start..at].contains("cfg(all(test");
            Some((name.to_string(), start..closing(&self.code, open), test))
        });
        inline.collect()
    }

    fn test_modules(&self) -> Vec<Range<usize>> {
        self.inline_modules().into_iter().filter(|(_, _, test)| *test).map(|(_, span, _)| span).collect()
    }

    fn declared(&self) -> Vec<Declared> {
        let modules = self.inline_modules();
        let declared = self.words("mod").filter_map(|at| {
            let (name, rest) = identifier(&self.code[at + "mod".len()..])?;
            if !rest.trim_start().starts_with(';') {
                return None;
            }
            let start = self.attributes_start(at);
            // Other attributes may stand before it, the file's own among them, and hold literals too.
            let named = self.code[start..at].rfind("path").map(|path| start + path);
            let literal = named
                .and_then(|named| self.literals.iter().find(|literal| (named..at).contains(&literal.start)));
            let around = modules.iter().filter(|(_, span, _)| span.contains(&at));
            Some(Declared {
                name: name.to_string(),
                at,
                inside: around.map(|(name, _, _)| name.clone()).collect(),
                path: literal.map(|literal| literal.text.clone()),
            })
        });
        declared.collect()
    }

    /// Where the attributes and the visibility before an item begin.
    fn attributes_start(&self, item: usize) -> usize {
        self.code[..item].rfind([';', '{', '}']).map_or(0, |at| {
            let gap = self.code[at + 1..item].len() - self.code[at + 1..item].trim_start().len();
            at + 1 + gap
        })
    }

    /// Where the comments and attributes before an item begin; an attribute may hold braces and semicolons.
    fn comments_start(&self, item: usize) -> usize {
        let mut start = item;
        loop {
            let before = self.code[..start].trim_end();
            let mut depth = 0;
            let open = before.rfind(|c| {
                depth += i32::from(c == ']') - i32::from(c == '[');
                depth == 0
            });
            match open.filter(|_| before.ends_with(']')).and_then(|open| before[..open].strip_suffix('#')) {
                Some(rest) => start = rest.len(),
                None => return before.len(),
            }
        }
    }

    /// Functions that have a body: name, and extent from `fn` to the closing brace.
    fn functions(&self) -> Vec<(String, Range<usize>)> {
        let functions = self.words("fn").filter_map(|at| {
            let (name, rest) = identifier(&self.code[at + "fn".len()..])?;
            let signature = self.code.len() - rest.len();
            let mut depth = 0_i32;
            for (offset, c) in rest.char_indices() {
                match c {
                    '(' | '[' => depth += 1,
                    ')' | ']' => depth -= 1,
                    ';' if depth == 0 => return None,
                    '{' if depth == 0 => {
                        return Some((name.to_string(), at..closing(&self.code, signature + offset)));
                    }
                    _ => {}
                }
            }
            None
        });
        functions.collect()
    }
}

/// The leaves of a use tree or path: `{a::B, c}` gives `a::B` and `c`.
fn leaves_of(text: &str) -> Vec<Vec<String>> {
    let text = text.trim_start();
    if text.starts_with('{') {
        let inner = &text[1..closing(text, 0).min(text.len())];
        return split_top(inner)
            .into_iter()
            .filter(|item| !item.trim().is_empty())
            .flat_map(leaves_of)
            .collect();
    }
    if text.starts_with('*') {
        return vec![vec!["*".to_string()]];
    }
    let Some((name, rest)) = identifier(text) else { return vec![Vec::new()] };
    if name == "self" {
        return vec![Vec::new()];
    }
    let Some(after) = rest.trim_start().strip_prefix("::") else { return vec![vec![name.to_string()]] };
    leaves_of(after).into_iter().map(|leaf| [vec![name.to_string()], leaf].concat()).collect()
}

/// The leaves of a use tree with the names that they get: `a::{B as C, d::{self}}` gives `a::B` as `C`, `a::d` as `d`.
fn use_leaves(tree: &str, base: &[String], leaves: &mut Vec<(Vec<String>, String)>) {
    let tree = tree.trim();
    if tree.starts_with('{') {
        let inner = &tree[1..closing(tree, 0).min(tree.len())];
        for part in split_top(inner).into_iter().filter(|part| !part.trim().is_empty()) {
            use_leaves(part, base, leaves);
        }
        return;
    }
    let (first, rest) = identifier(tree).unwrap_or(("*", ""));
    let itself = first == "self" && !base.is_empty();
    let path = if itself { base.to_vec() } else { [base, &[first.to_string()]].concat() };
    if let Some(rest) = rest.trim_start().strip_prefix("::") {
        return use_leaves(rest, &path, leaves);
    }
    let renamed =
        rest.trim_start().strip_prefix("as ").and_then(identifier).map(|(name, _)| name.to_string());
    let name = renamed.or_else(|| path.last().cloned()).unwrap_or_default();
    leaves.push((path, name));
}

/// Splits at the commas that no brace encloses.
fn split_top(text: &str) -> Vec<&str> {
    let (mut depth, mut start, mut parts) = (0, 0, Vec::new());
    for (at, c) in text.char_indices() {
        match c {
            '{' => depth += 1,
            '}' => depth -= 1,
            ',' if depth == 0 => {
                parts.push(&text[start..at]);
                start = at + 1;
            }
            _ => {}
        }
    }
    parts.push(&text[start..]);
    parts
}

/// Blanks comments, strings and characters out of Rust, and keeps the strings. Every byte keeps its place and
/// every line its number.
fn mask(text: &str) -> (String, Vec<Literal>) {
    let bytes = text.as_bytes();
    let mut code = bytes.to_vec();
    let mut literals = Vec::new();
    let mut at = 0;
    while at < bytes.len() {
        let rest = &text[at..];
        let in_word = text[..at].ends_with(is_word);
        let end = if rest.starts_with("//") {
            at + rest.find('\n').unwrap_or(rest.len())
        } else if rest.starts_with("/*") {
            at + block_comment(rest)
        } else if let Some((length, inner)) = string(rest, in_word) {
            let start = at + rest.find('"').unwrap_or(0);
            literals.push(Literal { start, text: rest[inner].to_string() });
            at + length
        } else if let Some(length) = character(rest) {
            at + length
        } else {
            at += rest.chars().next().map_or(1, char::len_utf8);
            continue;
        };
        for byte in &mut code[at..end] {
            if *byte != b'\n' {
                *byte = b' ';
            }
        }
        at = end;
    }
    (String::from_utf8_lossy(&code).into_owned(), literals)
}

/// The length of a block comment; they nest.
fn block_comment(text: &str) -> usize {
    let (mut depth, mut at) = (0, 0);
    while at < text.len() {
        let rest = &text.as_bytes()[at..];
        if rest.starts_with(b"/*") {
            (depth, at) = (depth + 1, at + 2);
        } else if rest.starts_with(b"*/") {
            (depth, at) = (depth - 1, at + 2);
            if depth == 0 {
                return at;
            }
        } else {
            at += 1;
        }
    }
    text.len()
}

/// The length of a string literal that starts here, raw or not, and the range of what it says.
fn string(text: &str, in_word: bool) -> Option<(usize, Range<usize>)> {
    let raw = text.strip_prefix("br").or_else(|| text.strip_prefix("cr")).or_else(|| text.strip_prefix('r'));
    if let Some(rest) = raw.filter(|_| !in_word) {
        let hashes = rest.len() - rest.trim_start_matches('#').len();
        if rest[hashes..].starts_with('"') {
            let start = text.len() - rest.len() + hashes + 1;
            let close = format!("\"{}", "#".repeat(hashes));
            let end = text[start..].find(&close).map_or(text.len(), |at| start + at);
            return Some(((end + close.len()).min(text.len()), start..end));
        }
    }
    let mut chars = text.strip_prefix('"')?.char_indices();
    while let Some((at, c)) = chars.next() {
        match c {
            '\\' => drop(chars.next()),
            '"' => return Some((at + 2, 1..at + 1)),
            _ => {}
        }
    }
    Some((text.len(), 1..text.len()))
}

/// The length of a character literal that starts here; a lifetime is none.
fn character(text: &str) -> Option<usize> {
    let inner = text.strip_prefix('\'')?;
    let first = inner.chars().next()?;
    if first == '\\' {
        let escaped = 1 + inner[1..].chars().next()?.len_utf8();
        return Some(1 + escaped + inner[escaped..].find('\'')? + 1);
    }
    inner[first.len_utf8()..].starts_with('\'').then(|| first.len_utf8() + 2)
}

/// The offset of the brace that closes the one at `open`; the end of the code where there is none.
fn closing(code: &str, open: usize) -> usize {
    let mut depth = 0;
    for (at, c) in code[open..].char_indices() {
        match c {
            '{' => depth += 1,
            '}' if depth == 1 => return open + at,
            '}' => depth -= 1,
            _ => {}
        }
    }
    code.len().saturating_sub(1)
}

/// The identifier that comes next, and what follows it.
fn identifier(text: &str) -> Option<(&str, &str)> {
    let text = text.trim_start();
    let text = text.strip_prefix("r#").unwrap_or(text);
    let end = text.find(|c| !is_word(c)).unwrap_or(text.len());
    (end > 0).then(|| text.split_at(end))
}

fn is_word(c: char) -> bool {
    c.is_alphanumeric() || c == '_'
}

/// Does a line hold a mark, as a word where the mark is one?
fn holds(line: &str, mark: &str) -> bool {
    line.match_indices(mark).any(|(at, _)| {
        let before = mark.starts_with(is_word) && line[..at].ends_with(is_word);
        let after = mark.ends_with(is_word) && line[at + mark.len()..].starts_with(is_word);
        !before && !after
    })
}

fn line_of(text: &str, at: usize) -> usize {
    text.as_bytes()[..at.min(text.len())].iter().filter(|byte| **byte == b'\n').count() + 1
}

/// Is a path one of these places, below one of them, or the file of that module?
fn within(path: &str, places: &[&str]) -> bool {
    places.iter().any(|place| {
        path.strip_prefix(place.trim_end_matches('/'))
            .is_some_and(|rest| rest.is_empty() || rest.starts_with('/') || rest == ".rs")
    })
}

fn folder_of(path: &str) -> &str {
    path.rsplit_once('/').map_or("", |(folder, _)| folder)
}

/// Joins a folder and a relative path, with `..` resolved.
fn join(folder: &str, path: &str) -> String {
    let mut parts: Vec<&str> = folder.split('/').filter(|part| !part.is_empty()).collect();
    for part in path.split('/') {
        match part {
            "." | "" => {}
            ".." => drop(parts.pop()),
            part => parts.push(part),
        }
    }
    parts.join("/")
}

// ---- Reading the tree --------------------------------------------------------------------------------------

/// Every text file below a folder, less what `.gitignore` names at the top.
fn read_tree(top: &Path) -> Vec<Source> {
    let ignored = std::fs::read_to_string(top.join(".gitignore")).unwrap_or_default();
    let mut skip: BTreeSet<String> = ignored.lines().map(|line| line.trim_matches('/').to_string()).collect();
    skip.insert(".git".to_string());
    let mut files = Vec::new();
    let mut open = vec![String::new()];
    while let Some(folder) = open.pop() {
        for entry in std::fs::read_dir(top.join(&folder)).expect("the tree can be listed") {
            let entry = entry.expect("the tree can be listed");
            let path = join(&folder, &entry.file_name().to_string_lossy());
            let kind = entry.file_type().expect("the tree can be listed");
            if skip.contains(&path) {
                continue;
            }
            if kind.is_dir() {
                open.push(path);
            } else if let Ok(text) = std::fs::read_to_string(entry.path()) {
                files.push(Source { path, text });
            }
        }
    }
    files.sort_by(|a, b| a.path.cmp(&b.path));
    files
}

#[test]
fn the_tree_is_tidy() {
    let tree = read_tree(Path::new(env!("CARGO_MANIFEST_DIR")));
    assert!(tree.iter().any(|file| file.path == "src/lib.rs"), "the tree was not found");
    let faults = check(&tree);
    let lines: Vec<String> = faults.iter().map(ToString::to_string).collect();
    assert!(faults.is_empty(), "{} faults:\n{}", lines.len(), lines.join("\n"));
}

// ---- Planted faults ----------------------------------------------------------------------------------------

fn source(path: &str, text: &str) -> Source {
    Source { path: path.to_string(), text: text.to_string() }
}

/// Runs a check of Rust files over one text; gives the lines that it reports.
fn lines(path: &str, text: &str, check: impl Fn(&Rust<'_>) -> Vec<Fault>) -> Vec<usize> {
    let file = source(path, text);
    check(&Rust::read(&file)).into_iter().map(|fault| fault.line).collect()
}

#[test]
fn a_room_that_uses_a_later_room_is_reported() {
    let cases: &[(&str, &str, &[usize])] = &[
        ("src/seats/ledger.rs", "use crate::model::Seats;\nuse crate::plan::Step;", &[2]),
        ("src/model/mod.rs", "use crate::{lifecycle};", &[1]),
        ("src/model/a.rs", "use crate::{\n    model::B,\n    diff::{C, d::D},\n};", &[1, 1]),
        ("src/model.rs", "fn f() {\n    let x = crate::edge::cli::main();\n}", &[2]),
        ("src/model/a.rs", "use super::super::spec::Spec;", &[1]),
        ("src/model/a.rs", "use super::spec::Spec;", &[]),
        ("src/model/mod.rs", "use super::spec::Spec;", &[1]),
        ("src/model/mod.rs", "mod tests {\n    use super::spec::Spec;\n    use super::super::spec;\n}", &[3]),
        ("src/plan/mod.rs", "use crate::*;", &[1]),
        ("src/plan/mod.rs", "use crate as root;", &[1]),
        ("src/plan/mod.rs", "use crate::{self as root};", &[1]),
        ("src/plan/mod.rs", "macro_rules! m { () => { $crate::edge::f() } }", &[1]),
        ("src/plan/mod.rs", "pub(crate) struct A;\npub(super) fn f() {}\npub(in crate::plan) struct B;", &[]),
        ("src/plan/mod.rs", "//! [`crate::edge`]\n/* crate::edge */ const A: &str = \"crate::edge\";", &[]),
        ("src/edge/cli/mod.rs", "use crate::{model::Address, plan, edge::{sandbox, icewarp::rpc}};", &[]),
    ];
    for (path, text, expected) in cases {
        assert_eq!(lines(path, text, use_order), *expected, "{path}: {text}");
    }
}

#[test]
fn files_that_need_each_other_are_reported() {
    let room = "mod a;\nmod b;\nmod c;\npub use a::*;\npub use b::{B as Bee, make};\npub use c::C;";
    let found = |files: &[(&str, &str)]| {
        let tree: Vec<Source> = [("src/lib.rs", "pub mod plan;\npub mod edge;"), ("src/plan/mod.rs", room)]
            .iter()
            .chain(files)
            .map(|(path, text)| source(path, text))
            .collect();
        let rust: Vec<Rust<'_>> = tree.iter().map(Rust::read).collect();
        circles(&rust, &[]).into_iter().map(|fault| (fault.path, fault.line)).collect::<Vec<_>>()
    };
    let a = "src/plan/a.rs";
    let pair = |one: &str, other: &str| found(&[(a, one), ("src/plan/b.rs", other)]);
    let circle = [(a.to_string(), 1)];
    assert_eq!(pair("use super::b::B;", "use super::a::A;"), circle);
    assert_eq!(pair("use crate::plan::Bee;", "use super::a;"), circle, "a name that mod.rs passes on");
    assert_eq!(
        pair("fn f() { super::make() }\nstruct A;", "use super::{A};"),
        circle,
        "a path, and a glob in mod.rs"
    );
    assert_eq!(pair("use super::super::plan;fn f() { plan::make() }", "use super::a::{self};"), circle);
    assert_eq!(pair("use super::{b as bee};", "use super::a as other;"), circle);
    assert_eq!(pair("use super::b::B;", "#[cfg(test)]\nmod tests {\n    use crate::plan::a::A;\n}"), []);
    assert_eq!(pair("use super::b::B;", "use super::C;\n/// [`super::a`]\nstruct B;"), []);
    assert_eq!(pair("use super::b::B;", "mod inner {\n    use super::super::a::A;\n}"), circle);
    let three = [
        (a, "\nuse super::make;"),
        ("src/plan/b.rs", "use super::C;"),
        ("src/plan/c.rs", "use super::a::A;"),
    ];
    assert_eq!(found(&three), [(a.to_string(), 2)]);
    assert_eq!(found(&three[..2]), []);
    let parent = [("src/plan/b.rs", "mod deep;\nuse deep::f;"), ("src/plan/b/deep.rs", "use super::B;")];
    assert_eq!(found(&parent), [("src/plan/b.rs".to_string(), 2)]);
}

#[test]
fn a_circle_that_is_left_neither_grows_nor_stays_listed() {
    let (a, b, c) = ("src/plan/a.rs", "src/plan/b.rs", "src/plan/c.rs");
    let tree = [source(a, "use super::b::B;"), source(b, "use super::a::A;"), source(c, "use super::a::A;")];
    let rust: Vec<Rust<'_>> = tree.iter().map(Rust::read).collect();
    let found =
        |left: &[&[&str]]| circles(&rust, left).into_iter().map(|fault| fault.path).collect::<Vec<_>>();
    assert_eq!(found(&[&[a, b]]), [] as [&str; 0]);
    assert_eq!(found(&[&[a, c]]), [a, c], "b came in, and c is out");
    assert_eq!(found(&[&[a, b, c]]), [c]);
}

#[test]
fn the_two_sides_of_the_wire_do_not_meet() {
    let cases: &[(&str, &str, &[usize])] = &[
        ("src/edge/sandbox/seats.rs", "use crate::seats::Ledger;", &[1]),
        ("src/edge/sandbox/seats.rs", "use crate::edge::icewarp::codec;", &[1]),
        ("src/edge/sandbox.rs", "use super::icewarp::codec;", &[1]),
        ("src/edge/sandbox/xml.rs", "use super::super::files;", &[1]),
        ("src/edge/sandbox/xml.rs", "use crate::edge::{sandbox::state, clock};", &[1]),
        ("src/edge/sandbox/xml.rs", "use crate::edge;", &[1]),
        ("src/edge/sandbox/xml.rs", "use super::state::State;\nuse crate::{lifecycle, model::Module};", &[]),
        ("src/edge/sandbox/xml.rs", "use crate::edge::sandbox::state;", &[]),
        ("src/edge/icewarp/rpc.rs", "use crate::edge::sandbox::table;", &[1]),
        ("src/edge/icewarp/rpc.rs", "use crate::edge::cli::ask;", &[1]),
        ("src/edge/icewarp/rpc.rs", "use crate::{edge::files, model::Service};", &[]),
        ("src/edge/engine/read.rs", "use crate::edge::icewarp::Client;", &[1]),
        ("src/edge/engine/read.rs", "use crate::edge::cli::output::Output;", &[1]),
        ("src/edge/engine/read.rs", "use crate::edge::port::Server;", &[]),
        ("src/edge/port/server.rs", "use crate::edge::icewarp::Client;", &[1]),
        ("src/edge/store/runs.rs", "use crate::edge::engine::keep;", &[1]),
    ];
    for (path, text, expected) in cases {
        assert_eq!(lines(path, text, use_order), *expected, "{path}: {text}");
    }
}

#[test]
fn the_program_is_one_call() {
    assert_eq!(lines("src/main.rs", "fn main() {\n    icewarden::plan::build();\n}", use_order), [2]);
    assert_eq!(lines("src/main.rs", "fn main() { icewarden::edge::cli::main() }", use_order), []);
}

#[test]
fn a_new_or_misplaced_room_is_reported() {
    let found = |text: &str| {
        let file = source("src/lib.rs", text);
        rooms_in_order(&[Rust::read(&file)]).into_iter().map(|fault| fault.line).collect::<Vec<_>>()
    };
    assert_eq!(found("pub mod model;\npub mod utils;"), [2]);
    assert_eq!(found("pub mod plan;\npub mod seats;"), [2]);
    assert_eq!(found("pub mod model;\n#[cfg(feature = \"edge\")]\npub mod edge;"), []);
}

#[test]
fn a_word_outside_its_place_is_reported() {
    let cases: &[(&str, &str, &[usize])] = &[
        ("src/edge/sandbox/xml.rs", "use quick_xml::Reader;", &[1]),
        ("src/edge/icewarp/codec.rs", "use roxmltree::Document;", &[1]),
        ("src/edge/icewarp/codec.rs", "use quick_xml::Reader;", &[]),
        ("src/spec/check.rs", "use granit_parser::Event;", &[1]),
        ("src/spec/tree.rs", "use granit_parser::Event;", &[]),
        ("src/spec/tree/scan.rs", "use granit_parser::Event;", &[]),
        (
            "src/report/text.rs",
            "fn f() {\n    println!(\"x\");\n    eprintln!(\"x\");\n    print!(\"x\");\n}",
            &[2, 4, 3],
        ),
        ("src/edge/cli/out.rs", "fn f() { println!(\"x\") }", &[]),
        ("src/edge/files.rs", "fn f() { write!(io::stdout(), \"x\") }", &[1]),
        ("src/edge/files.rs", "fn f() { write!(anstream::stderr(), \"x\") }", &[1, 1]),
        ("src/edge/files.rs", "fn f() { child.stdout(Stdio::piped()).stderr.take() }", &[]),
        ("src/model/a.rs", "#[derive(Debug, Deserialize)]\nstruct A;", &[1]),
        ("src/report/a.rs", "#[derive(schemars::JsonSchema)]\nstruct A;", &[1]),
        ("src/plan/file.rs", "#[derive(Deserialize, JsonSchema)]\nstruct A;", &[]),
        ("src/plan/order.rs", "#![expect(clippy::disallowed_methods, reason = \"\")]", &[1]),
        ("tests/all/main.rs", "#![expect(clippy::disallowed_methods, reason = \"\")]", &[]),
    ];
    for (path, text, expected) in cases {
        assert_eq!(lines(path, text, code_words), *expected, "{path}: {text}");
    }
}

#[test]
fn a_variable_of_the_server_outside_the_wire_is_reported() {
    let text =
        "/// `U_IM` in prose is fine.\nconst A: &str = \"U_IM\";\nconst B: &[u8] = b\"the C_System_Tools\";";
    assert_eq!(lines("src/diff/canon.rs", text, wire_names), [2, 3]);
    assert_eq!(lines("src/edge/cli/show.rs", "const A: &str = r#\"D_AccountNumber\"#;", wire_names), [1]);
    assert_eq!(lines("src/edge/icewarp/properties.rs", text, wire_names), []);
    assert_eq!(lines("src/edge/sandbox/table.rs", text, wire_names), []);
    assert_eq!(
        lines("src/diff/canon.rs", "const A: &str = \"MENU_ITEM EU_West C_ U_lower\";", wire_names),
        []
    );
}

#[test]
fn a_file_that_no_module_declares_is_reported() {
    let tree = [
        source("Cargo.toml", "[[test]]\nname = \"all\"\npath = \"tests/all/main.rs\""),
        source(
            "src/lib.rs",
            "mod plan;\nmod spec;\n#[expect(lint, reason = \"why\")]\n#[path = \"odd/name.rs\"]\nmod named;\nmod inline { mod deep; }",
        ),
        source("src/plan.rs", "mod order;"),
        source("src/plan/order.rs", ""),
        source("src/spec/mod.rs", "// mod lost;\n#[cfg(test)]\nmod tests;"),
        source("src/spec/tests.rs", ""),
        source("src/odd/name.rs", ""),
        source("src/inline/deep.rs", ""),
        source("tests/all/main.rs", "mod worlds;"),
        source("tests/all/worlds.rs", ""),
        source("src/spec/lost.rs", ""),
        source("src/order.rs", ""),
        source("tests/lost.rs", ""),
    ];
    let rust: Vec<Rust<'_>> = tree.iter().filter(|file| file.path.ends_with(".rs")).map(Rust::read).collect();
    let dead: Vec<String> = dead_modules(&tree, &rust).into_iter().map(|fault| fault.path).collect();
    assert_eq!(dead, ["src/spec/lost.rs", "src/order.rs", "tests/lost.rs"]);
}

#[test]
fn a_document_that_nothing_speaks_of_is_reported() {
    let tree = [
        source(
            "README.md",
            "Try `icewarden plan examples/small`, and see [why](docs/decisions/0001-yaml.md).",
        ),
        source("docs/decisions/0001-yaml.md", "This page is 0001-yaml.md; `more-notes.md` is another page."),
        source("docs/decisions/0009-lost.md", "0009-lost.md"),
        source("docs/notes.md", ""),
        source("examples/small/server.yaml", "# yaml-language-server: $schema=../../schemas/server.json"),
        source("examples/other/server.yml", ""),
        source("schemas/server.json", "{}"),
    ];
    let dead: Vec<String> = dead_files(&tree).into_iter().map(|fault| fault.path).collect();
    assert_eq!(dead, ["docs/decisions/0009-lost.md", "docs/notes.md", "examples/other/server.yml"]);
}

#[test]
fn a_mark_of_unfinished_work_is_reported() {
    let text = "fn f() { todo!() }\nfn g() { dbg!(1); }\n#[ignore]\n#[ignore = \"slow\"]\nfn h() { unimplemented!() }\n\
        #[allow(dead_code)]\n#![allow(dead_code)]\nfn i() { std::thread::sleep(d) }\nextern crate core;";
    let mut found = lines("tests/all/main.rs", text, code_marks);
    found.sort_unstable();
    assert_eq!(found, [1, 2, 3, 4, 5, 6, 7, 8, 9]);
    assert_eq!(
        lines("src/a.rs", "// dbg!(x) and todo!() in prose\nconst A: &str = \"#[ignore]\";", code_marks),
        []
    );
}

#[test]
fn a_banned_word_in_any_text_is_reported() {
    let found = |path: &str, text: &str| {
        text_marks(&source(path, text)).into_iter().map(|fault| fault.line).collect::<Vec<_>>()
    };
    assert_eq!(found("docs/a.md", "one\n// FIXME later\nTODO\nXXX\nin /home/me/icewarden\n"), [2, 3, 4, 5]);
    assert_eq!(found("docs/a.md", "/work/x, or /root/x"), [1, 1]);
    assert_eq!(found("README.md", "we use serde_yaml"), [1]);
    assert_eq!(found("docs/decisions/0001-yaml.md", "why not serde_yaml"), []);
    assert_eq!(found("docs/a.md", "aXXXb TODOS"), []);
}

#[test]
fn an_address_of_a_real_domain_is_reported() {
    let found = |text: &str| {
        mail_domains(&source("tests/a.rs", text)).into_iter().map(|fault| fault.line).collect::<Vec<_>>()
    };
    assert_eq!(found("eva@example.com, bob@mail.example.org\npetr@icewarp.com."), [2]);
    assert_eq!(found("\"svc-*@firma.cz\""), [1]);
    assert_eq!(found("x@server.test *@* actions/checkout@v4 name@1.2.3 rest @ [1, 2] <a@b>"), []);
}

#[test]
fn an_example_that_no_test_runs_is_reported() {
    let text = "/// ```\n/// f();\n/// ```\nfn f() {}\n//! ```text\n//! a -> b\n//! ```\n\n/// ```rust,no_run\n/// ```\n";
    assert_eq!(lines("src/a.rs", text, doc_examples), [1, 9]);
}

#[test]
fn a_public_item_without_a_sentence_is_reported() {
    let cases: &[(&str, &[usize])] = &[
        ("pub fn a() {}\npub const fn b() {}\npub async fn c() {}\npub const D: u8 = 1;", &[1, 2, 3, 4]),
        (
            "pub struct A;\npub enum B {}\npub trait C {}\npub type D = u8;\npub static E: u8 = 1;",
            &[1, 2, 3, 4, 5],
        ),
        ("impl A {\n    /// One.\n    pub fn a() {}\n\n    pub fn b() {}\n}", &[5]),
        ("// Not for readers.\n#[derive(Debug)]\npub struct A;", &[3]),
        ("/// One.\n#[derive(Debug)]\npub struct A {\n    pub b: u8,\n}\npub struct C;", &[6]),
        ("/// One.\npub fn a() {}\npub(crate) fn b() {}\nfn c() {}\npub mod d;\npub use e::F;", &[]),
        ("/// One.\n#[expect(x, reason = \"two\")]\npub const fn a() {}", &[]),
        ("/// One.\n#[a(b = {[\"c\"; 1]})]\npub struct A;\n#[a({b})]\npub struct C;", &[5]),
        ("#[derive(Debug, Args)]\npub struct A;\n#[derive(ValueEnum)]\npub enum B {}", &[]),
        (
            "#[cfg(test)]\nmod tests {\n    pub fn a() {}\n}\nmacro_rules! m { () => { pub struct $name; } }",
            &[],
        ),
    ];
    for (text, expected) in cases {
        assert_eq!(lines("src/a.rs", text, doc_sentences), *expected, "{text}");
    }
    assert_eq!(lines("tests/all/a.rs", "pub fn a() {}", doc_sentences), []);
}

#[test]
fn a_long_function_is_reported() {
    let body = "    let a = '{'; // {\n".repeat(FUNCTION_LINES_MAX - 1);
    let long = format!("type F = fn(u8);\nfn long<'a>(x: [u8; 2]) -> &'a str {{\n{body}}}\n");
    let short = long.replacen("    let a = '{'; // {\n", "", 1);
    assert_eq!(lines("src/a.rs", &long, function_lengths), [2]);
    assert_eq!(lines("src/a.rs", &short, function_lengths), []);
    assert_eq!(lines("tests/all/a.rs", &long, function_lengths), []);
    let tested = format!("#[cfg(test)]\nmod tests {{\n{long}}}\n{long}");
    assert_eq!(lines("src/a.rs", &tested, function_lengths).len(), 1);
}

#[test]
fn a_long_file_is_reported() {
    let found = |text: &str| lines("src/a.rs", text, |file| file_length(file).into_iter().collect());
    let page = "const A: u8 = 1;\n".repeat(FILE_LINES_MAX);
    assert_eq!(found(&page), []);
    assert_eq!(found(&format!("{page}const B: u8 = 1;\n")), [FILE_LINES_MAX + 1]);
    let tests = format!("#[cfg(test)]\nmod tests {{\n{page}}}\n");
    assert_eq!(found(&format!("{page}{tests}")), []);
    assert_eq!(found(&format!("{page}// one more\n{tests}")), [FILE_LINES_MAX + 1]);
}

#[test]
fn a_claim_without_its_test_is_reported() {
    let rows = |row: &str| {
        let all = FACTS.iter().flat_map(|(family, count)| (1..=*count).map(move |n| format!("{family}-{n}")));
        let others =
            all.filter(|id| id != "TRI-1").map(|id| format!("| {id} | a fact | not yet | not yet |\n"));
        let tree = [
            source("docs/requirements.md", &format!("{row}\n{}", others.collect::<String>())),
            source("src/seats/ledger.rs", "fn tri_1_is_shown() {}\nfn other() {}"),
        ];
        let rust = [Rust::read(&tree[1])];
        requirements(&tree, &rust).into_iter().map(|fault| fault.what).collect::<Vec<_>>()
    };
    let good = "| TRI-1 | a fact | `src/seats` | `tri_1_is_shown`, `other` |";
    assert_eq!(rows(good), [] as [&str; 0]);
    let cases = [
        ("| TRI-1 | a fact | `src/seats` | `tri_1_is_shown`, `tri_1_is_gone` |", "which is no function"),
        ("| TRI-1 | a fact | `src/nowhere.rs` | `tri_1_is_shown` |", "which does not exist"),
        ("| TRI-1 | a fact | `src/seats` | not yet |", "its row does not say so"),
        ("| TRI-1 | a fact | `src/seats` `tri_1_is_shown` |", "has no row"),
        ("| TRI-1 | a fact | somewhere | `tri_1_is_shown` |", "name it in backticks"),
        (&format!("{good}\n{good}"), "stands here twice"),
    ];
    for (row, expected) in cases {
        let found = rows(row);
        assert!(found.len() == 1 && found[0].contains(expected), "{row}: {found:?}");
    }
}

#[test]
fn an_expression_inside_the_shell_is_reported() {
    let found = |text: &str| {
        action_shell(&[source("action.yml", text)]).into_iter().map(|f| f.line).collect::<Vec<_>>()
    };
    assert_eq!(
        found("    - run: |\n        echo ${{ inputs.path }}\n      env:\n        A: ${{ inputs.a }}\n"),
        [2]
    );
    assert_eq!(
        found("    - env:\n        A: ${{ inputs.a }}\n      run: |\n        echo \"$A\"\n\n        ls\n"),
        []
    );
    assert_eq!(found("    - run: echo ${{ inputs.path }}\n"), [1]);
}

#[test]
fn code_is_told_from_what_only_looks_like_it() {
    let text = r###"let a = "x \" y"; // "z"
let b = r#"q "r" s"#; /* /* n */ " */ let c = '"'; let d: &'static str = b"e"; let e = '\''; let f = 'é'; r#fn"###;
    let (code, literals) = mask(text);
    let texts: Vec<&str> = literals.iter().map(|literal| literal.text.as_str()).collect();
    assert_eq!(texts, ["x \\\" y", "q \"r\" s", "e"]);
    assert_eq!((code.len(), code.lines().count()), (text.len(), text.lines().count()));
    for gone in ["x", "z", "q", " n ", "'\"'", "é"] {
        assert!(!code.contains(gone), "{gone} is left: {code}");
    }
    for kept in ["let c", "let d: &'static str", "let f", "r#fn"] {
        assert!(code.contains(kept), "{kept} is gone: {code}");
    }
}
