//! Reads the files of a spec, and no more of them than a spec can have.

use std::collections::BTreeSet;
use std::fs::{self, File};
use std::io::{self, Read};
use std::path::{Path, PathBuf};

use crate::model::{Finding, Place, Remedy};
use crate::spec::Source;

/// What is read at most, over all files. A spec for a million accounts names domains and groups, not accounts.
pub const BYTES_MAX: u64 = 16 * 1024 * 1024;

/// Entries of folders that are looked at: a spec's folder has dozens, and `/` must not be searched to its end.
pub const ENTRIES_MAX: usize = 100_000;

/// Reads a file, or every `*.yaml` and `*.yml` below a folder, sorted by path. Hidden entries are skipped.
///
/// A link that leads out of the folder is not followed: whoever wrote the spec may not be who may read the file, and
/// a mistake in it would be shown with its line.
///
/// Source names begin with `path` as it was given. What cannot be read is a finding, all of them together.
pub fn read_folder(path: &Path) -> Result<Vec<Source>, Vec<Finding>> {
    let mut reading = Reading {
        root: fs::canonicalize(path).unwrap_or_default(),
        left: BYTES_MAX,
        entries: 0,
        folders: BTreeSet::new(),
        findings: Vec::new(),
    };
    let mut files = Vec::new();
    match fs::metadata(path) {
        Ok(metadata) if metadata.is_dir() => {
            reading.folder(path, &mut files);
            // As findings are sorted, so that the first of two that conflict is the first to be shown.
            files.sort_by_cached_key(|file| name_of(file));
            if files.is_empty() && reading.findings.is_empty() {
                reading.findings.push(no_files(path));
            }
        }
        Ok(_) => files.push(path.to_path_buf()),
        Err(error) => reading.findings.push(unreadable(path, &error)),
    }
    let mut sources = Vec::with_capacity(files.len());
    for file in &files {
        match reading.file(file) {
            Ok(source) => sources.push(source),
            Err(finding) => reading.findings.push(*finding),
        }
        if reading.left == 0 {
            break;
        }
    }
    if reading.findings.is_empty() { Ok(sources) } else { Err(reading.findings) }
}

struct Reading {
    /// The folder, or the file, without any link in its path.
    root: PathBuf,
    left: u64,
    entries: usize,
    /// Folders as the file system knows them, so that a link that leads back is not followed for ever.
    folders: BTreeSet<PathBuf>,
    findings: Vec<Finding>,
}

impl Reading {
    /// Folders are visited from a list, not by recursion: their depth is somebody else's choice.
    fn folder(&mut self, root: &Path, files: &mut Vec<PathBuf>) {
        let mut open = vec![root.to_path_buf()];
        while let Some(folder) = open.pop() {
            let entries = fs::canonicalize(&folder).and_then(|real| {
                if self.folders.insert(real) { fs::read_dir(&folder).map(Some) } else { Ok(None) }
            });
            let entries = match entries {
                Ok(Some(entries)) => entries,
                Ok(None) => continue,
                Err(error) => {
                    self.findings.push(unreadable(&folder, &error));
                    continue;
                }
            };
            for entry in entries {
                self.entries += 1;
                if self.entries > ENTRIES_MAX {
                    self.findings.push(too_many(root));
                    return;
                }
                match entry {
                    Ok(entry) => self.entry(&entry.path(), files, &mut open),
                    Err(error) => self.findings.push(unreadable(&folder, &error)),
                }
            }
        }
    }

    fn entry(&mut self, path: &Path, files: &mut Vec<PathBuf>, open: &mut Vec<PathBuf>) {
        let hidden = path.file_name().is_some_and(|name| name.as_encoded_bytes().starts_with(b"."));
        if hidden {
            return;
        }
        let yaml = path.extension().is_some_and(|end| end == "yaml" || end == "yml");
        match fs::metadata(path) {
            Ok(metadata) if metadata.is_dir() => open.push(path.to_path_buf()),
            Ok(_) if yaml => files.push(path.to_path_buf()),
            Err(error) if yaml => self.findings.push(unreadable(path, &error)),
            // A dangling link, or a file that vanished, which is none of ours.
            Ok(_) | Err(_) => {}
        }
    }

    fn file(&mut self, path: &Path) -> Result<Source, Box<Finding>> {
        let failed = |error| Box::new(unreadable(path, &error));
        if !fs::canonicalize(path).map_err(failed)?.starts_with(&self.root) {
            return Err(Box::new(outside(path)));
        }
        // Opening a pipe would wait for its writer.
        if !fs::metadata(path).map_err(failed)?.is_file() {
            let message = format!("{} is no file", name_of(path));
            let remedy = Remedy::Check("the path: a spec is files and folders, not pipes or devices".into());
            return Err(Box::new(Finding::error("not-a-file", message).at(beginning(path)).remedy(remedy)));
        }
        let mut bytes = Vec::new();
        let limit = self.left.saturating_add(1);
        File::open(path).and_then(|file| file.take(limit).read_to_end(&mut bytes)).map_err(failed)?;
        let length = u64::try_from(bytes.len()).unwrap_or(u64::MAX);
        if length > self.left {
            self.left = 0;
            return Err(Box::new(too_large(path)));
        }
        self.left -= length;
        text(path, bytes)
    }
}

fn text(path: &Path, bytes: Vec<u8>) -> Result<Source, Box<Finding>> {
    let name = name_of(path);
    let wide = bytes.starts_with(&[0xff, 0xfe]) || bytes.starts_with(&[0xfe, 0xff]);
    let binary = !wide && bytes.contains(&0);
    match String::from_utf8(bytes) {
        Ok(text) if !binary => Ok(Source { name: name.into(), text: text.into() }),
        Ok(text) => {
            let at = text.find('\0').unwrap_or_default();
            Err(not_text(path, "binary-file", &text.as_bytes()[..at], "this is a binary file, not YAML"))
        }
        Err(_) if wide => {
            Err(not_text(path, "not-utf8", &[], "this file is UTF-16, and YAML is read as UTF-8 only"))
        }
        Err(error) => {
            let at = error.utf8_error().valid_up_to();
            let valid = &error.as_bytes()[..at];
            let zero = valid.iter().position(|byte| *byte == 0);
            Err(match (binary, zero) {
                (true, zero) => {
                    let before = &valid[..zero.unwrap_or(at)];
                    not_text(path, "binary-file", before, "this is a binary file, not YAML")
                }
                (false, _) => not_text(path, "not-utf8", valid, "here is a byte that is not UTF-8"),
            })
        }
    }
}

/// A finding at the end of `before`, the part of the file that is text.
fn not_text(path: &Path, code: &'static str, before: &[u8], message: &str) -> Box<Finding> {
    let lines = before.iter().filter(|byte| **byte == b'\n').count();
    let line_start = before.iter().rposition(|byte| *byte == b'\n').map_or(0, |at| at + 1);
    let column = String::from_utf8_lossy(&before[line_start..]).chars().count();
    let place = Place {
        file: name_of(path).into(),
        line: u32::try_from(lines + 1).unwrap_or(u32::MAX),
        column: u32::try_from(column + 1).unwrap_or(u32::MAX),
        start: before.len(),
        end: before.len(),
    };
    let remedy = match code {
        "not-utf8" => Remedy::EditSpec("save the file as UTF-8".into()),
        _ => Remedy::Check(
            "whether this file belongs here; only *.yaml and *.yml files of a folder are read".into(),
        ),
    };
    Box::new(Finding::error(code, message).at(place).remedy(remedy))
}

fn unreadable(path: &Path, error: &io::Error) -> Finding {
    let name = name_of(path);
    let (code, message, remedy) = match error.kind() {
        io::ErrorKind::NotFound => (
            "not-found",
            format!("there is no file or folder {name}"),
            "the path; it must be the folder that holds the spec's *.yaml files, such as examples/demo",
        ),
        io::ErrorKind::PermissionDenied => (
            "unreadable-file",
            format!("{name} may not be read"),
            "the permissions of the file and its folders",
        ),
        _ => ("unreadable-file", format!("{name} cannot be read: {error}"), "the file and the disk it is on"),
    };
    Finding::error(code, message).remedy(Remedy::Check(remedy.into()))
}

fn outside(path: &Path) -> Finding {
    let message = format!("{} is a link that leads out of the spec's folder", name_of(path));
    let remedy = "put the file itself there; what a link outside leads to is not read".into();
    Finding::error("link-outside", message).at(beginning(path)).remedy(Remedy::EditSpec(remedy))
}

fn no_files(path: &Path) -> Finding {
    let message = format!("the folder {} holds no *.yaml or *.yml file", name_of(path));
    let remedy = "the path; or begin with a copy of the folder examples/demo";
    Finding::error("no-document", message).remedy(Remedy::Check(remedy.into()))
}

fn too_large(path: &Path) -> Finding {
    let message = format!("with this file the spec has more than {} MiB", BYTES_MAX / (1024 * 1024));
    let remedy = "whether this file belongs to the spec; nothing more of it was read";
    Finding::error("too-large", message).at(beginning(path)).remedy(Remedy::Check(remedy.into()))
}

fn too_many(path: &Path) -> Finding {
    let message = format!("there are more than {ENTRIES_MAX} files below {}", name_of(path));
    Finding::error("too-large", message)
        .remedy(Remedy::Check("whether this is the folder of the spec".into()))
}

fn beginning(path: &Path) -> Place {
    Place { file: name_of(path).into(), line: 1, column: 1, start: 0, end: 0 }
}

/// The path as the user typed it, with `/` between its parts and without a leading `./`.
fn name_of(path: &Path) -> String {
    let name = path.to_string_lossy();
    let name = if cfg!(windows) { name.replace('\\', "/") } else { name.into_owned() };
    match name.strip_prefix("./") {
        Some(rest) if !rest.is_empty() => rest.to_string(),
        _ => name,
    }
}
