//! Graceful shutdown: no new requests, and those in flight are finished.

use std::io;
use std::time::Duration;

use tokio::sync::watch;

/// The timeout for requests in flight during shutdown. A client that never sends the rest of its request must not
/// delay it.
const GRACE: Duration = Duration::from_secs(20);

/// Whether the service has been asked to stop, by SIGTERM or Ctrl-C.
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

    /// Completes when the service is asked to stop.
    pub(crate) fn asked(&self) -> impl Future<Output = ()> + Send + 'static {
        let mut asked = self.0.clone();
        async move {
            let _ = asked.wait_for(|asked| *asked).await;
        }
    }

    /// Serves until all requests are finished, or the timeout expires.
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
