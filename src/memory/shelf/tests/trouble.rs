//! Disks that are full, embedders that fail, efforts that end, files that cannot be read.

use std::{
    fs,
    io::{self, Write},
    path::Path,
    sync::{
        Arc,
        atomic::{AtomicBool, AtomicUsize, Ordering},
    },
    time::Instant,
};

use super::{
    world::{Dense, Renaming, Sparse, World},
    *,
};

/// Has room for so many bytes; and may die before it cleans up.
struct Full {
    room: AtomicUsize,
    dies: bool,
}

struct Limited<'a> {
    out: &'a mut dyn Write,
    room: usize,
}

impl Write for Limited<'_> {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        if self.room == 0 {
            return Err(io::ErrorKind::StorageFull.into());
        }
        let written = self.out.write(&bytes[..bytes.len().min(self.room)])?;
        self.room -= written;
        Ok(written)
    }

    fn flush(&mut self) -> io::Result<()> {
        self.out.flush()
    }
}

impl Keeper for Full {
    fn put(
        &self,
        path: &Path,
        write: &mut dyn FnMut(&mut dyn Write) -> io::Result<()>,
    ) -> io::Result<()> {
        let room = self.room.load(Ordering::Relaxed);
        if self.dies {
            fs::create_dir_all(path.parent().unwrap())?;
            let mut out = fs::File::create(path.with_extension("tmp-of-the-dead"))?;
            return write(&mut Limited {
                out: &mut out,
                room,
            });
        }
        Renaming.put(path, &mut |out| write(&mut Limited { out, room }))
    }
}

fn full(room: usize, dies: bool) -> Arc<Full> {
    Arc::new(Full {
        room: AtomicUsize::new(room),
        dies,
    })
}

#[test]
fn a_disk_that_is_full_at_any_byte_is_told_and_the_search_goes_on() {
    for embedder in [&Sparse::new() as &dyn Embedder, &Dense::named("small", 3)] {
        let world = World::new();
        for n in 0..3 {
            world.write(&format!("n{n}"), &format!("apples {n} {n}"));
        }
        let best = world.find(embedder, "apples 1 1").ids()[0].to_owned();
        let files: Vec<_> = fs::read_dir(world.index.parent().unwrap())
            .unwrap()
            .collect();
        let length = files[0].as_ref().unwrap().metadata().unwrap().len();
        let length = usize::try_from(length).unwrap();
        let index = files[0].as_ref().unwrap().path();
        let before = fs::read(&index).unwrap();
        world.write("n3", "apples 3 3");
        let step = if length > 4_000 { 97 } else { 1 };
        for room in (0..length).step_by(step) {
            let shelf = world.shelf_with(full(room, room % 2 == 1));
            let found = world.find_by(&shelf, embedder, "apples 1 1");
            assert_eq!((found.ids()[0], found.rows), (best.as_str(), 4), "{room}");
            assert_eq!(found.troubles.len(), 1, "{room}: {found:?}");
            assert!(
                found.troubles[0].contains("the index is not written"),
                "{found:?}"
            );
            // Told once, and not tried again at once.
            assert!(
                world
                    .find_by(&shelf, embedder, "apples 1 1")
                    .troubles
                    .is_empty()
            );
            drop(shelf);
            assert_eq!(fs::read(&index).unwrap(), before, "{room}");
        }
        let shelf = world.shelf();
        assert_eq!(world.find_by(&shelf, embedder, "apples 3 3").rows, 4);
        drop(shelf);
        assert_ne!(fs::read(&index).unwrap(), before);
    }
}

#[test]
fn once_there_is_room_again_the_index_is_written() {
    let world = World::new();
    let embedder = Dense::new();
    let keeper = full(100, false);
    let shelf = world.shelf_with(keeper.clone());
    world.write("a", "apples");
    assert_eq!(world.find_by(&shelf, &embedder, "apples").troubles.len(), 1);
    keeper.room.store(usize::MAX, Ordering::Relaxed);
    for n in 0..3 {
        world.write(&format!("n{n}"), "bridges");
    }
    assert!(
        world
            .find_by(&shelf, &embedder, "apples")
            .troubles
            .is_empty()
    );
    assert_eq!(world.shelf().standing(embedder.id()).rows, 4);
}

#[test]
fn an_effort_of_nothing_searches_what_there_is() {
    let world = World::new();
    let embedder = Dense::new();
    let none = Effort {
        until: Instant::now(),
        cut: &world::UNCUT,
    };
    let shelf = world.shelf();
    world.write("a", "apples");
    let found = shelf
        .search(&embedder, "apples", &world::ANY, &none)
        .unwrap();
    assert_eq!((found.hits.len(), found.rows, found.behind), (0, 0, 1));
    world.find_by(&shelf, &embedder, "apples");
    // Those that went are not found, those that were renamed are; those that are new wait.
    world.write("b", "apples too");
    fs::rename(world.path("a"), world.path("c")).unwrap();
    let found = shelf
        .search(&embedder, "apples", &world::ANY, &none)
        .unwrap();
    assert_eq!((found.ids(), found.rows, found.behind), (vec!["c"], 1, 1));
    assert_eq!(world.find_by(&shelf, &embedder, "apples").ids(), ["c", "b"]);
}

#[test]
fn who_is_told_to_stop_while_embedding_keeps_what_is_done() {
    static CUT: AtomicBool = AtomicBool::new(false);
    let world = World::new();
    let mut embedder = Dense::new();
    for n in 0..30 {
        world.write(&format!("n{n}"), &format!("apples {n}"));
    }
    embedder.at_call = Some(|call| {
        // The query, and two batches before it.
        CUT.store(call == 4, Ordering::Relaxed);
        Ok(())
    });
    let shelf = world.shelf();
    let effort = Effort {
        cut: &CUT,
        ..world.effort()
    };
    let cut = shelf.search(&embedder, "apples", &world::ANY, &effort);
    assert_eq!(cut.err(), Some(Fault::Cut));
    let made = embedder.count();
    assert_eq!(made, 1 + 16);
    let found = world.find_by(&shelf, &embedder, "apples 3");
    assert_eq!((found.ids()[0], found.rows, found.behind), ("n3", 30, 0));
    assert_eq!(embedder.count(), made + 1 + 14);
}

#[test]
fn an_embedder_that_fails_for_a_while_is_told_and_asked_again_at_the_next_search() {
    let world = World::new();
    let mut embedder = Dense::new();
    for n in 0..30 {
        world.write(&format!("n{n:02}"), &format!("apples {n}"));
    }
    // The third batch, and each of its texts alone.
    embedder.at_call = Some(|call| match call {
        4..13 => Err(Fault::Embedder("the model went away".to_owned())),
        _ => Ok(()),
    });
    let shelf = world.shelf();
    let found = world.find_by(&shelf, &embedder, "apples");
    assert_eq!((found.rows, found.behind), (16, 14));
    assert_eq!(found.troubles, ["the model went away"]);
    let found = world.find_by(&shelf, &embedder, "apples");
    assert_eq!((found.rows, found.behind), (30, 0));
    assert!(found.troubles.is_empty(), "{found:?}");
}

#[test]
fn a_text_that_the_embedder_cannot_do_keeps_no_other_from_being_found() {
    let world = World::new();
    let mut embedder = Dense::new();
    embedder.refuses = Some("poison");
    for n in 0..12 {
        world.write(&format!("n{n:02}"), &format!("apples {n}"));
    }
    world.write("n03", "poison");
    let shelf = world.shelf();
    let found = world.find_by(&shelf, &embedder, "apples");
    assert_eq!((found.rows, found.behind), (11, 1));
    assert_eq!(
        found.troubles,
        ["n03.md: it chokes on this; it is left out"]
    );
    let made = embedder.count();
    let found = world.find_by(&shelf, &embedder, "apples");
    assert!(found.troubles.is_empty() && embedder.count() == made + 1);
    world.write("n03", "cured");
    assert_eq!(world.find_by(&shelf, &embedder, "cured").ids()[0], "n03");
}

#[test]
fn a_query_without_a_vector_is_the_only_failure() {
    let world = World::new();
    world.write("a", "apples");
    let mut embedder = Dense::new();
    embedder.at_call = Some(|_| Err(Fault::Embedder("no".to_owned())));
    let shelf = world.shelf();
    let failed = shelf.search(&embedder, "x", &world::ANY, &world.effort());
    assert_eq!(failed.err(), Some(Fault::Embedder("no".to_owned())));
}

#[cfg(unix)]
#[test]
fn files_that_cannot_be_read_are_named_once_and_passed_over() {
    use std::os::unix::{ffi::OsStrExt, fs::PermissionsExt};
    let world = World::new();
    let embedder = Dense::new();
    world.write("a", "apples");
    let latin = std::ffi::OsStr::from_bytes(b"caf\xe9.md");
    fs::write(world.folder.join(latin), "apples").unwrap();
    fs::write(world.path("long"), vec![b'x'; (1 << 20) + 1]).unwrap();
    fs::write(world.path("just"), vec![b'x'; 1 << 20]).unwrap();
    world.write("shut", "apples");
    fs::set_permissions(world.path("shut"), fs::Permissions::from_mode(0o000)).unwrap();
    // Who may read everything reads this too.
    let is_shut = fs::read(world.path("shut")).is_err();
    let shelf = world.shelf();
    let mut troubles = world.find_by(&shelf, &embedder, "apples").troubles;
    troubles.sort();
    let mut expected = vec![
        "caf\u{fffd}.md: its name is not UTF-8; rename it",
        "long.md: it has 1048577 bytes, more than the 1048576 that are read; divide it",
    ];
    if is_shut {
        expected.push("shut.md: Permission denied (os error 13); it is left out");
    }
    assert_eq!(troubles, expected);
    let again = world.find_by(&shelf, &embedder, "apples");
    assert!(again.troubles.is_empty(), "{again:?}");
    assert_eq!(again.rows, if is_shut { 2 } else { 3 });
}

#[test]
fn many_troubles_are_summed_up() {
    let world = World::new();
    for n in 0..40 {
        fs::write(world.path(&format!("long{n}")), vec![b'x'; (1 << 20) + 1]).unwrap();
    }
    let found = world.find(&Dense::new(), "apples");
    assert_eq!(found.troubles.len(), 17);
    assert_eq!(found.troubles[16], "team-memory: 24 more of this kind");
}
