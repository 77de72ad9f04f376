//! What the documents show is so: their commands are run, their files are read, their messages exist.
//!
//! In a page a comment before a block says what is done with it, one a line:
//! `<!-- file: PATH -->` writes the block there; `<!-- exit: N -->` runs it and expects that exit;
//! `<!-- shows -->` asks for its lines in what the block of commands before it printed; `<!-- not run: WHY -->` passes
//! over it. A block of `sh` without any is run and must succeed. `<!-- before: COMMAND -->` is run once, before the
//! page's first command and after its first files. The server of the pages is a sandbox of 300 accounts.

use std::path::Path;
use std::process::Command;

use icewarden::edge::sandbox::{Seed, World};

use super::run::Desk;
use super::spec::{policy, server};
use super::stand::Stand;

/// The address that the pages have for a server.
const URL: &str = "https://mail.example.com/icewarpapi/";

/// What stands between two fences, with the comments right before it.
#[derive(Debug)]
struct Block {
    line: usize,
    language: String,
    text: String,
    marks: Vec<(String, String)>,
}

impl Block {
    fn mark(&self, name: &str) -> Option<&str> {
        self.marks.iter().find(|(known, _)| known == name).map(|(_, value)| value.as_str())
    }
}

fn pages() -> Vec<(String, String)> {
    let entries =
        std::fs::read_dir("docs").expect("the folder is there").map(|entry| entry.expect("an entry").path());
    let mut paths: Vec<_> = entries.filter(|path| path.extension().is_some_and(|end| end == "md")).collect();
    paths.sort();
    let read = |path: &Path| std::fs::read_to_string(path).expect("a text");
    let mut pages: Vec<_> = paths.iter().map(|path| (path.display().to_string(), read(path))).collect();
    pages.push(("README.md".to_owned(), read(Path::new("README.md"))));
    pages
}

fn comment(line: &str) -> Option<(String, String)> {
    let inside = line.trim().strip_prefix("<!--")?.strip_suffix("-->")?.trim();
    let (name, value) = inside.split_once(':').unwrap_or((inside, ""));
    Some((name.trim().to_owned(), value.trim().to_owned()))
}

fn blocks(page: &str) -> Vec<Block> {
    let mut blocks: Vec<Block> = Vec::new();
    let mut marks = Vec::new();
    let mut open: Option<Block> = None;
    for (number, line) in page.lines().enumerate() {
        match (&mut open, line.trim_start().strip_prefix("```")) {
            (Some(_), Some(_)) => blocks.extend(open.take()),
            (Some(block), None) => block.text += &format!("{line}\n"),
            (None, Some(language)) => {
                let marks = std::mem::take(&mut marks);
                open = Some(Block {
                    line: number + 1,
                    language: language.to_owned(),
                    text: String::new(),
                    marks,
                });
            }
            (None, None) if line.trim().is_empty() => {}
            (None, None) => match comment(line) {
                Some(mark) if mark.0 != "before" => marks.push(mark),
                _ => marks.clear(),
            },
        }
    }
    assert!(open.is_none(), "a block is not closed");
    blocks
}

/// A page's desk: the sandbox, the program in its PATH, and a home of its own.
struct Run {
    stand: Stand,
    desk: Desk,
}

impl Run {
    fn new() -> Run {
        let stand = Stand::of(World::seeded(&Seed { accounts: 300, seed: 1 }));
        let desk = Desk::with("");
        std::fs::remove_dir_all(desk.path("spec")).expect("it is there");
        std::fs::create_dir(desk.path("mail")).expect("a folder");
        Run { stand, desk }
    }

    fn text(&self, text: &str) -> String {
        text.replace(URL, &self.stand.url)
    }

    fn bash(&self, text: &str) -> (i32, String) {
        let folder = Path::new(env!("CARGO_BIN_EXE_icewarden")).parent().expect("a folder");
        let mut command = Command::new("bash");
        command
            .args(["-euo", "pipefail", "-c", &self.text(text)])
            .current_dir(self.desk.path("."))
            .env_clear();
        command.env("PATH", format!("{}:/usr/local/bin:/usr/bin:/bin", folder.display()));
        command.env("HOME", self.desk.path(".")).env("NO_PROXY", "127.0.0.1").env("COLUMNS", "100");
        let ran = command.env("ICEWARP_PASSWORD", "sandbox").output().expect("bash is there");
        let said = [ran.stdout, ran.stderr].map(|bytes| String::from_utf8_lossy(&bytes).into_owned());
        (ran.status.code().expect("it ended by itself"), said.concat())
    }
}

fn squeezed(text: &str) -> String {
    text.split_whitespace().collect::<Vec<_>>().join(" ")
}

/// Runs a page from top to bottom; gives how many blocks of commands were run.
fn run(name: &str, page: &str) -> usize {
    let run = Run::new();
    let before = page.lines().filter_map(comment).filter(|(mark, _)| mark == "before");
    let mut before: Vec<String> = before.map(|(_, command)| command).collect();
    if page.contains("git add mail") {
        let text = [
            server("eu", &run.stand.url, ""),
            policy("c", "scope: {accounts: [zoe.vesely@example.com]}\nservices: {webdav: enabled}"),
        ];
        run.desk.write("mail/spec.yaml", &text.join("---\n"));
    }
    let (mut last, mut count) = (String::new(), 0);
    for block in blocks(page) {
        let at = format!("{name}:{}", block.line);
        if let Some(path) = block.mark("file") {
            run.desk.write(path, &run.text(&block.text));
        } else if block.mark("shows").is_some() {
            for line in block.text.lines() {
                assert!(squeezed(&last).contains(&squeezed(line)), "{at}: `{line}` is not in\n{last}");
            }
        } else if block.language == "sh" && block.mark("not run").is_none() {
            for command in before.drain(..) {
                let (code, said) = run.bash(&command);
                assert_eq!(code, 0, "{at}: {command}\n{said}");
            }
            let expected = block.mark("exit").map_or(0, |code| code.parse().expect("a number"));
            let (code, said) = run.bash(&block.text);
            assert_eq!(code, expected, "{at}: {}\n{said}", block.text);
            (last, count) = (said, count + 1);
        }
    }
    count
}

#[test]
fn every_command_of_the_documents_does_what_they_say() {
    let mut runs = Vec::new();
    for (name, page) in pages() {
        // The README's blocks are run word for word, by .ci/run.
        if name != "README.md" {
            let count = run(&name, &page);
            if count > 0 {
                runs.push((name, count));
            }
        }
    }
    for (name, least) in [("docs/getting-started.md", 5), ("docs/seats.md", 1), ("docs/ci.md", 3)] {
        assert!(runs.iter().any(|(known, count)| known == name && *count >= least), "{name}: {runs:?}");
    }
}

/// So that a command cannot hide from the test above in a block of another language, or in a mark that it does not know.
#[test]
fn no_block_is_of_a_form_that_nobody_looks_at() {
    for (name, page) in pages() {
        for block in blocks(&page) {
            let at = format!("{name}:{}", block.line);
            assert!(
                ["sh", "yaml", "text", "json"].contains(&block.language.as_str()),
                "{at}: {}",
                block.language
            );
            for (mark, value) in &block.marks {
                match (mark.as_str(), value.as_str()) {
                    ("file" | "exit" | "not run", "") => panic!("{at}: {mark} says nothing"),
                    ("file" | "exit" | "not run" | "shows", _) => {}
                    // A remark, which is a sentence.
                    _ => {
                        assert!(mark.contains(' ') || mark == "switches" || mark == "faults", "{at}: {mark}");
                    }
                }
            }
        }
    }
}

/// A shown spec is a valid one, with the server's document where it has none.
#[test]
fn every_spec_that_is_shown_is_valid() {
    let head = server("eu", URL, "");
    let mut seen = 0;
    for (name, page) in pages() {
        for block in blocks(&page).iter().filter(|block| block.language == "yaml") {
            if !block.text.contains("apiVersion: icewarden.dev") {
                continue;
            }
            seen += 1;
            let has_server = block.text.contains("kind: Server\n");
            let text = if has_server { block.text.clone() } else { format!("{head}---\n{}", block.text) };
            Desk::with(&text).icewarden(&["validate", "spec"]).exits(0);
            assert!(!text.contains('\t'), "{name}:{}", block.line);
        }
    }
    assert!(seen >= 8, "{seen}");
}

/// Workflows use inputs and outputs that the action has, and pin what others wrote.
#[test]
fn workflows_fit_the_action() {
    let action = std::fs::read_to_string("action.yml").expect("it is there");
    let has = |key: &str| action.lines().any(|line| line == format!("  {key}:"));
    let (mut inputs, mut outputs) = (0, 0);
    for (name, page) in pages() {
        for block in blocks(&page).iter().filter(|block| block.text.contains("uses: OWNER/icewarden@COMMIT"))
        {
            let mut with = None;
            let mut ours = false;
            for line in block.text.lines() {
                let indent = line.len() - line.trim_start().len();
                let (key, value) = line.trim().trim_start_matches("- ").split_once(':').unwrap_or((line, ""));
                if key == "uses" {
                    ours = value.contains("OWNER/icewarden");
                    let commit = value
                        .split_once('@')
                        .map_or("", |(_, commit)| commit.split(' ').next().unwrap_or(""));
                    assert!(ours || commit.len() == 40, "{name}: {line}");
                }
                if with.is_some_and(|outer| indent <= outer) {
                    with = None;
                }
                if with.is_some() && ours {
                    assert!(has(key), "{name}: the action has no input {key}");
                    inputs += 1;
                }
                if key == "with" {
                    with = Some(indent);
                }
                for output in line.split("steps.plan.outputs.").skip(1) {
                    let end = output.find([' ', '}']).unwrap_or(output.len());
                    assert!(has(&output[..end]), "{name}: the action has no output {}", &output[..end]);
                    outputs += 1;
                }
            }
        }
    }
    assert!(inputs >= 5 && outputs >= 2, "{inputs} {outputs}");
}

/// A message that the page for troubles explains stands in the program's own text.
#[test]
fn every_message_that_is_explained_is_one_of_the_program() {
    fn sources(folder: &Path, text: &mut String) {
        for entry in std::fs::read_dir(folder).expect("a folder") {
            let path = entry.expect("an entry").path();
            if path.is_dir() {
                sources(&path, text);
            } else if path.extension().is_some_and(|end| end == "rs") {
                *text += &std::fs::read_to_string(&path).expect("a text");
            }
        }
    }
    let mut program = String::new();
    sources(Path::new("src"), &mut program);
    // A literal may go over several lines.
    let program = squeezed(&program.replace("\\\n", " "));
    let page = std::fs::read_to_string("docs/troubleshooting.md").expect("it is there");
    let paragraphs = page.split("\n\n").filter(|paragraph| paragraph.starts_with("**"));
    let mut seen = 0;
    for paragraph in paragraphs {
        for message in paragraph.split("**").skip(1).step_by(2) {
            assert!(program.contains(&squeezed(message)), "nobody says `{message}`");
            seen += 1;
        }
    }
    assert!(seen > 15, "{seen}");
}

/// What a page links to is there.
#[test]
fn links_lead_somewhere() {
    for (name, page) in pages() {
        let folder = Path::new(&name).parent().expect("a folder").to_path_buf();
        for link in page.split("](").skip(1).filter_map(|rest| rest.split_once(')')).map(|(link, _)| link) {
            let path = link.split('#').next().unwrap_or_default();
            let local = !path.is_empty() && !link.contains("://");
            assert!(!local || folder.join(path).exists(), "{name}: {link}");
        }
    }
}
