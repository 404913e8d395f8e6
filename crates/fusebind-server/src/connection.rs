//! Connections: taken, bounded in number and time, and ended with grace.
//!
//! Comes in: an [`App`]. Goes out: nothing, when a signal ends it. Then no connection is taken any more, requests that were taken are answered, and jobs
//! whose results go to a folder are finished, within the time of the limits.

use std::{
    net::{SocketAddr, TcpListener},
    sync::Arc,
    time::Duration,
};

use axum::Router;
use hyper::server::conn::http1;
use hyper_util::{
    rt::{TokioIo, TokioTimer},
    service::TowerToHyperService,
};
use serde_json::json;
use tokio::{
    net::TcpStream,
    sync::{Semaphore, watch},
    time::{sleep, timeout},
};

use crate::{app::App, routes::router};

/// Pause after a connection could not be taken, as when there are no file handles left.
const PAUSE: Duration = Duration::from_millis(50);
/// Stack of a thread, as large as that of a main thread: molecules are read there.
const STACK: usize = 8 << 20;
/// Most bytes of the head of a request.
const HEAD: usize = 64 << 10;

/// Serves `app` until `stop` is over. `ready` is told the address, which has the port that the system chose.
///
/// # Errors
/// Where the address cannot be listened at, or no runtime can be started.
pub fn serve(
    app: &Arc<App>,
    ready: impl FnOnce(SocketAddr),
    stop: impl Future<Output = ()> + Send,
) -> std::io::Result<()> {
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .thread_stack_size(STACK)
        .enable_all()
        .build()?;
    let listener = TcpListener::bind((app.config.host, app.config.port))?;
    listener.set_nonblocking(true)?;
    let address = listener.local_addr()?;
    runtime.block_on(async {
        let listener = tokio::net::TcpListener::from_std(listener)?;
        ready(address);
        app.log.event("start", json!({ "port": address.port() }));
        accept(app, &listener, stop).await;
        drop(listener);
        Ok::<(), std::io::Error>(())
    })?;
    app.end();
    app.log.event("stop", json!({}));
    // A connection that outlived its time is dropped.
    runtime.shutdown_timeout(Duration::from_secs(1));
    Ok(())
}

/// Ends with Ctrl-C, and where there is such a signal with SIGTERM.
pub async fn signal() {
    let interrupt = tokio::signal::ctrl_c();
    #[cfg(unix)]
    {
        use tokio::signal::unix::{SignalKind, signal};
        if let Ok(mut terminate) = signal(SignalKind::terminate()) {
            tokio::select! {
                _ = interrupt => {}
                _ = terminate.recv() => {}
            }
            return;
        }
    }
    let _ = interrupt.await;
}

async fn accept(app: &Arc<App>, listener: &tokio::net::TcpListener, stop: impl Future<Output = ()>) {
    let routes = router(app.clone());
    let limits = app.config.limits;
    let places = Arc::new(Semaphore::new(limits.connections));
    let (stopping, stopped) = watch::channel(());
    let mut stop = std::pin::pin!(stop);
    loop {
        let stream = tokio::select! {
            () = &mut stop => break,
            taken = listener.accept() => match taken {
                Ok((stream, _)) => stream,
                Err(_) => {
                    sleep(PAUSE).await;
                    continue;
                }
            },
        };
        let Ok(place) = places.clone().try_acquire_owned() else {
            app.metrics.refused_connection();
            continue;
        };
        let (routes, stopped, read) = (routes.clone(), stopped.clone(), limits.read());
        tokio::spawn(async move {
            connection(stream, routes, stopped, read).await;
            drop(place);
        });
    }
    app.stop();
    drop(stopped);
    drop(stopping);
    let all = limits.connections as u32;
    let rest = async {
        // All places are free when the last connection is over.
        let _ = places.acquire_many(all).await;
        while !app.is_idle() {
            sleep(PAUSE).await;
        }
    };
    if timeout(Duration::from_secs(limits.stop_seconds), rest).await.is_err() {
        app.log.event("late", json!({ "stop_seconds": limits.stop_seconds }));
    }
}

/// Serves one connection; `stopped` ends it after the request that it is at.
async fn connection(stream: TcpStream, routes: Router, mut stopped: watch::Receiver<()>, read: Duration) {
    // Answers are small and should go at once.
    let _ = stream.set_nodelay(true);
    let mut server = http1::Builder::new();
    server
        .timer(TokioTimer::new())
        .header_read_timeout(read)
        .max_buf_size(HEAD);
    let served = server.serve_connection(TokioIo::new(stream), TowerToHyperService::new(routes));
    let mut served = std::pin::pin!(served);
    tokio::select! {
        // A client that breaks off is no fault of ours.
        _ = served.as_mut() => return,
        // The sender is gone: the server stops.
        _ = stopped.changed() => {}
    }
    served.as_mut().graceful_shutdown();
    let _ = served.await;
}
