//! One line of JSON on stderr for each request and each job. Nothing of what users send is in it: no structure, no sequence, no id, no address.
//!
//! Comes in: an event with its fields. Goes out: a line.

use std::{
    io::Write,
    time::{SystemTime, UNIX_EPOCH},
};

use serde_json::{Value, json};

/// Where lines go.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Log {
    pub(crate) is_on: bool,
}

impl Log {
    /// Writes an event with its fields.
    pub(crate) fn event(self, event: &str, fields: Value) {
        if !self.is_on {
            return;
        }
        let at = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
        let mut line = json!({ "at": at.as_millis() as u64, "event": event });
        if let (Value::Object(line), Value::Object(fields)) = (&mut line, fields) {
            line.extend(fields);
        }
        // A closed stderr is no reason to stop serving.
        let _ = writeln!(std::io::stderr(), "{line}");
    }

    /// Writes where a job ended; its notes may quote a table and are left out.
    pub(crate) fn job(self, progress: &str) {
        let mut fields: Value = serde_json::from_str(progress).unwrap_or_default();
        if let Value::Object(fields) = &mut fields {
            fields.remove("notes");
            fields.remove("id");
        }
        self.event("job", fields);
    }
}
