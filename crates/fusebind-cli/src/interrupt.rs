//! Ctrl-C while a run trains or a command takes long, and the end of the process that started a worker.
//!
//! Comes in: signals. Goes out: a flag that training reads after each epoch, or the end of the program with code 130.

use std::{
    io::{Read, Write, stderr, stdin},
    process,
    sync::{
        Once,
        atomic::{AtomicBool, Ordering},
    },
};

/// How a program ends that Ctrl-C stopped.
pub const INTERRUPTED: u8 = 130;
/// Set for workers, whose stdin is a pipe that their parent holds open.
pub const WORKER: &str = "FUSEBIND_WORKER";

static STOPPING: AtomicBool = AtomicBool::new(false);

/// From now on the first Ctrl-C asks training to stop after its epoch, and the second one ends the program.
pub fn watch() {
    static ONCE: Once = Once::new();
    let handle = || {
        if STOPPING.swap(true, Ordering::SeqCst) {
            let _ = writeln!(
                stderr(),
                "error: stopped at once; the epochs since the last saved state (at most 20 s and one epoch) are lost\n\
                 hint: give the same command with --resume to go on"
            );
            process::exit(i32::from(INTERRUPTED));
        }
        let _ = writeln!(
            stderr(),
            "stopping after this epoch, so that nothing is lost; Ctrl-C once more stops at once and loses it"
        );
    };
    // Without a handler Ctrl-C ends the program as it always did.
    ONCE.call_once(|| drop(ctrlc::set_handler(handle)));
}

/// From now on Ctrl-C ends the program at once, with `hint` as what to do next. Files are written whole or not at all.
pub fn end_at_once(hint: &'static str) {
    static ONCE: Once = Once::new();
    let handle = move || {
        let _ = writeln!(stderr(), "error: stopped\nhint: {hint}");
        process::exit(i32::from(INTERRUPTED));
    };
    // Without a handler Ctrl-C ends the program as it always did.
    ONCE.call_once(|| drop(ctrlc::set_handler(handle)));
}

/// Whether Ctrl-C asked to stop.
pub fn is_stopping() -> bool {
    STOPPING.load(Ordering::SeqCst)
}

/// Ends a worker with the process that started it: the pipe on its stdin closes then, however that process ends.
pub fn end_with_parent() {
    if std::env::var_os(WORKER).is_none() {
        return;
    }
    let wait = || {
        let mut byte = [0];
        while stdin().read(&mut byte).is_ok_and(|count| count > 0) {}
        process::exit(i32::from(INTERRUPTED));
    };
    // Where no thread can be started, the worker ends with its work.
    drop(std::thread::Builder::new().spawn(wait));
}
