//! What the rules find. Problems fail the gate, questions are only printed.

/// Problems and questions, in the order in which they were found.
#[derive(Debug, Default, PartialEq, Eq)]
pub struct Findings {
    pub problems: Vec<String>,
    pub questions: Vec<String>,
}

impl Findings {
    /// Notes what fails the gate.
    pub fn problem(&mut self, text: impl Into<String>) {
        self.problems.push(text.into());
    }

    /// Notes what a reader should think about.
    pub fn question(&mut self, text: impl Into<String>) {
        self.questions.push(text.into());
    }
}
