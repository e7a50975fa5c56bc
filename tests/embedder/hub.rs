//! The hub, played on the loopback: one that serves the model, and every one that does not. Whoever asks for an embedder
//! has one meanwhile.

use std::{
    fs::{self, File},
    io::{BufRead, BufReader, Read, Seek, SeekFrom, Write},
    net::{TcpListener, TcpStream},
    path::{Path, PathBuf},
    process::Output,
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering},
    },
    thread,
    time::Duration,
};

use crate::{
    child,
    ground::{Ground, ground, library},
};

const REPO: &str = "/Qdrant/all-MiniLM-L6-v2-onnx/resolve/main/";

/// How the hub behaves.
#[derive(Clone)]
enum Manner {
    /// Answers with this status.
    Status(&'static str),
    /// Takes the connection and says nothing.
    Silent,
    /// Takes the connection and closes it.
    Closes,
    /// Says half of an answer.
    BreaksOff(PathBuf),
    /// Serves the files of a folder.
    Serves(PathBuf),
}

struct Hub {
    address: PathBuf,
    requests: Arc<AtomicUsize>,
}

impl Hub {
    fn of(manner: Manner) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").expect("a free port");
        let address = format!("http://{}", listener.local_addr().expect("an address"));
        let requests = Arc::new(AtomicUsize::new(0));
        let count = Arc::clone(&requests);
        thread::spawn(move || {
            for stream in listener.incoming().map_while(Result::ok) {
                let (manner, count) = (manner.clone(), Arc::clone(&count));
                // Who hangs up is no concern of the hub's.
                thread::spawn(move || drop(manner.serve(stream, &count)));
            }
        });
        Self {
            address: PathBuf::from(address),
            requests,
        }
    }

    /// What a process says that downloads from here.
    fn asked(&self, library: &Path, cache: &Path, more: &[(&str, &Path)]) -> Output {
        let mut all = vec![
            ("CHILD_CACHE", cache),
            ("CHILD_LIBRARY", library),
            ("HF_ENDPOINT", self.address.as_path()),
        ];
        all.extend(more);
        let output = child::run("child::asks", &all);
        assert!(output.status.success(), "{output:?}");
        output
    }
}

impl Manner {
    fn serve(&self, stream: TcpStream, count: &AtomicUsize) -> std::io::Result<()> {
        let mut reader = BufReader::new(stream.try_clone()?);
        loop {
            let mut request = String::new();
            if reader.read_line(&mut request)? == 0 {
                return Ok(());
            }
            let mut from = None;
            loop {
                let mut header = String::new();
                reader.read_line(&mut header)?;
                let header = header.trim().to_ascii_lowercase();
                if header.is_empty() {
                    break;
                }
                from = header
                    .strip_prefix("range: bytes=")
                    .map(str::to_owned)
                    .or(from);
            }
            count.fetch_add(1, Ordering::SeqCst);
            let path = request.split(' ').nth(1).unwrap_or_default();
            let range = from.unwrap_or_default();
            match self {
                Self::Status(status) => {
                    write!(&stream, "HTTP/1.1 {status}\r\ncontent-length: 0\r\n\r\n")?;
                }
                Self::Silent => thread::sleep(Duration::from_secs(600)),
                Self::Closes => return Ok(()),
                Self::BreaksOff(folder) => return send(&stream, folder, path, &range, true),
                Self::Serves(folder) => send(&stream, folder, path, &range, false)?,
            }
        }
    }
}

/// A file, or the part of it that was asked for, as the real hub would send it.
fn send(
    mut to: &TcpStream,
    folder: &Path,
    path: &str,
    range: &str,
    half: bool,
) -> std::io::Result<()> {
    let Some(name) = path.strip_prefix(REPO) else {
        return write!(to, "HTTP/1.1 404 Not Found\r\ncontent-length: 0\r\n\r\n");
    };
    let mut file = File::open(folder.join(name))?;
    let length = file.metadata()?.len();
    let (first, last) = range.split_once('-').unwrap_or(("0", ""));
    let first: u64 = first.parse().unwrap_or(0);
    let last: u64 = last.parse().unwrap_or(length - 1);
    let etag = fs::read_to_string(folder.join(format!("{name}.etag")))?;
    write!(
        to,
        "HTTP/1.1 206 Partial Content\r\ncontent-length: {}\r\ncontent-range: bytes {first}-{last}/{length}\r\n\
         etag: \"{etag}\"\r\nx-repo-commit: 5f1b8cd78bc4fb444dd171e59b18f3a3af89a079\r\n\r\n",
        last + 1 - first,
    )?;
    file.seek(SeekFrom::Start(first))?;
    let whole = last + 1 - first;
    let share = if half && whole > 1 { whole / 2 } else { whole };
    std::io::copy(&mut file.take(share), &mut to)?;
    Ok(())
}

/// A folder as the hub has it: the model, and under which names it goes.
fn stock(ground: &Ground) -> tempfile::TempDir {
    let folder = ground.copy();
    let names = [
        (
            "model.onnx",
            "a225f338d584b4ae3fa0e6074cb4bac92f1aaa34f43439f29072f1d0cd34b5b2",
        ),
        // As git names it: that file is not kept apart for its size.
        ("tokenizer.json", "cb202bfe2e3c98645018a6d12f182a434c9d3e02"),
    ];
    for (file, etag) in names {
        fs::write(folder.path().join(format!("{file}.etag")), etag).expect("a file");
    }
    folder
}

#[test]
fn a_hub_that_refuses_or_falls_silent_is_told_and_delays_nobody() {
    let test = "a_hub_that_refuses_or_falls_silent_is_told_and_delays_nobody";
    let Some(library) = library(test) else { return };
    for (manner, says) in [
        (Manner::Status("404 Not Found"), "404"),
        (Manner::Status("500 Internal Server Error"), "500"),
        (Manner::Status("401 Unauthorized"), "401"),
        (Manner::Status("200 OK"), "etag is missing"),
        (Manner::Closes, "model.onnx: request error"),
    ] {
        let (hub, cache) = (Hub::of(manner), tempfile::tempdir().unwrap());
        let output = hub.asked(&library, cache.path(), &[]);
        assert_eq!(child::said(&output, "id"), ["lexical/1"]);
        assert_eq!(
            child::said(&output, "instead"),
            ["all-MiniLM-L6-v2 is being downloaded"]
        );
        assert_eq!(child::said(&output, "downloading"), ["false"]);
        assert_eq!(child::said(&output, "then"), ["lexical/1"]);
        let told = child::said(&output, "finally").remove(0);
        let address = hub.address.display();
        let begins = format!("all-MiniLM-L6-v2 cannot be downloaded from {address}: model.onnx: ");
        assert!(told.starts_with(&begins), "{told}");
        assert!(told.contains(says), "{says:?} is not in {told}");
        assert!(
            told.contains("embedder.model_dir") && told.contains("HF_ENDPOINT"),
            "{told}"
        );
        assert_eq!(hub.requests.load(Ordering::SeqCst), 1);
    }
}

#[test]
fn a_hub_that_says_nothing_is_not_waited_for() {
    let Some(library) = library("a_hub_that_says_nothing_is_not_waited_for") else {
        return;
    };
    let (hub, cache) = (Hub::of(Manner::Silent), tempfile::tempdir().unwrap());
    // That it answers and ends at all, with the hub still silent, is what is tested.
    let output = hub.asked(&library, cache.path(), &[("CHILD_HANGS", Path::new("1"))]);
    assert_eq!(child::said(&output, "id"), ["lexical/1"]);
    assert_eq!(child::said(&output, "downloading"), ["true"]);
    assert_eq!(
        child::said(&output, "finally"),
        ["all-MiniLM-L6-v2 is being downloaded"]
    );
}

#[test]
fn nobody_at_the_hubs_address_is_told() {
    let Some(library) = library("nobody_at_the_hubs_address_is_told") else {
        return;
    };
    let cache = tempfile::tempdir().unwrap();
    let hub = Hub {
        address: PathBuf::from("http://127.0.0.1:9"),
        requests: Arc::default(),
    };
    let output = hub.asked(&library, cache.path(), &[]);
    let told = child::said(&output, "trouble").remove(0);
    assert!(
        told.contains("from http://127.0.0.1:9: model.onnx: "),
        "{told}"
    );
}

#[test]
fn the_model_is_downloaded_once_and_used() {
    let Some(ground) = ground("the_model_is_downloaded_once_and_used") else {
        return;
    };
    let (stock, cache) = (stock(&ground), tempfile::tempdir().unwrap());
    let hub = Hub::of(Manner::Serves(stock.path().to_path_buf()));
    let output = hub.asked(&ground.library, cache.path(), &[]);
    assert_eq!(
        child::said(&output, "instead"),
        ["all-MiniLM-L6-v2 is being downloaded"]
    );
    assert_eq!(child::said(&output, "trouble"), [""]);
    assert_eq!(child::said(&output, "then"), ["minilm-l6-v2/1"]);
    let requests = hub.requests.load(Ordering::SeqCst);
    assert!(requests > 0);

    let output = hub.asked(&ground.library, cache.path(), &[]);
    assert_eq!(child::said(&output, "id"), ["minilm-l6-v2/1"]);
    assert_eq!(
        hub.requests.load(Ordering::SeqCst),
        requests,
        "it was asked again"
    );
    // Where fastembed would keep it.
    let kept = cache
        .path()
        .join("models--Qdrant--all-MiniLM-L6-v2-onnx/refs/main");
    assert!(kept.exists(), "{}", kept.display());
}

#[test]
fn who_is_offline_downloads_nothing_and_uses_what_is_there() {
    let test = "who_is_offline_downloads_nothing_and_uses_what_is_there";
    let Some(ground) = ground(test) else { return };
    let (stock, cache) = (stock(&ground), tempfile::tempdir().unwrap());
    let hub = Hub::of(Manner::Serves(stock.path().to_path_buf()));
    let offline = [("HF_HUB_OFFLINE", Path::new("1"))];
    let output = hub.asked(&ground.library, cache.path(), &offline);
    assert_eq!(child::said(&output, "then"), ["lexical/1"]);
    let told = child::said(&output, "finally").remove(0);
    assert!(told.contains("HF_HUB_OFFLINE forbids"), "{told}");
    assert_eq!(hub.requests.load(Ordering::SeqCst), 0);

    let output = hub.asked(&ground.library, cache.path(), &[]);
    assert_eq!(child::said(&output, "then"), ["minilm-l6-v2/1"]);
    let output = hub.asked(&ground.library, cache.path(), &offline);
    assert_eq!(child::said(&output, "id"), ["minilm-l6-v2/1"]);
}

#[test]
fn a_variable_may_say_where_downloads_are_kept() {
    let Some(ground) = ground("a_variable_may_say_where_downloads_are_kept") else {
        return;
    };
    let (stock, unused) = (stock(&ground), tempfile::tempdir().unwrap());
    let hub = Hub::of(Manner::Serves(stock.path().to_path_buf()));
    for variable in ["HF_HOME", "FASTEMBED_CACHE_DIR"] {
        let cache = tempfile::tempdir().unwrap();
        let output = hub.asked(&ground.library, unused.path(), &[(variable, cache.path())]);
        assert_eq!(child::said(&output, "then"), ["minilm-l6-v2/1"]);
        assert!(
            cache
                .path()
                .join("models--Qdrant--all-MiniLM-L6-v2-onnx")
                .exists()
        );
        assert_eq!(fs::read_dir(unused.path()).unwrap().count(), 0);
    }
}

#[test]
fn a_download_that_breaks_off_is_finished_by_the_next() {
    let Some(ground) = ground("a_download_that_breaks_off_is_finished_by_the_next") else {
        return;
    };
    let (stock, cache) = (stock(&ground), tempfile::tempdir().unwrap());
    let hub = Hub::of(Manner::BreaksOff(stock.path().to_path_buf()));
    let output = hub.asked(&ground.library, cache.path(), &[]);
    assert_eq!(child::said(&output, "then"), ["lexical/1"]);
    let told = child::said(&output, "trouble").remove(0);
    assert!(told.contains("cannot be downloaded"), "{told}");

    let hub = Hub::of(Manner::Serves(stock.path().to_path_buf()));
    let output = hub.asked(&ground.library, cache.path(), &[]);
    assert_eq!(
        child::said(&output, "then"),
        ["minilm-l6-v2/1"],
        "{output:?}"
    );
}

#[test]
fn what_was_damaged_on_its_way_is_told_and_had_anew_when_it_is_removed() {
    let test = "what_was_damaged_on_its_way_is_told_and_had_anew_when_it_is_removed";
    let Some(ground) = ground(test) else { return };
    let (stock, cache) = (stock(&ground), tempfile::tempdir().unwrap());
    let model = stock.path().join("model.onnx");
    let mut bytes = fs::read(&model).unwrap();
    bytes[12_345_678] ^= 1;
    fs::write(&model, &bytes).unwrap();
    let hub = Hub::of(Manner::Serves(stock.path().to_path_buf()));
    let output = hub.asked(&ground.library, cache.path(), &[]);
    assert_eq!(child::said(&output, "then"), ["lexical/1"]);
    let told = child::said(&output, "finally").remove(0);
    assert!(
        told.contains("is damaged") && told.contains("downloaded anew"),
        "{told}"
    );

    let blob = told.split_once(" is damaged").unwrap().0.to_owned();
    assert!(blob.contains("/blobs/"), "{told}");
    fs::remove_file(blob).unwrap();
    bytes[12_345_678] ^= 1;
    fs::write(&model, &bytes).unwrap();
    let output = hub.asked(&ground.library, cache.path(), &[]);
    assert_eq!(
        child::said(&output, "then"),
        ["minilm-l6-v2/1"],
        "{output:?}"
    );
}
