//! Mistakes of this program.

use crate::model::{Finding, Remedy};

/// A finding that should be impossible: the author has done nothing wrong, and is told so.
pub fn internal(message: impl Into<String>) -> Finding {
    let message = format!("a mistake of icewarden itself: {}", message.into());
    Finding::error("internal", message)
        .remedy(Remedy::Check("what is special about this file, and report it, please".into()))
}
