//! Index files that are not what they were.

use std::{
    fs,
    io::{Seek, Write},
};

use super::world::{Counting, Dense, Sparse, World};

fn filled() -> World {
    let world = World::new();
    for n in 0..6 {
        world.write(&format!("n{n}"), &format!("apples {n}"));
    }
    world
}

fn lexical(world: &World) -> std::path::PathBuf {
    world.index.with_extension("lexical.index")
}

#[test]
fn a_damaged_index_is_made_anew_and_told_once() {
    for embedder in [&Dense::new() as &dyn Counting, &Sparse::new()] {
        let world = filled();
        world.find(embedder.embedder(), "apples 3");
        let path = if world.index.exists() {
            world.index.clone()
        } else {
            lexical(&world)
        };
        let whole = fs::read(&path).unwrap();
        let middle = [
            &whole[..whole.len() / 2],
            &[!whole[whole.len() / 2]],
            &whole[whole.len() / 2 + 1..],
        ]
        .concat();
        for damaged in [
            middle,
            whole[..whole.len() - 5].to_vec(),
            Vec::new(),
            b"# A note".to_vec(),
        ] {
            fs::write(&path, damaged).unwrap();
            let shelf = world.shelf();
            let found = world.find_by(&shelf, embedder.embedder(), "apples 3");
            assert_eq!((found.ids()[0], found.rows, found.behind), ("n3", 6, 0));
            assert_eq!(found.troubles.len(), 1, "{found:?}");
            let told = &found.troubles[0];
            assert!(
                told.contains("x.") && told.ends_with("the index is made anew from the files"),
                "{told}"
            );
            assert!(
                world
                    .find_by(&shelf, embedder.embedder(), "apples 3")
                    .troubles
                    .is_empty()
            );
            drop(shelf);
            assert_eq!(
                world.shelf().standing(embedder.embedder().id()).damaged,
                None
            );
        }
    }
}

#[test]
fn an_index_that_is_removed_under_a_live_shelf_is_written_again() {
    for embedder in [&Dense::new() as &dyn Counting, &Sparse::new()] {
        let world = filled();
        let shelf = world.shelf();
        world.find_by(&shelf, embedder.embedder(), "apples 3");
        fs::remove_dir_all(world.index.parent().unwrap()).unwrap();
        let made = embedder.made();
        let found = world.find_by(&shelf, embedder.embedder(), "apples 3");
        assert_eq!((found.ids()[0], found.rows), ("n3", 6));
        assert!(found.troubles.is_empty(), "{found:?}");
        assert_eq!(embedder.made(), made + 1);
        assert!(world.index.exists() || lexical(&world).exists());
    }
}

#[test]
fn an_index_that_is_cut_off_or_overwritten_in_place_under_a_live_shelf_harms_nothing() {
    for embedder in [&Dense::new() as &dyn Counting, &Sparse::new()] {
        for garble in [true, false] {
            let world = filled();
            let shelf = world.shelf();
            world.find_by(&shelf, embedder.embedder(), "apples 3");
            let path = if world.index.exists() {
                world.index.clone()
            } else {
                lexical(&world)
            };
            let length = fs::metadata(&path).unwrap().len();
            let mut file = fs::File::options().write(true).open(&path).unwrap();
            if garble {
                file.seek(std::io::SeekFrom::Start(64)).unwrap();
                file.write_all(&vec![0xa5; usize::try_from(length).unwrap() - 64])
                    .unwrap();
            } else {
                file.set_len(length / 2).unwrap();
            }
            for n in 0..6 {
                let found = world.find_by(&shelf, embedder.embedder(), &format!("apples {n}"));
                assert_eq!((found.ids()[0], found.rows), (format!("n{n}").as_str(), 6));
            }
        }
    }
}

#[test]
fn a_folder_or_a_pipe_in_the_place_of_the_index_is_told_and_harms_nothing() {
    let world = filled();
    fs::create_dir_all(&world.index).unwrap();
    let found = world.find(&Dense::new(), "apples 3");
    assert_eq!((found.ids()[0], found.rows), ("n3", 6));
    assert!(
        found.troubles[0].contains("it is not a regular file"),
        "{found:?}"
    );
    #[cfg(unix)]
    {
        let world = filled();
        fs::create_dir_all(world.index.parent().unwrap()).unwrap();
        let made = std::process::Command::new("mkfifo")
            .arg(&world.index)
            .status();
        assert!(made.unwrap().success());
        assert_eq!(world.find(&Dense::new(), "apples 3").rows, 6);
    }
}
