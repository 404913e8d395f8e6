//! How fast a server answers, on one machine with its clients.
//!
//! ```text
//! cargo bench --bench serving -- RUN       RUN is a run folder
//! ```
//!
//! Prints: the latency of single warm predictions with 1 and 64 clients; the rate with 64 clients beside that of the library with batches of the
//! same mean size; and what is left of the latency beside slow clients, idle connections, bodies that break off, and garbage.

use std::{
    io::{Read, Write},
    net::{SocketAddr, TcpStream},
    path::Path,
    sync::mpsc,
    thread,
    time::{Duration, Instant},
};

use fusebind::{Model, Pair};
use fusebind_server::{App, Limits, ServerConfig, serve};

const CLIENTS: usize = 64;
const SEQUENCES: usize = 8;
const LENGTH: usize = 400;

fn main() {
    // `cargo test` runs benchmarks without arguments.
    let Some(run) = std::env::args().skip(1).find(|word| !word.starts_with('-')) else {
        println!("serving: name a run folder");
        return;
    };
    let run = Path::new(&run);
    let config = ServerConfig {
        host: [127, 0, 0, 1].into(),
        port: 0,
        token: None,
        results: None,
        encoders: Default::default(),
        logs: false,
        limits: Limits::default(),
    };
    let app = App::open(run, config).expect("the model opens");
    let (address, addresses) = mpsc::channel();
    let (stop, stopped) = tokio::sync::oneshot::channel::<()>();
    let server = thread::spawn(move || {
        let ready = |at| address.send(at).expect("the benchmark waits");
        serve(&app, ready, async { drop(stopped.await) }).expect("the server runs");
    });
    let at = addresses.recv().expect("the server starts");
    for client in 0..CLIENTS {
        measure_one(at, client, 4);
    }
    let one = spread(measure_one(at, 0, 500));
    println!(
        "1 client     p50 {:7.2} ms  p99 {:7.2} ms  {:7.0} pairs/s",
        one.0, one.1, one.2
    );
    let before = batches(at);
    let started = Instant::now();
    let many = measure(at, CLIENTS, 100);
    let rate = many.len() as f64 / started.elapsed().as_secs_f64();
    let (p50, p99, _) = spread(many);
    let after = batches(at);
    let size = (after.1 - before.1) / (after.0 - before.0).max(1.0);
    println!("{CLIENTS} clients   p50 {p50:7.2} ms  p99 {p99:7.2} ms  {rate:7.0} pairs/s  mean batch {size:.1}");
    let library = in_process(run, size.round().max(1.0) as usize);
    println!(
        "library      {library:7.0} pairs/s in batches of {:.0}; served {:.0} %",
        size.round(),
        100.0 * rate / library
    );
    beside(at);
    stop.send(()).expect("the server runs");
    server.join().expect("the server ends");
}

/// What is left beside clients that mean no good.
fn beside(at: SocketAddr) {
    let p = |name: &str| {
        let (p50, p99, rate) = spread(measure_one(at, 1, 200));
        println!("beside {name:28} p50 {p50:7.2} ms  p99 {p99:7.2} ms  {rate:7.0} pairs/s");
    };
    let head = "POST /v1/predict HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\nContent-Length: 67108864\r\n\r\n";
    let slow: Vec<TcpStream> = (0..200).filter_map(|_| opened(at, &head[..40])).collect();
    p("200 slow clients");
    drop(slow);
    let idle: Vec<TcpStream> = (0..10_000).map_while(|_| TcpStream::connect(at).ok()).collect();
    println!("{} connections were opened and idle", idle.len());
    drop(idle.into_iter().skip(1_000).collect::<Vec<_>>());
    thread::sleep(Duration::from_millis(500));
    p("10,000 idle, closed again");
    for _ in 0..500 {
        drop(opened(at, &head.replace("67108864", "500")));
    }
    p("500 bodies that broke off");
    let garbage = vec![0xA5_u8; 1 << 20];
    for _ in 0..3 {
        let chunked = head.replace("Content-Length: 67108864", "Transfer-Encoding: chunked");
        let mut stream = opened(at, &chunked).expect("the server takes connections");
        let part = [b"100000\r\n", &garbage[..], b"\r\n"].concat();
        let sent = (0..64).take_while(|_| stream.write_all(&part).is_ok()).count();
        println!("garbage: closed after {sent} MiB");
    }
    p("64 MiB of garbage, thrice");
}

fn opened(at: SocketAddr, text: &str) -> Option<TcpStream> {
    let mut stream = TcpStream::connect(at).ok()?;
    stream.write_all(text.as_bytes()).ok()?;
    Some(stream)
}

/// Median, 99th percentile in ms, and requests in a second of one client.
fn spread(mut seconds: Vec<f64>) -> (f64, f64, f64) {
    seconds.sort_by(f64::total_cmp);
    let at = |share: f64| 1e3 * seconds[((seconds.len() - 1) as f64 * share).round() as usize];
    (at(0.5), at(0.99), seconds.len() as f64 / seconds.iter().sum::<f64>())
}

fn measure(at: SocketAddr, clients: usize, requests: usize) -> Vec<f64> {
    let all = (0..clients).map(|client| thread::spawn(move || measure_one(at, client, requests)));
    let all: Vec<_> = all.collect();
    all.into_iter()
        .flat_map(|client| client.join().expect("a client ends"))
        .collect()
}

/// Seconds of each request of one client, over one connection.
fn measure_one(at: SocketAddr, client: usize, requests: usize) -> Vec<f64> {
    let mut stream = TcpStream::connect(at).expect("the server takes connections");
    stream.set_nodelay(true).expect("a socket");
    let one = |request: usize| {
        let (smiles, sequence) = pair(client + request);
        let body = format!("{{\"pairs\":[{{\"smiles\":\"{smiles}\",\"sequence\":\"{sequence}\"}}]}}");
        let head = "POST /v1/predict HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\nContent-Length:";
        let text = format!("{head} {}\r\n\r\n{body}", body.len());
        let started = Instant::now();
        stream.write_all(text.as_bytes()).expect("the server reads");
        let answer = answer(&mut stream);
        assert!(answer.contains("\"predicted\":1"), "{answer}");
        started.elapsed().as_secs_f64()
    };
    (0..requests).map(one).collect()
}

/// An answer whose length is said.
fn answer(stream: &mut TcpStream) -> String {
    let mut bytes = Vec::new();
    let mut part = [0; 16 << 10];
    loop {
        let count = stream.read(&mut part).expect("the server answers");
        assert!(count > 0, "{}", String::from_utf8_lossy(&bytes));
        bytes.extend_from_slice(&part[..count]);
        let text = String::from_utf8_lossy(&bytes);
        let Some((head, body)) = text.split_once("\r\n\r\n") else {
            continue;
        };
        let length = head.lines().find_map(|line| line.strip_prefix("content-length: "));
        if length.is_some_and(|length| length.parse() == Ok(body.len())) {
            return body.to_string();
        }
    }
}

/// Calls of the model so far, and pairs in them.
fn batches(at: SocketAddr) -> (f64, f64) {
    let mut stream = opened(at, "GET /metrics HTTP/1.1\r\nHost: localhost\r\n\r\n").expect("the server runs");
    let text = answer(&mut stream);
    let of = |name: &str| {
        let line = text.lines().find_map(|line| line.strip_prefix(name));
        line.and_then(|value| value.trim().parse().ok()).unwrap_or_default()
    };
    (of("fusebind_batches_total "), of("fusebind_batched_pairs_total "))
}

/// Small molecules of 64 kinds with eight proteins.
fn pair(at: usize) -> (String, String) {
    const RINGS: [&str; 4] = ["c1ccccc1", "c1ccncc1", "C1CCNCC1", "c1ccc2[nH]ccc2c1"];
    let smiles = format!("{}OC(=O){}", "C".repeat(1 + at % 16), RINGS[at / 16 % 4]);
    let letters = b"ACDEFGHIKLMNPQRSTVWY";
    let kind = at % SEQUENCES;
    let letter = |place: usize| char::from(letters[(place * (kind + 3) + place / 7) % letters.len()]);
    (smiles, (0..LENGTH).map(letter).collect())
}

/// Pairs in a second that the library predicts in batches of `size`.
fn in_process(run: &Path, size: usize) -> f64 {
    let model = Model::open(run).expect("the model opens");
    let pairs: Vec<Pair> = (0..CLIENTS * 100)
        .map(|at| {
            let (smiles, sequence) = pair(at);
            Pair::parse(&smiles, &sequence).expect("a pair")
        })
        .collect();
    let started = Instant::now();
    rayon::scope(|_| pairs.chunks(size).for_each(|batch| drop(model.predict(batch))));
    pairs.len() as f64 / started.elapsed().as_secs_f64()
}
