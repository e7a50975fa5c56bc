//! Threads on one shelf, and several shelves, as processes have them, on one store and one index file.

use std::{
    fs,
    sync::atomic::{AtomicBool, Ordering},
    thread,
    time::Duration,
};

use super::{
    world::{Dense, Sparse, World},
    *,
};

#[test]
fn what_another_process_indexed_is_taken_over() {
    let world = World::new();
    let (one, other) = (Dense::new(), Dense::new());
    let shelf = world.shelf();
    world.write("a", "apples");
    world.find_by(&shelf, &one, "apples");
    for n in 0..12 {
        world.write(&format!("n{n}"), &format!("bridges {n}"));
    }
    world.find(&other, "bridges");
    let found = world.find_by(&shelf, &one, "bridges 4");
    assert_eq!((found.ids()[0], found.rows), ("n4", 13));
    assert_eq!(one.count(), 3, "two queries and its own note");
}

#[test]
fn what_only_this_process_has_embedded_survives_that_another_writes() {
    let world = World::new();
    let (one, other) = (Dense::new(), Dense::new());
    for n in 0..40 {
        world.write(&format!("n{n}"), &format!("bridges {n}"));
    }
    let shelf = world.shelf();
    world.find_by(&shelf, &one, "x");
    // One new note: too few to be written at once.
    world.write("a", "apples");
    world.find_by(&shelf, &one, "x");
    let ahead = one.count();
    // The other does not see it: it is away while the other adds its own.
    fs::rename(world.path("a"), world.folder.join("a.away")).unwrap();
    for n in 40..60 {
        world.write(&format!("n{n}"), &format!("bridges {n}"));
    }
    world.find(&other, "x");
    fs::rename(world.folder.join("a.away"), world.path("a")).unwrap();
    let found = world.find_by(&shelf, &one, "apples");
    assert_eq!((found.ids()[0], found.rows), ("a", 61));
    assert_eq!(one.count(), ahead + 1, "the query alone");
}

#[test]
fn two_shelves_and_four_threads_on_one_folder_never_find_what_is_not_there() {
    for embedder in [&Dense::new() as &(dyn Embedder + Sync), &Sparse::new()] {
        let world = World::new();
        for n in 0..30 {
            world.write(&format!("kept{n}"), &format!("bridges {n}"));
        }
        let shelves = [world.shelf(), world.shelf()];
        let done = AtomicBool::new(false);
        thread::scope(|scope| {
            for (n, shelf) in [0, 1, 0, 1].into_iter().enumerate() {
                let (world, shelf, done) = (&world, &shelves[shelf], &done);
                scope.spawn(move || {
                    let mut n = n;
                    while !done.load(Ordering::Relaxed) {
                        n = (n + 7) % 30;
                        let found = world.find_by(shelf, embedder, &format!("bridges {n}"));
                        assert_eq!(found.ids()[0], format!("kept{n}"));
                    }
                });
            }
            for n in 0..60 {
                world.write(&format!("comes{}", n % 7), &format!("apples {n}"));
                if n % 3 == 0 {
                    drop(fs::remove_file(
                        world.path(&format!("comes{}", (n + 3) % 7)),
                    ));
                }
                thread::sleep(Duration::from_millis(5));
            }
            done.store(true, Ordering::Relaxed);
        });
        let expected = world.find(embedder, "apples 57").hits;
        for shelf in &shelves {
            assert_eq!(world.find_by(shelf, embedder, "apples 57").hits, expected);
        }
    }
}

#[test]
fn a_search_does_not_wait_for_another_that_embeds_longer_than_its_effort() {
    static STARTED: AtomicBool = AtomicBool::new(false);
    static GO_ON: AtomicBool = AtomicBool::new(false);
    let world = World::new();
    let mut slow = Dense::new();
    let shelf = world.shelf();
    world.write("a", "apples");
    world.find_by(&shelf, &slow, "apples");
    world.write("b", "bridges");
    slow.at_call = Some(|call| {
        // The query is the third call, the new note the fourth.
        if call == 4 {
            STARTED.store(true, Ordering::Relaxed);
            while !GO_ON.load(Ordering::Relaxed) {
                thread::sleep(Duration::from_millis(1));
            }
        }
        Ok(())
    });
    thread::scope(|scope| {
        scope.spawn(|| world.find_by(&shelf, &slow, "bridges"));
        while !STARTED.load(Ordering::Relaxed) {
            thread::sleep(Duration::from_millis(1));
        }
        let effort = Effort {
            until: Instant::now() + Duration::from_millis(20),
            cut: &world::UNCUT,
        };
        let found = shelf
            .search(&Dense::new(), "apples", &world::ANY, &effort)
            .unwrap();
        assert_eq!((found.ids(), found.rows, found.behind), (vec!["a"], 1, 1));
        GO_ON.store(true, Ordering::Relaxed);
    });
    assert_eq!(world.find_by(&shelf, &slow, "bridges").ids()[0], "b");
}

#[test]
fn a_shelf_that_gave_back_its_memory_finds_the_same() {
    let world = World::new();
    let embedder = Dense::new();
    let shelf = world.shelf();
    world.write("a", "apples");
    world.find_by(&shelf, &embedder, "apples");
    shelf.unload();
    assert!(shelf.state().is_none() && world.index.exists());
    assert_eq!(world.find_by(&shelf, &embedder, "apples").ids(), ["a"]);
    assert_eq!(embedder.count(), 3);
}
