//! Graceful shutdown: the service accepts no new requests and finishes the requests in flight.

use std::io;
use std::time::Duration;

use tokio::sync::watch;

/// How long a shutdown waits for requests in flight. A client that never finishes sending its request must not delay
/// it forever.
const GRACE: Duration = Duration::from_secs(20);

/// Whether the process was asked to stop, by SIGTERM or Ctrl-C.
pub(crate) struct Stop(watch::Receiver<bool>);

impl Stop {
    /// Starts listening for signals.
    pub(crate) fn listen() -> io::Result<Self> {
        let (ask, asked) = watch::channel(false);
        #[cfg(unix)]
        let mut terminated = tokio::signal::unix::signal(tokio::signal::unix::SignalKind::terminate())?;
        tokio::spawn(async move {
            #[cfg(unix)]
            let terminated = terminated.recv();
            #[cfg(not(unix))]
            let terminated = std::future::pending::<()>();
            tokio::select! {
                _ = terminated => {}
                _ = tokio::signal::ctrl_c() => {}
            }
            let _ = ask.send(true);
        });
        Ok(Self(asked))
    }

    /// Waits until the service is asked to stop.
    pub(crate) fn asked(&self) -> impl Future<Output = ()> + Send + 'static {
        let mut asked = self.0.clone();
        async move {
            let _ = asked.wait_for(|asked| *asked).await;
        }
    }

    /// Serves until all requests are finished after a request to stop, or until the timeout expires.
    pub(crate) async fn in_time(&self, serve: impl Future<Output = io::Result<()>>) -> io::Result<()> {
        let over = async {
            self.asked().await;
            tokio::time::sleep(GRACE).await;
        };
        tokio::select! {
            served = serve => served,
            () = over => Err(io::Error::new(io::ErrorKind::TimedOut, "requests were still in flight")),
        }
    }
}
