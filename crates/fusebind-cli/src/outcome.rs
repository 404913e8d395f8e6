//! Exit codes and error messages: 0 done, 1 failed, 2 misused. An error ends with a `hint:` where there is one.

use std::process::ExitCode;

use fusebind::{data, train};

/// Ends the program.
pub fn exit(result: anyhow::Result<()>) -> ExitCode {
    match result {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) if is_closed_pipe(&error) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("error: {error:#}");
            if let Some(hint) = hint(&error) {
                eprintln!("hint: {hint}");
            }
            ExitCode::from(if error.is::<Misuse>() { 2 } else { 1 })
        }
    }
}

/// A combination of flags that makes no sense.
#[derive(Debug)]
pub struct Misuse(pub String);

impl std::fmt::Display for Misuse {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(&self.0)
    }
}

impl std::error::Error for Misuse {}

fn is_closed_pipe(error: &anyhow::Error) -> bool {
    error
        .downcast_ref::<std::io::Error>()
        .is_some_and(|e| e.kind() == std::io::ErrorKind::BrokenPipe)
}

/// The remedy, unless the message already carries one.
fn hint(error: &anyhow::Error) -> Option<String> {
    if error.is::<data::Error>() {
        return None;
    }
    error
        .downcast_ref::<train::Error>()
        .and_then(|e| e.remedy().map(str::to_string))
}
