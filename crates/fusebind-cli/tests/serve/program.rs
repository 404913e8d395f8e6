//! The program itself, over a loopback socket.

use std::{
    io::{BufRead, BufReader, Read, Write},
    net::TcpStream,
    process::{Child, Command, Stdio},
    time::Duration,
};

use serde_json::json;

use super::client::run;
use crate::support::{SEQUENCES, fusebind, text};

struct Server {
    child: Child,
    address: String,
}

impl Server {
    fn start(further: &[&str]) -> Self {
        let mut child = Command::new(env!("CARGO_BIN_EXE_fusebind"))
            .args(["serve", run().to_str().unwrap(), "--port", "0"])
            .args(further)
            .env_remove("FUSEBIND_TOKEN")
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .unwrap();
        let mut line = String::new();
        BufReader::new(child.stdout.as_mut().unwrap())
            .read_line(&mut line)
            .unwrap();
        let address = line.trim().strip_prefix("http://").unwrap().to_string();
        Self { child, address }
    }

    fn connect(&self) -> TcpStream {
        let stream = TcpStream::connect(&self.address).unwrap();
        stream.set_read_timeout(Some(Duration::from_secs(60))).unwrap();
        stream
    }

    /// Posts JSON that the server has asked for, so that it has taken the request.
    fn post(&self, path: &str, body: &str) -> TcpStream {
        let mut stream = self.connect();
        let head = format!(
            "POST {path} HTTP/1.1\r\nHost: {}\r\nContent-Type: application/json\r\nContent-Length: {}\r\n\
             Expect: 100-continue\r\nConnection: close\r\n\r\n",
            self.address,
            body.len()
        );
        stream.write_all(head.as_bytes()).unwrap();
        let mut said = [0; 25];
        stream.read_exact(&mut said).unwrap();
        assert_eq!(&said, b"HTTP/1.1 100 Continue\r\n\r\n");
        stream.write_all(body.as_bytes()).unwrap();
        stream
    }

    fn signal(&self, name: &str) {
        let done = Command::new("kill")
            .args([name, &self.child.id().to_string()])
            .status()
            .unwrap();
        assert!(done.success());
    }

    /// Waits for the end; exit code and log.
    fn end(mut self) -> (Option<i32>, String) {
        let mut log = String::new();
        self.child.stderr.take().unwrap().read_to_string(&mut log).unwrap();
        (self.child.wait().unwrap().code(), log)
    }
}

fn read(mut stream: TcpStream) -> String {
    let mut answer = String::new();
    stream.read_to_string(&mut answer).unwrap();
    answer
}

#[cfg(unix)]
#[test]
fn a_signal_ends_it_after_what_it_took_and_the_log_has_no_molecules() {
    let server = Server::start(&[]);
    let pairs: Vec<_> = (0..2000)
        .map(|at| json!({ "smiles": format!("{}O", "C".repeat(1 + at % 50)), "sequence": SEQUENCES[at % 6], "id": "SECRETID" }))
        .collect();
    let body = json!({ "pairs": pairs }).to_string();
    let taken = server.post("/v1/predict", &body);
    // An idle connection does not hold it up.
    let _idle = server.connect();
    let mut small = server.connect();
    small
        .write_all(b"GET /health HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n")
        .unwrap();
    assert!(read(small).starts_with("HTTP/1.1 200"));
    let mut broken = server.post("/v1/predict", "{\"pairs\": [");
    broken.flush().unwrap();
    assert!(read(broken).starts_with("HTTP/1.1 400"));
    server.signal("-TERM");
    let answer = read(taken);
    assert!(
        answer.starts_with("HTTP/1.1 200") && answer.contains("\"predicted\":2000"),
        "{answer:.300}"
    );
    let (code, log) = server.end();
    assert_eq!(code, Some(0), "{log}");
    assert!(
        log.contains("\"route\":\"/v1/predict\"") && log.contains("\"predicted\":2000"),
        "{log}"
    );
    assert!(
        !log.contains("CCO") && !log.contains(SEQUENCES[0]) && !log.contains("SECRETID"),
        "{log}"
    );
}

#[test]
fn bodies_that_break_off_and_heads_without_end_harm_nobody() {
    let mut server = Server::start(&["--quiet"]);
    for sent in [
        "POST /v1/predict HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\nContent-Length: 500\r\n\r\n{\"pairs\"",
        "POST /v1/predict HTTP/1.1\r\nHost: localhost\r\nContent-Type: text/csv\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n",
        "GET / HTTP/9.9\r\n\r\n",
        "\u{0}\u{1}\u{2}\r\n\r\n",
    ] {
        let mut stream = server.connect();
        stream.write_all(sent.as_bytes()).unwrap();
        drop(stream);
    }
    let mut endless = server.connect();
    // The server may close before everything is written.
    let _ = endless.write_all(b"GET / HTTP/1.1\r\n");
    let _ = endless.write_all("X-Long: ".repeat(50_000).as_bytes());
    drop(endless);
    let answer = read(server.post(
        "/v1/predict",
        &json!({ "pairs": [{ "smiles": "CCO", "sequence": SEQUENCES[0] }] }).to_string(),
    ));
    assert!(answer.starts_with("HTTP/1.1 200"), "{answer}");
    server.child.kill().unwrap();
    server.end();
}

#[test]
fn what_cannot_be_served_is_said_before_anything_listens() {
    let folder = tempfile::tempdir().unwrap();
    let run = run().to_str().unwrap();
    let refused = fusebind(&["serve", run, "--host", "0.0.0.0", "--port", "0"], folder.path());
    assert_eq!(refused.status.code(), Some(2));
    assert!(text(&refused.stderr).contains("token") && text(&refused.stderr).contains("hint:"));
    let nowhere = fusebind(&["serve", "nowhere", "--port", "0"], folder.path());
    assert_eq!(nowhere.status.code(), Some(1));
    let taken = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let port = taken.local_addr().unwrap().port().to_string();
    let busy = fusebind(&["serve", run, "--port", &port], folder.path());
    assert_eq!(busy.status.code(), Some(1));
    assert!(text(&busy.stderr).contains("cannot listen"), "{}", text(&busy.stderr));
    assert!(
        std::fs::read_dir(folder.path()).unwrap().next().is_none(),
        "nothing is written"
    );
}
