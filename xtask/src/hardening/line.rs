//! One line of the table.

/// What was tried, and how often it did not hold.
pub struct Line {
    /// What was done.
    pub what: String,
    /// How often.
    pub trials: u64,
    /// How often it did not hold, with the first way in which it did not.
    pub failures: Vec<String>,
    /// What was measured besides.
    pub note: String,
}

impl Line {
    /// A line without failures so far.
    pub fn new(what: impl Into<String>) -> Self {
        Self {
            what: what.into(),
            trials: 0,
            failures: Vec::new(),
            note: String::new(),
        }
    }

    /// Counts one trial.
    pub fn trial(&mut self, outcome: Result<(), String>) {
        self.trials += 1;
        self.failures.extend(outcome.err());
    }
}
