//! Searching 1,000, 10,000 and 100,000 files of the memory, by vectors of 384 dimensions and by words, against reading
//! and adding up as many bytes as a search of vectors streams through, and against a listing and `stat` of the files.
//!
//! `cargo bench -p modulatio-tools --bench memory`; `FILES=1000` for one size only, `TMPDIR` chooses the disk. The
//! files and the index are in the page cache. Vectors come in groups that are alike, as those of texts do.

#![allow(clippy::unwrap_used, reason = "a bench that cannot go on says so")]

mod support;

use std::{
    fs::{self, File},
    io::{self, BufWriter, Read, Write},
    path::Path,
    sync::{Arc, atomic::AtomicBool},
    time::{Duration, Instant},
};

use modulatio::memory::{Effort, Embedder, Fault, Keeper, Shelf, Vector, Wanted};
use projections::memory::Store;
use support::{Times, forget_peak, heading, millis, peak_kib, rounds, row};

const DIMENSIONS: usize = 384;
const ROUNDS: usize = 40;
static UNCUT: AtomicBool = AtomicBool::new(false);

const BEST: Wanted<'static> = Wanted {
    kind: None,
    agent: None,
    most: 5,
    at_least: 0.0,
    except: None,
};

fn main() {
    let files = std::env::var("FILES").ok().and_then(|n| n.parse().ok());
    let sizes = files.map_or(vec![1_000, 10_000, 100_000], |n: usize| vec![n]);
    for files in sizes {
        let dir = tempfile::tempdir().unwrap();
        let folder = dir.path().join("team-memory");
        write_files(&folder, files);
        // Files that changed just now are read again at every search, until the next change would show in their times.
        std::thread::sleep(Duration::from_millis(2_100));
        println!("\n{files} files");
        heading();
        let listed = rounds(ROUNDS, || list_and_stat(&folder));
        row("floor: list and stat", &listed, files, &listed, "");
        let read = floor(dir.path(), files * (DIMENSIONS + 8));
        row(
            "floor: read and add up the codes' bytes",
            &read,
            files,
            &read,
            "",
        );
        let model = Groups;
        search(dir.path(), &folder, files, &model, &read, &listed);
        search(dir.path(), &folder, files, &Words, &read, &listed);
    }
}

fn search(
    dir: &Path,
    folder: &Path,
    files: usize,
    embedder: &dyn Embedder,
    read: &Times,
    listed: &Times,
) {
    let kind = embedder.id();
    let index = dir.join("x.index");
    let shelf = || {
        let (folder, index) = (folder.to_owned(), index.clone());
        Shelf::new(Store::TeamMemory, folder, index, Arc::new(Renaming))
    };
    let began = Instant::now();
    let found = shelf().search(embedder, "7", &BEST, &effort()).unwrap();
    assert_eq!((found.rows, found.hits.len()), (files, 5), "{found:?}");
    let built = began.elapsed();
    let again = shelf();
    forget_peak();
    let before = peak_kib();
    let began = Instant::now();
    again.search(embedder, "7", &BEST, &effort()).unwrap();
    let first = began.elapsed();
    let grown = peak_kib().saturating_sub(before);
    let mut n = 0;
    let mut query = || {
        n += 1;
        (n * 37 % files).to_string()
    };
    let once = |text: &str| {
        again
            .search_again(embedder, text, &BEST, &effort())
            .unwrap()
    };
    let alone = rounds(ROUNDS, || once(&query()));
    let target = if kind == "groups" && files == 100_000 {
        "under 15 ms"
    } else {
        ""
    };
    row(&format!("{kind}: search"), &alone, files, read, target);
    let whole = rounds(ROUNDS, || {
        again.search(embedder, &query(), &BEST, &effort()).unwrap()
    });
    row(
        &format!("{kind}: look at the folder, search"),
        &whole,
        files,
        listed,
        "",
    );
    let lexical = index.with_extension("lexical.index");
    let path = if kind == "words" { &lexical } else { &index };
    let bytes = fs::metadata(path).unwrap().len();
    println!(
        "{kind}: built in {}, index of {} KiB, first search of a process {}, + {grown} KiB at its peak",
        millis(built),
        bytes / 1024,
        millis(first)
    );
}

fn effort() -> Effort<'static> {
    Effort {
        until: Instant::now() + Duration::from_secs(3600),
        cut: &UNCUT,
    }
}

fn write_files(folder: &Path, files: usize) {
    for n in 0..files {
        let sub = folder.join(format!("{:03}", n / 1_000));
        fs::create_dir_all(&sub).unwrap();
        fs::write(sub.join(format!("ESS-P-001-m{n:06}.md")), n.to_string()).unwrap();
    }
}

fn list_and_stat(folder: &Path) -> u64 {
    let mut bytes = 0;
    for entry in fs::read_dir(folder).unwrap() {
        for file in fs::read_dir(entry.unwrap().path()).unwrap() {
            bytes += file.unwrap().metadata().unwrap().len();
        }
    }
    bytes
}

/// Reading that many bytes as a search does, and adding them up.
fn floor(dir: &Path, bytes: usize) -> Times {
    let path = dir.join("floor");
    let mut out = BufWriter::new(File::create(&path).unwrap());
    (0..bytes).for_each(|n| out.write_all(&[n as u8]).unwrap());
    out.into_inner().unwrap();
    let mut block = vec![0; 256 * (DIMENSIONS + 8)];
    rounds(ROUNDS, || {
        let mut file = File::open(&path).unwrap();
        let mut sum = 0;
        loop {
            let read = file.read(&mut block).unwrap();
            if read == 0 {
                return sum;
            }
            sum += block[..read]
                .iter()
                .map(|byte| u64::from(*byte))
                .sum::<u64>();
        }
    })
}

struct Renaming;

impl Keeper for Renaming {
    fn put(
        &self,
        path: &Path,
        write: &mut dyn FnMut(&mut dyn Write) -> io::Result<()>,
    ) -> io::Result<()> {
        let temporary = path.with_extension("tmp");
        write(&mut File::create(&temporary)?)?;
        fs::rename(&temporary, path)
    }
}

/// A source of numbers that look drawn (xorshift64*, Vigna 2016).
struct Drawn(u64);

impl Drawn {
    fn from(seed: u64) -> Self {
        Self((seed + 1).wrapping_mul(0x9e37_79b9_7f4a_7c15))
    }

    fn next(&mut self) -> u64 {
        self.0 ^= self.0 >> 12;
        self.0 ^= self.0 << 25;
        self.0 ^= self.0 >> 27;
        self.0.wrapping_mul(0x2545_f491_4f6c_dd1d)
    }

    /// From 0 to 1.
    fn part(&mut self) -> f32 {
        (self.next() >> 40) as f32 / (1 << 24) as f32
    }

    /// About normal.
    fn normal(&mut self) -> f32 {
        (0..4).map(|_| self.part()).sum::<f32>() - 2.0
    }
}

fn number(text: &str) -> u64 {
    text.trim().parse().unwrap_or(0)
}

/// A text is a number; those of one group, of two hundred, are alike.
struct Groups;

impl Embedder for Groups {
    fn id(&self) -> &str {
        "groups"
    }

    fn embed(&self, texts: &[&str], _: &AtomicBool) -> Result<Vec<Vector>, Fault> {
        let vector = |text: &&str| {
            let n = number(text);
            let (mut group, mut own) = (Drawn::from(n % 200), Drawn::from(n + 1_000));
            let mut numbers: Vec<f32> = (0..DIMENSIONS)
                .map(|_| group.normal() + own.normal())
                .collect();
            let length = numbers.iter().map(|n| n * n).sum::<f32>().sqrt();
            numbers.iter_mut().for_each(|n| *n /= length);
            Vector::Dense(numbers)
        };
        Ok(texts.iter().map(vector).collect())
    }
}

/// Of a text of a hundred words: three hundred features, the common ones in most texts.
struct Words;

impl Embedder for Words {
    fn id(&self) -> &str {
        "words"
    }

    fn embed(&self, texts: &[&str], _: &AtomicBool) -> Result<Vec<Vector>, Fault> {
        let vector = |text: &&str| {
            let mut own = Drawn::from(number(text));
            // The n-th most common feature about 1/n times as often as the first.
            let mut features: Vec<u32> =
                (0..300).map(|_| (own.part() * 13.8).exp() as u32).collect();
            features.sort_unstable();
            let of = |of: &[u32]| {
                (
                    of[0].wrapping_mul(0x9e37_79b1),
                    1.0 + (of.len() as f32).ln(),
                )
            };
            let mut features: Vec<(u32, f32)> = features.chunk_by(|a, b| a == b).map(of).collect();
            features.sort_unstable_by_key(|(feature, _)| *feature);
            Vector::Sparse(features)
        };
        Ok(texts.iter().map(vector).collect())
    }
}
