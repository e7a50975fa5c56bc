//! Files that come, change and go.

use std::{fs, time::Duration};

use proptest::prelude::*;

use super::{
    world::{Counting, Dense, Sparse, World},
    *,
};

#[test]
fn every_change_of_a_file_shows_at_the_next_search() {
    for embedder in [&Dense::new() as &dyn Counting, &Sparse::new()] {
        let world = World::new();
        let shelf = world.shelf();
        let best = |query: &str| {
            let found = world.find_by(&shelf, embedder.embedder(), query);
            assert_eq!(found.behind, 0);
            let first = found.hits.first().filter(|hit| hit.score > 0.9);
            first.map_or(String::new(), |hit| hit.entry.id.clone())
        };
        world.write("a", "apples");
        assert_eq!(best("apples"), "a");
        world.write("b", "bridges");
        assert_eq!(best("bridges"), "b");
        // Edited, to the same length.
        world.write("a", "cheese");
        assert_eq!(
            (best("apples"), best("cheese")),
            (String::new(), "a".to_owned())
        );
        // Renamed, into a folder, and replaced by another.
        fs::create_dir(world.folder.join("sub")).unwrap();
        fs::rename(world.path("a"), world.path("sub/a")).unwrap();
        assert_eq!(best("cheese"), "sub/a");
        fs::rename(world.path("b"), world.path("sub/a")).unwrap();
        assert_eq!(
            (best("cheese"), best("bridges")),
            (String::new(), "sub/a".to_owned())
        );
        // A folder in the place of a file, which holds one.
        fs::remove_file(world.path("sub/a")).unwrap();
        fs::create_dir(world.path("sub/a")).unwrap();
        assert_eq!(best("bridges"), "");
        world.write("sub/a.md/d", "dragons");
        assert_eq!(best("dragons"), "sub/a.md/d");
        fs::remove_dir_all(world.folder.join("sub")).unwrap();
        assert_eq!(best("dragons"), "");
    }
}

#[test]
fn a_touched_or_renamed_file_keeps_its_vector() {
    let world = World::new();
    let embedder = Dense::new();
    let shelf = world.shelf();
    world.write("a", "apples");
    world.find_by(&shelf, &embedder, "apples");
    let made = embedder.count();
    let file = fs::File::options()
        .append(true)
        .open(world.path("a"))
        .unwrap();
    file.set_modified(std::time::UNIX_EPOCH + Duration::from_secs(1_000))
        .unwrap();
    assert_eq!(world.find_by(&shelf, &embedder, "apples").ids(), ["a"]);
    fs::rename(world.path("a"), world.path("z")).unwrap();
    assert_eq!(world.find_by(&shelf, &embedder, "apples").ids(), ["z"]);
    assert_eq!(world.find(&embedder, "apples").ids(), ["z"]);
    assert_eq!(embedder.count(), made + 3, "the three queries");
}

#[test]
fn what_a_file_says_of_itself_changes_without_a_new_vector() {
    let world = World::new();
    let embedder = Dense::new();
    let shelf = world.shelf();
    let of_ann = Wanted {
        agent: Some("ann"),
        ..world::ANY
    };
    let ids = |wanted: &Wanted<'_>| {
        let found = shelf
            .search(&embedder, "apples", wanted, &world.effort())
            .unwrap();
        found.ids().join(" ")
    };
    world.write("a", &note("kind: fact", "writer_id: ann", "apples"));
    assert_eq!(ids(&of_ann), "a");
    let made = embedder.count();
    world.write("a", &note("kind: fact", "writer_id: bob", "apples"));
    assert_eq!(
        (ids(&of_ann).as_str(), ids(&world::ANY).as_str()),
        ("", "a")
    );
    assert_eq!(embedder.count(), made + 2);
}

/// The times of a file say nothing of a second change within one tick of the file system's clock.
#[test]
fn a_change_that_leaves_size_and_times_as_they_were_is_seen_while_it_is_young() {
    let world = World::new();
    let embedder = Dense::new();
    let shelf = world.shelf();
    for _ in 0..200 {
        for text in ["apples", "cheese"] {
            world.write("a", text);
            let found = world.find_by(&shelf, &embedder, text);
            assert!(found.hits[0].score > 0.9, "{text} was just written");
        }
    }
}

#[test]
fn a_file_that_has_come_to_rest_is_not_read_again() {
    let world = World::new();
    let embedder = Dense::new();
    let shelf = world.shelf();
    world.write("a", "apples");
    std::thread::sleep(Duration::from_millis(2_100));
    world.find_by(&shelf, &embedder, "apples");
    let state = shelf.state();
    let row = *state.as_ref().unwrap().rows.get(0);
    assert!(!row.is_racy && !row.is_unread, "{row:?}");
}

#[test]
fn links_pipes_hidden_files_proposals_and_removed_ones_are_not_found() {
    let world = World::new();
    let embedder = Dense::new();
    world.write("a", "apples");
    for id in [".hidden", ".obsidian/x", "_proposals/p", "_removed/r"] {
        world.write(id, "apples");
    }
    world.write("kept/_removed/x", "apples");
    fs::write(world.folder.join("a.txt"), "apples").unwrap();
    fs::write(world.folder.join(".md"), "apples").unwrap();
    #[cfg(unix)]
    {
        std::os::unix::fs::symlink(world.path("a"), world.path("link")).unwrap();
        std::os::unix::fs::symlink(&world.folder, world.folder.join("loop")).unwrap();
        let made = std::process::Command::new("mkfifo")
            .arg(world.path("pipe"))
            .status();
        assert!(made.unwrap().success());
    }
    let found = world.find(&embedder, "apples");
    assert_eq!(found.ids(), ["a", "kept/_removed/x"]);
    assert!(found.troubles.is_empty(), "{found:?}");
}

#[test]
fn another_embedder_starts_anew_and_the_lexical_one_costs_the_model_nothing() {
    let world = World::new();
    let (old, new, sparse) = (Dense::new(), Dense::named("newer", 32), Sparse::new());
    for n in 0..10 {
        world.write(&format!("n{n}"), &format!("apples {n}"));
    }
    let shelf = world.shelf();
    world.find_by(&shelf, &old, "apples 3");
    let made = old.count();
    assert_eq!(world.find_by(&shelf, &sparse, "apples 3").ids()[0], "n3");
    assert_eq!(world.find_by(&shelf, &old, "apples 3").ids()[0], "n3");
    assert_eq!(old.count(), made + 1, "the model's vectors are there still");
    let found = world.find_by(&shelf, &new, "apples 3");
    assert_eq!((found.ids()[0], found.rows), ("n3", 10));
    let why = "it is of the embedder test-dense, and this one is newer";
    assert!(found.troubles[0].contains(why), "{found:?}");
    // A model of the same name whose vectors have another length.
    let found = world.find(&Dense::named("newer", 40), "apples 3");
    assert_eq!(found.ids()[0], "n3");
    assert!(
        found.troubles[0].contains("of another form or length"),
        "{found:?}"
    );
}

/// What may happen to a store.
#[derive(Clone, Debug)]
enum Act {
    Write(u8, u8),
    Remove(u8),
    Rename(u8, u8),
    Touch(u8),
    Search(u8),
    Reopen,
}

fn act() -> impl Strategy<Value = Act> {
    let file = || 0..6_u8;
    prop_oneof![
        4 => (file(), 0..9_u8).prop_map(|(file, text)| Act::Write(file, text)),
        1 => file().prop_map(Act::Remove),
        1 => (file(), file()).prop_map(|(from, to)| Act::Rename(from, to)),
        1 => file().prop_map(Act::Touch),
        3 => (0..9_u8).prop_map(Act::Search),
        1 => Just(Act::Reopen),
    ]
}

fn said(n: u8) -> String {
    let words = ["apples", "bridges", "cheese", "dragons"];
    let (a, b) = (usize::from(n) % 4, usize::from(n) / 3);
    format!("{} {}", words[a], words[b])
}

fn name(n: u8) -> String {
    ["a", "a-b", "a/b", "a/c", "b", "b.c"][usize::from(n)].to_owned()
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(40))]

    /// After whatever happened, a shelf finds what one without a past finds.
    #[test]
    fn a_shelf_finds_what_a_new_one_would(acts in proptest::collection::vec(act(), 1..40)) {
        let (dense, sparse) = (Dense::new(), Sparse::new());
        for embedder in [&dense as &dyn Embedder, &sparse] {
            let world = World::new();
            let mut shelf = world.shelf();
            for act in &acts {
                match act {
                    Act::Write(file, text) => world.write(&name(*file), &said(*text)),
                    Act::Remove(file) => drop(fs::remove_file(world.path(&name(*file)))),
                    Act::Rename(from, to) => {
                        fs::create_dir_all(world.folder.join("a")).unwrap();
                        drop(fs::rename(world.path(&name(*from)), world.path(&name(*to))));
                    }
                    Act::Touch(file) => {
                        if let Ok(file) = fs::File::options().append(true).open(world.path(&name(*file))) {
                            file.set_modified(std::time::UNIX_EPOCH).unwrap();
                        }
                    }
                    Act::Reopen => shelf = world.shelf(),
                    Act::Search(text) => {
                        let fresh = World::new();
                        for entry in shelf.entries().unwrap().entries {
                            fresh.write(&entry.id, &entry.shown);
                        }
                        let expected = fresh.find(embedder, &said(*text));
                        let found = world.find_by(&shelf, embedder, &said(*text));
                        prop_assert_eq!(&found.hits, &expected.hits);
                        prop_assert_eq!((found.rows, found.behind), (expected.rows, 0));
                    }
                }
            }
        }
    }
}
