//! The program as a child process: run to its end, killed, or watched for memory.

use std::{
    io::Read,
    path::{Path, PathBuf},
    process::{Child, Command, ExitStatus, Stdio},
    thread,
    time::{Duration, Instant},
};

use anyhow::Context;

/// What a process did.
pub struct Ended {
    /// How it ended.
    pub status: ExitStatus,
    /// Its messages.
    pub stderr: String,
    /// How long it took.
    pub seconds: f64,
    /// How long it was on a core, all threads together; 0 where the system does not tell.
    pub work: f64,
    /// Its largest memory in MiB, looked at every few milliseconds; 0 where the system does not tell.
    pub peak: f64,
}

impl Ended {
    /// Whether it failed in words: exit code 1 or 2, and no panic.
    pub fn refused(&self) -> Result<(), String> {
        match self.status.code() {
            Some(1 | 2) if !self.has_panicked() => Ok(()),
            Some(0) => Err("exit code 0".into()),
            _ => Err(format!("{}: {}", self.status, self.first_line())),
        }
    }

    /// Whether it succeeded, or failed in words.
    pub fn orderly(&self) -> Result<(), String> {
        if self.status.success() { Ok(()) } else { self.refused() }
    }

    /// Whether it succeeded.
    pub fn succeeded(&self) -> Result<(), String> {
        match self.status.success() {
            true => Ok(()),
            false => Err(format!("{}: {}", self.status, self.first_line())),
        }
    }

    fn has_panicked(&self) -> bool {
        self.stderr.contains("panicked")
    }

    /// The line that says what went wrong.
    pub fn first_line(&self) -> &str {
        let lines = || self.stderr.lines();
        lines()
            .find(|line| line.starts_with("error"))
            .or(lines().next())
            .unwrap_or_default()
    }
}

/// The program.
pub struct Program {
    path: PathBuf,
}

impl Program {
    /// The program at `path`.
    pub fn new(path: PathBuf) -> Self {
        Self { path }
    }

    /// A command of it in `folder`.
    pub fn command(&self, arguments: &str, folder: &Path) -> Command {
        let mut command = Command::new(&self.path);
        command.args(arguments.split_whitespace()).current_dir(folder);
        command
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .stderr(Stdio::piped());
        command
    }

    /// A command line of it for a shell in `folder`.
    pub fn in_shell(&self, line: &str, folder: &Path) -> Command {
        let mut command = Command::new("sh");
        command
            .arg("-c")
            .arg(format!("'{}' {line}", self.path.display()))
            .current_dir(folder);
        command.stdin(Stdio::null()).stderr(Stdio::piped());
        command
    }

    /// Runs it to its end, or kills it after a minute.
    pub fn run(&self, arguments: &str, folder: &Path) -> anyhow::Result<Ended> {
        watch(&mut self.command(arguments, folder))
    }

    /// Starts it and kills it after `delay`, children included where it ends with them.
    pub fn kill_after(&self, arguments: &str, folder: &Path, delay: Duration) -> anyhow::Result<()> {
        let mut child = self
            .command(arguments, folder)
            .stderr(Stdio::null())
            .spawn()
            .context("it did not start")?;
        thread::sleep(delay);
        // It may have ended before.
        let _ = child.kill();
        child.wait()?;
        Ok(())
    }
}

/// Runs a command to its end.
pub fn watch(command: &mut Command) -> anyhow::Result<Ended> {
    let begun = Instant::now();
    let mut child = command.spawn().context("it did not start")?;
    let mut messages = child.stderr.take();
    let reader = thread::spawn(move || {
        let mut text = Vec::new();
        if let Some(stderr) = &mut messages {
            let _ = stderr.read_to_end(&mut text);
        }
        String::from_utf8_lossy(&text).into_owned()
    });
    let (mut peak, mut work) = (0.0f64, 0.0f64);
    let status = loop {
        peak = peak.max(memory(&child));
        work = work.max(on_a_core(&child));
        if let Some(status) = child.try_wait()? {
            break status;
        }
        if begun.elapsed() > Duration::from_secs(60) {
            child.kill()?;
        }
        thread::sleep(Duration::from_millis(2));
    };
    let seconds = begun.elapsed().as_secs_f64();
    let stderr = reader.join().unwrap_or_default();
    Ok(Ended {
        status,
        stderr,
        seconds,
        work,
        peak,
    })
}

/// The largest memory of a process so far in MiB.
fn memory(child: &Child) -> f64 {
    let status = std::fs::read_to_string(format!("/proc/{}/status", child.id())).unwrap_or_default();
    let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:"));
    let number = line.and_then(|line| line.split_whitespace().next()?.parse::<f64>().ok());
    number.unwrap_or_default() / 1024.0
}

/// How long a process was on a core so far in seconds, in ticks of a hundredth.
fn on_a_core(child: &Child) -> f64 {
    let stat = std::fs::read_to_string(format!("/proc/{}/stat", child.id())).unwrap_or_default();
    // The name of the program may hold blanks; user and system time are the 12th and the 13th field behind it.
    let fields = stat.rsplit_once(')').map_or("", |(_, fields)| fields);
    let ticks = fields.split_whitespace().skip(11).take(2);
    ticks.filter_map(|ticks| ticks.parse::<f64>().ok()).sum::<f64>() / 100.0
}
