//! A load generator that costs little itself: requests are signed and laid out before the clock starts, one thread
//! drives all connections, and of an answer only the status and the length are read. Not for: looking at answers.

use crate::Result;
use std::{
    net::SocketAddr,
    sync::Arc,
    time::{Duration, Instant},
};
use tokio::{
    io::{AsyncReadExt as _, AsyncWriteExt as _},
    net::TcpStream,
    runtime,
    task::JoinSet,
};

/// Larger than any answer that is measured.
const BUFFER: usize = 256 << 10;

/// Whole HTTP/1.1 requests, sent in turn and from the start again.
pub(crate) type Requests = Arc<Vec<Vec<u8>>>;

/// How a load went.
#[derive(Debug)]
pub(crate) struct Load {
    /// How long each call took, milliseconds, sorted.
    pub(crate) times: Vec<f64>,
    /// From the first call to the last answer.
    pub(crate) took: Duration,
}

impl Load {
    /// Calls per second.
    pub(crate) fn rate(&self) -> f64 {
        self.times.len() as f64 / self.took.as_secs_f64()
    }
}

/// When a load ends.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Until {
    /// After a time.
    Elapsed(Duration),
    /// When every request was sent once.
    Done,
}

/// Sends the requests over keep-alive connections, each connection one at a time.
pub(crate) async fn run(
    server: SocketAddr,
    connections: usize,
    requests: Requests,
    until: Until,
) -> Result<Load> {
    let driving = std::thread::spawn(move || {
        let runtime = runtime::Builder::new_current_thread().enable_io().build()?;
        runtime.block_on(drive(server, connections, requests, until))
    });
    tokio::task::spawn_blocking(move || driving.join()).await?.map_err(|_| "the load generator panicked")?
}

async fn drive(server: SocketAddr, connections: usize, requests: Requests, until: Until) -> Result<Load> {
    let begin = Instant::now();
    let mut callers = JoinSet::new();
    for first in 0..connections {
        let requests = Arc::clone(&requests);
        callers.spawn(async move {
            let mut connection = Connection::open(server).await?;
            let mut times = Vec::new();
            let mut index = first;
            let mut sent = Instant::now();
            loop {
                let over = match until {
                    Until::Elapsed(during) => sent - begin >= during,
                    Until::Done => index >= requests.len(),
                };
                let Some(request) = requests.get(index % requests.len().max(1)).filter(|_| !over) else {
                    return Ok::<_, Box<dyn std::error::Error + Send + Sync>>(times);
                };
                connection.call(request).await?;
                let now = Instant::now();
                times.push((now - sent).as_secs_f64() * 1000.0);
                (sent, index) = (now, index + connections);
            }
        });
    }
    let mut times = Vec::new();
    while let Some(of_one) = callers.join_next().await {
        times.extend(of_one??);
    }
    let took = begin.elapsed();
    times.sort_by(f64::total_cmp);
    Ok(Load { times, took })
}

struct Connection {
    server: SocketAddr,
    stream: TcpStream,
    buffer: Vec<u8>,
}

impl Connection {
    async fn open(server: SocketAddr) -> Result<Self> {
        Ok(Self { server, stream: connect(server).await?, buffer: vec![0; BUFFER] })
    }

    /// One call; an error if the answer is not 200.
    async fn call(&mut self, request: &[u8]) -> Result {
        self.stream.write_all(request).await?;
        let mut filled = 0;
        loop {
            let rest = self.buffer.get_mut(filled..).filter(|rest| !rest.is_empty());
            let read = self.stream.read(rest.ok_or("the answer is too long")?).await?;
            filled += read;
            let answer = self.buffer.get(..filled).unwrap_or_default();
            match Answer::of(answer) {
                Some(found) if read == 0 || found.whole(answer) => {
                    if !answer.starts_with(b"HTTP/1.1 200") && !answer.starts_with(b"HTTP/1.0 200") {
                        return Err(String::from_utf8_lossy(answer).into_owned().into());
                    }
                    if found.closes || read == 0 {
                        self.stream = connect(self.server).await?;
                    }
                    return Ok(());
                }
                None if read == 0 => return Err("the server hung up".into()),
                _ => {}
            }
        }
    }
}

async fn connect(server: SocketAddr) -> Result<TcpStream> {
    let stream = TcpStream::connect(server).await?;
    stream.set_nodelay(true)?;
    Ok(stream)
}

/// What the head of an answer says of its end.
struct Answer {
    body: usize,
    length: Option<usize>,
    closes: bool,
}

impl Answer {
    /// Once the head is whole.
    fn of(answer: &[u8]) -> Option<Self> {
        let end = answer.windows(4).position(|window| window == b"\r\n\r\n")?;
        let head = String::from_utf8_lossy(answer.get(..end)?);
        let value = |name: &str| {
            head.lines().filter_map(|line| line.split_once(':')).find_map(|(found, value)| {
                found.eq_ignore_ascii_case(name).then(|| value.trim().to_ascii_lowercase())
            })
        };
        let closes = value("connection").is_some_and(|value| value == "close")
            || (head.starts_with("HTTP/1.0") && value("connection").is_none());
        Some(Self {
            body: end + 4,
            length: value("content-length").and_then(|text| text.parse().ok()),
            closes,
        })
    }

    fn whole(&self, answer: &[u8]) -> bool {
        match self.length {
            Some(length) => answer.len() >= self.body + length,
            None => answer.ends_with(b"0\r\n\r\n"),
        }
    }
}
