//! Connections: taken, bounded in number and time, and ended with grace.
//!
//! Comes in: an [`App`]. Goes out: nothing, when a signal ends it. Then no connection is taken any more, requests that were taken are answered, and jobs
//! whose results go to a folder are finished, within the time of the limits.

use std::{net::SocketAddr, sync::Arc, time::Duration};

use axum::Router;
use hyper::{
    Request,
    body::{Body, Incoming},
    server::conn::http1,
    service::{Service, service_fn},
};
use hyper_util::{
    rt::{TokioIo, TokioTimer},
    service::TowerToHyperService,
};
use serde_json::json;
use tokio::{
    net::{TcpListener, TcpStream},
    sync::watch,
    time::{sleep, timeout},
};

use crate::{
    app::App,
    places::{Client, Place, Places},
    routes::router,
};

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
    runtime.block_on(async {
        // That of the runtime has a longer queue of connections that are not yet taken than that of the standard library.
        let listener = TcpListener::bind((app.config.host, app.config.port)).await?;
        let address = listener.local_addr()?;
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

async fn accept(app: &Arc<App>, listener: &TcpListener, stop: impl Future<Output = ()>) {
    let routes = router(app.clone());
    let limits = app.config.limits;
    let places = Places::new(limits.connections, app.metrics.clone());
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
        let Some(place) = places.take().await else {
            continue;
        };
        let (routes, stopped, read) = (routes.clone(), stopped.clone(), limits.read());
        tokio::spawn(async move {
            connection(stream, (routes, place), stopped, read).await;
        });
    }
    app.stop();
    drop(stopped);
    drop(stopping);
    let rest = async {
        // All places are free when the last connection is over.
        places.free().await;
        while !app.is_idle() {
            sleep(PAUSE).await;
        }
    };
    if timeout(Duration::from_secs(limits.stop_seconds), rest).await.is_err() {
        app.log.event("late", json!({ "stop_seconds": limits.stop_seconds }));
    }
}

/// Serves one connection; `stopped` ends it after the request that it is at, and so does the need for its place, where its client is waited for.
async fn connection(
    stream: TcpStream,
    (routes, place): (Router, Place),
    mut stopped: watch::Receiver<()>,
    read: Duration,
) {
    // Answers are small and should go at once.
    let _ = stream.set_nodelay(true);
    let mut server = http1::Builder::new();
    server
        .timer(TokioTimer::new())
        .header_read_timeout(read)
        .max_buf_size(HEAD);
    let (routes, client) = (TowerToHyperService::new(routes), &place.client);
    let answer = service_fn(|mut request: Request<Incoming>| {
        if request.body().is_end_stream() {
            client.has_asked();
        }
        request.extensions_mut().insert::<Arc<Client>>(client.clone());
        let answer = routes.call(request);
        async move {
            let answer = answer.await;
            client.has_answer();
            answer
        }
    });
    let served = server.serve_connection(TokioIo::new(stream), answer);
    let mut served = std::pin::pin!(served);
    tokio::select! {
        // A client that breaks off is no fault of ours.
        _ = served.as_mut() => return,
        () = client.evicted() => return,
        // The sender is gone: the server stops.
        _ = stopped.changed() => {}
    }
    served.as_mut().graceful_shutdown();
    let _ = served.await;
}
