//! Paths that exist on one machine only. Comes in: a text file. Goes out: a problem for each absolute path of a user or a job.

use super::findings::Findings;

/// First folders of paths that are somebody's own.
const ROOTS: &[&str] = &["home", "root", "Users", "tmp", "work", "mnt", "workspace"];

pub fn check(name: &str, text: &str, findings: &mut Findings) {
    for (number, line) in text.lines().enumerate() {
        if let Some(root) = ROOTS.iter().find(|root| names_folder(line, root)) {
            findings.problem(format!(
                "{name}:{}: a path below /{root} exists on one machine only",
                number + 1
            ));
        }
    }
}

/// Whether an absolute path below `root` begins somewhere in the line. A folder inside a longer path or an address is no root.
fn names_folder(line: &str, root: &str) -> bool {
    let pattern = format!("/{root}/");
    line.match_indices(&pattern).any(|(at, _)| {
        let before = line[..at].chars().next_back();
        before.is_none_or(|c| !c.is_alphanumeric() && !"._-~/}*$%)]".contains(c))
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_absolute_paths_are_found() {
        let problems = |line: &str| {
            let mut findings = Findings::default();
            check("a.md", line, &mut findings);
            findings.problems.len()
        };
        for root in ["home", "tmp"] {
            assert_eq!(problems(&format!("see \"/{root}/me/data\"")), 1);
            assert_eq!(problems(&format!("/{root}/x")), 1);
            assert_eq!(problems(&format!("let a = \"x\";\nDIR=/{root}/x")), 1);
            assert_eq!(
                problems(&format!("https://host.org/{root}/x and ./{root}/x and a/{root}/b")),
                0
            );
            assert_eq!(problems(&format!("/{root}")), 0);
        }
    }
}
