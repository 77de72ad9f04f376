//! The stream of what happens in a run, written line by line as it happens.

use std::fmt;
use std::fs;
use std::io::{self, Write};
use std::path::Path;
use std::sync::{Mutex, PoisonError};

use jiff::Timestamp;

use super::output::Output;
use crate::edge::saved;
use crate::model::Directory;
use crate::report::events::{EventFile, FORMAT, WhatFile};
use crate::spec::meaning::Source;

/// Where the lines go. Several servers write into one; by default nobody asked for any.
#[derive(Default)]
pub struct Events {
    sink: Mutex<Option<Sink>>,
}

type Sink = Box<dyn Write + Send>;

impl fmt::Debug for Events {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Events")
    }
}

impl Events {
    /// Whether events may be written there: a path that was mistyped must cost nobody a file.
    ///
    /// # Errors
    /// What stands there.
    pub fn may_stand_at(path: &Path, plan: Option<&Path>, sources: &[Source]) -> Result<(), String> {
        if path == Path::new("-") || fs::metadata(path).is_ok_and(|met| !met.is_file() && !met.is_dir()) {
            // A pipe or a terminal loses nothing.
            return Ok(());
        }
        if plan.is_some_and(|plan| saved::is_same(path, plan)) {
            return Err("this is what is applied, and it stays as it is".to_owned());
        }
        if sources.iter().any(|source| saved::is_same(path, Path::new(&*source.name))) {
            return Err("this is a file of the spec, and it stays as it is".to_owned());
        }
        saved::may_replace(path, "file of events", |head| {
            head.starts_with('{') && head.contains(&format!("\"format\":\"{FORMAT}\""))
        })
    }

    /// Opens the stream; `-` is standard output.
    ///
    /// # Errors
    /// Why the file cannot be written.
    pub fn open(path: &Path) -> Result<Events, String> {
        let sink: Sink = if path == Path::new("-") {
            Box::new(io::stdout())
        } else {
            // Nothing that stands there is emptied: the events of a run before stay above.
            let opened = saved::append(path);
            Box::new(opened.map_err(|error| format!("{}: {error}", path.display()))?)
        };
        Ok(Events { sink: Mutex::new(Some(sink)) })
    }

    /// Writes one line. A reader that went away does not stop a run: it is told once, and then nobody is written to.
    pub fn tell(&self, output: &Output, server: &str, directory: Option<&Directory>, what: WhatFile) {
        let mut sink = self.sink.lock().unwrap_or_else(PoisonError::into_inner);
        let Some(out) = sink.as_mut() else { return };
        let time = Timestamp::now().round(jiff::Unit::Millisecond).unwrap_or_default().to_string();
        let event = EventFile { format: FORMAT.to_owned(), time, server: server.to_owned(), what };
        let written = serde_json::to_value(&event).map_err(io::Error::from).and_then(|value| {
            let veiled = output.addresses.veiled(directory, |veil| veil.value(value.clone()));
            writeln!(out, "{}", veiled.unwrap_or(value)).and_then(|()| out.flush())
        });
        if let Err(error) = written {
            *sink = None;
            if error.kind() != io::ErrorKind::BrokenPipe {
                output.lost();
            }
            output.say(&format!("warning: the events of this run are not written any more: {error}"));
        }
    }
}
