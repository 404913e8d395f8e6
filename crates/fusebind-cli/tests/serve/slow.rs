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

const GO_ON: &str = "HTTP/1.1 100 Continue\r\n\r\n";

/// A connection on which the server waits for a body of `length` bytes, or its refusal. It asks for the body when the request has its places.
fn begun(at: SocketAddr, length: usize) -> Result<TcpStream, String> {
    let mut stream = TcpStream::connect(at).unwrap();
    stream.set_read_timeout(Some(Duration::from_secs(60))).unwrap();
    let head = format!(
        "POST /v1/predict HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\nContent-Length: {length}\r\n\
         Expect: 100-continue\r\nConnection: close\r\n\r\n"
    );
    stream.write_all(head.as_bytes()).unwrap();
    let mut said = vec![0; GO_ON.len()];
    stream.read_exact(&mut said).unwrap();
    match said == GO_ON.as_bytes() {
        true => Ok(stream),
        false => Err(rest(stream, said)),
    }
}

/// What was read, and what comes until the server closes.
fn rest(mut stream: TcpStream, mut said: Vec<u8>) -> String {
    stream.read_to_end(&mut said).unwrap();
    String::from_utf8(said).unwrap()
}

/// The answer to a request of one pair, with `letters` of nothing behind it.
fn ask(at: SocketAddr, letters: usize) -> String {
    let pairs = json!({ "pairs": [{ "smiles": "CCO", "sequence": SEQUENCES[0], "id": "1" }] });
    let body = format!("{pairs}{}", " ".repeat(letters));
    match begun(at, body.len()) {
        Ok(mut stream) => {
            stream.write_all(body.as_bytes()).unwrap();
            rest(stream, Vec::new())
        }
        Err(refusal) => refusal,
    }
}

#[test]
fn bodies_that_come_slowly_keep_nobody_from_being_answered() {
    let (at, _stop) = server();
    let begin = |length| begun(at, length).unwrap();
    let slow: Vec<TcpStream> = (0..4).map(|_| begin(1_000)).collect();
    assert!(ask(at, 0).starts_with("HTTP/1.1 200"));
    // One long body at a time: another one is refused, and short ones are answered.
    let long = begin(200_000);
    let refusal = ask(at, 100_000);
    assert!(
        refusal.starts_with("HTTP/1.1 503") && refusal.contains("\"bodies\""),
        "{refusal}"
    );
    assert!(ask(at, 0).starts_with("HTTP/1.1 200"));
    drop(long);
    // It takes a moment until the server notices.
    let again = std::iter::repeat_with(|| {
        std::thread::sleep(Duration::from_millis(10));
        ask(at, 100_000)
    });
    assert!(again.take(1_000).any(|said| said.starts_with("HTTP/1.1 200")));
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
