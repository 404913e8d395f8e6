//! Clients that send slowly or nothing, over loopback sockets: they keep nobody out.

use std::{
    io::{Read, Write},
    net::{SocketAddr, TcpStream},
    sync::mpsc,
    time::Duration,
};

use serde_json::json;

use super::client::{Client, config};
use crate::support::SEQUENCES;

/// A server with room for little, until `stop` is dropped.
fn server() -> (SocketAddr, tokio::sync::oneshot::Sender<()>) {
    let mut config = config();
    (config.limits.connections, config.limits.requests, config.limits.bodies) = (8, 1, 1);
    let app = Client::with(config).app;
    let (stop, stopped) = tokio::sync::oneshot::channel::<()>();
    let (ready, address) = mpsc::channel();
    std::thread::spawn(move || {
        let stop = async {
            let _ = stopped.await;
        };
        fusebind_server::serve(&app, |at| ready.send(at).unwrap(), stop).unwrap();
    });
    (address.recv().unwrap(), stop)
}

/// A connection on which a request of `length` bytes was begun.
fn begun(at: SocketAddr, length: usize) -> TcpStream {
    let mut stream = TcpStream::connect(at).unwrap();
    let head = format!(
        "POST /v1/predict HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\nContent-Length: {length}\r\nConnection: close\r\n\r\n{{"
    );
    stream.write_all(head.as_bytes()).unwrap();
    stream
}

fn answer(mut stream: TcpStream) -> String {
    stream.set_read_timeout(Some(Duration::from_secs(60))).unwrap();
    let mut text = String::new();
    let _ = stream.read_to_string(&mut text);
    text
}

fn ask(at: SocketAddr, letters: usize) -> String {
    let body = json!({ "pairs": [{ "smiles": "CCO", "sequence": SEQUENCES[0], "id": "1" }] }).to_string();
    let rest = format!("{}{}", &body[1..], " ".repeat(letters));
    let mut stream = begun(at, rest.len() + 1);
    // A refusal comes before the body, and would be lost if the body came after it. Whoever is not refused hears nothing yet.
    stream.set_read_timeout(Some(Duration::from_millis(100))).unwrap();
    if letters == 0 || !matches!(stream.peek(&mut [0; 1]), Ok(1)) {
        let _ = stream.write_all(rest.as_bytes());
    }
    answer(stream)
}

#[test]
fn bodies_that_come_slowly_keep_nobody_from_being_answered() {
    let (at, _stop) = server();
    let slow: Vec<TcpStream> = (0..4).map(|_| begun(at, 1_000)).collect();
    assert!(ask(at, 0).starts_with("HTTP/1.1 200"));
    // One long body at a time: another one has to wait, and short ones are answered.
    let long = begun(at, 200_000);
    let asked = |status: &str| {
        let mut asked = std::iter::repeat_with(|| ask(at, 100_000)).take(200);
        asked.find(|said| said.starts_with(status)).unwrap()
    };
    assert!(asked("HTTP/1.1 503").contains("\"bodies\""));
    assert!(ask(at, 0).starts_with("HTTP/1.1 200"));
    drop(long);
    asked("HTTP/1.1 200");
    drop(slow);
}

#[test]
fn connections_that_say_nothing_make_room_for_others() {
    let (at, _stop) = server();
    for _ in 0..3 {
        let idle: Vec<TcpStream> = (0..20).map(|_| TcpStream::connect(at).unwrap()).collect();
        assert!(ask(at, 0).starts_with("HTTP/1.1 200"));
        // The first were closed for the last.
        let mut first = idle.first().unwrap();
        first.set_read_timeout(Some(Duration::from_secs(60))).unwrap();
        assert_eq!(first.read(&mut [0; 8]).unwrap_or(0), 0);
    }
}
