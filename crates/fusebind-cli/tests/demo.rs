//! The demo as a user meets it: better than every baseline, and commands at its end that work as they are printed.

#![allow(clippy::unwrap_used)] // a test that meets the unexpected should stop

mod support;

use std::{
    io::{BufRead, BufReader},
    process::{Command, Output, Stdio},
};

use support::{fusebind, text};

#[test]
fn the_demo_beats_every_baseline_and_no_ceiling() {
    let here = tempfile::tempdir().unwrap();
    let demo = fusebind(&["demo", "--quiet", "--out", "demo"], here.path());
    assert!(demo.status.success(), "{}", text(&demo.stderr));
    assert!(demo.stderr.is_empty(), "--quiet says nothing: {}", text(&demo.stderr));
    let output = text(&demo.stdout);
    // The first number of a line is its mean squared error.
    let error = |name: &str| -> f64 {
        let line = output
            .lines()
            .find(|line| line.starts_with(name))
            .unwrap_or_else(|| panic!("{name}: {output}"));
        line.split_whitespace().find_map(|word| word.parse().ok()).unwrap()
    };
    let model = error("model");
    for baseline in [
        "boosted trees",
        "drug + target bias",
        "fingerprint kNN",
        "ligand only",
        "target only",
    ] {
        assert!(model < error(baseline), "{baseline}: {output}");
    }
    assert!(error("planted ceiling") < model, "{output}");
    assert!(here.path().join("demo/run/model.safetensors").is_file());
}

/// The words of a line, where double quotes hold a word together.
fn words(line: &str) -> Vec<String> {
    let mut words = vec![String::new()];
    let mut inside = false;
    for c in line.chars() {
        match c {
            '"' => inside = !inside,
            ' ' if !inside => words.push(String::new()),
            c => words.last_mut().unwrap().push(c),
        }
    }
    words
}

#[test]
fn the_commands_that_the_demo_prints_work() {
    let here = tempfile::tempdir().unwrap();
    let demo = fusebind(&["demo", "--quick"], here.path());
    assert!(demo.status.success(), "{}", text(&demo.stderr));
    let output = text(&demo.stdout);
    let place = here.path().join("fusebind-demo");
    assert!(place.join("split.csv").is_file() && place.join("data/pairs.csv").is_file());
    let commands: Vec<Vec<String>> = output
        .lines()
        .skip_while(|line| !line.contains("next:"))
        .skip(1)
        .filter(|line| !line.is_empty() && !line.starts_with('#'))
        .map(words)
        .collect();
    let run = |words: &Vec<String>| -> Output {
        let mut command = Command::new(&words[0]);
        command.args(&words[1..]).current_dir(here.path()).output().unwrap()
    };
    assert_eq!(commands.len(), 4, "{output}");
    for (command, verb) in commands.iter().zip(["evaluate", "predict", "serve", "train"]) {
        assert_eq!(command[1], verb, "{output}");
        if verb == "serve" {
            // On a free port, since the usual one may be taken; the other tests of the server ask it more.
            let mut serve = Command::new(&command[0]);
            serve.args(&command[1..]).args(["--port", "0"]).current_dir(here.path());
            let mut child = serve.stderr(Stdio::piped()).stdout(Stdio::piped()).spawn().unwrap();
            let first = BufReader::new(child.stdout.take().unwrap()).lines().next();
            child.kill().unwrap();
            child.wait().unwrap();
            assert!(first.unwrap().unwrap().contains("http://127.0.0.1"));
            continue;
        }
        let done = run(command);
        assert!(done.status.success(), "{command:?}: {}", text(&done.stderr));
    }
    assert!(text(&run(&commands[0]).stdout).contains("boosted trees"));
    assert!(place.join("second-run/model.safetensors").is_file());
    // A second demo takes another folder.
    assert!(fusebind(&["demo", "--quick"], here.path()).status.success());
    assert!(here.path().join("fusebind-demo-2/split.csv").is_file());
}
