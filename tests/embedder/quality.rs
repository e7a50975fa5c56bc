//! How well what is sought is found: by the real shelf, among forty entries.

use std::{
    fs, io,
    path::Path,
    sync::{Arc, atomic::AtomicBool},
    time::{Duration, Instant},
};

use modulatio::memory::{Effort, Embedder, Keeper, Lexical, Shelf, Wanted};
use projections::memory::Store;

use crate::{
    ground::{ground, tell},
    set::{Entry, PAIRS, Pair},
};

/// Puts an index in place; no crash is to be survived here.
struct Writing;

impl Keeper for Writing {
    fn put(
        &self,
        path: &Path,
        write: &mut dyn FnMut(&mut dyn io::Write) -> io::Result<()>,
    ) -> io::Result<()> {
        let mut bytes = Vec::new();
        write(&mut bytes)?;
        fs::create_dir_all(path.parent().expect("a path below something"))?;
        fs::write(path, bytes)
    }
}

/// The ranks at which the answers were found, 1 the best, by the order of the pairs.
fn ranks(embedder: &dyn Embedder, query: fn(&Pair) -> String) -> Vec<usize> {
    let pairs: Vec<&Pair> = PAIRS.iter().collect();
    let library = Library::of(Store::QcHistory, &pairs);
    let rank = |(number, pair): (usize, &&Pair)| {
        let found = library.search(embedder, &query(pair), PAIRS.len(), 0.0);
        let at = found.iter().position(|found| *found == number);
        at.map_or(PAIRS.len(), |at| at + 1)
    };
    pairs.iter().enumerate().map(rank).collect()
}

/// Entries on a shelf, each called by its number.
struct Library {
    _dir: tempfile::TempDir,
    shelf: Shelf,
    size: usize,
}

impl Library {
    fn of(store: Store, pairs: &[&Pair]) -> Self {
        let dir = tempfile::tempdir().expect("a temporary directory");
        let folder = dir.path().join(store.as_str());
        fs::create_dir(&folder).expect("a directory");
        for (number, Pair { entry, .. }) in pairs.iter().enumerate() {
            fs::write(folder.join(format!("{number:02}.md")), entry.file()).expect("a file");
        }
        let shelf = Shelf::new(store, folder, dir.path().join("index"), Arc::new(Writing));
        Self {
            _dir: dir,
            shelf,
            size: pairs.len(),
        }
    }

    /// Numbers of what is found, the most similar first.
    fn search(&self, by: &dyn Embedder, query: &str, most: usize, at_least: f32) -> Vec<usize> {
        let wanted = Wanted {
            kind: None,
            agent: None,
            most,
            at_least,
            except: None,
        };
        let effort = Effort {
            until: Instant::now() + Duration::from_secs(600),
            cut: &AtomicBool::new(false),
        };
        let found = self.shelf.search(by, query, &wanted, &effort);
        let found = found.expect("a vector of the query");
        let whole = (found.rows, found.behind) == (self.size, 0);
        assert!(whole, "{:?}", found.troubles);
        let number = |id: &str| id.parse().expect("a number");
        found.hits.iter().map(|hit| number(&hit.entry.id)).collect()
    }
}

/// What a producer is shown at the least similarity that holds where none is configured: of the twenty notes, how many
/// come to the task that they are for, and how many others come to one.
fn shown(name: &str, embedder: &dyn Embedder) -> (usize, usize) {
    let is_note = |pair: &&Pair| matches!(pair.entry, Entry::Note(_));
    let notes: Vec<&Pair> = PAIRS.iter().filter(is_note).collect();
    let library = Library::of(Store::TeamMemory, &notes);
    let (mut right, mut others) = (0, 0);
    for (number, pair) in notes.iter().enumerate() {
        let found = library.search(embedder, &paraphrase(pair), 5, embedder.least_alike());
        let hits = found.iter().filter(|found| **found == number).count();
        right += hits;
        others += found.len() - hits;
    }
    let asked = notes.len();
    tell(&format!(
        "{name}: {right} of {asked} notes shown with the task that they are for, {others} with another"
    ));
    (right, others)
}

/// In percent, how many were the first, and how many among the first five.
fn shares(name: &str, embedder: &dyn Embedder, query: fn(&Pair) -> String) -> (usize, usize) {
    let ranks = ranks(embedder, query);
    let within =
        |most: usize| 100 * ranks.iter().filter(|rank| **rank <= most).count() / ranks.len();
    let (first, five) = (within(1), within(5));
    tell(&format!(
        "{name}: {first} % of the answers first, {five} % among the first five"
    ));
    for (pair, rank) in PAIRS.iter().zip(&ranks).filter(|(_, rank)| **rank > 1) {
        println!("{name}: {rank}. for {:?}", pair.question[0]);
    }
    (first, five)
}

#[test]
fn minilm_finds_paraphrases() {
    let Some(ground) = ground("minilm_finds_paraphrases") else {
        return;
    };
    let now = ground.engine().now();
    let (first, five) = shares("MiniLM", now.embedder.as_ref(), paraphrase);
    assert!(first >= 85, "{first} %");
    assert!(five >= 95, "{five} %");
    let (right, others) = shown("MiniLM", now.embedder.as_ref());
    assert!(right >= 5 && others <= 5, "{right} and {others}");
}

/// Paraphrases share few words with what they are about: this is what it costs to have no model.
#[test]
fn the_lexical_embedder_finds_a_part_of_the_paraphrases() {
    let (first, five) = shares("lexical", &Lexical, paraphrase);
    assert!(first >= 25, "{first} %");
    assert!(five >= 40, "{five} %");
    let (right, others) = shown("lexical", &Lexical);
    assert!(right >= 5 && others <= 30, "{right} and {others}");
}

#[test]
fn the_lexical_embedder_finds_what_shares_words() {
    let title = |pair: &Pair| match pair.entry {
        Entry::Verdict([title, ..]) => title.to_uppercase(),
        Entry::Note(text) => text.split_inclusive(' ').take(7).collect(),
    };
    let (first, five) = shares("lexical, in the same words", &Lexical, title);
    assert!(first >= 95, "{first} %");
    assert_eq!(five, 100);
}

fn paraphrase(pair: &Pair) -> String {
    pair.question.join("\n")
}
