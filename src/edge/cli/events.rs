//! The stream of what happens in a run, written line by line as it happens.

use std::fmt;
use std::fs::File;
use std::io::Write;
use std::path::Path;
use std::sync::{Mutex, PoisonError};

use jiff::Timestamp;

use super::output::Output;
use crate::model::Directory;
use crate::report::events::{EventFile, FORMAT, WhatFile};

/// Where the lines go. Several servers write into one.
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
    /// Opens the stream; `-` is standard output, and nobody asked for one at `None`.
    ///
    /// # Errors
    /// Why the file cannot be written.
    pub fn open(path: Option<&Path>) -> Result<Events, String> {
        let sink: Option<Sink> = match path {
            None => None,
            Some(path) if path == Path::new("-") => Some(Box::new(std::io::stdout())),
            Some(path) => match File::create(path) {
                Ok(file) => Some(Box::new(file)),
                Err(error) => return Err(format!("{}: {error}", path.display())),
            },
        };
        Ok(Events { sink: Mutex::new(sink) })
    }

    /// Writes one line. A reader that went away does not stop a run: it is told once, and then nobody is written to.
    pub fn tell(&self, output: &Output, server: &str, directory: Option<&Directory>, what: WhatFile) {
        let mut sink = self.sink.lock().unwrap_or_else(PoisonError::into_inner);
        let Some(out) = sink.as_mut() else { return };
        let time = Timestamp::now().round(jiff::Unit::Millisecond).unwrap_or_default().to_string();
        let event = EventFile { format: FORMAT.to_owned(), time, server: server.to_owned(), what };
        let written = serde_json::to_value(&event).map_err(std::io::Error::from).and_then(|value| {
            let veiled = output.addresses.veiled(directory, |veil| veil.value(value.clone()));
            writeln!(out, "{}", veiled.unwrap_or(value)).and_then(|()| out.flush())
        });
        if let Err(error) = written {
            *sink = None;
            output.say(&format!("warning: the events of this run are not written any more: {error}"));
        }
    }
}

/// The JSON Schema of one line.
pub fn schema_text() -> String {
    let settings = schemars::generate::SchemaSettings::draft07();
    let schema = settings.into_generator().into_root_schema_for::<EventFile>();
    serde_json::to_string_pretty(&schema).unwrap_or_default() + "\n"
}
