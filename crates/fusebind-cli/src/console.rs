//! Messages on stderr: notes, and progress as a bar on a terminal or as plain lines when piped.

use std::{
    io::{IsTerminal, Write, stderr},
    time::Instant,
};

use fusebind::{
    pretrained::EmbedProgress,
    train::{run_dir::EpochMetrics, trainer::Observer},
};
use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle};

/// Whether stderr is a terminal with colour; `NO_COLOR`, set and not empty, switches it off.
pub fn in_colour() -> bool {
    let set = |name: &str| std::env::var_os(name).is_some_and(|value| !value.is_empty());
    stderr().is_terminal() && !set("NO_COLOR") && std::env::var_os("TERM").is_none_or(|term| term != "dumb")
}

/// Whether notes are printed.
#[derive(Clone, Copy, Debug)]
pub struct Console {
    quiet: bool,
}

impl Console {
    /// Quiet, or not.
    pub fn new(quiet: bool) -> Self {
        Self { quiet }
    }

    /// Whether notes are left out.
    pub fn is_quiet(&self) -> bool {
        self.quiet
    }

    /// Prints one line on stderr.
    pub fn note(&self, line: impl std::fmt::Display) {
        if !self.quiet {
            // A closed stderr is no reason to stop.
            let _ = writeln!(stderr(), "{line}");
        }
    }

    /// Progress over `total` items: a bar with rate and time left on a terminal, nothing when piped or quiet.
    pub fn bar(&self, total: u64, what: &str) -> ProgressBar {
        let visible = !self.quiet && stderr().is_terminal();
        let target = if visible {
            ProgressDrawTarget::stderr()
        } else {
            ProgressDrawTarget::hidden()
        };
        let colour = if in_colour() { ".cyan" } else { "" };
        let template = format!("{{msg}} {{bar:30{colour}}} {{pos}}/{{len}} {{per_sec}} eta {{eta}}");
        let style = ProgressStyle::with_template(&template).unwrap_or_else(|_| ProgressStyle::default_bar());
        ProgressBar::with_draw_target(Some(total), target)
            .with_style(style)
            .with_message(what.to_string())
    }

    /// Progress over items whose total is not known: a count with a rate.
    pub fn counter(&self, what: &str) -> ProgressBar {
        let bar = self.bar(0, what);
        bar.unset_length();
        let style = ProgressStyle::with_template("{msg} {human_pos} {per_sec}");
        bar.with_style(style.unwrap_or_else(|_| ProgressStyle::default_spinner()))
    }
}

/// Shows the progress of training.
pub struct TrainingProgress {
    console: Console,
    bar: ProgressBar,
    pairs: u64,
    epochs: u64,
    done: u64,
    started: Instant,
    first: u64,
}

impl TrainingProgress {
    /// Progress on `console`.
    pub fn new(console: Console) -> Self {
        Self {
            console,
            bar: ProgressBar::hidden(),
            pairs: 0,
            epochs: 0,
            done: 0,
            started: Instant::now(),
            first: 0,
        }
    }
}

impl Observer for TrainingProgress {
    fn begin(&mut self, pairs: usize, epochs: u64, done: u64) {
        (self.pairs, self.epochs, self.done, self.first) = (pairs as u64, epochs, done, done);
        self.started = Instant::now();
        self.bar = self.console.bar(self.pairs * epochs, "training pairs");
        self.bar.set_position(self.pairs * done);
        self.bar.reset_eta();
    }

    fn embedding(&mut self, encoder: &str, progress: EmbedProgress) {
        let EmbedProgress { done, all, known } = progress;
        if done == known {
            self.console.note(format_args!(
                "{encoder}: {all} distinct inputs, {known} of them embedded before"
            ));
            self.bar = self.console.bar(all as u64, "inputs");
        }
        self.bar.set_position(done as u64);
        if done == all {
            self.bar.finish_and_clear();
        }
    }

    fn note(&mut self, note: &str) {
        self.console.note(format_args!("note: {note}"));
    }

    fn is_stopping(&self) -> bool {
        crate::interrupt::is_stopping()
    }

    fn pairs(&mut self, pairs: usize) {
        self.bar.set_position(self.pairs * self.done + pairs as u64);
    }

    fn epoch(&mut self, metrics: &EpochMetrics) {
        self.done = metrics.epoch;
        let scores: Vec<String> = metrics
            .valid
            .iter()
            .map(|(name, value)| format!("{name} {value:.4}"))
            .collect();
        let left = self.started.elapsed().as_secs_f64() / (self.done - self.first).max(1) as f64
            * (self.epochs - self.done) as f64;
        let line = format!(
            "epoch {}/{}  loss {:.4}  valid {}  {:.1} s  {:.0} pairs/s  {left:.0} s left",
            metrics.epoch,
            self.epochs,
            metrics.train_loss,
            if scores.is_empty() {
                "-".to_string()
            } else {
                scores.join("  ")
            },
            metrics.seconds,
            self.pairs as f64 / metrics.seconds.max(1e-9),
        );
        if self.bar.is_hidden() {
            self.console.note(line);
        } else {
            self.bar.println(line);
        }
        if self.done == self.epochs {
            self.bar.finish_and_clear();
        }
    }
}
