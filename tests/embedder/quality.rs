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
    let dir = tempfile::tempdir().expect("a temporary directory");
    let folder = dir.path().join("qc-history");
    fs::create_dir(&folder).expect("a directory");
    for (number, Pair { entry, .. }) in PAIRS.iter().enumerate() {
        fs::write(folder.join(format!("{number:02}.md")), entry.file()).expect("a file");
    }
    let index = dir.path().join("qc-history.index");
    let shelf = Shelf::new(Store::QcHistory, folder, index, Arc::new(Writing));
    let rank = |(number, pair): (usize, &Pair)| {
        let wanted = Wanted {
            kind: None,
            agent: None,
            most: PAIRS.len(),
            at_least: 0.0,
            except: None,
        };
        let effort = Effort {
            until: Instant::now() + Duration::from_secs(600),
            cut: &AtomicBool::new(false),
        };
        let found = shelf
            .search(embedder, &query(pair), &wanted, &effort)
            .expect("a vector of the query");
        assert_eq!(
            (found.rows, found.behind),
            (PAIRS.len(), 0),
            "{:?}",
            found.troubles
        );
        let id = format!("{number:02}");
        let at = found.hits.iter().position(|hit| hit.entry.id == id);
        at.map_or(PAIRS.len(), |at| at + 1)
    };
    PAIRS.iter().enumerate().map(rank).collect()
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
}

/// Paraphrases share few words with what they are about: this is what it costs to have no model.
#[test]
fn the_lexical_embedder_finds_a_part_of_the_paraphrases() {
    let (first, five) = shares("lexical", &Lexical, paraphrase);
    assert!(first >= 25, "{first} %");
    assert!(five >= 40, "{five} %");
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
