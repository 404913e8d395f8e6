//! How the program ends: 0 done, 1 failed, 2 misused, 130 stopped by Ctrl-C; an error says what and where, and its last line is a `hint:`.

use std::{
    fmt,
    io::{ErrorKind, Write, stderr},
    process::ExitCode,
};

use fusebind::{data, eval, model, pretrained, train};

use crate::{console, interrupt::INTERRUPTED};

const FAILED: u8 = 1;
const MISUSED: u8 = 2;

/// An error of the command line itself.
#[derive(Debug)]
pub struct Failure {
    message: String,
    hint: String,
    code: u8,
}

impl Failure {
    /// Flags that contradict each other, or a value that a flag does not take.
    pub fn misuse(message: impl Into<String>, hint: impl Into<String>) -> anyhow::Error {
        Self {
            message: message.into(),
            hint: hint.into(),
            code: MISUSED,
        }
        .into()
    }

    /// Work that Ctrl-C stopped.
    pub fn interrupted(message: impl Into<String>, hint: impl Into<String>) -> anyhow::Error {
        Self {
            message: message.into(),
            hint: hint.into(),
            code: INTERRUPTED,
        }
        .into()
    }

    /// A request of the flags that cannot be met.
    pub fn failed(message: impl Into<String>, hint: impl Into<String>) -> anyhow::Error {
        Self {
            message: message.into(),
            hint: hint.into(),
            code: FAILED,
        }
        .into()
    }
}

impl fmt::Display for Failure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.message)
    }
}

impl std::error::Error for Failure {}

/// Ends the program after a command.
pub fn exit(result: anyhow::Result<()>) -> ExitCode {
    let Err(error) = result else {
        return ExitCode::SUCCESS;
    };
    // The reader of a pipe has closed it (`| head`): not an error.
    if error.chain().any(is_closed_pipe) {
        return ExitCode::SUCCESS;
    }
    // If stderr is closed, the exit code still says that the command failed.
    let _ = writeln!(stderr(), "error: {}\nhint: {}", message(&error), hint(&error));
    let code = error.downcast_ref::<Failure>().map_or(FAILED, |failure| failure.code);
    ExitCode::from(code)
}

/// Ends the program where the flags could not be parsed, or asked for help or the version.
pub fn refuse(refusal: &clap::Error) -> ExitCode {
    if !refusal.use_stderr() {
        return exit(refusal.print().map_err(Into::into));
    }
    let text = if console::in_colour() {
        refusal.render().ansi().to_string()
    } else {
        refusal.render().to_string()
    };
    let text = text.replace("For more information, try ", "hint: for more information, try ");
    let _ = write!(stderr(), "{text}");
    ExitCode::from(MISUSED)
}

fn is_closed_pipe(error: &(dyn std::error::Error + 'static)) -> bool {
    error
        .downcast_ref::<std::io::Error>()
        .is_some_and(|e| e.kind() == ErrorKind::BrokenPipe)
}

/// What happened, from the outside in. Our own errors name their cause themselves.
fn message(error: &anyhow::Error) -> String {
    let mut parts: Vec<String> = Vec::new();
    for cause in error.chain() {
        let (text, ours) = match cause.downcast_ref::<data::Error>() {
            Some(error) => (place_and_reason(error), true),
            None => (
                cause.to_string(),
                cause.is::<train::Error>() || cause.is::<model::Error>() || cause.is::<pretrained::Error>(),
            ),
        };
        parts.push(text);
        if ours {
            break;
        }
    }
    parts.join(": ")
}

/// A data error without its hint, which stands on a line of its own.
fn place_and_reason(error: &data::Error) -> String {
    let position = error.position();
    let mut place: Vec<String> = position.file.iter().cloned().collect();
    place.extend(position.row.map(|row| format!("row {row}")));
    place.extend(position.column.as_ref().map(|column| format!("column `{column}`")));
    match place.is_empty() {
        true => error.reason().to_string(),
        false => format!("{}: {}", place.join(", "), error.reason()),
    }
}

/// The remedy: what the error itself advises, or else what helps with its kind.
fn hint(error: &anyhow::Error) -> String {
    const STORAGE: &str = "check the path, its permissions and the free space";
    let known = error.chain().find_map(|cause| {
        if let Some(failure) = cause.downcast_ref::<Failure>() {
            return Some(failure.hint.clone());
        }
        if let Some(error) = cause.downcast_ref::<data::Error>() {
            let remedy = error.remedy();
            return Some(
                if remedy.is_empty() {
                    "look at the data with `fusebind data check`"
                } else {
                    remedy
                }
                .into(),
            );
        }
        if let Some(error) = cause.downcast_ref::<pretrained::Error>() {
            return Some(error.remedy().into());
        }
        if let Some(error) = cause.downcast_ref::<train::Error>() {
            return Some(error.remedy().unwrap_or(training(error.kind())).into());
        }
        let text = if let Some(error) = cause.downcast_ref::<model::Error>() {
            match error.kind() {
                model::ErrorKind::Device => "leave --device out, or use `--device cpu`",
                model::ErrorKind::Encoder => {
                    "name the folder of that encoder with --encoder, or go on without what it embeds with --without-encoders"
                }
                model::ErrorKind::Io => STORAGE,
                model::ErrorKind::Checkpoint => "copy the run folder again from its source, or train again",
                _ => "fix the recipe; `fusebind recipe check` shows what is wrong with it",
            }
        } else if cause.is::<eval::Undefined>() {
            "score a part with more labelled pairs, and of both classes"
        } else if cause.is::<std::io::Error>() {
            STORAGE
        } else {
            return None;
        };
        Some(text.into())
    });
    known.unwrap_or_else(|| "`fusebind help` lists commands and flags".into())
}

fn training(kind: train::ErrorKind) -> &'static str {
    match kind {
        train::ErrorKind::Recipe => "`fusebind recipe copy default my.toml` writes a complete example",
        train::ErrorKind::Data => "look at labels and splits with `fusebind data check`",
        train::ErrorKind::Run => "name another folder with --out and train again",
        train::ErrorKind::Diverged => "lower `learning_rate` in the recipe",
        _ => "check the recipe, the run folder and the free space",
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use anyhow::Context;

    #[test]
    fn a_cause_is_named_once_and_the_hint_apart() {
        let source = std::io::Error::from(ErrorKind::NotFound);
        let error = anyhow::Error::from(data::Error::read("pairs.csv".as_ref(), source));
        assert_eq!(message(&error), "pairs.csv: cannot be read: entity not found");
        assert_eq!(hint(&error), "check the spelling of the path");
        let other: anyhow::Result<()> = Err(std::io::Error::from(ErrorKind::NotFound)).context("a.toml");
        assert_eq!(message(&other.unwrap_err()), "a.toml: entity not found");
    }

    #[test]
    fn every_error_has_a_hint() {
        use train::ErrorKind::{Data, Diverged, Io, Model, Recipe, Run};
        for kind in [Data, Diverged, Io, Model, Recipe, Run] {
            assert!(!hint(&train::Error::new(kind, "no").into()).is_empty());
        }
        for kind in [
            model::ErrorKind::Config,
            model::ErrorKind::Device,
            model::ErrorKind::Checkpoint,
        ] {
            assert!(!hint(&model::Error::new(kind, "no").into()).is_empty());
        }
        assert!(!hint(&anyhow::anyhow!("no")).is_empty());
    }
}
