//! How well descriptions of producers fit a task: a handful of texts. The vectors that a model made of them are kept, on
//! the disk too, by the digest of the text; features are made anew, which costs nothing.

use std::{
    collections::HashMap,
    io,
    path::PathBuf,
    sync::{Arc, Mutex, PoisonError, atomic::AtomicBool},
};

use super::{
    Embedder, Fault, Keeper, Vector,
    index::{Digest, Eligible, Opened, Row, Rows, Sought, Vectors, digest},
};

/// Most vectors that are kept of texts not asked for at the moment.
const MAX_KEPT: usize = 64;

/// The router's index.
pub struct Cards {
    index: PathBuf,
    keeper: Arc<dyn Keeper>,
    kept: Mutex<Option<Kept>>,
}

/// Vectors of one embedder.
struct Kept {
    embedder: String,
    vectors: HashMap<Digest, Vec<f32>>,
}

impl Cards {
    /// With its index at `index`.
    #[must_use]
    pub fn new(index: PathBuf, keeper: Arc<dyn Keeper>) -> Self {
        Self {
            index,
            keeper,
            kept: Mutex::default(),
        }
    }

    /// How similar each producer's text is to the query, 0 to 1, in their order.
    ///
    /// # Errors
    /// The embedder fails.
    pub fn similarities(
        &self,
        embedder: &dyn Embedder,
        query: &str,
        cards: &[(&str, &str)],
        cut: &AtomicBool,
    ) -> Result<Vec<f32>, Fault> {
        let digests: Vec<Digest> = cards.iter().map(|(_, text)| digest(text)).collect();
        let known = self.known(embedder.id(), &digests);
        let unknown: Vec<&str> = cards
            .iter()
            .zip(&known)
            .filter(|(_, known)| known.is_none())
            .map(|((_, text), _)| *text)
            .collect();
        let texts: Vec<&str> = [query].into_iter().chain(unknown).collect();
        let mut made = embedder.embed(&texts, cut)?.into_iter();
        let query = made.next().ok_or_else(|| short(embedder))?;
        let vectors: Option<Vec<Vector>> = known
            .into_iter()
            .map(|known| known.map(Vector::Dense).or_else(|| made.next()))
            .collect();
        let vectors = vectors.ok_or_else(|| short(embedder))?;
        let scores = compare(&query, &vectors)?;
        if texts.len() > 1 {
            self.keep(embedder.id(), &digests, &vectors);
        }
        Ok(scores)
    }

    /// The vectors that are kept of these texts.
    fn known(&self, embedder: &str, digests: &[Digest]) -> Vec<Option<Vec<f32>>> {
        let mut kept = self.kept.lock().unwrap_or_else(PoisonError::into_inner);
        if kept.as_ref().is_none_or(|kept| kept.embedder != embedder) {
            *kept = Some(Kept {
                embedder: embedder.to_owned(),
                vectors: self.load(embedder).unwrap_or_default(),
            });
        }
        let of = |digest| kept.as_ref()?.vectors.get(digest).cloned();
        digests.iter().map(of).collect()
    }

    /// A file that is missing, damaged or of another embedder holds none.
    fn load(&self, embedder: &str) -> Option<HashMap<Digest, Vec<f32>>> {
        let opened = Opened::open(&self.index, None).ok()?;
        let (rows, vectors) = (opened.embedder == embedder)
            .then(|| Vectors::over(opened).ok())
            .flatten()?;
        let of = |row: &Row| Some((row.text, vectors.numbers_of(row.slot)?));
        Some(rows.iter().filter_map(of).collect())
    }

    /// Keeps the vectors of a model. That the file cannot be written costs the same work another time, no more.
    fn keep(&self, embedder: &str, digests: &[Digest], vectors: &[Vector]) {
        let mut kept = self.kept.lock().unwrap_or_else(PoisonError::into_inner);
        let Some(kept) = kept.as_mut().filter(|kept| kept.embedder == embedder) else {
            return;
        };
        if kept.vectors.len() > MAX_KEPT {
            kept.vectors.clear();
        }
        for (digest, vector) in digests.iter().zip(vectors) {
            if let Vector::Dense(numbers) = vector {
                kept.vectors.insert(*digest, numbers.clone());
            }
        }
        if let Some((rows, vectors)) = kept.laid_out() {
            let write =
                &mut |out: &mut dyn io::Write| vectors.write(out, embedder, &rows).map(drop);
            let _ = self.keeper.put(&self.index, write);
        }
    }
}

impl Kept {
    /// As an index has them; `None` if there are none, or of several lengths.
    fn laid_out(&self) -> Option<(Rows, Vectors)> {
        let mut all: Vec<(&Digest, &Vec<f32>)> = self.vectors.iter().collect();
        all.sort_unstable_by_key(|(digest, _)| **digest);
        let mut rows = Rows::default();
        let mut vectors = Vectors::like(&Vector::Dense(all.first()?.1.clone()));
        for (digest, numbers) in all {
            let mut row = found(vectors.push(&Vector::Dense(numbers.clone())).ok()?);
            row.text = *digest;
            let id: String = digest.iter().map(|byte| format!("{byte:02x}")).collect();
            rows.push(&id, row);
        }
        Some((rows, vectors))
    }
}

/// The scores of the vectors, in their order.
fn compare(query: &Vector, own: &[Vector]) -> Result<Vec<f32>, Fault> {
    let mut vectors = Vectors::like(query);
    let mut rows = Rows::default();
    let mut eligible = Vec::new();
    for (row, vector) in (0..).zip(own) {
        let slot = vectors.push(vector).map_err(Fault::Embedder)?;
        eligible.push(Eligible { slot, row });
        rows.push(&format!("{row:08}"), found(slot));
    }
    let failed = |error: io::Error| Fault::Embedder(error.to_string());
    vectors.settle(&rows).map_err(failed)?;
    let best = vectors.search(&Sought {
        query,
        eligible: &eligible,
        admits: &|_| true,
        most: own.len(),
        at_least: f32::NEG_INFINITY,
    });
    let mut scores = vec![0.0; own.len()];
    for scored in best.map_err(failed)? {
        scores[scored.row as usize] = scored.score.clamp(0.0, 1.0);
    }
    Ok(scores)
}

fn found(slot: u32) -> Row {
    let mut row = Row::unread(0, false);
    row.slot = slot;
    row.is_unread = false;
    row
}

fn short(embedder: &dyn Embedder) -> Fault {
    let id = embedder.id();
    Fault::Embedder(format!(
        "the embedder {id} made fewer vectors than there are texts"
    ))
}

#[cfg(test)]
mod tests {
    use std::{fs, path::Path};

    use super::{
        super::world::{Dense, Renaming, Sparse, UNCUT},
        *,
    };

    const TEAM: [(&str, &str); 3] = [
        ("ann", "essays and letters"),
        ("bob", "bridges and towers"),
        ("eve", ""),
    ];

    fn asked(path: &Path, embedder: &dyn Embedder, query: &str, team: &[(&str, &str)]) -> Vec<f32> {
        let cards = Cards::new(path.to_owned(), Arc::new(Renaming));
        cards.similarities(embedder, query, team, &UNCUT).unwrap()
    }

    #[test]
    fn the_producer_whose_description_fits_scores_highest() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("router.index");
        for embedder in [&Dense::new() as &dyn Embedder, &Sparse::new()] {
            let scores = asked(&path, embedder, "write letters", &TEAM);
            assert!(
                scores[0] > scores[1] && scores[1] >= scores[2],
                "{scores:?}"
            );
            assert!(scores.iter().all(|score| (0.0..=1.0).contains(score)));
            assert!(asked(&path, embedder, "letters", &[]).is_empty());
        }
    }

    #[test]
    fn descriptions_are_embedded_once_also_by_the_next_process() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("router.index");
        let embedder = Dense::new();
        let first = asked(&path, &embedder, "write letters", &TEAM);
        assert_eq!(embedder.count(), 4);
        assert_eq!(asked(&path, &embedder, "write letters", &TEAM), first);
        assert_eq!(embedder.count(), 5, "the query");
        let changed = [TEAM[0], ("bob", "letters"), TEAM[2]];
        let scores = asked(&path, &embedder, "letters", &changed);
        assert!(scores[1] > scores[0], "{scores:?}");
        assert_eq!(embedder.count(), 7, "the query and the new description");
        // Another model, and back: each has the file anew.
        let other = Dense::named("other", 40);
        asked(&path, &other, "letters", &TEAM);
        assert_eq!(other.count(), 4);
        asked(&path, &embedder, "letters", &TEAM);
        assert_eq!(embedder.count(), 11);
    }

    #[test]
    fn a_damaged_file_or_a_full_disk_costs_work_and_nothing_else() {
        struct Full;
        impl Keeper for Full {
            fn put(
                &self,
                _: &Path,
                write: &mut dyn FnMut(&mut dyn io::Write) -> io::Result<()>,
            ) -> io::Result<()> {
                write(&mut io::sink())?;
                Err(io::ErrorKind::StorageFull.into())
            }
        }
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("router.index");
        let embedder = Dense::new();
        let first = asked(&path, &embedder, "letters", &TEAM);
        let mut bytes = fs::read(&path).unwrap();
        bytes[100] ^= 1;
        fs::write(&path, bytes).unwrap();
        let cards = Cards::new(path, Arc::new(Full));
        for _ in 0..2 {
            let again = cards.similarities(&embedder, "letters", &TEAM, &UNCUT);
            assert_eq!(again.unwrap(), first);
        }
        assert_eq!(embedder.count(), 4 + 4 + 1);
    }

    #[test]
    fn an_embedder_that_fails_is_the_only_failure() {
        let mut embedder = Dense::new();
        embedder.refuses = Some("bridges");
        let cards = Cards::new("router.index".into(), Arc::new(Renaming));
        let failed = cards.similarities(&embedder, "letters", &TEAM, &UNCUT);
        assert_eq!(
            failed.err(),
            Some(Fault::Embedder("it chokes on this".to_owned()))
        );
    }
}
