//! Whether there was a standard output when the program started.
//!
//! Before `main` the runtime puts the null device in place of a closed standard output (`>&-`), and what is printed is lost without an
//! error. So it is looked at before the runtime does that.

#[cfg(target_os = "linux")]
mod early {
    use std::sync::atomic::{AtomicBool, Ordering};

    static WAS_CLOSED: AtomicBool = AtomicBool::new(false);

    #[used]
    // SAFETY: the loader calls each entry of this section once, with arguments that the function may ignore, after relocation and
    // before `main`. The type of the static is that of such an entry.
    #[unsafe(link_section = ".init_array")]
    static LOOK: extern "C" fn() = look;

    extern "C" fn look() {
        // SAFETY: the call reads the flags of a file descriptor and fails where there is none.
        let flags = unsafe { libc::fcntl(1, libc::F_GETFD) };
        WAS_CLOSED.store(flags == -1, Ordering::Relaxed);
    }

    pub fn was_closed() -> bool {
        WAS_CLOSED.load(Ordering::Relaxed)
    }
}

/// Whether what is printed would be lost.
#[cfg(target_os = "linux")]
pub fn stdout_was_closed() -> bool {
    early::was_closed()
}

/// Whether what is printed would be lost; other systems do not tell.
#[cfg(not(target_os = "linux"))]
pub fn stdout_was_closed() -> bool {
    false
}
