//! A proxy between the pool and the server that cuts the connection at COMMIT.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};

/// When the proxy cuts the connection.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) enum Cut {
    /// Before the server receives the COMMIT.
    BeforeIt,
    /// After the server has received the COMMIT, without waiting for its reply.
    WhileItIsDone,
    /// After the server has committed, without passing on its reply.
    AfterIt,
}

pub(crate) struct Proxy {
    pub(crate) port: u16,
    cuts: Arc<AtomicUsize>,
}

impl Proxy {
    /// Starts a proxy that cuts the first `times` connections, each at its first COMMIT.
    pub(crate) async fn new(server: (String, u16), cut: Cut, times: usize) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let port = listener.local_addr().unwrap().port();
        let cuts = Arc::new(AtomicUsize::new(times));
        let left = cuts.clone();
        tokio::spawn(async move {
            while let Ok((client, _)) = listener.accept().await {
                let (server, left) = (server.clone(), left.clone());
                tokio::spawn(async move {
                    let server = TcpStream::connect(server).await.unwrap();
                    passed_on(client, server, cut, &left).await.ok();
                });
            }
        });
        Self { port, cuts }
    }

    /// Returns how many connections the proxy will still cut.
    pub(crate) fn left(&self) -> usize {
        self.cuts.load(Ordering::SeqCst)
    }
}

async fn passed_on(
    mut client: TcpStream,
    mut server: TcpStream,
    cut: Cut,
    left: &AtomicUsize,
) -> std::io::Result<()> {
    let (mut asked, mut answered) = (vec![0; 65536], vec![0; 65536]);
    loop {
        tokio::select! {
            read = client.read(&mut asked) => {
                let asked = &asked[..read?];
                if asked.is_empty() {
                    return server.shutdown().await;
                }
                // sqlx sends COMMIT as a message of its own, which ends in zero.
                let commits = asked.windows(7).any(|part| part == b"COMMIT\0");
                let take_one = |left: usize| left.checked_sub(1);
                if !commits || left.fetch_update(Ordering::SeqCst, Ordering::SeqCst, take_one).is_err() {
                    server.write_all(asked).await?;
                    continue;
                }
                if cut != Cut::BeforeIt {
                    server.write_all(asked).await?;
                }
                if cut == Cut::AfterIt {
                    // Read the reply, so the commit is complete, but do not pass it on.
                    let answer = server.read(&mut answered).await?;
                    assert!(answered[..answer].windows(7).any(|part| part == b"COMMIT\0"));
                }
                return Ok(());
            }
            read = server.read(&mut answered) => {
                let answered = &answered[..read?];
                if answered.is_empty() {
                    return client.shutdown().await;
                }
                client.write_all(answered).await?;
            }
        }
    }
}
