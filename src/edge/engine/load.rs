//! Reading a spec: the one way for every front door.

use std::fs::File;
use std::io::{self, Read as _};
use std::path::{Path, PathBuf};

use crate::edge::{children, files};
use crate::model::{Finding, Place, Remedy, SecretRef};
use crate::spec::meaning::{Activation, BackupValue, ServerSpec, Source, Transport};
use crate::spec::{Spec, parse};

/// A spec and the files it was read from.
#[derive(Debug, Clone, PartialEq)]
pub struct Loaded {
    pub spec: Spec,
    pub sources: Vec<Source>,
}

/// All that is wrong with a spec, and the files that could be read.
pub type Invalid = (Vec<Finding>, Vec<Source>);

/// Reads and checks a spec.
///
/// # Errors
/// Every finding, with the files that could be read.
pub fn read(path: &Path) -> Result<Loaded, Invalid> {
    let sources = files::read_folder(path).map_err(|findings| (findings, Vec::new()))?;
    parse_sources(sources)
}

/// Checks a spec whose text is at hand. From then on no command that is started gets a variable which the spec names as a
/// secret.
///
/// # Errors
/// Every finding, with the files.
pub fn parse_sources(sources: Vec<Source>) -> Result<Loaded, Invalid> {
    match parse(&sources) {
        Ok(spec) => {
            children::withhold(&spec);
            Ok(Loaded { spec, sources })
        }
        Err(findings) => Err((findings, sources)),
    }
}

/// Looks at every file that a spec names, and says which cannot be read. One that goes with the spec, by a relative path,
/// must be there. One by an absolute path, and a secret, may be on the machine that applies alone, so that is a warning.
pub fn named_files(spec: &Spec) -> Vec<Finding> {
    spec.servers.iter().flat_map(named_by).filter_map(Named::looked_at).collect()
}

/// A file that a spec names.
struct Named {
    path: PathBuf,
    place: Place,
    what: &'static str,
    goes_with_the_spec: bool,
}

fn named_by(server: &ServerSpec) -> Vec<Named> {
    let of_spec = |path: &Path, place: &Place, what| {
        let goes_with_the_spec = path.is_relative();
        Named { path: place.beside(path), place: place.clone(), what, goes_with_the_spec }
    };
    let secret = |reference: &SecretRef, place: &Place| match reference {
        SecretRef::File(path) => Some(Named {
            path: path.clone(),
            place: place.clone(),
            what: "a secret",
            goes_with_the_spec: false,
        }),
        SecretRef::Env(_) | SecretRef::Exec(_) => None,
    };
    let Transport::Rpc(rpc) = &server.connection.transport;
    let mut named = Vec::new();
    named.extend(rpc.ca_file.iter().map(|path| of_spec(path, &server.connection.place, "certificates")));
    named.extend(secret(server.connection.secret().1, &server.connection.place));
    let activation = server.license.iter().filter_map(|license| license.activation.as_ref());
    for (activation, place) in activation {
        match activation {
            Activation::Offline(path) => named.push(of_spec(path, place, "the licence")),
            Activation::Online => {}
        }
    }
    for setting in server.backup.iter().flat_map(|backup| &backup.settings) {
        if let BackupValue::Secret(reference) = &setting.value {
            named.extend(secret(reference, &setting.place));
        }
    }
    named
}

impl Named {
    /// What is wrong with it; `None` where it can be read.
    fn looked_at(self) -> Option<Finding> {
        let problem = match readable(&self.path) {
            Ok(0) => "it is empty".to_owned(),
            Ok(_) => return None,
            Err(error) => error.to_string(),
        };
        let message = format!("{} with {} cannot be used: {problem}", self.path.display(), self.what);
        let (finding, remedy) = match self.goes_with_the_spec {
            true => (Finding::error("file-unusable", message), "correct the path, or add the file"),
            false => (
                Finding::warning("file-unusable", message),
                "correct the path, if this is the machine that applies the spec",
            ),
        };
        Some(finding.at(self.place).remedy(Remedy::EditSpec(remedy.into())))
    }
}

/// How many bytes a first read gives.
fn readable(path: &Path) -> io::Result<usize> {
    if !std::fs::metadata(path)?.is_file() {
        // Opening a pipe may never end, and reading from it takes away what it is for.
        return Err(io::Error::other("it is no file"));
    }
    File::open(path)?.read(&mut [0; 1])
}
