//! A Redis for tests: one for each test binary, on a free port, in a directory of its own, gone with the process.

use std::{
    io::{BufRead as _, BufReader, Read as _, Write as _},
    net::{TcpListener, TcpStream},
    path::{Path, PathBuf},
    process::{Child, ChildStdin, ChildStdout, Command, Stdio},
    sync::{Mutex, OnceLock},
    time::{Duration, Instant},
};

/// Does what it is told until the end of its input, which is the end of whoever started it, however that came; then ends the
/// server too.
const GUARD: &str = r#"
trap '' INT TERM
place=$1; shift
run() { redis-server "$@" </dev/null >>"$place/log" 2>&1 & server=$!; }
run "$@"
while read -r word; do
  case $word in
    kill) kill -9 $server; wait $server ;;
    start) run "$@" ;;
    pause) kill -STOP $server ;;
    resume) kill -CONT $server ;;
  esac
  echo done
done 2>/dev/null
exec 2>/dev/null
kill -9 $server 2>/dev/null
wait $server 2>/dev/null
rm -rf "$place" || { sleep 1; rm -rf "$place"; }
"#;

/// A server that runs until this is dropped or the process ends.
#[derive(Debug)]
pub(crate) struct Server {
    guard: Child,
    /// Closed, it ends the server.
    life: Option<ChildStdin>,
    answers: Mutex<BufReader<ChildStdout>>,
    pub(crate) port: u16,
}

/// The one that all tests of this binary share, each with a queue of its own.
pub(crate) fn shared() -> &'static Server {
    static SERVER: OnceLock<Server> = OnceLock::new();
    SERVER.get_or_init(|| Server::start(&["--appendonly", "yes"]))
}

fn new_place() -> PathBuf {
    tempfile::Builder::new()
        .prefix("atg-redis-")
        .tempdir()
        .unwrap()
        .keep()
}

impl Server {
    /// Starts one with those settings.
    pub(crate) fn start(settings: &[&str]) -> Self {
        // Another process may take the port before the server does.
        for _ in 0..10 {
            let port = TcpListener::bind("127.0.0.1:0")
                .unwrap()
                .local_addr()
                .unwrap()
                .port();
            if let Some(server) = Self::start_on(port, settings) {
                return server;
            }
        }
        panic!("no redis-server starts: install it (apt-get install redis-server)");
    }

    /// Starts one on that port, unless that is taken.
    pub(crate) fn start_on(port: u16, settings: &[&str]) -> Option<Self> {
        let place = new_place();
        let mut arguments = vec!["--port".to_owned(), port.to_string()];
        arguments.extend(["--bind", "127.0.0.1", "--save", "", "--dir"].map(str::to_owned));
        arguments.push(place.to_str().unwrap().to_owned());
        arguments.extend(settings.iter().map(|&setting| setting.to_owned()));
        Self::run(port, &place, &arguments, "Ready to accept connections")
    }

    /// Starts a Sentinel that watches a master and acts alone.
    pub(crate) fn sentinel(master: u16, name: &str) -> Self {
        let port = TcpListener::bind("127.0.0.1:0")
            .unwrap()
            .local_addr()
            .unwrap()
            .port();
        let place = new_place();
        let settings = place.join("sentinel.conf");
        let text = format!(
            "port {port}\nbind 127.0.0.1\nsentinel monitor {name} 127.0.0.1 {master} 1\n\
             sentinel down-after-milliseconds {name} 500\nsentinel failover-timeout {name} 2000\n"
        );
        std::fs::write(&settings, text).unwrap();
        let arguments = [settings.to_str().unwrap().to_owned(), "--sentinel".to_owned()];
        Self::run(port, &place, &arguments, "+monitor").expect("a Sentinel")
    }

    fn run(port: u16, place: &Path, arguments: &[String], ready: &str) -> Option<Self> {
        let mut guard = Command::new("sh")
            .args(["-c", GUARD, "guard"])
            .arg(place)
            .args(arguments)
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .expect("a shell");
        let mut server = Self {
            life: guard.stdin.take(),
            answers: Mutex::new(BufReader::new(guard.stdout.take().unwrap())),
            guard,
            port,
        };
        let begun = Instant::now();
        // Its own log says so: on a port that was taken somebody else's server would answer.
        while begun.elapsed() < Duration::from_secs(10) {
            let log = std::fs::read_to_string(place.join("log")).unwrap_or_default();
            if log.contains(ready) {
                return Some(server);
            }
            if log.contains("Address already in use") || log.contains("not found") {
                break;
            }
            std::thread::sleep(Duration::from_millis(20));
        }
        server.stop();
        None
    }

    /// Its address.
    pub(crate) fn url(&self) -> String {
        format!("redis://127.0.0.1:{}", self.port)
    }

    /// The first line of its answer to a command.
    pub(crate) fn says(&self, command: &str) -> Option<String> {
        let mut stream = TcpStream::connect(("127.0.0.1", self.port)).ok()?;
        stream.set_read_timeout(Some(Duration::from_secs(5))).ok()?;
        stream.write_all(format!("{command}\r\n").as_bytes()).ok()?;
        let mut line = String::new();
        BufReader::new(stream.take(4_096)).read_line(&mut line).ok()?;
        Some(line)
    }

    /// Kills it as a crash would (`kill`), starts it again with what it left on the disk (`start`), has it stand still
    /// (`pause`) and go on (`resume`).
    pub(crate) fn tell(&self, word: &str) {
        let mut life = self.life.as_ref().expect("it runs");
        let mut answers = self.answers.lock().unwrap();
        life.write_all(format!("{word}\n").as_bytes()).unwrap();
        answers.read_line(&mut String::new()).unwrap();
        let begun = Instant::now();
        while word == "start"
            && !self
                .says("PING")
                .is_some_and(|answer| answer.starts_with("+PONG"))
        {
            assert!(
                begun.elapsed() < Duration::from_secs(120),
                "it does not start again"
            );
            std::thread::sleep(Duration::from_millis(20));
        }
    }

    fn stop(&mut self) {
        self.life = None;
        let _ = self.guard.wait();
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        self.stop();
    }
}
